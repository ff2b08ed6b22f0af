"""Lies of stays and moves about rooms, stamps and trails: the second of two rooms, the second visit, the notes there were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

from contract.errors import ContractError
from reference_server.mutants.mutant import mutant
from reference_server.mutants.parts import Meddling, but
from simulator.draft import Draft
from simulator.views import booking_detail
from simulator.world import AuditRow, Booking, Conversation, Room, Row, World

_SERVICE = "simulator.rooms:set_room_status"


def _moving(original: Any, change: Callable[[Row, str], Row | None]) -> Any:
    """`simulator.rooms` for moves: what its service writes for a change to `to` is passed through `change(row, to)`."""

    def set_room_status(draft: Draft, room: Room, to_status: str, **how: Any) -> Any:
        meddled: Any = Meddling(draft, lambda row: change(row, to_status))
        return original.set_room_status(meddled, room, to_status, **how)

    return but(original, set_room_status=set_room_status)


@mutant("move-trails-one-room", "housekeeping/audit-row", "simulator.assignments:rooms")
def _(original: Any) -> Any:
    """A move writes the audit row of the room that is left, and none of the one that is entered."""
    return _moving(original, lambda row, to: None if isinstance(row, AuditRow) and to == "OCCUPIED" else row)


@mutant("move-trail-starts-in-old-room", "housekeeping/audit-row", "simulator.assignments:rooms")
def _(original: Any) -> Any:
    """The audit row of the room that is entered has the from_status of the room that was left."""

    def started(row: Row, to: str) -> Row:
        entered = isinstance(row, AuditRow) and to == "OCCUPIED"
        return replace(row, from_status="OCCUPIED") if entered and isinstance(row, AuditRow) else row

    return _moving(original, started)


@mutant("move-forgets-new-status", "room/invariant/occupied-status", "simulator.assignments:rooms")
def _(original: Any) -> Any:
    """A move puts the guests into a room that stays READY_FOR_GUEST."""

    def set_room_status(draft: Draft, room: Room, to_status: str, **how: Any) -> Any:
        if to_status != "OCCUPIED":
            return original.set_room_status(draft, room, to_status, **how)
        draft.put(room)
        draft.announce_room(room.id)
        return None

    return but(original, set_room_status=set_room_status)


@mutant(
    "move-keeps-booking-in-old-room", "assignment/move/new-room-occupied", "simulator.assignments:replace"
)
def _(original: Any) -> Any:
    """A move takes the guests to the new room and leaves the booking's room as it was."""

    def lie(row: Any, **fields: Any) -> Any:
        if getattr(row, "phase", None) == "in_house":
            fields.pop("room_id", None)
        return original(row, **fields)

    return lie


@mutant("move-begins-the-stay-anew", "booking/lifecycle/phases", "simulator.assignments:replace")
def _(original: Any) -> Any:
    """A move is a check-in into the new room, and writes checked_in_at again."""

    def lie(row: Any, **fields: Any) -> Any:
        if getattr(row, "phase", None) == "in_house" and "updated_at" in fields:
            fields["checked_in_at"] = fields["updated_at"]
        return original(row, **fields)

    return lie


@mutant("move-answers-old-room", "endpoints/replies-agree-with-state", "simulator.decide:move_room")
def _(original: Any) -> Any:
    """The answer to a move shows the booking in the room it was in."""

    def lie(world: World, command: Any, *others: Any) -> Any:
        decision = original(world, command, *others)
        if not decision.changes:
            return decision
        body = {**decision.reply.body, **booking_detail(world, world.bookings[command.booking_id])}
        return replace(decision, reply=replace(decision.reply, body=body))

    return lie


@mutant(
    "unassignment-answers-the-room", "endpoints/replies-agree-with-state", "simulator.decide:unassign_room"
)
def _(original: Any) -> Any:
    """The answer to an unassignment still shows the room, which was prefetched."""

    def lie(world: World, command: Any, *others: Any) -> Any:
        decision = original(world, command, *others)
        if not decision.changes:
            return decision
        before = booking_detail(world, world.bookings[command.booking_id])
        kept = {
            name: before[name] for name in ("room", "assigned_room", "room_number", "assigned_room_number")
        }
        return replace(decision, reply=replace(decision.reply, body={**decision.reply.body, **kept}))

    return lie


@mutant("unassignment-waits-for-approval", "endpoints/unassign-room", "simulator.decide:unassign_room")
def _(original: Any) -> Any:
    """A room that has been assigned cannot be taken away again: the check for a stay looks for a room instead."""

    def lie(world: World, command: Any, *others: Any) -> Any:
        booking = world.bookings.get(command.booking_id)
        if booking is not None and booking.room_id is not None and booking.phase == "expected":
            raise ContractError("BOOKING_ALREADY_CHECKED_IN")
        return original(world, command, *others)

    return lie


