"""The hotel as the contract's tables have it: what one call does to a few bookings and rooms, as a pure step.

This is the oracle of the races. It knows what is observable and no more: where a booking is, which room it has, what
status the room has and who is in it, how often it changed, and whether a check-in issued a token. The lifecycles
come from `contract.lifecycle`, the events from `contract.operations`; nothing of the server is read.

Where backends may differ, the step says `QUIET`: nothing happens, and a 2xx is as good as a refusal with a code. Which code
a refusal has is judged elsewhere, call by call.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

from contract.lifecycle import BookingState, booking_lifecycle, room_lifecycle
from contract.operations import operation

CHECK_IN: Final = "checkIn"
CHECK_OUT: Final = "checkOut"
ASSIGN: Final = "assignRoom"
OCCUPIED, DIRTY = "OCCUPIED", "CHECKOUT_DIRTY"

_COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        CHECK_IN: "check_in",
        CHECK_OUT: "check_out",
        ASSIGN: "assign_room",
        "unassignRoom": "unassign_room",
        "moveRoom": "move_room",
    }
)
STAY_OPERATIONS = frozenset(_COMMANDS)


class Effect(StrEnum):
    """What a call comes to in a state."""

    DONE = "carried out"
    QUIET = "a repeat"
    REFUSED = "refused"


class Booking(NamedTuple):
    """A booking. `checked_in_by` is the number of the call of this race that checked it in."""

    id: str
    phase: str
    status: str
    room: int | None
    nights: tuple[str, str]
    checked_in_by: int | None = None


class Room(NamedTuple):
    """A room. `closed`: flagged for maintenance, out of order or inactive. `log` are the changes of status, oldest first."""

    id: int
    status: str
    occupant: str | None
    closed: bool = False
    log: tuple[tuple[str, str], ...] = ()


class Announced(NamedTuple):
    """An event owed: kind of channel, name, whom it is about (booking id or room id), and what tells it from others."""

    kind: str
    name: str
    subject: str | int
    content: str | int | None


class Act(NamedTuple):
    """One call, as far as the model cares. `room` is the room it names; `status` the room status it asks for."""

    operation: str
    booking: str | None = None
    room: int | None = None
    status: str | None = None
    role: str = "manager"


class World(NamedTuple):
    """The bookings and rooms of one race, each in a fixed order. Hashable."""

    bookings: tuple[Booking, ...]
    rooms: tuple[Room, ...]

    def booking(self, booking_id: str | None) -> Booking | None:
        return next((one for one in self.bookings if one.id == booking_id), None)

    def room(self, room_id: int | None) -> Room | None:
        return next((one for one in self.rooms if one.id == room_id), None)

    def put(self, *rows: Booking | Room) -> World:
        """The world with these rows in place of those of the same id."""
        bookings = {row.id: row for row in rows if isinstance(row, Booking)}
        rooms = {row.id: row for row in rows if isinstance(row, Room)}
        return World(
            tuple(bookings.get(one.id, one) for one in self.bookings),
            tuple(rooms.get(one.id, one) for one in self.rooms),
        )


class Outcome(NamedTuple):
    """What a call does: the effect, why (for a refusal, in words), the world after it, the events it owes."""

    effect: Effect
    why: str
    world: World
    events: tuple[Announced, ...] = ()


def step(world: World, act: Act, number: int) -> Outcome:
    """What the call with this number does in the world. Total: what the contract forbids is a refusal."""
    if act.operation in STAY_OPERATIONS:
        booking = world.booking(act.booking)
        if booking is None:
            return Outcome(Effect.REFUSED, "there is no such booking", world)
        return _STAYS[act.operation](world, booking, act, number)
    room = world.room(act.room)
    if room is None:
        return Outcome(Effect.REFUSED, "there is no such room", world)
    return _housekeeping(world, room, act)


def _check_in(world: World, booking: Booking, act: Act, number: int) -> Outcome:
    if booking.phase == "in_house":
        return Outcome(Effect.QUIET, "the booking is in the house", world)
    if not _legal(booking, act):
        return Outcome(Effect.REFUSED, f"the booking is {booking.phase} and {booking.status}", world)
    room = world.room(booking.room)
    if room is None:
        return Outcome(Effect.REFUSED, "the booking has no room", world)
    if not room_lifecycle().legal(room.status, OCCUPIED) or room.status == OCCUPIED:
        return Outcome(Effect.REFUSED, f"the room is {room.status}", world)
    if room.closed or room.occupant is not None:
        return Outcome(Effect.REFUSED, "the room is closed or taken", world)
    moved = _moved(booking, act)._replace(checked_in_by=number)
    taken = _changed(room, OCCUPIED)._replace(occupant=booking.id)
    return _done(world.put(moved, taken), act, moved, (taken,))


def _check_out(world: World, booking: Booking, act: Act, number: int) -> Outcome:
    if booking.phase == "departed":
        return Outcome(Effect.QUIET, "the booking has departed", world)
    room = world.room(booking.room)
    if not _legal(booking, act) or room is None:
        return Outcome(Effect.REFUSED, f"the booking is {booking.phase}", world)
    if not room_lifecycle().legal(room.status, DIRTY):
        return Outcome(Effect.REFUSED, f"the room is {room.status}", world)
    moved, left = _moved(booking, act), _changed(room, DIRTY)._replace(occupant=None)
    return _done(world.put(moved, left), act, moved, (left,))


def _assign(world: World, booking: Booking, act: Act, number: int) -> Outcome:
    if act.room is not None and booking.room == act.room and booking.phase != "departed":
        return Outcome(Effect.QUIET, "the booking has this room", world)
    if not _legal(booking, act):
        return Outcome(Effect.REFUSED, f"the booking is {booking.phase} and {booking.status}", world)
    if world.room(act.room) is None:
        return Outcome(Effect.REFUSED, "there is no such room", world)
    if _taken(world, booking, act.room):
        return Outcome(Effect.REFUSED, "the room is taken for these nights", world)
    moved = _moved(booking, act)._replace(room=act.room)
    return _done(world.put(moved), act, moved, ())


def _unassign(world: World, booking: Booking, act: Act, number: int) -> Outcome:
    if booking.room is None:
        return Outcome(Effect.QUIET, "the booking has no room", world)
    if not _legal(booking, act):
        return Outcome(Effect.REFUSED, f"the booking is {booking.phase} and {booking.status}", world)
    moved = _moved(booking, act)._replace(room=None)
    return _done(world.put(moved), act, moved, ())


def _move(world: World, booking: Booking, act: Act, number: int) -> Outcome:
    old, new = world.room(booking.room), world.room(act.room)
    if not _legal(booking, act) or old is None:
        return Outcome(Effect.REFUSED, f"the booking is {booking.phase}", world)
    if old == new:
        return Outcome(Effect.QUIET, "the booking is in this room", world)
    if new is None or not room_lifecycle().legal(new.status, OCCUPIED) or new.closed or new.occupant:
        return Outcome(Effect.REFUSED, "the other room is not ready", world)
    if _taken(world, booking, act.room):
        return Outcome(Effect.REFUSED, "the room is taken for these nights", world)
    moved = _moved(booking, act)._replace(room=new.id)
    left = _changed(old, DIRTY)._replace(occupant=None)
    taken = _changed(new, OCCUPIED)._replace(occupant=booking.id)
    return _done(world.put(moved, left, taken), act, moved, (left, taken))


_STAYS = MappingProxyType(
    {
        CHECK_IN: _check_in,
        CHECK_OUT: _check_out,
        ASSIGN: _assign,
        "unassignRoom": _unassign,
        "moveRoom": _move,
    }
)


def _housekeeping(world: World, room: Room, act: Act) -> Outcome:
    table, wanted = room_lifecycle(), act.status or ""
    if room.status == wanted:
        return Outcome(Effect.QUIET, "the room has this status", world)
    if "housekeeping" not in table.via(room.status, wanted) or not table.may(act.role, room.status, wanted):
        return Outcome(Effect.REFUSED, f"a room in {room.status} cannot go to {wanted}", world)
    changed = _changed(room, wanted)
    return _done(world.put(changed), act, None, (changed,))


def _legal(booking: Booking, act: Act) -> bool:
    state = BookingState(booking.phase, booking.status)
    return booking_lifecycle().legal(state, _COMMANDS[act.operation])


def _moved(booking: Booking, act: Act) -> Booking:
    after = booking_lifecycle().step(BookingState(booking.phase, booking.status), _COMMANDS[act.operation])
    return booking._replace(phase=after.phase, status=after.status)


def _changed(room: Room, status: str) -> Room:
    sets = room_lifecycle().step(room.status, status).sets
    flags = [bool(sets[name]) for name in ("maintenance_required", "is_out_of_order") if name in sets]
    return room._replace(
        status=status,
        closed=any(flags) if flags else room.closed,
        log=(*room.log, (room.status, status)),
    )


def _taken(world: World, booking: Booking, room: int | None) -> bool:
    """Another booking that has not departed has the room for a night of this one."""
    return any(
        other.id != booking.id
        and other.room == room
        and other.phase != "departed"
        and other.nights[0] < booking.nights[1]
        and booking.nights[0] < other.nights[1]
        for other in world.bookings
    )


def _done(world: World, act: Act, booking: Booking | None, rooms: tuple[Room, ...]) -> Outcome:
    events: list[Announced] = []
    for kind, name, per, both in _owed(act.operation):
        if per == "room":
            events += [
                Announced(kind, name, one.id, one.status) for one in (rooms if both else rooms[:1]) if one
            ]
        elif booking is not None:
            assigns = name in ("booking_updated", "booking_room_assigned")
            events.append(Announced(kind, name, booking.id, booking.room if assigns else None))
    return Outcome(Effect.DONE, "", world, tuple(events))


@cache
def _owed(operation_id: str) -> tuple[tuple[str, str, str, bool], ...]:
    """Channel, event, per and both_rooms of what a success owes."""
    return tuple(
        (event.channel, event.event, event.per, event.both_rooms) for event in operation(operation_id).events
    )
