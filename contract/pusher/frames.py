"""Frames of the WebSocket: what a client may say, parsed, and what a server says, rendered.

`data` from the server is a JSON *string* inside the frame (double encoding); `pusher:error` and `pusher:signin_success`
carry an object.
Clients send `data` as an object or, some of them, as a string that holds one; both are read.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from contract.pusher.errors import CloseError, FrameError, MalformedFrameError, error_data
from contract.pusher.names import channel_name_problem, user_of_channel
from contract.pusher.outputs import Close

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
SUBSCRIPTION_COUNT = "pusher_internal:subscription_count"
MEMBER_ADDED = "pusher_internal:member_added"
MEMBER_REMOVED = "pusher_internal:member_removed"
CACHE_MISS = "pusher:cache_miss"
SIGNIN = "pusher:signin"
SIGNIN_SUCCESS = "pusher:signin_success"
CLIENT_EVENT_PREFIX = "client-"


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
class SigninFrame:
    """`pusher:signin`; `user_data` is the JSON text that was signed."""

    auth: str
    user_data: str


@dataclass(frozen=True, slots=True)
class ClientEventFrame:
    """`client-...` on a channel, whose name is valid; `data` is JSON text, or the string that was sent as it is."""

    event: str
    channel: str
    data: str


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


ClientFrame = (
    SubscribeFrame | UnsubscribeFrame | SigninFrame | ClientEventFrame | PingFrame | PongFrame | OtherFrame
)


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
    if event == SIGNIN:
        data = _data_object(frame)
        return SigninFrame(_string(data, "auth"), _string(data, "user_data"))
    if event.startswith(CLIENT_EVENT_PREFIX):
        return ClientEventFrame(event, _channel(frame), _data_text(frame.get("data")))
    channel = frame.get("channel")
    if channel is not None and not isinstance(channel, str):
        raise MalformedFrameError("The channel of the frame is not a string")
    return OtherFrame(event, channel, frame.get("data"))


def encode_event(channel: str, name: str, data: str, user_id: str | None = None) -> bytes:
    """An event for its subscribers. `data` is JSON text already and goes out as a string; `user_id` is the sender of a
    client event on a presence channel.

    Called once per event, however many subscribers there are. The result is ASCII.
    """
    frame = {"event": name, "channel": channel, "data": data}
    return _compact(frame if user_id is None else frame | {"user_id": user_id}).encode("ascii")


def member_added_frame(channel: str, user_id: str, user_info: Any) -> bytes:
    """`pusher_internal:member_added`, for those who were there before."""
    return encode_event(channel, MEMBER_ADDED, _compact({"user_id": user_id, "user_info": user_info}))


def member_removed_frame(channel: str, user_id: str) -> bytes:
    """`pusher_internal:member_removed`, for those who are left."""
    return encode_event(channel, MEMBER_REMOVED, _compact({"user_id": user_id}))


def subscription_count_frame(channel: str, count: int) -> bytes:
    """`pusher_internal:subscription_count`, for every subscriber."""
    return encode_event(channel, SUBSCRIPTION_COUNT, _compact({"subscription_count": count}))


def cache_miss_frame(channel: str) -> str:
    """`pusher:cache_miss`, for who subscribes to a cache channel without an event."""
    return _frame(CACHE_MISS, channel=channel, data="{}")


def signin_success_frame(user_data: str) -> str:
    """`pusher:signin_success`, with an object as data."""
    return _compact({"event": SIGNIN_SUCCESS, "data": {"user_data": user_data}})


def established_frame(socket_id: str, activity_timeout: float) -> str:
    """`pusher:connection_established`; the timeout, in seconds, is announced whole and never as 0."""
    # pusher-js throws when activity_timeout is missing or 0
    seconds = max(1, math.ceil(activity_timeout))
    return _frame(ESTABLISHED, data=_compact({"socket_id": socket_id, "activity_timeout": seconds}))


def subscription_succeeded_frame(channel: str, roster: dict[str, Any] | None = None) -> str:
    """`pusher_internal:subscription_succeeded`; `roster` are the members of a presence channel."""
    data = "{}" if roster is None else _compact({"presence": roster})
    return _frame(SUBSCRIPTION_SUCCEEDED, channel=channel, data=data)


def subscription_error_frame(channel: str, status: int, message: str, kind: str = "AuthError") -> str:
    """`pusher:subscription_error`, as some servers answer a bad signature (AuthError) and a limit (LimitReached)."""
    data = _compact({"type": kind, "error": message, "status": status})
    return _frame(SUBSCRIPTION_ERROR, channel=channel, data=data)


def error_frame(error: FrameError | CloseError) -> str:
    """`pusher:error` with an object as data, as the protocol page shows it."""
    return _compact({"event": ERROR, "data": error_data(error)})


def closing_frame(close: Close) -> str:
    """The `pusher:error` that goes before a close, for clients before protocol 6."""
    return _compact({"event": ERROR, "data": {"code": close.code, "message": close.reason}})


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
    if isinstance(channel, str) and user_of_channel(channel) is not None:
        return channel
    problem = channel_name_problem(channel)
    if problem is not None:
        raise MalformedFrameError(problem)
    return str(channel)


def _string(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        raise MalformedFrameError(f"{name} must be a string")
    return value


def _data_text(data: Any) -> str:
    if isinstance(data, str):
        return data
    try:
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        raise MalformedFrameError("The data of a client event must be JSON") from None


def _optional_string(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise MalformedFrameError(f"{name} must be a string")
    return value or None
