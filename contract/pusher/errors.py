"""What can go wrong in the Pusher protocol: one class per close code and per REST status.

Three families, by what the error does to the connection or request:

- `FrameError`: told to the client in a `pusher:error` frame, the connection stays.
- `CloseError`: ends the WebSocket with a code of the protocol page; `reconnect` says what a client does after it.
- `RestError`: an HTTP status with a plain-text reason, as the official server libraries expect.

`error_data` renders the first two for a `pusher:error` frame and `close_reason` renders the reason of a close frame; a
REST error is its `status` and its text. There is no other place that words an error.
"""

from __future__ import annotations

import enum
from typing import ClassVar

_CLOSE_REASON_BYTES = 123  # RFC 6455, 5.5: a control frame carries 125 bytes, two of them the code


class PusherError(Exception):
    """Base of everything this package raises; its text is a sentence for the developer on the other side."""

    default: ClassVar[str] = "Pusher protocol error"

    def __init__(self, reason: str | None = None) -> None:
        self.reason = reason if reason is not None else self.default
        super().__init__(self.reason)


class FrameError(PusherError):
    """A frame that is refused; `code` is null on the wire, as Pusher's own server sends it."""

    code: ClassVar[int | None] = None
    default = "The frame was refused"


class MalformedFrameError(FrameError):
    """Not a JSON object with a string `event`, too long, or a known event without what it needs."""

    default = "The frame is not a JSON object with an event"


class SubscriptionRefusedError(FrameError):
    """A subscribe or unsubscribe that makes no sense for this connection, or a channel kind that is not served."""

    default = "The subscription was refused"


class LimitReachedError(FrameError):
    """One more than the app allows: subscriptions of a connection, members of a presence channel."""

    default = "The limit was reached"


class ClientEventRefusedError(FrameError):
    """A `client-` event that this app does not allow."""

    default = "To send client events, they must be enabled for this app"


class Reconnect(enum.Enum):
    """What pusher-js does after a close code."""

    NEVER = "never"
    BACKOFF = "after at least one second"
    NOW = "at once"


class CloseError(PusherError):
    """Ends the connection. `code` is the WebSocket close code."""

    code: ClassVar[int]
    default = "The connection was closed"

    @property
    def reconnect(self) -> Reconnect:
        """What a client does next."""
        return reconnect_after(self.code)


class TlsRequiredError(CloseError):
    """4000: the app accepts TLS connections only."""

    code = 4000
    default = "Application only accepts TLS connections, reconnect using wss://"


class AppNotFoundError(CloseError):
    """4001: no app has this key."""

    code = 4001
    default = "Application does not exist"


class AppDisabledError(CloseError):
    """4003: the app exists and is switched off."""

    code = 4003
    default = "Application disabled"


class OverConnectionQuotaError(CloseError):
    """4004: the app has as many connections as it may."""

    code = 4004
    default = "Application is over connection quota"


class PathNotFoundError(CloseError):
    """4005: the WebSocket path is not `/app/{key}`."""

    code = 4005
    default = "Path not found"


class InvalidVersionFormatError(CloseError):
    """4006: `version` in the query is not a version."""

    code = 4006
    default = "Invalid version string format"


class UnsupportedProtocolVersionError(CloseError):
    """4007: `protocol` in the query is not one that is spoken here."""

    code = 4007
    default = "Unsupported protocol version"


class NoProtocolVersionError(CloseError):
    """4008: the query has no `protocol`."""

    code = 4008
    default = "No protocol version supplied"


class NotAuthorizedError(CloseError):
    """4009: a subscription was not signed with the app's secret."""

    code = 4009
    default = "Connection is unauthorized"


class OverCapacityError(CloseError):
    """4100: the server cannot keep up with this connection, or with any more of them."""

    code = 4100
    default = "Over capacity"


class ReconnectNowError(CloseError):
    """4200: the server goes away and another one will answer."""

    code = 4200
    default = "Generic reconnect immediately"


class PongMissingError(CloseError):
    """4201: no pong, nor anything else, came within the time allowed after a ping."""

    code = 4201
    default = "Pong reply not received"


class ClosedInactiveError(CloseError):
    """4202: closed after inactivity, for clients that cannot answer a ping."""

    code = 4202
    default = "Closed after inactivity"


class ClientEventRateExceededError(CloseError):
    """4301: more client events a second than allowed. Told in a frame: the event is dropped and the connection stays."""

    code = 4301
    default = "Client event rejected due to rate limit"


CLOSE_ERRORS: dict[int, type[CloseError]] = {cls.code: cls for cls in CloseError.__subclasses__()}


class RestError(PusherError):
    """A refused REST request: HTTP `status` and a plain-text reason."""

    status: ClassVar[int]
    default = "The request was refused"


class RestBadRequestError(RestError):
    """400: the body, a parameter, a name or a count is wrong."""

    status = 400
    default = "Bad request"


class RestNotAuthenticatedError(RestError):
    """401: missing, expired or wrong request signature."""

    status = 401
    default = "Not authenticated"


class RestForbiddenError(RestError):
    """403: the app is disabled or may not do this."""

    status = 403
    default = "Forbidden"


class RestTooLargeError(RestError):
    """413: the event data is over the limit."""

    status = 413
    default = "The data content of this event exceeds the allowed maximum"


def reconnect_after(code: int) -> Reconnect:
    """What pusher-js does after a connection was closed with `code`: what it does not know it takes for a refusal.

    After 4000 it is back at once if it can speak TLS, which is another connection; with this one it gives up.
    """
    if code < 4000 or 4100 <= code < 4200:
        return Reconnect.BACKOFF
    return Reconnect.NOW if 4200 <= code < 4300 else Reconnect.NEVER


def error_data(error: FrameError | CloseError) -> dict[str, str | int | None]:
    """The `data` of a `pusher:error` frame: `{"code": 4009 or null, "message": text}`."""
    return {"code": error.code, "message": error.reason}


def close_reason(error: CloseError) -> str:
    """The reason of the close frame, cut to what a control frame can carry."""
    raw = error.reason.encode("utf-8", "replace")
    return raw[:_CLOSE_REASON_BYTES].decode("utf-8", "ignore")
