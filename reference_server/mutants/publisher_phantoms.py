"""Lies that announce what did not happen: refused calls, repeats, changes of nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contract.channels import Channel
from contract.events import make_envelope
from contract.timestamps import format_timestamp
from reference_server.mutants.mutant import mutant
from simulator import views
from simulator.commands import AssignRoom, CheckIn, Decision, Event, SetRoomStatus

_DECIDE = "reference_server.unit_of_work:decide"


def _announced(step: str, world: Any, booking_id: str, now: datetime, ids: Any) -> Event:
    """A staff event about a booking as it is, without anything done to it."""
    booking = world.bookings[booking_id]
    hotel = world.hotels[booking.hotel_id]
    event_id, channel = ids.event_id(), Channel("staff", str(hotel.id))
    transition = {"from": booking.phase, "to": booking.phase, "at": format_timestamp(now)}
    payload = {**views.booking_detail(world, booking), "transition": transition}
    envelope = make_envelope(
        "staff",
        step,
        payload,
        event_id=event_id,
        hotel_slug=hotel.slug,
        ts=now,
        scope={"booking_id": booking_id},
    )
    return Event(event_id, channel.name, step, envelope, None, booking_id)


def _with_event(original: Any, *, name: str, when: Any) -> Any:
    """Instead of `decide`: a decision that announces nothing announces the booking after all, `when(command, reply)`."""

    def decide(world: Any, command: Any, actor: Any, now: datetime, ids: Any) -> Decision:
        decision: Decision = original(world, command, actor, now, ids)
        if decision.events or not when(command, decision.reply) or command.booking_id not in world.bookings:
            return decision
        told = _announced(name, world, command.booking_id, now, ids)
        return Decision(decision.reply, decision.changes, (told,), decision.notices)

    return decide


@mutant("announced-before-the-party-is-counted", "refusal/no-event", _DECIDE)
def _(original: Any) -> Any:
    """booking_checked_in is built before the party is looked at, and goes out although the check-in is refused."""
    return _with_event(
        original,
        name="booking_checked_in",
        when=lambda command, reply: isinstance(command, CheckIn) and reply.code == "PARTY_INCOMPLETE",
    )


@mutant("repeated-check-in-is-announced", "idempotency/check-in/no-event", _DECIDE)
def _(original: Any) -> Any:
    """A repeated check-in changes nothing and tells the staff again."""
    return _with_event(
        original,
        name="booking_checked_in",
        when=lambda command, reply: isinstance(command, CheckIn) and reply.status == 200,
    )


@mutant("same-room-again-is-announced", "idempotency/assign-room", _DECIDE)
def _(original: Any) -> Any:
    """Assigning the room a booking has already publishes booking_updated."""
    return _with_event(
        original,
        name="booking_updated",
        when=lambda command, reply: isinstance(command, AssignRoom) and reply.status == 200,
    )


@mutant("button-without-effect-is-announced", "housekeeping/no-op", _DECIDE)
def _(original: Any) -> Any:
    """Setting a room to the status it has publishes room_updated with nothing in changed_fields."""

    def decide(world: Any, command: Any, actor: Any, now: datetime, ids: Any) -> Decision:
        decision: Decision = original(world, command, actor, now, ids)
        if not isinstance(command, SetRoomStatus) or decision.events or decision.reply.status != 200:
            return decision
        room, event_id = world.rooms[command.room_id], ids.event_id()
        slug = command.hotel_slug
        scope = {"room_id": room.id, "room_number": room.room_number}
        payload = {**views.room(world, room), "changed_fields": []}
        told = make_envelope(
            "rooms", "room_updated", payload, event_id=event_id, hotel_slug=slug, ts=now, scope=scope
        )
        event = Event(event_id, Channel("rooms", slug).name, "room_updated", told, room.id, None)
        return Decision(decision.reply, decision.changes, (event,), decision.notices)

    return decide
