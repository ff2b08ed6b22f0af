"""Work for a store's threads, handed over in batches: whoever waits at the same time is served together.

A thread is woken once for a batch and tells the event loop once; under load that is most of what a small piece of work costs.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeVar

from reference_server.store.transaction import Transaction

T = TypeVar("T")

MOST = 32
"""Pieces of work in a batch: whoever comes behind it waits for all of them."""


@dataclass(slots=True, eq=False)
class Job:
    """A piece of work, and what came of it once it has been served."""

    work: Callable[[Transaction], Any]
    done: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class Batches:
    """Serves jobs on at most `workers` threads of `executor`, in the order they come; `serve` gets a batch, on a thread.

    `serve` sets the result or the error of every job, and raises nothing.
    """

    def __init__(
        self, executor: Executor, serve: Callable[[Sequence[Job]], None], workers: int, *, most: int = MOST
    ) -> None:
        self._executor, self._serve, self._workers, self._most = executor, serve, workers, most
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Job] = deque()
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def do(self, work: Callable[[Transaction], T]) -> T:
        """What the work returns, or raises. It is done although the caller is cancelled."""
        job = Job(work, self._loop.create_future())
        self._waiting.append(job)
        if self._busy < self._workers:
            self._busy += 1
            self._idle.clear()
            self._next()
        result: T = await job.done
        return result

    async def finish(self) -> None:
        """Until nothing is under way and nothing waits."""
        await self._idle.wait()

    def _next(self) -> None:
        """On the loop: give the next batch to a thread, or let it rest."""
        if not self._waiting:
            self._busy -= 1
            if not self._busy:
                self._idle.set()
            return
        count = min(self._most, -(-len(self._waiting) // self._workers))
        batch = [self._waiting.popleft() for _ in range(count)]
        self._executor.submit(self._work, batch)

    def _work(self, batch: Sequence[Job]) -> None:
        """On a thread."""
        self._serve(batch)
        self._loop.call_soon_threadsafe(self._tell, batch)

    def _tell(self, batch: Sequence[Job]) -> None:
        self._next()
        for job in batch:
            if job.done.done():
                continue  # nobody waits any more
            if job.error is None:
                job.done.set_result(job.result)
            else:
                job.done.set_exception(job.error)
