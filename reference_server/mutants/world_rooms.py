"""Lies of housekeeping: transitions, roles, flags, stamps, and the audit trail of every change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contract.errors import ContractError
from reference_server.mutants.mutant import mutant
from reference_server.mutants.parts import Meddling, but
from simulator import views
from simulator.draft import Draft
from simulator.guards import enter
from simulator.world import AuditRow, Room


def _row(change: Any) -> Any:
    """What goes into a draft, with its audit rows changed by `change`."""
    return lambda row: change(row) if isinstance(row, AuditRow) else row


def _auditing(original: Any, change: Any, via: str | None = None) -> Any:
    def lie(draft: Draft, room: Room, to_status: str, **how: Any) -> Any:
        meddled = Meddling(draft, _row(change)) if via in (None, how["via"]) else draft
        return original(meddled, room, to_status, **how)

    return lie


@mutant("housekeeping-leaves-no-trail", "housekeeping/audit-row", "simulator.rooms:set_room_status")
def _(original: Any) -> Any:
    """A change by a housekeeping endpoint writes no audit row."""
    return _auditing(original, lambda row: None, "housekeeping")


@mutant("stay-leaves-no-trail", "housekeeping/audit-row", "simulator.rooms:set_room_status")
def _(original: Any) -> Any:
    """Check-in and check-out change the status without an audit row."""
    return _auditing(original, lambda row: None, "stay")


@mutant("trail-says-everything-twice", "housekeeping/audit-row", "simulator.rooms:set_room_status")
def _(original: Any) -> Any:
    """A save and a signal handler each write the audit row of one change."""

    def lie(draft: Draft, room: Room, to_status: str, **how: Any) -> Any:
        row = original(draft, room, to_status, **how)
        draft.put(replace(row, id=draft.step.ids.number(AuditRow.table)))
        return row

    return lie


@mutant("trail-begins-where-it-ends", "housekeeping/audit-chain", "simulator.rooms:set_room_status")
def _(original: Any) -> Any:
    """The audit row's from_status is read from the room after it was changed."""
    return _auditing(original, lambda row: replace(row, from_status=row.to_status))


@mutant("trail-begins-ready", "housekeeping/audit-chain", "simulator.rooms:set_room_status")
def _(original: Any) -> Any:
    """The audit row of a check-out says that the room was READY_FOR_GUEST before."""

    def ready(row: AuditRow) -> AuditRow:
        return replace(row, from_status="READY_FOR_GUEST") if row.to_status == "CHECKOUT_DIRTY" else row

    return _auditing(original, ready, "stay")


@mutant("trail-without-author", "housekeeping/audit-fields", "simulator.rooms:set_room_status")
def _(original: Any) -> Any:
    """An audit row does not say who changed the status."""
    return _auditing(original, lambda row: replace(row, changed_by=None, changed_by_name=None))


@mutant("trail-names-another-source", "housekeeping/audit-source", "simulator.rooms:set_room_status")
def _(original: Any) -> Any:
    """Every audit row says that the system did it."""
    return _auditing(original, lambda row: replace(row, source="SYSTEM"))


@mutant("trail-drops-note", "housekeeping/audit-source", "simulator.rooms:set_room_status")
def _(original: Any) -> Any:
    """The note of a status change does not get into its audit row."""
    return _auditing(original, lambda row: replace(row, note=None), "housekeeping")


@mutant("closed-room-goes-to-cleaning", "housekeeping/transitions", "simulator.rooms:set_room_status")
def _(original: Any) -> Any:
    """A room that is out of order can be sent to cleaning, past its repair."""
    return _also(original, {("OUT_OF_ORDER", "CLEANING_IN_PROGRESS")})


@mutant("ready-room-goes-to-cleaning", "housekeeping/transitions", "simulator.rooms:set_room_status")
def _(original: Any) -> Any:
    """The cleaning buttons work on a room that is ready."""
    return _also(
        original, {("READY_FOR_GUEST", "CLEANING_IN_PROGRESS"), ("READY_FOR_GUEST", "CLEANED_UNINSPECTED")}
    )


