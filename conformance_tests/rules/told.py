"""Does the answer to a call tell what a read after it shows?"""

from __future__ import annotations

from collections.abc import Iterator

from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation, rule
from conformance_tests.rules.facts import (
    ASSIGN,
    CHECK_IN,
    CHECK_OUT,
    MOVE,
    UNASSIGN,
    Missing,
    around,
    carried_out,
    seqs,
)
from conformance_tests.rules.values import same, show

_ROOM = ("room_number", "assigned_room_number")
_CHANGED = {
    CHECK_IN: ("checked_in_at",),
    CHECK_OUT: ("checked_out_at", "status"),
    ASSIGN: _ROOM,
    UNASSIGN: _ROOM,
    MOVE: _ROOM,
}
"""What an operation changes of the booking, and its answer must not tell as it was before."""


@rule(
    "replies/agree-with-state", "The answer to a call on a booking tells the booking as it is after the call",
    "endpoints/replies-agree-with-state",
    hint="Refresh the booking before you serialize the answer; a desk shows it without asking again.",
)  # fmt: skip
def agree_with_state(episode: Episode) -> Iterator[Finding]:
    for operation in carried_out(episode, *_CHANGED):
        if isinstance(operation, Inconclusive | Unreached):
            continue
        pair = around(episode, operation, "booking", booking_id=operation.params.get("booking_id"))
        if isinstance(pair, Missing) or not all(isinstance(state, dict) for state in pair):
            continue
        (before, known), told = pair, operation.answered
        wrong = [
            name
            for name in _CHANGED[operation.operation]
            if name in told
            and not same(told[name], known.get(name), coarse=True)
            and same(told[name], before.get(name), coarse=True)
        ]
        if not wrong:
            yield OK
            continue
        yield Violation(
            "endpoints/replies-agree-with-state",
            f"the answer to {operation.operation} ({operation.case or 'no case'}) tells {', '.join(wrong)} as before it",
            tuple(f"{name} {show(known.get(name))}" for name in wrong),
            ", ".join(f"{name} {show(told[name])}" for name in wrong),
            seqs(operation, "booking"),
        )
