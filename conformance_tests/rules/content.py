"""Does an event say what the operation left behind: values, changed_fields, the same in all events of one call?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from conformance_tests.entries import Event, Operation
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Violation, rule
from conformance_tests.rules.due import ROOM_EVENTS, Due, deliveries, due_events
from conformance_tests.rules.facts import (
    ASSIGN,
    CHECK_IN,
    CHECK_OUT,
    EFFECTING,
    MOVE,
    UNASSIGN,
    Missing,
    around,
    read,
    snapshotted,
)
from conformance_tests.rules.values import changed, dig, same, same_set, show

_BOOKING_CORE = (
    "booking_id",
    "status",
    "checked_in_at",
    "checked_out_at",
    "room_number",
    "check_in",
    "check_out",
)
_ROOM_CORE = ("room_status", "is_occupied", "is_out_of_order", "maintenance_required")
_LATER = frozenset(
    ("updated_at", "survey_sent", "survey_sent_at", "survey_completed", "survey_rating", "survey_response")
)
"""What work after commit, such as the survey mail, may change between the event and the read after the call."""

DOCUMENTED_FIELDS = (
    "room_status",
    "is_occupied",
    "maintenance_required",
    "is_out_of_order",
    "guests_in_room",
)


_IN_HOUSE = "in_house"


def _people(booking: Mapping[str, Any]) -> list[str] | None:
    """Who is in the house of a booking, by name, sorted; None when it does not say, or not so that names can be read."""
    if _IN_HOUSE not in booking:
        return None
    house = booking[_IN_HOUSE]
    if house is None:
        return []
    companions, walk_ins = (dig(house, group) or [] for group in ("companions", "walkins"))
    if not (isinstance(house, dict) and isinstance(companions, list) and isinstance(walk_ins, list)):
        return None
    people = [one for one in (house.get("primary"), *companions, *walk_ins) if one is not None]
    names = [(dig(one, "first_name"), dig(one, "last_name")) for one in people]
    if not all(isinstance(first, str) and isinstance(last, str) for first, last in names):
        return None
    return sorted(f"{first} {last}" for first, last in names)


def _same_people(
    debt: Due, event: Event, told: Mapping[str, Any], known: Mapping[str, Any], seqs: tuple[int, ...]
) -> Iterator[Finding]:
    """The guests in the house that a booking in an event names are those of the booking as it was read after the call."""
    here, there = _people(told), _people(known)
    if here is None or there is None:
        return
    if here == there:
        yield OK
        return
    yield Violation(
        "events/payload/agrees-with-state",
        f"{event.name} of {debt.operation.operation} on the {event.kind} channel has other guests in_house than was committed",
        (show(there),),
        show(here),
        (*debt.operation.witness, event.seq, *seqs),
    )


def _after(episode: Episode, debt: Due, event: Event) -> tuple[Mapping[str, Any] | None, tuple[int, ...]]:
    """The state read after the call that the event is about, and the seq of the read. None when it was not read."""
    operation = debt.operation
    if not snapshotted(operation) or operation.overlaps:
        return None, ()
    name = "room" if event.kind == "rooms" else "booking"
    subject = (
        {"room_number": debt.room.number} if debt.room and debt.room.number is not None else {}
        if event.kind == "rooms"
        else {"booking_id": debt.booking_id}
    )  # fmt: skip
    state = read(episode, operation, "after", name, **subject)
    if isinstance(state, Missing) or not isinstance(state, dict):
        return None, ()
    return state, tuple(probe.seq for probe in operation.after if probe.name == name)


def _differing(event: Event, state: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    payload = event.payload
    return [
        name
        for name in names
        if name in payload and name in state and not same_set(payload[name], state[name], coarse=True)
    ]


def _agree(
    event: Event,
    debt: Due,
    state: Mapping[str, Any],
    seqs: tuple[int, ...],
    names: tuple[str, ...],
    clause: str,
) -> Finding:
    wrong = _differing(event, state, names)
    if not wrong:
        return OK
    return Violation(
        clause,
        f"{event.name} of {debt.operation.operation} on the {event.kind} channel says other {', '.join(wrong)} than was"
        f" committed",
        tuple(f"{name} {show(state[name])}" for name in wrong),
        ", ".join(f"{name} {show(event.payload[name])}" for name in wrong),
        (*debt.operation.witness, event.seq, *seqs),
    )


@rule(
    "events/content/agrees-with-state", "The values of an event are those the operation committed",
    "events/payload/agrees-with-state",
    hint="Serialize the payload from the rows as the transaction leaves them, after the last save.",
)  # fmt: skip
def agrees(episode: Episode) -> Iterator[Finding]:
    for debt, event in due_events(episode, *EFFECTING):
        state, seqs = _after(episode, debt, event)
        if state is None:
            continue
        if event.kind != "rooms":
            yield _agree(event, debt, state, seqs, _BOOKING_CORE, "events/payload/agrees-with-state")
            yield from _same_people(debt, event, event.payload, state, seqs)
            continue
        names = tuple(sorted(set(event.payload) & set(state) - {"changed_fields"} - _LATER))
        yield _agree(event, debt, state, seqs, names, "events/payload/agrees-with-state")
        if event.name == "room_occupancy_updated":
            yield from _occupancy(event, debt, state, seqs)
            yield from _booking_inside(episode, event, debt)


def _occupancy(event: Event, debt: Due, state: Mapping[str, Any], seqs: tuple[int, ...]) -> Iterator[Finding]:
    guests = state.get("guests_in_room")
    count = event.payload.get("current_occupancy")
    booked = dig(event.payload, "current_booking", "booking_id") if isinstance(event.payload, dict) else None
    wrong: list[tuple[str, str, str]] = []
    if isinstance(guests, list) and count is not None and count != len(guests):
        wrong.append(("current_occupancy", show(len(guests)), show(count)))
    if (
        "current_booking_id" in state
        and "current_booking" in event.payload
        and booked != state["current_booking_id"]
    ):
        wrong.append(("current_booking", show(state["current_booking_id"]), show(booked)))
    for name, expected, actual in wrong:
        yield Violation(
            "events/payload/agrees-with-state",
            f"room_occupancy_updated of {debt.operation.operation} says another {name} than was committed",
            (expected,),
            actual,
            (*debt.operation.witness, event.seq, *seqs),
        )


def _booking_inside(episode: Episode, event: Event, debt: Due) -> Iterator[Finding]:
    """The booking in an occupancy event, against the booking as it was read after the call."""
    told = event.payload.get("current_booking")
    known = read(episode, debt.operation, "after", "booking", booking_id=dig(told, "booking_id"))
    if not isinstance(told, dict) or not isinstance(known, dict):
        return
    yield from _same_people(debt, event, told, known, ())
    wrong = [
        name
        for name in _BOOKING_CORE
        if name in told and name in known and not same(told[name], known[name], coarse=True)
    ]
    if wrong:
        yield Violation(
            "events/payload/agrees-with-state",
            f"current_booking in {event.name} of {debt.operation.operation} says other {', '.join(wrong)} than was"
            " committed",
            tuple(f"{name} {show(known[name])}" for name in wrong),
            ", ".join(f"{name} {show(told[name])}" for name in wrong),
            (*debt.operation.witness, event.seq),
        )


@rule(
    "events/content/canonical-booking", "The booking in a staff event is the booking detail",
    "events/payload/canonical-booking",
    hint="Use the serializer of the booking detail endpoint for staff events too.",
)  # fmt: skip
def canonical_booking(episode: Episode) -> Iterator[Finding]:
    for debt, event in due_events(episode, *EFFECTING):
        state, seqs = _after(episode, debt, event)
        if event.kind != "staff" or state is None:
            continue
        absent = sorted(set(state) - set(event.payload))
        if absent:
            yield Violation(
                "events/payload/canonical-booking",
                f"{event.name} lacks fields of the booking detail: {', '.join(absent)}",
                tuple(absent),
                "not in the payload",
                (*debt.operation.witness, event.seq, *seqs),
            )
            continue
        names = tuple(sorted(set(state) - _LATER))
        yield _agree(event, debt, state, seqs, names, "events/payload/canonical-booking")


@rule(
    "events/content/same-in-every-event", "All events of one call say the same", "events/payload/agrees-with-state",
    hint="Serialize all events of an operation from the same rows, at the same moment.",
)  # fmt: skip
def same_in_every_event(episode: Episode) -> Iterator[Finding]:
    for delivery in deliveries(episode):
        groups: dict[tuple[str, str], list[tuple[Due, Event]]] = {}
        for debt, event in (*delivery.paid, *delivery.late):
            about = f"room {debt.room}" if event.kind == "rooms" else "booking"
            groups.setdefault((debt.operation.id, about), []).append((debt, event))
        for group in groups.values():
            for (debt, event), (_, other) in itertools.pairwise(group):
                names = (*_ROOM_CORE, "guests_in_room") if event.kind == "rooms" else _BOOKING_CORE
                yield _agree(
                    other, debt, event.payload, (event.seq,), names, "events/payload/agrees-with-state"
                )


# --- changed_fields


def _occupancy_view(room: Mapping[str, Any], event: Event, *, is_after: bool) -> dict[str, Any]:
    """The payload of room_occupancy_updated as the room was: from its Room, and who was in it."""
    names = set(event.payload) & set(room) - {"changed_fields"}
    view = {name: room[name] for name in names}
    guests = room.get("guests_in_room")
    view["current_occupancy"] = len(guests) if isinstance(guests, list) else None
    booking = room.get("current_booking_id")
    view["current_booking"] = None if booking is None else [booking, is_after]
    return view


def room_diff(episode: Episode, debt: Due, event: Event) -> tuple[tuple[str, ...], tuple[int, ...]] | None:
    """The fields of an event's payload that the call changed, by the room read before and after it."""
    operation = debt.operation
    if not snapshotted(operation) or operation.overlaps or debt.room is None:
        return None
    subject = {} if debt.room.number is None else {"room_number": debt.room.number}
    pair = around(episode, operation, "room", **subject)
    if isinstance(pair, Missing) or not all(isinstance(state, dict) for state in pair):
        return None
    before, after = pair
    if event.name == "room_occupancy_updated":
        before = _occupancy_view(before, event, is_after=False)
        after = _occupancy_view(after, event, is_after=True)
    seqs = tuple(probe.seq for probe in (*operation.before, *operation.after) if probe.name == "room")
    return changed(before, after), seqs


