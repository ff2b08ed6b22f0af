"""Sink, subscriber and event file see one run in their own ways, and come to the same verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from proxy import Proxy, drive

from conformance_tests.engine import judge_lines
from reference_server.dispatcher import Dispatcher
from reference_server.store import OutboxRow

pytestmark = pytest.mark.slow

OBSERVERS = ("sink", "subscribe", "file")
ONLY_A_SINK = frozenset(
    (
        "atomicity/publish-failure",
        "events/no-loss/publisher-down",
        "order/after-outage",
        "events/dedup/attempts-keep-id",
    )
)
"""Who only listens cannot refuse."""


def seen_by(observer: str, lines: list[dict[str, Any]]) -> Iterator[str]:
    """The history as if there had been one observer only."""
    dropped = {line["seq"] for line in lines if line["kind"] == "event" and line["observer"] != observer}
    for line in lines:
        if (
            line["seq"] in dropped
            or line.get("event") in dropped
            or line.get("observer", observer) != observer
        ):
            continue
        if line["kind"] == "header":
            sight = line["capabilities"]
            kinds = {observer: sight["channels"][observer]}
            line = line | {"capabilities": sight | {"observers": [observer], "channels": kinds}}
        if line.get("mark") == "fence":
            arrived = {observer: line["fence"]["arrived"].get(observer, [])}
            line = line | {"fence": line["fence"] | {"arrived": arrived}}
        yield json.dumps(line)


def verdicts(observer: str, record: Path) -> dict[str, str]:
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    report = judge_lines(seen_by(observer, lines))
    return {rule["id"]: rule["verdict"] for rule in report["rules"] if rule["id"] not in ONLY_A_SINK}


async def run_with_all(tmp_path: Path, **proxy: Any) -> dict[str, dict[str, str]]:
    record, file = tmp_path / "history.jsonl", tmp_path / "events.jsonl"
    await drive(Proxy(file=file, **proxy), record, only=("check-in", "check-out", "assign"), subscribe=True)
    header = json.loads(record.read_text().splitlines()[0])
    assert header["capabilities"]["channels"] == {
        observer: ["rooms", "staff", "guest"] for observer in OBSERVERS
    }
    return {observer: verdicts(observer, record) for observer in OBSERVERS}


async def test_an_honest_backend_is_the_same_to_all_three(tmp_path: Path) -> None:
    found = await run_with_all(tmp_path)
    assert found["sink"] == found["subscribe"] == found["file"]
    assert "fail" not in found["sink"].values()
    assert found["sink"]["events/check-out/nothing-missing"] == "pass"


async def test_a_lying_backend_is_the_same_to_all_three(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = Dispatcher.accept

    def lossy(self: Dispatcher, rows: list[OutboxRow]) -> None:
        accept(self, [row for row in rows if row.name != "booking_checked_out"])

    monkeypatch.setattr(Dispatcher, "accept", lossy)
    found = await run_with_all(tmp_path)
    assert found["sink"] == found["subscribe"] == found["file"]
    assert found["sink"]["events/check-out/nothing-missing"] == "fail"
    assert found["sink"]["events/check-in/nothing-missing"] == "pass"


async def test_a_line_that_is_cut_off_in_the_file_accuses_nobody_and_proves_nothing(tmp_path: Path) -> None:
    found = await run_with_all(tmp_path, cuts=frozenset({"booking_checked_out"}))
    assert "fail" not in found["file"].values()
    assert found["file"]["events/check-out/nothing-missing"] == "inconclusive"
    assert found["sink"]["events/check-out/nothing-missing"] == "pass"
    told = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    gaps = [line for line in told if line.get("observer") == "file" and line.get("mark") == "observer"]
    cut = [
        number
        for number, line in enumerate((tmp_path / "events.jsonl").read_text().splitlines(), 1)
        if line[-1:] != "}"
    ]
    assert [gap["text"].partition(" of")[0] for gap in gaps] == [f"Line {number}" for number in cut]
