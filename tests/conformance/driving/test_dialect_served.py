"""The mock in a dialect, judged by nothing but what it says of itself: it conforms, and its words hide no broken promise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from proxy import alarms

from conformance_tests.discovery import discover
from conformance_tests.engine import judge_file
from conformance_tests.runner import run
from conformance_tests.subject import REFERENCE, open_subject
from reference_server.app import Settings, make_app
from tests.server.dialects import FILES, document


async def _judged(address: str, record: Path, *arguments: str, **more: Any) -> dict[str, Any]:
    async with open_subject(address, arguments=arguments) as subject:
        settings = {"only": (), "race_tries": 0, **more}
        await run(subject.target, seed=5, jobs=16, record=record, sink_socket=subject.sink_socket, **settings)
    return judge_file(record)


async def test_a_bare_url_is_enough_to_judge_a_mock_that_says_everything_in_other_words(
    tmp_path: Path,
) -> None:
    record = tmp_path / "history.jsonl"
    async with TestServer(make_app(Settings(dialect=document("everything-odd")))) as server:
        target = await discover(str(server.make_url("")).rstrip("/"))
        assert target.dialect == document("everything-odd")
        await run(target, seed=5, jobs=8, only=("guest", "move"), record=record, race_tries=0)
    report = judge_file(record)
    assert report["dialect"] == "everything-odd"
    assert alarms(report, "fail", "error") == {}
    passed = alarms(report, "pass")
    assert {"events/envelope/type", "channels/guest/auth-same"} <= set(passed)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
async def test_the_mock_passes_everything_in_every_dialect(name: str, tmp_path: Path) -> None:
    """As a process, by sink and by subscription, races included."""
    report = await _judged(REFERENCE, tmp_path / "history.jsonl", "--dialect", str(FILES[name]), race_tries=1)
    assert alarms(report, "fail", "error", "inconclusive") == {}
    assert report["verdict"] == "pass"
    assert report["dialect"] == document(name)["name"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mutant", "rule"),
    [
        ("check-out-keeps-tokens", "check-out/tokens/revoked"),
        ("occupancy-has-its-own-category", "events/envelope/category"),
        ("auth-signs-for-any-guest", "channels/guest/auth-refused"),
        ("json-said-to-be-text", "errors/structured"),
    ],
)
@pytest.mark.parametrize("dialect", [None, "everything-odd"])
async def test_a_broken_promise_is_found_in_other_words_by_the_rule_that_finds_it_without(
    mutant: str, rule: str, dialect: str | None, tmp_path: Path
) -> None:
    spoken = () if dialect is None else ("--dialect", str(FILES[dialect]))
    report = await _judged(REFERENCE, tmp_path / "history.jsonl", "--mutant", mutant, *spoken, only=(rule,))
    assert rule in alarms(report, "fail")
