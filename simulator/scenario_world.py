"""From a scenario to a hotel: its bookings are laid out around a day, and the operations themselves bring the stays about.

Nothing is written that an operation would not have written, so a scenario cannot drift from them; what cannot be is refused
with the place in the scenario. The same scenario and the same time give the same rows, tokens included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulator.commands import Actor, CheckIn, CheckOut, Command, SetRoomStatus
from simulator.decide import decide
from simulator.demo_data import (
    FRONT_DESK,
    HOUSEKEEPING,
    MANAGER,
    OTHER,
    OUTSIDER,
    ROOM_TYPES,
    house,
    other_rooms,
    room_of,
)
from simulator.elsewhere import OTHER_STAYS
from simulator.ids import SeededIds
from simulator.scenario import RoomPlan, Scenario, ScenarioError, Stay, Step
from simulator.scenario_rows import booking_row, local_time, party_rows
from simulator.tokens import PURPOSE, SCOPES, expires_at, token_hash
from simulator.world import (
    AuditRow,
    Booking,
    Conversation,
    Guest,
    GuestToken,
    Hotel,
    Order,
    Put,
    Room,
    RoomMessage,
    Row,
    World,
)

_FIRST_OF_OTHER = 901
_READY, _DIRTY, _OCCUPIED = "READY_FOR_GUEST", "CHECKOUT_DIRTY", "OCCUPIED"
_ROUND = (_DIRTY, "CLEANING_IN_PROGRESS", "CLEANED_UNINSPECTED", _READY)
"""The way of a room through housekeeping."""
_OPERATIONS = {
    "CLEANING_IN_PROGRESS": "startCleaning",
    "CLEANED_UNINSPECTED": "markCleaned",
    _READY: "inspectRoom",
    "MAINTENANCE_REQUIRED": "markMaintenance",
}


@dataclass(frozen=True, slots=True)
class Built:
    """The rows of a scenario, and the raw guest tokens that open it by booking id: in a made hotel they may be known."""

    rows: tuple[Row, ...]
    guest_tokens: Mapping[str, str]


def build(scenario: Scenario, now: datetime) -> Built:
    """The hotel of the scenario at `now` (a time with a zone), beside hotel `other-demo`.

    Raises: `ScenarioError` with the place of what cannot be.
    """
    builder = _Builder(scenario, now)
    builder.lay_out(scenario.hotel, scenario.stays, first=1)
    builder.lay_out(OTHER, OTHER_STAYS, first=_FIRST_OF_OTHER)
    for deed in sorted(builder.plan(), key=lambda deed: deed.when):
        builder.run(deed)
    builder.settle_in()
    return Built(tuple(builder.world.rows()), dict(builder.guest_tokens))


class _Ids(SeededIds):
    """A token follows from its booking and not from what was made before it."""

    def __init__(self, seed: str) -> None:
        super().__init__(seed)
        self.booking_id = ""

    def guest_token(self) -> str:
        return SeededIds(f"{self._seed}/{self.booking_id}/{self.nth()}").guest_token()

    def nth(self) -> int:
        self._draws[self.booking_id] += 1
        return self._draws[self.booking_id]


@dataclass(frozen=True, slots=True)
class _Deed:
    """Somebody did something; `place` is what in the scenario says so."""

    when: datetime
    actor: Actor
    command: Command
    place: str


class _Builder:
    """Lays rows out and runs operations on them; used once."""

    def __init__(self, scenario: Scenario, now: datetime) -> None:
        self._scenario = scenario
        self._now = now.astimezone(UTC).replace(microsecond=0)
        self._ids = _Ids(scenario.name)
        self._stays: dict[str, Stay] = {}
        self.guest_tokens: dict[str, str] = {}
        plans = {plan.number: plan for plan in scenario.rooms}
        rooms = {room.room_number: room for room in house()} if scenario.whole_house else {}
        lived_in = {stay.room for stay in scenario.stays if stay.stays}
        for plan in scenario.rooms:
            # Nobody of this scenario has left it, so somebody from before its books did.
            before = plan.number not in lived_in and _first_status(plan) in _ROUND[:-1]
            rooms[plan.number] = _planned(plan, _DIRTY if before else _READY)
        key = 0
        numbered: list[Room] = []
        for key, number in enumerate(sorted(rooms), start=1):
            numbered.append(replace(self._fresh(rooms[number]), id=key))
        numbered += [
            replace(self._fresh(room), id=key + door) for door, room in enumerate(other_rooms(), start=1)
        ]
        self._plans = plans
        self._numbers = {(room.hotel_id, room.room_number): room.id for room in numbered}
        self.world = World.of((scenario.hotel, OTHER, *ROOM_TYPES, *numbered))

    def lay_out(self, hotel: Hotel, stays: tuple[Stay, ...], first: int) -> None:
        """Write the bookings and parties of a hotel; ids count from `first`."""
        today = self._now.astimezone(ZoneInfo(hotel.timezone)).date()
        for number, stay in enumerate(stays, start=first):
            room_id = None if stay.room is None else self._room_id(hotel, stay.room, f"{stay.place}/room")
            booking = replace(booking_row(hotel, stay, number, today, self._ago(hours=24)), room_id=room_id)
            if booking.booking_id in self._stays:
                raise ScenarioError(f"{stay.place}/id", f"There are two bookings {booking.booking_id}.")
            self._stays[booking.booking_id] = stay
            rows: list[Row] = [
                booking,
                *party_rows(booking, stay, self._ids),
                *self._first_token(hotel, booking),
            ]
            self.world = self.world.apply(Put(row) for row in rows)

    def plan(self) -> Iterator[_Deed]:
        """What staff did until now."""
        left_as: dict[int, str] = {}
        for booking in self.world.bookings.values():
            stay, hotel = self._stays[booking.booking_id], self.world.hotels[booking.hotel_id]
            actor = OUTSIDER if hotel is OTHER else FRONT_DESK
            if not stay.stays or booking.room_id is None:
                continue
            came = self._came(hotel, booking, stay)
            yield _Deed(came, actor, CheckIn(hotel.slug, booking.booking_id), stay.place)
            if stay.phase == "departed":
                left = self._ago(stay.left)
                yield _Deed(left, actor, CheckOut(hotel.slug, booking.booking_id), stay.place)
                left_as.setdefault(booking.room_id, _DIRTY)
            else:
                left_as[booking.room_id] = _OCCUPIED
        for plan in self._plans.values():
            room_id = self._numbers[self._scenario.hotel.id, plan.number]
            yield from self._housekeeping(plan, room_id, left_as.get(room_id, _READY))

    def run(self, deed: _Deed) -> None:
        """Carry it out. Raises: `ScenarioError` with what the operation says against it."""
        command = deed.command
        if deed.when > self._now:
            raise ScenarioError(deed.place, _told(command, deed.when, "it lies in the future"))
        if isinstance(command, CheckIn | CheckOut):
            self._ids.booking_id = command.booking_id
        decision = decide(self.world, command, deed.actor, deed.when, self._ids)
        if decision.reply.code is not None or not decision.changes:
            raise ScenarioError(deed.place, _told(command, deed.when, _why(decision.reply.code)))
        self.world = self.world.apply(decision.changes)
        if isinstance(command, CheckIn):
            self.guest_tokens[command.booking_id] = decision.reply.body["guest_token"]
        if isinstance(command, CheckOut):
            self.guest_tokens.pop(command.booking_id, None)

    def settle_in(self) -> None:
        """What guests did since they came, who came without a booking, and the mails that went out."""
        rows: list[Row] = []
        for booking in self.world.bookings.values():
            if booking.phase == "in_house" and booking.room_id is not None:
                rows.extend(self._traces(booking, booking.room_id, self._stays[booking.booking_id]))
        for orphans in self._scenario.orphans:
            room_id = self._room_id(self._scenario.hotel, orphans.room, f"{orphans.place}/room")
            stay = self.world.in_house_booking_of(room_id)
            if stay is None:
                raise ScenarioError(f"{orphans.place}/room", f"Nobody is in house in room {orphans.room}.")
            rows.extend(
                replace(self._walk_in(stay, room_id, name), booking_id=None) for name in orphans.guests
            )
        rows.extend(
            replace(job, attempts=1, done_at=job.created_at + timedelta(minutes=1))
            for job in self.world.jobs.values()
        )
        self.world = self.world.apply(Put(row) for row in rows)

    def _traces(self, booking: Booking, room_id: int, stay: Stay) -> Iterator[Row]:
        yield replace(self.world.rooms[room_id], guest_fcm_token=f"demo-fcm-{room_id}")
        if stay.chat:
            talk = Conversation(self._ids.number(Conversation.table), booking.booking_id, room_id)
            yield talk
            for text in stay.chat:
                yield RoomMessage(self._ids.number(RoomMessage.table), talk.id, room_id, text)
        for kind in stay.orders:
            yield Order(self._ids.number(Order.table), booking.booking_id, room_id, kind)
        for name in stay.walk_ins:
            yield self._walk_in(booking, room_id, name)

    def _walk_in(self, booking: Booking, room_id: int, name: str) -> Guest:
        first_name, _, last_name = name.partition(" ")
        return Guest(
            id=self._ids.number(Guest.table),
            hotel_id=booking.hotel_id,
            booking_id=booking.booking_id,
            room_id=room_id,
            party_member_id=None,
            primary_guest_id=None,
            guest_type="WALKIN",
            first_name=first_name,
            last_name=last_name,
            id_pin=self._ids.id_pin(),
            check_in_date=booking.check_in,
            check_out_date=booking.check_out,
        )

    def _housekeeping(self, plan: RoomPlan, room_id: int, status: str) -> Iterator[_Deed]:
        """The steps of a room that stays have left in `status`."""
        steps = plan.steps or self._way(plan, status)
        if not steps:
            return
        if status == _OCCUPIED and not plan.steps:
            raise ScenarioError(plan.place, f"Room {plan.number} is occupied by a booking that is in house.")
        if self.world.rooms[room_id].room_status == _DIRTY:
            yet = 0 if steps[0].to == _DIRTY else 1
            self._left_long_ago(room_id, self._ago(steps[0].hours_ago + yet))
            steps = steps[1 - yet :]
        for step in steps:
            operation = _OPERATIONS.get(step.to, "setRoomStatus")
            flags = operation == "markMaintenance"
            command = SetRoomStatus(
                self._scenario.hotel.slug,
                room_id,
                step.to,
                operation,
                note=step.note or (None if flags else plan.note),
                maintenance_priority=(plan.priority or "MED") if flags else None,
                maintenance_notes=plan.note if flags else None,
            )
            actor = MANAGER if operation == "setRoomStatus" else FRONT_DESK if flags else HOUSEKEEPING
            yield _Deed(self._ago(step.hours_ago), actor, command, plan.place)

    def _way(self, plan: RoomPlan, status: str) -> tuple[Step, ...]:
        """How a room gets from `status` to that of the plan, the last step at its hour and those before it an hour earlier each."""
        if plan.status is None or plan.status == status:
            return ()
        if plan.status not in _ROUND:
            return (Step(plan.status, plan.hours_ago),)
        begins = 1 if status == _DIRTY else 0
        way = _ROUND[begins : _ROUND.index(plan.status) + 1]
        if status == _DIRTY:  # it was left a while ago, and everything has happened since
            return tuple(Step(to, plan.hours_ago) for to in way)
        return tuple(Step(to, plan.hours_ago + len(way) - 1 - i) for i, to in enumerate(way))

    def _left_long_ago(self, room_id: int, when: datetime) -> None:
        """The trail of a room that somebody left before the books of this hotel begin."""
        row = AuditRow(
            id=self._ids.number(AuditRow.table),
            room_id=room_id,
            from_status=_OCCUPIED,
            to_status=_DIRTY,
            changed_by=None,
            changed_by_name=None,
            source="SYSTEM",
            note="from before the books of this hotel",
            created_at=when,
        )
        self.world = self.world.apply([Put(row)])

    def _came(self, hotel: Hotel, booking: Booking, stay: Stay) -> datetime:
        if stay.came is not None:
            return self._ago(stay.came)
        if stay.arrives == 0:
            return self._ago(stay.left + 1 if stay.phase == "departed" else 1)
        opens = max(time(15, 30), time.fromisoformat(hotel.early_checkin_from))
        return local_time(hotel, booking.check_in, opens)

    def _ago(self, hours: float) -> datetime:
        return self._now - timedelta(hours=hours)

    def _room_id(self, hotel: Hotel, number: int, place: str) -> int:
        found = self._numbers.get((hotel.id, number))
        if found is None:
            raise ScenarioError(place, f"There is no room {number} in this hotel.")
        return found

    def _fresh(self, room: Room) -> Room:
        cleaned = self._ago(hours=24 * 6)
        return replace(
            room,
            last_cleaned_at=cleaned,
            cleaned_by_staff_name=HOUSEKEEPING.name,
            last_inspected_at=cleaned + timedelta(hours=1),
            inspected_by_staff_name=MANAGER.name,
        )

    def _first_token(self, hotel: Hotel, booking: Booking) -> Iterator[GuestToken]:
        """The link in the confirmation mail of a booking that is still to come or has come."""
        if booking.status != "CONFIRMED":
            return
        self._ids.booking_id = booking.booking_id
        raw = self._ids.guest_token()
        self.guest_tokens[booking.booking_id] = raw
        yield GuestToken(
            id=self._ids.number(GuestToken.table),
            booking_id=booking.booking_id,
            token_hash=token_hash(raw),
            purpose=PURPOSE,
            scopes=SCOPES[:1],
            status="ACTIVE",
            created_at=booking.created_at,
            expires_at=expires_at(hotel, booking),
        )


def _first_status(plan: RoomPlan) -> str | None:
    return plan.steps[0].to if plan.steps else plan.status


def _planned(plan: RoomPlan, status: str) -> Room:
    room = room_of(plan.number, plan.kind, status)
    return replace(room, is_active=plan.active, turnover_notes=plan.turnover_notes)


def _why(code: str | None) -> str:
    return "nothing would change" if code is None else f"the hotel refuses it with {code}"


def _told(command: Command, when: datetime, why: str) -> str:
    what = {CheckIn: "check-in", CheckOut: "check-out"}.get(type(command))
    if isinstance(command, SetRoomStatus):
        what = f"step to {command.to_status}"
    return f"The {what} at {when:%Y-%m-%d %H:%M} UTC cannot be: {why}."
