"""Rooms by the other of their two identifications: a dialect may ask by number where the contract asks by id, or by id."""

from __future__ import annotations

import re
from collections.abc import Mapping

from contract.operations import Operation
from reference_server.store import Store, Transaction
from simulator.world import Hotel, Room

NO_ROOM = "none"
"""In the place of a room that is not there: no room has it, and the operation refuses it at its time."""

_NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)


async def identified(store: Store, operation: Operation, params: Mapping[str, str]) -> dict[str, str]:
    """The room parameter of the operation, from the other one that was given; nothing where it was given itself."""
    wanted = next((name for name in operation.path_parameters if name.startswith("room_")), None)
    if wanted is None or wanted in params:
        return {}
    slug, given = params["hotel_slug"], params["room_number" if wanted == "room_id" else "room_id"]
    if _NUMBER.fullmatch(given) is None:
        return {wanted: NO_ROOM}
    known = int(given)

    def look_up(tx: Transaction) -> int | None:
        hotel = tx.one(Hotel, "hotel_by_slug", slug=slug)
        if hotel is None:
            return None
        if wanted == "room_id":
            room = tx.one(Room, "room_by_number", hotel_id=hotel.id, room_number=known)
            return None if room is None else room.id
        room = tx.one(Room, "room_by_id", id=known)
        return None if room is None or room.hotel_id != hotel.id else room.room_number

    found = await store.read(look_up)
    return {wanted: NO_ROOM if found is None else str(found)}
