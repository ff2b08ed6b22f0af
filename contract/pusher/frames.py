"""Frames of the WebSocket: what a client may say, parsed, and what a server says, rendered.

`data` from the server is a JSON *string* inside the frame (double encoding); `pusher:error` alone carries an object.
Clients send `data` as an object or, some of them, as a string that holds one; both are read.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from contract.pusher.errors import CloseError, FrameError, MalformedFrameError, error_data
from contract.pusher.names import channel_name_problem

MAX_FRAME_CHARS = 65_536
"""Longest client frame that is read: 10 KB of data, escaped twice, with room to spare."""

ESTABLISHED = "pusher:connection_established"
SUBSCRIBE = "pusher:subscribe"
UNSUBSCRIBE = "pusher:unsubscribe"
PING = "pusher:ping"
PONG = "pusher:pong"
ERROR = "pusher:error"
SUBSCRIPTION_SUCCEEDED = "pusher_internal:subscription_succeeded"
SUBSCRIPTION_ERROR = "pusher:subscription_error"


@dataclass(frozen=True, slots=True)
class SubscribeFrame:
    """`pusher:subscribe`. The channel name is valid; `auth` is None when absent or empty."""

    channel: str
    auth: str | None
    channel_data: str | None


@dataclass(frozen=True, slots=True)
class UnsubscribeFrame:
    """`pusher:unsubscribe`."""

    channel: str


@dataclass(frozen=True, slots=True)
class PingFrame:
    """`pusher:ping`."""


@dataclass(frozen=True, slots=True)
class PongFrame:
    """`pusher:pong`."""


@dataclass(frozen=True, slots=True)
class OtherFrame:
    """A well-formed frame of another event; `channel` is None or a string, `data` any JSON value."""

    event: str
    channel: str | None
    data: Any


ClientFrame = SubscribeFrame | UnsubscribeFrame | PingFrame | PongFrame | OtherFrame


def parse_object(text: str) -> dict[str, Any]:
    """A frame from either side as a dict with a string `event`; raises MalformedFrameError."""
    frame = loads(text)
    if not isinstance(frame, dict):
        raise MalformedFrameError("The frame is not a JSON object")
    if not isinstance(frame.get("event"), str):
        raise MalformedFrameError("The frame has no event name")
    return frame


def parse_client_frame(text: str) -> ClientFrame:
    """Read one text frame from a client; raises MalformedFrameError and nothing else."""
    if len(text) > MAX_FRAME_CHARS:
        raise MalformedFrameError(f"The frame is longer than {MAX_FRAME_CHARS} characters")
    frame = parse_object(text)
    event = frame["event"]
    if event == PING:
        return PingFrame()
    if event == PONG:
        return PongFrame()
    if event == SUBSCRIBE:
        data = _data_object(frame)
        return SubscribeFrame(
            channel=_channel(data),
            auth=_optional_string(data, "auth"),
            channel_data=_optional_string(data, "channel_data"),
        )
    if event == UNSUBSCRIBE:
        return UnsubscribeFrame(_channel(_data_object(frame)))
    channel = frame.get("channel")
    if channel is not None and not isinstance(channel, str):
        raise MalformedFrameError("The channel of the frame is not a string")
    return OtherFrame(event, channel, frame.get("data"))


def encode_event(channel: str, name: str, data: str) -> str:
    """An event for its subscribers. `data` is JSON text already and goes out as a string.

    Called once per event, however many subscribers there are. The result is ASCII.
    """
    return json.dumps({"event": name, "channel": channel, "data": data}, separators=(",", ":"))


def established_frame(socket_id: str, activity_timeout: float) -> str:
    """`pusher:connection_established`; the timeout, in seconds, is announced whole and never as 0."""
    # pusher-js throws when activity_timeout is missing or 0
    seconds = max(1, math.ceil(activity_timeout))
    return _frame(ESTABLISHED, data=_compact({"socket_id": socket_id, "activity_timeout": seconds}))


def subscription_succeeded_frame(channel: str) -> str:
    """`pusher_internal:subscription_succeeded` for a channel without members."""
    return _frame(SUBSCRIPTION_SUCCEEDED, channel=channel, data="{}")


def subscription_error_frame(channel: str, status: int, message: str) -> str:
    """`pusher:subscription_error`, as some servers answer a bad signature."""
    data = _compact({"type": "AuthError", "error": message, "status": status})
    return _frame(SUBSCRIPTION_ERROR, channel=channel, data=data)


def error_frame(error: FrameError | CloseError) -> str:
    """`pusher:error` with an object as data, as the protocol page shows it."""
    return _compact({"event": ERROR, "data": error_data(error)})


def ping_frame() -> str:
    """`pusher:ping`, from either side."""
    return _frame(PING, data="{}")


def pong_frame() -> str:
    """`pusher:pong`, from either side."""
    return _frame(PONG, data="{}")


def _frame(event: str, *, channel: str | None = None, data: str) -> str:
    frame = {"event": event} if channel is None else {"event": event, "channel": channel}
    return _compact(frame | {"data": data})


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def loads(text: str) -> Any:
    """JSON from the other side; raises MalformedFrameError."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # RecursionError: thousands of nested brackets
        raise MalformedFrameError("The frame is not JSON") from None


def _data_object(frame: dict[str, Any]) -> dict[str, Any]:
    data = frame.get("data")
    if isinstance(data, str):
        data = loads(data)
    if not isinstance(data, dict):
        raise MalformedFrameError(f"The data of {frame['event']} is not an object")
    return data


def _channel(data: dict[str, Any]) -> str:
    channel = data.get("channel")
    problem = channel_name_problem(channel)
    if problem is not None:
        raise MalformedFrameError(problem)
    return str(channel)


def _optional_string(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise MalformedFrameError(f"{name} must be a string")
    return value or None
