"""Rooms of another hotel: for every operation that names a room, in its path or in its body, one call under the wrong hotel.

Each is made in a state in which it would be carried out if the hotel were not looked at. Before a call that changes something
the room is read the same way: whoever finds it there has a room of that id or number in the run's hotel too, or shows what
it must not, and is not asked to change it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance_tests.refusal import IN_HOUSE, NO_ROOM, Refusal, State, slug

ROOM_ELSEWHERE = "room of another hotel"
CLAUSE = "access/room-of-other-hotel"
_BY_ID, _BY_NUMBER = "roomStatusHistory", "getRoom"
_HOME = {"hotel_slug": "{home_hotel_slug}"}


def case_of(operation: str) -> str:
    """The case of the call of this operation."""
    return f"access/refuse/other-hotels-room-{slug(operation)}"


def _in_path(
    operation: str, status: str, *, guard: str | None, body: Mapping[str, Any] | None = None
) -> Refusal:
    return Refusal(
        case_of(operation), operation, ROOM_ELSEWHERE, "ROOM_NOT_FOUND", CLAUSE,
        actor="manager", params={"room_status": status}, overrides=_HOME, body=body, guard=guard,
    )  # fmt: skip


def _in_body(operation: str, state: str, field: str) -> Refusal:
    return Refusal(
        case_of(operation), operation, state, "ROOM_NOT_FOUND", CLAUSE,
        body={field: "{beside_room_id}"}, beside=State(ROOM_ELSEWHERE, {"room_status": "READY_FOR_GUEST"}),
        guard=_BY_ID,
    )  # fmt: skip


_DIRTY, _CLEANING = "CHECKOUT_DIRTY", "CLEANING_IN_PROGRESS"

ROOM_SCOPE: tuple[Refusal, ...] = (
    _in_path("getRoom", _DIRTY, guard=None),
    _in_path("roomStatusHistory", _DIRTY, guard=None),
    _in_body("assignRoom", NO_ROOM, "room_id"),
    _in_body("moveRoom", IN_HOUSE, "to_room_id"),
    _in_path("setRoomStatus", _DIRTY, guard=_BY_ID, body={"to_status": _CLEANING}),
    _in_path("managerOverride", _DIRTY, guard=_BY_ID, body={"to_status": "READY_FOR_GUEST", "note": "looked at it myself"}),
    _in_path("startCleaning", _DIRTY, guard=_BY_NUMBER),
    _in_path("markCleaned", _CLEANING, guard=_BY_NUMBER),
    _in_path("inspectRoom", "CLEANED_UNINSPECTED", guard=_BY_NUMBER, body={"passed": True}),
    _in_path("markMaintenance", "READY_FOR_GUEST", guard=_BY_NUMBER, body={"priority": "LOW"}),
    _in_path("completeMaintenance", "MAINTENANCE_REQUIRED", guard=_BY_NUMBER),
)  # fmt: skip
