"""One operation, one transaction: lock, load the slice, decide, write, enqueue, commit. Publishing comes after.

Everything `decide` sees is read under the locks of the operation (store/locks.py), and so is the clock, so that `meta.ts`
follows commit order for every booking and room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import structlog

from reference_server.clock import Clock
from reference_server.store import Transaction
from reference_server.store.base import Transacting
from reference_server.store.locks import lock_for
from reference_server.store.slices import slice_for
from simulator.commands import Actor, Command, Decision, Reply
from simulator.decide import decide

Prepare: TypeAlias = Callable[[Transaction], tuple[Command, Actor | None]]

_log = structlog.get_logger("staycheck.unit_of_work")


class UnitOfWork:
    """Carries commands out against the store."""

    def __init__(self, store: Transacting, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def execute(self, prepare: Prepare) -> Reply:
        """Run one operation. `prepare` names the command and who gives it, inside the transaction.

        A refusal writes nothing. An exception rolls back, publishes nothing, and is raised on.
        """

        def work(transaction: Transaction) -> Decision:
            command, actor = prepare(transaction)
            lock_for(transaction, command)
            now = self._clock.now()
            decision = decide(slice_for(transaction, command), command, actor, now, transaction)
            transaction.write(decision.changes)
            transaction.enqueue(decision.events, now)
            return decision

        decision = await self._store.transact(work)
        for event, details in decision.notices:
            _log.warning(event, **details)
        return decision.reply
