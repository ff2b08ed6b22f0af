"""The server's side of one connection as a state machine without I/O.

    connection = Connection(socket_id, app, settings, channels, now)
    outputs = connection.open()            # then feed() for every text frame, tick() at `deadline`

Every call returns what the owner of the socket has to do, in order (`outputs`); `channels` is the state of the app, which
the connections share. `now` is seconds of a monotonic clock.
"""

from __future__ import annotations

from contract.pusher import frames
from contract.pusher.app import PusherApp
from contract.pusher.channels import Channels
from contract.pusher.errors import (
    ClientEventRateExceededError,
    ClientEventRefusedError,
    FrameError,
    LimitReachedError,
    MalformedFrameError,
    NotAuthorizedError,
    OverCapacityError,
    PongMissingError,
    SubscriptionRefusedError,
)
from contract.pusher.names import (
    MAX_EVENT_DATA,
    channel_kind,
    data_size,
    event_name_problem,
    user_of_channel,
)
from contract.pusher.outputs import Close, Output, Send
from contract.pusher.presence import Member, User, parse_channel_data, parse_user_data
from contract.pusher.rate import Rate
from contract.pusher.settings import AppSettings, AuthFailure
from contract.pusher.signatures import verify_channel_auth, verify_user_auth

LIMIT_STATUS = 4100
"""The `status` of a `pusher:subscription_error` of type LimitReached, as other servers say it."""


