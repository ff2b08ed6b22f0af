"""The whole plan against our own server as a process: every state offered, every call answered, in seconds."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from conformance_tests.runner import run
from conformance_tests.scenarios.plan import plan
from conformance_tests.subject import REFERENCE, open_subject

pytestmark = pytest.mark.slow


async def test_a_full_run_against_the_reference_server(tmp_path: Path) -> None:
    record = tmp_path / "history.jsonl"
    async with open_subject(REFERENCE) as subject:
        begun = time.monotonic()
        await run(subject.target, seed=3, jobs=16, only=(), record=record, sink_socket=subject.sink_socket)
        took = time.monotonic() - begun
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
    assert took < 30  # about 3 s on two quiet cores
