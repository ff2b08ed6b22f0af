"""Lies of refusals: made with another code, or after something has been done already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contract.errors import ContractError
from reference_server.mutants.mutant import mutant
from simulator.commands import Decision, Reply
from simulator.world import AuditRow, Booking, Change, Put, World


def _after(original: Any, codes: tuple[str, ...], done: Any) -> Any:
    """The operation; when it refuses with one of `codes`, the changes `done(world, command, actor, now, ids)` stay."""

    def lie(world: World, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        try:
            return original(world, command, actor, now, ids)
        except ContractError as refusal:
            if refusal.code not in codes:
                raise
            changes: list[Change] = done(world, command, actor, now, ids)
            return Decision(Reply(refusal.status, refusal.body(), refusal.code), tuple(changes))

    return lie


def _coded(original: Any, code: str, told: str) -> Any:
    """The operation, which says `told` where it should say `code`."""

    def lie(*asked: Any) -> Any:
        try:
            return original(*asked)
        except ContractError as refusal:
            if refusal.code != code:
                raise
            raise ContractError(told) from refusal

    return lie


def _booking(world: World, command: Any) -> Booking:
    return world.bookings[command.booking_id]


@mutant("aborted-check-out-revokes-tokens", "atomicity/check-out", "simulator.decide:check_out")
def _(original: Any) -> Any:
    """A check-out that is aborted for a stranger in the room has revoked the guest's tokens first."""

    def revoked(world: World, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        tokens = [token for token in world.tokens_of(command.booking_id) if token.status == "ACTIVE"]
        return [
            Put(replace(t, status="REVOKED", revoked_at=now, revoke_reason="checked out")) for t in tokens
        ]

    return _after(original, ("CHECKOUT_FAILED",), revoked)


@mutant("stuck-room-loses-its-guest", "atomicity/room-status-failure", "simulator.decide:check_out")
def _(original: Any) -> Any:
    """The booking is saved as departed before the room's status turns out not to change."""

    def departed(world: World, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        booking = _booking(world, command)
        if world.rooms[booking.room_id or 0].room_status == "OCCUPIED":
            return []
        return [Put(replace(booking, status="COMPLETED", checked_out_at=now, updated_at=now))]

    return _after(original, ("CHECKOUT_FAILED",), departed)


@mutant("incomplete-party-gets-token", "atomicity/check-in", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A check-in that is refused for its party has revoked the token with which the guest could complete it."""

    def revoked(world: World, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        tokens = [token for token in world.tokens_of(command.booking_id) if token.status == "ACTIVE"]
        return [Put(replace(t, status="REVOKED", revoked_at=now, revoke_reason="replaced")) for t in tokens]

    return _after(original, ("PARTY_INCOMPLETE",), revoked)


@mutant("late-check-in-occupies-room", "atomicity/check-in", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A check-in outside its window marks the room as occupied and is refused after that."""

    def occupied(world: World, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        room = world.rooms[_booking(world, command).room_id or 0]
        return [Put(replace(room, is_occupied=True))]

    return _after(original, ("CHECKIN_TOO_LATE", "CHECKIN_WRONG_DATE"), occupied)


@mutant("conflicting-assignment-leaves-note", "refusal/no-effect", "simulator.decide:assign_room")
def _(original: Any) -> Any:
    """An assignment that is refused for an overlap has written its note to the booking."""

    def noted(world: World, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        booking = _booking(world, command)
        return [
            Put(replace(booking, internal_notes=f"{booking.internal_notes}\nRoom assigned.", updated_at=now))
        ]

    return _after(original, ("ROOM_OVERLAP_CONFLICT",), noted)


@mutant("refused-move-frees-old-room", "refusal/no-effect", "simulator.decide:move_room")
def _(original: Any) -> Any:
    """A move into a room that is not ready has set the old room free before it is refused."""

    def freed(world: World, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        return [Put(replace(world.rooms[_booking(world, command).room_id or 0], is_occupied=False))]

    return _after(original, ("ROOM_NOT_READY",), freed)


@mutant("refused-change-leaves-trail", "refusal/no-effect", "simulator.decide:change_by_housekeeping")
def _(original: Any) -> Any:
    """The audit row is written first, and stays when the transition turns out to be illegal."""

    def trailed(world: World, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        room = world.rooms[command.room_id]
        row = AuditRow(ids.number(AuditRow.table), room.id, room.room_status, command.to_status, actor.staff_id, actor.name, "HOUSEKEEPING", None, now)  # fmt: skip
        return [Put(row)] if command.to_status != "OCCUPIED" else []

    return _after(original, ("INVALID_TRANSITION",), trailed)


@mutant("forbidden-change-is-made", "refusal/no-effect", "simulator.decide:change_by_housekeeping")
def _(original: Any) -> Any:
    """The role is looked at after the save: the call is refused, and the room has the new status."""

    def made(world: World, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        return [Put(replace(world.rooms[command.room_id], room_status=command.to_status))]

    return _after(original, ("PERMISSION_DENIED",), made)


@mutant("incomplete-party-is-not-eligible", "errors/code/party-incomplete", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A check-in with an incomplete party is refused as if the booking's status were wrong."""
    return _coded(original, "PARTY_INCOMPLETE", "BOOKING_NOT_ELIGIBLE")


@mutant("late-is-a-wrong-date", "errors/code/checkin-too-late", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """Who comes after the window hears that the date is wrong."""
    return _coded(original, "CHECKIN_TOO_LATE", "CHECKIN_WRONG_DATE")


@mutant("dirty-room-is-not-eligible", "errors/code/room-not-ready", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A check-in into a room that is not ready is refused as if the booking were at fault."""
    return _coded(original, "ROOM_NOT_READY", "BOOKING_NOT_ELIGIBLE")


@mutant("unknown-room-is-not-ready", "errors/code/room-not-found", "simulator.decide:assign_room")
def _(original: Any) -> Any:
    """The assignment of a room that does not exist says that it is not ready."""
    return _coded(original, "ROOM_NOT_FOUND", "ROOM_NOT_READY")


@mutant(
    "illegal-change-is-invalid-input",
    "errors/code/invalid-transition",
    "simulator.decide:change_by_housekeeping",
)
def _(original: Any) -> Any:
    """A status change that nobody may make is refused as bad input."""
    return _coded(original, "INVALID_TRANSITION", "INVALID_INPUT")


@mutant(
    "forbidden-change-is-invalid", "errors/code/permission-denied", "simulator.decide:change_by_housekeeping"
)
def _(original: Any) -> Any:
    """A status change the role may not make is refused as if nobody might."""
    return _coded(original, "PERMISSION_DENIED", "INVALID_TRANSITION")