def _changed_fields(
    episode: Episode,
) -> Iterator[tuple[Due, Event, tuple[str, ...], set[str], tuple[int, ...]]]:
    for debt, event in due_events(episode, *ROOM_EVENTS, MOVE):
        told = event.payload.get("changed_fields")
        if event.kind != "rooms" or not isinstance(told, list):
            continue
        found = room_diff(episode, debt, event)
        if found is not None:
            diff, seqs = found
            yield debt, event, diff, {name for name in told if isinstance(name, str)}, seqs


def _unnamed(
    debt: Due, event: Event, missing: list[str], told: set[str], seqs: tuple[int, ...], clause: str
) -> Finding:
    if not missing:
        return OK
    return Violation(
        clause,
        f"changed_fields of {event.name} after {debt.operation.operation} does not name {', '.join(missing)}",
        tuple(missing),
        f"changed_fields {show(sorted(told))}",
        (*debt.operation.witness, event.seq, *seqs),
    )


@rule(
    "events/changed-fields/documented", "changed_fields names every documented field that changed",
    "events/payload/changed-fields",
    hint="Compare the room before and after the operation; boards update only what changed_fields names.",
)  # fmt: skip
def changed_documented(episode: Episode) -> Iterator[Finding]:
    for debt, event, diff, told, seqs in _changed_fields(episode):
        missing = [name for name in DOCUMENTED_FIELDS if name in diff and name not in told]
        yield _unnamed(debt, event, missing, told, seqs, "events/payload/changed-fields")
    yield from _stay_without_snapshot(episode)