class Connection:
    """State of one connection: who signed in on it, how much it sends, and when it was last heard of."""

    def __init__(
        self, socket_id: str, app: PusherApp, settings: AppSettings, channels: Channels, now: float
    ) -> None:
        self.socket_id = socket_id
        self._app = app
        self._settings = settings
        self._channels = channels
        self._user: User | None = None
        self._messages = Rate(settings.messages_per_second)
        self._client_events = Rate(settings.client_events_per_second)
        self._heard_at = now
        self._pinged_at: float | None = None

    @property
    def channels(self) -> frozenset[str]:
        """The channels this connection is subscribed to."""
        return frozenset(self._channels.of(self.socket_id))

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
        if not self._messages.allow(now):
            most = self._settings.messages_per_second
            return [Close.of(OverCapacityError(f"More than {most} messages a second"))]
        try:
            return self._answer(frames.parse_client_frame(text), now)
        except (FrameError, ClientEventRateExceededError) as error:
            return [Send(frames.error_frame(error))]

    def feed_binary(self, now: float) -> list[Output]:
        """Answer a binary frame, which the protocol does not have."""
        self.heard(now)
        return [Send(frames.error_frame(MalformedFrameError("Binary frames are not supported")))]

    def _answer(self, frame: frames.ClientFrame, now: float) -> list[Output]:
        match frame:
            case frames.PingFrame():
                return [Send(frames.pong_frame())]
            case frames.PongFrame():
                return []
            case frames.SubscribeFrame():
                return self._subscribe(frame, now)
            case frames.UnsubscribeFrame(channel):
                return self._unsubscribe(channel)
            case frames.SigninFrame():
                return self._sign_in(frame)
            case frames.ClientEventFrame():
                return self._client_event(frame, now)
            case frames.OtherFrame(event):
                raise MalformedFrameError(f"The event {event[:60]!a} is not supported")

    def _subscribe(self, frame: frames.SubscribeFrame, now: float) -> list[Output]:
        channel = frame.channel
        user_id = user_of_channel(channel)
        if user_id is not None:
            return self._subscribe_user(channel, user_id)
        if self._channels.is_subscribed(self.socket_id, channel):
            raise SubscriptionRefusedError(f"Existing subscription to channel {channel}")
        kind = channel_kind(channel)
        if kind.needs_auth and not self._is_authorized(frame):
            text = f"The subscription to channel {channel} is not authorized: invalid auth signature"
            return self._refuse_auth(NotAuthorizedError(text), channel)
        member = self._member(frame) if kind.is_presence else None
        try:
            # The acknowledgement goes first: no event of the channel may overtake it.
            return self._channels.subscribe(self.socket_id, channel, member, now)
        except LimitReachedError as error:
            refusal = frames.subscription_error_frame(channel, LIMIT_STATUS, error.reason, "LimitReached")
            return [Send(refusal)]

    def _subscribe_user(self, channel: str, user_id: str) -> list[Output]:
        # Its events come from the sign-in on; some clients subscribe to it as to any channel, and wait for the answer.
        if self._user is None or self._user.user_id != user_id:
            return self._refuse_auth(
                NotAuthorizedError(f"Sign in as this user to subscribe to {channel}"), channel
            )
        return [Send(frames.subscription_succeeded_frame(channel))]

    def _unsubscribe(self, channel: str) -> list[Output]:
        if user_of_channel(channel) is not None:
            return []
        if not self._channels.is_subscribed(self.socket_id, channel):
            raise SubscriptionRefusedError(f"No current subscription to channel {channel}")
        return self._channels.unsubscribe(self.socket_id, channel)

    def _member(self, frame: frames.SubscribeFrame) -> Member:
        if frame.channel_data is not None:
            return parse_channel_data(frame.channel_data)
        if self._user is not None:
            return Member(self._user.user_id, self._user.user_info)
        raise MalformedFrameError(f"Channel {frame.channel} needs channel_data, or a user who signed in")

    def _sign_in(self, frame: frames.SigninFrame) -> list[Output]:
        app = self._app
        if not verify_user_auth(frame.auth, app.key, app.secret, self.socket_id, frame.user_data):
            return self._refuse_auth(
                NotAuthorizedError("The sign-in is not authorized: invalid auth signature")
            )
        user = parse_user_data(frame.user_data)
        if self._user is not None and self._user.user_id != user.user_id:
            raise SubscriptionRefusedError("Another user is signed in on this connection")
        self._user = user
        self._channels.sign_in(self.socket_id, user.user_id)
        return [Send(frames.signin_success_frame(user.user_data))]

    def _client_event(self, frame: frames.ClientEventFrame, now: float) -> list[Output]:
        if not self._settings.client_events:
            raise ClientEventRefusedError
        if not channel_kind(frame.channel).takes_client_events:
            raise ClientEventRefusedError(
                "Client event rejected - only supported on private and presence channels"
            )
        if not self._channels.is_subscribed(self.socket_id, frame.channel):
            raise ClientEventRefusedError(f"Client event rejected - not subscribed to {frame.channel}")
        problem = event_name_problem(frame.event)
        if problem is not None:
            raise ClientEventRefusedError(f"Client event rejected - {problem}")
        if data_size(frame.data) > MAX_EVENT_DATA:
            raise ClientEventRefusedError(f"Client event rejected - over {MAX_EVENT_DATA} bytes of data")
        if not self._client_events.allow(now):
            most = self._settings.client_events_per_second
            raise ClientEventRateExceededError(
                f"Client event rejected due to rate limit: more than {most} a second"
            )
        return self._channels.client_event(self.socket_id, frame.channel, frame.event, frame.data)

    def _is_authorized(self, frame: frames.SubscribeFrame) -> bool:
        if frame.auth is None:
            return False
        return verify_channel_auth(
            frame.auth, self._app.key, self._app.secret, self.socket_id, frame.channel, frame.channel_data
        )

    def _refuse_auth(self, error: NotAuthorizedError, channel: str | None = None) -> list[Output]:
        failure = self._settings.auth_failure
        if failure is AuthFailure.CLOSE:
            return [Close.of(error)]
        if failure is AuthFailure.SUBSCRIPTION_ERROR and channel is not None:
            return [Send(frames.subscription_error_frame(channel, 401, error.reason))]
        return [Send(frames.error_frame(error))]
