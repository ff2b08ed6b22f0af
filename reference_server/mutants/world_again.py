"""Lies that show in the second time: the second room, the second booking, the second answer, the second hotel."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from contract.errors import ContractError
from reference_server.house import Answer, Call, House
from reference_server.mutants.answering import ROUTE, Body, answered
from reference_server.mutants.mutant import mutant
from reference_server.mutants.outgoing import OUTBOX, exchanged, what_of
from simulator import views
from simulator.commands import Decision, Event, Reply
from simulator.world import World


@mutant("reassignment-keeps-the-first-room", "assignment/assign/room-set", "simulator.decide:assign_room")
def _(original: Any) -> Any:
    """A booking that has a room already keeps it, whatever room it is assigned."""

    def assign_room(world: World, command: Any, actor: Any, now: datetime, ids: Any) -> Decision:
        decision: Decision = original(world, command, actor, now, ids)
        booking = world.bookings.get(command.booking_id)
        if decision.reply.code is None and booking is not None and booking.room_id is not None:
            return Decision(Reply(200, {"message": "Room assigned.", **views.booking_detail(world, booking)}))
        return decision

    return assign_room


@mutant(
    "unassigned-room-stays-reserved", "assignment/unassign/room-cleared",
    "simulator.decide:unassign_room", "simulator.decide:assign_room",
)  # fmt: skip
def _(original: Any) -> Any:
    """A room that is taken from a booking stays reserved for it, and no other booking gets it."""

    def lie(world: World, command: Any, actor: Any, now: datetime, ids: Any) -> Decision:
        booking = world.bookings.get(command.booking_id)
        if original.__name__ == "unassign_room":
            if booking is not None and booking.room_id is not None:
                _RESERVED[booking.room_id] = booking.booking_id
            decision: Decision = original(world, command, actor, now, ids)
            return decision
        if _RESERVED.get(command.room_id, command.booking_id) != command.booking_id:
            error = ContractError("ROOM_OVERLAP_CONFLICT")
            return Decision(Reply(error.status, error.body(), error.code))
        assigned: Decision = original(world, command, actor, now, ids)
        return assigned

    return lie


_RESERVED: dict[int, str] = {}


@mutant("repeat-replays-the-first-answer", "idempotency/check-in/answer-200", ROUTE)
def _(original: Any) -> Any:
    """A repeated check-in gives the answer of the first one again, from a cache, wherever the guest was moved since."""
    kept: dict[str, Body] = {}

    def change(house: House, call: Call, status: int, body: Body) -> Answer | None:
        booking_id = call.params["booking_id"]
        if status == 200 and booking_id in kept:
            return Answer(200, {**kept[booking_id], "guest_token": None})
        if status == 200 and body.get("guest_token"):
            kept[booking_id] = dict(body)
        return None

    return answered(original, change, "checkIn")


@mutant("departures-of-all-hotels-in-one-channel", "channels/staff/name", OUTBOX)
def _(original: Any) -> Any:
    """The departures for staff go to the channel of the first hotel, whichever hotel they are in."""

    def lie(event: Event) -> Any:
        if what_of(event) == "staff booking_checked_out":
            event = replace(event, channel="staff-hotel-1")
        yield event

    return exchanged(original, lie)


@mutant("vacancies-of-all-hotels-in-one-channel", "channels/hotel-isolation", OUTBOX)
def _(original: Any) -> Any:
    """The occupancy of a room that is left goes to the rooms channel of the first hotel."""

    def lie(event: Event) -> Any:
        payload = event.envelope["payload"]
        if what_of(event) == "rooms room_occupancy_updated" and not payload["is_occupied"]:
            event = replace(event, channel="grand-demo.rooms")
        yield event

    return exchanged(original, lie)


@mutant("overlap-by-arrival", "errors/code/room-overlap-conflict", "simulator.assignments:_conflicts")
def _(original: Any) -> Any:
    """Nights overlap only for bookings that arrive on one day."""
    return lambda world, booking, room: (
        other for other in original(world, booking, room) if other.check_in == booking.check_in
    )
