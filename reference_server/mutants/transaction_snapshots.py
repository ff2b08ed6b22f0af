"""Lies about isolation: who reads what when, and in how many pieces an operation is written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reference_server import tasks
from reference_server.mutants.mutant import mutant
from reference_server.mutants.parts import but
from reference_server.mutants.stores import store_of
from reference_server.store.locks import lock_for
from reference_server.store.slices import slice_for
from simulator.commands import CheckIn, CheckOut, Command, Decision, MoveRoom, SetRoomStatus
from simulator.decide import decide
from simulator.world import Booking, Change, GuestToken, Put, Room, World

_EXECUTE = "reference_server.unit_of_work:UnitOfWork.execute"
_LATER = 5.0
"""Seconds after the answer at which a job of the queue is done: long enough to be seen on a busy machine too."""

Split = Callable[[World, Command, Change], Change | None]
"""What of a change is written at once: all of it, something else in its place, or nothing yet."""


def _in_pieces(kinds: tuple[type[Command], ...], at_once: Split) -> Any:
    """`execute` that writes what `at_once` says, answers, and leaves the rest of `kinds` to a job after that."""

    async def lie(self: Any, prepare: Any) -> Any:
        def work(tx: Any) -> tuple[Decision, list[Change]]:
            command, actor = prepare(tx)
            lock_for(tx, command)
            now = self._clock.now()
            world = slice_for(tx, command)
            decision = decide(world, command, actor, now, tx)
            left: list[Change] = []
            for change in decision.changes:
                first = at_once(world, command, change) if isinstance(command, kinds) else change
                if first is not change:
                    left.append(change)
                if first is not None:
                    tx.write([first])
            tx.enqueue(decision.events, now)
            return decision, left

        decision, left = await self._store.transact(work)

        async def catch_up() -> None:
            await asyncio.sleep(_LATER)
            await self._store.transact(lambda tx: tx.write(left))

        if left:
            self._late = {*getattr(self, "_late", ()), tasks.start(catch_up(), "catch up")}
        return decision.reply

    return lie


def _row(change: Change, kind: type) -> Any:
    return change.row if isinstance(change, Put) and isinstance(change.row, kind) else None


@mutant("token-is-stored-later", "check-in/token/issued", _EXECUTE)
def _(original: Any) -> Any:
    """The token of a check-in is answered at once and stored by a job."""

    def split(world: World, command: Command, change: Change) -> Change | None:
        token = _row(change, GuestToken)
        return None if token is not None and token.status == "ACTIVE" else change

    return _in_pieces((CheckIn,), split)


@mutant("booking-is-stamped-later", "check-in/booking/checked-in-at", _EXECUTE)
def _(original: Any) -> Any:
    """The room is taken at once, and the booking gets its checked_in_at from a job."""
    return _in_pieces((CheckIn,), lambda world, command, change: None if _row(change, Booking) else change)


@mutant("room-is-freed-later", "check-out/room/status", _EXECUTE)
def _(original: Any) -> Any:
    """The booking departs at once, and the room is freed by a job."""
    return _in_pieces((CheckOut,), lambda world, command, change: None if _row(change, Room) else change)


@mutant("turnover-note-is-saved-later", "check-out/cleanup/turnover-note", _EXECUTE)
def _(original: Any) -> Any:
    """The turnover note of a check-out is written by a job."""

    def split(world: World, command: Command, change: Change) -> Change | None:
        room = _row(change, Room)
        if room is None:
            return change
        return Put(replace(room, turnover_notes=world.rooms[room.id].turnover_notes))

    return _in_pieces((CheckOut,), split)


@mutant("stamps-are-saved-later", "housekeeping/stamps", _EXECUTE)
def _(original: Any) -> Any:
    """A status change is saved at once, and who cleaned or inspected the room by a job."""
    names = ("last_cleaned_at", "cleaned_by_staff_name", "last_inspected_at", "inspected_by_staff_name")

    def split(world: World, command: Command, change: Change) -> Change | None:
        room = _row(change, Room)
        if room is None:
            return change
        before = world.rooms[room.id]
        return Put(replace(room, **{name: getattr(before, name) for name in names}))

    return _in_pieces((SetRoomStatus,), split)


@mutant("left-room-follows-later", "assignment/move/old-room-dirty", _EXECUTE)
def _(original: Any) -> Any:
    """A move takes the new room at once, and leaves the old one in a transaction that comes later."""

    def split(world: World, command: Command, change: Change) -> Change | None:
        room = _row(change, Room)
        return None if room is not None and room.room_status == "CHECKOUT_DIRTY" else change

    return _in_pieces((MoveRoom,), split)


@mutant("outbox-commits-first", "order/after-commit", _EXECUTE)
def _(original: Any) -> Any:
    """Events are committed in a transaction of their own, some milliseconds before what they announce."""

    async def lie(self: Any, prepare: Any) -> Any:
        def announce(tx: Any) -> Decision:
            command, actor = prepare(tx)
            lock_for(tx, command)
            now = self._clock.now()
            decision = decide(slice_for(tx, command), command, actor, now, tx)
            tx.enqueue(decision.events, now)
            return decision

        decision = await self._store.transact(announce)
        if decision.changes:
            await asyncio.sleep(0.02)
            await self._store.transact(lambda tx: tx.write(decision.changes))
        return decision.reply

    return lie


@mutant("transaction-per-event", "order/per-channel", _EXECUTE)
def _(original: Any) -> Any:
    """Every event is written in a transaction of its own after the answer, so two operations mix theirs."""

    async def lie(self: Any, prepare: Any) -> Any:
        def work(tx: Any) -> tuple[Decision, Any]:
            command, actor = prepare(tx)
            lock_for(tx, command)
            now = self._clock.now()
            decision = decide(slice_for(tx, command), command, actor, now, tx)
            tx.write(decision.changes)
            return decision, now

        decision, now = await self._store.transact(work)

        async def announce() -> None:
            for event in decision.events:
                await self._store.transact(lambda tx, event=event: tx.enqueue([event], now))
                await asyncio.sleep(0.2)  # longer than the next call takes, also on a busy machine

        if decision.events:
            self._late = {*getattr(self, "_late", ()), tasks.start(announce(), "announce")}
        return decision.reply

    return lie


@mutant("room-is-read-before-the-lock", "races/one-room-two-bookings", _EXECUTE)
def _(original: Any) -> Any:
    """A check-in locks its booking and reads it again, and believes what it read of the room before."""

    async def lie(self: Any, prepare: Any) -> Any:
        def look(tx: Any) -> World | None:
            command, _ = prepare(tx)
            if not isinstance(command, CheckIn):
                return None
            world = slice_for(tx, command)
            time.sleep(0.01)  # on a store thread
            return world

        before = await store_of(self).read(look)
        if before is None:
            return await original(self, prepare)

        def work(tx: Any) -> Decision:
            command, actor = prepare(tx)
            now = self._clock.now()
            fresh = slice_for(tx, command)
            own = fresh.bookings.get(command.booking_id)
            moved = own is None or own.room_id not in before.rooms or own.phase != "expected"
            world = fresh if moved or own is None else before.apply([Put(own)])
            decision = decide(world, command, actor, now, tx)
            tx.write(decision.changes)
            tx.enqueue(decision.events, now)
            return decision

        return (await self._store.transact(work)).reply

    return lie


@mutant("detail-is-cached-too-long", "order/after-commit", "reference_server.handlers.bookings:views")
def _(original: Any) -> Any:
    """The booking detail is kept for half a second, and no commit clears it."""
    kept: dict[str, tuple[float, Any]] = {}

    def booking_detail(world: World, booking: Booking) -> Any:
        since, shown = kept.get(booking.booking_id, (0.0, None))
        if shown is None or time.monotonic() - since > 0.5:
            since, shown = time.monotonic(), original.booking_detail(world, booking)
            kept[booking.booking_id] = since, shown
        return shown

    return but(original, booking_detail=booking_detail)


@mutant(
    "detail-is-read-in-two-snapshots", "atomicity/no-torn-state", "reference_server.handlers.bookings:Slice"
)
def _(original: Any) -> Any:
    """The booking detail reads the booking and, a moment and a transaction later, its guests and its room."""

    class Torn(original):  # type: ignore[misc]
        def _stay(self, booking: Booking) -> None:
            if not self._seen & {("torn", 1)}:
                self._seen.add(("torn", 1))
                self._tx._connection.execute("ROLLBACK")
                time.sleep(0.06)  # on a store thread
                self._tx._connection.execute("BEGIN")
            super()._stay(booking)

    return Torn
