"""What an observer is, and whom it tells.

Every observer sees the same events in its own way, and is judged for itself. It tells a `Hearer` of every event the
moment it has it, in the order it has them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from conformance_tests.outage import Mode, Outage

Told = tuple[str, str, Any]
"""A trigger as on the wire: channel, name, and data as JSON (or as text when it is not)."""


class Hearer(Protocol):
    """Who listens to the observers: the recorder, through the run."""

    def heard(
        self, observer: str, channel: str, name: str, data: Any, *, size: int, connection: int | None = None
    ) -> asyncio.Task[None] | None:
        """Record an event. The answer is the read it caused (the after-commit probe), when there is one.

        `channel` and `name` are as on the wire; `data` is the event as JSON, or as text when it is not JSON; `size` is
        the length of that text in bytes.
        """

    def noticed(
        self, observer: str, text: str, *, since: float | None = None, until: float | None = None
    ) -> None:
        """Record something about the observer itself: a lost connection, a signature that is wrong.

        In seconds as `now` has them: `since` when it may have missed events, and `until` when at most.
        """

    def now(self) -> float:
        """Seconds since the run began."""

    def refuses(self, observer: str, told: Sequence[Told]) -> tuple[Outage, Mode] | None:
        """Whether a request with these triggers is refused, by which outage and how; the refusal is recorded."""


class Observer(Protocol):
    """A way to see events. It is ready when `start` returns, and sees nothing more after `stop`."""

    @property
    def name(self) -> str:
        """sink, subscribe or file."""

    async def start(self, channels: Sequence[str]) -> None:
        """Be ready to see these public channels (names on the wire). Raises UnreachableError."""

    async def stop(self) -> None:
        """Give back sockets, files and tasks."""
