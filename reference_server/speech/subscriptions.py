"""The signature of a private channel, for the name that the client knows it by."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract.channels import parse_channel
from contract.dialect import Dialect
from contract.pusher.app import PusherApp
from contract.pusher.names import channel_kind
from contract.pusher.signatures import channel_auth

_NOT_SPOKEN = "=not-spoken="
"""Before a name that is a channel of the contract only in the contract's words: nothing is sent there."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a client asked to have signed: `wire` is the client's name of the channel, `channel` the contract's."""

    socket_id: str
    wire: str
    channel: str


def asked(dialect: Dialect, body: Any) -> tuple[Any, Subscription | None]:
    """The body of a request for a signature in the contract's words, and what is asked for."""
    if not isinstance(body, Mapping) or not isinstance(body.get("channel_name"), str):
        return body, None
    wire, socket_id = body["channel_name"], body.get("socket_id")
    channel = dialect.to_canonical_channel(wire)
    if channel == wire and (parse_channel(wire) is not None and dialect.to_wire_channel(wire) != wire):
        channel = _NOT_SPOKEN + wire
    told = {**body, "channel_name": channel}
    return told, Subscription(socket_id, wire, channel) if isinstance(socket_id, str) else None


def signed(app: PusherApp, subscription: Subscription, reply: Any) -> Any:
    """The reply with a signature for the client's name in the place of a right one for the contract's. A wrong one stays wrong."""
    if not isinstance(reply, Mapping) or subscription.wire == subscription.channel:
        return reply
    right = channel_auth(app.key, app.secret, subscription.socket_id, subscription.channel)
    if not hmac.compare_digest(str(reply.get("auth")).encode(), right.encode()):
        return reply
    data: dict[str, str] = {}
    if channel_kind(subscription.wire).is_presence:  # whose members are told of each other, under some name
        data = {"channel_data": json.dumps({"user_id": f"socket-{subscription.socket_id}"})}
    auth = channel_auth(
        app.key, app.secret, subscription.socket_id, subscription.wire, data.get("channel_data")
    )
    return {**reply, "auth": auth, **data}
