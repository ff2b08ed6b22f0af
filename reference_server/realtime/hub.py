"""Who listens to what, and the fan-out.

`Hub.publish` is synchronous: it encodes the event once, appends the same bytes to the queue of every subscriber and
returns. Each connection has a writer of its own (see `endpoint`) that empties its queue, so a slow subscriber holds up
nobody; when its queue is full it is cut off with 4100, after which a client reconnects and subscribes again. An event
is never skipped in the middle of a connection.

The apps of one hub are several credentials to the same channels. Apps that must not hear each other get a hub each.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from contract.pusher.connection import Close
from contract.pusher.errors import CloseError, OverCapacityError, ReconnectNowError
from contract.pusher.frames import encode_event

DEFAULT_QUEUE_LIMIT = 1024

_log = structlog.get_logger("staycheck.realtime")


@dataclass(frozen=True, slots=True)
class ConnectedClient:
    """One connection as the hub sees it: `queued` frames are not yet handed to its socket."""

    socket_id: str
    channels: tuple[str, ...]
    queued: int


@dataclass(frozen=True, slots=True)
class Closing:
    """How a connection shall end; `flush`: what is queued is sent first."""

    close: Close
    flush: bool


class Subscriber:
    """A connection's place in the hub. Frames wait in `queue`; `woken` is set when there is something to do.

    `closing` resolves when the connection shall end. Belongs to the event loop it was made in.
    """

    __slots__ = ("_channels", "_queue_limit", "closing", "queue", "socket_id", "task", "woken")

    def __init__(self, socket_id: str, queue_limit: int) -> None:
        self.socket_id = socket_id
        self.queue: deque[bytes] = deque()
        self.woken = asyncio.Event()
        self.closing: asyncio.Future[Closing] = asyncio.get_running_loop().create_future()
        self.task = asyncio.current_task()
        self._channels: set[str] = set()
        self._queue_limit = queue_limit

    @property
    def channels(self) -> set[str]:
        """The channels it is subscribed to; only the hub changes them."""
        return self._channels

    def offer(self, frame: bytes) -> bool:
        """Queue one encoded frame; False when the queue is full and the frame was not taken."""
        if len(self.queue) >= self._queue_limit:
            return False
        self.queue.append(frame)
        self.woken.set()
        return True

    def end(self, close: Close, *, flush: bool) -> None:
        """Ask for the end of this connection; the first one to ask decides how."""
        if self.closing.done():
            return
        if not flush:
            self.queue.clear()
        self.closing.set_result(Closing(close, flush))
        self.woken.set()


class Hub:
    """Subscriptions by channel, and the connections that hold them. Use from one event loop only."""

    def __init__(
        self, *, queue_limit: int = DEFAULT_QUEUE_LIMIT, socket_ids: Iterator[str] | None = None
    ) -> None:
        self._queue_limit = queue_limit
        self._socket_ids = socket_ids if socket_ids is not None else _random_socket_ids()
        self._subscribers: dict[str, Subscriber] = {}
        self._by_channel: dict[str, dict[str, Subscriber]] = {}
        self._stopping: Close | None = None

    # Connections

    def connect(self) -> Subscriber:
        """A place for a new connection, owned by the calling task; give it back with `disconnect`.

        Raises ReconnectNowError once `close_all` was called.
        """
        if self._stopping is not None:
            raise ReconnectNowError
        subscriber = Subscriber(next(self._socket_ids), self._queue_limit)
        self._subscribers[subscriber.socket_id] = subscriber
        return subscriber

    def disconnect(self, subscriber: Subscriber) -> None:
        """The connection is gone, with its subscriptions. Repeating it does nothing."""
        self._subscribers.pop(subscriber.socket_id, None)
        self._unsubscribe_all(subscriber)

    def subscribe(self, subscriber: Subscriber, channel: str) -> None:
        """From now on the subscriber gets what is published on the channel; nothing once it is closing."""
        if subscriber.closing.done():
            return
        subscriber.channels.add(channel)
        self._by_channel.setdefault(channel, {})[subscriber.socket_id] = subscriber

    def unsubscribe(self, subscriber: Subscriber, channel: str) -> None:
        """From now on it does not."""
        subscriber.channels.discard(channel)
        members = self._by_channel.get(channel, {})
        members.pop(subscriber.socket_id, None)
        if not members:
            self._by_channel.pop(channel, None)

    def send(self, subscriber: Subscriber, text: str) -> None:
        """Queue a frame for one connection, behind what is queued already; a full queue ends the connection."""
        if not subscriber.closing.done() and not subscriber.offer(text.encode("utf-8")):
            self._cut_off(subscriber)

    def end(self, subscriber: Subscriber, close: Close) -> None:
        """Close one connection after what is queued for it."""
        self._unsubscribe_all(subscriber)
        subscriber.end(close, flush=True)

    def close_client(self, socket_id: str, error: CloseError) -> bool:
        """Close the connection with this socket id, after what is queued for it; False if there is none."""
        subscriber = self._subscribers.get(socket_id)
        if subscriber is None:
            return False
        self.end(subscriber, Close.of(error))
        return True

    # Events

    def publish(self, channel: str, name: str, data: str, *, exclude_socket: str | None = None) -> int:
        """Fan one event out; `data` is JSON text. Returns how many connections it was queued for."""
        members = self._by_channel.get(channel)
        if not members:
            return 0
        frame = encode_event(channel, name, data).encode("ascii")
        delivered = 0
        full: list[Subscriber] = []
        for socket_id, subscriber in members.items():
            if socket_id == exclude_socket:
                continue
            if subscriber.offer(frame):
                delivered += 1
            else:
                full.append(subscriber)
        for subscriber in full:
            self._cut_off(subscriber)
        return delivered

    # Introspection

    def clients(self) -> tuple[ConnectedClient, ...]:
        """Every connection, oldest first."""
        return tuple(
            ConnectedClient(subscriber.socket_id, tuple(sorted(subscriber.channels)), len(subscriber.queue))
            for subscriber in self._subscribers.values()
        )

    def channels(self, prefix: str = "") -> dict[str, int]:
        """Occupied channels whose name starts with `prefix`, with their number of subscriptions."""
        return {name: len(members) for name, members in self._by_channel.items() if name.startswith(prefix)}

    def subscription_count(self, channel: str) -> int:
        """Connections subscribed to the channel."""
        return len(self._by_channel.get(channel, ()))

    def task_of(self, socket_id: str) -> asyncio.Task[object] | None:
        """The task that serves a connection; None when there is none of this socket id."""
        subscriber = self._subscribers.get(socket_id)
        return None if subscriber is None else subscriber.task

    # The end

    async def close_all(self, code: int = ReconnectNowError.code, *, grace: float = 5.0) -> None:
        """Close every connection with `code` after what is queued for it, and take no more.

        Waits until they are gone; what is not within `grace` seconds is cancelled.
        """
        self._stopping = Close(code, ReconnectNowError.default)
        tasks = {subscriber.task for subscriber in self._subscribers.values() if subscriber.task is not None}
        for subscriber in tuple(self._subscribers.values()):
            self.end(subscriber, self._stopping)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=grace)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    def _cut_off(self, subscriber: Subscriber) -> None:
        _log.warning("slow_subscriber_cut_off", socket_id=subscriber.socket_id, queue_limit=self._queue_limit)
        self._unsubscribe_all(subscriber)
        close = Close.of(OverCapacityError("Over capacity: this connection reads too slowly"))
        subscriber.end(close, flush=False)

    def _unsubscribe_all(self, subscriber: Subscriber) -> None:
        for channel in tuple(subscriber.channels):
            self.unsubscribe(subscriber, channel)


def _random_socket_ids() -> Iterator[str]:
    """`random.counter`: unique here, and between processes as far as 9 random digits carry."""
    return (f"{secrets.randbelow(10**9)}.{number}" for number in itertools.count(1))
