"""The channels of one app as a state machine without I/O: who listens where, who is present, who signed in.

Every change answers what has to be done, in order: frames for the connection concerned (`Send`), one encoded frame for
many (`Deliver`), and what webhooks are told (`Report`). `now` is seconds of a monotonic clock. A connection is its
socket id; nothing here knows of sockets.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from contract.pusher import frames
from contract.pusher.cache import CachedEvent, EventCache
from contract.pusher.errors import LimitReachedError
from contract.pusher.names import channel_kind, user_of_channel
from contract.pusher.outputs import Deliver, Output, Report, Send
from contract.pusher.presence import Member, Roster
from contract.pusher.settings import AppSettings
from contract.pusher.webhooks import Happening


@dataclass(slots=True)
class _Occupied:
    """A channel somebody listens to: its connections in the order of subscribing, and its members if it has any."""

    sockets: dict[str, None] = field(default_factory=dict)
    roster: Roster | None = None


class Channels:
    """Subscriptions, rosters, users and cached events of one app."""

    def __init__(self, settings: AppSettings) -> None:
        self._settings = settings
        self._occupied: dict[str, _Occupied] = {}
        self._channels_of: dict[str, dict[str, None]] = {}
        self._user_of: dict[str, str] = {}
        self._sockets_of_user: dict[str, dict[str, None]] = {}
        self._cache = EventCache(settings.cache_seconds, settings.cached_channels)

    # Subscriptions

    def subscribe(self, socket_id: str, channel: str, member: Member | None, now: float) -> list[Output]:
        """Take a connection in that is not subscribed yet; `member` exactly for a presence channel.

        Raises LimitReachedError, and changes nothing, when a connection has too many channels or a channel too many
        members.
        """
        mine = self._channels_of.get(socket_id, {})
        if len(mine) >= self._settings.max_subscriptions:
            raise LimitReachedError(f"A connection may have {self._settings.max_subscriptions} subscriptions")
        occupied = self._occupied.get(channel) or _Occupied(roster=Roster() if member is not None else None)
        roster, first = occupied.roster, not occupied.sockets
        most = self._settings.max_members
        if roster is not None and member is not None and roster.is_full_for(member.user_id, most):
            raise LimitReachedError(f"A presence channel may have {most} members")
        others = tuple(occupied.sockets)
        self._occupied[channel] = occupied
        occupied.sockets[socket_id] = None
        self._channels_of.setdefault(socket_id, {})[channel] = None
        told: list[Output] = [Report(Happening("channel_occupied", channel))] if first else []
        if roster is not None and member is not None:
            joined = roster.join(socket_id, member)
            told.append(Send(frames.subscription_succeeded_frame(channel, roster.as_json())))
            if joined:
                frame = frames.member_added_frame(channel, member.user_id, member.user_info)
                told += [Deliver(frame, others)] if others else []
                told.append(Report(Happening("member_added", channel, {"user_id": member.user_id})))
        else:
            told.append(Send(frames.subscription_succeeded_frame(channel)))
        return told + self._last_event(socket_id, channel, now) + self._counted(channel, occupied)

    def unsubscribe(self, socket_id: str, channel: str) -> list[Output]:
        """Let a connection go that is subscribed."""
        mine = self._channels_of[socket_id]
        del mine[channel]
        if not mine:
            del self._channels_of[socket_id]
        occupied = self._occupied[channel]
        del occupied.sockets[socket_id]
        told: list[Output] = []
        left = occupied.roster.leave(socket_id) if occupied.roster is not None else None
        if left is not None:
            if occupied.sockets:
                told.append(Deliver(frames.member_removed_frame(channel, left), tuple(occupied.sockets)))
            told.append(Report(Happening("member_removed", channel, {"user_id": left})))
        if occupied.sockets:
            return told + self._counted(channel, occupied)
        del self._occupied[channel]
        return [*told, *self._counted(channel, occupied), Report(Happening("channel_vacated", channel))]

    def disconnect(self, socket_id: str) -> list[Output]:
        """The connection is gone, with its subscriptions and its user. Repeating it does nothing."""
        told = [one for channel in self.of(socket_id) for one in self.unsubscribe(socket_id, channel)]
        user_id = self._user_of.pop(socket_id, None)
        if user_id is not None:
            sockets = self._sockets_of_user[user_id]
            del sockets[socket_id]
            if not sockets:
                del self._sockets_of_user[user_id]
        return told

    def sign_in(self, socket_id: str, user_id: str) -> None:
        """From now on the connection gets what is published for this user; it is signed in once."""
        self._user_of[socket_id] = user_id
        self._sockets_of_user.setdefault(user_id, {})[socket_id] = None

    # Events

    def publish(
        self, channel: str, name: str, data: str, now: float, *, exclude: str | None = None
    ) -> list[Output]:
        """An event from the app's server, encoded once; `data` is JSON text. `exclude` is a socket id."""
        user_id = user_of_channel(channel)
        if user_id is not None:
            return self._to(self._sockets_of_user.get(user_id, {}), channel, name, data, exclude=exclude)
        occupied = self._occupied.get(channel)
        if channel_kind(channel).is_cache:
            frame = frames.encode_event(channel, name, data)
            self._cache.put(channel, frame, data, now)
            to = _without(occupied.sockets, exclude) if occupied is not None else ()
            return [Deliver(frame, to)] if to else []
        return [] if occupied is None else self._to(occupied.sockets, channel, name, data, exclude=exclude)

    def client_event(self, socket_id: str, channel: str, name: str, data: str) -> list[Output]:
        """An event from a connection that is subscribed, for all the others there; webhooks hear of it too."""
        occupied = self._occupied[channel]
        user_id = occupied.roster.user_of(socket_id) if occupied.roster is not None else None
        details: dict[str, str | int] = {"event": name, "data": data, "socket_id": socket_id}
        if user_id is not None:
            details["user_id"] = user_id
        sent = self._to(occupied.sockets, channel, name, data, exclude=socket_id, user_id=user_id)
        return [*sent, Report(Happening("client_event", channel, details))]

    # Questions

    def of(self, socket_id: str) -> tuple[str, ...]:
        """The channels of a connection, in the order of subscribing."""
        return tuple(self._channels_of.get(socket_id, ()))

    def is_subscribed(self, socket_id: str, channel: str) -> bool:
        """Whether this connection listens to the channel."""
        return channel in self._channels_of.get(socket_id, ())

    def user_of(self, socket_id: str) -> str | None:
        """Who signed in on this connection."""
        return self._user_of.get(socket_id)

    def connections_of_user(self, user_id: str) -> tuple[str, ...]:
        """The socket ids on which this user signed in."""
        return tuple(self._sockets_of_user.get(user_id, ()))

    def occupied(self, prefix: str = "") -> dict[str, int]:
        """Channels somebody listens to whose name starts with `prefix`, with their number of connections."""
        return {name: len(one.sockets) for name, one in self._occupied.items() if name.startswith(prefix)}

    def subscription_count(self, channel: str) -> int:
        """Connections subscribed to the channel."""
        occupied = self._occupied.get(channel)
        return 0 if occupied is None else len(occupied.sockets)

    def members(self, channel: str) -> tuple[Member, ...]:
        """The distinct users on a presence channel, in the order of joining."""
        occupied = self._occupied.get(channel)
        return () if occupied is None or occupied.roster is None else occupied.roster.members

    def cached(self, channel: str, now: float) -> CachedEvent | None:
        """The last event of a cache channel."""
        return self._cache.get(channel, now)

    # What the changes have in common

    def _last_event(self, socket_id: str, channel: str, now: float) -> list[Output]:
        if not channel_kind(channel).is_cache:
            return []
        cached = self._cache.get(channel, now)
        if cached is not None:
            return [Deliver(cached.frame, (socket_id,))]
        return [Send(frames.cache_miss_frame(channel)), Report(Happening("cache_miss", channel))]

    def _counted(self, channel: str, occupied: _Occupied) -> list[Output]:
        if not self._settings.subscription_counts or occupied.roster is not None:
            return []
        count = len(occupied.sockets)
        report = Report(Happening("subscription_count", channel, {"subscription_count": count}))
        if not count:
            return [report]
        return [Deliver(frames.subscription_count_frame(channel, count), tuple(occupied.sockets)), report]

    @staticmethod
    def _to(
        sockets: dict[str, None],
        channel: str,
        name: str,
        data: str,
        *,
        exclude: str | None,
        user_id: str | None = None,
    ) -> list[Output]:
        to = _without(sockets, exclude)
        return [Deliver(frames.encode_event(channel, name, data, user_id), to)] if to else []


def _without(sockets: dict[str, None], excluded: str | None) -> tuple[str, ...]:
    if excluded not in sockets:
        return tuple(sockets)
    return tuple(one for one in sockets if one != excluded)
