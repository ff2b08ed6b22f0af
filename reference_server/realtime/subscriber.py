"""A connection's place in the hub: the queue of its frames, and how it shall end."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from contract.pusher.outputs import Close
from reference_server.realtime.wire import Wire


@dataclass(frozen=True, slots=True)
class Closing:
    """How a connection shall end; `flush`: what is queued is sent first."""

    close: Close
    flush: bool


class Subscriber:
    """A connection's place in the hub. Frames wait in `queue`; `woken` is set when its writer has something to do.

    `wire` is None as long as there is no transport. `connected_at` in seconds since the epoch. `closing` resolves when the
    connection shall end. Belongs to the event loop it was made in.
    """

    __slots__ = ("closing", "connected_at", "queue", "socket_id", "task", "wire", "woken")

    def __init__(self, socket_id: str, connected_at: float) -> None:
        self.socket_id = socket_id
        self.connected_at = connected_at
        self.queue: deque[bytes] = deque()
        self.woken = asyncio.Event()
        self.closing: asyncio.Future[Closing] = asyncio.get_running_loop().create_future()
        self.task = asyncio.current_task()
        self.wire: Wire | None = None

    def flush(self) -> None:
        """Write what is queued, and leave to the writer what the transport does not take now."""
        if self.queue and (self.wire is None or not self.wire.flush(self.queue)):
            self.woken.set()

    def end(self, close: Close, *, flush: bool) -> None:
        """Ask for the end of this connection; the first one to ask decides how."""
        if self.closing.done():
            return
        if not flush:
            self.queue.clear()
        self.closing.set_result(Closing(close, flush))
        self.woken.set()
