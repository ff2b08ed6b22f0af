"""The three kinds of channel and their names, read from the addresses in `schemas/asyncapi.yaml`.

`rooms` is keyed by hotel slug, `staff` by hotel id, `guest` by booking id; a key is always a string here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal, cast

from contract.schema_files import document

ChannelKind = Literal["rooms", "staff", "guest"]

KEY_FIELDS: Mapping[ChannelKind, str] = MappingProxyType(
    {"rooms": "hotel_slug", "staff": "hotel_id", "guest": "booking_id"}
)
"""What the key of a kind identifies: the one parameter of its address."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel by its kind and its key, such as guest BK-2026-0001."""

    kind: ChannelKind
    key: str

    @property
    def name(self) -> str:
        return addresses()[self.kind].replace(f"{{{KEY_FIELDS[self.kind]}}}", self.key)


@cache
def addresses() -> Mapping[ChannelKind, str]:
    """The address template of each kind, such as `{hotel_slug}.rooms`."""
    channels = document("asyncapi.yaml")["channels"]
    return MappingProxyType({kind: cast("str", channels[kind]["address"]) for kind in KEY_FIELDS})


def rooms_channel(hotel_slug: str) -> str:
    """The name of the channel with the rooms of a hotel."""
    return Channel("rooms", hotel_slug).name


def staff_channel(hotel_id: int | str) -> str:
    """The name of the channel with the bookings of a hotel."""
    return Channel("staff", str(hotel_id)).name


def guest_channel(booking_id: str) -> str:
    """The name of the private channel of a booking."""
    return Channel("guest", booking_id).name


def parse_channel(name: str) -> Channel | None:
    """The channel of a name; None for a name that is none of the contract's."""
    for kind, pattern in _patterns().items():
        found = pattern.fullmatch(name)
        if found is not None:
            return Channel(kind, found["key"])
    return None


@cache
def _patterns() -> Mapping[ChannelKind, re.Pattern[str]]:
    return {kind: address_pattern(kind, address) for kind, address in addresses().items()}


def address_pattern(kind: ChannelKind, address: str) -> re.Pattern[str]:
    """Matches the names an address template makes; the group `key` is the key.

    The template holds the kind's parameter exactly once (ValueError otherwise).
    """
    field = KEY_FIELDS[kind]
    before, found, after = address.partition(f"{{{field}}}")
    if not found or "{" in before + after:
        raise ValueError(
            f"the address {address!r} of the {kind} channel needs {{{field}}}, once, and no other"
        )
    return re.compile(f"{re.escape(before)}(?P<key>{_key_pattern(field)}){re.escape(after)}", re.ASCII)


def _key_pattern(field: str) -> str:
    """What a key looks like: the pattern of its schema; an id is a number from 1."""
    schema = document("common.schema.json")["$defs"].get(field, {})
    return cast("str", schema["pattern"]).removeprefix("^").removesuffix("$") if schema else r"[1-9]\d*"
