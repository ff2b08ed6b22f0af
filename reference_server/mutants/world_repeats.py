"""Lies about repeats: what a second call of the same operation does, and must not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contract.errors import ContractError
from reference_server.mutants.mutant import mutant
from reference_server.mutants.parts import Meddling
from simulator.commands import Decision, Reply
from simulator.draft import Draft
from simulator.guards import enter
from simulator.occupants import register
from simulator.tokens import issue
from simulator.views import booking_detail
from simulator.world import AuditRow, Guest, Put


def _repeated(original: Any, phase: str, again: Any) -> Any:
    """`original`, but for a booking that is in `phase` already: `again(draft, booking)` works on the draft."""

    def lie(world: Any, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        decision = original(world, command, actor, now, ids)
        booking = world.bookings.get(command.booking_id)
        if booking is None or booking.phase != phase or decision.changes:
            return decision
        operation = "checkIn" if phase == "in_house" else "checkOut"
        draft = Draft(enter(world, command.hotel_slug, actor, operation, now, ids))
        again(draft, booking)
        return draft.decide(lambda after: {**decision.reply.body, **booking_detail(after, after.bookings[booking.booking_id])})  # fmt: skip

    return lie


@mutant("repeated-check-in-restamps", "idempotency/check-in/no-effect", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A repeated check-in writes a new checked_in_at."""
    return _repeated(
        original, "in_house", lambda draft, booking: draft.put(replace(booking, checked_in_at=draft.step.now))
    )


