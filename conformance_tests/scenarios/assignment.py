"""Rooms given to bookings, taken away, and changed during the stay."""

from __future__ import annotations

from collections.abc import Iterable

from conformance_tests.refusals import NO_ROOM, ROOM
from conformance_tests.scenarios.scenario import Scenario, Step, Wanted

TO_FREE_ROOM = {"room_id": "{free_room_id}"}
TO_ROOM_BESIDE = {"room_id": "{beside_room_id}"}
MOVE_TO_FREE_ROOM = {"to_room_id": "{free_room_id}", "reason": "noise"}


def assignment() -> Iterable[Scenario]:
    """Assign, twice and to another room, and unassign, twice, so that somebody else gets the room; move, twice; a stay in an assigned room."""
    yield Scenario(
        "assignment/to-and-fro",
        "assignment",
        (
            Wanted(NO_ROOM),
            Wanted(ROOM, {"room_status": "READY_FOR_GUEST"}, prefix="beside_"),
            Wanted(NO_ROOM, prefix="other_"),
        ),
        (
            Step("assign/happy", "assignRoom", body=TO_FREE_ROOM),
            Step("assign/repeat", "assignRoom", body=TO_FREE_ROOM),
            Step("assign/happy", "assignRoom", body=TO_ROOM_BESIDE),
            Step("unassign/happy", "unassignRoom"),
            Step("unassign/repeat", "unassignRoom"),
            Step(
                "assign/happy", "assignRoom", body=TO_ROOM_BESIDE, params={"booking_id": "{other_booking_id}"}
            ),
        ),
    )
    yield Scenario(
        "assignment/move",
        "assignment",
        (
            Wanted(
                "in-house booking and a free room",
                {"party_size": 2, "walk_ins": 1, "conversations": 1, "orders": 2},
            ),
        ),
        (
            Step("move/happy", "moveRoom", body=MOVE_TO_FREE_ROOM, at_once=True),
            Step("move/repeat", "moveRoom", body=MOVE_TO_FREE_ROOM),
            Step("check-out/happy", "checkOut"),
        ),
    )
    yield Scenario(
        "assignment/then-check-in",
        "assignment",
        (Wanted(NO_ROOM),),
        (Step("assign/happy", "assignRoom", body=TO_FREE_ROOM), Step("check-in/happy", "checkIn")),
    )
