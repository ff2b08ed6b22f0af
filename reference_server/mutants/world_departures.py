"""Lies of check-out about what it does to room, booking, guests, tokens and what is left in the room."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contract.errors import ContractError
from reference_server.mutants.mutant import mutant
from reference_server.mutants.parts import Meddling
from simulator.commands import Decision, Reply
from simulator.draft import Draft
from simulator.views import booking_detail
from simulator.world import AuditRow, Booking, Conversation, Guest, Order, Put, Room, RoomMessage, Row


@mutant("check-out-keeps-tokens", "check-out/tokens/revoked", "simulator.stays:tokens.revoke")
def _(original: Any) -> Any:
    """Check-out revokes no guest token."""
    return lambda draft, booking, reason: (
        None if reason == "checked out" else original(draft, booking, reason)
    )


@mutant("check-out-revokes-newest-token", "check-out/tokens/revoked", "simulator.stays:tokens.revoke")
def _(original: Any) -> Any:
    """Check-out revokes the newest token of the booking and forgets those issued before check-in."""

    def lie(draft: Draft, booking: Booking, reason: str) -> None:
        newest = max((token.id for token in draft.step.world.tokens_of(booking.booking_id)), default=0)
        original(
            Meddling(draft, lambda row: row if getattr(row, "id", 0) == newest else None), booking, reason
        )

    # Check-in revokes the earlier ones as well; they are left alone there, or there would be one to find.
    return lie


@mutant("check-out-revokes-without-reason", "check-out/tokens/reason", "simulator.tokens:replace")
def _(original: Any) -> Any:
    """A revoked token has the status and the time, and says not why."""
    return lambda row, **fields: original(row, **{**fields, "revoke_reason": None})


@mutant("check-out-forgets-stamp", "check-out/booking/checked-out-at", "simulator.stays:replace")
def _(original: Any) -> Any:
    """Check-out completes the booking without a time."""

    def lie(row: Any, **fields: Any) -> Any:
        fields.pop("checked_out_at", None)
        return original(row, **fields)

    return lie


@mutant("check-out-leaves-booking-confirmed", "check-out/booking/status-completed", "simulator.stays:replace")
def _(original: Any) -> Any:
    """Check-out stamps the booking and leaves its status."""

    def lie(row: Any, **fields: Any) -> Any:
        if "checked_out_at" in fields:
            fields["status"] = row.status
        return original(row, **fields)

    return lie


@mutant("check-out-rewrites-arrival", "booking/lifecycle/checked-in-at-kept", "simulator.stays:replace")
def _(original: Any) -> Any:
    """Check-out writes both stamps with the time of the departure."""

    def lie(row: Any, **fields: Any) -> Any:
        if "checked_out_at" in fields:
            fields["checked_in_at"] = fields["checked_out_at"]
        return original(row, **fields)

    return lie


@mutant("check-out-keeps-device", "check-out/room/fcm-token-cleared", "simulator.stays:replace")
def _(original: Any) -> Any:
    """The phone of the departed guest stays registered in the room."""

    def lie(row: Any, **fields: Any) -> Any:
        fields.pop("guest_fcm_token", None)
        return original(row, **fields)

    return lie


@mutant("check-out-skips-turnover-note", "check-out/cleanup/turnover-note", "simulator.stays:replace")
def _(original: Any) -> Any:
    """Check-out leaves housekeeping no note."""

    def lie(row: Any, **fields: Any) -> Any:
        fields.pop("turnover_notes", None)
        return original(row, **fields)

    return lie


@mutant("check-out-leaves-room-occupied", "check-out/room/vacated", "simulator.stays:replace")
def _(original: Any) -> Any:
    """Check-out changes the room's status and leaves is_occupied true."""

    def lie(row: Any, **fields: Any) -> Any:
        if fields.get("is_occupied") is False:
            del fields["is_occupied"]
        return original(row, **fields)

    return lie


@mutant("check-out-readies-room", "check-out/room/status", "simulator.stays:rooms.set_room_status")
def _(original: Any) -> Any:
    """A room that was slept in goes straight to the next guest: check-out sets READY_FOR_GUEST."""

    def lie(draft: Draft, room: Room, to_status: str, **how: Any) -> Any:
        def ready(row: Row) -> Row:
            if isinstance(row, Room):
                return replace(row, room_status="READY_FOR_GUEST")
            return replace(row, to_status="READY_FOR_GUEST") if isinstance(row, AuditRow) else row

        leaving = to_status == "CHECKOUT_DIRTY" and how["via"] == "stay"
        return original(Meddling(draft, ready) if leaving else draft, room, to_status, **how)

    return lie


@mutant("check-out-detaches-primary-only", "check-out/guests/detached", "simulator.stays:occupants.put_all")
def _(original: Any) -> Any:
    """Check-out takes the primary guest out of the room and forgets the companions."""

    def primary(row: Row) -> Row | None:
        return None if isinstance(row, Guest) and row.guest_type != "PRIMARY" else row

    return lambda draft, booking, room: original(Meddling(draft, primary), booking, room)


