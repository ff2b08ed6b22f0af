"""Is every event on the channel it belongs to, and does it agree with itself about whom it is about?"""

from __future__ import annotations

from collections.abc import Iterator

from conformance_tests.entries import Event
from conformance_tests.episode import Episode, Facts
from conformance_tests.rule import OK, Finding, Violation, event_rule, rule
from conformance_tests.rules.due import deliveries

_ROOM_EVENTS = frozenset(("room_updated", "room_occupancy_updated"))
_STAFF_EVENTS = frozenset(("booking_checked_in", "booking_checked_out", "booking_updated"))
_GUEST_EVENTS = frozenset(("booking_checked_in", "booking_checked_out", "booking_room_assigned"))
CARRIES = {"rooms": _ROOM_EVENTS, "staff": _STAFF_EVENTS, "guest": _GUEST_EVENTS}
EVENTS = _ROOM_EVENTS | _STAFF_EVENTS | _GUEST_EVENTS


def _register_name(kind: str, clause: str, pattern: str) -> None:
    @rule(
        f"channels/{kind}/name", f"Due events of the {kind} channel are on {pattern}", clause,
        hint="Compare the channel name the backend builds with the contract's, or say in a dialect what it is called.",
    )  # fmt: skip
    def named(episode: Episode) -> Iterator[Finding]:
        for delivery in deliveries(episode):
            for debt, event in (*delivery.paid, *delivery.late):
                if debt.kind != kind:
                    continue
                if debt.channel is None or event.channel == debt.channel:
                    yield OK
                else:
                    yield Violation(
                        clause,
                        f"{debt.name} is on another {kind} channel",
                        (debt.channel,),
                        event.channel,
                        (*debt.operation.witness, event.seq),
                    )
            for debt in delivery.owed:
                if debt.kind != kind:
                    continue
                elsewhere = [
                    event
                    for event in delivery.extra
                    if event.name == debt.name
                    and event.kind != kind
                    and debt.operation.seq < event.seq < debt.operation.until
                ]
                for event in elsewhere:
                    yield Violation(
                        clause,
                        f"{debt.name} is on a channel that is no {kind} channel",
                        (str(debt.channel),),
                        event.channel,
                        (*debt.operation.witness, event.seq),
                    )


for _kind, _clause, _pattern in (
    ("rooms", "channels/rooms/name", "{hotel_slug}.rooms"),
    ("staff", "channels/staff/name", "staff-hotel-{hotel_id}"),
    ("guest", "channels/guest/name", "private-guest-booking.{booking_id}"),
):
    _register_name(_kind, _clause, _pattern)


def _register_carries(kind: str, clause: str) -> None:
    @event_rule(
        f"channels/{kind}/events", f"The {kind} channel carries its own events", clause,
        hint="An event of the contract under its name belongs on the channels the contract names for it.",
        kinds=(kind,),
    )  # fmt: skip
    def carries(event: Event, _: Facts) -> Iterator[Finding]:
        if event.kind != kind or event.name not in EVENTS:
            return
        if event.name in CARRIES[kind]:
            yield OK
        else:
            right = tuple(sorted(CARRIES[kind]))
            yield Violation(
                clause,
                f"{event.name} is on a {kind} channel",
                right,
                f"{event.name} on {event.channel}",
                (event.seq,),
            )


for _kind, _clause in (
    ("rooms", "channels/rooms/events"),
    ("staff", "channels/staff/events"),
    ("guest", "channels/guest/events"),
):
    _register_carries(_kind, _clause)


@event_rule(
    "channels/guest/own-booking", "A guest channel carries only events of its own booking",
    "channels/guest/own-booking",
    hint="Build the channel name and the payload from the same booking, inside the same transaction.",
    kinds=("guest",),
)  # fmt: skip
def own_booking(event: Event, _: Facts) -> Iterator[Finding]:
    if event.kind != "guest":
        return
    named = {
        where: value
        for where, value in (
            ("payload", event.payload.get("booking_id")),
            ("meta.scope", event.scope.get("booking_id")),
        )
        if isinstance(value, str)
    }
    wrong = {where: value for where, value in named.items() if value != event.key}
    if wrong:
        yield Violation(
            "channels/guest/own-booking",
            f"{event.name} on a guest channel is about another booking",
            (f"booking_id {event.key}",),
            ", ".join(f"{where} says {value}" for where, value in wrong.items()),
            (event.seq,),
        )
    elif named:
        yield OK


@event_rule(
    "channels/hotel-isolation", "An event stands on the channels of its own hotel", "channels/hotel-isolation",
    hint="Take the hotel of the channel name from the room or booking, never from the caller.",
    kinds=("rooms", "staff"),
)  # fmt: skip
def hotel_isolation(event: Event, facts: Facts) -> Iterator[Finding]:
    if event.kind == "rooms":
        home = event.key
    elif event.kind == "staff" and event.key in facts.hotels:
        home = facts.hotels[event.key]
    else:
        return
    slugs = [
        slug for slug in (event.meta.get("hotel_slug"), event.payload.get("hotel_slug")) if slug is not None
    ]
    wrong = sorted({str(slug) for slug in slugs if slug != home})
    if wrong:
        yield Violation(
            "channels/hotel-isolation",
            f"{event.name} of one hotel is on the {event.kind} channel of another",
            (f"events of {home} only",),
            f"the event says {', '.join(wrong)}",
            (event.seq,),
        )
    elif slugs:
        yield OK


def _disagreements(event: Event, episode: Episode) -> list[str]:
    """Where an event contradicts itself, or the bindings, about its room or booking."""
    found: list[str] = []
    for name in ("room_id", "room_number", "booking_id"):
        payload, scope = event.payload.get(name), event.scope.get(name)
        if payload is not None and scope is not None and payload != scope:
            found.append(f"payload.{name} is {payload}, meta.scope.{name} is {scope}")
    if event.payload.get("id") not in (None, event.payload.get("room_id")) and event.kind == "rooms":
        found.append(
            f"payload.id is {event.payload.get('id')}, payload.room_id is {event.payload.get('room_id')}"
        )
    for arranged in episode.arranged:
        for prefix in ("", "free_"):
            bound_id, bound_number = (
                arranged.bindings.get(f"{prefix}room_id"),
                arranged.bindings.get(f"{prefix}room_number"),
            )
            number = event.payload.get("room_number")
            if bound_id is None or bound_number is None or event.kind != "rooms":
                continue
            if event.payload.get("room_id") == bound_id and number is not None and number != bound_number:
                found.append(f"room_id {bound_id} is room {bound_number}, payload.room_number is {number}")
    return found


@rule(
    "events/subject/agrees", "Payload, scope and room numbers of an event name the same room or booking",
    "events/payload/agrees-with-state",
    hint="A board finds the room by payload.room_number: take all names of the room from one row.",
)  # fmt: skip
def subject_agrees(episode: Episode) -> Iterator[Finding]:
    for event in episode.events:
        if event.kind == "other" or event.kind == "guest":
            continue
        wrong = _disagreements(event, episode)
        if wrong:
            yield Violation(
                "events/payload/agrees-with-state",
                f"{event.name} names two different subjects",
                ("one room or booking in payload and meta.scope",),
                "; ".join(wrong),
                (event.seq,),
            )
        else:
            yield OK