def _stay_without_snapshot(episode: Episode) -> Iterator[Finding]:
    """Check-in and check-out always change these two, also when no room was read."""
    for debt, event in due_events(episode, CHECK_IN, CHECK_OUT):
        told = event.payload.get("changed_fields")
        if event.kind == "rooms" and isinstance(told, list) and room_diff(episode, debt, event) is None:
            missing = [name for name in ("room_status", "is_occupied") if name not in told]
            names = {name for name in told if isinstance(name, str)}
            yield _unnamed(debt, event, missing, names, (), "events/payload/changed-fields")


@rule(
    "events/changed-fields/complete", "changed_fields names every field that changed",
    "events/payload/changed-fields-exact",
    hint="Derive changed_fields from the serialized room before and after, not from a list kept by hand.",
)  # fmt: skip
def changed_complete(episode: Episode) -> Iterator[Finding]:
    for debt, event, diff, told, seqs in _changed_fields(episode):
        missing = [name for name in diff if name in event.payload and name not in told]
        yield _unnamed(debt, event, missing, told, seqs, "events/payload/changed-fields-exact")


@rule(
    "events/changed-fields/exact", "changed_fields names nothing that did not change",
    "events/payload/changed-fields-exact",
    hint="Derive changed_fields from the serialized room before and after, not from a list kept by hand.",
)  # fmt: skip
def changed_exact(episode: Episode) -> Iterator[Finding]:
    for debt, event, diff, told, seqs in _changed_fields(episode):
        known = _known_fields(episode, debt, event)
        surplus = sorted(
            name for name in told if name not in diff and (name in known or name not in event.payload)
        )
        if not surplus:
            yield OK
            continue
        yield Violation(
            "events/payload/changed-fields-exact",
            f"changed_fields of {event.name} after {debt.operation.operation} names {', '.join(surplus)}, unchanged",
            diff or ("nothing",),
            f"changed_fields {show(sorted(told))}",
            (*debt.operation.witness, event.seq, *seqs),
        )


def _known_fields(episode: Episode, debt: Due, event: Event) -> set[str]:
    """The fields that were read before and after: of others nothing can be said."""
    state, _ = _after(episode, debt, event)
    return set(state or ()) | {"current_occupancy", "current_booking"}


def operations_with_bookings(operation: Operation) -> bool:
    """The call is about a booking."""
    return operation.operation in (CHECK_IN, CHECK_OUT, ASSIGN, UNASSIGN, MOVE)
