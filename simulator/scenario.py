"""A scenario: the day a hotel begins with, as values. Written as YAML (schemas/files/scenario.schema.json), relative to its day."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from contract.arrival import ArrivalPolicy
from simulator.clock_setting import REAL_TIME, ClockSetting, ClockSettingError, parse_clock
from simulator.demo_data import GRAND
from simulator.world import Hotel

_OF_TODAY = re.compile(r"(frozen@)?([01]\d|2[0-3]):([0-5]\d)(?:x(\d+(?:\.\d+)?))?", re.ASCII)
_STATUS_OF_PHASE = {"expected": "CONFIRMED", "in_house": "CONFIRMED", "departed": "CONFIRMED"}
_LEFT_HOURS_AGO = 2.0


class ScenarioError(ValueError):
    """A scenario that makes no hotel. `pointer` (JSON Pointer) is the place in it, the message says what is wrong there."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class Step:
    """Housekeeping brought the room `to` a status, so many hours ago."""

    to: str
    hours_ago: float
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RoomPlan:
    """A room that differs. Without `steps` it has `status`, if that is said, since `hours_ago`."""

    place: str
    number: int
    kind: str | None = None
    status: str | None = None
    hours_ago: float = 1.0
    steps: tuple[Step, ...] = ()
    note: str | None = None
    priority: str | None = None
    turnover_notes: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Stay:
    """A booking. `arrives` counts days from today; names left out make the party incomplete; hours are hours ago."""

    place: str
    guests: tuple[str, ...]
    arrives: int
    nights: int
    room: int | None = None
    phase: str = "expected"
    id: str | None = None
    adults: int = 1
    children: int = 0
    came: float | None = None
    left: float = _LEFT_HOURS_AGO
    wish: str | None = None
    company: str | None = None
    email: str | None = ""
    internal_notes: str | None = None
    chat: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    walk_ins: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """The status it is booked with."""
        return _STATUS_OF_PHASE.get(self.phase, self.phase.upper())

    @property
    def stays(self) -> bool:
        """Whether its guests have come."""
        return self.phase in ("in_house", "departed")


@dataclass(frozen=True, slots=True)
class Orphans:
    """Guests in a room who belong to no booking."""

    place: str
    room: int
    guests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DayTime:
    """A clock that begins today at a local time of the hotel."""

    at: time
    rate: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """`name` is what a person calls it by; `clock` is null for real time, or whatever else the server was told."""

    name: str
    title: str
    description: str
    hotel: Hotel = GRAND
    clock: ClockSetting | DayTime | None = None
    whole_house: bool = True
    rooms: tuple[RoomPlan, ...] = ()
    stays: tuple[Stay, ...] = ()
    orphans: tuple[Orphans, ...] = ()

    def setting(self, real_time: datetime) -> ClockSetting:
        """What the clock is set to when the hotel begins at `real_time`. Raises: `ClockSettingError`."""
        if not isinstance(self.clock, DayTime):
            return self.clock or REAL_TIME
        zone = ZoneInfo(self.hotel.timezone)
        today = real_time.astimezone(zone).date()
        return ClockSetting(datetime.combine(today, self.clock.at, zone), rate=self.clock.rate)


def scenario_of(name: str, data: Mapping[str, Any]) -> Scenario:
    """A scenario from a document that keeps its schema. Raises: `ScenarioError` for what contradicts itself."""
    return Scenario(
        name=name,
        title=data["title"],
        description=data["description"],
        hotel=_hotel(data.get("hotel", {})),
        clock=_clock(data["clock"]) if "clock" in data else None,
        whole_house=data.get("house", "demo") == "demo",
        rooms=_rooms(data.get("rooms", [])),
        stays=tuple(_stay(f"/bookings/{i}", item) for i, item in enumerate(data.get("bookings", []))),
        orphans=tuple(
            Orphans(f"/orphans/{i}", item["room"], tuple(item["guests"]))
            for i, item in enumerate(data.get("orphans", []))
        ),
    )


