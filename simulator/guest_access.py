"""A guest shows a token: what it opens, and for how long."""

from __future__ import annotations

from datetime import datetime

from contract.errors import ContractError
from simulator import views
from simulator.commands import Decision, Reply, UseGuestToken
from simulator.world import Booking, GuestToken, World


def use_guest_token(world: World, command: UseGuestToken, now: datetime) -> Decision:
    """The GuestBooking the token is for (clauses access/guest-token-*).

    ContractError NOT_AUTHENTICATED for a token that is unknown, revoked, expired, or of a departed booking;
    PERMISSION_DENIED when it is valid but for another booking or hotel than the one asked about.
    """
    booking, _ = opened(world, command, now)
    return Decision(Reply(200, views.guest_booking(world, booking)))


def opened(world: World, command: UseGuestToken, now: datetime) -> tuple[Booking, GuestToken]:
    """The booking the token opens, and the token's row; errors as `use_guest_token`."""
    token = next((row for row in world.guest_tokens.values() if row.token_hash == command.token_hash), None)
    if token is None or not _is_valid(world, token, now):
        raise ContractError("NOT_AUTHENTICATED")
    booking = world.bookings[token.booking_id]
    if command.booking_id is not None and command.booking_id != booking.booking_id:
        raise ContractError("PERMISSION_DENIED")
    if command.hotel_slug is not None and command.hotel_slug != world.hotels[booking.hotel_id].slug:
        raise ContractError("PERMISSION_DENIED")
    return booking, token


def _is_valid(world: World, token: GuestToken, now: datetime) -> bool:
    booking = world.bookings.get(token.booking_id)
    return (
        token.status == "ACTIVE"
        and (token.expires_at is None or now < token.expires_at)
        and booking is not None
        # A check-out closes the portal even when the revocation of a token failed and waits for its retry.
        and booking.phase != "departed"
    )
