"""Lies about locks: what an operation decides by may have changed before it writes."""

from __future__ import annotations

import time
from typing import Any

from reference_server.mutants.mutant import mutant
from reference_server.mutants.stores import store_of
from reference_server.store.slices import slice_for
from simulator.commands import (
    AssignRoom,
    CheckIn,
    CheckOut,
    Decision,
    MoveRoom,
    SetRoomStatus,
    UnassignRoom,
)
from simulator.decide import decide

_PAUSE = 0.01
"""Seconds between reading and writing: on a real backend the template, the mail and the network are in between."""


def unlocked(original: Any, commands: Any) -> Any:
    """`execute`, which for these commands decides on a snapshot and takes the write lock only to write."""

    async def lie(self: Any, prepare: Any) -> Any:
        def look(tx: Any) -> Any:
            command, actor = prepare(tx)
            if not isinstance(command, commands):
                return None
            world = slice_for(tx, command)
            time.sleep(_PAUSE)  # on a store thread
            return world, command, actor, self._clock.now()

        seen = await store_of(self).read(look)
        if seen is None:
            return await original(self, prepare)

        def write(tx: Any) -> Decision:
            world, command, actor, now = seen
            decision = decide(world, command, actor, now, tx)
            tx.write(decision.changes)
            tx.enqueue(decision.events, now)
            return decision

        return (await self._store.transact(write)).reply

    return lie


_EXECUTE = "reference_server.unit_of_work:UnitOfWork.execute"


@mutant("check-in-locks-too-late", "races/duplicates", _EXECUTE)
def _(original: Any) -> Any:
    """Check-in reads the booking, looks whether it may, and locks it only to write."""
    return unlocked(original, (CheckIn,))


@mutant("check-out-locks-too-late", "races/duplicates", _EXECUTE)
def _(original: Any) -> Any:
    """Check-out reads the booking, looks whether it may, and locks it only to write."""
    return unlocked(original, (CheckOut,))


@mutant("nobody-locks-the-stay", "races/check-in-against-check-out", _EXECUTE)
def _(original: Any) -> Any:
    """Check-in and check-out both decide on what they read before the lock."""
    return unlocked(original, (CheckIn, CheckOut))


@mutant("nobody-locks-the-room", "races/one-room-two-bookings", _EXECUTE)
def _(original: Any) -> Any:
    """A check-in locks its booking and not the room that another booking wants at the same time."""
    return unlocked(original, (CheckIn,))


@mutant("assignment-locks-too-late", "races/assign-one-room", _EXECUTE)
def _(original: Any) -> Any:
    """An assignment looks for overlapping bookings before it takes the lock."""
    return unlocked(original, (AssignRoom, UnassignRoom, MoveRoom))


@mutant("assignment-passes-check-in", "races/assign-against-check-in", _EXECUTE)
def _(original: Any) -> Any:
    """An assignment overwrites the booking with what it read before a check-in."""
    return unlocked(original, (AssignRoom, CheckIn))


@mutant("housekeeping-locks-too-late", "races/status-against-check-in", _EXECUTE)
def _(original: Any) -> Any:
    """A status change overwrites the room with what it read before a check-in."""
    return unlocked(original, (SetRoomStatus, CheckIn))