@mutant("check-out-leaves-walk-ins", "check-out/guests/room-empty", "simulator.stays:occupants.put_all")
def _(original: Any) -> Any:
    """Check-out takes out who was announced; a walk-in guest stays in the room."""

    def announced(row: Row) -> Row | None:
        return None if isinstance(row, Guest) and row.guest_type == "WALKIN" else row

    return lambda draft, booking, room: original(Meddling(draft, announced), booking, room)


@mutant("check-out-unlinks-guests", "check-out/guests/booking-link-kept", "simulator.stays:occupants.put_all")
def _(original: Any) -> Any:
    """Check-out clears the guests' booking together with their room."""

    def unlinked(row: Row) -> Row:
        return replace(row, booking_id=None) if isinstance(row, Guest) else row

    return lambda draft, booking, room: original(Meddling(draft, unlinked), booking, room)


@mutant(
    "check-out-leaves-orphans",
    "check-out/guests/orphans-detached",
    "simulator.stays:occupants.detach_orphans",
)
def _(original: Any) -> Any:
    """Guest records without a booking stay in the room."""
    return lambda draft, booking, room: None


@mutant(
    "orphans-block-check-out", "check-out/guests/orphans-detached", "simulator.stays:occupants.strangers_in"
)
def _(original: Any) -> Any:
    """A guest record without a booking is taken for another booking's guest, and the check-out is refused."""

    def lie(world: Any, booking: Booking, room: Room) -> Any:
        orphans = [guest for guest in world.guests_in(room.id) if guest.booking_id is None]
        return original(world, booking, room) or orphans

    return lie


@mutant(
    "check-out-puts-strangers-out",
    "check-out/guests/foreign-guests-abort",
    "simulator.stays:occupants.strangers_in",
)
def _(original: Any) -> Any:
    """Guests of another booking in the room are put out with the departing ones."""
    return lambda world, booking, room: []


@mutant("check-out-keeps-chat", "check-out/cleanup/conversations", "simulator.stays:traces.clear")
def _(original: Any) -> Any:
    """Conversations are deleted, and the messages of the room stay for the next guest."""

    def goes(row: Row) -> bool:
        return not isinstance(row, RoomMessage)

    return lambda draft, booking, room: original(Meddling(draft, deleted=goes), booking, room)


@mutant("check-out-keeps-conversations", "check-out/cleanup/conversations", "simulator.stays:traces.clear")
def _(original: Any) -> Any:
    """Conversations stay in the room."""

    def goes(row: Row) -> bool:
        return not isinstance(row, RoomMessage | Conversation)

    return lambda draft, booking, room: original(Meddling(draft, deleted=goes), booking, room)


@mutant("check-out-keeps-breakfast", "check-out/cleanup/orders", "simulator.stays:traces.clear")
def _(original: Any) -> Any:
    """Room-service orders are cleared, breakfast orders are forgotten."""

    def goes(row: Row) -> bool:
        return not (isinstance(row, Order) and row.kind == "BREAKFAST")

    return lambda draft, booking, room: original(Meddling(draft, deleted=goes), booking, room)


@mutant("check-out-before-check-in", "check-out/validation/not-checked-in", "simulator.decide:check_out")
def _(original: Any) -> Any:
    """A booking that never arrived can be checked out, to tidy up the list."""

    def lie(world: Any, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        try:
            return original(world, command, actor, now, ids)
        except ContractError as refusal:
            if refusal.code != "NOT_CHECKED_IN":
                raise
        booking = world.bookings[command.booking_id]
        change = Put(replace(booking, status="COMPLETED", checked_in_at=now, checked_out_at=now))
        after = world.apply([change])
        body = {"message": "Checked out.", **booking_detail(after, after.bookings[booking.booking_id])}
        return Decision(Reply(200, body), (change,))

    return lie


@mutant(
    "check-out-leaves-stuck-room", "atomicity/room-status-failure", "simulator.stays:rooms.set_room_status"
)
def _(original: Any) -> Any:
    """When the room's status cannot change, the error is swallowed and the guest departs all the same."""

    def lie(draft: Draft, room: Room, to_status: str, **how: Any) -> Any:
        try:
            return original(draft, room, to_status, **how)
        except ContractError:
            if to_status != "CHECKOUT_DIRTY" or how["via"] != "stay":
                raise
            draft.put(room)
            return None

    return lie


@mutant(
    "failed-survey-is-forgotten", "atomicity/failures-retried", "reference_server.jobs:LogMailer.send_survey"
)
def _(original: Any) -> Any:
    """A survey mail that cannot be sent is taken for sent."""

    async def lie(self: Any, address: str | None, booking_id: str) -> None:
        return None

    return lie
