"""The rows of a booking as it was made, before anything happened to it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulator.commands import Ids
from simulator.scenario import Stay
from simulator.world import Booking, Hotel, PartyMember

_CHILD_RATE, _ADULT_RATE = 35, 95


def booking_row(hotel: Hotel, stay: Stay, number: int, today: date, latest: datetime) -> Booking:
    """The booking without its room, made two weeks or so before the arrival and not after `latest`."""
    check_in = today + timedelta(days=stay.arrives)
    booked = local_time(hotel, check_in - timedelta(days=14 + number % 9), time(9, 5))
    booked = min(booked, latest)
    first_name, _, last_name = stay.guests[0].partition(" ")
    unpaid = stay.status in ("PENDING_PAYMENT", "PENDING_APPROVAL")
    nightly = stay.adults * _ADULT_RATE + stay.children * _CHILD_RATE
    return Booking(
        booking_id=stay.id or f"BK-{today.year}-{number:04d}",
        hotel_id=hotel.id,
        room_id=None,
        confirmation_number=f"{hotel.slug[:2].upper()}{today.year % 100:02d}{number * 7919 % 100_000:05d}",
        status=stay.status,
        check_in=check_in,
        check_out=check_in + timedelta(days=stay.nights),
        adults=stay.adults,
        children=stay.children,
        total_amount=f"{stay.nights * nightly}.00",
        currency="EUR",
        created_at=booked,
        updated_at=booked,
        booker_type="SELF" if stay.company is None else "COMPANY",
        booker_first_name=first_name,
        booker_last_name=last_name,
        booker_company=stay.company,
        booker_email=_email(stay.guests[0]) if stay.email == "" else stay.email,
        booker_phone=f"+353 1 555 {number:04d}",
        special_requests=stay.wish,
        internal_notes=stay.internal_notes,
        payment_reference=None if unpaid else f"pi_demo_{number:04d}",
        payment_provider=None if unpaid else "stripe",
        paid_at=None if unpaid else booked + timedelta(minutes=3),
    )


def party_rows(booking: Booking, stay: Stay, ids: Ids) -> Iterator[PartyMember]:
    """The party, as far as its names are known."""
    for position, name in enumerate(stay.guests):
        first_name, _, last_name = name.partition(" ")
        yield PartyMember(
            id=ids.number(PartyMember.table),
            booking_id=booking.booking_id,
            role="COMPANION" if position else "PRIMARY",
            first_name=first_name,
            last_name=last_name,
            email=None if position else _email(name),
            phone=None if position else booking.booker_phone,
            is_staying=True,
            created_at=booking.created_at,
        )


def local_time(hotel: Hotel, day: date, at: time) -> datetime:
    """A time of day in the hotel, in UTC."""
    return datetime.combine(day, at, ZoneInfo(hotel.timezone)).astimezone(UTC)


def _email(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return f"{'.'.join(plain.split()) or 'guest'}@example.com"
