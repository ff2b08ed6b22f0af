"""Does the answer to a call tell what a read after it shows?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance_tests.entries import Operation
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation, rule
from conformance_tests.rules.facts import (
    ASSIGN,
    CHECK_IN,
    CHECK_OUT,
    HOUSEKEEPING,
    MOVE,
    UNASSIGN,
    Missing,
    around,
    booking_of,
    carried_out,
    is_refusal_case,
    phase,
    read,
    seqs,
    succeeded,
)
from conformance_tests.rules.values import dig, same, show

_ROOM = ("room_number", "assigned_room_number")
_CHANGED = {
    CHECK_IN: ("checked_in_at",),
    CHECK_OUT: ("checked_out_at", "status"),
    ASSIGN: _ROOM,
    UNASSIGN: _ROOM,
    MOVE: _ROOM,
}
"""What an operation changes of the booking, and its answer must not tell as it was before."""


_GUEST_TOLD = {
    "guestBookingStatus": ("status", "room_number", "checked_in_at", "checked_out_at"),
    "guestContext": ("status", "room_number", "is_checked_in", "is_checked_out"),
}


@rule(
    "replies/guest-reads-agree", "The guest endpoints tell the booking as staff read it after the last call",
    "endpoints/guest-reads-agree-with-state",
    hint="Let writes invalidate what the guest endpoints cache.",
)  # fmt: skip
def guest_reads_agree(episode: Episode) -> Iterator[Finding]:
    known: dict[str, tuple[Any, Operation]] = {}
    for operation in episode.operations:
        booking_id = booking_of(operation) or operation.answered.get("booking_id")
        if operation.operation in _CHANGED:
            state = read(episode, operation, "after", "booking", booking_id=booking_id)
            if operation.overlaps or not isinstance(state, dict):
                known.pop(str(booking_id), None)
            else:
                known[str(booking_id)] = (state, operation)
        if operation.operation not in _GUEST_TOLD or not succeeded(operation) or str(booking_id) not in known:
            continue
        state, last = known[str(booking_id)]
        right = state | {
            "is_checked_in": phase(state) == "in_house", "is_checked_out": phase(state) == "departed",
        }  # fmt: skip
        told = operation.answered
        wrong = [
            name
            for name in _GUEST_TOLD[operation.operation]
            if name in told and name in right and not same(told[name], right[name], coarse=True)
        ]
        if not wrong:
            yield OK
            continue
        yield Violation(
            "endpoints/guest-reads-agree-with-state",
            f"{operation.operation} tells another {', '.join(wrong)} than staff read after {last.operation}",
            tuple(f"{name} {show(right[name])}" for name in wrong),
            ", ".join(f"{name} {show(told[name])}" for name in wrong),
            (*seqs(last, "booking"), *operation.witness),
        )


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


def _told_status(answered: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(where, before or after, the room status told there) for all that an answer of housekeeping tells."""
    for where, when in (("old_status", "before"), ("new_status", "after")):
        if where in answered:
            yield where, when, answered[where]
    for where, name, when in (
        ("room", "room_status", "after"),
        ("status_event", "from_status", "before"),
        ("status_event", "to_status", "after"),
    ):
        if isinstance(answered.get(where), dict) and name in answered[where]:
            yield f"{where}.{name}", when, answered[where][name]


def _register(name: str, slug: str) -> None:
    clause = f"endpoints/{slug}"

    @rule(
        f"replies/{slug}-agrees-with-state", f"The answer to {name} tells the room's status before and after the call",
        clause,
        hint="Keep the status from before the change, and refresh the room before you serialize the answer.",
    )  # fmt: skip
    def judge(episode: Episode) -> Iterator[Finding]:
        for operation in episode.operations:
            if operation.operation != name or is_refusal_case(operation) or not succeeded(operation):
                continue
            pair = around(episode, operation, "room")
            if (
                operation.overlaps
                or isinstance(pair, Missing)
                or not all(isinstance(state, dict) for state in pair)
            ):
                continue
            known = dict(zip(("before", "after"), (dig(state, "room_status") for state in pair), strict=True))
            # One that is neither was committed otherwise than it was told: another rule's finding.
            wrong = [
                (where, when)
                for where, when, told in _told_status(operation.answered)
                if told != known[when] and told in known.values()
            ]
            if not wrong:
                yield OK
                continue
            yield Violation(
                clause,
                f"the answer to {name} tells another {', '.join(where for where, _ in wrong)} than there was",
                tuple(f"{where} {known[when]}" for where, when in wrong),
                show({where: told for where, _, told in _told_status(operation.answered)}),
                seqs(operation, "room"),
            )


for _name in HOUSEKEEPING:
    _register(_name, "".join(f"-{char.lower()}" if char.isupper() else char for char in _name))
