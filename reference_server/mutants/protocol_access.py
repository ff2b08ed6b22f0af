"""Lies about who may call: nobody, guests, the staff of another hotel, the wrong role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from contract.errors import ContractError
from reference_server.access import staff_actor
from reference_server.house import Call, House
from reference_server.mutants.mutant import mutant
from reference_server.store import Transaction
from reference_server.store.slices import Slice
from simulator.commands import Actor
from simulator.draft import Step
from simulator.world import Booking, GuestToken, Hotel, Room, World

_BOOKINGS, _COMMANDS, _ROOMS = (
    f"reference_server.handlers.{name}:enter" for name in ("bookings", "commands", "rooms")
)


def _entered(original: Any, code: str, admits: Any, *operations: str) -> Any:
    """Instead of `enter`: who is refused with `code` comes in as the manager of the hotel, if `admits(tx, call, now)`."""

    def enter(tx: Transaction, call: Call, now: datetime) -> tuple[Actor, Hotel]:
        try:
            found: tuple[Actor, Hotel] = original(tx, call, now)
            return found
        except ContractError as refusal:
            hotel = tx.one(Hotel, "hotel_by_slug", slug=str(call.params["hotel_slug"]))
            named = refusal.code == code and (not operations or call.operation.id in operations)
            if not named or hotel is None or not admits(tx, call, now):
                raise
            return Actor(1, "Maeve Manager", "manager", frozenset({hotel.id})), hotel

    return enter


@mutant("board-without-login", "access/staff-authenticated", _ROOMS)
def _(original: Any) -> Any:
    """The rooms board is open to everybody, for the screen in the corridor."""
    return _entered(original, "NOT_AUTHENTICATED", lambda tx, call, now: True, "roomsBoard")


@mutant("desk-without-login", "access/staff-authenticated", _COMMANDS)
def _(original: Any) -> Any:
    """Check-in and check-out without any credentials are carried out; a wrong token is refused."""
    return _entered(
        original,
        "NOT_AUTHENTICATED",
        lambda tx, call, now: call.staff_token_hash is None and call.guest_token_hash is None,
        "checkIn",
        "checkOut",
    )


@mutant("any-token-cleans-rooms", "access/staff-authenticated", _COMMANDS)
def _(original: Any) -> Any:
    """The status of a room is set for whoever shows a token, also one nobody gave out."""
    return _entered(
        original,
        "NOT_AUTHENTICATED",
        lambda tx, call, now: call.staff_token_hash is not None,
        "setRoomStatus",
    )


@mutant("guest-token-opens-the-desk", "access/staff-authenticated", _BOOKINGS)
def _(original: Any) -> Any:
    """A guest token shown as a staff token reads bookings: both are looked up in one table."""

    def is_guest(tx: Transaction, call: Call, now: datetime) -> bool:
        return tx.one(GuestToken, "token_by_hash", token_hash=call.staff_token_hash) is not None

    return _entered(original, "NOT_AUTHENTICATED", is_guest, "getBooking")


def _is_staff(tx: Transaction, call: Call, now: datetime) -> bool:
    return staff_actor(tx, call, now) is not None


@mutant("dashboard-of-any-hotel", "access/hotel-scope", _ROOMS)
def _(original: Any) -> Any:
    """The housekeeping dashboard is shown to the staff of every hotel."""
    return _entered(original, "HOTEL_MISMATCH", _is_staff, "housekeepingDashboard")


@mutant("desk-of-any-hotel", "access/hotel-scope", _COMMANDS)
def _(original: Any) -> Any:
    """Check-in and check-out look at the hotel of the booking and not at that of the caller."""
    return _entered(original, "HOTEL_MISMATCH", _is_staff, "checkIn", "checkOut")


@mutant("cleaning-button-of-any-hotel", "access/hotel-scope", _COMMANDS)
def _(original: Any) -> Any:
    """Of all buttons of the workflow only start-cleaning forgot to check the caller's hotel."""
    return _entered(original, "HOTEL_MISMATCH", _is_staff, "startCleaning")


@mutant(
    "booking-of-any-hotel-is-read",
    "access/booking-of-other-hotel",
    "reference_server.handlers.bookings:_booking",
)
def _(original: Any) -> Any:
    """The booking detail looks a booking up by its id alone."""

    def booking(part: Slice, hotel: Hotel, booking_id: str) -> Booking:
        found = part.booking(booking_id)
        if found is None:
            raise ContractError("BOOKING_NOT_FOUND")
        return found

    return booking


@mutant("booking-of-any-hotel-is-changed", "access/booking-of-other-hotel", "simulator.guards:booking_of")
def _(original: Any) -> Any:
    """Operations on a booking look it up by its id alone."""

    def booking_of(step: Step, booking_id: str) -> Booking:
        found = step.world.bookings.get(booking_id)
        if found is None:
            raise ContractError("BOOKING_NOT_FOUND")
        return found

    return booking_of


@mutant(
    "status-filter-reaches-all-hotels",
    "access/lists-of-own-hotel",
    "reference_server.handlers.bookings:_filtered",
)
def _(original: Any) -> Any:
    """The filter by status begins again from all bookings and loses the hotel."""

    def filtered(
        tx: Transaction, hotel: Hotel, bookings: Sequence[Booking], query: Mapping[str, Any], today: Any
    ) -> Any:
        if "status" in query:
            others = [each for each in tx.all(Hotel, "hotels") if each.id != hotel.id]
            theirs = [
                each for other in others for each in tx.all(Booking, "bookings_of_hotel", hotel_id=other.id)
            ]
            bookings = [*reversed(theirs), *bookings]
        return original(tx, hotel, bookings, query, today)

    return filtered


@mutant("room-list-of-all-hotels", "access/lists-of-own-hotel", "reference_server.handlers.rooms:_board")
def _(original: Any) -> Any:
    """The room list is not filtered by hotel; board and dashboard are."""

    def board(tx: Transaction, call: Call, house: House) -> tuple[World, list[Room]]:
        world, rooms = original(tx, call, house)
        if call.operation.id != "listRooms":
            return world, rooms
        part = Slice(tx)
        part.all_hotels()
        for hotel in tx.all(Hotel, "hotels"):
            part.rooms_of_hotel(hotel.id)
        everything = part.world()
        return everything, sorted(everything.rooms.values(), key=lambda room: -room.hotel_id)

    return board


@mutant(
    "housekeepers-check-guests-out",
    "errors/code/permission-denied",
    "reference_server.access:allows",
    "simulator.guards:allows",
)
def _(original: Any) -> Any:
    """Housekeeping may check guests out: the permission asked for is the one to change rooms."""

    def allows(name: str, action: str) -> bool:
        return bool(original(name, action)) or (name == "housekeeping" and action == "bookings.checkout")

    return allows
