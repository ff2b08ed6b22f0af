"""Guest tokens: one fresh at check-in, none after check-out."""

import secrets

from hotel.access import digest
from hotel.models import GuestToken

SCOPES = ["STATUS_READ", "CHAT", "ROOM_SERVICE"]


def issue(booking, now):
    """Revoke what the booking has, and give out one new token. The raw token is in no row."""
    revoke_all(booking, "replaced at check-in", now)
    raw = secrets.token_urlsafe(32)
    GuestToken.objects.create(
        booking=booking, digest=digest(raw), purpose="CHAT", scopes=SCOPES, created_at=now
    )
    return raw


def revoke_all(booking, reason, now):
    booking.tokens.filter(status=GuestToken.ACTIVE).update(
        status=GuestToken.REVOKED, revoked_at=now, revoke_reason=reason
    )
