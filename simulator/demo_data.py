"""What every scenario has: two hotels, their rooms and their staff, as tables (simulator/scenarios/ has the days)."""

from __future__ import annotations

from simulator.commands import Actor
from simulator.world import Hotel, Room, RoomType

GRAND = Hotel(
    id=1,
    slug="grand-demo",
    name="The Grand Demo Hotel",
    phone="+353 1 555 0100",
    timezone="Europe/Dublin",
    check_in_time="15:00",
    # The whole day is open, so that today's arrivals can be checked in at whatever hour somebody tries the demo.
    early_checkin_from="00:00",
    late_arrival_cutoff="23:59",
)
OTHER = Hotel(
    id=2,
    slug="other-demo",
    name="The Other Demo Hotel",
    phone="+351 21 555 0200",
    timezone="Europe/Lisbon",
    check_in_time="14:00",
    early_checkin_from="00:00",
    late_arrival_cutoff="23:59",
)

MANAGER = Actor(1, "Maeve Manager", "manager", frozenset({GRAND.id}))
FRONT_DESK = Actor(2, "Fionn Frontdesk", "front_desk", frozenset({GRAND.id}))
HOUSEKEEPING = Actor(3, "Hilde Housekeeper", "housekeeping", frozenset({GRAND.id}))
OUTSIDER = Actor(4, "Oscar Outsider", "manager", frozenset({OTHER.id}))

ROOM_TYPES = (
    RoomType(1, GRAND.id, "Standard Double", max_occupancy=2, capacity=2),
    RoomType(2, GRAND.id, "Deluxe Twin", max_occupancy=3, capacity=3),
    RoomType(3, GRAND.id, "Family Suite", max_occupancy=6, capacity=6),
    RoomType(4, OTHER.id, "Classic Double", max_occupancy=2, capacity=2),
)


_KINDS = {"standard": 1, "deluxe": 2, "suite": 3}


def house() -> tuple[Room, ...]:
    """The 24 rooms of the grand hotel on three floors, all ready; their ids are given out later."""
    return tuple(room_of(floor * 100 + door) for floor in (1, 2, 3) for door in range(1, 9))


def other_rooms() -> tuple[Room, ...]:
    """The four rooms of the other hotel, all ready."""
    return tuple(Room(0, OTHER.id, 10 + door, 4, "READY_FOR_GUEST") for door in range(1, 5))


def room_of(number: int, kind: str | None = None, status: str = "READY_FOR_GUEST") -> Room:
    """A room of the grand hotel; without a kind its number tells what it is."""
    kind_id = _type_of(number) if kind is None else _KINDS[kind]
    return Room(0, GRAND.id, number, kind_id, status)


def _type_of(number: int) -> int:
    return 3 if number % 100 in (7, 8) else 1 if number < 200 else 2
