"""The operations of the contract, read from `schemas/openapi.yaml` with its `x-` extensions.

What they need (credentials, permission, parameters, body), what they answer, in which order they refuse, and which
events a success publishes. Paths are the canonical ones; a dialect translates them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, cast
from urllib.parse import quote, unquote

from contract.channels import ChannelKind
from contract.schema_files import document
from contract.schema_store import schema_store

Security = Literal["staff", "guest", "none"]

ERROR_SCHEMA = "resources/error.schema.json"

_METHODS = ("get", "post", "put", "patch", "delete")
_SECURITY: Mapping[str, Security] = {"staffToken": "staff", "guestToken": "guest", "guestTokenQuery": "guest"}
_INTEGER = re.compile(r"-?(0|[1-9]\d*)", re.ASCII)


class UnknownOperation(LookupError):
    """The contract has no such operation."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path or the query; `schema` is the ref of its schema."""

    name: str
    place: Literal["path", "query"]
    required: bool
    schema: str

    def read(self, text: str) -> Any:
        """The value a URL gives as text, an integer where the schema wants one. SchemaViolation when it does not fit."""
        value: Any = text
        if self.type == "integer" and _INTEGER.fullmatch(text):
            value = int(text)
        elif self.type == "boolean" and text in ("true", "false"):
            value = text == "true"
        schema_store().require(self.schema, value)
        return value

    @property
    def type(self) -> str | None:
        """The JSON type of the value."""
        return cast("str | None", schema_store().schema(self.schema).get("type"))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A code an operation may refuse with, and when, in words."""

    code: str
    when: str


@dataclass(frozen=True, slots=True)
class EventDue:
    """An event a success publishes once: per booking, or per room (of `both_rooms`, the old and the new one each)."""

    channel: ChannelKind
    event: str
    message: str
    schema: str
    per: Literal["room", "booking"]
    both_rooms: bool
    clause: str


@dataclass(frozen=True, slots=True)
class Idempotence:
    """When a call is a repeat: 200, no effect, no event. `after` is the last refusal that comes before that answer."""

    clause: str
    when: str
    after: str


@dataclass(frozen=True, slots=True)
class Changes:
    """The fields of the BookingDetail and of each Room it is about that a success may change."""

    booking: frozenset[str]
    room: frozenset[str]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `permission` is any-of, empty when working in the hotel is enough; `refusals` are in the order in
    which a server looks. `security` is who calls it first of all; channelAuth also knows staff, and refuses them."""

    id: str
    method: str
    path: str
    tag: str
    summary: str
    security: Security
    permission: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    request_schema: str | None
    request_types: tuple[str, ...]
    reply_schemas: Mapping[int, str]
    refusals: tuple[Refusal, ...]
    events: tuple[EventDue, ...]
    idempotent: Idempotence | None
    changes: Changes | None
    clauses: tuple[str, ...]

    def fill_path(self, params: Mapping[str, Any]) -> str:
        """The path with its parameters in place, percent-encoded. KeyError names one that is missing."""
        return re.sub(r"\{(\w+)\}", lambda found: quote(str(params[found[1]]), safe=""), self.path)

    @property
    def path_parameters(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.parameters if one.place == "path")

    @property
    def refusal_codes(self) -> tuple[str, ...]:
        """The codes, each once, in the order in which a server looks."""
        return tuple(dict.fromkeys(refusal.code for refusal in self.refusals))

    def reply_schema(self, status: int) -> str | None:
        """The ref of the schema of a reply; every refusal and failure has the error envelope. None: not a reply of
        this operation."""
        found = self.reply_schemas.get(status)
        return ERROR_SCHEMA if found is None and status >= 400 else found


@cache
def operations() -> Mapping[str, Operation]:
    """Every operation by its id, in the order of OpenAPI."""
    return MappingProxyType({operation.id: operation for operation in _read(document("openapi.yaml"))})


def operation(operation_id: str) -> Operation:
    """The operation of an id. UnknownOperation when there is none."""
    found = operations().get(operation_id)
    if found is None:
        raise UnknownOperation(f"no operation {operation_id!r}")
    return found


