"""Slow commits: the transaction of one operation stays open for a while after its work is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from reference_server.store import Transaction
from reference_server.store.base import Transacting

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CommitPause:
    """A transaction waits `seconds` before its commit, or until `over`; `begun` is called when it does, on the store thread."""

    seconds: float
    over: threading.Event
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
            pause.over.wait(pause.seconds)
        return result

    return slowed
