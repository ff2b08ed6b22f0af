"""Guest records: made at check-in, moved with a booking, detached from the room at check-out."""

from __future__ import annotations

from dataclasses import replace

from simulator.booking_views import in_order, is_named
from simulator.draft import Draft
from simulator.world import Booking, Guest, Room, World


def register(draft: Draft, booking: Booking, room: Room) -> None:
    """Get or create one guest record per staying member of the party, in the room, companions linked to the primary.

    The seed's `get_or_create()` by `booking_guest`: a record made from a member before is used again and brought up
    to date, and keeps its PIN (clause check-in/guests/idempotent).
    """
    step = draft.step
    known = {
        row.party_member_id: row for row in step.world.guests.values() if row.party_member_id is not None
    }
    primary_id: int | None = None
    party = sorted(
        step.world.party_of(booking.booking_id), key=lambda member: (member.role != "PRIMARY", member.id)
    )
    for member in party:
        if not (member.is_staying and is_named(member)):
            continue
        found = known.get(member.id)
        guest = Guest(
            id=step.ids.number(Guest.table) if found is None else found.id,
            hotel_id=booking.hotel_id,
            booking_id=booking.booking_id,
            room_id=room.id,
            party_member_id=member.id,
            primary_guest_id=None if member.role == "PRIMARY" else primary_id,
            guest_type=member.role,
            first_name=member.first_name,
            last_name=member.last_name,
            id_pin=step.ids.id_pin() if found is None else found.id_pin,
            check_in_date=booking.check_in,
            check_out_date=booking.check_out,
        )
        if member.role == "PRIMARY" and primary_id is None:
            primary_id = guest.id
        draft.put(guest)


def put_all(draft: Draft, booking: Booking, room: Room | None) -> int:
    """Put every guest of the booking that is in a room into `room`, or out of the house. Answers how many."""
    present = [guest for guest in draft.step.world.guests_of(booking.booking_id) if guest.room_id is not None]
    for guest in in_order(present):
        draft.put(replace(guest, room_id=None if room is None else room.id))
    return len(present)


def strangers_in(world: World, booking: Booking, room: Room) -> list[Guest]:
    """Guests in the room whose booking is another one and in house: nobody may put them out."""
    return in_order(guest for guest in _others_in(world, booking, room) if _is_in_house(world, guest))


def detach_orphans(draft: Draft, booking: Booking, room: Room) -> None:
    """Take out of the room who should not be there: guests without a booking, or of one that is not in house.

    Their link to a booking is kept, and the log names them (clauses check-out/guests/orphans-*).
    """
    orphans = in_order(_others_in(draft.step.world, booking, room))
    for guest in orphans:
        draft.put(replace(guest, room_id=None))
    if orphans:
        draft.notice(
            "orphan_guests_detached",
            hotel_slug=draft.step.hotel.slug,
            booking_id=booking.booking_id,
            room_id=room.id,
            room_number=room.room_number,
            guest_ids=[guest.id for guest in orphans],
        )


def _others_in(world: World, booking: Booking, room: Room) -> list[Guest]:
    return [guest for guest in world.guests_in(room.id) if guest.booking_id != booking.booking_id]


def _is_in_house(world: World, guest: Guest) -> bool:
    booking = None if guest.booking_id is None else world.bookings.get(guest.booking_id)
    return booking is not None and booking.phase == "in_house"
