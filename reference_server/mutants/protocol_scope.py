"""Lies about rooms of another hotel: looked up by id or number alone, by one operation or by several."""

from __future__ import annotations

import inspect
import threading
from typing import Any

from contract.errors import ContractError
from reference_server.mutants.mutant import mutant
from reference_server.mutants.parts import but
from reference_server.store import Transaction
from reference_server.store.slices import Slice
from simulator.draft import Step
from simulator.world import Hotel, Room, World

_CLAUSE = "access/room-of-other-hotel"
_ASSIGNMENTS, _HOUSEKEEPING = "simulator.assignments:guards", "simulator.rooms:guards"
_HOTELS, _ONE = (
    "reference_server.store.slices:Slice.hotel",
    "reference_server.store.transaction:Transaction.one",
)
_SHOWN = "reference_server.handlers.rooms:_slice"
_BUTTONS = ("startCleaning", "markCleaned", "inspectRoom", "markMaintenance", "completeMaintenance")


def _anywhere(original: Any, *operations: str) -> Any:
    """What stands at the places of a lie of `operations`: the guards, the hotels of a slice, the rows that are found."""
    if not inspect.isfunction(original):
        return _guards(original, frozenset(operations))
    return _hotels(original) if original.__name__ == "hotel" else _numbers(original)


def _guards(original: Any, operations: frozenset[str]) -> Any:
    """Rooms are found in every hotel."""
    asked = threading.local()

    def enter(world: World, slug: str, actor: Any, operation: str, *rest: Any) -> Any:
        asked.operation = operation
        return original.enter(world, slug, actor, operation, *rest)

    def room_of(step: Step, room_id: int) -> Room:
        if asked.operation not in operations:
            found: Room = original.room_of(step, room_id)
            return found
        room = step.world.rooms.get(room_id)
        if room is None:
            raise ContractError("ROOM_NOT_FOUND")
        return room

    return but(original, enter=enter, room_of=room_of)


def _hotels(original: Any) -> Any:
    """The views name the hotel of a room, so a slice needs the others too."""

    def hotel(self: Slice, slug: str) -> Hotel | None:
        found: Hotel | None = original(self, slug)
        self.all_hotels()
        return found

    return hotel


def _numbers(original: Any) -> Any:
    """A room number that the hotel does not have is looked for in the others."""

    def one(self: Transaction, kind: Any, query: str, **parameters: Any) -> Any:
        found = original(self, kind, query, **parameters)
        if found is not None or query != "room_by_number":
            return found
        rooms = (
            original(self, kind, query, **{**parameters, "hotel_id": each.id})
            for each in self.all(Hotel, "hotels")
        )
        return next((room for room in rooms if room is not None), None)

    return one


@mutant("room-of-any-hotel-is-given", _CLAUSE, _ASSIGNMENTS, _HOTELS)
def _(original: Any) -> Any:
    """A booking is assigned a room of any hotel."""
    return _anywhere(original, "assignRoom")


@mutant("guests-move-to-any-hotel", _CLAUSE, _ASSIGNMENTS, _HOTELS)
def _(original: Any) -> Any:
    """Guests are moved into a room of any hotel."""
    return _anywhere(original, "moveRoom")


@mutant("room-of-any-hotel-is-set", _CLAUSE, _HOUSEKEEPING, _HOTELS)
def _(original: Any) -> Any:
    """The status of a room is set by its id alone."""
    return _anywhere(original, "setRoomStatus")


@mutant("override-reaches-any-hotel", _CLAUSE, _HOUSEKEEPING, _HOTELS)
def _(original: Any) -> Any:
    """A manager overrides the status of rooms of every hotel."""
    return _anywhere(original, "managerOverride")


@mutant("buttons-reach-any-hotel", _CLAUSE, _HOUSEKEEPING, _HOTELS, _ONE)
def _(original: Any) -> Any:
    """The buttons of the workflow find a room of another hotel by its number, if the own one has none of it."""
    return _anywhere(original, *_BUTTONS)


@mutant("inspection-reaches-any-hotel", _CLAUSE, _HOUSEKEEPING, _HOTELS, _ONE)
def _(original: Any) -> Any:
    """Of the buttons of the workflow only the inspection takes any room of that number."""
    return _anywhere(original, "inspectRoom")


def _shown(original: Any) -> Any:
    def shown(tx: Transaction, hotel: Hotel, room: Room | None, asked: object) -> tuple[World, Room]:
        if room is None:
            raise ContractError("ROOM_NOT_FOUND")
        part = Slice(tx)
        part.all_hotels()
        part.room(room.id)
        return part.world(), room

    return shown


@mutant("history-of-any-hotels-room", _CLAUSE, _SHOWN)
def _(original: Any) -> Any:
    """The status history is read by the room's id alone."""
    return _shown(original)


@mutant("room-of-any-hotel-is-shown", _CLAUSE, _SHOWN, _ONE)
def _(original: Any) -> Any:
    """A room number that the hotel does not have shows the room of another."""
    return _numbers(original) if original.__name__ == "one" else _shown(original)
