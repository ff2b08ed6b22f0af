"""Rooms given, taken away and changed: what it does to booking, rooms and guests. All of it is observed, so SHOULD."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance_tests.entries import Operation, mapping
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation, rule
from conformance_tests.rules.facts import (
    ASSIGN,
    MOVE,
    UNASSIGN,
    Kind,
    Missing,
    RoomRef,
    around,
    booking_of,
    carried_out,
    is_refusal_case,
    is_repeat,
    kind,
    room_of_booking,
    rooms_of,
    seqs,
)
from conformance_tests.rules.values import dig, show

States = dict[str, "tuple[Any, Any]"]
Check = Callable[[States, Operation, tuple[RoomRef, ...]], "tuple[str, str] | None"]


def _states(
    episode: Episode, operation: Operation, rooms: tuple[RoomRef, ...], wanted: tuple[str, ...]
) -> Any:
    """The states before and after, by name: booking, guests, room (old or only), new_room."""
    found: States = {}
    for name in wanted:
        if name == "new_room":
            pair = around(episode, operation, "room", room_number=rooms[-1].number)
        elif name == "room":
            pair = around(episode, operation, "room", room_number=rooms[0].number)
        elif name in ("device", "new_device"):
            room = rooms[0] if name == "device" else rooms[-1]
            pair = around(episode, operation, "device", room_id=room.id)
        else:
            pair = around(episode, operation, name)
        if isinstance(pair, Missing):
            return pair
        found[name] = pair
    return found


def _register(
    rule_id: str, title: str, clause: str, name: str, hint: str, wanted: tuple[str, ...], check: Check
) -> None:
    @rule(rule_id, title, clause, hint=hint)
    def judge(episode: Episode) -> Iterator[Finding]:
        for operation in carried_out(episode, name):
            if isinstance(operation, Inconclusive | Unreached):
                yield operation
                continue
            rooms = rooms_of(episode, operation)
            states = _states(episode, operation, rooms, wanted)
            if isinstance(states, Missing):
                yield Inconclusive(states.reason)
                continue
            wrong = check(states, operation, rooms)
            if wrong is None:
                yield OK
                continue
            message = f"after {name}: {title[0].lower()}{title[1:]} does not hold"
            yield Violation(
                clause,
                message,
                (wrong[0],),
                wrong[1],
                seqs(operation, "booking", "room", "guests", "cleanup", "device"),
            )


def _assigned(states: States, operation: Operation, rooms: tuple[RoomRef, ...]) -> tuple[str, str] | None:
    room = room_of_booking(states["booking"][1])
    if room is None or room.get("room_id") != rooms[-1].id:
        return f"room_id {rooms[-1].id}", f"room {show(room)}"
    before, after = states["room"]
    for name in ("is_occupied", "room_status"):
        if before.get(name) != after.get(name):
            return f"{name} {show(before.get(name))}, as before", f"{name} {show(after.get(name))}"
    return None


def _cleared(states: States, operation: Operation, _: tuple[RoomRef, ...]) -> tuple[str, str] | None:
    room = room_of_booking(states["booking"][1])
    return None if room is None else ("no room", f"room {show(room)}")


def _occupied(states: States, operation: Operation, rooms: tuple[RoomRef, ...]) -> tuple[str, str] | None:
    room, after = room_of_booking(states["booking"][1]), states["new_room"][1]
    if after.get("is_occupied") is True and after.get("room_status") == "OCCUPIED":
        if room is not None and room.get("room_id") == rooms[-1].id:
            return None
        return f"the booking in room {rooms[-1].number}", f"room {show(room)}"
    told = f"is_occupied {show(after.get('is_occupied'))}, room_status {after.get('room_status')}"
    return "the new room is_occupied true, OCCUPIED", told


def _left(states: States, operation: Operation, _: tuple[RoomRef, ...]) -> tuple[str, str] | None:
    after = states["room"][1]
    empty = after.get("guests_in_room") == [] and after.get("is_occupied") is False
    if empty and after.get("room_status") == "CHECKOUT_DIRTY":
        return None
    told = {name: after.get(name) for name in ("room_status", "is_occupied", "guests_in_room")}
    return "the old room CHECKOUT_DIRTY, is_occupied false, no guests", show(told)


def _followed(states: States, operation: Operation, rooms: tuple[RoomRef, ...]) -> tuple[str, str] | None:
    own = [row for row in states["guests"][1] if row.get("booking_id") == booking_of(operation)]
    wrong = [row for row in own if row.get("room_id") != rooms[-1].id]
    if own and not wrong:
        return None
    return f"all guests in room_id {rooms[-1].id}", f"room_id {show([row.get('room_id') for row in own])}"


def _belongings(states: States, _: Operation, __: tuple[RoomRef, ...]) -> tuple[str, str] | None:
    before, after = states["cleanup"]
    # messages are counted by the room: in the old one there may be none left
    lost = [
        name
        for name in ("conversations", "orders", "breakfast_orders")
        if after.get(name) != before.get(name)
    ]
    if lost:
        right = ", ".join(f"{name} {show(before.get(name))}" for name in lost)
        return right, ", ".join(f"{name} {show(after.get(name))}" for name in lost)
    told = {where: dig(states[where][1], "guest_fcm_token_set") for where in ("device", "new_device")}
    if dig(states["device"][0], "guest_fcm_token_set") is not True or told == {
        "device": False,
        "new_device": True,
    }:
        return None
    return "the push token in the new room, none in the old one", show(told)


for _row in (
    ("assignment/assign/room-set", "The room is the booking's, and no room changed", "assignment/assign/room-set", ASSIGN,
     "Assigning is a promise for the nights, not an arrival.", ("booking", "room"), _assigned),
    ("assignment/unassign/room-cleared", "The booking has no room", "assignment/unassign/room-cleared", UNASSIGN,
     "Set the booking's room to null.", ("booking",), _cleared),
    ("assignment/move/new-room-occupied", "The new room is occupied and the booking's", "assignment/move/new-room-occupied",
     MOVE, "Lock both rooms, lower id first, then change both.", ("booking", "new_room"), _occupied),
    ("assignment/move/old-room-dirty", "The old room is left dirty and empty", "assignment/move/old-room-dirty", MOVE,
     "Lock both rooms, lower id first, then change both.", ("room",), _left),
    ("assignment/move/belongings-follow", "Conversations, orders and push token follow the booking",
     "assignment/move/belongings-follow", MOVE, "Take along what is the booking's; only a check-out deletes it.",
     ("cleanup", "device", "new_device"), _belongings),
    ("assignment/move/guests-follow", "All guests of the booking are in the new room", "assignment/move/guests-follow",
     MOVE, "Move the guests of the booking, walk-ins too.", ("guests",), _followed),
):  # fmt: skip
    _register(*_row)


def _register_success(rule_id: str, title: str, clause: str, name: str) -> None:
    @rule(
        rule_id,
        title,
        clause,
        hint="The state was arranged so that it must succeed: compare the refusal's reason.",
    )
    def judge(episode: Episode) -> Iterator[Finding]:
        for operation in episode.operations:
            if (
                operation.operation != name
                or not operation.case
                or is_refusal_case(operation)
                or operation.overlaps
            ):
                continue
            found = kind(episode, operation)
            if is_repeat(episode, operation) or found is Kind.UNKNOWN:
                continue
            if found is Kind.CARRIED_OUT:
                yield OK
            else:
                told = f"{operation.status} {show(operation.answered.get('error'))}"
                message = f"{name} ({operation.case}) did not succeed"
                yield Violation(clause, message, ("200",), told, seqs(operation, "booking"))


for _args in (
    ("assignment/assign/succeeds", "Assigning a free room succeeds", "endpoints/assign-room", ASSIGN),
    (
        "assignment/unassign/succeeds",
        "Unassigning before arrival succeeds",
        "endpoints/unassign-room",
        UNASSIGN,
    ),
    ("assignment/move/succeeds", "Moving to a free room succeeds", "endpoints/move-room", MOVE),
):
    _register_success(*_args)


@rule(
    "assignment/unassign/room-free", "A room that was taken from a booking can be given to another",
    "assignment/unassign/room-cleared",
    hint="Whatever holds the room for the booking's nights goes with the assignment.",
)  # fmt: skip
def room_is_free(episode: Episode) -> Iterator[Finding]:
    has: dict[str | None, Any] = {}
    left: dict[Any, Operation] = {}
    for operation in episode.operations:
        if operation.overlaps or kind(episode, operation) is Kind.UNKNOWN:
            continue
        booking, wanted = booking_of(operation), mapping(operation.body).get("room_id")
        done = kind(episode, operation) in (Kind.CARRIED_OUT, Kind.REPEAT)
        if operation.operation == UNASSIGN and done:
            left[has.pop(booking, None)] = operation
        if operation.operation != ASSIGN:
            continue
        unassigned = left.get(wanted) if wanted not in has.values() else None
        if unassigned is not None and not is_refusal_case(operation) and booking != booking_of(unassigned):
            if done:
                yield OK
            else:
                yield Violation(
                    "assignment/unassign/room-cleared",
                    "a room that was taken from one booking was refused to another",
                    ("200",),
                    f"{operation.status} {show(operation.answered.get('error'))}",
                    (*unassigned.witness, *operation.witness),
                )
        if done:
            has[booking] = wanted
