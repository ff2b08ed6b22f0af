"""Which room a booking has: assign, unassign, and move while in house."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from contract.errors import ContractError
from contract.lifecycle import BookingCommand, booking_lifecycle
from simulator import guards, occupants, rooms, traces, views
from simulator.booking_views import is_terminal, state_of
from simulator.commands import Actor, AssignRoom, Decision, Ids, MoveRoom, Reply, UnassignRoom
from simulator.draft import Draft, Step
from simulator.notes import appended
from simulator.world import Booking, Room, World


def assign_room(world: World, command: AssignRoom, actor: Actor | None, now: datetime, ids: Ids) -> Decision:
    """Give an expected booking a room; no room changes by it (clause assignment/assign/room-set).

    Refusals in this order: entry (guards), BOOKING_NOT_FOUND, BOOKING_ALREADY_CHECKED_IN, BOOKING_NOT_ELIGIBLE,
    ROOM_NOT_FOUND, (the same room again: 200, unchanged), ROOM_NOT_READY for a room that is inactive
    or out of order, ROOM_OVERLAP_CONFLICT. A room that is dirty today may be assigned: it is judged at check-in.
    """
    step = guards.enter(world, command.hotel_slug, actor, "assignRoom", now, ids)
    booking = _expected_booking(step, command.booking_id, "assign_room")
    room = guards.room_of(step, command.room_id)
    if booking.room_id == room.id:
        return _unchanged(world, booking, "The booking has this room already.")
    if not room.is_active or room.is_out_of_order:
        raise ContractError("ROOM_NOT_READY", "The room is not in use.", {"room_number": room.room_number})
    _require_free_nights(world, booking, room)

    draft = Draft(step)
    notes = booking.internal_notes
    if command.notes and command.notes.strip():
        notes = appended(notes, f"Room {room.room_number} assigned: {command.notes}")
    draft.announce_to_staff("booking_updated", booking)
    draft.put(replace(booking, room_id=room.id, internal_notes=notes, updated_at=now))
    draft.announce_to_guest("booking_room_assigned", booking.booking_id)
    return _decided(draft, booking, f"Room {room.room_number} assigned.")


def unassign_room(
    world: World, command: UnassignRoom, actor: Actor | None, now: datetime, ids: Ids
) -> Decision:
    """Take the room from an expected booking.

    Refusals as `assign_room`, as far as they apply; a booking without a room answers 200, unchanged.
    """
    step = guards.enter(world, command.hotel_slug, actor, "unassignRoom", now, ids)
    booking = _expected_booking(step, command.booking_id, "unassign_room")
    if booking.room_id is None:
        return _unchanged(world, booking, "The booking has no room.")
    draft = Draft(step)
    draft.announce_to_staff("booking_updated", booking)
    draft.put(replace(booking, room_id=None, updated_at=now))
    return _decided(draft, booking, "Room unassigned.")


def move_room(world: World, command: MoveRoom, actor: Actor | None, now: datetime, ids: Ids) -> Decision:
    """Move an in-house booking, its guests and all that is theirs to another room; the old one is left dirty.

    Refusals in this order: entry (guards), BOOKING_NOT_FOUND, NOT_CHECKED_IN, ROOM_NOT_FOUND, (the room it is in:
    200, unchanged), ROOM_NOT_READY, ROOM_OVERLAP_CONFLICT, INVALID_TRANSITION when the old room cannot be left,
    because of its status or because guests of another in-house booking are registered in it.
    """
    step = guards.enter(world, command.hotel_slug, actor, "moveRoom", now, ids)
    booking = guards.booking_of(step, command.booking_id)
    if booking.room_id is None or not booking_lifecycle().legal(state_of(booking), "move_room"):
        raise ContractError("NOT_CHECKED_IN")
    new = guards.room_of(step, command.to_room_id)
    if booking.room_id == new.id:
        return _unchanged(world, booking, "The booking is in this room already.")
    old = world.rooms[booking.room_id]
    rooms.require_ready(world, new, booking)
    _require_free_nights(world, booking, new)
    if occupants.strangers_in(world, booking, old):
        raise ContractError(
            "INVALID_TRANSITION",
            "Guests of another booking are registered in the room to be left.",
            {"room_number": old.room_number},
        )

    draft = Draft(step)
    why = "; ".join(part for part in (command.reason, command.notes) if part and part.strip())
    line = f"Moved from room {old.room_number} to {new.room_number}" + (f": {why}" if why else "")
    draft.announce_to_staff("booking_updated", booking)
    draft.put(
        replace(
            booking,
            room_id=new.id,
            internal_notes=appended(booking.internal_notes, line),
            updated_at=now,
        )
    )
    note = f"Move of {booking.booking_id} from room {old.room_number} to {new.room_number}"
    draft.announce_occupancy(old.id)
    rooms.set_room_status(
        draft,
        replace(old, is_occupied=False, guest_fcm_token=None),
        "CHECKOUT_DIRTY",
        via="stay",
        source="FRONT_DESK",
        note=note,
    )
    draft.announce_occupancy(new.id)
    rooms.set_room_status(
        draft,
        replace(new, is_occupied=True, guest_fcm_token=old.guest_fcm_token),
        "OCCUPIED",
        via="stay",
        source="FRONT_DESK",
        note=note,
    )
    occupants.put_all(draft, booking, new)
    occupants.detach_orphans(draft, booking, old)
    traces.carry_over(draft, booking, new)
    draft.announce_to_guest("booking_room_assigned", booking.booking_id)
    return _decided(draft, booking, f"Moved to room {new.room_number}.")


def rooms_for(world: World, booking: Booking) -> tuple[Room, ...]:
    """The rooms `assign_room` would give to the booking now, by number (available-rooms).

    Empty for a booking that cannot be given a room.
    """
    if not booking_lifecycle().legal(state_of(booking), "assign_room"):
        return ()
    fitting = (
        room
        for room in world.rooms.values()
        if room.hotel_id == booking.hotel_id
        and room.is_active
        and not room.is_out_of_order
        and next(_conflicts(world, booking, room), None) is None
    )
    return tuple(sorted(fitting, key=lambda room: room.room_number))


def _expected_booking(step: Step, booking_id: str, command: BookingCommand) -> Booking:
    booking = guards.booking_of(step, booking_id)
    if booking.phase == "in_house":
        raise ContractError("BOOKING_ALREADY_CHECKED_IN")
    if not booking_lifecycle().legal(state_of(booking), command):
        raise ContractError(
            "BOOKING_NOT_ELIGIBLE",
            f"The room of a booking that is {booking.status} does not change.",
            {"status": booking.status},
        )
    return booking


def _require_free_nights(world: World, booking: Booking, room: Room) -> None:
    conflict = next(_conflicts(world, booking, room), None)
    if conflict is not None:
        raise ContractError(
            "ROOM_OVERLAP_CONFLICT",
            details={"room_number": room.room_number, "booking_id": conflict.booking_id},
        )


def _conflicts(world: World, booking: Booking, room: Room) -> Iterator[Booking]:
    """Other bookings that hold the room in a night of `booking` and are not over."""
    return (
        other
        for other in world.bookings.values()
        if other.room_id == room.id
        and other.booking_id != booking.booking_id
        and not is_terminal(other)
        and other.check_in < booking.check_out
        and booking.check_in < other.check_out
    )


def _unchanged(world: World, booking: Booking, message: str) -> Decision:
    return Decision(Reply(200, {"message": message, **views.booking_detail(world, booking)}))


def _decided(draft: Draft, booking: Booking, message: str) -> Decision:
    return draft.decide(
        lambda after: {
            "message": message,
            **views.booking_detail(after, after.bookings[booking.booking_id]),
        }
    )
