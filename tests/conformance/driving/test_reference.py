"""The whole plan against our own server as a process: every state offered, every call answered."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conformance_tests.engine import judge_file
from conformance_tests.runner import run
from conformance_tests.scenarios.plan import plan
from conformance_tests.subject import REFERENCE, open_subject

pytestmark = pytest.mark.slow


async def test_a_full_run_against_the_reference_server(tmp_path: Path) -> None:
    record = tmp_path / "history.jsonl"
    async with open_subject(REFERENCE) as subject:
        await run(subject.target, seed=3, jobs=16, only=(), record=record, sink_socket=subject.sink_socket)
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    marks = [line for line in lines if line["kind"] == "mark"]
    assert lines[0]["capabilities"]["observers"] == ["sink", "subscribe"]
    assert [mark["text"] for mark in marks if mark["mark"] in ("note", "observer")] == []
    assert [mark for mark in marks if "unsupported" in mark] == []
    assert [mark["text"] for mark in marks if mark["mark"] == "fence" and "text" in mark] == []
    assert [line for line in lines if line["kind"] == "reply" and line["outcome"] == "indeterminate"] == []
    assert [line for line in lines if line["kind"] == "probe" and "missing" in line] == []
    ended = {mark["scenario"] for mark in marks if mark["mark"] == "scenario-end"}
    assert ended == {scenario.name for scenario in plan(3)}
    coverage = judge_file(record)["coverage"]
    missing = {
        name: [*of["transitions"]["missing"], *of["refusals"]["missing"]] for name, of in coverage.items()
    }
    assert missing == {"room_status": [], "booking": []}


@pytest.mark.parametrize("more", [[], ["--realtime", "embedded"]])
def test_our_own_server_conforms_as_a_spawned_backend_too(more: list[str]) -> None:
    """It publishes where STAYCHECK_REALTIME says; with its own hub beside that, it is the hub that is listened to."""
    served = " ".join(
        [sys.executable, "-m", "staycheck.main", "serve", "--port", "{port}", "--announce", *more]
    )
    checked = subprocess.run(
        [
            sys.executable,
            "-m",
            "staycheck.main",
            "check",
            f"spawn:{served}",
            "--json",
            "--only",
            "check-out/",
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert json.loads(checked.stdout)["summary"]["inconclusive"] == 0
