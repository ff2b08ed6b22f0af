"""Bookings as staff read them: the list with its buckets, one booking, the rooms it could be given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from contract.errors import ContractError
from reference_server.access import enter
from reference_server.house import Answer, Call, Handler, House
from reference_server.paging import page_of
from reference_server.store import Transaction
from reference_server.store.slices import Slice
from simulator import views
from simulator.assignments import rooms_for
from simulator.world import Booking, Hotel, PartyMember

_BUCKETS: Mapping[str, Callable[[Booking, date], bool]] = MappingProxyType(
    {
        "arrivals": lambda b, today: (
            b.phase == "expected" and b.status == "CONFIRMED" and b.check_in <= today
        ),
        "in_house": lambda b, today: b.phase == "in_house",
        "departures": lambda b, today: b.phase == "in_house" and b.check_out <= today,
        "pending": lambda b, today: b.status in ("PENDING_PAYMENT", "PENDING_APPROVAL"),
        "checked_out": lambda b, today: b.status == "COMPLETED",
        "cancelled": lambda b, today: b.status in ("CANCELLED", "NO_SHOW", "DECLINED"),
    }
)


def local_day(hotel: Hotel, now: datetime) -> date:
    """The date on the wall of the hotel."""
    return now.astimezone(ZoneInfo(hotel.timezone)).date()


async def list_bookings(house: House, call: Call) -> Answer:
    """Filters combine; the bucket counts are of the whole hotel, whatever the filters."""
    now = house.clock.now()

    def work(tx: Transaction) -> Mapping[str, Any]:
        _, hotel = enter(tx, call, now)
        today = local_day(hotel, now)
        bookings = tx.all(Booking, "bookings_of_hotel", hotel_id=hotel.id)
        counts = {name: sum(test(b, today) for b in bookings) for name, test in _BUCKETS.items()}
        found = _filtered(tx, hotel, bookings, call.query, today)
        page = page_of(found, call)
        part = Slice(tx)
        part.hotel(hotel.slug)
        for booking in page.items:
            part.shown_booking(booking.booking_id)
        world = part.world()
        results = [views.booking_detail(world, booking) for booking in page.items]
        return {**page.links(), "results": results, "bucket_counts": counts}

    return Answer(200, await house.store.read(work))


def _filtered(
    tx: Transaction, hotel: Hotel, bookings: Sequence[Booking], query: Mapping[str, Any], today: date
) -> list[Booking]:
    found = list(bookings)
    if "bucket" in query:
        found = [b for b in found if _BUCKETS[query["bucket"]](b, today)]
    if "status" in query:
        found = [b for b in found if b.status == query["status"]]
    if needle := query.get("q", "").casefold():
        primary = {
            m.booking_id: m for m in tx.all(PartyMember, "primary_members_of_hotel", hotel_id=hotel.id)
        }
        found = [b for b in found if needle in _searchable(b, primary.get(b.booking_id))]
    return found


def _searchable(booking: Booking, primary: PartyMember | None) -> str:
    names = f"{primary.first_name} {primary.last_name}" if primary else ""
    booker = f"{booking.booker_first_name} {booking.booker_last_name}"
    return "\n".join((booking.booking_id, booking.confirmation_number, booker, names)).casefold()


def _booking(part: Slice, hotel: Hotel, booking_id: str) -> Booking:
    booking = part.shown_booking(booking_id)
    if booking is None or booking.hotel_id != hotel.id:
        raise ContractError("BOOKING_NOT_FOUND", f"There is no booking {booking_id} in this hotel.")
    return booking


async def get_booking(house: House, call: Call) -> Answer:
    """One booking. Raises: `ContractError` BOOKING_NOT_FOUND."""
    now = house.clock.now()

    def work(tx: Transaction) -> Mapping[str, Any]:
        _, hotel = enter(tx, call, now)
        part = Slice(tx)
        part.hotel(hotel.slug)
        booking = _booking(part, hotel, call.params["booking_id"])
        return views.booking_detail(part.world(), booking)

    return Answer(200, await house.store.read(work))


async def list_available_rooms(house: House, call: Call) -> Answer:
    """The rooms that `assign_room` would give to the booking now."""
    now = house.clock.now()

    def work(tx: Transaction) -> Mapping[str, Any]:
        _, hotel = enter(tx, call, now)
        part = Slice(tx)
        part.hotel(hotel.slug)
        booking = _booking(part, hotel, call.params["booking_id"])
        part.rooms_of_hotel(hotel.id)
        part.bookings_of_hotel(hotel.id)
        world = part.world()
        return {"available_rooms": [views.available_room(world, room) for room in rooms_for(world, booking)]}

    return Answer(200, await house.store.read(work))


BOOKINGS: Mapping[str, Handler] = MappingProxyType(
    {"listBookings": list_bookings, "getBooking": get_booking, "listAvailableRooms": list_available_rooms}
)
