"""What is waited for: a late event pays for the oldest that waits, whoever else it would fit."""

from __future__ import annotations

import io

from conformance_tests.recorder import Heard, Recorder
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
