"""Lies of things that are shared: rooms wanted by two, bookings read by the way, events that tell a later state."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from typing import Any

from reference_server.house import Answer, Call, Handler, House
from reference_server.mutants.answering import ROUTE
from reference_server.mutants.mutant import mutant
from reference_server.mutants.outgoing import DELIVER, what_of
from reference_server.mutants.transaction_locks import unlocked
from reference_server.realtime.publishers import Message, PublishFailed
from reference_server.store import Transaction
from reference_server.store.slices import Slice
from reference_server.store.transaction import OutboxRow, compact_json
from simulator import views
from simulator.commands import MoveRoom, SetRoomStatus
from simulator.world import Booking, Put

_EXECUTE = "reference_server.unit_of_work:UnitOfWork.execute"


@mutant("two-press-one-button", "housekeeping/audit-row", _EXECUTE)
def _(original: Any) -> Any:
    """Two who press one button at once are both let through: each writes an audit row for the same change."""
    return unlocked(original, (SetRoomStatus,))


@mutant("move-locks-too-late", "races/move-one-room", _EXECUTE)
def _(original: Any) -> Any:
    """A move looks whether the new room is free before it takes the lock."""
    return unlocked(original, (MoveRoom,))


def _reading(original: Any, touch: Any, *operations: str) -> Any:
    """Instead of `ROUTE`: who reads a booking by these operations leaves something in it."""

    def route(house: House, operation: Any, handler: Handler, check_replies: bool) -> Any:
        if operation.id not in operations:
            return original(house, operation, handler, check_replies)

        async def answer(_: House, call: Call) -> Answer:
            told = await handler(house, call)

            def work(tx: Transaction) -> None:
                booking = tx.one(Booking, "booking_by_id", booking_id=told.body["booking_id"])
                if booking is not None:
                    tx.write([Put(touch(booking, house.clock.now()))])

            if told.status == 200:
                await house.store.transact(work)
            return told

        return original(house, operation, answer, check_replies)

    return route


@mutant("guest-read-leaves-a-mark", "effects/named-only", ROUTE)
def _(original: Any) -> Any:
    """A guest who looks at the booking is taken to have submitted the pre-check-in."""
    return _reading(
        original,
        lambda booking, now: replace(booking, precheckin_submitted_at=now),
        "guestBookingStatus",
        "guestContext",
    )


@mutant("event-id-from-the-payload", "events/dedup/resend-keeps-id", DELIVER)
def _(original: Any) -> Any:
    """The event id is a hash of channel, name and payload, so that what happens twice is one event."""

    async def deliver(self: Any, row: OutboxRow) -> None:
        told = json.loads(row.data)
        content = compact_json([row.channel, row.name, told["payload"]])
        event_id = hashlib.sha256(content.encode()).hexdigest()[:32]
        told["meta"]["event_id"] = event_id
        await original(self, replace(row, event_id=event_id, data=compact_json(told)))

    return deliver


@mutant("event-is-written-when-sent", "events/payload/agrees-with-state", DELIVER)
def _(original: Any) -> Any:
    """The booking in an event for staff is read when the event is sent, by a worker that is some milliseconds behind."""

    async def deliver(self: Any, row: OutboxRow) -> None:
        if what_of(row).startswith("staff"):
            await asyncio.sleep(0.03)
            told = json.loads(row.data)
            booking_id = told["payload"]["booking_id"]

            def look(tx: Transaction) -> Any:
                part = Slice(tx)
                part.all_hotels()
                booking = part.booking(booking_id)
                return None if booking is None else views.booking_detail(part.world(), booking)

            told["payload"] |= await self._store.read(look) or {}
            row = replace(row, data=compact_json(told))
        await original(self, row)

    return deliver


@mutant(
    "housekeeping-is-lost-in-an-outage",
    "events/no-loss/publisher-down",
    "reference_server.dispatcher:Dispatcher._publish",
)
def _(original: Any) -> Any:
    """Only the events of stays wait in the outbox; what housekeeping changes is sent once, and lost if nobody takes it."""

    async def publish(self: Any, publisher: Any, message: Message, row: OutboxRow) -> None:
        status = json.loads(message.data)["payload"].get("room_status")
        if message.event != "room_updated" or status in ("OCCUPIED", "CHECKOUT_DIRTY"):
            await original(self, publisher, message, row)
            return
        try:
            await publisher.publish(message)
        except PublishFailed:
            return

    return publish
