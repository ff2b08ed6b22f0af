"""Lies of operations that do more than they are for, or to somebody else: whole objects saved, neighbours, dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from reference_server.mutants.mutant import mutant
from reference_server.mutants.parts import Meddling
from simulator.commands import CheckIn, CheckOut, Command, Decision
from simulator.draft import Draft
from simulator.world import AuditRow, Booking, GuestToken, PartyMember, Put, Room, Row, World

_DECIDE = "reference_server.unit_of_work:decide"
_SERVICE = "simulator.rooms:set_room_status"


def _saving(original: Any, field: str, **more: Any) -> Any:
    """`replace`; where `field` is written, `more` is too, each a function of the row."""

    def lie(row: Any, **fields: Any) -> Any:
        if field in fields:
            fields |= {name: value(row) for name, value in more.items() if name not in fields}
        return original(row, **fields)

    return lie


@mutant("check-in-marks-as-paid", "effects/named-only", "simulator.stays:replace")
def _(original: Any) -> Any:
    """Check-in takes the card at the desk for a payment and writes who took it."""
    return _saving(original, "checked_in_at", payment_provider=lambda row: "desk")


@mutant("check-out-shortens-the-booking", "effects/named-only", "simulator.stays:replace")
def _(original: Any) -> Any:
    """Check-out sets the booked departure to the day the guest really left."""
    return _saving(original, "checked_out_at", check_out=lambda row: row.check_in + timedelta(days=1))


@mutant("assignment-reprices", "effects/named-only", "simulator.assignments:replace")
def _(original: Any) -> Any:
    """Assigning a room computes the price again, without the discount it was booked with."""
    return _saving(
        original,
        "room_id",
        total_amount=lambda row: "999.00" if row.phase == "expected" else row.total_amount,
    )


@mutant("check-in-clears-turnover-notes", "effects/named-only", "simulator.stays:replace")
def _(original: Any) -> Any:
    """A check-in clears what housekeeping has noted about the room; a new room has no notes."""
    return lambda row, **fields: original(
        row, **({"turnover_notes": None} if fields.get("is_occupied") is True else {}), **fields
    )


def _with(original: Any, kind: type[Command], more: Any) -> Any:
    """`decide`, whose decisions on commands of this kind have the changes `more(world, command, now, tx)` too."""

    def lie(world: World, command: Command, actor: Any, now: Any, tx: Any) -> Decision:
        decision: Decision = original(world, command, actor, now, tx)
        if not isinstance(command, kind) or not decision.changes:
            return decision
        return replace(decision, changes=(*decision.changes, *map(Put, more(world, command, now, tx))))

    return lie


def _next_booking(world: World, command: Any, tx: Any) -> Booking | None:
    """The booking that was made after the command's."""
    hotel_id = world.bookings[command.booking_id].hotel_id
    later = (
        b
        for b in tx.all(Booking, "bookings_of_hotel", hotel_id=hotel_id)
        if b.booking_id > command.booking_id
    )
    return min(later, key=lambda booking: booking.booking_id, default=None)


@mutant("check-in-revokes-next-bookings-tokens", "effects/others-untouched", _DECIDE)
def _(original: Any) -> Any:
    """A check-in revokes the tokens of the booking made after it, by a number that is off by one."""

    def revoked(world: World, command: Any, now: Any, tx: Any) -> list[Row]:
        other = _next_booking(world, command, tx)
        tokens = tx.all(GuestToken, "tokens_of_booking", booking_id=other.booking_id) if other else []
        return [replace(t, status="REVOKED", revoked_at=now, revoke_reason="replaced") for t in tokens]

    return _with(original, CheckIn, revoked)


@mutant("check-out-vacates-next-room", "effects/others-untouched", _DECIDE)
def _(original: Any) -> Any:
    """A check-out sets the neighbouring room free too, as for a family suite."""

    def vacated(world: World, command: Any, now: Any, tx: Any) -> list[Row]:
        room = tx.one(Room, "room_by_id", id=(world.bookings[command.booking_id].room_id or 0) + 1)
        return [replace(room, is_occupied=False)] if room is not None and room.is_occupied else []

    return _with(original, CheckOut, vacated)