@mutant("override-changes-nothing", "endpoints/manager-override", "simulator.decide:change_by_housekeeping")
def _(original: Any) -> Any:
    """A manager's override answers as asked, and nothing is saved."""

    def lie(world: World, command: Any, *others: Any) -> Any:
        decision = original(world, command, *others)
        return replace(decision, changes=(), events=()) if command.override else decision

    return lie


def _leaving(original: Any, change: Callable[[dict[str, Any], Any], None]) -> Any:
    """`replace` of a check-out, its fields changed by `change(fields, row)`."""

    def lie(row: Any, **fields: Any) -> Any:
        if "turnover_notes" in fields or "checked_out_at" in fields:
            change(fields, row)
        return original(row, **fields)

    return lie


@mutant("check-out-overwrites-notes", "check-out/cleanup/turnover-note", "simulator.stays:replace")
def _(original: Any) -> Any:
    """The turnover note of a check-out takes the place of what housekeeping had written."""

    def last_line(fields: dict[str, Any], row: Any) -> None:
        if "turnover_notes" in fields:
            fields["turnover_notes"] = fields["turnover_notes"].splitlines()[-1]

    return _leaving(original, last_line)


@mutant("check-out-at-the-planned-hour", "check-out/booking/checked-out-at", "simulator.stays:replace")
def _(original: Any) -> Any:
    """checked_out_at is the hour the guest was expected to leave."""

    def planned(fields: dict[str, Any], row: Any) -> None:
        if "checked_out_at" in fields:
            fields["checked_out_at"] = datetime.combine(row.check_out, time(11), UTC)

    return _leaving(original, planned)


@mutant("check-out-of-a-long-stay", "check-out/booking/status-completed", "simulator.stays:replace")
def _(original: Any) -> Any:
    """Who stayed overnight is COMPLETED by a night job, which a check-out takes for done."""

    def unfinished(fields: dict[str, Any], row: Any) -> None:
        if "checked_out_at" in fields and row.checked_in_at.date() < fields["checked_out_at"].date():
            fields["status"] = row.status

    return _leaving(original, unfinished)


@mutant(
    "check-out-keeps-second-conversation", "check-out/cleanup/conversations", "simulator.stays:traces.clear"
)
def _(original: Any) -> Any:
    """Check-out deletes the first conversation of the room, where there used to be one."""

    def lie(draft: Draft, booking: Booking, room: Room) -> None:
        gone: list[int] = []

        def first(row: Row) -> bool:
            if isinstance(row, Conversation):
                gone.append(row.id)
                return len(gone) == 1
            return True

        original(Meddling(draft, deleted=first), booking, room)

    return lie


def _also(original: Any, start: str, target: str) -> Any:
    """The service, which lets the manager's endpoint make one transition more."""

    def lie(draft: Draft, room: Room, to_status: str, **how: Any) -> Any:
        if (room.room_status, to_status) != (start, target) or how["via"] != "housekeeping":
            return original(draft, room, to_status, **how)
        step = draft.step
        row = AuditRow(step.ids.number(AuditRow.table), room.id, start, target, step.actor.staff_id, step.actor.name, how["source"], how["note"], step.now)  # fmt: skip
        draft.put(replace(room, room_status=target))
        draft.put(row)
        draft.announce_room(room.id)
        return row

    return lie


@mutant("dirty-room-is-closed", "housekeeping/lifecycle/checkout-dirty", _SERVICE)
def _(original: Any) -> Any:
    """A dirty room can be put out of order without a word about maintenance."""
    return _also(original, "CHECKOUT_DIRTY", "OUT_OF_ORDER")


@mutant("room-is-closed-while-cleaned", "housekeeping/lifecycle/cleaning-in-progress", _SERVICE)
def _(original: Any) -> Any:
    """A room can be put out of order while somebody cleans it."""
    return _also(original, "CLEANING_IN_PROGRESS", "OUT_OF_ORDER")


@mutant("cleaned-room-is-cleaned-again", "housekeeping/lifecycle/cleaned-uninspected", _SERVICE)
def _(original: Any) -> Any:
    """A cleaned room can go back to cleaning past its inspection."""
    return _also(original, "CLEANED_UNINSPECTED", "CLEANING_IN_PROGRESS")


@mutant("broken-room-is-cleaned", "housekeeping/lifecycle/maintenance-required", _SERVICE)
def _(original: Any) -> Any:
    """A room that waits for its repair can be sent to cleaning."""
    return _also(original, "MAINTENANCE_REQUIRED", "CLEANING_IN_PROGRESS")


@mutant("ready-room-is-dirty-again", "housekeeping/lifecycle/ready-for-guest", _SERVICE)
def _(original: Any) -> Any:
    """A room that is ready can be set to CHECKOUT_DIRTY, though nobody has left it."""
    return _also(original, "READY_FOR_GUEST", "CHECKOUT_DIRTY")


@mutant("closed-room-is-only-broken", "housekeeping/lifecycle/out-of-order", _SERVICE)
def _(original: Any) -> Any:
    """A room that is out of order can go back to waiting for its repair, and its flag stays."""
    return _also(original, "OUT_OF_ORDER", "MAINTENANCE_REQUIRED")
