"""An outage: for a while the sink does not take what is about one scenario, and says no in several ways.

Only triggers about the scenario's own booking and room are refused. A correct backend may hold its whole channel
meanwhile, so nothing else is run during an outage.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from typing import Literal

Mode = Literal["unavailable", "dropped", "silent"]
"""503; the connection closed without an answer; no answer for a while, then closed."""

MODES: tuple[Mode, ...] = ("unavailable", "dropped", "silent")
SILENCE = 0.3
"""Seconds a silent sink lets a trigger wait."""
_FIRST = 0.5
"""Seconds the next call waits at most for a first event to be refused, so that it is made in an outage that is felt."""
_ATTEMPTS = 3
"""How often an event must have been refused for the outage to have been one."""
_LEFT = 1.5
"""Seconds an outage lasts after the last call when nobody tries that often."""
LONGEST = 4.0
"""Seconds an outage lasts at most, also while a call is still without an answer."""


class Outage:
    """What is refused from now on, and how. `seed` decides the mix of modes; every mode comes once before one comes twice."""

    def __init__(self, scenario: str, seed: str) -> None:
        self.scenario = scenario
        self._chance = random.Random(seed)  # noqa: S311 - a mix, not a secret
        self._left: list[Mode] = []
        self._attempts: Counter[tuple[str, str, str]] = Counter()
        self._felt, self._tried_often = asyncio.Event(), asyncio.Event()
        self._over = asyncio.Event()

    def refused(self, channel: str, name: str, event_id: str, mode: Mode) -> None:
        """A trigger was not taken."""
        self._attempts[channel, name, event_id] += 1
        if mode != "silent":  # who waits in silence does not know yet
            self._felt.set()
        if self._attempts[channel, name, event_id] >= _ATTEMPTS:
            self._tried_often.set()

    def mode(self) -> Mode:
        """How the next request is refused."""
        if not self._left:
            self._left = list(MODES)
            self._chance.shuffle(self._left)
        return self._left.pop()

    async def felt(self) -> None:
        """Until the backend knows of a first event that was refused; not for long, since it may well publish later."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FIRST):
                await self._felt.wait()

    async def lasted(self) -> None:
        """Until one event was refused several times, or for as long as an outage lasts at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LEFT):
                await self._tried_often.wait()

    def end(self) -> None:
        """The sink takes everything again; who still waits in silence is let go, without an answer."""
        self._over.set()

    async def silence(self) -> None:
        """The time a silent sink lets a trigger wait."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SILENCE):
                await self._over.wait()
