"""What is waited for: a late event pays for the oldest that waits, whoever else it would fit; and how long at the end of a run."""

from __future__ import annotations

import asyncio
import io

import pytest

from conformance_tests.recorder import Heard, Recorder
from conformance_tests.settle import Settler
from contract.redaction import Redactor

KEY = ("sink", "grand-demo.rooms", "room_updated", "101")


def test_a_late_event_pays_for_the_oldest_that_waits() -> None:
    recorder = Recorder(io.StringIO(), Redactor())
    paid: set[int] = set()

    def once(heard: Heard) -> bool:
        """As a fence does: an event counts for one of them."""
        if heard.seq in paid:
            return False
        paid.add(heard.seq)
        return True

    waiting = [recorder.expect([KEY], once, after="fence") for _ in range(30)]
    for number in range(30):
        recorder.event("sink", KEY[1], KEY[2], {}, about="101", size=2)
        assert [bool(one.keys) for one in waiting] == [False] * (number + 1) + [True] * (29 - number)


def test_nobody_waits_for_what_was_given_up() -> None:
    recorder = Recorder(io.StringIO(), Redactor())
    given_up, waiting = recorder.expect([KEY]), recorder.expect([KEY])
    given_up.over()
    recorder.event("sink", KEY[1], KEY[2], {}, about="101", size=2)
    assert given_up.keys == (KEY,)
    assert waiting.keys == ()


class Clocked(Recorder):
    """Its time passes when somebody waits, and events of rooms come in at the times they are given: (seconds, room)."""

    def __init__(self, *coming: tuple[float, str]) -> None:
        super().__init__(io.StringIO(), Redactor())
        self.at, self.coming = 0.0, list(coming)

    def now(self) -> float:
        return self.at

    async def wait_for(self, signal: asyncio.Event, within: float) -> None:
        until = round(self.at + max(within, 1e-6), 6)
        while not signal.is_set() and self.coming and self.coming[0][0] <= until:
            self.at, room = self.coming.pop(0)
            self.event("sink", KEY[1], KEY[2], {}, about=room, size=2)
        self.at = self.at if signal.is_set() else until


@pytest.mark.parametrize(
    ("coming", "proven", "missing"),
    [
        # An endpoint that is down again and again: who was 6 s late may be silent for 9.
        ([(3.0, "100"), (6.5, "101"), (16.0, "102")], True, 0),
        # What never comes is missing after a silence twice as long as the latest took.
        ([(3.0, "100"), (6.5, "101"), (21.0, "102")], True, 1),
        # Nobody was late: two times what an event may take are enough.
        ([(0.1, "101"), (9.0, "102")], True, 1),
        # So late that no silence in the time there is proves anything.
        ([*((float(at), "100") for at in range(3, 30, 3)), (30.0, "101")], False, 1),
    ],
    ids=("again", "never", "prompt", "too late"),
)
async def test_a_backend_that_was_late_is_waited_for_as_long_again(
    coming: list[tuple[float, str]], proven: bool, missing: int
) -> None:
    recorder = Clocked(*coming)
    settler = Settler(recorder, 2.0)
    expected = [settler.expect([(*KEY[:3], room)], "setRoomStatus") for room in ("101", "102")]
    for expectation in expected:
        await settler.settled(expectation)
    assert await settler.drained() is proven
    assert sum(len(one.keys) for one in expected) == missing
