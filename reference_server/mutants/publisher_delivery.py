"""Lies about the way of an event: lost, late, or out of order."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from contract.errors import ContractError
from contract.timestamps import format_timestamp, parse_timestamp
from reference_server import tasks
from reference_server.mutants.mutant import mutant
from reference_server.mutants.outgoing import ACCEPT, DELIVER, OUTBOX, Envelope, exchanged, rewritten, what_of
from reference_server.realtime.publishers import Message, PublishFailed
from simulator.commands import Event


def _dropped(original: Any, lost: Any) -> Any:
    """Instead of `OUTBOX`: events are left out for which `lost(what, payload)`."""
    return exchanged(original, lambda e: [] if lost(what_of(e), e.envelope["payload"]) else [e])


@mutant("guest-hears-no-check-out", "events/check-out/booking-checked-out/guest", OUTBOX)
def _(original: Any) -> Any:
    """The guest's channel is closed before the goodbye is sent on it."""
    return _dropped(original, lambda what, _: what == "guest booking_checked_out")


@mutant("single-guest-is-not-greeted", "events/check-in/booking-checked-in/guest", OUTBOX)
def _(original: Any) -> Any:
    """The guest's booking_checked_in is sent from the loop over companions, so a guest alone gets none."""
    return _dropped(
        original, lambda what, told: what == "guest booking_checked_in" and told["party_size"] == 1
    )


@mutant("second-room-of-a-move-unheard", "events/move-room/both-rooms", OUTBOX)
def _(original: Any) -> Any:
    """A move announces the occupancy of the room it leaves and forgets the one it enters."""
    moving: set[datetime] = set()

    def lost(event: Event) -> list[Event]:
        what, ts = what_of(event), event.envelope["meta"]["ts"]
        if what == "staff booking_updated" and event.envelope["payload"]["flags"]["is_checked_in"]:
            moving.add(ts)
        entered = what == "rooms room_occupancy_updated" and event.envelope["payload"]["is_occupied"]
        return [] if entered and ts in moving else [event]

    return exchanged(original, lost)


@mutant("unassignment-unheard", "events/unassign-room/booking-updated", OUTBOX)
def _(original: Any) -> Any:
    """booking_updated is skipped for a booking without a room, and so is every unassignment."""
    return _dropped(original, lambda what, told: what == "staff booking_updated" and told["room"] is None)


@mutant("inspection-unheard", "events/housekeeping/room-updated", OUTBOX)
def _(original: Any) -> Any:
    """A room that becomes ready is not announced: only dirty rooms were thought to interest housekeeping."""
    return _dropped(
        original, lambda what, told: what == "rooms room_updated" and told["room_status"] == "READY_FOR_GUEST"
    )


@mutant("staff-lane-drops-while-busy", "events/check-in/booking-checked-in/staff", DELIVER)
def _(original: Any) -> Any:
    """An event of arrival for staff is dropped when something else waits: the buffer holds two."""

    async def deliver(self: Any, row: Any) -> None:
        busy = sum(map(len, self._lanes.values())) > 2
        if not (busy and what_of(row) == "staff booking_checked_in"):
            await original(self, row)

    return deliver


@mutant("every-eleventh-rooms-event-lost", "events/housekeeping/room-updated", DELIVER)
def _(original: Any) -> Any:
    """An event in eleven on the rooms channel is taken from the queue and never sent."""
    count = itertools.count(1)

    async def deliver(self: Any, row: Any) -> None:
        if not what_of(row).startswith("rooms") or next(count) % 11:
            await original(self, row)

    return deliver


@mutant("last-in-first-out", "order/per-channel", "reference_server.dispatcher:Dispatcher._drain")
def _(original: Any) -> Any:
    """A lane is a stack: of what waits, the newest goes out first."""

    async def drain(self: Any, channel: str) -> None:
        lane = self._lanes[channel]
        try:
            while lane:
                await self._deliver(lane.pop())
        finally:
            del self._tasks[channel], self._lanes[channel]

    return drain


@mutant("arrivals-take-a-detour", "order/per-channel", ACCEPT)
def _(original: Any) -> Any:
    """booking_checked_in goes through a job queue, so a departure at once after it overtakes it."""
    on_their_way: set[asyncio.Task[None]] = set()

    async def later(self: Any, row: Any) -> None:
        await asyncio.sleep(0.4)
        original(self, [row])

    def accept(self: Any, rows: Sequence[Any]) -> None:
        for row in rows:
            if what_of(row) != "staff booking_checked_in":
                original(self, [row])
                continue
            task = tasks.start(later(self, row), "detour")
            on_their_way.add(task)
            task.add_done_callback(on_their_way.discard)

    return accept


