"""One answer per question: an answer that comes late is never taken for that of the next question."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from conformance_tests import line_process
from conformance_tests.line_process import LineProcess
from conformance_tests.target import TargetError, UnreachableError

ECHO = """
import json, pathlib, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked == "hang":
        pathlib.Path("asked").touch()
        sys.stdin.readline()
    print(json.dumps(asked), flush=True)
"""


async def test_a_command_that_hangs_is_ended_and_the_next_question_has_its_own_answer(tmp_path: Path) -> None:
    process = LineProcess((sys.executable, "-c", ECHO), tmp_path)
    try:
        assert await process.ask("one", 30) == "one"
        with pytest.raises(UnreachableError, match="within"):
            await process.ask("hang", 0.05)
        assert await process.ask("two", 30) == "two"
    finally:
        await process.stop()


async def test_a_question_that_was_given_up_leaves_no_answer_behind(tmp_path: Path) -> None:
    process = LineProcess((sys.executable, "-c", ECHO), tmp_path)
    try:
        asking = asyncio.create_task(process.ask("hang", 30))
        async with asyncio.timeout(30):
            while not (tmp_path / "asked").exists():
                await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert await process.ask("teardown", 30) == "teardown"
    finally:
        await process.stop()


async def test_a_line_beyond_the_limit_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_process, "_LINE_LIMIT", 1 << 20)
    script = "import sys; sys.stdin.readline(); print('x' * (1 << 22), flush=True); sys.stdin.read()"
    process = LineProcess((sys.executable, "-c", script), tmp_path)
    try:
        with pytest.raises(UnreachableError, match="more than 1 MiB"):
            await process.ask("one", 30)
    finally:
        await process.stop()


@pytest.mark.parametrize("word", ["/no/such/command", "a\0b", "/"])
async def test_a_command_that_cannot_be_started_says_where_it_was_tried(tmp_path: Path, word: str) -> None:
    with pytest.raises(TargetError, match="cannot be started") as caught:
        await LineProcess((word,), tmp_path, what="The probes command").ask("one", 30)
    assert str(tmp_path) in str(caught.value)
    assert str(caught.value).startswith("The probes command ")
