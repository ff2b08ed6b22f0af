"""Lies in the envelope of an event: its keys, its stamp, its scope, its size."""

from __future__ import annotations

import json
from typing import Any

from reference_server.mutants.mutant import mutant
from reference_server.mutants.outgoing import OUTBOX, Envelope, rewritten
from reference_server.realtime.publishers import Message
from reference_server.store.transaction import compact_json


@mutant("occupancy-has-its-own-category", "events/envelope/category", OUTBOX)
def _(original: Any) -> Any:
    """Occupancy events have the category room_occupancy instead of rooms."""

    def change(what: str, told: Envelope) -> None:
        if what == "rooms room_occupancy_updated":
            told["category"] = "room_occupancy"

    return rewritten(original, change)


@mutant("guest-events-without-category", "events/envelope/booking-category", OUTBOX)
def _(original: Any) -> Any:
    """Guest events have no category."""

    def change(what: str, told: Envelope) -> None:
        if what.startswith("guest"):
            del told["category"]

    return rewritten(original, change)


@mutant("room-updated-without-event-type", "events/envelope/event-type", OUTBOX)
def _(original: Any) -> Any:
    """room_updated has type and no event_type."""

    def change(what: str, told: Envelope) -> None:
        if what == "rooms room_updated":
            del told["event_type"]

    return rewritten(original, change)


@mutant("event-type-in-another-spelling", "events/envelope/event-type-is-name", OUTBOX)
def _(original: Any) -> Any:
    """event_type and type of a departure are booking.checked_out, the name is booking_checked_out."""

    def change(what: str, told: Envelope) -> None:
        if what.endswith("booking_checked_out"):
            told["event_type"] = told["type"] = "booking.checked_out"

    return rewritten(original, change)


@mutant("guest-events-without-type", "events/envelope/type", OUTBOX)
def _(original: Any) -> Any:
    """Guest events have event_type and no type."""

    def change(what: str, told: Envelope) -> None:
        if what.startswith("guest"):
            del told["type"]

    return rewritten(original, change)


@mutant("stamp-without-offset", "events/envelope/ts", OUTBOX)
def _(original: Any) -> Any:
    """meta.ts of staff events is the server's local time, without an offset."""

    def change(what: str, told: Envelope) -> None:
        if what.startswith("staff"):
            told["meta"]["ts"] = told["meta"]["ts"].removesuffix("Z")

    return rewritten(original, change)


@mutant("scope-without-room-number", "events/envelope/scope", OUTBOX)
def _(original: Any) -> Any:
    """meta.scope of an occupancy event has the room's id and not its number."""

    def change(what: str, told: Envelope) -> None:
        if what == "rooms room_occupancy_updated":
            del told["meta"]["scope"]["room_number"]

    return rewritten(original, change)


@mutant("hotel-slug-is-the-name", "events/envelope/hotel-slug", OUTBOX)
def _(original: Any) -> Any:
    """meta.hotel_slug of room_updated is the hotel's name."""

    def change(what: str, told: Envelope) -> None:
        if what == "rooms room_updated":
            told["meta"]["hotel_slug"] = told["meta"]["hotel_slug"].replace("-", " ").title()

    return rewritten(original, change)


@mutant("guest-payload-at-the-root", "events/envelope/nested-payload", OUTBOX)
def _(original: Any) -> Any:
    """The fields of a guest event stand beside its category, not under payload."""

    def change(what: str, told: Envelope) -> None:
        if what.startswith("guest"):
            told.update(told.pop("payload"))

    return rewritten(original, change)


@mutant(
    "departure-carries-the-whole-chat",
    "events/payload/size",
    "reference_server.realtime.publishers:HubPublisher.publish",
)
def _(original: Any) -> Any:
    """The staff's booking_checked_out carries everything that was ever written about the booking."""

    async def publish(self: Any, message: Message) -> None:
        if not (message.channel.startswith("staff") and message.event == "booking_checked_out"):
            await original(self, message)
            return
        told = json.loads(message.data)
        told["payload"]["internal_notes"] = "The guest wrote and the desk answered. " * 300
        self._hub.publish(message.channel, message.event, compact_json(told))

    return publish


@mutant("guest-event-names-no-booking", "events/envelope/scope", OUTBOX)
def _(original: Any) -> Any:
    """meta.scope of a guest event is empty: whose it is, the channel was thought to say."""

    def change(what: str, told: Envelope) -> None:
        if what.startswith("guest"):
            told["meta"]["scope"] = {}

    return rewritten(original, change)