@mutant("check-out-notes-next-booking", "effects/others-untouched", _DECIDE)
def _(original: Any) -> Any:
    """A check-out of a group's first booking writes a wish to the one made after it too."""

    def noted(world: World, command: Any, now: Any, tx: Any) -> list[Row]:
        other = _next_booking(world, command, tx)
        return [replace(other, special_requests="left with the group")] if other is not None else []

    return _with(original, CheckOut, noted)


def _dating(original: Any, kind: type[Row], change: Any) -> Any:
    """A function on a draft, whose rows of this kind pass through `change(row)`."""
    return lambda draft, *rest, **named: original(
        Meddling(draft, lambda row: change(row) if isinstance(row, kind) else row), *rest, **named
    )


@mutant("token-is-as-old-as-its-booking", "effects/times", "simulator.stays:tokens.issue")
def _(original: Any) -> Any:
    """The token of a check-in has the booking's date of creation."""
    return lambda draft, booking: _dating(
        original,
        GuestToken,
        lambda row: replace(row, created_at=booking.created_at) if row.status == "ACTIVE" else row,
    )(draft, booking)


@mutant("token-was-revoked-in-advance", "effects/times", "simulator.stays:tokens.revoke")
def _(original: Any) -> Any:
    """A token's revocation is dated by its expiry, which is what the query had at hand."""
    return _dating(
        original, GuestToken, lambda row: replace(row, revoked_at=row.expires_at or row.revoked_at)
    )


@mutant("trail-is-dated-by-the-shift", "effects/times", _SERVICE)
def _(original: Any) -> Any:
    """An audit row has the time at which the shift began."""
    return _dating(
        original, AuditRow, lambda row: replace(row, created_at=row.created_at - timedelta(hours=3))
    )


@mutant("cleaning-is-dated-by-the-day", "effects/times", _SERVICE)
def _(original: Any) -> Any:
    """last_cleaned_at holds a date: its time is midnight."""

    def midnight(row: Room) -> Room:
        cleaned = row.last_cleaned_at
        if cleaned is None or row.room_status != "CLEANED_UNINSPECTED":
            return row
        return replace(row, last_cleaned_at=cleaned.replace(hour=0, minute=0, second=0) - timedelta(hours=1))

    return _dating(original, Room, midnight)


@mutant("trail-names-the-owner", "housekeeping/audit-caller", _SERVICE)
def _(original: Any) -> Any:
    """Every audit row names the first account of the hotel, whoever made the change."""
    return _dating(
        original, AuditRow, lambda row: replace(row, changed_by=1, changed_by_name="Maeve Manager")
    )


@mutant("managers-always-override", "housekeeping/audit-source", _SERVICE)
def _(original: Any) -> Any:
    """What a manager changes is recorded as an override, by role and not by endpoint."""

    def lie(draft: Draft, room: Room, to_status: str, **how: Any) -> Any:
        if draft.step.actor.role == "manager" and how["via"] == "housekeeping":
            how["source"] = "MANAGER_OVERRIDE"
        return original(draft, room, to_status, **how)

    return lie


@mutant("override-is-told-as-cleaning", "housekeeping/audit-source", _SERVICE)
def _(original: Any) -> Any:
    """An override is recorded as work of housekeeping."""

    def lie(draft: Draft, room: Room, to_status: str, **how: Any) -> Any:
        if how["source"] == "MANAGER_OVERRIDE":
            how["source"] = "HOUSEKEEPING"
        return original(draft, room, to_status, **how)

    return lie


@mutant("who-stays-home-is-registered", "check-in/guests/only-staying", "simulator.stays:occupants.register")
def _(original: Any) -> Any:
    """A check-in registers the whole party, also who only booked and does not stay."""

    def lie(draft: Draft, booking: Booking, room: Room) -> None:
        world = draft.step.world
        everybody = world.apply(
            Put(replace(member, is_staying=True))
            for member in world.party_of(booking.booking_id)
            if isinstance(member, PartyMember)
        )
        original(SimpleNamespace(step=replace(draft.step, world=everybody), put=draft.put), booking, room)

    return lie


@mutant(
    "departed-booking-loses-its-room", "booking/lifecycle/commands", "simulator.assignments:_expected_booking"
)
def _(original: Any) -> Any:
    """The room of a booking that is over can be taken away, and with it where the guest slept."""

    def lie(step: Any, booking_id: str, command: Any) -> Any:
        booking = step.world.bookings.get(booking_id)
        if command == "unassign_room" and booking is not None and booking.phase == "departed":
            return booking
        return original(step, booking_id, command)

    return lie
