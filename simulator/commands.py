"""What may be asked of the world, by whom, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from simulator.world import Change

RoleName = Literal["manager", "front_desk", "housekeeping"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A member of staff. `hotel_ids` are the hotels they work in."""

    staff_id: int
    name: str
    role: RoleName
    hotel_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class CheckIn:
    hotel_slug: str
    booking_id: str


@dataclass(frozen=True, slots=True)
class CheckOut:
    hotel_slug: str
    booking_id: str


@dataclass(frozen=True, slots=True)
class AssignRoom:
    hotel_slug: str
    booking_id: str
    room_id: int
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class UnassignRoom:
    hotel_slug: str
    booking_id: str


@dataclass(frozen=True, slots=True)
class MoveRoom:
    hotel_slug: str
    booking_id: str
    to_room_id: int
    reason: str | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class SetRoomStatus:
    """Every housekeeping operation comes down to this: the endpoint fills in the target state and the extras.

    `operation` is the operationId it came through; `override` marks the manager's override, which needs a note.
    """

    hotel_slug: str
    room_id: int
    to_status: str
    operation: str
    note: str | None = None
    source: str | None = None
    override: bool = False
    maintenance_priority: str | None = None
    maintenance_notes: str | None = None


@dataclass(frozen=True, slots=True)
class UseGuestToken:
    """A guest shows a token. `booking_id` is the booking they ask about, null for "whatever the token is for"."""

    token_hash: str
    booking_id: str | None = None
    hotel_slug: str | None = None


Command: TypeAlias = CheckIn | CheckOut | AssignRoom | UnassignRoom | MoveRoom | SetRoomStatus | UseGuestToken


@dataclass(frozen=True, slots=True)
class Event:
    """A realtime event as the outbox keeps it: envelope complete, id made, channel known (law 3)."""

    event_id: str
    channel: str
    name: str
    envelope: Mapping[str, Any]
    room_id: int | None
    booking_id: str | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the caller gets: an HTTP status and a JSON body. `code` is set on a refusal."""

    status: int
    body: Mapping[str, Any]
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What an operation does. A refusal and a repeat have neither changes nor events.

    `notices` are (event, fields) pairs for the log, such as orphans found at check-out.
    """

    reply: Reply
    changes: tuple[Change, ...] = ()
    events: tuple[Event, ...] = ()
    notices: tuple[tuple[str, Mapping[str, Any]], ...] = field(default=())


class Ids(Protocol):
    """Where new identities come from: a seeded source in the simulator, the store in the server."""

    def number(self, table: str) -> int:
        """The next integer key of a table."""

    def event_id(self) -> str:
        """A new event id (a UUID)."""

    def guest_token(self) -> str:
        """A new raw guest token (URL-safe, at least 32 characters)."""

    def id_pin(self) -> str:
        """A new four-digit guest PIN."""