@mutant("housekeeping-vacates-room", "housekeeping/occupied-reserved", "simulator.rooms:set_room_status")
def _(original: Any) -> Any:
    """A housekeeping endpoint can take a room out of OCCUPIED, without a check-out."""
    return _also(original, {("OCCUPIED", "CHECKOUT_DIRTY")})


def _also(original: Any, pairs: set[tuple[str, str]]) -> Any:
    """The service, which makes some more transitions for housekeeping."""

    def lie(draft: Draft, room: Room, to_status: str, **how: Any) -> Any:
        try:
            return original(draft, room, to_status, **how)
        except ContractError:
            if how["via"] != "housekeeping" or (room.room_status, to_status) not in pairs:
                raise
        step = draft.step
        row = AuditRow(step.ids.number(AuditRow.table), room.id, room.room_status, to_status, step.actor.staff_id, step.actor.name, how["source"], how["note"], step.now)  # fmt: skip
        draft.put(replace(room, room_status=to_status))
        draft.put(row)
        draft.announce_room(room.id)
        return row

    return lie


@mutant("anybody-makes-any-change", "housekeeping/permissions/enforced", "simulator.rooms:room_lifecycle")
def _(original: Any) -> Any:
    """Whoever may use the endpoint may make every transition."""
    return lambda: but(original(), may=lambda role, source, target: True)


@mutant(
    "housekeeping-reopens-closed-room", "housekeeping/permissions/enforced", "simulator.rooms:room_lifecycle"
)
def _(original: Any) -> Any:
    """Housekeeping staff may put a room that is out of order back into use."""

    def may(role: str, source: str, target: str) -> Any:
        return (role, source) == ("housekeeping", "OUT_OF_ORDER") or original().may(role, source, target)

    return lambda: but(original(), may=may)


@mutant("manager-may-not-close-room", "housekeeping/permissions/manager", "simulator.rooms:room_lifecycle")
def _(original: Any) -> Any:
    """A manager is refused OUT_OF_ORDER."""

    def may(role: str, source: str, target: str) -> Any:
        return target != "OUT_OF_ORDER" and original().may(role, source, target)

    return lambda: but(original(), may=may)


@mutant(
    "housekeeping-may-not-report", "housekeeping/permissions/housekeeping", "simulator.rooms:room_lifecycle"
)
def _(original: Any) -> Any:
    """Housekeeping staff may not flag a room for maintenance."""
    return _refusing(original, "housekeeping", "MAINTENANCE_REQUIRED")


@mutant("front-desk-may-not-report", "housekeeping/permissions/front-desk", "simulator.rooms:room_lifecycle")
def _(original: Any) -> Any:
    """The front desk may not flag a room for maintenance."""
    return _refusing(original, "front_desk", "MAINTENANCE_REQUIRED")


def _refusing(original: Any, who: str, what: str) -> Any:
    def may(role: str, source: str, target: str) -> Any:
        return (role, target) != (who, what) and original().may(role, source, target)

    return lambda: but(original(), may=may)


def _sets(original: Any, change: Any) -> Any:
    """The lifecycle, which says something else about what a transition sets."""

    def step(source: str, target: str) -> Any:
        entered = original().step(source, target)
        return change(target, entered)

    return lambda: but(original(), step=step)


@mutant("maintenance-without-flag", "housekeeping/maintenance-flags", "simulator.rooms:room_lifecycle")
def _(original: Any) -> Any:
    """A room goes to MAINTENANCE_REQUIRED and its flag stays down."""
    return _sets(
        original, lambda to, entered: replace(entered, sets={}) if to == "MAINTENANCE_REQUIRED" else entered
    )


@mutant("maintenance-drops-priority", "housekeeping/maintenance-flags", "simulator.rooms:_with_extras")
def _(original: Any) -> Any:
    """Marking a room for maintenance keeps the notes and loses the priority."""

    def lie(room: Room, command: Any) -> Any:
        marked = original(room, command)
        return (
            replace(marked, maintenance_priority=None) if command.operation == "markMaintenance" else marked
        )

    return lie


