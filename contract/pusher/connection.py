"""The server's side of one connection as a state machine without I/O.

    connection = Connection(socket_id, app, settings, now)
    outputs = connection.open()            # then feed() for every text frame, tick() at `deadline`

Every call returns what the owner of the socket has to do, in order. `now` is seconds of a monotonic clock.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from contract.pusher import frames
from contract.pusher.app import PusherApp
from contract.pusher.errors import (
    ClientEventRefusedError,
    CloseError,
    FrameError,
    MalformedFrameError,
    NotAuthorizedError,
    PongMissingError,
    SubscriptionRefusedError,
    close_reason,
)
from contract.pusher.names import ChannelKind, channel_kind
from contract.pusher.signatures import verify_channel_auth

_SERVED = frozenset({ChannelKind.PUBLIC, ChannelKind.PRIVATE, ChannelKind.PRIVATE_ENCRYPTED})


class AuthFailure(enum.Enum):
    """What a client sees after a subscription with a wrong or missing signature; servers differ."""

    ERROR = "error"
    """`pusher:error` with code 4009, the connection stays (the documentation's code; the default)."""
    CLOSE = "close"
    """The connection is closed with 4009."""
    SUBSCRIPTION_ERROR = "subscription_error"
    """`pusher:subscription_error` on the channel with type AuthError and status 401."""


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Times in seconds. `activity_timeout`: silence after which the server pings; `pong_timeout`: then it closes."""

    activity_timeout: float = 120.0
    pong_timeout: float = 30.0
    auth_failure: AuthFailure = AuthFailure.ERROR


@dataclass(frozen=True, slots=True)
class Send:
    """Send this text frame."""

    text: str


@dataclass(frozen=True, slots=True)
class Subscribe:
    """From now on this connection receives the channel's events."""

    channel: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """From now on it does not."""

    channel: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close the WebSocket with this code and reason; nothing follows."""

    code: int
    reason: str

    @classmethod
    def of(cls, error: CloseError) -> Close:
        """The close that renders an error."""
        return cls(error.code, close_reason(error))


Output = Send | Subscribe | Unsubscribe | Close


class Connection:
    """State of one connection: its subscriptions and when it was last heard of."""

    def __init__(self, socket_id: str, app: PusherApp, settings: ConnectionSettings, now: float) -> None:
        self.socket_id = socket_id
        self._app = app
        self._settings = settings
        self._subscribed: set[str] = set()
        self._heard_at = now
        self._pinged_at: float | None = None

    @property
    def channels(self) -> frozenset[str]:
        """The channels this connection is subscribed to."""
        return frozenset(self._subscribed)

    @property
    def deadline(self) -> float:
        """When `tick` is due if nothing is heard until then."""
        if self._pinged_at is not None:
            return self._pinged_at + self._settings.pong_timeout
        return self._heard_at + self._settings.activity_timeout

    def open(self) -> list[Output]:
        """The first frame."""
        return [Send(frames.established_frame(self.socket_id, self._settings.activity_timeout))]

    def heard(self, now: float) -> None:
        """Anything arrived, a WebSocket ping or pong included: the client is alive."""
        self._heard_at = now
        self._pinged_at = None

    def tick(self, now: float) -> list[Output]:
        """Ping after silence, close with 4201 when the ping is not answered; nothing before `deadline`."""
        if now < self.deadline:
            return []
        if self._pinged_at is not None:
            return [Close.of(PongMissingError())]
        self._pinged_at = now
        return [Send(frames.ping_frame())]

    def feed(self, text: str, now: float) -> list[Output]:
        """Answer one text frame. Never raises: what is wrong with the frame is part of the answer."""
        self.heard(now)
        try:
            return self._answer(frames.parse_client_frame(text))
        except FrameError as error:
            return [Send(frames.error_frame(error))]

    def feed_binary(self, now: float) -> list[Output]:
        """Answer a binary frame, which the protocol does not have."""
        self.heard(now)
        return [Send(frames.error_frame(MalformedFrameError("Binary frames are not supported")))]

    def _answer(self, frame: frames.ClientFrame) -> list[Output]:
        match frame:
            case frames.PingFrame():
                return [Send(frames.pong_frame())]
            case frames.PongFrame():
                return []
            case frames.SubscribeFrame():
                return self._subscribe(frame)
            case frames.UnsubscribeFrame(channel):
                if channel not in self._subscribed:
                    raise SubscriptionRefusedError(f"No current subscription to channel {channel}")
                self._subscribed.remove(channel)
                return [Unsubscribe(channel)]
            case frames.OtherFrame(event):
                if event.startswith("client-"):
                    raise ClientEventRefusedError
                raise MalformedFrameError(f"The event {event[:60]!a} is not supported")

    def _subscribe(self, frame: frames.SubscribeFrame) -> list[Output]:
        channel, kind = frame.channel, channel_kind(frame.channel)
        if kind not in _SERVED:
            raise SubscriptionRefusedError(f"Channels that start with {kind.value} are not served here")
        if channel in self._subscribed:
            raise SubscriptionRefusedError(f"Existing subscription to channel {channel}")
        if kind.needs_auth and not self._is_authorized(frame):
            return self._refuse_auth(channel)
        self._subscribed.add(channel)
        # The acknowledgement goes first: no event of the channel may overtake it.
        return [Send(frames.subscription_succeeded_frame(channel)), Subscribe(channel)]

    def _is_authorized(self, frame: frames.SubscribeFrame) -> bool:
        if frame.auth is None:
            return False
        return verify_channel_auth(
            frame.auth, self._app.key, self._app.secret, self.socket_id, frame.channel, frame.channel_data
        )

    def _refuse_auth(self, channel: str) -> list[Output]:
        error = NotAuthorizedError(
            f"The subscription to channel {channel} is not authorized: invalid auth signature"
        )
        match self._settings.auth_failure:
            case AuthFailure.ERROR:
                return [Send(frames.error_frame(error))]
            case AuthFailure.CLOSE:
                return [Close.of(error)]
            case AuthFailure.SUBSCRIPTION_ERROR:
                return [Send(frames.subscription_error_frame(channel, 401, error.reason))]
