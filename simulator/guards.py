"""Who may enter: the checks that come before any other, in the contract's order of refusals.

Authentication, hotel scope, permission, existence; every failure is a ContractError (clauses refusal/order/*).
"""

from __future__ import annotations

from datetime import datetime

from contract.errors import ContractError
from contract.operations import operation
from contract.roles import allows
from simulator.commands import Actor, Ids
from simulator.draft import Step
from simulator.world import Booking, Hotel, Room, World


def enter(
    world: World, hotel_slug: str, actor: Actor | None, operation_id: str, now: datetime, ids: Ids
) -> Step:
    """The step an actor may begin in the hotel.

    ContractError NOT_AUTHENTICATED without an actor, HOTEL_MISMATCH for a hotel the actor does not work in (existing
    or not: scope comes before existence), PERMISSION_DENIED when the role has none of the operation's permissions.
    """
    if actor is None:
        raise ContractError("NOT_AUTHENTICATED")
    hotel = _hotel(world, hotel_slug)
    if hotel is None or hotel.id not in actor.hotel_ids:
        raise ContractError("HOTEL_MISMATCH")
    needed = operation(operation_id).permission
    if needed and not any(allows(actor.role, permission) for permission in needed):
        raise ContractError("PERMISSION_DENIED", details={"any_of": list(needed)})
    return Step(world, hotel, actor, now, ids)


def booking_of(step: Step, booking_id: str) -> Booking:
    """The booking of the hotel. ContractError BOOKING_NOT_FOUND, also for a booking of another hotel."""
    booking = step.world.bookings.get(booking_id)
    if booking is None or booking.hotel_id != step.hotel.id:
        raise ContractError("BOOKING_NOT_FOUND")
    return booking


def room_of(step: Step, room_id: int) -> Room:
    """The room of the hotel. ContractError ROOM_NOT_FOUND, also for a room of another hotel."""
    room = step.world.rooms.get(room_id)
    if room is None or room.hotel_id != step.hotel.id:
        raise ContractError("ROOM_NOT_FOUND")
    return room


def _hotel(world: World, slug: str) -> Hotel | None:
    return next((hotel for hotel in world.hotels.values() if hotel.slug == slug), None)
