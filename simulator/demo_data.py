"""Who is in the demo: two hotels, their rooms, their staff and their guests, as tables.

`simulator.demo` turns the tables into rows and lets the operations themselves bring the stays about.
"""

from __future__ import annotations

from dataclasses import dataclass

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


def rooms() -> tuple[Room, ...]:
    """24 rooms on three floors of the grand hotel (ids 1 to 24) and four of the other one (25 to 28), all ready."""
    numbers = [floor * 100 + door for floor in (1, 2, 3) for door in range(1, 9)]
    grand = [
        Room(key, GRAND.id, number, _type_of(number), "READY_FOR_GUEST")
        for key, number in enumerate(numbers, start=1)
    ]
    other = [Room(24 + door, OTHER.id, 10 + door, 4, "READY_FOR_GUEST") for door in range(1, 5)]
    return (*grand, *other)


def _type_of(number: int) -> int:
    return 3 if number % 100 in (7, 8) else number // 100 if number < 300 else 2


@dataclass(frozen=True, slots=True)
class Stay:
    """A booking of the demo. `arrives` counts days from today; names left out make the party incomplete.

    `left` says how many hours ago the guests of a past stay departed; null while they have not.
    """

    arrives: int
    nights: int
    room_number: int | None
    party: tuple[str, ...]
    adults: int = 2
    children: int = 0
    status: str = "CONFIRMED"
    left: int | None = None
    wish: str | None = None
    company: str | None = None
    chat: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()


STAYS = (
    # Gone: one turned over long ago, three today.
    Stay(-4, 2, 101, ("Hannah Brandt", "Felix Brandt"), left=46),
    Stay(-2, 2, 103, ("Oisín Doyle", "Ciara Doyle"), left=2),
    Stay(-2, 2, 205, ("Marta Kowalska",), adults=1, left=4, company="Baltic Freight"),
    Stay(-3, 3, 303, ("Giulia Conti", "Marco Conti"), left=5),
    # In the house; the first three are due to leave today.
    Stay(-2, 2, 102, ("Aoife Murphy", "Seán Murphy"), chat=("Could we check out at noon?",)),
    Stay(-3, 3, 104, ("Jonas Weber",), adults=1, company="Weber & Sohn", orders=("BREAKFAST",)),
    Stay(-1, 1, 201, ("Camille Laurent", "Hugo Laurent"), orders=("ORDER", "BREAKFAST")),
    Stay(-1, 3, 203, ("Priya Nair", "Arjun Nair"), chat=("Is the pool open late?", "Thank you!")),
    Stay(-1, 2, 206, ("Emma Lindqvist",), adults=1, orders=("ORDER",)),
    Stay(-2, 5, 302, ("Daniel Okafor", "Grace Okafor"), wish="Quiet room, please."),
    Stay(
        -1,
        4,
        307,
        ("Sofia Marino", "Luca Marino", "Giorgia Marino", "Pietro Marino"),
        children=2,
        chat=("Two extra towels, please.",),
        orders=("ORDER", "BREAKFAST"),
    ),
    # Arriving today: ready rooms, a room still dirty, no room yet, an incomplete party, not paid yet.
    Stay(0, 2, 101, ("Niamh Gallagher", "Conor Gallagher"), wish="Late arrival, around ten."),
    Stay(0, 3, 105, ("Tomáš Novák", "Eva Nováková")),
    Stay(0, 1, 202, ("Ingrid Haugen",), adults=1, company="Nordlys Media"),
    Stay(0, 4, 204, ("Carlos Vega", "Lucía Vega")),
    Stay(0, 2, 301, ("Yuki Tanaka", "Haruto Tanaka")),
    Stay(0, 3, 207, ("Ruth Adeyemi", "Samuel Adeyemi", "Joy Adeyemi"), children=1),
    Stay(0, 2, 103, ("Peter Hughes", "Linda Hughes")),
    Stay(0, 2, None, ("Anna Fischer", "Lukas Fischer")),
    Stay(0, 2, 106, ("Rachel Stein",)),
    Stay(0, 1, 304, ("Mehmet Yilmaz", "Elif Yilmaz"), status="PENDING_PAYMENT"),
    # Later, or never.
    Stay(1, 2, 305, ("Isabelle Moreau", "Paul Moreau")),
    Stay(3, 4, None, ("Katarzyna Nowak", "Piotr Nowak"), status="PENDING_APPROVAL"),
    Stay(7, 5, 308, ("George Papadopoulos", "Eleni Papadopoulou"), wish="Anniversary."),
    Stay(0, 2, None, ("Victor Dumont",), adults=1, status="CANCELLED"),
    Stay(-1, 1, None, ("Olga Petrova",), adults=1, status="NO_SHOW"),
)

OTHER_STAYS = (
    Stay(-1, 2, 11, ("Beatriz Sousa", "Rui Sousa"), orders=("BREAKFAST",)),
    Stay(0, 2, 12, ("Martin Keller", "Julia Keller")),
)
