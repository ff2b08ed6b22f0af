"""What every store is: transactions, snapshots, and word of every commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias, TypeVar

from reference_server.store.transaction import OutboxRow, Transaction

T = TypeVar("T")
CommitListener: TypeAlias = Callable[[Sequence[OutboxRow]], None]


class StoreError(Exception):
    """The database cannot be opened or is not one of ours. The message says which one and what to do."""


class Transacting(Protocol):
    """What an operation needs of a store."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """As `Store.transact`."""


class Store(Protocol):
    """Where the hotel is kept. `work` functions run on a store thread and must not await anything.

    A `work` function may run more than once, each time in a transaction of its own of which at most one commits; what it
    changes outside the transaction has to bear that.
    """

    async def open(self) -> None:
        """Make the database ready. Raises: `StoreError` when it cannot be reached or holds something else."""

    def on_commit(self, listener: CommitListener) -> None:
        """Call `listener` on the event loop with the outbox rows of every commit.

        Transactions that locked the same booking or room come in the order of their commits.
        """

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a write transaction; an exception rolls everything back.

        A cancelled caller does not cancel the transaction: it ends whole, and its events are published.
        """

    async def transact_alone(self, work: Callable[[Transaction], T]) -> T:
        """`transact` while no other transaction writes: what was begun before has ended, with its commit listener called."""

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on one committed snapshot, beside any writer."""

    async def close(self) -> None:
        """End the threads and close the connections."""
