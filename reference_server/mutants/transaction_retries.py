"""Lies about what happens under load: retries that write twice, waits that are given up, commits that failed."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import Any

from reference_server.mutants.mutant import mutant
from reference_server.mutants.stores import store_of
from reference_server.store.locks import lock_for
from reference_server.store.slices import slice_for
from simulator.commands import CheckIn, CheckOut, Command, Decision, SetRoomStatus
from simulator.decide import decide
from simulator.world import Guest

_EXECUTE = "reference_server.unit_of_work:UnitOfWork.execute"
_PAUSE = 0.01
"""Seconds between reading and writing, in which others get ahead."""


@mutant("retry-answers-as-a-repeat", "check-in/token/returned", _EXECUTE)
def _(original: Any) -> Any:
    """A check-in whose commit takes its time is sent again, and the answer of the second try is given."""

    async def lie(self: Any, prepare: Any) -> Any:
        reply = await original(self, prepare)
        if reply.code is None and reply.body.get("guest_token"):
            return await original(self, prepare)
        return reply

    return lie


def _tried_twice(kind: type[Command]) -> Any:
    """`execute` that keeps what the first try wrote, and announces the second."""

    async def lie(self: Any, prepare: Any) -> Any:
        def work(tx: Any) -> Decision:
            command, actor = prepare(tx)
            lock_for(tx, command)
            now = self._clock.now()
            world = slice_for(tx, command)
            if isinstance(command, kind):
                tx.write(decide(world, command, actor, now, tx).changes)
            decision = decide(world, command, actor, now, tx)
            tx.write(decision.changes)
            tx.enqueue(decision.events, now)
            return decision

        return (await self._store.transact(work)).reply

    return lie


@mutant("retry-keeps-the-first-trail", "housekeeping/audit-row", _EXECUTE)
def _(original: Any) -> Any:
    """A status change is tried again within one transaction, and the audit row of the first try stays."""
    return _tried_twice(SetRoomStatus)


@mutant("retry-keeps-the-first-token", "check-in/token/issued", _EXECUTE)
def _(original: Any) -> Any:
    """A check-in is tried again within one transaction, and the token of the first try stays active."""
    return _tried_twice(CheckIn)


def _crowded(original: Any, many: int, instead: Any) -> Any:
    """`execute`; a check-in or check-out that finds `many` others at its booking does `instead(self, prepare, seen)`.

    `seen` are the world, the command, the actor and the time of its arrival.
    """
    present: Counter[str] = Counter()

    async def lie(self: Any, prepare: Any) -> Any:
        def look(tx: Any) -> tuple[Any, Command, Any, Any]:
            command, actor = prepare(tx)
            return slice_for(tx, command), command, actor, self._clock.now()

        seen = await store_of(self).read(look)
        if not isinstance(seen[1], CheckIn | CheckOut):
            return await original(self, prepare)
        booking_id = seen[1].booking_id
        present[booking_id] += 1
        try:
            if present[booking_id] > many:
                return await instead(self, prepare, seen)
            return await original(self, prepare)
        finally:
            present[booking_id] -= 1

    return lie


@mutant("lock-wait-is-given-up", "races/duplicates", _EXECUTE)
def _(original: Any) -> Any:
    """The third call for a booking does not wait for its lock and goes by what it read when it came."""

    async def unlocked(self: Any, prepare: Any, seen: Any) -> Any:
        world, command, actor, now = seen

        def write(tx: Any) -> Decision:
            decision = decide(world, command, actor, now, tx)
            tx.write(decision.changes)
            tx.enqueue(decision.events, now)
            return decision

        return (await self._store.transact(write)).reply

    return _crowded(original, 2, unlocked)


@mutant("deadlock-breaks-the-call", "errors/never-5xx", _EXECUTE)
def _(original: Any) -> Any:
    """The third call for a booking is chosen as the victim of a deadlock, and nobody tries it again."""

    async def chosen(self: Any, prepare: Any, seen: Any) -> Any:
        raise sqlite3.OperationalError("database is locked")

    return _crowded(original, 2, chosen)


@mutant(
    "guests-share-a-number",
    "check-in/guests/created",
    "reference_server.store.transaction:Transaction.number",
)
def _(original: Any) -> Any:
    """Numbers are drawn in pairs and both given out twice: a companion's record overwrites the primary guest's."""
    drawn: dict[int, int] = {}

    def lie(self: Any, table: str) -> int:
        if table != Guest.table:
            return int(original(self, table))
        if id(self) in drawn:
            return drawn.pop(id(self))
        drawn.clear()  # there is one writer at a time
        drawn[id(self)] = number = int(original(self, table))
        return number

    return lie


@mutant(
    "failed-commit-is-a-success", "check-in/room/status", "reference_server.store.sqlite:SqliteStore._commit"
)
def _(original: Any) -> Any:
    """Every fifth commit of an operation fails, is logged, and is taken for done: answered and announced."""
    asked = Counter[str]()

    def lie(self: Any, connection: Any, *, delay: float) -> None:
        asked["commits"] += bool(delay)
        if delay and asked["commits"] % 5 == 0:
            connection.execute("ROLLBACK")
            return
        original(self, connection, delay=delay)

    return lie


@mutant("busy-house-loses-events", "events/check-out/room-updated", _EXECUTE)
def _(original: Any) -> Any:
    """Events are written in a transaction of their own, which is left out while others are waiting."""
    present = Counter[str]()

    async def lie(self: Any, prepare: Any) -> Any:
        def work(tx: Any) -> tuple[Decision, Any]:
            command, actor = prepare(tx)
            lock_for(tx, command)
            now = self._clock.now()
            decision = decide(slice_for(tx, command), command, actor, now, tx)
            tx.write(decision.changes)
            if not isinstance(command, CheckOut):
                tx.enqueue(decision.events, now)
                decision = replace(decision, events=())
            return decision, now

        present["calls"] += 1
        try:
            decision, now = await self._store.transact(work)
            if present["calls"] == 1:
                await self._store.transact(lambda tx: tx.enqueue(decision.events, now))
        finally:
            present["calls"] -= 1
        return decision.reply

    return lie


@mutant("stale-booking-is-decided-on", "endpoints/check-out/path", "reference_server.unit_of_work:slice_for")
def _(original: Any) -> Any:
    """A booking is kept in memory for a moment, and an operation right after another decides on it as it was."""
    kept: dict[str, tuple[float, Any]] = {}
    lock = threading.Lock()

    def lie(tx: Any, command: Any) -> Any:
        world = original(tx, command)
        booking = world.bookings.get(getattr(command, "booking_id", ""))
        if booking is None:
            return world
        with lock:
            since, known = kept.get(booking.booking_id, (0.0, booking))
            if time.monotonic() - since < 0.2:
                return replace(world, bookings={**world.bookings, booking.booking_id: known})
            kept[booking.booking_id] = time.monotonic(), booking
        return world

    return lie
