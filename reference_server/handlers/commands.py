"""The staff operations that change something: each names its command; the unit of work does the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from contract.errors import ContractError
from reference_server.access import enter
from reference_server.house import Answer, Call, Handler, House
from reference_server.store import Transaction
from simulator.commands import (
    Actor,
    AssignRoom,
    CheckIn,
    CheckOut,
    Command,
    MoveRoom,
    SetRoomStatus,
    UnassignRoom,
)
from simulator.world import Hotel, Room

Build = Callable[[Transaction, Hotel, Call], Command]


def _handler(build: Build, *, wakes_jobs: bool = False) -> Handler:
    async def handle(house: House, call: Call) -> Answer:
        def prepare(tx: Transaction) -> tuple[Command, Actor | None]:
            actor, hotel = enter(tx, call, house.clock.now())
            return build(tx, hotel, call), actor

        reply = await house.unit_of_work.execute(prepare)
        if wakes_jobs:
            house.jobs.wake()
        return Answer(reply.status, reply.body)

    return handle


def _check_in(tx: Transaction, hotel: Hotel, call: Call) -> Command:
    return CheckIn(hotel.slug, call.params["booking_id"])


def _check_out(tx: Transaction, hotel: Hotel, call: Call) -> Command:
    return CheckOut(hotel.slug, call.params["booking_id"])


def _assign(tx: Transaction, hotel: Hotel, call: Call) -> Command:
    return AssignRoom(hotel.slug, call.params["booking_id"], call.body["room_id"], call.body.get("notes"))


def _unassign(tx: Transaction, hotel: Hotel, call: Call) -> Command:
    return UnassignRoom(hotel.slug, call.params["booking_id"])


def _move(tx: Transaction, hotel: Hotel, call: Call) -> Command:
    body = call.body
    return MoveRoom(
        hotel.slug, call.params["booking_id"], body["to_room_id"], body.get("reason"), body.get("notes")
    )


def _set_status(tx: Transaction, hotel: Hotel, call: Call) -> Command:
    body = call.body
    return SetRoomStatus(
        hotel.slug,
        call.params["room_id"],
        body["to_status"],
        operation=call.operation.id,
        note=body.get("note"),
        source=body.get("source"),
        override=call.operation.id == "managerOverride",
    )


def _button(to_status: Callable[[Mapping[str, Any]], str]) -> Build:
    """A workflow button: the room by its number, the target state from the button and what was pressed with it."""

    def build(tx: Transaction, hotel: Hotel, call: Call) -> Command:
        number = call.params["room_number"]
        room = tx.one(Room, "room_by_number", hotel_id=hotel.id, room_number=number)
        if room is None:
            raise ContractError("ROOM_NOT_FOUND", f"There is no room {number} in this hotel.")
        body = call.body
        return SetRoomStatus(
            hotel.slug,
            room.id,
            to_status(body),
            operation=call.operation.id,
            note=body.get("notes"),
            maintenance_priority=body.get("priority"),
            maintenance_notes=body.get("notes") if "priority" in body else None,
        )

    return build


COMMANDS: Mapping[str, Handler] = MappingProxyType(
    {
        "checkIn": _handler(_check_in),
        "checkOut": _handler(_check_out, wakes_jobs=True),
        "assignRoom": _handler(_assign),
        "unassignRoom": _handler(_unassign),
        "moveRoom": _handler(_move),
        "setRoomStatus": _handler(_set_status),
        "managerOverride": _handler(_set_status),
        "startCleaning": _handler(_button(lambda body: "CLEANING_IN_PROGRESS")),
        "markCleaned": _handler(_button(lambda body: "CLEANED_UNINSPECTED")),
        "inspectRoom": _handler(
            _button(lambda body: "READY_FOR_GUEST" if body["passed"] else "CHECKOUT_DIRTY")
        ),
        "markMaintenance": _handler(_button(lambda body: "MAINTENANCE_REQUIRED")),
        "completeMaintenance": _handler(_button(lambda body: "CHECKOUT_DIRTY")),
    }
)
