"""A target file becomes a value, or one sentence that says which line is wrong and what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance_tests.target import Target, TargetError, load_target, parse_target

GOOD = """\
name = "my backend"
base_url = "http://127.0.0.1:8000/"

[staff.manager]
username = "boss"
password_env = "BOSS_PASSWORD"

[realtime.sink]
port = 0

[states]
pool = "pool.json"

[timeouts]
event = 3
"""


def load(tmp_path: Path, text: str, name: str = "backend.toml", **environ: str) -> Target:
    path = tmp_path / name
    path.write_text(text)
    return load_target(path, environ)


def refusal(tmp_path: Path, text: str, name: str = "backend.toml", **environ: str) -> str:
    with pytest.raises(TargetError) as caught:
        load(tmp_path, text, name, **environ)
    assert caught.value.exit_code == 64
    return str(caught.value)


def test_a_file_is_read_with_secrets_from_the_environment_and_paths_against_the_file(tmp_path: Path) -> None:
    target = load(tmp_path, GOOD, BOSS_PASSWORD="s3cret-word")
    assert target.staff["manager"].password == "s3cret-word"
    assert target.states.pool == tmp_path / "pool.json"
    assert target.timeouts.event == 3
    assert target.timeouts.hold == 0.5
    assert target.url("/_x/states") == "http://127.0.0.1:8000/_x/states"
    assert "s3cret-word" in set(target.secrets())


@pytest.mark.parametrize("base", ["http://127.0.0.1:8000/backend", "http://127.0.0.1:8000/backend/"])
@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("/_x/states", "http://127.0.0.1:8000/backend/_x/states"),
        ("_x/states", "http://127.0.0.1:8000/backend/_x/states"),
        ("/at/12:00", "http://127.0.0.1:8000/backend/at/12:00"),
        ("http://127.0.0.1:8000/_x/states", "http://127.0.0.1:8000/_x/states"),
    ],
)
def test_a_path_stands_behind_all_of_the_base_url_and_a_url_for_itself(
    tmp_path: Path, base: str, given: str, url: str
) -> None:
    target = load(tmp_path, f'base_url = "{base}"\n[states]\nurl = "{given}"\n[probes]\nurl = "{given}"\n')
    assert target.url(target.states.url or "") == target.url(target.probes.url or "") == url


@pytest.mark.parametrize(
    "given", ["//127.0.0.1/x", "127.0.0.1:8000/x", "localhost:8000/x", "ftp://127.0.0.1/x"]
)
def test_an_address_that_is_neither_a_path_nor_a_url_is_refused(tmp_path: Path, given: str) -> None:
    text = f'base_url = "http://127.0.0.1:8000/backend"\n[states]\nurl = "{given}"\n'
    assert "states.url" in refusal(tmp_path, text)


WRONG_WORDS = [
    (
        'name = "d"\n\n[methods]\ncheckOut = "PUT"\ncheckIn = "GET"\n',
        5,
        "checkIn changes something, so it can be POST",
    ),
    ('name = "d"\n\n[methods]\ncheckIn = "put"\n', 4, "methods.checkIn"),
    ('name = "d"\n\n[paths]\ncheckin = "/x"\n', 4, "the contract has no operation 'checkin'"),
    (
        'name = "d"\n\n[wrapper]\nkey = "ok"\nconstants = { ok = true }\n',
        4,
        "'ok' is the key of the reply and a constant",
    ),
    ('name = "d"\n\n[wrapper]\nkey = "data"\nconstant = { ok = true }\n', 5, "did you mean constants?"),
    ('name = "d"\n\n[wrapper.errors]\nkey = ""\n', 4, "wrapper.errors.key"),
    ('name = "d"\n\n[fields.Room]\nroom_nr = "nr"\n', 4, "did you mean 'room_number'?"),
]


@pytest.mark.parametrize(("text", "line", "told"), WRONG_WORDS)
def test_a_dialect_that_cannot_be_names_its_line(tmp_path: Path, text: str, line: int, told: str) -> None:
    (tmp_path / "words.toml").write_text(text)
    message = refusal(tmp_path, 'base_url = "http://localhost"\ndialect = "words.toml"\n')
    assert f"words.toml, line {line}: " in message
    assert told in message
    assert "\n" not in message
    inline = text.replace("[", "[dialect.").replace('name = "d"', '[dialect]\nname = "d"')
    message = refusal(tmp_path, 'base_url = "http://localhost"\n' + inline)
    assert f"backend.toml, line {line + 2}: " in message
    assert told.replace("methods.", "dialect.methods.").replace("wrapper.", "dialect.wrapper.") in message


def test_no_secret_is_in_the_representation(tmp_path: Path) -> None:
    assert "s3cret-word" not in repr(load(tmp_path, GOOD, BOSS_PASSWORD="s3cret-word"))


def test_a_wrong_key_names_the_line_and_the_nearest_right_key(tmp_path: Path) -> None:
    message = refusal(tmp_path, GOOD.replace("[realtime.sink]", "[realtime.snik]"), BOSS_PASSWORD="x")
    assert "backend.toml, line 8" in message
    assert "realtime.snik" in message
    assert "did you mean sink?" in message


def test_the_line_is_that_of_the_table_the_key_stands_in(tmp_path: Path) -> None:
    text = 'base_url = "http://127.0.0.1"\n[staff.manager]\nusername = "a"\n[staff.outsider]\nusernam = "b"\n'
    assert "line 5" in refusal(tmp_path, text)


def test_json_errors_name_the_line(tmp_path: Path) -> None:
    message = refusal(tmp_path, '{\n  "base_ur": "http://127.0.0.1"\n}', "backend.json")
    assert "line 2" in message
    assert "did you mean base_url?" in message
    assert "line 1" in refusal(tmp_path, "{nonsense", "backend.json")


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    assert "BOSS_PASSWORD" in refusal(tmp_path, GOOD)


def test_a_password_of_the_wrong_type_is_not_printed(tmp_path: Path) -> None:
    text = 'base_url = "http://127.0.0.1"\n[staff.manager]\npassword = 998877\n'
    assert "998877" not in refusal(tmp_path, text)


@pytest.mark.parametrize("url", ["http://hotel.example.com", "http://192.168.1.7:8000", "http://10.0.0.1"])
def test_a_host_elsewhere_is_refused_unless_allowed(tmp_path: Path, url: str) -> None:
    assert "allow" in refusal(tmp_path, f'base_url = "{url}"\n')
    host = url.split("//")[1].split(":")[0]
    assert load(tmp_path, f'base_url = "{url}"\nallow = ["{host}"]\n').base_url == url


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://127.8.8.8", "http://[::1]:80", "http://a.localhost"]
)
def test_loopback_is_allowed(tmp_path: Path, url: str) -> None:
    assert load(tmp_path, f'base_url = "{url}"\n').base_url == url


def test_states_are_not_posted_to_a_host_that_is_not_allowed(tmp_path: Path) -> None:
    text = 'base_url = "http://localhost"\n[states]\nurl = "http://elsewhere.example/states"\n'
    assert "elsewhere.example" in refusal(tmp_path, text)


def test_two_ways_of_arranging_are_refused(tmp_path: Path) -> None:
    text = 'base_url = "http://localhost"\n[states]\nurl = "/s"\ncommand = ["x"]\n'
    assert "url, command" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    "extra",
    [
        {"states": {"command": ["rm"]}},
        {"states": {"pool": "/etc/passwd"}},
        {"probes": {"command": ["rm"]}},
        {"realtime": {"file": {"path": "/etc/passwd"}}},
        {"dialect": "/etc/passwd"},
        {"staff": {"manager": {"password_env": "HOME"}}},
    ],
)
def test_a_document_of_a_server_cannot_run_commands_or_read_files_and_variables(
    extra: dict[str, object],
) -> None:
    with pytest.raises(TargetError):
        parse_target({"base_url": "http://localhost", **extra}, "http://localhost/_staycheck/target.json")


def test_a_document_of_a_server_cannot_allow_itself_another_host() -> None:
    with pytest.raises(TargetError, match="elsewhere"):
        parse_target({"base_url": "http://elsewhere.example", "allow": ["elsewhere.example"]}, "there")
