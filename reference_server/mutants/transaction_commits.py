"""Lies about the transaction: what belongs together is written apart, told too early, or not taken back."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial
from typing import Any

from contract.errors import ContractError
from reference_server import tasks
from reference_server.mutants.mutant import mutant
from reference_server.mutants.stores import store_of
from reference_server.store.locks import lock_for
from reference_server.store.slices import slice_for
from simulator.commands import CheckIn, CheckOut, Decision
from simulator.decide import decide
from simulator.world import AuditRow, Booking, Conversation, Delete, Guest, GuestToken, Job, Order, Put, Room

_EXECUTE = "reference_server.unit_of_work:UnitOfWork.execute"
_LATER = 5.0
"""Seconds after the commit at which a second transaction follows: a job that runs every few seconds."""


def _in_two(
    first: Any,
    *,
    commands: tuple[type, ...] = (CheckIn, CheckOut),
    wait: float = 0.02,
    announced_first: bool = False,
) -> Any:
    """`execute` that writes the changes `first(change)` picks, commits, and writes the rest in another transaction.

    The events are written with the rest, or with what comes first.
    """

    async def lie(self: Any, prepare: Any) -> Any:
        def begin(tx: Any) -> Any:
            command, actor = prepare(tx)
            lock_for(tx, command)
            now = self._clock.now()
            decision = decide(slice_for(tx, command), command, actor, now, tx)
            apart = isinstance(command, commands)
            tx.write(change for change in decision.changes if not apart or first(change))
            if not apart or announced_first:
                tx.enqueue(decision.events, now)
                decision = replace(decision, events=())
            return decision, now, apart

        decision, now, apart = await self._store.transact(begin)
        if apart:
            await asyncio.sleep(wait)
            await self._store.transact(partial(_rest, decision=decision, now=now, first=first))
        return decision.reply

    return lie


def _rest(tx: Any, decision: Decision, now: Any, first: Any) -> None:
    tx.write(change for change in decision.changes if not first(change))
    tx.enqueue(decision.events, now)


def _is(*kinds: type) -> Any:
    tables = {kind.table for kind in kinds}  # type: ignore[attr-defined]

    def found(change: Any) -> bool:
        return (change.row.table if isinstance(change, Put) else change.table) in tables

    return found


@mutant("room-before-booking", "atomicity/no-torn-state", _EXECUTE)
def _(original: Any) -> Any:
    """The room is saved in a transaction of its own, before the booking and the guests."""
    return _in_two(_is(Room, AuditRow))


@mutant("booking-before-guests", "races/check-in-against-check-out", _EXECUTE)
def _(original: Any) -> Any:
    """Booking and room are committed before the guests are written."""
    first = _is(Room, AuditRow, Booking, GuestToken, Conversation, Order, Job)
    return _in_two(first)


@mutant("trail-follows-the-events", "atomicity/no-torn-state", _EXECUTE)
def _(original: Any) -> Any:
    """A stay is committed with its events, and its audit row in a second transaction before the answer."""
    told = _is(AuditRow)
    # longer than a reader on a busy machine takes who was told by the event
    return _in_two(lambda change: not told(change), wait=0.5, announced_first=True)


def _afterwards(later: Any) -> Any:
    """`execute` that leaves the changes `later(change)` picks to a task after the commit."""

    async def lie(self: Any, prepare: Any) -> Any:
        def begin(tx: Any) -> Any:
            command, actor = prepare(tx)
            lock_for(tx, command)
            now = self._clock.now()
            decision = decide(slice_for(tx, command), command, actor, now, tx)
            tx.write(change for change in decision.changes if not later(change))
            tx.enqueue(decision.events, now)
            return decision

        decision = await self._store.transact(begin)
        left = [change for change in decision.changes if later(change)]

        async def catch_up() -> None:
            await asyncio.sleep(_LATER)
            await self._store.transact(lambda tx: tx.write(left))

        if left:
            self._late = {*getattr(self, "_late", ()), tasks.start(catch_up(), "catch up")}
        return decision.reply

    return lie


@mutant("trail-is-written-later", "housekeeping/audit-row", _EXECUTE)
def _(original: Any) -> Any:
    """The audit row is written by a background task after the commit."""
    return _afterwards(_is(AuditRow))


@mutant("tokens-are-revoked-later", "check-out/tokens/revoked", _EXECUTE)
def _(original: Any) -> Any:
    """Tokens are revoked by a background task after the commit."""
    return _afterwards(_is(GuestToken))


@mutant("room-is-cleared-later", "check-out/cleanup/orders", _EXECUTE)
def _(original: Any) -> Any:
    """Conversations and orders are deleted by a background task after the commit."""
    return _afterwards(lambda change: isinstance(change, Delete))


@mutant("guests-leave-later", "check-out/guests/detached", _EXECUTE)
def _(original: Any) -> Any:
    """The guests' records are updated by a background task after the commit."""
    return _afterwards(_is(Guest))


