"""Housekeeping follows the lifecycle table: who may do what, what it stamps, and what it never may."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from small_hotel import FRONT_DESK, HERE, HOUSEKEEPING, MANAGER, NOW, OUTSIDER, Desk, named

import simulator
from contract.schema_files import document
from simulator.commands import Actor, SetRoomStatus

LIFECYCLE = document("lifecycles/room_status.yaml")
STATUSES = list(LIFECYCLE["states"])
PEOPLE = {"manager": MANAGER, "front_desk": FRONT_DESK, "housekeeping": HOUSEKEEPING}


def room_in(status: str) -> Desk:
    desk = Desk()
    desk.set(desk.world.rooms[1], room_status=status, is_occupied=status == "OCCUPIED")
    return desk


def test_one_function_changes_room_status() -> None:
    """Law 2: no other module of the simulator writes a room's status, and this one does it in one place."""
    writers = []
    for path in Path(simulator.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and any(word.arg == "room_status" for word in node.keywords):
                writers.append(path.name)
    assert writers == ["rooms.py"]


@pytest.mark.parametrize(("old", "new", "role"), list(product(STATUSES, STATUSES, PEOPLE)))
def test_every_pair_of_statuses_for_every_role(old: str, new: str, role: str) -> None:
    """The whole table: what it allows is done, what it allows others is denied, the rest is illegal."""
    desk = room_in(old)
    command = SetRoomStatus(HERE, 1, new, "setRoomStatus")
    entry: dict[str, Any] | None = LIFECYCLE["transitions"][old].get(new)
    if old == new:
        decision = desk.do(command, PEOPLE[role])
        assert (decision.reply.status, decision.changes, decision.events) == (200, (), ())
        assert decision.reply.body["status_event"] is None
    elif entry is None or "housekeeping" not in entry["via"]:
        assert desk.refused(command, PEOPLE[role]) == "INVALID_TRANSITION"
    elif role not in entry["roles"]:
        assert desk.refused(command, PEOPLE[role]) == "PERMISSION_DENIED"
    else:
        decision = desk.do(command, PEOPLE[role])
        assert desk.world.rooms[1].room_status == new
        assert named(decision) == [("room_updated", "grand-demo.rooms")]
        assert decision.reply.body["status_event"]["from_status"] == old
        assert decision.reply.body["status_event"]["to_status"] == new


def test_ready_for_guest_clears_the_flags_and_stamps_the_inspection() -> None:
    desk = Desk()
    desk.set(
        desk.world.rooms[1],
        room_status="OUT_OF_ORDER",
        is_out_of_order=True,
        maintenance_required=True,
        maintenance_priority="LOW",
        maintenance_notes="Drip",
    )
    desk.status(1, "READY_FOR_GUEST", MANAGER)
    room = desk.world.rooms[1]
    assert not room.is_out_of_order
    assert (room.maintenance_required, room.maintenance_priority, room.maintenance_notes) == (
        False,
        None,
        None,
    )
    assert (room.last_inspected_at, room.inspected_by_staff_name) == (NOW, "Maeve Kelly")


def test_cleaned_stamps_who_cleaned() -> None:
    desk = room_in("CLEANING_IN_PROGRESS")
    decision = desk.status(1, "CLEANED_UNINSPECTED", HOUSEKEEPING, operation="markCleaned")
    room = desk.world.rooms[1]
    assert (room.last_cleaned_at, room.cleaned_by_staff_name) == (NOW, "Nora Byrne")
    assert {key: decision.reply.body[key] for key in ("old_status", "new_status")} == {
        "old_status": "CLEANING_IN_PROGRESS",
        "new_status": "CLEANED_UNINSPECTED",
    }


def test_marking_for_maintenance_sets_flag_priority_and_notes() -> None:
    desk = Desk()
    desk.status(
        1,
        "MAINTENANCE_REQUIRED",
        FRONT_DESK,
        operation="markMaintenance",
        maintenance_priority="HIGH",
        maintenance_notes="Leak",
    )
    room = desk.world.rooms[1]
    assert (room.maintenance_required, room.maintenance_priority, room.maintenance_notes) == (
        True,
        "HIGH",
        "Leak",
    )


def test_completing_maintenance_clears_the_flag_and_leaves_the_room_dirty() -> None:
    desk = room_in("MAINTENANCE_REQUIRED")
    desk.set(
        desk.world.rooms[1], maintenance_required=True, maintenance_priority="LOW", maintenance_notes="Drip"
    )
    desk.status(1, "CHECKOUT_DIRTY", MANAGER, operation="completeMaintenance")
    room = desk.world.rooms[1]
    assert room.room_status == "CHECKOUT_DIRTY"
    assert (room.maintenance_required, room.maintenance_priority, room.maintenance_notes) == (
        False,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("actor", "extras", "source"),
    [
        (MANAGER, {}, "HOUSEKEEPING"),
        (FRONT_DESK, {}, "FRONT_DESK"),
        (HOUSEKEEPING, {}, "HOUSEKEEPING"),
        (FRONT_DESK, {"source": "SYSTEM"}, "SYSTEM"),
        (
            MANAGER,
            {"operation": "managerOverride", "override": True, "note": "Burst pipe"},
            "MANAGER_OVERRIDE",
        ),
    ],
)
def test_the_audit_row_says_where_the_change_came_from(
    actor: Actor, extras: dict[str, Any], source: str
) -> None:
    desk = Desk()
    desk.status(1, "MAINTENANCE_REQUIRED", actor, **extras)
    (row,) = desk.world.room_status_events.values()
    assert (row.source, row.note, row.changed_by) == (source, extras.get("note"), actor.staff_id)


@pytest.mark.parametrize("note", [None, "", "  \n"])
def test_an_override_needs_a_note_before_the_room_is_looked_up(note: str | None) -> None:
    command = SetRoomStatus(HERE, 99, "OUT_OF_ORDER", "managerOverride", note=note, override=True)
    assert Desk().refused(command, MANAGER) == "NOTE_REQUIRED"
    assert Desk().refused(command, HOUSEKEEPING) == "PERMISSION_DENIED"
    assert Desk().refused(replace(command, note="Burst pipe"), MANAGER) == "ROOM_NOT_FOUND"


@pytest.mark.parametrize(
    ("operation", "allowed"),
    [
        ("setRoomStatus", {"manager", "front_desk", "housekeeping"}),
        ("managerOverride", {"manager"}),
        ("startCleaning", {"manager", "housekeeping"}),
        ("markCleaned", {"manager", "housekeeping"}),
        ("inspectRoom", {"manager", "housekeeping"}),
        ("markMaintenance", {"manager", "front_desk", "housekeeping"}),
        ("completeMaintenance", {"manager"}),
    ],
)
def test_the_permission_comes_before_the_room(operation: str, allowed: set[str]) -> None:
    command = SetRoomStatus(
        HERE, 99, "CHECKOUT_DIRTY", operation, note="Why", override=operation[0:7] == "manager"
    )
    for role, person in PEOPLE.items():
        assert Desk().refused(command, person) == (
            "ROOM_NOT_FOUND" if role in allowed else "PERMISSION_DENIED"
        )


@pytest.mark.parametrize(
    ("actor", "room_id", "code"),
    [
        (None, 1, "NOT_AUTHENTICATED"),
        (OUTSIDER, 1, "HOTEL_MISMATCH"),
        (MANAGER, 4, "ROOM_NOT_FOUND"),
    ],
)
def test_who_may_not_and_what_cannot(actor: Actor | None, room_id: int, code: str) -> None:
    assert Desk().refused(SetRoomStatus(HERE, room_id, "OUT_OF_ORDER", "setRoomStatus"), actor) == code


def test_a_status_that_does_not_exist_is_invalid_input() -> None:
    assert Desk().refused(SetRoomStatus(HERE, 1, "SPARKLING", "setRoomStatus")) == "INVALID_INPUT"


def test_the_room_event_names_exactly_what_changed() -> None:
    desk = room_in("CLEANED_UNINSPECTED")
    desk.now += timedelta(minutes=3)
    (event,) = desk.status(1, "READY_FOR_GUEST", HOUSEKEEPING, operation="inspectRoom").events
    assert event.envelope["payload"]["changed_fields"] == [
        "inspected_by_staff_name",
        "is_bookable",
        "last_inspected_at",
        "room_status",
        "room_status_display",
    ]
    assert event.envelope["meta"]["scope"] == {"room_id": 1, "room_number": 101}
    assert event.envelope["meta"]["ts"] == event.envelope["payload"]["last_inspected_at"]
