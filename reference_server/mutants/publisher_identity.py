"""Lies about which event is which: ids that are missing, shared or new, and copies."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from dataclasses import replace
from typing import Any

from contract.channels import parse_channel
from reference_server.mutants.mutant import mutant
from reference_server.mutants.outgoing import (
    DELIVER,
    OUTBOX,
    Envelope,
    exchanged,
    reworded,
    rewritten,
    what_of,
)
from reference_server.realtime.publishers import Message
from simulator.commands import Event

_SEND = "reference_server.realtime.publishers:PusherPublisher.publish"


@mutant("event-id-made-when-sent", "events/dedup/resend-keeps-id", _SEND)
def _(original: Any) -> Any:
    """The event id is made by the publisher, so that every host gets another one."""

    async def publish(self: Any, message: Message) -> None:
        await original(self, reworded(message, event_id=str(uuid.uuid4())))

    return publish


@mutant("event-id-counts-per-channel", "events/dedup/event-id", OUTBOX)
def _(original: Any) -> Any:
    """The event id is a counter of the channel, so that two channels use the same ones."""
    sent: Counter[str] = Counter()

    def numbered(event: Event) -> list[Event]:
        sent[event.channel] += 1
        meta = {**event.envelope["meta"], "event_id": f"evt-{sent[event.channel]}"}
        return [replace(event, envelope={**event.envelope, "meta": meta})]

    return exchanged(original, numbered)


@mutant("guest-copy-shares-the-id", "events/dedup/event-id", OUTBOX)
def _(original: Any) -> Any:
    """The guest's copy of a booking event has the id of the staff's."""
    latest: dict[str, str] = {}

    def change(what: str, told: Envelope) -> None:
        meta = told["meta"]
        booking_id = meta["scope"].get("booking_id", "")
        if what.startswith("staff"):
            latest[booking_id] = meta["event_id"]
        elif what.startswith("guest"):
            meta["event_id"] = latest.get(booking_id, meta["event_id"])

    return rewritten(original, change)


@mutant("event-id-from-room-and-second", "events/dedup/event-id", OUTBOX)
def _(original: Any) -> Any:
    """The id of a room's event is the room and the second, which its two events of one operation share."""

    def change(what: str, told: Envelope) -> None:
        if what.startswith("rooms"):
            second = told["meta"]["ts"].partition(".")[0]
            told["meta"]["event_id"] = f"room-{told['meta']['scope']['room_id']}-{second}"

    return rewritten(original, change)


@mutant("guest-event-without-id", "events/envelope/booking-event-id", OUTBOX)
def _(original: Any) -> Any:
    """The event id is left out of what guests get."""

    def change(what: str, told: Envelope) -> None:
        if what.startswith("guest"):
            del told["meta"]["event_id"]

    return rewritten(original, change)


@mutant("vacated-room-event-with-empty-id", "events/envelope/event-id", OUTBOX)
def _(original: Any) -> Any:
    """The occupancy event of a room that was left has an empty event id."""

    def change(what: str, told: Envelope) -> None:
        if what == "rooms room_occupancy_updated" and not told["payload"]["is_occupied"]:
            told["meta"]["event_id"] = ""

    return rewritten(original, change)


@mutant("resend-is-stamped-anew", "events/dedup/resend-keeps-id", _SEND)
def _(original: Any) -> Any:
    """An event in seven is sent again, serialized anew: its id is kept, its time is not."""
    count = itertools.count(1)

    async def publish(self: Any, message: Message) -> None:
        await original(self, message)
        if next(count) % 7 == 0:
            await original(self, reworded(message, ts="2031-01-01T00:00:00Z"))

    return publish


@mutant("every-event-sent-twice", "events/dedup/resend-only-in-need", DELIVER)
def _(original: Any) -> Any:
    """Every event is handed to the host twice, as by a signal and by a view that both send it."""

    async def deliver(self: Any, row: Any) -> None:
        await original(self, row)
        await original(self, row)

    return deliver


@mutant("sent-again-while-busy", "events/dedup/resend-only-in-need", DELIVER)
def _(original: Any) -> Any:
    """With more than two events waiting, a retry does not wait for the answer to the first try."""

    async def deliver(self: Any, row: Any) -> None:
        await original(self, row)
        if sum(map(len, self._lanes.values())) > 2:
            await original(self, row)

    return deliver


@mutant("copy-with-new-id-while-busy", "events/once", DELIVER)
def _(original: Any) -> Any:
    """Under load an event goes out a second time under a new id: it was taken from the table by two workers."""

    async def deliver(self: Any, row: Any) -> None:
        await original(self, row)
        channel = parse_channel(row.channel)
        if channel is not None and len(self._lanes[row.channel]) > 2:
            event_id = str(uuid.uuid4())
            await original(
                self, replace(row, event_id=event_id, data=row.data.replace(row.event_id, event_id))
            )

    return deliver


@mutant("room-updated-twice-at-check-out", "events/once", OUTBOX)
def _(original: Any) -> Any:
    """A room that is left is announced twice: by the check-out, and by the signal of the saved room."""

    def doubled(event: Event) -> list[Event]:
        left = (
            what_of(event) == "rooms room_updated"
            and "guests_in_room" in event.envelope["payload"]["changed_fields"]
        )
        return [event, event] if left and event.envelope["payload"]["guests_in_room"] == [] else [event]

    return exchanged(original, doubled)


@mutant("guest-greeted-twice", "events/once", OUTBOX)
def _(original: Any) -> Any:
    """A guest who arrives with companions hears booking_checked_in once for each two people."""

    def doubled(event: Event) -> list[Event]:
        greeted = what_of(event) == "guest booking_checked_in"
        return [event] * max(1, event.envelope["payload"]["party_size"] // 2) if greeted else [event]

    return exchanged(original, doubled)