@mutant("published-from-inside", "order/after-commit", "reference_server.store.sqlite:SqliteStore._transact")
def _(original: Any) -> Any:
    """Events are triggered inside the transaction, some milliseconds before it commits."""

    def lie(self: Any, work: Any) -> Any:
        def early(transaction: Any) -> Any:
            result = work(transaction)
            if transaction.queued and self._listener is not None:
                self._loop.call_soon_threadsafe(self._listener, tuple(transaction.queued))
                transaction.queued.clear()
                time.sleep(0.02)  # on the store's thread: mails and logs are written before the commit
            return result

        return original(self, early)

    return lie


@mutant("survey-takes-check-out-along", "atomicity/survey-failure", _EXECUTE)
def _(original: Any) -> Any:
    """The survey mail is sent inside the transaction, and its failure rolls the check-out back."""

    async def lie(self: Any, prepare: Any) -> Any:
        def prepared(tx: Any) -> Any:
            command, actor = prepare(tx)
            if isinstance(command, CheckOut):
                booking = tx.one(Booking, "booking_by_id", booking_id=command.booking_id)
                address = booking.booker_email if booking and booking.phase == "in_house" else None
                if address and address.endswith(".invalid"):
                    raise ContractError("CHECKOUT_FAILED", "The survey mail cannot be sent.")
            return command, actor

        return await original(self, prepared)

    return lie


@mutant("clock-is-read-before-the-lock", "order/meta-ts", _EXECUTE)
def _(original: Any) -> Any:
    """The time of an event is taken when the request comes in, before a check-out has waited for its lock."""

    async def lie(self: Any, prepare: Any) -> Any:
        now = self._clock.now()
        command, _ = await store_of(self).read(prepare)
        if isinstance(command, CheckOut):
            await asyncio.sleep(0.25)  # longer than a check-in takes

        def work(tx: Any) -> Decision:
            command, actor = prepare(tx)
            lock_for(tx, command)
            decision = decide(slice_for(tx, command), command, actor, now, tx)
            tx.write(decision.changes)
            tx.enqueue(decision.events, now)
            return decision

        return (await self._store.transact(work)).reply

    return lie


@mutant("answered-before-commit", "effects/done-when-answered", _EXECUTE)
def _(original: Any) -> Any:
    """The answer is given when the work is queued, and the transaction follows."""

    async def lie(self: Any, prepare: Any) -> Any:
        def look(tx: Any) -> Any:
            command, actor = prepare(tx)
            return decide(slice_for(tx, command), command, actor, self._clock.now(), _Ids(tx))

        decision = await store_of(self).read(look)
        if not decision.changes:
            return await original(self, prepare)

        async def carry_out() -> None:
            await asyncio.sleep(0.3)
            await original(self, prepare)

        self._late = {*getattr(self, "_late", ()), tasks.start(carry_out(), "carry out")}
        return decision.reply

    return lie


class _Ids:
    """Identities for a decision that is thrown away: nothing may be counted for it."""

    def __init__(self, tx: Any) -> None:
        self._tx = tx

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def number(self, table: str) -> int:
        return 1_000_000_000


@mutant("wrong-bookings-tokens-revoked", "check-out/tokens/revoked", "reference_server.unit_of_work:decide")
def _(original: Any) -> Any:
    """A check-out revokes the tokens of the booking that comes into the room next."""

    def lie(world: Any, command: Any, actor: Any, now: Any, tx: Any) -> Any:
        decision = original(world, command, actor, now, tx)
        if not isinstance(command, CheckOut) or not decision.changes:
            return decision
        revoked = _is(GuestToken)
        kept = [change for change in decision.changes if not revoked(change)]
        room_id = world.bookings[command.booking_id].room_id
        for other in tx.all(Booking, "bookings_of_room", room_id=room_id):
            if other.booking_id != command.booking_id:
                for token in tx.all(GuestToken, "tokens_of_booking", booking_id=other.booking_id):
                    gone = replace(token, status="REVOKED", revoked_at=now, revoke_reason="checked out")
                    kept.append(Put(gone))
        return replace(decision, changes=tuple(kept))

    return lie


@mutant(
    "check-out-clears-neighbour", "check-out/cleanup/own-room-only", "reference_server.unit_of_work:decide"
)
def _(original: Any) -> Any:
    """The cleanup of a check-out deletes the orders of the next room too."""

    def lie(world: Any, command: Any, actor: Any, now: Any, tx: Any) -> Any:
        decision = original(world, command, actor, now, tx)
        if not isinstance(command, CheckOut) or not decision.changes:
            return decision
        beside = (world.bookings[command.booking_id].room_id or 0) + 1
        others = [Delete(Order.table, order.id) for order in tx.all(Order, "orders_in_room", room_id=beside)]
        return replace(decision, changes=(*decision.changes, *others))

    return lie
