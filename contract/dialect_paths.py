"""Methods, paths and channels in other words: templates of a backend, filled and read back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote

from contract.channels import KEY_FIELDS, Channel, ChannelKind, address_pattern, addresses
from contract.dialect_fields import DialectError
from contract.operations import Operation, operations, path_pattern

_PATH_NAMES = frozenset({"hotel_slug", "booking_id", "room_id", "room_number", "room"})
_BRACES = re.compile(r"\{(\w*)\}")
CHANNEL_AUTH = "channelAuth"
"""What Pusher's own clients call: its method and the shape of its answer are theirs."""
_OF_READS = ("GET", "POST")
_OF_CHANGES = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class PathWords:
    """The backend's paths: operationId -> template, all behind `base_path`, that of the contract included.

    A template holds parameters of the contract in braces; `{room}` is whichever of room_id and room_number the
    operation has. `methods` are those that differ. DialectError for an operation or a parameter that is none, for a change
    by GET, which any browser may repeat unasked, and for a method that Pusher's clients do not use.
    """

    base_path: str = ""
    templates: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for operation_id, template in self.templates.items():
            if operation_id not in operations():
                raise DialectError(
                    f"paths: the contract has no operation {operation_id!r}", ("paths", operation_id)
                )
            for name in _BRACES.findall(template):
                if name not in _PATH_NAMES:
                    raise DialectError(
                        f"paths: {operation_id} has {{{name}}}, which is no parameter of the contract",
                        ("paths", operation_id),
                    )
        for operation_id, method in self.methods.items():
            self._check_method(operation_id, method)
        taken: dict[tuple[str, str], str] = {}
        for one in operations().values():
            key = (self.method(one), _BRACES.sub("{}", self.template(one)))
            if key in taken:
                raise DialectError(
                    f"paths: {taken[key]} and {one.id} have the same path and method",
                    next(iter(self._places(one.id, taken[key])), ()),
                )
            taken[key] = one.id

    def _places(self, *operation_ids: str) -> list[tuple[str, ...]]:
        """Where something is said of the operations."""
        tables = {"paths": self.templates, "methods": self.methods}
        return [(table, one) for table, given in tables.items() for one in operation_ids if one in given]

    def _check_method(self, operation_id: str, method: str) -> None:
        place = ("methods", operation_id)
        if operation_id not in operations():
            raise DialectError(f"methods: the contract has no operation {operation_id!r}", place)
        usual = operations()[operation_id].method
        if operation_id == CHANNEL_AUTH and method != usual:
            raise DialectError(f"methods: {operation_id} is asked by Pusher's clients, which {usual}", place)
        possible = _OF_READS if usual == "GET" else _OF_CHANGES
        if method not in possible:
            what = "reads" if usual == "GET" else "changes something"
            raise DialectError(
                f"methods: {operation_id} {what}, so it can be {', '.join(possible)}, and not {method}", place
            )

    def method(self, operation: Operation) -> str:
        """The method of an operation on the wire."""
        return self.methods.get(operation.id, operation.method)

    def to_wire(self, operation: Operation, params: Mapping[str, Any]) -> str:
        """The path of a call, percent-encoded. KeyError names a parameter that is missing."""
        return _BRACES.sub(lambda found: quote(str(params[found[1]]), safe=""), self.template(operation))

    def to_canonical(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation a request on the wire means and its path parameters as text; None when it is none."""
        for wanted, pattern, found in self._patterns:
            if wanted == method.upper() and (hit := pattern.fullmatch(path.partition("?")[0])) is not None:
                return found, {name: unquote(value) for name, value in hit.groupdict().items()}
        return None

    def template(self, operation: Operation) -> str:
        """The template of an operation behind the base path, in the parameters of the contract."""
        template = self.templates.get(operation.id, operation.path)
        rooms = [name for name in operation.path_parameters if name.startswith("room_")]
        if rooms:
            template = template.replace("{room}", f"{{{rooms[0]}}}")
        return self.base_path.rstrip("/") + template

    @cached_property
    def _patterns(self) -> tuple[tuple[str, re.Pattern[str], Operation], ...]:
        ordered = sorted(operations().values(), key=lambda one: self.template(one).count("{"))
        return tuple((self.method(one), path_pattern(self.template(one)), one) for one in ordered)


@dataclass(frozen=True)
class ChannelWords:
    """The backend's channels: kind -> template with {hotel_slug}, {hotel_id}, {booking_id}.

    A template says whose channel it is: {booking_id} for guests, {hotel_slug} or {hotel_id} for the others. `hotels` (slug
    -> id) translates between the two where the backend uses the other one than the contract does.
    """

    templates: Mapping[str, str] = field(default_factory=dict)
    hotels: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind, template in self._all.items():
            needed = ("booking_id",) if kind == "guest" else ("hotel_slug", "hotel_id")
            if not any(f"{{{name}}}" in template for name in needed):
                raise DialectError(
                    f"channels: the template {template!r} of {kind} needs {{{needed[0]}}}", ("channels", kind)
                )
            try:
                address_pattern(template)
            except ValueError as error:
                raise DialectError(f"channels: {error}", ("channels", kind)) from None

    def to_wire(self, channel: Channel, known: Mapping[str, Any]) -> str | None:
        """The name on the wire; `known` may help with a hotel_slug. None when what the template needs is not known.

        Of a hotel that is known to have another slug the help is not taken: the channel says whose it is.
        """
        values = {**known, KEY_FIELDS[channel.kind]: channel.key}
        if channel.kind == "staff" and channel.key in self._slugs:
            values["hotel_slug"] = self._slugs[channel.key]
        if "hotel_slug" not in values and "hotel_id" in values:
            values["hotel_slug"] = self._slugs.get(str(values["hotel_id"]))
        if "hotel_id" not in values:
            values["hotel_id"] = self.hotels.get(str(values.get("hotel_slug")))
        template = self._all[channel.kind]
        if any(values.get(name) is None for name in _BRACES.findall(template)):
            return None
        return _BRACES.sub(lambda found: str(values[found[1]]), template)

    def to_canonical(self, name: str) -> Iterator[Channel]:
        """Every channel of the contract that a name on the wire may mean: more than one when kinds share a channel."""
        for kind, pattern in self._patterns.items():
            hit = pattern.fullmatch(name)
            if hit is None:
                continue
            values: dict[str, Any] = hit.groupdict()
            if "hotel_id" not in values:
                values["hotel_id"] = self.hotels.get(values.get("hotel_slug", ""))
            if "hotel_slug" not in values:
                values["hotel_slug"] = self._slugs.get(str(values["hotel_id"]))
            if values.get(KEY_FIELDS[kind]) is not None:
                yield Channel(kind, str(values[KEY_FIELDS[kind]]))

    def overlap(self, one: ChannelKind, other: ChannelKind) -> bool:
        """Whether a channel of one kind can have the name of a channel of the other."""
        name = _BRACES.sub("1", self._all[one])  # a slug, an id and a booking id alike
        return self._patterns[other].fullmatch(name) is not None

    @cached_property
    def _all(self) -> Mapping[ChannelKind, str]:
        return {kind: self.templates.get(kind, address) for kind, address in addresses().items()}

    @cached_property
    def _slugs(self) -> Mapping[str, str]:
        return {str(hotel_id): slug for slug, hotel_id in self.hotels.items()}

    @cached_property
    def _patterns(self) -> Mapping[ChannelKind, re.Pattern[str]]:
        return {kind: address_pattern(template) for kind, template in self._all.items()}
