"""The command line: what it prints, where, and the exit code a pipeline reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from conformance_tests.target import load_target
from contract.schema_store import schema_store
from tests.histories import good
from tests.histories.bad import BAD


def staycheck(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "staycheck.main", *arguments],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "COLUMNS": "80", **environ},
    )  # fmt: skip


@pytest.fixture(scope="module")
def histories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Recorded histories by name: one that keeps every promise, one with a lie, one that proves nothing, one that is none."""
    folder = tmp_path_factory.mktemp("histories")
    lie = next(bad for bad in BAD if bad.name == "tokens-not-revoked")
    unproven = good.stay()
    unproven.lines = [line for line in unproven.lines if line.get("mark") != "fence"]
    texts = {
        "good": good.stay().text(),
        "bad": lie.make().text(),
        "unproven": unproven.text(),
        "none": ["not a history", "{}"],
        "torn": [*good.stay().text(), '{"seq": 99, "kind": "eve'],
    }
    for name, lines in texts.items():
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {name: folder / f"{name}.jsonl" for name in texts}


def test_the_exit_code_says_the_verdict(histories: dict[str, Path]) -> None:
    codes = {name: staycheck("judge", str(path), "--quiet").returncode for name, path in histories.items()}
    assert codes == {"good": 0, "bad": 1, "unproven": 2, "none": 2, "torn": 2}


def test_a_violation_explains_itself_within_80_columns(histories: dict[str, Path]) -> None:
    told = staycheck("judge", str(histories["bad"]), NO_COLOR="1")
    assert told.returncode == 1
    assert "FAIL check-out/tokens/revoked  MUST" in told.stdout
    for piece in (
        "A check-out revokes every active guest token",
        "expected",
        "actual",
        "hint",
        "call checkOut",
    ):
        assert piece in told.stdout
    assert max(len(line) for line in told.stdout.splitlines()) <= 80
    assert "\x1b" not in told.stdout
    assert told.stderr == ""


def test_the_json_report_is_valid_and_the_same_every_time(histories: dict[str, Path], tmp_path: Path) -> None:
    first = staycheck(
        "judge", str(histories["bad"]), "--json", "--report", f"json={tmp_path / 'report.json'}"
    )
    second = staycheck("judge", str(histories["bad"]), "--json", PYTHONHASHSEED="7")
    report: Any = json.loads(first.stdout)
    assert schema_store().problems("files/report.schema.json", report) == []
    assert first.stdout == second.stdout == (tmp_path / "report.json").read_text(encoding="utf-8")
    assert report["verdict"] == "fail"


def test_broken_lines_are_named_and_without_them_nothing_passes(histories: dict[str, Path]) -> None:
    report = json.loads(staycheck("judge", str(histories["torn"]), "--json").stdout)
    assert report["history"]["unreadable"] == 1
    assert (report["summary"]["fail"], report["verdict"]) == (0, "inconclusive")
    broken = report["history"]["broken"][0]
    told = staycheck("judge", str(histories["torn"]))
    assert f"line {broken['line']}:" in told.stdout
    assert "Traceback" not in told.stderr


def test_only_and_level_choose_what_counts(histories: dict[str, Path]) -> None:
    elsewhere = staycheck("judge", str(histories["bad"]), "--only", "check-in/", "--quiet")
    assert elsewhere.returncode == 0
    one = json.loads(staycheck("judge", str(histories["bad"]), "--only", "check-out/tokens", "--json").stdout)
    assert {rule["id"].rsplit("/", 1)[0] for rule in one["rules"]} == {"check-out/tokens"}
    assert one["only"] == ["check-out/tokens"]
    assert staycheck("judge", str(histories["good"]), "--level", "should", "--quiet").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("judge", "nowhere.jsonl"), "no history file nowhere.jsonl"),
        (("judge", "x", "--only", "chek-in"), "did you mean 'check-in'"),
        (("judge", "x", "--report", "pdf=x"), "FORMAT=PATH"),
        (("judge", "x", "--report", "json=/nowhere/x.json"), "no directory /nowhere"),
        (("judge", "x", "--level", "PERHAPS"), "PERHAPS"),
        (("judge",), "HISTORY"),
        (("jugde", "x"), "jugde"),
        (("check", "nowhere.toml"), "nowhere.toml"),
        (("explain", "check-in/room/statsu"), "did you mean check-in/room/status"),
        (("explain", "check-in/room"), "is a group and no rule; in it: check-in/room/occupied"),
    ],
)
def test_wrong_usage_is_one_sentence_and_64(arguments: tuple[str, ...], sentence: str) -> None:
    told = staycheck(*arguments)
    assert told.returncode == 64
    assert sentence in told.stderr.replace("\n", " ")
    assert "Traceback" not in told.stderr
    assert told.stdout == ""


def test_a_backend_that_does_not_answer_cannot_be_judged() -> None:
    told = staycheck("check", "http://127.0.0.1:9")
    assert told.returncode == 2
    assert "127.0.0.1:9" in told.stderr
    assert "Traceback" not in told.stderr


def test_rules_lists_every_rule() -> None:
    rows = json.loads(staycheck("rules", "--json").stdout)
    assert len(rows) > 200
    assert {"id", "level", "title", "clauses"} == set(rows[0])
    assert "check-out/tokens/revoked" in staycheck("rules").stdout


def test_mutants_are_listed_for_programs_too() -> None:
    rows = json.loads(staycheck("mutants", "--list", "--json", "--layer", "publisher").stdout)
    assert len(rows) > 50
    assert {row["layer"] for row in rows} == {"publisher"}
    assert set(rows[0]) == {"name", "layer", "clause", "summary"}


def test_explain_tells_promise_source_and_remedy() -> None:
    told = staycheck("explain", "check-out/tokens/revoked").stdout
    for piece in ("MUST, documented", "Revokes all active", "section 2", "What to do"):
        assert piece in told
    assert staycheck("explain", "housekeeping/refuse/occupied-reserved").stdout.count("OCCUPIED is") == 2
    clause = staycheck("explain", "tokens/hashed-at-rest").stdout
    assert "Judged by no rule" in clause
    assert "cannot be seen from outside" in clause.replace("\n", " ")


def test_init_writes_a_target_that_loads_and_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "staycheck.toml"
    assert staycheck("init", str(path)).returncode == 0
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    for role in document["staff"].values():
        monkeypatch.setenv(role["password_env"], "secret")
    assert load_target(path).name == "my backend"
    again = staycheck("init", str(path))
    assert again.returncode == 64
    assert "is there already" in again.stderr
