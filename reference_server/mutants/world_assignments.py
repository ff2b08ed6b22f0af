"""Lies of assign, unassign and move."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contract.errors import ContractError
from reference_server.mutants.mutant import mutant
from reference_server.mutants.parts import Meddling, but
from simulator.draft import Draft
from simulator.world import Room


@mutant("assignment-occupies-room", "assignment/assign/room-set", "simulator.assignments:Draft")
def _(original: Any) -> Any:
    """Assigning a room marks it as occupied before anybody has arrived."""

    def made(step: Any) -> Any:
        draft = original(step)

        def put(row: Any) -> None:
            draft_put(row)
            if getattr(row, "phase", None) == "expected" and row.room_id is not None:
                draft_put(replace(step.world.rooms[row.room_id], is_occupied=True))

        draft_put, draft.put = draft.put, put
        return draft

    return made


@mutant("assignment-is-not-saved", "assignment/assign/room-set", "simulator.assignments:replace")
def _(original: Any) -> Any:
    """Assigning a room writes the note and forgets the room."""

    def lie(row: Any, **fields: Any) -> Any:
        if getattr(row, "phase", None) == "expected" and fields.get("room_id"):
            del fields["room_id"]
        return original(row, **fields)

    return lie


@mutant("unassignment-is-not-saved", "assignment/unassign/room-cleared", "simulator.assignments:replace")
def _(original: Any) -> Any:
    """Taking the room from a booking says so and does not do it."""

    def lie(row: Any, **fields: Any) -> Any:
        if "room_id" in fields and fields["room_id"] is None:
            del fields["room_id"]
        return original(row, **fields)

    return lie


@mutant("nights-may-overlap", "errors/code/room-overlap-conflict", "simulator.assignments:_conflicts")
def _(original: Any) -> Any:
    """A room can be assigned to two bookings for the same nights."""
    return lambda world, booking, room: iter(())


@mutant(
    "assignment-of-guest-in-house",
    "errors/code/booking-already-checked-in",
    "simulator.assignments:_expected_booking",
)
def _(original: Any) -> Any:
    """The room of a booking that is in house can be changed by an assignment, guests and all left behind."""

    def lie(step: Any, booking_id: str, command: Any) -> Any:
        booking = step.world.bookings.get(booking_id)
        if booking is not None and booking.phase == "in_house":
            return booking
        return original(step, booking_id, command)

    return lie


@mutant(
    "cancelled-booking-gets-room",
    "booking/lifecycle/terminal-statuses",
    "simulator.assignments:_expected_booking",
)
def _(original: Any) -> Any:
    """A cancelled booking that is given a room is confirmed by it."""

    def lie(step: Any, booking_id: str, command: Any) -> Any:
        booking = step.world.bookings.get(booking_id)
        if booking is not None and booking.status in ("CANCELLED", "NO_SHOW", "DECLINED"):
            return replace(booking, status="CONFIRMED")
        return original(step, booking_id, command)

    return lie


@mutant(
    "completed-booking-gets-room",
    "booking/lifecycle/completed-is-final",
    "simulator.assignments:_expected_booking",
)
def _(original: Any) -> Any:
    """A completed booking that is given a room is opened again by it."""

    def lie(step: Any, booking_id: str, command: Any) -> Any:
        booking = step.world.bookings.get(booking_id)
        if booking is not None and booking.status == "COMPLETED":
            return replace(booking, status="CONFIRMED")
        return original(step, booking_id, command)

    return lie


@mutant("move-leaves-companions", "assignment/move/guests-follow", "simulator.assignments:occupants.put_all")
def _(original: Any) -> Any:
    """A move takes the primary guest along and leaves the companions in the old room."""

    def primary(row: Any) -> Any:
        return row if row.guest_type == "PRIMARY" else None

    def lie(draft: Draft, booking: Any, room: Room | None) -> Any:
        return original(Meddling(draft, primary) if room is not None else draft, booking, room)

    return lie


def _setting(original: Any, when: str, change: Any) -> Any:
    """`simulator.rooms`, whose service writes a changed room when it sets the status `when`."""

    def set_room_status(draft: Draft, room: Room, to_status: str, **how: Any) -> Any:
        return original.set_room_status(draft, change(room) if to_status == when else room, to_status, **how)

    return but(original, set_room_status=set_room_status)


@mutant(
    "move-leaves-old-room-occupied", "room/invariant/occupied-iff-in-house", "simulator.assignments:rooms"
)
def _(original: Any) -> Any:
    """After a move the old room is dirty and still says that it is occupied."""
    return _setting(original, "CHECKOUT_DIRTY", lambda room: replace(room, is_occupied=True))


@mutant("move-leaves-new-room-vacant", "assignment/move/new-room-occupied", "simulator.assignments:rooms")
def _(original: Any) -> Any:
    """After a move the new room's is_occupied is false."""
    return _setting(original, "OCCUPIED", lambda room: replace(room, is_occupied=False))


@mutant("move-leaves-old-room-clean", "assignment/move/old-room-dirty", "simulator.assignments:rooms")
def _(original: Any) -> Any:
    """A move leaves the old room ready for the next guest."""

    def set_room_status(draft: Draft, room: Room, to_status: str, **how: Any) -> Any:
        if to_status != "CHECKOUT_DIRTY":
            return original.set_room_status(draft, room, to_status, **how)

        def ready(row: Any) -> Any:
            if isinstance(row, Room):
                return replace(row, room_status="READY_FOR_GUEST")
            return replace(row, to_status="READY_FOR_GUEST")

        return original.set_room_status(Meddling(draft, ready), room, to_status, **how)

    return but(original, set_room_status=set_room_status)


@mutant("move-into-dirty-room", "assignment/move/target-ready", "simulator.assignments:rooms")
def _(original: Any) -> Any:
    """A guest can be moved into a room that is not ready."""

    def set_room_status(draft: Draft, room: Room, to_status: str, **how: Any) -> Any:
        try:
            return original.set_room_status(draft, room, to_status, **how)
        except ContractError:
            draft.put(replace(room, room_status=to_status))
            draft.announce_room(room.id)
            return None

    return but(original, require_ready=lambda world, room, booking: None, set_room_status=set_room_status)


@mutant("move-of-guest-not-in-house", "errors/code/not-checked-in", "simulator.decide:move_room")
def _(original: Any) -> Any:
    """A move of a booking that has not arrived is refused as if its status were wrong."""

    def lie(*asked: Any) -> Any:
        try:
            return original(*asked)
        except ContractError as refusal:
            if refusal.code == "NOT_CHECKED_IN":
                raise ContractError("BOOKING_NOT_ELIGIBLE") from refusal
            raise

    return lie
