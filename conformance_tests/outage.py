"""An outage: for a while the sink does not take what is about one scenario, and says no in several ways.

Only triggers about the scenario's own booking and room are refused. A correct backend may hold its whole channel
meanwhile, so nothing else is run during an outage. It lasts as long as the target says (`timeouts.outage`), however often an event is
tried: whoever tries again for a second and then gives up has lost it all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Literal

Mode = Literal["unavailable", "dropped", "silent"]
"""503; the connection closed without an answer; no answer for a while, then closed."""

MODES: tuple[Mode, ...] = ("unavailable", "dropped", "silent")
SILENCE = 0.3
"""Seconds a silent sink lets a trigger wait."""
_FIRST = 0.5
"""Seconds the next call waits at most for a first event to be refused, so that it is made in an outage that is felt."""
LONGEST = 4.0
"""Seconds an outage lasts at most while a call is still without an answer."""


class Outage:
    """What is refused from now on, and how. `seed` decides the mix of modes; every mode comes once before one comes twice."""

    def __init__(self, scenario: str, seed: str) -> None:
        self.scenario = scenario
        self._chance = random.Random(seed)  # noqa: S311 - a mix, not a secret
        self._left: list[Mode] = []
        self._felt, self._over = asyncio.Event(), asyncio.Event()

    def refused(self, mode: Mode) -> None:
        """A trigger was not taken."""
        if mode != "silent":  # who waits in silence does not know yet
            self._felt.set()

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
        self._felt.clear()  # the next call is waited for anew

    async def lasted(self, seconds: float) -> None:
        """So long, if it has not ended before."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()

    def end(self) -> None:
        """The sink takes everything again; who still waits in silence is let go, without an answer."""
        self._over.set()

    async def silence(self) -> None:
        """The time a silent sink lets a trigger wait."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SILENCE):
                await self._over.wait()
