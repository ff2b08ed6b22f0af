"""The eight events, each a channel kind and a name, as `schemas/asyncapi.yaml` lists them; and their envelope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from contract.channels import KEY_FIELDS, ChannelKind
from contract.schema_files import document
from contract.timestamps import format_timestamp


class UnknownEvent(LookupError):
    """The contract has no event of this name on this kind of channel."""


@dataclass(frozen=True, slots=True)
class EventKind:
    """An event of the contract: where it goes, its name, its category, its message in AsyncAPI and its schema."""

    channel: ChannelKind
    name: str
    category: str
    message: str
    schema: str
    scope: tuple[str, ...]
    """The keys of `meta.scope`."""


@cache
def event_kinds() -> Mapping[tuple[ChannelKind, str], EventKind]:
    """Every event by (channel kind, name), in the order of AsyncAPI."""
    api = document("asyncapi.yaml")
    found = {}
    for channel in KEY_FIELDS:
        for message in api["channels"][channel]["messages"]:
            described = api["components"]["messages"][message]
            name, schema = described["name"], described["payload"]["$ref"]
            properties = document(schema)["properties"]
            scope = properties["meta"]["properties"]["scope"]["required"]
            category = properties["category"]["const"]
            found[channel, name] = EventKind(channel, name, category, message, schema, tuple(scope))
    return MappingProxyType(found)


def event_kind(channel: ChannelKind, name: str) -> EventKind:
    """The event of a name on a kind of channel. UnknownEvent when there is none."""
    found = event_kinds().get((channel, name))
    if found is None:
        raise UnknownEvent(f"no event {name!r} on the {channel} channel")
    return found


def event_schema(channel: ChannelKind, name: str) -> str:
    """The ref of the event's schema, such as `events/room_updated.schema.json`."""
    return event_kind(channel, name).schema


def make_envelope(
    channel: ChannelKind,
    name: str,
    payload: Mapping[str, Any],
    *,
    event_id: str,
    hotel_slug: str,
    ts: datetime | str,
    scope: Mapping[str, Any],
) -> dict[str, Any]:
    """The envelope of an event around its payload; the category comes from the event's schema.

    `ts` is the time of the commit; `scope` is {room_id, room_number} of a rooms event, {booking_id} of a booking's.
    """
    return {
        "category": event_kind(channel, name).category,
        "event_type": name,
        "type": name,
        "payload": payload,
        "meta": {
            "event_id": event_id,
            "hotel_slug": hotel_slug,
            "ts": ts if isinstance(ts, str) else format_timestamp(ts),
            "scope": scope,
        },
    }


_ABSENT = object()


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of the fields whose values differ, sorted; one that is only on one side differs."""
    names = before.keys() | after.keys()
    return sorted(name for name in names if before.get(name, _ABSENT) != after.get(name, _ABSENT))
