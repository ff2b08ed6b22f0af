"""Lies of check-in about what it does to room, booking, guests and token."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reference_server.mutants.mutant import mutant
from reference_server.mutants.parts import Meddling
from simulator.draft import Draft
from simulator.world import Guest, GuestToken, Row


@mutant("check-in-leaves-room-vacant", "check-in/room/occupied", "simulator.stays:rooms.set_room_status")
def _(original: Any) -> Any:
    """Check-in sets the room's status and forgets its is_occupied."""

    def lie(draft: Draft, room: Any, to_status: str, **how: Any) -> Any:
        vacant = replace(room, is_occupied=False) if to_status == "OCCUPIED" else room
        return original(draft, vacant, to_status, **how)

    return lie


@mutant("check-in-leaves-status", "check-in/room/status", "simulator.stays:rooms.set_room_status")
def _(original: Any) -> Any:
    """Check-in sets is_occupied directly, past the service that changes the status."""

    def lie(draft: Draft, room: Any, to_status: str, **how: Any) -> Any:
        if to_status != "OCCUPIED":
            return original(draft, room, to_status, **how)
        draft.put(room)
        draft.announce_room(room.id)
        return None

    return lie


@mutant("check-in-forgets-stamp", "check-in/booking/checked-in-at", "simulator.stays:replace")
def _(original: Any) -> Any:
    """Check-in does not set checked_in_at."""

    def lie(row: Any, **fields: Any) -> Any:
        if "checked_out_at" not in fields:
            fields.pop("checked_in_at", None)
        return original(row, **fields)

    return lie


@mutant("check-in-changes-status", "check-in/booking/status-unchanged", "simulator.stays:replace")
def _(original: Any) -> Any:
    """Check-in moves the booking to a status of its own."""

    def lie(row: Any, **fields: Any) -> Any:
        if "checked_in_at" in fields and "checked_out_at" not in fields:
            fields["status"] = "CHECKED_IN"
        return original(row, **fields)

    return lie


@mutant("check-in-forgets-companions", "check-in/guests/created", "simulator.stays:occupants.register")
def _(original: Any) -> Any:
    """Check-in makes a guest record for the primary guest only."""

    def keep(row: Row) -> Row | None:
        return row if not isinstance(row, Guest) or row.guest_type == "PRIMARY" else None

    return lambda draft, booking, room: original(Meddling(draft, keep), booking, room)


@mutant("check-in-mixes-up-names", "check-in/guests/created", "simulator.stays:occupants.register")
def _(original: Any) -> Any:
    """Check-in swaps first and last name of companions."""

    def swap(row: Row) -> Row:
        if isinstance(row, Guest) and row.guest_type == "COMPANION":
            return replace(row, first_name=row.last_name, last_name=row.first_name)
        return row

    return lambda draft, booking, room: original(Meddling(draft, swap), booking, room)


@mutant("check-in-leaves-companions-outside", "check-in/guests/in-room", "simulator.stays:occupants.register")
def _(original: Any) -> Any:
    """Check-in gives the room to the primary guest's record and to no companion's."""

    def outside(row: Row) -> Row:
        return replace(row, room_id=None) if isinstance(row, Guest) and row.guest_type != "PRIMARY" else row

    return lambda draft, booking, room: original(Meddling(draft, outside), booking, room)


@mutant("check-in-unlinks-companions", "check-in/guests/primary-linked", "simulator.stays:occupants.register")
def _(original: Any) -> Any:
    """Check-in does not link companions to the primary guest."""

    def alone(row: Row) -> Row:
        return replace(row, primary_guest_id=None) if isinstance(row, Guest) else row

    return lambda draft, booking, room: original(Meddling(draft, alone), booking, room)


@mutant("check-in-creates-guests-anew", "check-in/guests/idempotent", "simulator.stays:occupants.register")
def _(original: Any) -> Any:
    """Check-in calls create() where it should get_or_create() a guest record."""

    def lie(draft: Draft, booking: Any, room: Any) -> None:
        def anew(row: Row) -> Row:
            if isinstance(row, Guest) and row.id in draft.step.world.guests:
                return replace(row, id=draft.step.ids.number(Guest.table))
            return row

        original(Meddling(draft, anew), booking, room)

    return lie


@mutant("check-in-loses-token", "check-in/token/issued", "simulator.stays:tokens.issue")
def _(original: Any) -> Any:
    """Check-in hands out a token that it never stored."""

    def unsaved(row: Row) -> Row | None:
        return None if isinstance(row, GuestToken) and row.status == "ACTIVE" else row

    return lambda draft, booking: original(Meddling(draft, unsaved), booking)


@mutant("check-in-narrows-scopes", "check-in/token/scopes", "simulator.tokens:SCOPES")
def _(original: Any) -> Any:
    """The token of a check-in opens the status and the chat, and orders no room service."""
    return original[:2]


@mutant("check-in-widens-scopes", "check-in/token/scopes", "simulator.tokens:SCOPES")
def _(original: Any) -> Any:
    """The token of a check-in has one scope more than promised."""
    return (*original, "DOOR_KEY")


@mutant("check-in-keeps-token-to-itself", "check-in/token/returned", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """Check-in issues a token and does not return it."""

    def lie(*asked: Any) -> Any:
        decision = original(*asked)
        if decision.changes:
            body = {**decision.reply.body, "guest_token": None}
            return replace(decision, reply=replace(decision.reply, body=body))
        return decision

    return lie


@mutant("check-in-returns-another-token", "check-in/token/opens-portal", "simulator.decide:check_in")
def _(original: Any) -> Any:
    """Check-in makes one token for the event and another, which is not stored, for the answer."""

    def lie(world: Any, command: Any, actor: Any, now: Any, ids: Any) -> Any:
        decision = original(world, command, actor, now, ids)
        if decision.changes:
            body = {**decision.reply.body, "guest_token": ids.guest_token()}
            return replace(decision, reply=replace(decision.reply, body=body))
        return decision

    return lie


@mutant("check-in-leaves-earlier-tokens", "tokens/earlier-revoked", "simulator.tokens:revoke")
def _(original: Any) -> Any:
    """Tokens from before the check-in live on beside the new one."""
    return lambda draft, booking, reason: (
        original(draft, booking, reason) if "check-in" not in reason else None
    )
