"""Do lists, boards and histories that are read after a call show what it did, and do reads leave things as they are?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance_tests.entries import Operation, Probe, mapping
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Violation, rule
from conformance_tests.rules.effects import changed_of
from conformance_tests.rules.facts import EFFECTING, succeeded
from conformance_tests.rules.lists import rooms_listed
from conformance_tests.rules.values import same, show

_ROOM = ("room_status", "is_occupied", "current_booking_id")
_BOOKING = ("status", "room_number", "checked_in_at", "checked_out_at")
_ROOM_READS = frozenset(("roomsBoard", "housekeepingDashboard", "listRooms", "getRoom", "roomStatusHistory"))
_BOOKING_READS = frozenset(("listBookings", "getBooking"))


class _Known:
    """What the snapshots after the last call showed of rooms (by id) and bookings. A call without them, or one of several at
    once, leaves nothing known."""

    def __init__(self) -> None:
        self.rooms: dict[Any, tuple[Any, Probe]] = {}
        self.bookings: dict[Any, tuple[Any, Probe]] = {}
        self.last: Operation | None = None

    def learn(self, operation: Operation) -> None:
        self.rooms.clear()
        self.bookings.clear()
        self.last = operation
        if operation.overlaps or operation.status is None:
            return
        for probe in operation.after:
            state = mapping(probe.state)
            if probe.name == "room" and state.get("room_id") is not None:
                self.rooms[state["room_id"]] = (state, probe)
            elif probe.name == "booking" and state.get("booking_id") is not None:
                self.bookings[state["booking_id"]] = (state, probe)


def _reads(episode: Episode, names: frozenset[str]) -> Iterator[tuple[Operation, _Known]]:
    """Reads that succeeded, each with what was known when it was made."""
    known = _Known()
    for operation in episode.operations:
        if operation.operation in EFFECTING:
            known.learn(operation)
        elif operation.operation in names and succeeded(operation) and not operation.overlaps:
            yield operation, known


def _told_rooms(operation: Operation) -> list[Any]:
    body = dict(operation.answered)
    if operation.operation == "getRoom":
        return [body]
    if operation.operation == "roomStatusHistory":
        return [body.get("room")]
    return [room for _, room in rooms_listed(operation, body)]


def _room_id(told: Mapping[str, Any]) -> Any:
    return told.get("room_id", told.get("id"))


def _told_bookings(operation: Operation) -> list[Any]:
    rows = operation.answered.get("results")
    return [dict(operation.answered)] if operation.operation == "getBooking" else list(rows or ())


@rule(
    "order/reads-after-call", "Lists, boards and details that are read after a call show what it did", "order/after-commit",
    hint="Let writes invalidate what lists, boards and details cache, or do not cache them.",
)  # fmt: skip
def reads_after_call(episode: Episode) -> Iterator[Finding]:
    for operation, known in _reads(episode, _ROOM_READS | _BOOKING_READS):
        of_rooms = operation.operation in _ROOM_READS
        names, there = (_ROOM, known.rooms) if of_rooms else (_BOOKING, known.bookings)
        for told in map(mapping, _told_rooms(operation) if of_rooms else _told_bookings(operation)):
            about = _room_id(told) if of_rooms else told.get("booking_id")
            if about not in there or known.last is None:
                continue
            state, probe = there[about]
            wrong = [
                name for name in names
                if name in told and name in state and not same(told[name], state[name], coarse=True)
            ]  # fmt: skip
            if not wrong:
                yield OK
                continue
            yield Violation(
                "order/after-commit",
                f"{operation.operation} shows another {', '.join(wrong)} than was there after {known.last.operation}",
                tuple(f"{name} {show(state[name])}" for name in wrong),
                ", ".join(f"{name} {show(told[name])}" for name in wrong),
                (*known.last.witness, probe.seq, *operation.witness),
            )


@rule(
    "lists/rooms-board-whole", "A room that is active stands on the rooms board", "endpoints/rooms-board",
    hint="Show every active room of the hotel: a board has no pages.",
)  # fmt: skip
def board_is_whole(episode: Episode) -> Iterator[Finding]:
    for operation, known in _reads(episode, frozenset(("roomsBoard",))):
        listed = {_room_id(room) for room in map(mapping, _told_rooms(operation))}
        slug = operation.params.get("hotel_slug")
        for room_id, (state, probe) in known.rooms.items():
            if state.get("is_active") is not True or state.get("hotel_slug", slug) != slug:
                continue
            if room_id in listed:
                yield OK
            else:
                yield Violation(
                    "endpoints/rooms-board",
                    "the rooms board lacks a room that is active",
                    (f"room {state.get('room_number')} under {state.get('room_status')}",),
                    f"{len(listed)} rooms, not this one",
                    (probe.seq, *operation.witness),
                )


@rule(
    "housekeeping/audit-shown", "The newest row of a status history ends in the status the room has", "housekeeping/audit-chain",
    hint="Read the history with the same order and from the first row, after the commit.",
)  # fmt: skip
def audit_shown(episode: Episode) -> Iterator[Finding]:
    for operation, known in _reads(episode, frozenset(("roomStatusHistory",))):
        rows, room_id = operation.answered.get("status_history"), operation.params.get("room_id")
        if known.last is None or room_id not in known.rooms or not isinstance(rows, list):
            continue
        state, probe = known.rooms[room_id]
        earlier = [mapping(one.state) for one in known.last.before if one.name == "room"]
        was = next((one for one in earlier if one.get("room_id") == room_id), None)
        if was is None or was.get("room_status") == state.get("room_status"):
            continue  # how the room came to its status before the run is not known to have left a row
        newest = mapping(rows[0]).get("to_status") if rows else None
        if newest == state.get("room_status"):
            yield OK
        else:
            yield Violation(
                "housekeeping/audit-chain",
                f"the status history does not begin with the change that {known.last.operation} made",
                (f"to_status {state.get('room_status')}",),
                f"to_status {newest}" if rows else "no row",
                (*known.last.witness, probe.seq, *operation.witness),
            )


@rule(
    "effects/reads", "Reading a booking or a room changes nothing in it", "effects/named-only",
    hint="Keep who looked at what in a log of its own; a GET saves nothing in the row it shows.",
)  # fmt: skip
def reads_change_nothing(episode: Episode) -> Iterator[Finding]:
    """Judged where a read has a snapshot before it, and a later one has, with nothing but reads between them."""
    last: dict[str, Probe] = {}
    reads: list[Operation] = []
    for operation in episode.operations:
        if operation.operation in EFFECTING:
            last, reads = {}, []
            continue
        for before in operation.before:
            subject = f"{before.name} {sorted(before.subject.items())}"
            earlier = last.get(subject)
            if before.name not in ("booking", "room") or before.missing is not None:
                continue
            last[subject] = before
            if earlier is None:
                continue
            told = changed_of(earlier, before)
            if told is None:
                yield OK
                continue
            names = ", ".join(sorted({read.operation for read in reads}))
            yield Violation(
                "effects/named-only",
                f"the {before.name} is another after {names}",
                ("no change",),
                told,
                (earlier.seq, *(seq for read in reads for seq in read.witness), before.seq),
            )
        reads = [operation] if operation.before else [*reads, operation]
