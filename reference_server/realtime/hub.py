"""The connections of one app, and the fan-out.

What happens on the channels is decided by `contract.pusher.channels`; the hub carries it out. `Hub.publish` is
synchronous: the event is encoded and framed once, the same bytes are appended to the queue of every subscriber, and it returns.
At the end of the turn of the loop, or a millisecond after the last time, every queue is written to its transport, in one write
however many events it holds; what a transport does not take is left to the connection's own writer (see `websocket`), so a slow
subscriber holds up nobody. When its queue is full it is cut off with 4100, after which a client reconnects and subscribes again. An
event is never skipped in the middle of a connection.

Apps do not hear each other: each has a hub (`apps`).
"""

from __future__ import annotations

import asyncio
import itertools
import math
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import structlog

from contract.pusher.channels import Channels
from contract.pusher.errors import (
    CloseError,
    NotAuthorizedError,
    OverCapacityError,
    OverConnectionQuotaError,
    ReconnectNowError,
)
from contract.pusher.outputs import Close, Deliver, Output, Report, Send
from contract.pusher.settings import AppSettings
from contract.pusher.webhooks import Happening
from reference_server.realtime.subscriber import Subscriber
from reference_server.realtime.wire import text_frame

DEFAULT_QUEUE_LIMIT = 1024

FLUSH_INTERVAL = 0.001
"""Seconds from one flush to the next, so that what comes in quick succession goes out together. After a pause an event goes out at once."""

_log = structlog.get_logger("staycheck.realtime")


@dataclass(frozen=True, slots=True)
class ConnectedClient:
    """One connection as the hub sees it: `queued` frames are not yet handed to its socket.

    `connected_at` in seconds since the epoch; `user_id` is who signed in.
    """

    socket_id: str
    connected_at: float
    user_id: str | None
    channels: tuple[str, ...]
    queued: int


