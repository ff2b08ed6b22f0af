"""What an operation does not do: fields it has no word for, other bookings and rooms, and work it puts off (effects/*).

What it may change stands in openapi.yaml (`x-changes`). Fields that the contract does not know are free, and so is what
the survey mail of a check-out leaves when it goes out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance_tests.entries import Operation, Probe
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation, rule
from conformance_tests.rules.facts import (
    CHECK_OUT,
    EFFECTING,
    Missing,
    RoomRef,
    around,
    booking_of,
    carried_out,
    rooms_of,
    seqs,
)
from conformance_tests.rules.idempotency import difference
from conformance_tests.rules.values import same, show
from contract.operations import operation as contract_operation
from contract.schema_store import schema_store

_NOTES = frozenset(("internal_notes", "turnover_notes"))
_FREE = frozenset(
    ("updated_at", "survey_sent", "survey_sent_at", "survey_completed", "survey_rating", "survey_response")
)
_COMPUTED = frozenset(("flags", "is_bookable"))
"""What may follow from the hour, or from another booking."""
_BOOKING: frozenset[str] = frozenset(
    schema_store().schema("resources/booking_detail.schema.json")["properties"]
)
_ROOM: frozenset[str] = frozenset(schema_store().schema("resources/room.schema.json")["properties"])


def _sorted(value: Any) -> Any:
    """The value with its lists in one order: in which order people are listed is nobody's promise."""
    if isinstance(value, dict):
        return {name: _sorted(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted(
            (_sorted(inner) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True)
        )
    return value


def _grown(before: Any, after: Any) -> bool:
    """The notes hold at least the lines they had. A bounded note may have lost its oldest ones."""
    old = [line.strip() for line in before.splitlines() if line.strip()] if isinstance(before, str) else []
    return isinstance(after, str) and (not old or old[-1] in after)


def surplus(before: Mapping[str, Any], after: Mapping[str, Any], known: frozenset[str]) -> list[str]:
    """The fields of `known` that differ, sorted; notes that only grew are left out."""
    return [
        name
        for name in sorted(known & before.keys() & after.keys())
        if not same(_sorted(before[name]), _sorted(after[name]))
        and not (name in _NOTES and _grown(before[name], after[name]))
    ]


def _named_only(
    operation: Operation, what: str, pair: Any, known: frozenset[str], allowed: frozenset[str]
) -> Iterator[Finding]:
    if isinstance(pair, Missing):
        yield Inconclusive(pair.reason)
        return
    before, after = pair
    if not isinstance(before, dict) or not isinstance(after, dict):
        return
    wrong = surplus(before, after, known - allowed - _FREE)
    if not wrong:
        yield OK
        return
    yield Violation(
        "effects/named-only",
        f"{operation.operation} ({operation.case or 'no case'}) changed {', '.join(wrong)} of its {what}",
        tuple(f"{name} {show(before[name])}, as before" for name in wrong),
        ", ".join(f"{name} {show(after[name])}" for name in wrong),
        seqs(operation, "booking", "room"),
    )


@rule(
    "effects/booking", "An operation changes only the fields of its booking that the contract names for it",
    "effects/named-only",
    hint="Save the fields the operation is about (update_fields), not the whole object as it was read earlier.",
)  # fmt: skip
def booking_fields(episode: Episode) -> Iterator[Finding]:
    for operation in carried_out(episode, *EFFECTING):
        if isinstance(operation, Inconclusive | Unreached):
            yield operation
            continue
        changes, booking_id = contract_operation(operation.operation).changes, booking_of(operation)
        if changes is not None and booking_id is not None:
            pair = around(episode, operation, "booking", booking_id=booking_id)
            yield from _named_only(operation, "booking", pair, _BOOKING, changes.booking)


@rule(
    "effects/room", "An operation changes only the fields of its rooms that the contract names for it",
    "effects/named-only",
    hint="Save the fields the operation is about (update_fields), not the whole object as it was read earlier.",
)  # fmt: skip
def room_fields(episode: Episode) -> Iterator[Finding]:
    for operation in carried_out(episode, *EFFECTING):
        if isinstance(operation, Inconclusive | Unreached):
            yield operation
            continue
        changes = contract_operation(operation.operation).changes
        for room in rooms_of(episode, operation):
            if changes is not None and room.number is not None:
                pair = around(episode, operation, "room", room_number=room.number)
                yield from _named_only(operation, "room", pair, _ROOM, changes.room | _COMPUTED)


def _of_another(probe: Probe, operation: Operation, rooms: tuple[RoomRef, ...]) -> bool:
    """The snapshot is of a booking or a room that the call is not about."""
    if probe.name in ("booking", "guests", "tokens", "cleanup"):
        return booking_of(operation) not in (None, probe.subject.get("booking_id"))
    if probe.name == "room":
        return probe.subject.get("room_number") not in {room.number for room in rooms}
    return probe.name in ("audit", "device") and probe.subject.get("room_id") not in {
        room.id for room in rooms
    }


def changed_of(before: Probe, after: Probe) -> str | None:
    """What a later snapshot of the same shows to be different, in words; None when nothing is that matters."""
    if isinstance(before.state, dict) and isinstance(after.state, dict):
        known = {"booking": _BOOKING, "room": _ROOM}.get(before.name, frozenset(before.state))
        wrong = surplus(before.state, after.state, known - _FREE - _COMPUTED)
        told = [f"{name} {show(before.state[name])} became {show(after.state[name])}" for name in wrong]
        return ", ".join(told) or None
    return difference(_sorted(before.state), _sorted(after.state))


def _others(episode: Episode, operation: Operation) -> Iterator[tuple[Probe, Probe]]:
    """The snapshots before and after a call of what it is not about."""
    rooms = rooms_of(episode, operation)
    if any(room.id is None or room.number is None for room in rooms):
        return  # which room is its own is not known
    for before in operation.before:
        if before.missing is not None or not _of_another(before, operation, rooms):
            continue
        for after in operation.after:
            if (after.name, after.subject) == (before.name, before.subject) and after.missing is None:
                yield before, after


@rule(
    "effects/others", "An operation leaves other bookings, their guests and tokens, and other rooms alone",
    "effects/others-untouched",
    hint="Filter by the booking and by its room before you update or delete.",
)  # fmt: skip
def others_untouched(episode: Episode) -> Iterator[Finding]:
    for operation in carried_out(episode, *EFFECTING):
        if isinstance(operation, Inconclusive | Unreached):
            continue
        for before, after in _others(episode, operation):
            if operation.operation == CHECK_OUT and before.name == "cleanup":
                continue  # has a rule of its own
            told = changed_of(before, after)
            if told is None:
                yield OK
                continue
            yield Violation(
                "effects/others-untouched",
                f"{operation.operation} ({operation.case or 'no case'}) changed what probe {before.name} shows of another"
                f" {'booking' if 'booking_id' in before.subject else 'room'}",
                ("no change",),
                told,
                (*operation.witness, before.seq, after.seq),
            )


@rule(
    "effects/own-room-only", "A check-out leaves the conversations and orders of other rooms", "check-out/cleanup/own-room-only",
    hint="Delete by the room and the booking of the check-out.",
)  # fmt: skip
def own_room_only(episode: Episode) -> Iterator[Finding]:
    for operation in carried_out(episode, CHECK_OUT):
        if isinstance(operation, Inconclusive | Unreached):
            continue
        for before, after in _others(episode, operation):
            if (
                before.name != "cleanup"
                or not isinstance(before.state, dict)
                or not any(before.state.values())
            ):
                continue
            told = changed_of(before, after)
            if told is None:
                yield OK
                continue
            yield Violation(
                "check-out/cleanup/own-room-only",
                "a check-out took away what another booking had in its own room",
                ("no change",),
                told,
                (*operation.witness, before.seq, after.seq),
            )


@rule(
    "effects/done-when-answered", "When an operation is answered, what it does is done", "effects/done-when-answered",
    hint="Do it in the transaction, and answer after its commit; leave only mails and publishing to a job.",
)  # fmt: skip
def done_when_answered(episode: Episode) -> Iterator[Finding]:
    for operation in carried_out(episode, *EFFECTING):
        if isinstance(operation, Inconclusive | Unreached) or not operation.at_answer:
            continue
        late = []
        for first in operation.at_answer:
            for last in operation.after:
                same_subject = (first.name, first.subject) == (last.name, last.subject)
                if not same_subject or first.name == "failures" or first.missing or last.missing:
                    continue
                told = _put_off(first.state, last.state)
                if told is not None:
                    late.append((first, last, told))
        for first, last, told in late:
            yield Violation(
                "effects/done-when-answered",
                f"{operation.operation} ({operation.case or 'no case'}) was answered before what probe {first.name} shows was done",
                ("the state that was read after the call",),
                f"{told}; read {first.begun - (operation.reply.t if operation.reply else 0):.3f} s after the answer",
                (*operation.witness, first.seq, last.seq),
            )
        if not late:
            yield OK


def _put_off(first: Any, last: Any) -> str | None:
    """What became of a state after the answer; the survey mail goes out when it likes."""
    if isinstance(first, dict) and isinstance(last, dict):
        first = {name: value for name, value in first.items() if name not in _FREE}
        last = {name: value for name, value in last.items() if name not in _FREE}
    return difference(_sorted(first), _sorted(last))
