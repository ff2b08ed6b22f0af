"""Guest tokens: issued at check-in, revoked at check-out, kept as SHA-256 only (clause tokens/hashed-at-rest)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulator.draft import Draft
from simulator.world import Booking, GuestToken, Hotel, World

PURPOSE = "CHAT"
SCOPES = ("STATUS_READ", "CHAT", "ROOM_SERVICE")
_EXPIRY_TIME = time(12, 0)


def token_hash(raw: str) -> str:
    """The SHA-256 of a raw token, in hex: what is stored and looked up."""
    return hashlib.sha256(raw.encode()).hexdigest()


def expires_at(hotel: Hotel, booking: Booking) -> datetime:
    """Noon, in the zone of the hotel, of the day after check-out."""
    local = datetime.combine(booking.check_out + timedelta(days=1), _EXPIRY_TIME, ZoneInfo(hotel.timezone))
    return local.astimezone(UTC)


def issue(draft: Draft, booking: Booking) -> str:
    """Revoke the booking's earlier tokens and issue a fresh one. Answers the raw token, which nobody stores."""
    step = draft.step
    revoke(draft, booking, "replaced at check-in")
    raw = step.ids.guest_token()
    draft.put(
        GuestToken(
            id=step.ids.number(GuestToken.table),
            booking_id=booking.booking_id,
            token_hash=token_hash(raw),
            purpose=PURPOSE,
            scopes=SCOPES,
            status="ACTIVE",
            created_at=step.now,
            expires_at=expires_at(step.hotel, booking),
        )
    )
    return raw


def revoke(draft: Draft, booking: Booking, reason: str) -> None:
    """Revoke every active token of the booking, with the time and the reason."""
    for token in active(draft.step.world, booking.booking_id):
        draft.put(replace(token, status="REVOKED", revoked_at=draft.step.now, revoke_reason=reason))


def active(world: World, booking_id: str) -> Iterator[GuestToken]:
    """The booking's tokens that nobody revoked."""
    return (token for token in world.tokens_of(booking_id) if token.status == "ACTIVE")
