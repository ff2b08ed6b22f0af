"""An outage of the sink: what the suite refuses, when it ends, and what becomes of backends that are hit by it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from miniature import Miniature
from test_runs import OUTAGE, drive, of

from conformance_tests import outage
from conformance_tests.engine import judge_file
from conformance_tests.outage import MODES, Outage

RULES = ("atomicity/publish-failure", "events/no-loss", "order/after-outage", "events/dedup/attempts-keep-id")


async def judged(tmp_path: Path, miniature: Miniature) -> tuple[list[dict[str, Any]], dict[str, str]]:
    lines = await drive(tmp_path, miniature, only=("atomicity/publish-failure",), race_tries=0)
    report = judge_file(tmp_path / "history.jsonl", only=RULES)
    return lines, {rule["id"]: rule["verdict"] for rule in report["rules"]}


async def test_a_backend_that_keeps_what_is_refused_passes(tmp_path: Path) -> None:
    lines, verdicts = await judged(tmp_path, Miniature())
    assert set(verdicts.values()) == {"pass"}
    refused = of(lines, mark="refused")
    assert {line["scenario"] for line in refused} == {"outage/stay"}
    assert {line["refused"]["mode"] for line in refused} == set(MODES)


async def test_nothing_else_runs_while_the_sink_is_down(tmp_path: Path) -> None:
    lines, _ = await judged(tmp_path, Miniature())
    (down, up, waited) = of(lines, mark="outage")
    assert [line["outage"]["state"] for line in (down, up, waited)] == ["down", "up", "waited"]
    within = [line for line in lines if down["seq"] < line["seq"] < up["seq"] and line["kind"] == "call"]
    assert [line["case"] for line in within] == ["outage/maintenance", "outage/check-in", "outage/check-out"]
    answered = [line["t"] for line in of(lines, kind="reply") if down["seq"] < line["seq"] < up["seq"]]
    assert up["t"] - max(answered) >= OUTAGE - 0.01  # the clock that waits ticks in steps of its own
    assert not [line for line in of(lines, kind="event") if down["seq"] < line["seq"] < up["seq"]]


@pytest.mark.parametrize(
    ("lie", "rule"),
    [
        ("fails with its publish", "atomicity/publish-failure"),
        ("forgets what is refused", "events/no-loss/publisher-down"),
        ("sends the newest first", "order/after-outage"),
    ],
)
async def test_a_backend_that_suffers_from_it_is_found(lie: str, rule: str, tmp_path: Path) -> None:
    _, verdicts = await judged(tmp_path, Miniature(lie=lie))
    assert verdicts[rule] == "fail"


async def test_a_backend_that_does_not_publish_to_the_sink_is_not_judged(tmp_path: Path) -> None:
    _, verdicts = await judged(tmp_path, Miniature(lie="wrong signature"))
    assert set(verdicts.values()) <= {"inconclusive", "skipped"}


async def test_an_outage_is_felt_when_the_first_event_was_refused_and_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outage, "_FIRST", 0.05)
    down = Outage("s", "1")
    async with asyncio.timeout(5):
        await down.felt()  # nobody publishes
    monkeypatch.setattr(outage, "_FIRST", 60.0)
    waiting = asyncio.create_task(down.felt())
    await asyncio.sleep(0)
    assert not waiting.done()
    down.refused("silent")
    await asyncio.sleep(0)
    assert not waiting.done()
    down.refused("dropped")
    async with asyncio.timeout(5):
        await waiting


def test_the_mix_of_modes_follows_from_the_seed_and_leaves_none_out() -> None:
    def modes(seed: str) -> list[str]:
        down = Outage("s", seed)
        return [down.mode() for _ in range(30)]

    assert modes("1") == modes("1")
    assert len({tuple(modes(str(seed))) for seed in range(5)}) > 1
    assert set(modes("7")[:3]) == set(MODES)
