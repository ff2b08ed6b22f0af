"""Slow commits: the transaction of one operation stays open for a while after its work is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

from reference_server.store import Store, Transaction

T = TypeVar("T")

commit_pause: ContextVar[float] = ContextVar("commit_pause", default=0.0)
"""Seconds that a transaction of this request waits before its commit; set around the request."""


class SlowCommits:
    """A store (of the same methods) whose transactions with events wait as `commit_pause` says, on their store thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.open, self.close, self.read, self.on_commit = (
            store.open,
            store.close,
            store.read,
            store.on_commit,
        )

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """As the store's own."""
        pause = commit_pause.get()
        return await self._store.transact(_slowed(work, pause) if pause else work)


def _slowed(work: Callable[[Transaction], T], pause: float) -> Callable[[Transaction], T]:
    def slowed(transaction: Transaction) -> T:
        result = work(transaction)
        if transaction.queued:
            time.sleep(pause)
        return result

    return slowed
