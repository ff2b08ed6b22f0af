"""The hands that arrange: rooms, bookings, guests and tokens of one run, written through one transaction."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contract.arrival import ArrivalPolicy, default_policy
from contract.lifecycle import room_lifecycle
from reference_server.access import hash_token
from reference_server.control import runs
from reference_server.store import Transaction
from reference_server.store.slices import slice_for
from simulator.commands import Actor, CheckIn, CheckOut, Command, SetRoomStatus
from simulator.decide import decide
from simulator.world import AuditRow, Booking, Guest, GuestToken, Hotel, PartyMember, Put, Room, RoomType, Row

_FIRST = ("Aoife", "Bram", "Chiara", "Darragh", "Elif", "Femke", "Goran", "Hanna", "Ivo", "Jana")
_LAST = ("Byrne", "de Vries", "Esposito", "Fitzgerald", "Kaya", "Lund", "Murphy", "Novak", "O'Neill", "Silva")
# Before this hour of UTC it is still yesterday twelve hours west of it; from it on it is tomorrow fourteen hours east.
_FORENOON = 11
_TOKEN_LIFE = timedelta(days=30)
_READY = "READY_FOR_GUEST"


@dataclass(frozen=True, slots=True)
class Stage:
    """Arranges for `run`, in `hotel`, as of `now`. `tokens` keeps the raw token of each booking until it is bound."""

    tx: Transaction
    run: str
    hotel: Hotel
    other_hotel: Hotel
    now: datetime
    names: random.Random
    tokens: dict[str, str] = field(default_factory=dict, repr=False)

    def put(self, *rows: Row) -> None:
        runs.add(self.tx, self.run, rows)

    def number(self, table: str) -> int:
        return self.tx.number(table)

    def in_other_hotel(self) -> Stage:
        return replace(self, hotel=self.other_hotel)

    def at_hour(self, hour: int) -> Stage:
        """A hotel of the run's own, with the contract's default policy, in a zone where it is `hour` o'clock now."""
        zone = next(z for z in _whole_hour_zones() if self.now.astimezone(ZoneInfo(z)).hour == hour)
        return self._in_zone(f"hour-{hour}-{self.run}", default_policy(), zone)

    def on_another_date(self) -> Stage:
        """A hotel of the run's own whose window is open on the day it is there, and nowhere near it: another than in UTC."""
        zone = "Etc/GMT+12" if self.now.hour < _FORENOON else "Etc/GMT-14"
        policy = replace(default_policy(), early_checkin_from="00:00", late_arrival_cutoff="00:00")
        return self._in_zone(f"other-date-{self.run}", policy, zone)

    def _in_zone(self, slug: str, policy: ArrivalPolicy, zone: str) -> Stage:
        """A hotel in a zone. The staff of this hotel work there too."""
        hotel = self.tx.one(Hotel, "hotel_by_slug", slug=slug)
        if hotel is None:
            hotel = Hotel(
                id=self.number("hotels"),
                slug=slug,
                name="Elsewhere",
                phone=None,
                timezone=zone,
                check_in_time=policy.check_in_time,
                early_checkin_from=policy.early_checkin_from,
                late_arrival_cutoff=policy.late_arrival_cutoff,
            )
            kind = RoomType(self.number("room_types"), hotel.id, "Double", max_occupancy=6, capacity=6)
            self.put(hotel, kind)
            for (staff_id,) in self.tx.tuples("staff_of_hotel", hotel_id=self.hotel.id):
                self.tx.run("add_staff_hotel", staff_id=staff_id, hotel_id=hotel.id)
        return replace(self, hotel=hotel)

    def room(self, **fields: Any) -> Room:
        """A new room, READY_FOR_GUEST unless told otherwise, with the flags its status brings."""
        kinds = self.tx.all(RoomType, "room_types_of_hotel", hotel_id=self.hotel.id)
        status = fields.pop("room_status", _READY)
        came = next((t for t in room_lifecycle().transitions() if t.target == status), None)
        assert came is not None
        flags = {} if status == _READY else dict(room_lifecycle().step(came.source, status).sets)
        room = Room(
            id=self.number("rooms"),
            hotel_id=self.hotel.id,
            room_number=self.number("room_numbers"),
            room_type_id=max(kinds, key=lambda kind: kind.capacity).id,
            room_status=status,
            **{**flags, **fields},
        )
        self.put(room)
        if status != _READY:
            # The trail says how the room came here, so that the chain of audit rows holds from its first row.
            self.put(
                AuditRow(
                    self.number("room_status_events"),
                    room.id,
                    came.source,
                    status,
                    changed_by=None,
                    changed_by_name=None,
                    source="SYSTEM",
                    note="arranged",
                    created_at=self.now - timedelta(days=3),
                )
            )
        return room

    def booking(
        self,
        *,
        room_id: int | None,
        party_size: int = 2,
        unnamed: int = 0,
        not_staying: int = 0,
        status: str = "CONFIRMED",
        days_ago: int = 0,
        nights: int = 2,
        booker_email: str = "guest@example.com",
    ) -> Booking:
        """A new booking that arrives `days_ago` days ago (negative: ahead), with its party and an active guest token."""
        today = self.now.astimezone(ZoneInfo(self.hotel.timezone)).date()
        arrival = today - timedelta(days=days_ago)
        number = self.number("bookings")
        made = self.now - timedelta(days=30)
        first, last = self.names.choice(_FIRST), self.names.choice(_LAST)
        booking = Booking(
            booking_id=f"SC-{self.run}-{number:05d}",
            hotel_id=self.hotel.id,
            room_id=room_id,
            confirmation_number=f"C{number:07d}",
            status=status,
            check_in=arrival,
            check_out=arrival + timedelta(days=max(nights, days_ago + 1)),
            adults=party_size,
            children=0,
            total_amount=f"{120 * nights}.00",
            currency="EUR",
            created_at=made,
            updated_at=made,
            booker_first_name=first,
            booker_last_name=last,
            booker_email=booker_email,
            booker_phone="+353 1 555 0100",
            payment_reference=f"pi_{number:08d}",
            payment_provider="stripe",
            paid_at=made,
            internal_notes="arranged by a run of the conformance suite",
        )
        self.put(booking)
        for index in range(party_size + not_staying):
            named = index < party_size - unnamed or index >= party_size
            self.put(
                PartyMember(
                    id=self.number("party_members"),
                    booking_id=booking.booking_id,
                    role="PRIMARY" if index == 0 else "COMPANION",
                    first_name=(first if index == 0 else self.names.choice(_FIRST)) if named else "",
                    last_name=last if named else "",
                    email=f"guest{index}@example.com" if named else None,
                    phone=None,
                    is_staying=index < party_size,
                    created_at=made,
                )
            )
        self._give_token(booking)
        return booking

    def more_tokens(self, booking: Booking, count: int) -> None:
        """Further active guest tokens; the one that is named stays the first."""
        named = self.tokens[booking.booking_id]
        for _ in range(count):
            self._give_token(booking)
        self.tokens[booking.booking_id] = named

    def _give_token(self, booking: Booking) -> None:
        raw = self.tx.guest_token()
        self.tokens[booking.booking_id] = raw
        self.put(
            GuestToken(
                id=self.number("guest_tokens"),
                booking_id=booking.booking_id,
                token_hash=hash_token(raw),
                purpose="PRE_ARRIVAL",
                scopes=("STATUS_READ",),
                status="ACTIVE",
                created_at=self.now - timedelta(days=2),
                expires_at=self.now + _TOKEN_LIFE,
            )
        )

    def guest(self, booking: Booking, room: Room, *, guest_type: str) -> Guest:
        """A guest record beside the party."""
        guest = Guest(
            id=self.number("guests"),
            hotel_id=self.hotel.id,
            booking_id=booking.booking_id,
            room_id=room.id,
            party_member_id=None,
            primary_guest_id=None,
            guest_type=guest_type,
            first_name=self.names.choice(_FIRST),
            last_name=self.names.choice(_LAST),
            id_pin=self.tx.id_pin(),
            check_in_date=booking.check_in,
            check_out_date=booking.check_out,
        )
        self.put(guest)
        return guest

    def known_guests(self, booking: Booking) -> None:
        """A guest record for every member of the party, in no room yet."""
        primary: int | None = None
        for member in self.tx.all(PartyMember, "party_of_booking", booking_id=booking.booking_id):
            guest = Guest(
                id=self.number("guests"),
                hotel_id=self.hotel.id,
                booking_id=booking.booking_id,
                room_id=None,
                party_member_id=member.id,
                primary_guest_id=primary,
                guest_type=member.role,
                first_name=member.first_name,
                last_name=member.last_name,
                id_pin=self.tx.id_pin(),
                check_in_date=booking.check_in,
                check_out_date=booking.check_out,
            )
            primary = primary or guest.id
            self.put(guest)

    def check_in(self, booking: Booking) -> tuple[Booking, Room]:
        """Bring a booking into the house at 16:00 of its arrival day, with a push token on the room."""
        arrived = datetime(
            booking.check_in.year,
            booking.check_in.month,
            booking.check_in.day,
            16,
            tzinfo=ZoneInfo(self.hotel.timezone),
        ).astimezone(UTC)
        body = self._carry_out(CheckIn(self.hotel.slug, booking.booking_id), arrived)
        self.tokens[booking.booking_id] = body["guest_token"]
        found = self.booking_by_id(booking.booking_id)
        assert found.room_id is not None
        room = replace(self.room_by_id(found.room_id), guest_fcm_token=f"fcm-{self.tx.event_id()}")
        self.put(room)
        return found, room

    def check_out(self, booking: Booking) -> tuple[Booking, Room]:
        """Let a booking leave an hour ago."""
        self._carry_out(CheckOut(self.hotel.slug, booking.booking_id), self.now - timedelta(hours=1))
        found = self.booking_by_id(booking.booking_id)
        assert found.room_id is not None
        return found, self.room_by_id(found.room_id)

    def made_ready(self, room: Room) -> Room:
        """Make a room that was left ready again, half an hour ago."""
        command = SetRoomStatus(self.hotel.slug, room.id, _READY, "setRoomStatus")
        self._carry_out(command, self.now - timedelta(minutes=30))
        return self.room_by_id(room.id)

    def _carry_out(self, command: Command, when: datetime) -> Mapping[str, Any]:
        actor = Actor(1, "Maeve Manager", "manager", frozenset({self.hotel.id}))
        decision = decide(slice_for(self.tx, command), command, actor, when, self.tx)
        assert decision.reply.code is None, f"arranging failed: {decision.reply.body}"
        # No mails of the past: the job of an arranged check-out is left out like its events.
        self.tx.write(c for c in decision.changes if not (isinstance(c, Put) and c.row.table == "jobs"))
        return decision.reply.body

    def booking_by_id(self, booking_id: str) -> Booking:
        found = self.tx.one(Booking, "booking_by_id", booking_id=booking_id)
        assert found is not None
        return found

    def room_by_id(self, room_id: int) -> Room:
        found = self.tx.one(Room, "room_by_id", id=room_id)
        assert found is not None
        return found

    def guests_of(self, booking_id: str) -> list[Guest]:
        return self.tx.all(Guest, "guests_of_booking", booking_id=booking_id)

    def bindings(self, booking: Booking, room: Room | None, free: Room | None = None) -> dict[str, Any]:
        """What the suite needs to know, in the words of provider_states.yaml."""
        bound: dict[str, Any] = {
            "hotel_slug": self.hotel.slug,
            "hotel_id": self.hotel.id,
            "booking_id": booking.booking_id,
            "guest_token": self.tokens[booking.booking_id],
        }
        if room is not None:
            bound |= {"room_id": room.id, "room_number": room.room_number}
        if free is not None:
            bound |= {"free_room_id": free.id, "free_room_number": free.room_number}
        return bound


def _whole_hour_zones() -> list[str]:
    """Zones for every hour of the day; Etc/GMT names have their sign turned around."""
    return [f"Etc/GMT{offset:+d}" for offset in range(-11, 13)]