@mutant("ready-room-keeps-flags", "housekeeping/maintenance-cleared", "simulator.rooms:room_lifecycle")
def _(original: Any) -> Any:
    """A room that becomes ready keeps its maintenance notes and priority."""

    def kept(to: str, entered: Any) -> Any:
        if to != "READY_FOR_GUEST":
            return entered
        return replace(entered, sets={k: v for k, v in entered.sets.items() if k not in ("maintenance_notes", "maintenance_priority")})  # fmt: skip

    return _sets(original, kept)


@mutant("cleaning-is-not-stamped", "housekeeping/stamps", "simulator.rooms:room_lifecycle")
def _(original: Any) -> Any:
    """A cleaned room does not get a new last_cleaned_at."""
    return _sets(
        original, lambda to, entered: replace(entered, stamp=None) if to == "CLEANED_UNINSPECTED" else entered
    )


@mutant("inspection-is-not-stamped", "housekeeping/stamps", "simulator.rooms:room_lifecycle")
def _(original: Any) -> Any:
    """An inspected room does not get a new last_inspected_at."""
    return _sets(
        original, lambda to, entered: replace(entered, stamp=None) if to == "READY_FOR_GUEST" else entered
    )


@mutant("no-op-writes-trail", "housekeeping/no-op", "simulator.decide:change_by_housekeeping")
def _(original: Any) -> Any:
    """Setting a room to the status it has writes an audit row."""
    return _on_no_op(original, lambda draft, room: draft.put(AuditRow(draft.step.ids.number(AuditRow.table), room.id, room.room_status, room.room_status, draft.step.actor.staff_id, draft.step.actor.name, "HOUSEKEEPING", None, draft.step.now)))  # fmt: skip


@mutant("no-op-emits", "housekeeping/no-op", "simulator.decide:change_by_housekeeping")
def _(original: Any) -> Any:
    """Setting a room to the status it has publishes room_updated."""
    return _on_no_op(original, lambda draft, room: draft.announce_room(room.id))


def _on_no_op(original: Any, again: Any) -> Any:
    def lie(world: Any, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        decision = original(world, command, actor, now, ids)
        if decision.changes:
            return decision
        draft = Draft(enter(world, command.hotel_slug, actor, command.operation, now, ids))
        again(draft, world.rooms[command.room_id])
        return draft.decide(lambda after: decision.reply.body)

    return lie


def _button(original: Any, operation: str, target: Any) -> Any:
    """The operation, which goes to another status than it should."""

    def lie(world: Any, command: Any, *others: Any) -> Any:
        if command.operation == operation:
            command = replace(command, to_status=target(command.to_status))
        return original(world, command, *others)

    return lie


@mutant(
    "failed-inspection-passes", "housekeeping/inspection-failed", "simulator.decide:change_by_housekeeping"
)
def _(original: Any) -> Any:
    """An inspection makes the room ready, whatever it found."""
    return _button(original, "inspectRoom", lambda to: "READY_FOR_GUEST")


@mutant(
    "cleaned-room-skips-inspection", "housekeeping/cleaning-flow", "simulator.decide:change_by_housekeeping"
)
def _(original: Any) -> Any:
    """Marking a room cleaned makes it ready at once."""
    return _button(original, "markCleaned", lambda to: "READY_FOR_GUEST")


@mutant(
    "finished-repair-readies-room",
    "housekeeping/maintenance-completed",
    "simulator.decide:change_by_housekeeping",
)
def _(original: Any) -> Any:
    """Completing maintenance makes the room ready without a cleaning."""
    return _button(original, "completeMaintenance", lambda to: "READY_FOR_GUEST")


@mutant("status-change-forgets-room", "endpoints/set-room-status", "simulator.decide:change_by_housekeeping")
def _(original: Any) -> Any:
    """The answer to a status change shows the room as it was before."""

    def lie(world: Any, command: Any, *others: Any) -> Any:
        decision = original(world, command, *others)
        if not decision.changes or "room" not in decision.reply.body:
            return decision
        stale = {**decision.reply.body, "room": views.room(world, world.rooms[command.room_id])}
        return replace(decision, reply=replace(decision.reply, body=stale))

    return lie
