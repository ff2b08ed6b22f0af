"""Which rows an operation needs: enough for `decide` and for every view it builds, and no more.

A booking's slice is its hotel, party, guests, tokens, leftovers, its room, and for every room: its type, the guests in
it, and the bookings it is given to (with the whole stay of the one in house, which the occupancy event shows).
"""

from __future__ import annotations

from collections.abc import Iterable

from reference_server.store.transaction import Transaction
from simulator.commands import (
    AssignRoom,
    CheckIn,
    CheckOut,
    Command,
    MoveRoom,
    SetRoomStatus,
    UnassignRoom,
    UseGuestToken,
)
from simulator.world import (
    Booking,
    Conversation,
    Guest,
    GuestToken,
    Hotel,
    Job,
    Order,
    PartyMember,
    Put,
    Room,
    RoomMessage,
    RoomType,
    Row,
    World,
)


class Slice:
    """Collects rows; asking twice for the same thing reads it once."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction
        self._rows: list[Row] = []
        self._seen: set[tuple[str, int | str]] = set()
        self._rooms: dict[int | None, Room | None] = {}

    def world(self) -> World:
        return World().apply(Put(row) for row in self._rows)

    def _add(self, rows: Iterable[Row | None]) -> None:
        self._rows.extend(row for row in rows if row is not None)

    def _first_time(self, what: str, key: int | str) -> bool:
        if (what, key) in self._seen:
            return False
        self._seen.add((what, key))
        return True

    def hotel(self, slug: str) -> Hotel | None:
        found = self._tx.one(Hotel, "hotel_by_slug", slug=slug)
        if found is not None and self._first_time("hotel", found.id):
            self._add([found])
        return found

    def all_hotels(self) -> None:
        self._add(self._tx.all(Hotel, "hotels"))

    def booking(self, booking_id: str) -> Booking | None:
        """The booking with everything of its stay, and its room."""
        found = self.shown_booking(booking_id)
        if found is None:
            return None
        if self._first_time("tokens", booking_id):
            self._add(self._tx.all(GuestToken, "tokens_of_booking", booking_id=booking_id))
            self._add(self._tx.all(Conversation, "conversations_of_booking", booking_id=booking_id))
            self._add(self._tx.all(RoomMessage, "messages_of_booking", booking_id=booking_id))
            self._add(self._tx.all(Order, "orders_of_booking", booking_id=booking_id))
            self._add(self._tx.all(Job, "jobs_of_booking", booking_id=booking_id))
        if found.room_id is not None:
            self.room(found.room_id)
        return found

    def shown_booking(self, booking_id: str) -> Booking | None:
        """The booking with what its views show, and no more."""
        found = self._tx.one(Booking, "booking_by_id", booking_id=booking_id)
        if found is not None:
            self._stay(found)
        return found

    def _stay(self, booking: Booking) -> None:
        if self._first_time("stay", booking.booking_id):
            self._add([booking])
            self._add(self._tx.all(PartyMember, "party_of_booking", booking_id=booking.booking_id))
            guests = self._tx.all(Guest, "guests_of_booking", booking_id=booking.booking_id)
            self._add(guests)
            # A record that lost its booking is still the one made from its member of the party.
            self._add(self._tx.all(Guest, "guests_of_party", booking_id=booking.booking_id))
            # The views name the booking's room and number the room each guest is in, which may be another.
            for room_id in {booking.room_id, *(guest.room_id for guest in guests)} - {None}:
                self._room_row(room_id)

    def _room_row(self, room_id: int | None) -> Room | None:
        """The room and its type, as they were when they were first asked for."""
        if room_id not in self._rooms:
            found = self._rooms[room_id] = self._tx.one(Room, "room_by_id", id=room_id)
            if found is not None:
                self._add([found, self._tx.one(RoomType, "room_type_by_id", id=found.room_type_id)])
        return self._rooms[room_id]

    def room(self, room_id: int) -> Room | None:
        """The room with everything that is in it, its bookings, and the stays of who is in it."""
        found = self.shown_room(room_id)
        if found is not None and self._first_time("belongings", room_id):
            self._add(self._tx.all(Conversation, "conversations_in_room", room_id=room_id))
            self._add(self._tx.all(RoomMessage, "messages_in_room", room_id=room_id))
            self._add(self._tx.all(Order, "orders_in_room", room_id=room_id))
        return found

    def shown_room(self, room_id: int) -> Room | None:
        """The room with what its views show: who is in it, and its bookings."""
        found = self._room_row(room_id)
        if found is None or not self._first_time("room", room_id):
            return found
        guests = self._tx.all(Guest, "guests_in_room", room_id=room_id)
        self._add(guests)
        for booking in self._tx.all(Booking, "bookings_of_room", room_id=room_id):
            if booking.phase == "in_house":
                self._stay(booking)
            elif (
                self._first_time("stay-row", booking.booking_id)
                and ("stay", booking.booking_id) not in self._seen
            ):
                self._add([booking])
        for booking_id in {guest.booking_id for guest in guests if guest.booking_id is not None}:
            stranger = self._tx.one(Booking, "booking_by_id", booking_id=booking_id)
            if stranger is not None:
                self._stay(stranger)
        return found

    def rooms_of_hotel(self, hotel_id: int) -> None:
        """The whole board of a hotel, for lists: rooms, types, guests in house, stays in house."""
        self._add(self._tx.all(Room, "rooms_of_hotel", hotel_id=hotel_id))
        self._add(self._tx.all(RoomType, "room_types_of_hotel", hotel_id=hotel_id))
        self._add(self._tx.all(Guest, "guests_in_house_of_hotel", hotel_id=hotel_id))
        self._add(self._tx.all(Booking, "bookings_in_house_of_hotel", hotel_id=hotel_id))

    def bookings_of_hotel(self, hotel_id: int) -> list[Booking]:
        """Every booking of a hotel, bare."""
        found = self._tx.all(Booking, "bookings_of_hotel", hotel_id=hotel_id)
        self._add(found)
        return found


def slice_for(transaction: Transaction, command: Command) -> World:
    """The world `decide` needs for `command`."""
    part = Slice(transaction)
    match command:
        case CheckIn() | CheckOut() | UnassignRoom():
            part.hotel(command.hotel_slug)
            part.booking(command.booking_id)
        case AssignRoom():
            part.hotel(command.hotel_slug)
            part.booking(command.booking_id)
            part.room(command.room_id)
        case MoveRoom():
            part.hotel(command.hotel_slug)
            part.booking(command.booking_id)
            part.room(command.to_room_id)
        case SetRoomStatus():
            part.hotel(command.hotel_slug)
            part.room(command.room_id)
        case UseGuestToken():
            part.all_hotels()
            token = transaction.one(GuestToken, "token_by_hash", token_hash=command.token_hash)
            if token is not None:
                part.booking(token.booking_id)
            if command.booking_id is not None:
                part.booking(command.booking_id)
    return part.world()
