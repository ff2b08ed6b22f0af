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
            return Channel(kind, found[KEY_FIELDS[kind]])
    return None


@cache
def _patterns() -> Mapping[ChannelKind, re.Pattern[str]]:
    return {kind: address_pattern(address) for kind, address in addresses().items()}


def address_pattern(address: str) -> re.Pattern[str]:
    """Matches the names an address template makes; each parameter (hotel_slug, hotel_id, booking_id) is a group.

    ValueError for another parameter, or one that stands there twice.
    """
    parts = re.split(r"\{(\w*)\}", address)
    names = parts[1::2]
    if len(set(names)) != len(names) or not set(names) <= set(KEY_FIELDS.values()):
        raise ValueError(
            f"the address {address!r} may hold {', '.join(KEY_FIELDS.values())} in braces, each once"
        )
    groups = [
        f"(?P<{part}>{_key_pattern(part)})" if i % 2 else re.escape(part) for i, part in enumerate(parts)
    ]
    return re.compile("".join(groups), re.ASCII)


def _key_pattern(field: str) -> str:
    """What a key looks like: the pattern of its schema; an id is a number from 1."""
    schema = document("common.schema.json")["$defs"].get(field, {})
    return cast("str", schema["pattern"]).removeprefix("^").removesuffix("$") if schema else r"[1-9]\d*"
