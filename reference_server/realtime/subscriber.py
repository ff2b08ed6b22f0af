"""A connection's place in the hub: the queue of its frames, and how it shall end."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from contract.pusher.outputs import Close


@dataclass(frozen=True, slots=True)
class Closing:
    """How a connection shall end; `flush`: what is queued is sent first."""

    close: Close
    flush: bool


class Subscriber:
    """A connection's place in the hub. Frames wait in `queue`; `woken` is set when there is something to do.

    `connected_at` in seconds since the epoch. `closing` resolves when the connection shall end. Belongs to the event loop
    it was made in.
    """

    __slots__ = ("_queue_limit", "closing", "connected_at", "queue", "socket_id", "task", "woken")

    def __init__(self, socket_id: str, queue_limit: int, connected_at: float) -> None:
        self.socket_id = socket_id
        self.connected_at = connected_at
        self.queue: deque[bytes] = deque()
        self.woken = asyncio.Event()
        self.closing: asyncio.Future[Closing] = asyncio.get_running_loop().create_future()
        self.task = asyncio.current_task()
        self._queue_limit = queue_limit

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
