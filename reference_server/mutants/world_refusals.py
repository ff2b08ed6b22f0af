"""Lies of check-in about whom it refuses: one precondition forgotten each, or one too many."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from contract.errors import ContractError
from reference_server.mutants.mutant import mutant
from reference_server.mutants.parts import but
from simulator.commands import Decision, Reply
from simulator.draft import Draft
from simulator.guards import enter
from simulator.views import booking_detail
from simulator.world import AuditRow, Put, Room


def _rooms_that_take(original: Any, accepts: Any) -> Any:
    """`simulator.rooms` whose check of the room is passed by rooms that `accepts`; their status is then just set."""

    def require_ready(world: Any, room: Room, booking: Any) -> None:
        if not accepts(world, room):
            original.require_ready(world, room, booking)

    def set_room_status(draft: Draft, room: Room, to_status: str, **how: Any) -> Any:
        try:
            return original.set_room_status(draft, room, to_status, **how)
        except ContractError:
            draft.put(replace(room, room_status=to_status))
            if room.room_status != to_status:
                row = AuditRow(draft.step.ids.number(AuditRow.table), room.id, room.room_status, to_status, draft.step.actor.staff_id, draft.step.actor.name, "FRONT_DESK", None, draft.step.now)  # fmt: skip
                draft.put(row)
            draft.announce_room(room.id)
            return None

    return but(original, require_ready=require_ready, set_room_status=set_room_status)


@mutant("dirty-room-takes-guests", "housekeeping/turnover-required", "simulator.stays:rooms")
def _(original: Any) -> Any:
    """A check-in asks whether the room is empty and not whether it has been cleaned after the last guest."""
    return _rooms_that_take(original, lambda world, room: room.room_status == "CHECKOUT_DIRTY")


@mutant("uninspected-room-takes-guests", "check-in/validation/room-ready", "simulator.stays:rooms")
def _(original: Any) -> Any:
    """A room that was cleaned and not yet inspected is good enough for a check-in."""
    return _rooms_that_take(original, lambda world, room: room.room_status == "CLEANED_UNINSPECTED")


@mutant("occupied-room-takes-guests", "check-in/validation/room-free", "simulator.stays:rooms")
def _(original: Any) -> Any:
    """A check-in does not look whether another booking is still in the room."""
    return _rooms_that_take(original, lambda world, room: room.room_status == "OCCUPIED")


@mutant("flagged-room-takes-guests", "check-in/validation/room-flags", "simulator.rooms:views.is_bookable")
def _(original: Any) -> Any:
    """A check-in does not look at maintenance_required as long as the status says ready."""
    return lambda room: original(replace(room, maintenance_required=False))


@mutant("inactive-room-takes-guests", "check-in/validation/room-flags", "simulator.rooms:views.is_bookable")
def _(original: Any) -> Any:
    """A check-in does not look whether the room is in use at all."""
    return lambda room: original(replace(room, is_active=True))


@mutant("check-in-without-room", "check-in/validation/room-assigned", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A booking without a room is checked in, and gets its room later."""

    def lie(world: Any, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        booking = world.bookings.get(command.booking_id)
        try:
            return original(world, command, actor, now, ids)
        except ContractError as refusal:
            if refusal.code != "BOOKING_NOT_ELIGIBLE" or booking.room_id or booking.status != "CONFIRMED":
                raise
        draft = Draft(enter(world, command.hotel_slug, actor, "checkIn", now, ids))
        draft.announce_to_staff("booking_checked_in", booking)
        draft.put(replace(booking, checked_in_at=now, updated_at=now))
        return draft.decide(
            lambda after: {
                "message": "Checked in.",
                "guest_token": None,
                **booking_detail(after, after.bookings[booking.booking_id]),
            }
        )

    return lie


@mutant("no-show-checks-in", "check-in/validation/booking-status", "simulator.stays:booking_lifecycle")
def _(original: Any) -> Any:
    """A booking that was given up as a no-show can be checked in after all."""

    def legal(state: Any, command: str) -> Any:
        arrives = command == "check_in" and state.status == "NO_SHOW" and state.phase == "expected"
        return arrives or original().legal(state, command)

    return lambda: but(original(), legal=legal)


@mutant("unpaid-booking-checks-in", "check-in/validation/booking-status", "simulator.stays:booking_lifecycle")
def _(original: Any) -> Any:
    """A booking that waits for its payment can be checked in."""

    def legal(state: Any, command: str) -> Any:
        unpaid = command == "check_in" and state.status == "PENDING_PAYMENT" and state.phase == "expected"
        return unpaid or original().legal(state, command)

    return lambda: but(original(), legal=legal)


@mutant("departed-booking-returns", "check-in/validation/departed", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A booking that was checked out can be checked in again while its dates last."""

    def lie(world: Any, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        booking = world.bookings.get(command.booking_id)
        if booking is not None and booking.phase == "departed":
            again = replace(booking, status="CONFIRMED", checked_in_at=None, checked_out_at=None)
            room = replace(world.rooms[booking.room_id], room_status="READY_FOR_GUEST")
            world = world.apply([Put(again), Put(room)])
        return original(world, command, actor, now, ids)

    return lie


@mutant(
    "party-of-unknowns", "check-in/validation/party-complete", "simulator.stays:views.party_missing_count"
)
def _(original: Any) -> Any:
    """A party is taken for complete as soon as its primary guest has a name."""
    return lambda world, booking: 0


@mutant("arrival-at-any-time", "check-in/validation/policy-timing", "simulator.stays:judge_arrival")
def _(original: Any) -> Any:
    """The arrival window is not looked at."""
    return lambda policy, check_in, now: "allowed"


@mutant("arrival-before-its-day", "check-in/validation/policy-timing", "simulator.stays:judge_arrival")
def _(original: Any) -> Any:
    """A guest who comes days early is let in; only hours are checked."""

    def lie(policy: Any, check_in: Any, now: Any) -> Any:
        judgement = original(policy, check_in, now)
        return "allowed" if judgement == "CHECKIN_WRONG_DATE" else judgement

    return lie


@mutant("arrival-long-after-its-day", "check-in/validation/policy-timing", "simulator.stays:judge_arrival")
def _(original: Any) -> Any:
    """The end of the arrival window is not looked at."""

    def lie(policy: Any, check_in: Any, now: Any) -> Any:
        judgement = original(policy, check_in, now)
        return "allowed" if judgement == "CHECKIN_TOO_LATE" else judgement

    return lie


@mutant("arrival-in-server-time", "check-in/policy/hotel-timezone", "simulator.stays:judge_arrival")
def _(original: Any) -> Any:
    """The arrival window is measured on the clock of the server instead of the hotel's."""

    def lie(policy: Any, check_in: Any, now: Any) -> Any:
        return original(replace(policy, timezone="UTC"), check_in, now)

    return lie


@mutant("arrival-too-early-is-wrong-date", "errors/code/checkin-too-early", "simulator.stays:judge_arrival")
def _(original: Any) -> Any:
    """Too early on the right day is told as a wrong date."""

    def lie(policy: Any, check_in: Any, now: Any) -> Any:
        judgement = original(policy, check_in, now)
        return "CHECKIN_WRONG_DATE" if judgement == "CHECKIN_TOO_EARLY" else judgement

    return lie


@mutant("refused-check-in-stamps", "atomicity/check-in", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A check-in into a room that is not ready is refused after the booking has been stamped and saved."""

    def lie(world: Any, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        try:
            return original(world, command, actor, now, ids)
        except ContractError as refusal:
            if refusal.code != "ROOM_NOT_READY":
                raise
            touched = replace(world.bookings[command.booking_id], checked_in_at=now, updated_at=now)
            return Decision(Reply(refusal.status, refusal.body(), refusal.code), (Put(touched),))

    return lie


@mutant("refused-check-in-leaves-note", "atomicity/check-in", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A check-in that is refused for the time leaves a note at the booking."""

    def lie(world: Any, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        try:
            return original(world, command, actor, now, ids)
        except ContractError as refusal:
            if not refusal.code.startswith("CHECKIN_"):
                raise
            booking = world.bookings[command.booking_id]
            noted = replace(booking, internal_notes=f"{booking.internal_notes}\nCame at {now:%H:%M}.")
            return Decision(Reply(refusal.status, refusal.body(), refusal.code), (Put(noted),))

    return lie


@mutant("refused-check-in-is-announced", "refusal/no-event", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """The staff event of a check-in is sent before the arrival window is looked at."""

    def lie(world: Any, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        try:
            return original(world, command, actor, now, ids)
        except ContractError as refusal:
            if not refusal.code.startswith("CHECKIN_"):
                raise
            booking = world.bookings[command.booking_id]
            draft = Draft(enter(world, command.hotel_slug, actor, "checkIn", now, ids))
            draft.announce_to_staff("booking_checked_in", booking)
            told = draft.decide(lambda after: {})
            return Decision(Reply(refusal.status, refusal.body(), refusal.code), (), told.events)

    return lie


@mutant("aborted-check-out-empties-room", "atomicity/check-out", "simulator.decide:check_out")
def _(original: Any) -> Any:
    """A check-out that must be aborted has already taken the guests out of the room."""

    def lie(world: Any, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        try:
            return original(world, command, actor, now, ids)
        except ContractError as refusal:
            if refusal.code != "CHECKOUT_FAILED":
                raise
            gone = [Put(replace(guest, room_id=None)) for guest in world.guests_of(command.booking_id)]
            return Decision(Reply(refusal.status, refusal.body(), refusal.code), tuple(gone))

    return lie


@mutant("check-in-asks-room-first", "refusal/order/check-in", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """The room is checked before the party, so that an incomplete party hears of the room first."""

    def lie(world: Any, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        try:
            return original(world, command, actor, now, ids)
        except ContractError as refusal:
            booking = world.bookings.get(command.booking_id)
            room = world.rooms.get(booking.room_id) if booking and booking.room_id else None
            if refusal.code == "PARTY_INCOMPLETE" and room and room.room_status != "READY_FOR_GUEST":
                raise ContractError("ROOM_NOT_READY") from refusal
            raise

    return lie


@mutant("late-guest-is-turned-away", "check-in/policy/late-arrival", "simulator.stays:judge_arrival")
def _(original: Any) -> Any:
    """The day after the arrival date is too late, whatever the cutoff says."""

    def lie(policy: Any, check_in: Any, now: Any) -> Any:
        local = now.astimezone(ZoneInfo(policy.timezone)).date()
        return "CHECKIN_TOO_LATE" if local > check_in else original(policy, check_in, now)

    return lie


@mutant("early-guest-waits-for-three", "check-in/policy/arrival-day", "simulator.stays:judge_arrival")
def _(original: Any) -> Any:
    """On the arrival day a check-in waits for check_in_time instead of early_checkin_from."""
    return lambda policy, check_in, now: original(
        replace(policy, early_checkin_from=policy.check_in_time), check_in, now
    )
