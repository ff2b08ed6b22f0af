"""Webhooks: what an app's server is told, as values, and the signed request that tells it.

`POST {"time_ms": ..., "events": [...]}` with `X-Pusher-Key` and `X-Pusher-Signature`, the HMAC-SHA256 of the raw body in
lower-case hex. Source: "Webhooks" of the Pusher Channels documentation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from contract.pusher.app import PusherApp
from contract.pusher.signatures import body_signature

WEBHOOK_EVENTS = frozenset(
    {
        "channel_occupied",
        "channel_vacated",
        "member_added",
        "member_removed",
        "client_event",
        "cache_miss",
        "subscription_count",
    }
)
"""Every name a happening may have."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened on a channel; `details` are the further fields of its JSON."""

    name: str
    channel: str
    details: Mapping[str, str | int] = field(default_factory=dict)

    def as_json(self) -> dict[str, str | int]:
        """`{"name", "channel", ...}` as it stands in the list of events."""
        return {"name": self.name, "channel": self.channel, **self.details}


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """The body to post, and the headers that go with it."""

    body: bytes
    headers: Mapping[str, str]


def webhook_request(app: PusherApp, happenings: Iterable[Happening], *, now: float) -> WebhookRequest:
    """One signed request for happenings in their order; `now` in seconds since the epoch.

    Of several subscription counts of one channel only the last is told.
    """
    events = [happening.as_json() for happening in _without_stale_counts(list(happenings))]
    body = json.dumps({"time_ms": int(now * 1000), "events": events}, separators=(",", ":")).encode("ascii")
    return WebhookRequest(
        body,
        {
            "Content-Type": "application/json",
            "X-Pusher-Key": app.key,
            "X-Pusher-Signature": body_signature(app.secret, body),
        },
    )


def _without_stale_counts(happenings: list[Happening]) -> Iterable[Happening]:
    last = {one.channel: at for at, one in enumerate(happenings) if one.name == "subscription_count"}
    for at, one in enumerate(happenings):
        if one.name != "subscription_count" or last[one.channel] == at:
            yield one
