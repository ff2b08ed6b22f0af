"""Calls whose answer was lost: they may have happened or not. What must hold in both cases is judged, nothing is guessed.

After such a call the suite reads the state twice. Where both readings agree, no operation was under way between them,
and they show whether the call was carried out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance_tests.entries import Operation
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Violation
from conformance_tests.rules.facts import CHECK_IN, CHECK_OUT, booking_of, phase, seqs
from conformance_tests.rules.values import dig, same, show

_PHASES = {CHECK_IN: ("expected", "in_house"), CHECK_OUT: ("in_house", "departed")}
_ROOM = {CHECK_IN: ("OCCUPIED", True), CHECK_OUT: ("CHECKOUT_DIRTY", False)}
_CLAUSES = {CHECK_IN: "atomicity/check-in", CHECK_OUT: "atomicity/check-out"}


def _states(operation: Operation, when: str, name: str, **subject: Any) -> list[Mapping[str, Any]]:
    return [
        probe.state
        for probe in (operation.before if when == "before" else operation.after)
        if probe.name == name
        and isinstance(probe.state, dict)
        and all(probe.subject.get(key) == value for key, value in subject.items())
    ]


def _settled(operation: Operation, name: str, **subject: Any) -> Mapping[str, Any] | None:
    """The state after a call without an answer, when two readings of it agree."""
    found = _states(operation, "after", name, **subject)
    return found[-1] if len(found) > 1 and all(same(one, found[-1]) for one in found) else None


def proven_done(operation: Operation) -> bool:
    """The call was not answered, and the state after it proves that it was carried out."""
    steps = _PHASES.get(operation.operation)
    if steps is None or operation.status is not None or operation.reply is None:
        return False
    before = _states(operation, "before", "booking", booking_id=booking_of(operation))
    after = _settled(operation, "booking", booking_id=booking_of(operation))
    return bool(before) and (phase(before[-1]), phase(after)) == steps


def torn(episode: Episode) -> Iterator[Finding]:
    """Check-ins and check-outs without an answer happened wholly or not at all."""
    for operation in episode.operations:
        if operation.operation not in _PHASES or operation.status is not None or operation.reply is None:
            continue
        before = _states(operation, "before", "booking", booking_id=booking_of(operation))
        after = _settled(operation, "booking", booking_id=booking_of(operation))
        start, end = _PHASES[operation.operation]
        if not before or after is None or phase(before[-1]) != start or phase(after) not in (start, end):
            continue
        number = dig(before[-1], "room", "room_number")
        room_before = _states(operation, "before", "room", room_number=number)
        room = _settled(operation, "room", room_number=number)
        if number is None or not room_before or room is None:
            continue
        done = phase(after) == end
        as_it_was = (room_before[-1].get("room_status"), room_before[-1].get("is_occupied"))
        status, occupied = _ROOM[operation.operation] if done else as_it_was
        told = (room.get("room_status"), room.get("is_occupied"))
        if told == (status, occupied):
            yield OK
            continue
        yield Violation(
            _CLAUSES[operation.operation],
            f"a {operation.operation} without an answer happened in part",
            (f"booking {phase(after)} with room_status {status} and is_occupied {show(occupied)}",),
            f"booking {phase(after)} with room_status {told[0]} and is_occupied {show(told[1])}",
            seqs(operation, "booking", "room"),
        )