@mutant("a-thread-per-event", "order/per-channel", ACCEPT)
def _(original: Any) -> Any:
    """Every event is sent by a task of its own, and a full room takes longer than an occupancy."""
    on_their_way: set[asyncio.Task[None]] = set()

    async def alone(self: Any, row: Any) -> None:
        await asyncio.sleep(0.2 if row.name == "room_updated" else 0)
        await self._deliver(row)

    def accept(self: Any, rows: Sequence[Any]) -> None:
        for row in rows:
            task = tasks.start(alone(self, row), "one event")
            on_their_way.add(task)
            task.add_done_callback(on_their_way.discard)

    return accept


@mutant("two-clocks", "order/meta-ts", OUTBOX)
def _(original: Any) -> Any:
    """Two workers stamp the events of rooms by turns, and the clock of one is two seconds behind."""
    turns = itertools.cycle((0, 0, 0, 2))

    def change(what: str, told: Envelope) -> None:
        if what.startswith("rooms"):
            told["meta"]["ts"] = format_timestamp(
                parse_timestamp(told["meta"]["ts"]) - timedelta(seconds=next(turns))
            )

    return rewritten(original, change)


@mutant("guest-waits-for-goodbye", "order/event-follows-call", DELIVER)
def _(original: Any) -> Any:
    """The guest's booking_checked_out goes out with the next run of a job, seconds later."""

    async def deliver(self: Any, row: Any) -> None:
        if what_of(row) == "guest booking_checked_out":
            await asyncio.sleep(2.6)
        await original(self, row)

    return deliver


@mutant(
    "gives-up-after-one-failure", "events/no-loss/publisher-down", "reference_server.dispatcher:_retryable"
)
def _(original: Any) -> Any:
    """An event whose first attempt failed is marked dead."""
    return lambda error: False


_PUBLISH = "reference_server.dispatcher:Dispatcher._publish"
_PATIENCE, _PAUSE = 1.0, 0.1


@mutant("gives-up-after-a-second", "events/no-loss/publisher-down", _PUBLISH)
def _(original: Any) -> Any:
    """An event is tried again and again, and marked dead when a second is over."""

    async def publish(self: Any, publisher: Any, message: Message, row: Any) -> None:
        ends = time.monotonic() + _PATIENCE
        while True:
            try:
                await publisher.publish(message)
            except PublishFailed:
                if time.monotonic() > ends:
                    raise
                await asyncio.sleep(_PAUSE)
            else:
                return

    return publish


@mutant("failed-event-goes-to-the-back", "order/per-channel", _PUBLISH)
def _(original: Any) -> Any:
    """An event that failed is put aside for a job, which begins with the newest; what was behind it goes out first."""
    aside: dict[tuple[int, str], tuple[Any, Message]] = {}
    jobs: set[asyncio.Task[None]] = set()

    async def try_again() -> None:
        while aside:
            await asyncio.sleep(0.3)
            for key in sorted(aside, reverse=True):
                publisher, message = aside[key]
                try:
                    await publisher.publish(message)
                except PublishFailed:
                    break  # the host is still down: the others wait for the next round
                del aside[key]

    async def publish(self: Any, publisher: Any, message: Message, row: Any) -> None:
        try:
            await publisher.publish(message)
        except PublishFailed:
            aside[row.id, publisher.name] = publisher, message
            if not jobs:
                job = tasks.start(try_again(), "failed events")
                jobs.add(job)
                job.add_done_callback(jobs.discard)

    return publish


_trouble: set[str] = set()
"""The publishers whose last attempt failed; of this process, which tells one lie at most."""


@mutant(
    "outage-fails-the-call",
    "atomicity/publish-failure",
    "reference_server.realtime.publishers:PusherPublisher.publish",
    "reference_server.unit_of_work:UnitOfWork.execute",
)
def _(original: Any) -> Any:
    """While the Pusher host refuses events, every operation is answered with a 500."""

    async def publish(self: Any, message: Message) -> None:
        try:
            await original(self, message)
        except PublishFailed:
            _trouble.add(self.name)
            raise
        _trouble.discard(self.name)

    async def execute(self: Any, prepare: Any) -> Any:
        if _trouble:
            raise ContractError("INTERNAL_ERROR")
        return await original(self, prepare)

    return publish if original.__name__ == "publish" else execute
