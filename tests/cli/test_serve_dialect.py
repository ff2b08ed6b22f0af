"""`serve --dialect`: what it says at the start, and what it says of a dialect that cannot be spoken."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from contract.dialect import identity, parse_dialect
from reference_server.app import Settings
from staycheck.commands import app
from staycheck.welcome import token_path, welcome
from tests.server.dialects import document

URL = "http://127.0.0.1:8787"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "There is no dialect file"),
        ('name = "x"\nchanels = {}\n', "line 2: chanels is not allowed here; did you mean channels"),
        ("name =", "this is not TOML"),
        ('name = "x"\n[methods]\ncheckIn = "GET"\n', "line 3: the dialect cannot be used: methods: checkIn changes something"),
        ('name = "x"\n[paths]\ncheckIn = "/in/{booking_id}"\n', "line 3: the dialect cannot be used: paths: '/in/{booking_id}'"),
        (
            'name = "x"\n[paths]\nassignRoom = "/r/{hotel_slug}/{booking_id}"\nmoveRoom = "/r/{hotel_slug}/{booking_id}"\n',
            "assignRoom and moveRoom have the same path and method",
        ),
        ('name = "x"\n[auth]\nheader = "X Y"\n', "auth.header: that is not the name of a header"),
    ],
)  # fmt: skip
def test_a_dialect_that_cannot_be_spoken_is_refused_in_one_sentence(
    text: str | None, complaint: str, tmp_path: Path
) -> None:
    file = tmp_path / "dialect.toml"
    if text is not None:
        file.write_text(text)
    told = CliRunner().invoke(app, ["serve", "--dialect", str(file)])
    assert told.exit_code == 64
    said = told.stderr.strip()
    assert said.startswith("--dialect: ")
    assert complaint in said
    assert str(file) in said
    assert "\n" not in said


def shown(settings: Settings) -> str:
    screen = io.StringIO()
    welcome(Console(file=screen, highlight=False, soft_wrap=True), URL, settings, None)
    return screen.getvalue()


def test_the_start_names_the_dialects_paths_credentials_and_channels() -> None:
    told = shown(Settings(dialect=document("everything-odd")))
    assert f"{URL}/v3/sessions" in told
    assert """-d '{"login": "frontdesk", "secret": "frontdesk"}'""" in told
    assert '["result"]["access"]["token"]' in told
    assert f'-X PUT {URL}/v3/grand-demo/stays/BOOKING_ID/arrival -H "X-Auth-Token: $TOKEN"' in told
    assert "channels hotel-1-rooms, grand-demo.room-bookings, private-stay-BOOKING_ID" in told
    assert "signed at /v3/realtime/signatures" in told
    assert "pusher.subscribe('hotel-1-rooms').bind('room_updated'" in told
    assert "Board" not in told
    assert "/api/staff/" not in told


def test_without_a_dialect_the_start_names_the_contracts_own() -> None:
    told = shown(Settings())
    assert f"Board    {URL}/" in told
    assert f"{URL}/api/staff/hotel/grand-demo/room-bookings/BOOKING_ID/check-in/" in told
    assert 'print(json.load(sys.stdin)["token"])' in told
    assert "'grand-demo.rooms'" in told
    assert "Dialect" not in told


def test_the_token_of_a_login_is_found_in_every_dialect() -> None:
    assert token_path(identity()) == ("token",)
    assert token_path(parse_dialect(document("innkeeper"))) == ("session", "access_token")
    assert token_path(parse_dialect(document("everything-odd"))) == ("result", "access", "token")


def test_the_help_has_the_option() -> None:
    told = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert "--dialect" in told.stdout
