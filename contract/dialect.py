"""A backend that keeps the contract's promises in other words, and the translation in both directions.

The suite reads a backend through its dialect (`to_canonical_*`), the mock server speaks it (`to_wire_*`). A dialect is a
document in the shape of `files/dialect.schema.json`. It translates and never excuses: what the backend does not send is
missing in the contract's words too, and what the dialect does not know passes through unchanged, for the rules to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any, Literal

from contract.channels import Channel, ChannelKind, parse_channel
from contract.dialect_envelope import EnvelopeWords
from contract.dialect_errors import NESTED, error_to_canonical, error_to_wire, parts_of
from contract.dialect_fields import (
    DialectError,
    Renames,
    Shape,
    ShapeMaker,
    check_renames,
    field_names,
    titled_fields,
)
from contract.dialect_paths import CHANNEL_AUTH, ChannelWords, PathWords
from contract.dialect_wrapper import Wrapper, WrapperWords
from contract.events import EventKind, event_kinds
from contract.operations import Operation, operation, operations
from contract.schema_store import schema_store

__all__ = ["AuthWords", "Dialect", "DialectError", "identity", "parse_dialect"]

SCHEMA = "files/dialect.schema.json"
LOGIN = "staffLogin"

Caller = Literal["staff", "guest", "any"]


@dataclass(frozen=True, slots=True)
class AuthWords:
    """How credentials are sent: `<header>: <scheme> <token>`, without a scheme only the token."""

    header: str = "Authorization"
    scheme: str = "Token"
    guest_scheme: str = "GuestToken"

    def credentials(self, token: str, *, guest: bool = False) -> dict[str, str]:
        """The header that shows a token."""
        scheme = self.guest_scheme if guest else self.scheme
        return {self.header: f"{scheme} {token}".strip()}

    def read(self, value: str) -> tuple[Caller, str] | None:
        """Whose token the header shows, and the token; `any` when the schemes do not tell. None: no credentials."""
        scheme, _, token = value.strip().rpartition(" ")
        callers: dict[str, list[Caller]] = {}
        callers.setdefault(self.scheme.lower(), []).append("staff")
        callers.setdefault(self.guest_scheme.lower(), []).append("guest")
        found = callers.get(scheme.strip().lower())
        if found is None or not token:
            return None
        return (found[0] if len(found) == 1 else "any"), token


@dataclass(frozen=True)
class Dialect:
    """The words of one backend. Made by `parse_dialect`; `identity` is the contract's own."""

    name: str
    auth: AuthWords = field(default_factory=AuthWords)
    path_words: PathWords = field(default_factory=PathWords)
    channel_words: ChannelWords = field(default_factory=ChannelWords)
    envelope: EnvelopeWords = field(default_factory=EnvelopeWords)
    event_names: Mapping[str, str] = field(default_factory=dict)
    renames: Renames = field(default_factory=dict)
    errors: tuple[str, ...] = (NESTED,)
    wrapper: WrapperWords = field(default_factory=WrapperWords)

    def __post_init__(self) -> None:
        """DialectError for what the contract does not have, or for words that could not be read back."""
        if self.renames:
            payloads = [f"{kind.schema}#/properties/payload" for kind in event_kinds().values()]
            bodies = [ref for one in operations().values() for ref in _schemas(one)]
            check_renames(self.renames, titled_fields(*payloads, *bodies))
            for ref in bodies:
                self._shape(ref)
        for kind in event_kinds().values():
            self._check_event(kind)
        self.wrapper.check_errors(parts_of(self.errors))

    def with_hotels(self, hotels: Mapping[str, int]) -> Dialect:
        """The same words with more hotels (slug -> id) known, for channels that name the hotel the other way."""
        known = {**self.channel_words.hotels, **hotels}
        if known == self.channel_words.hotels:
            return self
        return replace(self, channel_words=replace(self.channel_words, hotels=known))

    # Methods and paths

    def to_wire_method(self, operation_id: str) -> str:
        """The method of a call."""
        return self.path_words.method(operation(operation_id))

    def to_wire_path(self, operation_id: str, params: Mapping[str, Any]) -> str:
        """The path of a call. KeyError names a parameter that is missing."""
        return self.path_words.to_wire(operation(operation_id), params)

    def to_canonical_path(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation a request means and its path parameters as text; None when it is none of the contract."""
        return self.path_words.to_canonical(method, path)

    # Bodies

    def to_wire_request(self, operation_id: str, body: Any) -> Any:
        """The body of a request as the backend takes it."""
        shape = self._request_shape(operation_id)
        return body if shape is None else shape.to_wire(body)

    def to_canonical_request(self, operation_id: str, body: Any) -> Any:
        """The body of a request in the contract's words."""
        shape = self._request_shape(operation_id)
        return body if shape is None else shape.to_canonical(body)

    def request_names(self, operation_id: str) -> Mapping[str, tuple[str, ...]]:
        """The fields of a request's body that the backend calls otherwise, and the path to each on the wire."""
        shape = self._request_shape(operation_id)
        return {} if shape is None else shape.moves

    def to_wire_reply(self, operation_id: str, status: int, body: Any) -> Any:
        """The body of an answer as the backend sends it."""
        if status >= 400:
            return self.to_wire_refusal(body)
        shape = self._reply_shape(operation_id, status)
        said = body if shape is None else shape.to_wire(body)
        return said if operation_id == CHANNEL_AUTH else self.wrapper.replies.to_wire(said)

    def to_wire_refusal(self, body: Any) -> Any:
        """The body of a refusal as the backend sends it, whatever was asked for."""
        return self.wrapper.errors.to_wire(error_to_wire(self.errors[0], body))

    def to_canonical_reply(self, operation_id: str, status: int, body: Any) -> Any:
        """The body of an answer in the contract's words."""
        if status >= 400:
            return error_to_canonical(self.errors, self.wrapper.errors.to_canonical(body))
        said = body if operation_id == CHANNEL_AUTH else self.wrapper.replies.to_canonical(body)
        shape = self._reply_shape(operation_id, status)
        return said if shape is None else shape.to_canonical(said)

    # Channels and events

    def to_wire_channel(self, channel: str, known: Mapping[str, Any] | None = None) -> str:
        """The name on the wire of a channel of the contract; unchanged when it is none, or the hotel is not known."""
        found = parse_channel(channel)
        return channel if found is None else self.channel_words.to_wire(found, known or {}) or channel

    def to_canonical_channel(self, channel: str, event: str | None = None) -> str:
        """The channel of the contract a name on the wire means; unchanged when it is none.

        When kinds share a channel, the wire name of the event decides, if given.
        """
        found = self._channel(channel, event)
        return channel if found is None else found.name

    def to_wire_event(self, channel: str, name: str, data: Any) -> tuple[str, str, Any]:
        """Channel, name and data of an event as the backend publishes it."""
        if self._plain_events:
            return channel, name, data
        meta = data.get("meta") if isinstance(data, Mapping) else None
        slug = meta.get("hotel_slug") if isinstance(meta, Mapping) else None
        found = parse_channel(channel)
        kind = None if found is None else found.kind
        event = event_kinds().get((kind, name)) if kind is not None else None
        wire_name = self.event_names.get(name, name)
        return (
            self.to_wire_channel(channel, {"hotel_slug": slug} if isinstance(slug, str) else None),
            wire_name,
            self.envelope.to_wire(event, name, wire_name, data, self._event_shape(kind, name)),
        )

    def to_canonical_event(self, channel: str, name: str, data: Any) -> tuple[str, str, Any]:
        """Channel, name and data of an event in the contract's words."""
        if self._plain_events:
            return channel, name, data
        found = self._channel(channel, name)
        kind = None if found is None else found.kind
        said = self._name(kind, name)
        event = event_kinds().get((kind, said)) if kind is not None else None
        shape = self._event_shape(kind, said)
        canonical = channel if found is None else found.name
        return canonical, said, self.envelope.to_canonical(event, said, name, data, shape)

    def _channel(self, channel: str, event: str | None) -> Channel | None:
        found = list(self.channel_words.to_canonical(channel))
        for one in found:
            if event is not None and (one.kind, self._name(one.kind, event)) in event_kinds():
                return one
        return found[0] if found else None

    def _name(self, kind: ChannelKind | None, wire_name: str) -> str:
        """The name of the contract for a name on the wire, of an event on that kind of channel if there is one."""
        names = [name for name, said in self.event_names.items() if said == wire_name]
        for name in names:
            if (kind, name) in event_kinds():
                return name
        return names[0] if names else wire_name

    def _check_event(self, kind: EventKind) -> None:
        wire_name = self._wire_name(kind)
        for other in event_kinds().values():
            if other == kind or self._wire_name(other) != wire_name:
                continue
            if other.channel == kind.channel:
                raise DialectError(
                    f"event_names: {kind.name} and {other.name} of the {kind.channel} channel are both {wire_name!r}"
                )
            if self.channel_words.overlap(kind.channel, other.channel):
                raise DialectError(
                    f"channels: {kind.channel} and {other.channel} can have the same name, "
                    f"and both have an event {wire_name!r}"
                )
        names = field_names(f"{kind.schema}#/properties/payload")
        shape = self._event_shape(kind.channel, kind.name)
        moves = shape.moves if shape is not None else {}
        self.envelope.check_root(kind, {moves.get(name, (name,))[0] for name in names})

    def _wire_name(self, kind: EventKind) -> str:
        return self.event_names.get(kind.name, kind.name)

    # Shapes, each made once

    @cached_property
    def _maker(self) -> ShapeMaker:
        return ShapeMaker(self.renames)

    @cached_property
    def _shapes(self) -> dict[str, Shape | None]:
        return {}

    def _shape(self, ref: str) -> Shape | None:
        if ref not in self._shapes:
            self._shapes[ref] = self._maker.shape_of(ref) if self.renames else None
        return self._shapes[ref]

    def _request_shape(self, operation_id: str) -> Shape | None:
        ref = operation(operation_id).request_schema if self.renames else None
        return self._shape(ref) if ref is not None else None

    def _reply_shape(self, operation_id: str, status: int) -> Shape | None:
        ref = operation(operation_id).reply_schema(status) if self.renames else None
        return self._shape(ref) if ref is not None else None

    def _event_shape(self, channel: ChannelKind | None, name: str) -> Shape | None:
        kind = event_kinds().get((channel, name)) if channel is not None else None
        return self._shape(f"{kind.schema}#/properties/payload") if kind is not None else None

    @cached_property
    def _plain_events(self) -> bool:
        return not (
            self.renames or self.event_names or self.channel_words.templates or not self.envelope.plain
        )


def parse_dialect(data: Mapping[str, Any], hotels: Mapping[str, int] | None = None) -> Dialect:
    """The dialect a document describes; `hotels` is slug -> id. SchemaViolation or DialectError when it is none."""
    schema_store().require(SCHEMA, data)
    auth = dict(data.get("auth", {}))
    renames: dict[str, dict[str, tuple[str, ...]]] = {
        title: {name: tuple(said.split(".")) for name, said in fields.items()}
        for title, fields in data.get("fields", {}).items()
    }
    wrapper = _wrapper(data.get("wrapper", {}))
    pointer = auth.pop("login_token", None)
    if pointer is not None:
        path = _pointer(pointer)
        if len(path) > 1 and path[0] == wrapper.replies.key:
            path = path[1:]  # it points into the whole reply, and the wrapper is off when the shape is read
        if path != ("token",):
            login = schema_store().schema(operations()[LOGIN].reply_schemas[200])["title"]
            renames.setdefault(login, {})["token"] = path
    return Dialect(
        name=data["name"],
        auth=AuthWords(**auth),
        path_words=PathWords(
            data.get("base_path", ""), dict(data.get("paths", {})), dict(data.get("methods", {}))
        ),
        channel_words=ChannelWords(dict(data.get("channels", {})), dict(hotels or {})),
        envelope=EnvelopeWords(
            **_keys(data.get("envelope", {})), categories=dict(data.get("categories", {}))
        ),
        event_names=dict(data.get("event_names", {})),
        renames=renames,
        errors=tuple(data.get("errors", (NESTED,))),
        wrapper=wrapper,
    )


@cache
def identity() -> Dialect:
    """The contract's own words: everything passes through as it is."""
    return Dialect("contract")


def _keys(given: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the envelope; one that is not sent is None, also where the file format (TOML) has no null and says false."""
    return {key: None if name is False else name for key, name in given.items()}


def _wrapper(given: Mapping[str, Any]) -> WrapperWords:
    around = [
        Wrapper(one.get("key"), dict(one.get("constants", {}))) for one in (given, given.get("errors", {}))
    ]
    return WrapperWords(*around)


def _schemas(one: Operation) -> list[str]:
    replies = [ref for status, ref in one.reply_schemas.items() if status < 400]
    return [*replies, *([one.request_schema] if one.request_schema is not None else [])]


def _pointer(text: str) -> tuple[str, ...]:
    if not text.startswith("/"):
        raise DialectError(
            f"auth: login_token is a JSON Pointer and begins with a slash, unlike {text!r}",
            ("auth", "login_token"),
        )
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in text[1:].split("/"))
