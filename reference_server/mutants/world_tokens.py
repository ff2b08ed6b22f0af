"""Lies about guest tokens: what is issued, what is revoked, and what a token still opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from contract.errors import ContractError
from reference_server.mutants.mutant import mutant
from reference_server.mutants.parts import Meddling, but
from simulator.commands import UseGuestToken
from simulator.draft import Draft
from simulator.tokens import SCOPES, token_hash
from simulator.world import Booking, GuestToken, Row, World

_ISSUE = "simulator.stays:tokens.issue"
_REVOKE = "simulator.stays:tokens.revoke"
_VALID = "simulator.guest_access:_is_valid"


@mutant("token-for-another-purpose", "check-in/token/issued", "simulator.tokens:PURPOSE")
def _(original: Any) -> Any:
    """The token of a check-in is issued for the status page, as those mailed with the confirmation."""
    return "STATUS"


@mutant("two-tokens-for-companions", "check-in/token/issued", _ISSUE)
def _(original: Any) -> Any:
    """A party of more than one gets a second token, for a companion, that nobody is told."""

    def lie(draft: Draft, booking: Booking) -> Any:
        raw = original(draft, booking)
        if booking.adults + booking.children > 1:
            draft.put(_fresh(draft, booking))
        return raw

    return lie


def _fresh(draft: Draft, booking: Booking) -> GuestToken:
    step = draft.step
    made = token_hash(step.ids.guest_token())
    number = step.ids.number(GuestToken.table)
    return GuestToken(number, booking.booking_id, made, "CHAT", SCOPES, "ACTIVE", step.now)


@mutant(
    "check-out-issues-survey-token", "room/invariant/departed-without-token", "simulator.stays:traces.clear"
)
def _(original: Any) -> Any:
    """Check-out issues a fresh token for the link to the survey, and it opens everything."""

    def lie(draft: Draft, booking: Booking, room: Any) -> None:
        original(draft, booking, room)
        draft.put(_fresh(draft, booking))

    return lie


@mutant("token-is-never-renewed", "check-in/token/returned", _ISSUE)
def _(original: Any) -> Any:
    """Check-in issues no token to a booking that has one already, and answers none."""

    def lie(draft: Draft, booking: Booking) -> Any:
        known = any(token.status == "ACTIVE" for token in draft.step.world.tokens_of(booking.booking_id))
        return None if known else original(draft, booking)

    return lie


@mutant("token-begins-tomorrow", "check-in/token/opens-portal", _VALID)
def _(original: Any) -> Any:
    """Expiry is compared with the wrong sign, so a token opens nothing while it is valid."""

    def lie(world: World, token: GuestToken, now: datetime) -> bool:
        expires = token.expires_at
        return bool(original(world, token, now)) and (expires is None or expires < now)

    return lie


@mutant("door-forgets-revocation", "tokens/earlier-revoked", _VALID)
def _(original: Any) -> Any:
    """The door asks whether the stay goes on and not whether the token was revoked."""

    def lie(world: World, token: GuestToken, now: datetime) -> bool:
        return bool(original(world, replace(token, status="ACTIVE"), now))

    return lie


@mutant("departed-guest-comes-back", "check-out/tokens/portal-closed", _VALID)
def _(original: Any) -> Any:
    """A token opens the portal until it expires, the day after the check-out."""
    return lambda world, token, now: token.expires_at is None or now < token.expires_at


@mutant("revoked-without-time", "check-out/tokens/reason", _REVOKE)
def _(original: Any) -> Any:
    """A revoked token says why and not when."""

    def timeless(row: Row) -> Row:
        return replace(row, revoked_at=None) if isinstance(row, GuestToken) else row

    return lambda draft, booking, reason: original(Meddling(draft, timeless), booking, reason)


@mutant("second-token-survives", "check-out/tokens/revoked", _REVOKE)
def _(original: Any) -> Any:
    """Check-out revokes the first active token it finds."""

    def lie(draft: Draft, booking: Booking, reason: str) -> None:
        seen: list[int] = []

        def first(row: Row) -> Row | None:
            seen.append(1)
            return row if reason != "checked out" or len(seen) == 1 else None

        original(Meddling(draft, first), booking, reason)

    return lie


@mutant("tokens-expire-instead", "check-out/tokens/revoked", _REVOKE)
def _(original: Any) -> Any:
    """Check-out sets the expiry of the tokens to now and leaves their status ACTIVE."""

    def expired(draft: Draft) -> Any:
        def change(row: Row) -> Row:
            if not isinstance(row, GuestToken):
                return row
            return replace(
                row, status="ACTIVE", revoked_at=None, revoke_reason=None, expires_at=draft.step.now
            )

        return change

    return lambda draft, booking, reason: original(
        Meddling(draft, expired(draft)) if reason == "checked out" else draft, booking, reason
    )


@mutant("refused-guest-learns-the-booker", "privacy/guest-endpoint", "simulator.decide:use_guest_token")
def _(original: Any) -> Any:
    """The refusal of another booking's token says, for support, whose booking was asked for."""

    def lie(world: World, command: UseGuestToken, now: datetime) -> Any:
        try:
            return original(world, command, now)
        except ContractError as refusal:
            asked = world.bookings.get(command.booking_id or "")
            if refusal.code != "PERMISSION_DENIED" or asked is None:
                raise
            details = {"booking_id": asked.booking_id, "asked_by": asked.booker_email}
            raise ContractError(refusal.code, "This is not your booking.", details) from refusal

    return lie


@mutant("portal-names-the-companions", "privacy/guest-endpoint", "reference_server.handlers.guests:views")
def _(original: Any) -> Any:
    """The guest's context greets the companions by name too, whoever of the party holds the token."""

    def guest_context(world: World, booking: Booking, scopes: Any) -> Any:
        found = original.guest_context(world, booking, scopes)
        party = sorted(world.party_of(booking.booking_id), key=lambda member: member.id)
        names = [f"{member.first_name} {member.last_name}" for member in party if member.role != "PRIMARY"]
        return {**found, "guest_name": ", ".join([found["guest_name"], *names])}

    return but(original, guest_context=guest_context)


@mutant("portal-repeats-the-desk", "privacy/guest-endpoint", "simulator.guest_access:views")
def _(original: Any) -> Any:
    """While the stay lasts the guest's booking has the desk's notes behind the type of the room."""

    def guest_booking(world: World, booking: Booking) -> Any:
        found = original.guest_booking(world, booking)
        if booking.phase != "in_house" or not booking.internal_notes:
            return found
        return {**found, "room_type": f"{found['room_type']} ({booking.internal_notes})"}

    return but(original, guest_booking=guest_booking)
