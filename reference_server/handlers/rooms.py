"""Rooms as staff read them: board, list, one room, the housekeeping dashboard, the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from contract.errors import ContractError
from contract.generated import wire
from contract.lifecycle import room_lifecycle
from reference_server.access import enter
from reference_server.house import Answer, Call, Handler, House
from reference_server.paging import page_of
from reference_server.store import Transaction
from reference_server.store.slices import Slice
from simulator import views
from simulator.world import AuditRow, Hotel, Room, World


def _board(tx: Transaction, call: Call, house: House) -> tuple[World, list[Room]]:
    """The hotel's whole board and its rooms by number."""
    _, hotel = enter(tx, call, house.clock.now())
    part = Slice(tx)
    part.hotel(hotel.slug)
    part.rooms_of_hotel(hotel.id)
    world = part.world()
    return world, sorted(world.rooms.values(), key=lambda room: room.room_number)


def _by_status(world: World, rooms: list[Room]) -> dict[str, list[wire.Room]]:
    columns: dict[str, list[wire.Room]] = {status: [] for status in room_lifecycle().states}
    for room in rooms:
        if room.is_active:
            columns[room.room_status].append(views.room(world, room))
    return columns


async def rooms_board(house: House, call: Call) -> Answer:
    """Every active room under its status; all seven statuses are there."""

    def work(tx: Transaction) -> Mapping[str, Any]:
        columns = _by_status(*_board(tx, call, house))
        return {
            status: {"label": room_lifecycle().label(status), "count": len(rooms), "rooms": rooms}
            for status, rooms in columns.items()
        }

    return Answer(200, await house.store.read(work))


async def housekeeping_dashboard(house: House, call: Call) -> Answer:
    """The same rooms, counted."""

    def work(tx: Transaction) -> Mapping[str, Any]:
        columns = _by_status(*_board(tx, call, house))
        counts = {status: len(rooms) for status, rooms in columns.items()}
        return {"counts": counts, "rooms_by_status": columns, "total_rooms": sum(counts.values())}

    return Answer(200, await house.store.read(work))


async def list_rooms(house: House, call: Call) -> Answer:
    """A page of rooms, by number."""

    def work(tx: Transaction) -> Mapping[str, Any]:
        world, rooms = _board(tx, call, house)
        page = page_of(rooms, call)
        return {**page.links(), "results": [views.room(world, room) for room in page.items]}

    return Answer(200, await house.store.read(work))


def _slice(tx: Transaction, hotel: Hotel, room: Room | None, asked: object) -> tuple[World, Room]:
    if room is None or room.hotel_id != hotel.id:
        raise ContractError("ROOM_NOT_FOUND", f"There is no room {asked} in this hotel.")
    part = Slice(tx)
    part.hotel(hotel.slug)
    part.shown_room(room.id)
    return part.world(), room


async def get_room(house: House, call: Call) -> Answer:
    """One room by its number. Raises: `ContractError` ROOM_NOT_FOUND."""

    def work(tx: Transaction) -> Mapping[str, Any]:
        _, hotel = enter(tx, call, house.clock.now())
        number = call.params["room_number"]
        found = tx.one(Room, "room_by_number", hotel_id=hotel.id, room_number=number)
        return views.room(*_slice(tx, hotel, found, number))

    return Answer(200, await house.store.read(work))


async def room_status_history(house: House, call: Call) -> Answer:
    """The audit rows of a room, newest first, at most `limit`."""

    def work(tx: Transaction) -> Mapping[str, Any]:
        _, hotel = enter(tx, call, house.clock.now())
        room_id = call.params["room_id"]
        world, room = _slice(tx, hotel, tx.one(Room, "room_by_id", id=room_id), room_id)
        rows = tx.all(AuditRow, "status_events_of_room", room_id=room_id, limit=call.query["limit"])
        return {
            "room": views.room(world, room),
            "status_history": [views.room_status_event(world, row) for row in rows],
            "total_events": tx.scalar("count_status_events_of_room", room_id=room_id),
        }

    return Answer(200, await house.store.read(work))


ROOMS: Mapping[str, Handler] = MappingProxyType(
    {
        "roomsBoard": rooms_board,
        "housekeepingDashboard": housekeeping_dashboard,
        "listRooms": list_rooms,
        "getRoom": get_room,
        "roomStatusHistory": room_status_history,
    }
)
