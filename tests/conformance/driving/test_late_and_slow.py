"""A backend that is slow, or whose answers get lost, is not accused; what it really leaves out is found all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from proxy import Proxy, alarms, drive

pytestmark = pytest.mark.slow

STAYS = ("check-in/room",)


@pytest.mark.parametrize(
    "proxy",
    [{"event_delay": 0.15}, {"reply_delay": 0.3}, {"event_delay": 0.1, "reply_delay": 0.1}],
    ids=["events after the answer", "events before the answer", "both late"],
)
async def test_slow_is_not_wrong(proxy: dict[str, float], tmp_path: Path) -> None:
    report = await drive(Proxy(**proxy), tmp_path / "history.jsonl", only=STAYS)  # type: ignore[arg-type]
    assert alarms(report, "fail", "error", "inconclusive") == {}


@pytest.mark.parametrize("operation", ["checkIn", "checkOut", "markCleaned"])
@pytest.mark.parametrize("refuses_too", [False, True], ids=["it happened", "it did not happen"])
async def test_a_lost_answer_is_inconclusive_at_worst(
    operation: str, refuses_too: bool, tmp_path: Path
) -> None:
    proxy = Proxy(loses=operation, losses=2, refuses_too=refuses_too)
    report = await drive(proxy, tmp_path / "history.jsonl", only=STAYS, request=2.0)
    assert proxy.lost[operation] == 2
    assert alarms(report, "fail", "error") == {}
    assert report["verdict"] == "inconclusive"


async def test_an_event_that_is_missing_is_found_although_the_answers_were_lost(tmp_path: Path) -> None:
    """The state shows that every check-in happened, so its events are due."""
    proxy = Proxy(loses="checkIn", losses=1000, without=frozenset({"room_occupancy_updated"}))
    report = await drive(proxy, tmp_path / "history.jsonl", only=STAYS, request=1.5)
    assert "events/check-in/nothing-missing" in alarms(report, "fail")
