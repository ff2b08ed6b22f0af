"""Bookings as the contract shows them: BookingDetail to staff, GuestBooking and the guest context to guests.

Every function answers a new dict in the canonical wire form of the schema it names (schemas/resources/).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from contract.generated import wire
from contract.lifecycle import BookingState, booking_lifecycle
from simulator.wire import day, full_name, optional_timestamp, timestamp
from simulator.world import Booking, Guest, PartyMember, World

_GUEST_RANK = {"PRIMARY": 0, "COMPANION": 1, "WALKIN": 2}


def in_order(guests: Iterable[Guest]) -> list[Guest]:
    """Guests as every list shows them: the primary first, then companions, then walk-ins, each by id."""
    return sorted(guests, key=lambda guest: (_GUEST_RANK[guest.guest_type], guest.id))


def primary_member(world: World, booking: Booking) -> PartyMember | None:
    """The member of the party the booking is for; the one with the lowest id if there were several."""
    return min(
        (member for member in world.party_of(booking.booking_id) if member.role == "PRIMARY"),
        key=lambda member: member.id,
        default=None,
    )


def is_named(member: PartyMember) -> bool:
    return bool(member.first_name.strip() and member.last_name.strip())


def party_missing_count(world: World, booking: Booking) -> int:
    """How many people of the booking have no name yet: announced but unlisted, or listed without a full name."""
    party = world.party_of(booking.booking_id)
    named = sum(1 for member in party if is_named(member))
    unnamed = sum(1 for member in party if member.is_staying and not is_named(member))
    return max(booking.adults + booking.children - named, unnamed, 0)


def party_member(member: PartyMember) -> wire.PartyMember:
    """PartyMember (resources/party_member)."""
    return {
        "id": member.id,
        "role": cast("wire.PartyRole", member.role),
        "first_name": member.first_name,
        "last_name": member.last_name,
        "full_name": full_name(member.first_name, member.last_name),
        "email": member.email,
        "phone": member.phone,
        "is_staying": member.is_staying,
        "precheckin_payload": {},
        "created_at": timestamp(member.created_at),
    }


def in_house_guest(world: World, guest: Guest) -> wire.InHouseGuest:
    """InHouseGuest (resources/in_house_guest); `room_number` is null once the guest has left."""
    return {
        "id": guest.id,
        "first_name": guest.first_name,
        "last_name": guest.last_name,
        "full_name": full_name(guest.first_name, guest.last_name),
        "guest_type": cast("wire.GuestType", guest.guest_type),
        "id_pin": guest.id_pin,
        "room_number": None if guest.room_id is None else world.rooms[guest.room_id].room_number,
        "check_in_date": day(guest.check_in_date),
        "check_out_date": day(guest.check_out_date),
    }


def assigned_room(world: World, booking: Booking) -> wire.AssignedRoom | None:
    """AssignedRoom (resources/assigned_room), null while the booking has no room."""
    if booking.room_id is None:
        return None
    room = world.rooms[booking.room_id]
    return {
        "room_id": room.id,
        "room_number": room.room_number,
        "room_status": cast("wire.RoomStatus", room.room_status),
        "is_occupied": room.is_occupied,
        "is_active": room.is_active,
        "is_out_of_order": room.is_out_of_order,
        "room_type_id": room.room_type_id,
        "room_type_name": world.room_types[room.room_type_id].name,
    }


def booking_detail(world: World, booking: Booking) -> wire.BookingDetail:
    """BookingDetail (resources/booking_detail): everything staff may see of a booking."""
    room = assigned_room(world, booking)
    missing = party_missing_count(world, booking)
    room_number = None if room is None else room["room_number"]
    return {
        "booking_id": booking.booking_id,
        "confirmation_number": booking.confirmation_number,
        "status": cast("wire.BookingStatus", booking.status),
        "check_in": day(booking.check_in),
        "check_out": day(booking.check_out),
        "nights": (booking.check_out - booking.check_in).days,
        "adults": booking.adults,
        "children": booking.children,
        "total_amount": booking.total_amount,
        "currency": booking.currency,
        "special_requests": booking.special_requests,
        "promo_code": booking.promo_code,
        "payment_reference": booking.payment_reference,
        "payment_provider": booking.payment_provider,
        "paid_at": optional_timestamp(booking.paid_at),
        "checked_in_at": optional_timestamp(booking.checked_in_at),
        "checked_out_at": optional_timestamp(booking.checked_out_at),
        "created_at": timestamp(booking.created_at),
        "updated_at": timestamp(booking.updated_at),
        "internal_notes": booking.internal_notes,
        "precheckin_submitted_at": optional_timestamp(booking.precheckin_submitted_at),
        "precheckin_payload": {},
        "party_complete": missing == 0,
        "party_missing_count": missing,
        "survey_sent": booking.survey_sent_at is not None,
        "survey_completed": booking.survey_rating is not None or booking.survey_response is not None,
        "survey_rating": booking.survey_rating,
        "survey_sent_at": optional_timestamp(booking.survey_sent_at),
        "survey_response": booking.survey_response,
        "booker": {
            "type": cast("Any", booking.booker_type),
            "first_name": booking.booker_first_name,
            "last_name": booking.booker_last_name,
            "company": booking.booker_company,
            "email": booking.booker_email,
            "phone": booking.booker_phone,
        },
        "party": _party(world, booking),
        "in_house": _in_house(world, booking),
        "room": room,
        "assigned_room": None if room is None else room.copy(),
        "assigned_room_number": room_number,
        "room_number": room_number,
        "flags": _flags(booking, party_complete=missing == 0),
    }


def guest_booking(world: World, booking: Booking) -> wire.GuestBooking:
    """GuestBooking (resources/guest_booking): the privacy filter. What is not written here does not go out."""
    hotel = world.hotels[booking.hotel_id]
    room = None if booking.room_id is None else world.rooms[booking.room_id]
    return {
        "booking_id": booking.booking_id,
        "confirmation_number": booking.confirmation_number,
        "status": cast("wire.BookingStatus", booking.status),
        "check_in": day(booking.check_in),
        "check_out": day(booking.check_out),
        "nights": (booking.check_out - booking.check_in).days,
        "checked_in_at": optional_timestamp(booking.checked_in_at),
        "checked_out_at": optional_timestamp(booking.checked_out_at),
        "room_number": None if room is None else room.room_number,
        "room_type": None if room is None else world.room_types[room.room_type_id].name,
        "hotel": {
            "name": hotel.name,
            "slug": hotel.slug,
            "phone": hotel.phone,
            "timezone": hotel.timezone,
        },
        "guest": {"first_name": _guest_names(world, booking)[0]},
        "party_size": booking.adults + booking.children,
    }


def guest_context(world: World, booking: Booking, scopes: Sequence[str]) -> wire.GuestContextReply:
    """What a guest app asks first (replies/guest_context): whose stay this is, and the `scopes` of the token."""
    room = None if booking.room_id is None else world.rooms[booking.room_id]
    return {
        "booking_id": booking.booking_id,
        "hotel_slug": world.hotels[booking.hotel_id].slug,
        "room_number": None if room is None else room.room_number,
        "guest_name": full_name(*_guest_names(world, booking)),
        "status": cast("wire.BookingStatus", booking.status),
        "is_checked_in": booking.phase == "in_house",
        "is_checked_out": booking.phase == "departed",
        "allowed_actions": list(scopes),
    }


def _guest_names(world: World, booking: Booking) -> tuple[str, str]:
    primary = primary_member(world, booking)
    if primary is None:
        return booking.booker_first_name, booking.booker_last_name
    return primary.first_name, primary.last_name


def _party(world: World, booking: Booking) -> wire.Party:
    primary = primary_member(world, booking)
    members = sorted(world.party_of(booking.booking_id), key=lambda member: member.id)
    return {
        "primary": None if primary is None else party_member(primary),
        "companions": [party_member(member) for member in members if member is not primary],
        "total_count": len(members),
    }


def _in_house(world: World, booking: Booking) -> wire.InHouse | None:
    if booking.phase == "expected":
        return None
    guests = in_order(world.guests_of(booking.booking_id))
    walkins = [guest for guest in guests if guest.guest_type == "WALKIN"]
    primary = next((guest for guest in guests if guest.guest_type == "PRIMARY"), None)
    companions = [guest for guest in guests if guest is not primary and guest.guest_type != "WALKIN"]
    return {
        "primary": None if primary is None else in_house_guest(world, primary),
        "companions": [in_house_guest(world, guest) for guest in companions],
        "walkins": [in_house_guest(world, guest) for guest in walkins],
        "total_count": len(guests),
    }


def _flags(booking: Booking, *, party_complete: bool) -> wire.BookingFlags:
    """Which buttons make sense. Free of the clock on purpose: the arrival window is judged when a button is used."""
    expected = booking.phase == "expected"
    return {
        "is_checked_in": booking.phase == "in_house",
        "can_check_in": expected
        and booking.status == "CONFIRMED"
        and booking.room_id is not None
        and party_complete,
        "can_check_out": booking.phase == "in_house",
        "can_edit_party": expected and not is_terminal(booking),
    }


def state_of(booking: Booking) -> BookingState:
    """Where the booking is in its lifecycle."""
    return BookingState(booking.phase, booking.status)


def is_terminal(booking: Booking) -> bool:
    """True when no operation leads out of the booking's state."""
    return booking_lifecycle().terminal(state_of(booking))