def match(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation a request means and its path parameters as text; None when the contract has no such path and method.

    A query is ignored. A path whose segments are all spelled out goes before one with parameters.
    """
    for wanted, pattern, found in _patterns():
        if wanted == method.upper() and (hit := pattern.fullmatch(path.partition("?")[0])) is not None:
            return found, {name: unquote(value) for name, value in hit.groupdict().items()}
    return None


def path_pattern(template: str) -> re.Pattern[str]:
    """Matches the paths a template makes; a parameter is one segment, or a part of one."""
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile(
        "".join(f"(?P<{part}>[^/]+)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
    )


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str], Operation], ...]:
    ordered = sorted(operations().values(), key=lambda one: one.path.count("{"))
    return tuple((one.method, path_pattern(one.path), one) for one in ordered)


def _read(api: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in api["paths"].items():
        for method in _METHODS:
            if method in item:
                yield _operation(api, path, method, item)


def _operation(api: Mapping[str, Any], path: str, method: str, item: Mapping[str, Any]) -> Operation:
    one = item[method]
    place = f"openapi.yaml#/paths/{_step(path)}/{method}"
    schemes = [name for option in one.get("security", api.get("security", ())) for name in option]
    permission = one.get("x-permission", ())
    content = one.get("requestBody", {}).get("content", {})
    idempotent = one.get("x-idempotent")
    return Operation(
        id=one["operationId"],
        method=method.upper(),
        path=path,
        tag=one["tags"][0],
        summary=one["summary"],
        security=_SECURITY[schemes[0]] if schemes else "none",
        permission=(permission,) if isinstance(permission, str) else tuple(permission),
        parameters=tuple(_parameters(api, place, item, one)),
        request_schema=next(
            (_ref(entry["schema"], f"{place}/requestBody") for entry in content.values()), None
        ),
        request_types=tuple(content),
        reply_schemas=MappingProxyType(
            {
                int(status): _ref(
                    reply["content"]["application/json"]["schema"],
                    f"{place}/responses/{status}/content/application~1json/schema",
                )
                for status, reply in one["responses"].items()
            }
        ),
        refusals=tuple(Refusal(entry["code"], entry["when"]) for entry in one.get("x-refusals", ())),
        events=tuple(
            EventDue(
                entry["channel"],
                entry["event"],
                entry["message"],
                entry["schema"],
                entry["per"],
                entry.get("rooms") == "both",
                entry["clause"],
            )
            for entry in one.get("x-events", ())
        ),
        idempotent=Idempotence(**idempotent) if idempotent is not None else None,
        changes=Changes(frozenset(one["x-changes"].get("booking", ())), frozenset(one["x-changes"]["room"]))
        if "x-changes" in one
        else None,
        clauses=tuple(one.get("x-clauses", ())),
    )


def _parameters(
    api: Mapping[str, Any], place: str, item: Mapping[str, Any], one: Mapping[str, Any]
) -> Iterator[Parameter]:
    shared = [
        (entry, f"{place.rpartition('/')[0]}/parameters/{i}")
        for i, entry in enumerate(item.get("parameters", ()))
    ]
    own = [(entry, f"{place}/parameters/{i}") for i, entry in enumerate(one.get("parameters", ()))]
    for entry, where in (*shared, *own):
        if "$ref" in entry:
            name = entry["$ref"].rpartition("/")[2]
            entry, where = (
                api["components"]["parameters"][name],
                f"openapi.yaml#/components/parameters/{name}",
            )
        if entry["in"] in ("path", "query"):
            yield Parameter(
                entry["name"],
                entry["in"],
                entry.get("required", False),
                _ref(entry["schema"], f"{where}/schema"),
            )


def _ref(schema: Mapping[str, Any], place: str) -> str:
    """The ref of a schema that stands at `place`: what it refers to, when it is only a reference to a file."""
    target = schema.get("$ref", "#")
    return cast("str", target) if len(schema) == 1 and not target.startswith("#") else place


def _step(key: str) -> str:
    return quote(key.replace("~", "~0").replace("/", "~1"), safe="~")
