"""A hotel of three rooms and a neighbour, and a desk that runs commands on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from simulator.commands import (
    Actor,
    AssignRoom,
    CheckIn,
    CheckOut,
    Command,
    Decision,
    MoveRoom,
    SetRoomStatus,
)
from simulator.decide import decide
from simulator.ids import SeededIds
from simulator.tokens import token_hash
from simulator.world import (
    Booking,
    Conversation,
    Guest,
    GuestToken,
    Hotel,
    Order,
    PartyMember,
    Put,
    Room,
    RoomMessage,
    RoomType,
    Row,
    World,
)

NOW = datetime(2026, 1, 16, 16, 0, tzinfo=UTC)
TODAY = date(2026, 1, 16)
HERE, THERE = "grand-demo", "other-demo"

MANAGER = Actor(1, "Maeve Kelly", "manager", frozenset({1}))
FRONT_DESK = Actor(2, "Liam Walsh", "front_desk", frozenset({1}))
HOUSEKEEPING = Actor(3, "Nora Byrne", "housekeeping", frozenset({1}))
OUTSIDER = Actor(4, "Tiago Ferreira", "manager", frozenset({2}))


def booking(
    booking_id: str, room_id: int | None, *, adults: int = 2, hotel_id: int = 1, **fields: Any
) -> Booking:
    """A CONFIRMED booking from today for two nights."""
    row = Booking(
        booking_id=booking_id,
        hotel_id=hotel_id,
        room_id=room_id,
        confirmation_number=f"C-{booking_id}",
        status="CONFIRMED",
        check_in=TODAY,
        check_out=TODAY + timedelta(days=2),
        adults=adults,
        children=0,
        total_amount="380.00",
        currency="EUR",
        created_at=NOW - timedelta(days=20),
        updated_at=NOW - timedelta(days=20),
        booker_first_name="Aoife",
        booker_last_name="Murphy",
        booker_email="aoife.murphy@example.com",
        booker_phone="+353 1 555 0001",
        payment_reference="pi_secret_1",
        payment_provider="stripe",
        internal_notes="Complained last time.",
    )
    return replace(row, **fields)


def party(of: Booking, first_id: int, names: str = "Aoife Seán Ciara Oisín Niamh Conor") -> list[PartyMember]:
    """One named member per person of the booking, the first of them primary."""
    count = of.adults + of.children
    return [
        PartyMember(
            id=first_id + position,
            booking_id=of.booking_id,
            role="COMPANION" if position else "PRIMARY",
            first_name=name,
            last_name="Murphy",
            email=f"{position}@private.example.com",
            phone="+353 1 555 0999",
            is_staying=True,
            created_at=NOW - timedelta(days=20),
        )
        for position, name in enumerate(names.split()[:count])
    ]


def first_token(of: Booking, key: int) -> GuestToken:
    """The token of the confirmation mail; its raw value is `raw-<booking id>`."""
    return GuestToken(
        id=key,
        booking_id=of.booking_id,
        token_hash=token_hash(f"raw-{of.booking_id}"),
        purpose="CHAT",
        scopes=("STATUS_READ",),
        status="ACTIVE",
        created_at=of.created_at,
    )


def small_hotel() -> World:
    """Rooms 101 to 103 here and 11 there; A and B both want 101, C has no room, D is incomplete, N is next door."""
    hotel = Hotel(1, HERE, "Grand", "+353 1 555 0100", "Europe/Dublin", "15:00", "08:00", "02:00")
    rows: list[Row] = [
        hotel,
        replace(hotel, id=2, slug=THERE, name="Other"),
        RoomType(1, 1, "Family Suite", 6, 6),
        RoomType(2, 2, "Classic", 2, 2),
        Room(1, 1, 101, 1, "READY_FOR_GUEST"),
        Room(2, 1, 102, 1, "READY_FOR_GUEST"),
        Room(3, 1, 103, 1, "CHECKOUT_DIRTY"),
        Room(4, 2, 11, 2, "READY_FOR_GUEST"),
    ]
    bookings = [
        booking("A", 1),
        booking("B", 1, adults=1),
        booking("C", None),
        booking("D", 2, adults=3),
        booking("N", 4, hotel_id=2),
    ]
    for position, row in enumerate(bookings, start=1):
        rows += [row, *party(row, position * 10), first_token(row, position)]
    world = World.of(rows)
    nameless = replace(world.party_members[42], first_name="", last_name="")
    return world.apply([Put(nameless)])


class Desk:
    """Runs commands on a world and keeps what became of it."""

    def __init__(self, world: World | None = None, seed: int = 0) -> None:
        self.world = small_hotel() if world is None else world
        self.ids = SeededIds.beyond(self.world, seed)
        self.now = NOW

    def put(self, *rows: Row) -> None:
        """Arrange: write rows past all rules."""
        self.world = self.world.apply(Put(row) for row in rows)

    def set(self, row: Row, **fields: Any) -> None:
        """Arrange: change fields of a row past all rules."""
        self.put(replace(row, **fields))

    def do(self, command: Command, actor: Actor | None = MANAGER) -> Decision:
        decision = decide(self.world, command, actor, self.now, self.ids)
        self.world = self.world.apply(decision.changes)
        return decision

    def refused(self, command: Command, actor: Actor | None = MANAGER) -> str:
        """The code of a refusal; it must have no effect."""
        decision = self.do(command, actor)
        assert decision.reply.code is not None, decision.reply.body
        assert decision.reply.status >= 400
        assert not decision.changes
        assert not decision.events
        return decision.reply.code

    def check_in(self, booking_id: str = "A", actor: Actor | None = FRONT_DESK) -> Decision:
        return self.do(CheckIn(HERE, booking_id), actor)

    def check_out(self, booking_id: str = "A", actor: Actor | None = FRONT_DESK) -> Decision:
        return self.do(CheckOut(HERE, booking_id), actor)

    def assign(self, booking_id: str, room_id: int, notes: str | None = None) -> Decision:
        return self.do(AssignRoom(HERE, booking_id, room_id, notes))

    def move(self, booking_id: str, room_id: int, **why: str) -> Decision:
        return self.do(MoveRoom(HERE, booking_id, room_id, **why))

    def status(self, room_id: int, to_status: str, actor: Actor | None = MANAGER, **extras: Any) -> Decision:
        return self.do(
            SetRoomStatus(HERE, room_id, to_status, **{"operation": "setRoomStatus", **extras}), actor
        )

    def live_in(self, booking_id: str = "A") -> None:
        """Arrange what a stay leaves: a chat with two messages, an order, a breakfast, a push token, a walk-in."""
        room_id = self.world.bookings[booking_id].room_id
        assert room_id is not None
        self.put(
            Conversation(1, booking_id, room_id),
            RoomMessage(1, 1, room_id, "Towels, please."),
            RoomMessage(2, 1, room_id, "Thank you."),
            Order(1, booking_id, room_id, "ORDER"),
            Order(2, booking_id, room_id, "BREAKFAST"),
            walk_in(90, booking_id, room_id),
            replace(self.world.rooms[room_id], guest_fcm_token="push-token"),
        )


def walk_in(key: int, booking_id: str | None, room_id: int | None) -> Guest:
    return Guest(
        key,
        1,
        booking_id,
        room_id,
        None,
        None,
        "WALKIN",
        "Walt",
        "Inn",
        "0000",
        TODAY,
        TODAY + timedelta(days=1),
    )


def named(decision: Decision) -> list[tuple[str, str]]:
    """(event, channel) of what a decision publishes, in order."""
    return [(event.name, event.channel) for event in decision.events]