class Hub:
    """The connections of one app and its channels. Use from one event loop only.

    `report` is told what webhooks tell; it must return at once. `monotonic` ages cached events, `wall_clock` (seconds since
    the epoch) says when a client connected.
    """

    def __init__(
        self,
        settings: AppSettings | None = None,
        *,
        queue_limit: int = DEFAULT_QUEUE_LIMIT,
        socket_ids: Iterator[str] | None = None,
        report: Callable[[Happening], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings or AppSettings()
        self._queue_limit = queue_limit
        self._socket_ids = socket_ids if socket_ids is not None else random_socket_ids()
        self._report = report
        self._monotonic = monotonic
        self._wall_clock = wall_clock
        self._subscribers: dict[str, Subscriber] = {}
        self._unflushed: list[Subscriber] = []
        self._flush_due = -math.inf
        self._stopping: Close | None = None
        self.state = Channels(self._settings)

    # Connections

    def __len__(self) -> int:
        return len(self._subscribers)

    def connect(self) -> Subscriber:
        """A place for a new connection, owned by the calling task; give it back with `disconnect`.

        Raises ReconnectNowError once `close_all` was called, OverConnectionQuotaError when the app has all it may have.
        """
        if self._stopping is not None:
            raise ReconnectNowError
        most = self._settings.max_connections
        if most is not None and len(self._subscribers) >= most:
            raise OverConnectionQuotaError(f"Application is over its quota of {most} connections")
        subscriber = Subscriber(next(self._socket_ids), self._wall_clock())
        self._subscribers[subscriber.socket_id] = subscriber
        return subscriber

    def disconnect(self, subscriber: Subscriber) -> None:
        """The connection is gone, with its subscriptions. Repeating it does nothing."""
        self._subscribers.pop(subscriber.socket_id, None)
        self._leave(subscriber)

    def apply(self, subscriber: Subscriber, outputs: Iterable[Output]) -> None:
        """Carry out what the connection's state machine decided, in one go: no event can come between the steps."""
        for output in outputs:
            match output:
                case Send(text):
                    self._send(subscriber, text)
                case Deliver():
                    self._deliver(output)
                case Report(happening):
                    self._tell(happening)
                case Close():
                    self._end(subscriber, output)

    def close_client(self, socket_id: str, error: CloseError | Close) -> bool:
        """Close the connection with this socket id, after what is queued for it; False if there is none."""
        subscriber = self._subscribers.get(socket_id)
        if subscriber is None:
            return False
        self._end(subscriber, error if isinstance(error, Close) else Close.of(error))
        return True

    def terminate_user(self, user_id: str) -> int:
        """Close every connection on which this user signed in, with 4009. Returns how many."""
        sockets = self.state.connections_of_user(user_id)
        for socket_id in sockets:
            self.close_client(
                socket_id, NotAuthorizedError("The app terminated the connections of this user")
            )
        return len(sockets)

    # Events

    def publish(self, channel: str, name: str, data: str, *, exclude_socket: str | None = None) -> int:
        """Fan one event out; `data` is JSON text. Returns how many connections it was queued for."""
        outputs = self.state.publish(channel, name, data, self._monotonic(), exclude=exclude_socket)
        return sum(self._deliver(output) for output in outputs if isinstance(output, Deliver))

    # Introspection

    def clients(self) -> tuple[ConnectedClient, ...]:
        """Every connection, oldest first."""
        return tuple(
            ConnectedClient(
                socket_id,
                subscriber.connected_at,
                self.state.user_of(socket_id),
                tuple(sorted(self.state.of(socket_id))),
                len(subscriber.queue),
            )
            for socket_id, subscriber in self._subscribers.items()
        )

    def channels(self, prefix: str = "") -> dict[str, int]:
        """Occupied channels whose name starts with `prefix`, with their number of subscriptions."""
        return self.state.occupied(prefix)

    def subscription_count(self, channel: str) -> int:
        """Connections subscribed to the channel."""
        return self.state.subscription_count(channel)

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
            self._end(subscriber, self._stopping)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=grace)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    def _send(self, subscriber: Subscriber, text: str) -> None:
        """Queue a frame for one connection, behind what is queued already; a full queue ends the connection."""
        if not subscriber.closing.done() and not self._offer(subscriber, text_frame(text.encode("utf-8"))):
            self._cut_off(subscriber)
            self._leave(subscriber)

    def _end(self, subscriber: Subscriber, close: Close) -> None:
        self._leave(subscriber)
        subscriber.end(close, flush=True)

    def _deliver(self, delivery: Deliver) -> int:
        """Queue one frame for many. Who is cut off leaves its channels, which the others are told behind the frame."""
        leaving: deque[Subscriber] = deque()
        delivered = self._queue_for_all(delivery, leaving)
        while leaving:
            for output in self.state.disconnect(leaving.popleft().socket_id):
                if isinstance(output, Deliver):
                    self._queue_for_all(output, leaving)
                elif isinstance(output, Report):
                    self._tell(output.happening)
        return delivered

    def _queue_for_all(self, delivery: Deliver, leaving: deque[Subscriber]) -> int:
        delivered, frame, subscribers = 0, text_frame(delivery.frame), self._subscribers
        for socket_id in delivery.to:
            subscriber = subscribers.get(socket_id)
            if subscriber is None or subscriber.closing.done():
                continue
            if self._offer(subscriber, frame):
                delivered += 1
            else:
                self._cut_off(subscriber)
                leaving.append(subscriber)
        return delivered

    def _offer(self, subscriber: Subscriber, frame: bytes) -> bool:
        """Queue one WebSocket frame; False when the queue is full and the frame was not taken."""
        queue = subscriber.queue
        if len(queue) >= self._queue_limit:
            subscriber.flush()  # many events in one turn of the loop do not make a slow reader
            if len(queue) >= self._queue_limit:
                return False
        if not queue:  # otherwise it is to be flushed already, or its writer is at it
            if not self._unflushed:
                self._flush_soon()
            self._unflushed.append(subscriber)
        queue.append(frame)
        return True

    def _flush_soon(self) -> None:
        loop, wait = asyncio.get_running_loop(), self._flush_due - time.monotonic()
        if wait > 0:
            loop.call_later(wait, self._flush)
        else:
            loop.call_soon(self._flush)

    def _flush(self) -> None:
        unflushed, self._unflushed = self._unflushed, []
        for subscriber in unflushed:
            subscriber.flush()
        # From the end of this one: the larger it was, the more may come meanwhile to go out with the next.
        self._flush_due = time.monotonic() + FLUSH_INTERVAL

    def _leave(self, subscriber: Subscriber) -> None:
        self.apply(subscriber, self.state.disconnect(subscriber.socket_id))

    def _cut_off(self, subscriber: Subscriber) -> None:
        _log.warning("slow_subscriber_cut_off", socket_id=subscriber.socket_id, queue_limit=self._queue_limit)
        close = Close.of(OverCapacityError("Over capacity: this connection reads too slowly"))
        subscriber.end(close, flush=False)

    def _tell(self, happening: Happening) -> None:
        if self._report is not None:
            self._report(happening)


def random_socket_ids() -> Iterator[str]:
    """`random.counter`: unique here, and between processes as far as 9 random digits carry."""
    return (f"{secrets.randbelow(10**9)}.{number}" for number in itertools.count(1))
