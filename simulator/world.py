"""The immutable hotel world: one frozen value per row, grouped by table.

A `World` may be a whole chain of hotels or only the slice an operation needs; `decide` cannot tell the difference.
Money is a decimal string, dates and times are `datetime` values with a zone (UTC inside, the hotel's zone at the edge).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypeAlias

Phase = Literal["expected", "in_house", "departed"]
Key: TypeAlias = int | str


@dataclass(frozen=True, slots=True)
class Hotel:
    """A hotel with its arrival policy (contract-facts section 4; local times as HH:MM)."""

    table: ClassVar[str] = "hotels"
    id: int
    slug: str
    name: str
    phone: str | None
    timezone: str
    check_in_time: str
    early_checkin_from: str
    late_arrival_cutoff: str


@dataclass(frozen=True, slots=True)
class RoomType:
    table: ClassVar[str] = "room_types"
    id: int
    hotel_id: int
    name: str
    max_occupancy: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Room:
    table: ClassVar[str] = "rooms"
    id: int
    hotel_id: int
    room_number: int
    room_type_id: int
    room_status: str
    is_occupied: bool = False
    is_active: bool = True
    is_out_of_order: bool = False
    maintenance_required: bool = False
    maintenance_priority: str | None = None
    maintenance_notes: str | None = None
    last_cleaned_at: datetime | None = None
    cleaned_by_staff_name: str | None = None
    last_inspected_at: datetime | None = None
    inspected_by_staff_name: str | None = None
    turnover_notes: str | None = None
    guest_fcm_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Booking:
    table: ClassVar[str] = "bookings"
    booking_id: str
    hotel_id: int
    room_id: int | None
    confirmation_number: str
    status: str
    check_in: date
    check_out: date
    adults: int
    children: int
    total_amount: str
    currency: str
    created_at: datetime
    updated_at: datetime
    booker_type: str = "SELF"
    booker_first_name: str = ""
    booker_last_name: str = ""
    booker_company: str | None = None
    booker_email: str | None = None
    booker_phone: str | None = None
    special_requests: str | None = None
    promo_code: str | None = None
    payment_reference: str | None = None
    payment_provider: str | None = None
    paid_at: datetime | None = None
    checked_in_at: datetime | None = None
    checked_out_at: datetime | None = None
    internal_notes: str | None = None
    precheckin_submitted_at: datetime | None = None
    survey_sent_at: datetime | None = None
    survey_rating: int | None = None
    survey_response: str | None = None

    @property
    def phase(self) -> Phase:
        if self.checked_in_at is None:
            return "expected"
        return "in_house" if self.checked_out_at is None else "departed"


@dataclass(frozen=True, slots=True)
class PartyMember:
    """A person the booking announces (the seed's `BookingGuest`). No name yet means the party is incomplete."""

    table: ClassVar[str] = "party_members"
    id: int
    booking_id: str
    role: str
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    is_staying: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest record: in a room while `room_id` is set; an orphan when `booking_id` is null."""

    table: ClassVar[str] = "guests"
    id: int
    hotel_id: int
    booking_id: str | None
    room_id: int | None
    party_member_id: int | None
    primary_guest_id: int | None
    guest_type: str
    first_name: str
    last_name: str
    id_pin: str
    check_in_date: date
    check_out_date: date


@dataclass(frozen=True, slots=True)
class GuestToken:
    """A `GuestBookingToken`: only the SHA-256 of the raw token is kept."""

    table: ClassVar[str] = "guest_tokens"
    id: int
    booking_id: str
    token_hash: str
    purpose: str
    scopes: tuple[str, ...]
    status: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    revoke_reason: str | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One `RoomStatusEvent`."""

    table: ClassVar[str] = "room_status_events"
    id: int
    room_id: int
    from_status: str
    to_status: str
    changed_by: int | None
    changed_by_name: str | None
    source: str
    note: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Conversation:
    table: ClassVar[str] = "conversations"
    id: int
    booking_id: str
    room_id: int


@dataclass(frozen=True, slots=True)
class RoomMessage:
    table: ClassVar[str] = "room_messages"
    id: int
    conversation_id: int
    room_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Order:
    """A room-service order (`kind` ORDER) or a breakfast order (`kind` BREAKFAST)."""

    table: ClassVar[str] = "orders"
    id: int
    booking_id: str
    room_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class Job:
    """Work after commit that is not an event, such as the survey mail. A failed one stays as a visible record."""

    table: ClassVar[str] = "jobs"
    id: int
    kind: str
    booking_id: str
    created_at: datetime
    attempts: int = 0
    done_at: datetime | None = None
    last_error: str | None = None


Row: TypeAlias = (
    Hotel
    | RoomType
    | Room
    | Booking
    | PartyMember
    | Guest
    | GuestToken
    | AuditRow
    | Conversation
    | RoomMessage
    | Order
    | Job
)

ROW_TYPES: tuple[type[Row], ...] = (
    Hotel,
    RoomType,
    Room,
    Booking,
    PartyMember,
    Guest,
    GuestToken,
    AuditRow,
    Conversation,
    RoomMessage,
    Order,
    Job,
)


def key_of(row: Row) -> Key:
    """The primary key of a row: `booking_id` for a booking, `id` for everything else."""
    return row.booking_id if isinstance(row, Booking) else row.id


@dataclass(frozen=True, slots=True)
class Put:
    """Insert the row, or replace the row with its key."""

    row: Row


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the row of `table` with `key`."""

    table: str
    key: Key


Change: TypeAlias = Put | Delete


def _none() -> Mapping[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class World:
    """Rows by table and key. Never mutated: `apply` answers a new world that shares the untouched tables."""

    hotels: Mapping[int, Hotel] = field(default_factory=_none)
    room_types: Mapping[int, RoomType] = field(default_factory=_none)
    rooms: Mapping[int, Room] = field(default_factory=_none)
    bookings: Mapping[str, Booking] = field(default_factory=_none)
    party_members: Mapping[int, PartyMember] = field(default_factory=_none)
    guests: Mapping[int, Guest] = field(default_factory=_none)
    guest_tokens: Mapping[int, GuestToken] = field(default_factory=_none)
    room_status_events: Mapping[int, AuditRow] = field(default_factory=_none)
    conversations: Mapping[int, Conversation] = field(default_factory=_none)
    room_messages: Mapping[int, RoomMessage] = field(default_factory=_none)
    orders: Mapping[int, Order] = field(default_factory=_none)
    jobs: Mapping[int, Job] = field(default_factory=_none)

    def apply(self, changes: Iterable[Change]) -> World:
        """The world after `changes`, in their order."""
        touched: dict[str, Any] = {}
        for change in changes:
            name = change.row.table if isinstance(change, Put) else change.table
            if name not in touched:
                touched[name] = dict(getattr(self, name))
            if isinstance(change, Put):
                touched[name][key_of(change.row)] = change.row
            else:
                touched[name].pop(change.key, None)
        return replace(self, **touched) if touched else self

    @classmethod
    def of(cls, rows: Iterable[Row]) -> World:
        """A world made of rows."""
        return cls().apply(Put(row) for row in rows)

    def rows(self) -> Iterable[Row]:
        """Every row of every table."""
        for item in fields(self):
            yield from getattr(self, item.name).values()

    def guests_of(self, booking_id: str) -> tuple[Guest, ...]:
        return tuple(g for g in self.guests.values() if g.booking_id == booking_id)

    def guests_in(self, room_id: int) -> tuple[Guest, ...]:
        return tuple(g for g in self.guests.values() if g.room_id == room_id)

    def party_of(self, booking_id: str) -> tuple[PartyMember, ...]:
        return tuple(m for m in self.party_members.values() if m.booking_id == booking_id)

    def tokens_of(self, booking_id: str) -> tuple[GuestToken, ...]:
        return tuple(t for t in self.guest_tokens.values() if t.booking_id == booking_id)

    def in_house_booking_of(self, room_id: int) -> Booking | None:
        """The booking whose stay is in the room now."""
        for booking in self.bookings.values():
            if booking.room_id == room_id and booking.phase == "in_house":
                return booking
        return None
