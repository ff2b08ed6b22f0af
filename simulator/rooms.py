"""The one place that changes `room_status` (law 2), and what housekeeping asks of it.

The seed's `housekeeping.services.set_room_status()`: legality and roles come from the lifecycle table, the audit row
and the `room_updated` event come with the change (clauses housekeeping/central-service, housekeeping/audit-row).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from contract.errors import ContractError
from contract.lifecycle import IllegalTransition, Via, room_lifecycle
from simulator import guards, views
from simulator.commands import Actor, Decision, Ids, Reply, SetRoomStatus
from simulator.draft import Draft
from simulator.world import AuditRow, Booking, Room, World

_SOURCE_OF_ROLE = {"manager": "HOUSEKEEPING", "front_desk": "FRONT_DESK", "housekeeping": "HOUSEKEEPING"}


def set_room_status(
    draft: Draft,
    room: Room,
    to_status: str,
    *,
    via: Via,
    source: str,
    note: str | None,
) -> AuditRow:
    """Write `room` with `to_status`, its audit row, and announce `room_updated`.

    `room` may already differ from the stored row in other fields; they are written with it. ContractError
    INVALID_TRANSITION when the lifecycle has no such transition for `via`, PERMISSION_DENIED when the actor's role
    may not make it. Not for a status the room already has: that is a no-op, which is the caller's answer.
    """
    step = draft.step
    lifecycle = room_lifecycle()
    entered = lifecycle.step(room.room_status, to_status)
    if via not in lifecycle.via(room.room_status, to_status):
        raise IllegalTransition("room_status", room.room_status, to_status)
    if not lifecycle.may(step.actor.role, room.room_status, to_status):
        raise ContractError(
            "PERMISSION_DENIED", details={"from": room.room_status, "to": to_status, "role": step.actor.role}
        )
    fields: dict[str, Any] = dict(entered.sets)
    if entered.stamp is not None:
        fields |= {entered.stamp.at: step.now, entered.stamp.by: step.actor.name}
    row = AuditRow(
        id=step.ids.number(AuditRow.table),
        room_id=room.id,
        from_status=room.room_status,
        to_status=to_status,
        changed_by=step.actor.staff_id,
        changed_by_name=step.actor.name,
        source=source,
        note=note,
        created_at=step.now,
    )
    draft.put(replace(room, **fields, room_status=to_status))
    draft.put(row)
    draft.announce_room(room.id)
    return row


def require_ready(world: World, room: Room, booking: Booking) -> None:
    """ContractError ROOM_NOT_READY unless `booking` could be put into the room now.

    Ready means: status READY_FOR_GUEST, active, in order, not flagged for maintenance, not occupied, and no other
    booking in house in it.
    """
    stay = world.in_house_booking_of(room.id)
    if views.is_bookable(room) and (stay is None or stay.booking_id == booking.booking_id):
        return
    raise ContractError(
        "ROOM_NOT_READY",
        details={
            "room_number": room.room_number,
            "room_status": room.room_status,
            "is_active": room.is_active,
            "is_out_of_order": room.is_out_of_order,
            "maintenance_required": room.maintenance_required,
            "is_occupied": room.is_occupied or stay is not None,
        },
    )


def change_by_housekeeping(
    world: World, command: SetRoomStatus, actor: Actor | None, now: datetime, ids: Ids
) -> Decision:
    """Every housekeeping endpoint: a status change with its extras, or a no-op.

    Refusals in this order: entry (guards), INVALID_INPUT, NOTE_REQUIRED, ROOM_NOT_FOUND, (the status it has: 200, unchanged),
    INVALID_TRANSITION (also for everything that would enter or leave OCCUPIED), PERMISSION_DENIED for the transition.
    """
    step = guards.enter(world, command.hotel_slug, actor, command.operation, now, ids)
    if command.to_status not in room_lifecycle().states:
        raise ContractError("INVALID_INPUT", f"There is no room status {command.to_status}.")
    if command.override and not (command.note or "").strip():
        raise ContractError("NOTE_REQUIRED")
    room = guards.room_of(step, command.room_id)
    if command.to_status == room.room_status:
        return Decision(Reply(200, _reply(world, room, command, "The room already has this status.", None)))
    draft = Draft(step)
    row = set_room_status(
        draft,
        _with_extras(room, command),
        command.to_status,
        via="housekeeping",
        source="MANAGER_OVERRIDE" if command.override else command.source or _SOURCE_OF_ROLE[step.actor.role],
        note=command.note,
    )
    return draft.decide(lambda after: _reply(after, room, command, "The room status was changed.", row))


def _with_extras(room: Room, command: SetRoomStatus) -> Room:
    """What an endpoint changes beside the status: the flag's priority and notes, set or cleared."""
    if command.operation == "markMaintenance":
        return replace(
            room,
            maintenance_priority=command.maintenance_priority,
            maintenance_notes=command.maintenance_notes,
        )
    if command.operation == "completeMaintenance":
        # The lifecycle clears the flag only at READY_FOR_GUEST; a repair that is done needs no flag until then.
        return replace(room, maintenance_required=False, maintenance_priority=None, maintenance_notes=None)
    return room


def _reply(
    after: World, before: Room, command: SetRoomStatus, message: str, row: AuditRow | None
) -> dict[str, Any]:
    """The body the operation promises: the room and its audit row, or the old and the new status."""
    room = after.rooms[before.id]
    if command.operation in ("setRoomStatus", "managerOverride"):
        return {
            "message": message,
            "room": views.room(after, room),
            "status_event": None if row is None else views.room_status_event(after, row),
        }
    return {"message": message, "old_status": before.room_status, "new_status": room.room_status}
