"""How a mutant of the publisher takes hold of events: as they are written to the outbox, or as they are sent."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from contract.channels import parse_channel
from reference_server.realtime.publishers import Message
from reference_server.store.transaction import compact_json
from simulator.commands import Event

OUTBOX = "reference_server.store.transaction:Transaction.enqueue"
DELIVER = "reference_server.dispatcher:Dispatcher._deliver"
ACCEPT = "reference_server.dispatcher:Dispatcher.accept"

Envelope: TypeAlias = dict[str, Any]


def what_of(event: Any) -> str:
    """`rooms room_updated`: the kind of channel and the name of an `Event`, or of an outbox row."""
    channel = parse_channel(event.channel)
    return f"{channel.kind if channel else 'other'} {event.name}"


def rewritten(original: Any, change: Callable[[str, Envelope], None]) -> Any:
    """Instead of `OUTBOX`: `change(what_of(event), envelope)` edits every envelope before it is written."""

    def edited(event: Event) -> Iterator[Event]:
        told = copy.deepcopy(dict(event.envelope))
        change(what_of(event), told)
        yield replace(event, envelope=told)

    return exchanged(original, edited)


def exchanged(original: Any, instead: Callable[[Event], Iterable[Event]]) -> Any:
    """Instead of `OUTBOX`: what is written for every event, which may be none or several."""

    def enqueue(self: Any, events: Iterable[Event], now: datetime) -> None:
        written: dict[str, Event] = {}
        for event in (new for each in events for new in instead(each)):
            # a copy needs an id of its own: the outbox takes an id once
            own = event if event.event_id not in written else again(self, event)
            written[own.event_id] = own
        original(self, written.values(), now)

    return enqueue


def again(ids: Any, event: Event) -> Event:
    """The same event under an id of its own."""
    event_id = ids.event_id()
    meta = {**event.envelope["meta"], "event_id": event_id}
    return replace(event, event_id=event_id, envelope={**event.envelope, "meta": meta})


def reworded(message: Message, **meta: Any) -> Message:
    """A message on its way, with other values in its `meta`."""
    told = json.loads(message.data)
    told["meta"].update(meta)
    return replace(message, event_id=told["meta"]["event_id"], data=compact_json(told))
