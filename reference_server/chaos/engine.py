"""The plan in force: it may be replaced at any moment, and counts anew then."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from reference_server.chaos.choosing import Deed, Key, Sighting, Tally, choose
from reference_server.chaos.plan import NO_PLAN, Plan
from reference_server.chaos.record import Record

_MOST_TALLIES = 100_000


class Chaos:
    """Asked about every event and request while a plan has rules for them; use from one event loop."""

    def __init__(self, plan: Plan | None = None, record: Record | None = None) -> None:
        self.record = record or Record()
        self._listeners: list[Callable[[], None]] = []
        self._ended = asyncio.Event()
        self.over = threading.Event()
        """Set when everything is let go, for whoever waits on a thread; then there is a new one."""
        self._begin(plan or NO_PLAN)

    def _begin(self, plan: Plan) -> None:
        self.plan = plan
        self.about_events = any(rule.on.side == "event" for rule in plan.rules)
        """Whether anything can happen to an event."""
        self.about_requests = any(rule.on.side == "request" for rule in plan.rules)
        """Whether anything can happen to a request."""
        self._tallies: dict[Key, Tally] = {}

    def replace(self, plan: Plan) -> None:
        """Put another plan in force. What an earlier one holds back is let go."""
        self.release()
        self._begin(plan)

    def release(self) -> None:
        """Let go of everything that is held back: delayed events, an outage, requests without an answer, commits."""
        self._ended.set()
        self.over.set()
        self._ended, self.over = asyncio.Event(), threading.Event()
        for listener in self._listeners:
            listener()

    def on_release(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever everything is let go."""
        self._listeners.append(listener)

    def meet(self, seen: Sighting) -> tuple[Deed, ...]:
        """What is to be done to it; counts it."""
        changed, deeds = choose(self.plan, self._tallies, seen)
        for key, tally in changed.items():  # the latest last
            self._tallies.pop(key, None)
            self._tallies[key] = tally
        while (
            len(self._tallies) > _MOST_TALLIES
        ):  # a channel per booking: those not seen for longest are over
            del self._tallies[next(iter(self._tallies))]
        return deeds

    async def hold(self, seconds: float) -> None:
        """Wait so long, or until everything is let go."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            pass
