"""What an app allows and how much: flags, limits and times, and the webhooks it is told by."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from contract.pusher.app import PusherApp


class AuthFailure(enum.Enum):
    """What a client sees after a subscription or sign-in with a wrong or missing signature; servers differ."""

    ERROR = "error"
    """`pusher:error` with code 4009, the connection stays (the documentation's code; the default)."""
    CLOSE = "close"
    """The connection is closed with 4009."""
    SUBSCRIPTION_ERROR = "subscription_error"
    """`pusher:subscription_error` on the channel with type AuthError and status 401."""


@dataclass(frozen=True, slots=True)
class AppSettings:
    """Flags and limits of one app. Times in seconds; None for no limit.

    `activity_timeout`: silence after which the server pings; `pong_timeout`: then it closes. `subscription_counts`
    tells subscribers (presence channels aside) and webhooks how many they are. A cache channel keeps its last event
    for `cache_seconds`, and an app keeps `cached_channels` of them, the latest.
    """

    enabled: bool = True
    tls_only: bool = False
    client_events: bool = True
    subscription_counts: bool = False
    auth_failure: AuthFailure = AuthFailure.ERROR
    activity_timeout: float = 120.0
    pong_timeout: float = 30.0
    max_connections: int | None = None
    max_subscriptions: int = 1000
    max_members: int = 100
    client_events_per_second: int = 10
    messages_per_second: int = 1000
    cache_seconds: float = 1800.0
    cached_channels: int = 1000


@dataclass(frozen=True, slots=True)
class Webhook:
    """A URL that is told of the happenings named in `events`."""

    url: str
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class ServedApp:
    """An app as a server serves it."""

    app: PusherApp
    settings: AppSettings = AppSettings()
    webhooks: tuple[Webhook, ...] = ()
