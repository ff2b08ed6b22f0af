"""The demo hotel: a day like any other, made by the operations themselves so that it cannot drift from them.

`demo` lays the tables of `simulator.demo_data` out around a given time and runs the check-ins, check-outs and
housekeeping of the last days through `decide`. The same time gives the same rows, tokens included.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulator.commands import Actor, CheckIn, CheckOut, Command, SetRoomStatus
from simulator.decide import decide
from simulator.demo_data import (
    FRONT_DESK,
    GRAND,
    HOUSEKEEPING,
    MANAGER,
    OTHER,
    OTHER_STAYS,
    OUTSIDER,
    ROOM_TYPES,
    STAYS,
    Stay,
    rooms,
)
from simulator.ids import SeededIds
from simulator.tokens import PURPOSE, SCOPES, expires_at, token_hash
from simulator.world import (
    Booking,
    Conversation,
    GuestToken,
    Hotel,
    Order,
    PartyMember,
    Put,
    Room,
    RoomMessage,
    Row,
    World,
)

_SEED = "demo"
_CHILD_RATE, _ADULT_RATE = 35, 95


@dataclass(frozen=True, slots=True)
class Demo:
    """The rows of the demo, and the raw guest tokens that open it: in a demo they may be known, by booking id."""

    rows: tuple[Row, ...]
    guest_tokens: Mapping[str, str]


def demo_world(now: datetime) -> tuple[Row, ...]:
    """The rows of the demo at `now` (a time with a zone)."""
    return demo(now).rows


def demo(now: datetime) -> Demo:
    """The demo at `now`: hotels `grand-demo` (id 1) and `other-demo` (id 2)."""
    builder = _Builder(now)
    builder.lay_out(GRAND, STAYS, first=1)
    builder.lay_out(OTHER, OTHER_STAYS, first=901)
    for when, actor, command in sorted(builder.plan(), key=lambda item: item[0]):
        builder.run(when, actor, command)
    builder.settle_in()
    return Demo(tuple(builder.world.rows()), dict(builder.guest_tokens))


class _Builder:
    """Lays rows out and runs operations on them; used once."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC).replace(microsecond=0)
        self._ids = SeededIds(_SEED)
        self._stays: dict[str, Stay] = {}
        self.guest_tokens: dict[str, str] = {}
        self.world = World.of((GRAND, OTHER, *ROOM_TYPES, *(self._fresh(room) for room in rooms())))

    def lay_out(self, hotel: Hotel, stays: tuple[Stay, ...], first: int) -> None:
        """Write the bookings and parties of a hotel; ids count from `first`."""
        today = self._now.astimezone(ZoneInfo(hotel.timezone)).date()
        numbers = {room.room_number: room for room in self.world.rooms.values() if room.hotel_id == hotel.id}
        for number, stay in enumerate(stays, start=first):
            room = None if stay.room_number is None else numbers[stay.room_number]
            booking = self._booking(hotel, stay, number, today, room)
            self._stays[booking.booking_id] = stay
            rows: list[Row] = [booking, *self._party(booking, stay), *self._first_token(hotel, booking)]
            self.world = self.world.apply(Put(row) for row in rows)

    def plan(self) -> Iterator[tuple[datetime, Actor, Command]]:
        """What staff did until now: (when, who, what)."""
        for booking in self.world.bookings.values():
            stay, hotel = self._stays[booking.booking_id], self.world.hotels[booking.hotel_id]
            actor = FRONT_DESK if hotel is GRAND else OUTSIDER
            if booking.status == "CONFIRMED" and stay.arrives < 0:
                arrival = _local(hotel, booking.check_in, time(15, 30))
                yield arrival, actor, CheckIn(hotel.slug, booking.booking_id)
                if stay.left is not None:
                    yield self._ago(hours=stay.left), actor, CheckOut(hotel.slug, booking.booking_id)
        yield self._ago(45), HOUSEKEEPING, self._status(101, "CLEANING_IN_PROGRESS", "startCleaning")
        yield self._ago(44), HOUSEKEEPING, self._status(101, "CLEANED_UNINSPECTED", "markCleaned")
        yield self._ago(43), HOUSEKEEPING, self._status(101, "READY_FOR_GUEST", "inspectRoom")
        yield self._ago(3), HOUSEKEEPING, self._status(303, "CLEANING_IN_PROGRESS", "startCleaning")
        yield self._ago(1), HOUSEKEEPING, self._status(303, "CLEANED_UNINSPECTED", "markCleaned")
        yield self._ago(1), HOUSEKEEPING, self._status(205, "CLEANING_IN_PROGRESS", "startCleaning")
        leak = self._status(107, "MAINTENANCE_REQUIRED", "markMaintenance")
        yield (
            self._ago(20),
            FRONT_DESK,
            replace(
                leak, maintenance_priority="HIGH", maintenance_notes="The shower leaks into the room below."
            ),
        )
        carpet = self._status(208, "OUT_OF_ORDER", "setRoomStatus")
        yield self._ago(30), MANAGER, replace(carpet, note="The carpet is being replaced.")

    def run(self, when: datetime, actor: Actor, command: Command) -> None:
        decision = decide(self.world, command, actor, when, self._ids)
        if decision.reply.code is not None or not decision.changes:
            raise RuntimeError(f"the demo contradicts itself: {command} was answered {decision.reply.body}")
        self.world = self.world.apply(decision.changes)
        token = decision.reply.body.get("guest_token")
        if isinstance(command, CheckIn) and token is not None:
            self.guest_tokens[command.booking_id] = token
        if isinstance(command, CheckOut):
            self.guest_tokens.pop(command.booking_id, None)

    def settle_in(self) -> None:
        """What guests did since they came, and the mails that went out."""
        rows: list[Row] = []
        for booking in self.world.bookings.values():
            if booking.phase != "in_house" or booking.room_id is None:
                continue
            stay = self._stays[booking.booking_id]
            rows.append(
                replace(self.world.rooms[booking.room_id], guest_fcm_token=f"demo-fcm-{booking.room_id}")
            )
            if stay.chat:
                conversation = Conversation(
                    self._ids.number(Conversation.table), booking.booking_id, booking.room_id
                )
                rows.append(conversation)
                rows.extend(
                    RoomMessage(self._ids.number(RoomMessage.table), conversation.id, booking.room_id, text)
                    for text in stay.chat
                )
            rows.extend(
                Order(self._ids.number(Order.table), booking.booking_id, booking.room_id, kind)
                for kind in stay.orders
            )
        rows.extend(
            replace(job, attempts=1, done_at=job.created_at + timedelta(minutes=1))
            for job in self.world.jobs.values()
        )
        self.world = self.world.apply(Put(row) for row in rows)

    def _ago(self, hours: int) -> datetime:
        return self._now - timedelta(hours=hours)

    def _status(self, room_number: int, to_status: str, operation: str) -> SetRoomStatus:
        room_id = next(
            room.id
            for room in self.world.rooms.values()
            if room.hotel_id == GRAND.id and room.room_number == room_number
        )
        return SetRoomStatus(GRAND.slug, room_id, to_status, operation)

    def _fresh(self, room: Room) -> Room:
        cleaned = self._ago(hours=24 * 6)
        return replace(
            room,
            last_cleaned_at=cleaned,
            cleaned_by_staff_name=HOUSEKEEPING.name,
            last_inspected_at=cleaned + timedelta(hours=1),
            inspected_by_staff_name=MANAGER.name,
        )

    def _booking(self, hotel: Hotel, stay: Stay, number: int, today: date, room: Room | None) -> Booking:
        check_in = today + timedelta(days=stay.arrives)
        booked = _local(hotel, check_in - timedelta(days=14 + number % 9), time(9, 5))
        first_name, _, last_name = stay.party[0].partition(" ")
        unpaid = stay.status in ("PENDING_PAYMENT", "PENDING_APPROVAL")
        nightly = stay.adults * _ADULT_RATE + stay.children * _CHILD_RATE
        return Booking(
            booking_id=f"BK-{today.year}-{number:04d}",
            hotel_id=hotel.id,
            room_id=None if room is None else room.id,
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
            booker_email=_email(stay.party[0]),
            booker_phone=f"+353 1 555 {number:04d}",
            special_requests=stay.wish,
            payment_reference=None if unpaid else f"pi_demo_{number:04d}",
            payment_provider=None if unpaid else "stripe",
            paid_at=None if unpaid else booked + timedelta(minutes=3),
        )

    def _party(self, booking: Booking, stay: Stay) -> Iterator[PartyMember]:
        for position, name in enumerate(stay.party):
            first_name, _, last_name = name.partition(" ")
            yield PartyMember(
                id=self._ids.number(PartyMember.table),
                booking_id=booking.booking_id,
                role="COMPANION" if position else "PRIMARY",
                first_name=first_name,
                last_name=last_name,
                email=None if position else _email(name),
                phone=None if position else booking.booker_phone,
                is_staying=True,
                created_at=booking.created_at,
            )

    def _first_token(self, hotel: Hotel, booking: Booking) -> Iterator[GuestToken]:
        """The link in the confirmation mail of a booking that is still to come or has come."""
        if booking.status != "CONFIRMED":
            return
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


def _local(hotel: Hotel, day: date, at: time) -> datetime:
    return datetime.combine(day, at, ZoneInfo(hotel.timezone)).astimezone(UTC)


def _email(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return f"{plain.replace(' ', '.')}@example.com"
