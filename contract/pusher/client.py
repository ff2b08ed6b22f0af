"""The client's side, without I/O: what a subscriber sends, and what it hears as values.

    url path        connect_path(key)
    after Established   send subscribe_frame(channel), or with auth for a private channel
    every text frame    frame, reply = subscriber.feed(text, now); send `reply` if there is one
    at `deadline`       subscriber.tick(now): send what it returns; `lost` says that the server is gone

`now` is seconds of a monotonic clock.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from contract.pusher import frames
from contract.pusher.errors import MalformedFrameError
from contract.pusher.names import is_socket_id

PROTOCOL = 7
PONG_TIMEOUT = 30.0
"""Seconds a server may take to answer our ping."""


@dataclass(frozen=True, slots=True)
class Established:
    """The connection has its socket id; `activity_timeout` in seconds."""

    socket_id: str
    activity_timeout: float


@dataclass(frozen=True, slots=True)
class SubscriptionSucceeded:
    """The channel's events will arrive from here on; `data_text` lists the members of a presence channel."""

    channel: str
    data_text: str


@dataclass(frozen=True, slots=True)
class SubscriptionError:
    """The server refused this channel; `status` as an HTTP status, None if it did not say."""

    channel: str
    status: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Event:
    """An event on a channel (None for a frame without one); `data_text` is JSON text as the publisher wrote it."""

    channel: str | None
    name: str
    data_text: str


@dataclass(frozen=True, slots=True)
class Ping:
    """The server asks whether we are there; `feed` has made the answer."""


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to our ping."""


@dataclass(frozen=True, slots=True)
class ErrorFrame:
    """`pusher:error`; the code may be null. It names no channel."""

    code: int | None
    message: str


ServerFrame = Established | SubscriptionSucceeded | SubscriptionError | Event | Ping | Pong | ErrorFrame


def connect_path(key: str, *, client: str = "staycheck", version: str = "1.0") -> str:
    """Path and query of the WebSocket URL."""
    query = urlencode({"protocol": PROTOCOL, "client": client, "version": version, "flash": "false"})
    return f"/app/{quote(key, safe='')}?{query}"


def subscribe_frame(channel: str, auth: str | None = None, channel_data: str | None = None) -> str:
    """`pusher:subscribe`; `auth` and `channel_data` exactly as the auth endpoint answered them."""
    data = {"channel": channel}
    if auth is not None:
        data["auth"] = auth
    if channel_data is not None:
        data["channel_data"] = channel_data
    return json.dumps({"event": frames.SUBSCRIBE, "data": data})


def unsubscribe_frame(channel: str) -> str:
    """`pusher:unsubscribe`; it has no answer."""
    return json.dumps({"event": frames.UNSUBSCRIBE, "data": {"channel": channel}})


def parse_server_frame(text: str) -> ServerFrame:
    """Read one frame from a server; raises MalformedFrameError and nothing else.

    `data` may be a string or an object: servers double-encode most of it, and not all of them the same part.
    """
    frame = frames.parse_object(text)
    event, channel, data = frame["event"], frame.get("channel"), frame.get("data")
    if channel is not None and not isinstance(channel, str):
        raise MalformedFrameError("The channel of the frame is not a string")
    match event:
        case frames.ESTABLISHED:
            return _established(_object(data))
        case frames.SUBSCRIPTION_SUCCEEDED:
            return SubscriptionSucceeded(_named(channel, event), _text(data))
        case frames.SUBSCRIPTION_ERROR:
            fields = _object(data)
            return SubscriptionError(
                _named(channel, event), _integer(fields.get("status")), str(fields.get("error", ""))
            )
        case frames.PING:
            return Ping()
        case frames.PONG:
            return Pong()
        case frames.ERROR:
            fields = _object(data)
            return ErrorFrame(_integer(fields.get("code")), str(fields.get("message", "")))
    return Event(channel, event, _text(data))


class Subscriber:
    """Keeps the connection alive: answers pings, pings after silence, notices a server that is gone."""

    def __init__(
        self, now: float, *, activity_timeout: float = 120.0, pong_timeout: float = PONG_TIMEOUT
    ) -> None:
        self._activity_timeout = activity_timeout
        self._pong_timeout = pong_timeout
        self._heard_at = now
        self._pinged_at: float | None = None
        self.socket_id: str | None = None
        """Set once the connection is established."""
        self.lost = False
        """True after a ping was not answered in time; the connection is of no more use."""

    @property
    def deadline(self) -> float:
        """When `tick` is due if nothing is heard until then."""
        if self._pinged_at is not None:
            return self._pinged_at + self._pong_timeout
        return self._heard_at + self._activity_timeout

    def feed(self, text: str, now: float) -> tuple[ServerFrame, str | None]:
        """One frame as a value, and the frame to send back, if any. Raises MalformedFrameError."""
        self._heard_at, self._pinged_at = now, None
        frame = parse_server_frame(text)
        if isinstance(frame, Established):
            self.socket_id = frame.socket_id
            # The smaller of both sides' wishes, as the protocol page says.
            self._activity_timeout = min(self._activity_timeout, frame.activity_timeout)
        return frame, frames.pong_frame() if isinstance(frame, Ping) else None

    def tick(self, now: float) -> str | None:
        """The ping to send after silence; sets `lost` when the last one was not answered."""
        if now < self.deadline:
            return None
        if self._pinged_at is not None:
            self.lost = True
            return None
        self._pinged_at = now
        return frames.ping_frame()


def _established(fields: dict[str, Any]) -> Established:
    socket_id, timeout = fields.get("socket_id"), fields.get("activity_timeout", 120)
    if not isinstance(socket_id, str) or not is_socket_id(socket_id):
        raise MalformedFrameError("connection_established has no socket id of the form digits.digits")
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= 86_400:
        raise MalformedFrameError("connection_established has no usable activity_timeout")
    return Established(socket_id, float(timeout))


def _named(channel: str | None, event: str) -> str:
    if channel is None:
        raise MalformedFrameError(f"{event} names no channel")
    return channel


def _object(data: Any) -> dict[str, Any]:
    value = frames.loads(data) if isinstance(data, str) else data
    if not isinstance(value, dict):
        raise MalformedFrameError("The data of the frame is not an object")
    return value


def _text(data: Any) -> str:
    if data is None:
        return "{}"
    return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
