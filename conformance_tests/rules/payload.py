"""What the events of one operation must say beyond their shape: occupancy, room, party, transition, token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance_tests.entries import Event
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Violation, rule
from conformance_tests.rules.due import Due, due_events
from conformance_tests.rules.facts import (
    ASSIGN,
    CHECK_IN,
    CHECK_OUT,
    EFFECTING,
    MOVE,
    UNASSIGN,
    Missing,
    read,
    rooms_of,
    snapshotted,
)
from conformance_tests.rules.values import dig, moment, same, show

Check = Callable[[Episode, Due, Event], "tuple[str, str] | None"]
_MISSING = "(absent)"


def _register(
    rule_id: str, title: str, clause: str, hint: str, names: tuple[str, ...], kinds: tuple[str, ...],
    events: tuple[str, ...], check: Check,
) -> None:  # fmt: skip
    @rule(rule_id, title, clause, hint=hint)
    def judge(episode: Episode) -> Iterator[Finding]:
        for debt, event in due_events(episode, *names):
            if event.kind not in kinds or event.name not in events:
                continue
            wrong = check(episode, debt, event)
            if wrong is None:
                yield OK
                continue
            yield Violation(
                clause,
                f"{event.name} of {debt.operation.operation} on the {event.kind} channel: {title[0].lower()}{title[1:]}"
                " does not hold",
                (wrong[0],),
                wrong[1],
                (*debt.operation.witness, event.seq),
            )


def _get(event: Event, name: str) -> Any:
    return event.payload.get(name, _MISSING)


def _occupied(_: Episode, debt: Due, event: Event) -> tuple[str, str] | None:
    booked = dig(_get(event, "current_booking"), "booking_id")
    if event.payload.get("is_occupied") is True and booked == debt.booking_id:
        return None
    told = f"is_occupied {show(_get(event, 'is_occupied'))}, current_booking {show(booked)}"
    return f"is_occupied true, current_booking {debt.booking_id}", told


def _cleared(_: Episode, __: Due, event: Event) -> tuple[str, str] | None:
    payload = event.payload
    empty = payload.get("guests_in_room") == [] and payload.get("current_booking") is None
    if empty and payload.get("is_occupied") is False:
        return None
    told = {name: _get(event, name) for name in ("is_occupied", "guests_in_room")}
    told["current_booking"] = dig(_get(event, "current_booking"), "booking_id") or _get(
        event, "current_booking"
    )
    return "is_occupied false, guests_in_room [], current_booking null", show(told)


def _dirty(_: Episode, __: Due, event: Event) -> tuple[str, str] | None:
    named = event.payload.get("changed_fields")
    if (
        event.payload.get("room_status") == "CHECKOUT_DIRTY"
        and isinstance(named, list)
        and "room_status" in named
    ):
        return None
    told = f"room_status {show(_get(event, 'room_status'))}, changed_fields {show(named)}"
    return "room_status CHECKOUT_DIRTY, named in changed_fields", told


def _booking_in_house(_: Episode, debt: Due, event: Event) -> tuple[str, str] | None:
    room, guests = event.payload.get("room"), event.payload.get("in_house")
    people = [dig(guests, "primary"), *(dig(guests, "companions") or [])] if isinstance(guests, dict) else []
    if isinstance(room, dict) and any(isinstance(person, dict) for person in people):
        return None
    return "the booking with room and in_house guests", f"room {show(room)}, in_house {show(guests)}"


def _booking_departed(_: Episode, __: Due, event: Event) -> tuple[str, str] | None:
    left, status, party = (event.payload.get(name) for name in ("checked_out_at", "status", "party"))
    if moment(left) is not None and isinstance(status, str) and isinstance(dig(party, "primary"), dict):
        return None
    told = f"status {show(status)}, checked_out_at {show(left)}, party {show(party)}"
    return "the booking with its party and its checked_out_at", told


def _room_assignment(episode: Episode, debt: Due, event: Event) -> tuple[str, str] | None:
    number = rooms_of(episode, debt.operation)[-1].number
    if number is None:
        return None
    told = event.payload.get("room_number", dig(event.payload.get("room"), "room_number"))
    return None if same(told, number, coarse=True) else (f"room_number {number}", f"room_number {show(told)}")


def _party(episode: Episode, debt: Due, event: Event) -> tuple[str, str] | None:
    party = event.payload.get("party")
    primary, companions = dig(party, "primary"), dig(party, "companions")
    if not isinstance(primary, dict) or not isinstance(companions, list):
        return "party with primary and companions", f"party {show(party)}"
    if not snapshotted(debt.operation):
        return None
    booking = read(episode, debt.operation, "after", "booking")
    known = None if isinstance(booking, Missing) else dig(booking, "party", "companions")
    if isinstance(known, list) and len(known) != len(companions):
        return f"{len(known)} companions", f"{len(companions)} companions"
    return None


def _transition(_: Episode, __: Due, event: Event) -> tuple[str, str] | None:
    wanted = ("expected", "in_house") if event.name == "booking_checked_in" else ("in_house", "departed")
    step = event.payload.get("transition")
    if (dig(step, "from"), dig(step, "to")) == wanted and dig(step, "at") is not None:
        return None
    return f"transition from {wanted[0]} to {wanted[1]}, with at", f"transition {show(step)}"


def _guest_check_in(_: Episode, __: Due, event: Event) -> tuple[str, str] | None:
    if isinstance(event.payload.get("status"), str) and event.payload.get("room_number") is not None:
        return None
    told = f"status {show(_get(event, 'status'))}, room_number {show(_get(event, 'room_number'))}"
    return "status and room_number", told


def _guest_token(_: Episode, debt: Due, event: Event) -> tuple[str, str] | None:
    answered, told = debt.operation.answered.get("guest_token"), event.payload.get("guest_token")
    if isinstance(told, str) and told and (answered is None or told == answered):
        return None
    return f"guest_token {show(answered)}, as answered", f"guest_token {show(told)}"


def _guest_check_out(_: Episode, __: Due, event: Event) -> tuple[str, str] | None:
    if event.payload.get("status") == "COMPLETED" and moment(event.payload.get("checked_out_at")) is not None:
        return None
    told = f"status {show(_get(event, 'status'))}, checked_out_at {show(_get(event, 'checked_out_at'))}"
    return "status COMPLETED and checked_out_at", told


def _full_room(episode: Episode, debt: Due, event: Event) -> tuple[str, str] | None:
    if debt.room is None or not snapshotted(debt.operation):
        return None
    subject = {} if debt.room.number is None else {"room_number": debt.room.number}
    room = read(episode, debt.operation, "after", "room", **subject)
    if isinstance(room, Missing) or not isinstance(room, dict):
        return None
    # what is null may be left out: it says the same, and that it should be there is for the schema rule to say
    absent = sorted(name for name in set(room) - set(event.payload) if room[name] is not None)
    return (
        (f"every field of the room: {', '.join(absent)} too", f"no {', '.join(absent)}") if absent else None
    )


_BOOKINGS = (CHECK_IN, CHECK_OUT, ASSIGN, UNASSIGN, MOVE)
_WITH_ROOM = (CHECK_IN, CHECK_OUT, ASSIGN, MOVE)
_SERIALIZER = "Serialize the booking with the serializer of the booking detail, after the last save."
_IN, _OUT = "booking_checked_in", "booking_checked_out"
_ANY_BOOKING_EVENT = (_IN, _OUT, "booking_updated", "booking_room_assigned")

for _row in (
    ("events/check-in/current-booking", "The occupancy of a check-in names the booking in the room",
     "events/payload/check-in-current-booking", "Read the occupancy after the check-in's last save.", (CHECK_IN,),
     ("rooms",), ("room_occupancy_updated",), _occupied),
    ("events/check-out/occupancy-cleared", "The occupancy of a check-out is empty",
     "events/payload/check-out-occupancy-cleared", "Read the occupancy after the guests were detached.", (CHECK_OUT,),
     ("rooms",), ("room_occupancy_updated",), _cleared),
    ("events/check-out/room-dirty", "The room of a check-out is CHECKOUT_DIRTY, and changed_fields says so",
     "events/payload/check-out-room-dirty", "Refresh the room before you serialize it.", (CHECK_OUT,), ("rooms",),
     ("room_updated",), _dirty),
    ("events/check-in/whole-booking", "The staff event of a check-in has the booking with room and guests",
     "events/payload/check-in-booking", _SERIALIZER, (CHECK_IN,), ("staff",), (_IN,), _booking_in_house),
    ("events/check-out/whole-booking", "The staff event of a check-out has the booking with party and checked_out_at",
     "events/payload/check-out-booking", _SERIALIZER, (CHECK_OUT,), ("staff",), (_OUT,), _booking_departed),
    ("events/payload/room-assignment", "A booking event has the booking's room", "events/payload/room-assignment",
     _SERIALIZER, _WITH_ROOM, ("staff", "guest"), _ANY_BOOKING_EVENT, _room_assignment),
    ("events/payload/party", "A staff event has the party", "events/payload/party", _SERIALIZER, _BOOKINGS, ("staff",),
     _ANY_BOOKING_EVENT, _party),
    ("events/payload/transition", "A staff event says from which phase to which the booking went",
     "events/payload/transition", "Remember the phase before the save.", (CHECK_IN, CHECK_OUT), ("staff",), (_IN, _OUT),
     _transition),
    ("events/check-in/guest-payload", "The guest event of a check-in has status and room",
     "events/payload/guest-check-in", "The guest's app has nothing else to go by.", (CHECK_IN,), ("guest",), (_IN,),
     _guest_check_in),
    ("events/check-in/guest-token", "The guest event of a check-in has the token of the answer",
     "events/payload/guest-token", "Pass the raw token on to the event; it cannot be read again.", (CHECK_IN,),
     ("guest",), (_IN,), _guest_token),
    ("events/check-out/guest-payload", "The guest event of a check-out confirms it", "events/payload/guest-check-out",
     "Build the payload after the booking was saved as COMPLETED.", (CHECK_OUT,), ("guest",), (_OUT,), _guest_check_out),
    ("events/payload/full-room", "room_updated has the whole room", "events/payload/full-room",
     "Boards replace the room with the payload: use the serializer of the room endpoint.", EFFECTING, ("rooms",),
     ("room_updated",), _full_room),
):  # fmt: skip
    _register(*_row)
