"""Slow commits: the transaction of one operation stays open for a while after its work is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from reference_server.store import Transaction
from reference_server.store.base import Transacting

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CommitPause:
    """How many seconds a transaction waits before its commit; `begun` is called when it does, on the store thread."""

    seconds: float
    begun: Callable[[], None]


commit_pause: ContextVar[CommitPause | None] = ContextVar("commit_pause", default=None)
"""For the transactions of this request; set around the request."""


class SlowCommits:
    """A store's `transact`; transactions with events wait as `commit_pause` says, on their store thread."""

    def __init__(self, store: Transacting) -> None:
        self._store = store

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """As the store's own."""
        pause = commit_pause.get()
        return await self._store.transact(work if pause is None else _slowed(work, pause))


def _slowed(work: Callable[[Transaction], T], pause: CommitPause) -> Callable[[Transaction], T]:
    def slowed(transaction: Transaction) -> T:
        result = work(transaction)
        if transaction.queued:
            pause.begun()
            time.sleep(pause.seconds)
        return result

    return slowed