@mutant("repeated-check-in-adds-guests", "idempotency/check-in/no-effect", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A repeated check-in makes the companions' guest records once more."""

    def again(draft: Draft, booking: Any) -> None:
        def another(row: Any) -> Any:
            if not isinstance(row, Guest) or row.guest_type == "PRIMARY":
                return None
            return replace(row, id=draft.step.ids.number(Guest.table))

        if booking.room_id is not None:
            register(Meddling(draft, another), booking, draft.step.world.rooms[booking.room_id])  # type: ignore[arg-type]

    return _repeated(original, "in_house", again)


@mutant("repeated-check-in-writes-audit", "idempotency/check-in/no-effect", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A repeated check-in writes an audit row from OCCUPIED to OCCUPIED."""

    def again(draft: Draft, booking: Any) -> None:
        step = draft.step
        number = step.ids.number(AuditRow.table)
        draft.put(AuditRow(number, booking.room_id, "OCCUPIED", "OCCUPIED", step.actor.staff_id, step.actor.name, "FRONT_DESK", None, step.now))  # fmt: skip

    return _repeated(original, "in_house", again)


@mutant("repeated-check-in-tells-staff", "idempotency/check-in/no-event", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A repeated check-in is answered as one and announced to the staff again."""
    return _repeated(
        original, "in_house", lambda draft, booking: draft.announce_to_staff("booking_checked_in", booking)
    )


@mutant("repeated-check-in-tells-rooms", "idempotency/check-in/no-event", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A repeated check-in refreshes the room on every board."""
    return _repeated(original, "in_house", lambda draft, booking: draft.announce_room(booking.room_id))


@mutant("repeated-check-in-replaces-token", "idempotency/check-in/token-kept", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A repeated check-in issues a new token and revokes the one the guest has."""
    return _repeated(original, "in_house", lambda draft, booking: issue(draft, booking))


@mutant("repeated-check-in-breaks", "idempotency/check-in/graceful", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A repeated check-in stumbles over what the first one left."""

    def lie(world: Any, command: Any, *others: Any) -> Any:
        booking = world.bookings.get(command.booking_id)
        if booking is not None and booking.phase == "in_house":
            raise RuntimeError("there is a guest record already")
        return original(world, command, *others)

    return lie


@mutant("repeated-check-in-is-refused", "idempotency/check-in/answer-200", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A repeated check-in is refused with a code instead of answered with the booking."""

    def lie(world: Any, command: Any, *others: Any) -> Any:
        decision = original(world, command, *others)
        booking = world.bookings[command.booking_id]
        if booking.phase == "in_house":
            raise ContractError("BOOKING_ALREADY_CHECKED_IN")
        return decision

    return lie


@mutant("repeated-check-in-shows-token", "idempotency/check-in/guest-token-null", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """A repeated check-in answers a guest token, one that was never stored."""

    def lie(world: Any, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        decision = original(world, command, actor, now, ids)
        if decision.changes:
            return decision
        return Decision(Reply(200, {**decision.reply.body, "guest_token": ids.guest_token()}))

    return lie


@mutant("repeated-check-out-restamps", "idempotency/check-out/no-effect", "simulator.decide:check_out")
def _(original: Any) -> Any:
    """A repeated check-out writes a new checked_out_at."""
    return _repeated(
        original,
        "departed",
        lambda draft, booking: draft.put(replace(booking, checked_out_at=draft.step.now)),
    )


@mutant("repeated-check-out-notes-again", "idempotency/check-out/no-effect", "simulator.decide:check_out")
def _(original: Any) -> Any:
    """A repeated check-out leaves the room another turnover note."""

    def again(draft: Draft, booking: Any) -> None:
        room = draft.step.world.rooms[booking.room_id]
        draft.put(replace(room, turnover_notes=f"{room.turnover_notes}\nturnover needed"))

    return _repeated(original, "departed", again)


@mutant("repeated-check-out-tells-guest", "idempotency/check-out/no-event", "simulator.decide:check_out")
def _(original: Any) -> Any:
    """A repeated check-out says goodbye on the guest's channel once more."""

    def again(draft: Draft, booking: Any) -> None:
        draft.announce_to_guest("booking_checked_out", booking.booking_id)

    return _repeated(original, "departed", again)


@mutant(
    "repeated-check-out-empties-room",
    "idempotency/check-out/next-guest-unharmed",
    "simulator.decide:check_out",
)
def _(original: Any) -> Any:
    """A repeated check-out empties the room again, whoever is in it by now."""

    def again(draft: Draft, booking: Any) -> None:
        world = draft.step.world
        room = world.rooms[booking.room_id]
        if room.is_occupied:
            draft.put(replace(room, is_occupied=False, guest_fcm_token=None))
            for guest in world.guests_in(room.id):
                draft.put(replace(guest, room_id=None))

    return _repeated(original, "departed", again)


@mutant("repeated-check-out-breaks", "idempotency/check-out/graceful", "simulator.decide:check_out")
def _(original: Any) -> Any:
    """A repeated check-out stumbles over the missing guests."""

    def lie(world: Any, command: Any, *others: Any) -> Any:
        booking = world.bookings.get(command.booking_id)
        if booking is not None and booking.phase == "departed":
            raise RuntimeError("there is no guest in the room")
        return original(world, command, *others)

    return lie


@mutant("repeated-check-out-is-refused", "idempotency/check-out/answer-200", "simulator.decide:check_out")
def _(original: Any) -> Any:
    """A repeated check-out is refused as if the booking had never been in house."""

    def lie(world: Any, command: Any, *others: Any) -> Any:
        decision = original(world, command, *others)
        if world.bookings[command.booking_id].phase == "departed":
            raise ContractError("NOT_CHECKED_IN")
        return decision

    return lie


@mutant("repeated-assignment-is-told", "idempotency/assign-room", "simulator.assignments:_unchanged")
def _(original: Any) -> Any:
    """Assigning the room a booking has already touches the booking again."""
    return _touching(original, "has this room")


@mutant(
    "repeated-unassignment-touches-booking", "idempotency/unassign-room", "simulator.assignments:_unchanged"
)
def _(original: Any) -> Any:
    """Taking the room from a booking that has none leaves a line in its notes."""
    return _touching(original, "has no room")


@mutant("repeated-move-touches-booking", "idempotency/move-room", "simulator.assignments:_unchanged")
def _(original: Any) -> Any:
    """Moving a booking into the room it is in leaves a line in its notes."""
    return _touching(original, "is in this room")


def _touching(original: Any, which: str) -> Any:
    def lie(world: Any, booking: Any, message: str) -> Any:
        decision = original(world, booking, message)
        if which not in message:
            return decision
        return replace(decision, changes=(Put(replace(booking, internal_notes="nothing to do")),))

    return lie