def _hotel(data: Mapping[str, Any]) -> Hotel:
    hotel = replace(GRAND, **data)
    try:
        ArrivalPolicy(
            hotel.timezone, hotel.check_in_time, hotel.early_checkin_from, hotel.late_arrival_cutoff
        )
    except ValueError as error:
        raise ScenarioError("/hotel", f"{error}.") from None
    return hotel


def _clock(text: str) -> ClockSetting | DayTime:
    if found := _OF_TODAY.fullmatch(text):
        if found[1] and found[4]:
            raise ScenarioError("/clock", "A frozen clock has no rate.")
        rate = 0.0 if found[1] else float(found[4] or 1)
        return DayTime(time(int(found[2]), int(found[3])), rate)
    try:
        return parse_clock(text)
    except ClockSettingError as error:
        raise ScenarioError("/clock", f"{error} A time of today is written 08:30.") from None


def _rooms(items: Sequence[Mapping[str, Any]]) -> tuple[RoomPlan, ...]:
    counts = Counter(item["number"] for item in items)
    for index, item in enumerate(items):
        if counts[item["number"]] > 1:
            raise ScenarioError(f"/rooms/{index}/number", f"Room {item['number']} is listed twice.")
        hours = [step["hours_ago"] for step in item.get("steps", [])]
        if hours != sorted(hours, reverse=True):
            raise ScenarioError(
                f"/rooms/{index}/steps", "Steps are listed as they happened, the oldest first."
            )
    return tuple(
        RoomPlan(
            place=f"/rooms/{index}",
            number=item["number"],
            kind=item.get("type"),
            status=item.get("status"),
            hours_ago=item.get("hours_ago", 1.0),
            steps=tuple(
                Step(step["to"], step["hours_ago"], step.get("note")) for step in item.get("steps", [])
            ),
            note=item.get("note"),
            priority=item.get("priority"),
            turnover_notes=item.get("turnover_notes"),
            active=item.get("active", True),
        )
        for index, item in enumerate(items)
    )


def _stay(place: str, item: Mapping[str, Any]) -> Stay:
    guests, children = tuple(item["guests"]), item.get("children", 0)
    adults = item.get("adults", max(1, len(guests) - children))
    if len(guests) > adults + children:
        raise ScenarioError(
            f"{place}/guests", f"There are {len(guests)} names for {adults + children} guests."
        )
    stay = Stay(
        place=place,
        guests=guests,
        adults=adults,
        children=children,
        came=item.get("came_hours_ago"),
        left=item.get("left_hours_ago", _LEFT_HOURS_AGO),
        chat=tuple(item.get("chat", ())),
        orders=tuple(item.get("orders", ())),
        walk_ins=tuple(item.get("walk_ins", ())),
        **{
            key: item[key]
            for key in (
                "arrives", "nights", "room", "phase", "id", "wish", "company", "email", "internal_notes",
            )
            if key in item
        },
    )  # fmt: skip
    _check(stay, item)
    return stay


def _check(stay: Stay, item: Mapping[str, Any]) -> None:
    """What a phase brings with it."""
    if stay.stays and stay.room is None:
        raise ScenarioError(stay.place, f"A booking that is {stay.phase} needs the room its guests have had.")
    if not stay.stays and "came_hours_ago" in item:
        raise ScenarioError(
            f"{stay.place}/came_hours_ago", f"The guests of a {stay.phase} booking have not come."
        )
    if stay.phase != "departed" and "left_hours_ago" in item:
        raise ScenarioError(
            f"{stay.place}/left_hours_ago", "Only the guests of a departed booking have left."
        )
    for key in ("chat", "orders", "walk_ins"):
        if item.get(key) and stay.phase != "in_house":
            raise ScenarioError(f"{stay.place}/{key}", f"Only a booking that is in_house has {key}.")
