"""Who writes and who reads what a schema describes, for every schema inside every document.

A schema stands somewhere below a *root*: a reply, a request, an event, what a provider state takes ... From there references are
followed. Where more is let through when the inner schema lets more through, the sign is `+`; below `not` it is `-`; below `oneOf`,
`if` and what looks at its neighbours it is both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from contract.diff.documents import Contract, escaped, lookup
from contract.diff.nodes import subschemas

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Role(Enum):
    """Who writes it, who reads it. The suite is nobody's side."""

    REQUEST = ("consumers", "providers")
    REPLY = ("providers", "consumers")
    ASKED = ("suite", "providers")
    SHOWN = ("providers", "suite")
    OWN = ("suite", "suite")

    @property
    def writer(self) -> str:
        return self.value[0]

    @property
    def reader(self) -> str:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Use:
    """One way a schema is used. `label` names the root, such as `reply of checkIn`."""

    role: Role
    sign: str
    label: str


Uses = dict[tuple[str, str], set[Use]]
_FOLDERS = {
    "requests": (Role.REQUEST, "requests/"),
    "replies": (Role.REPLY, "replies/"),
    "events": (Role.REPLY, "events/"),
    "probes": (Role.SHOWN, "probes/"),
    "files": (Role.OWN, "files/"),
}
_FILES = {
    "files/states_request.schema.json": Role.ASKED,
    "files/probes_request.schema.json": Role.ASKED,
    "files/states_reply.schema.json": Role.SHOWN,
    "files/probes_reply.schema.json": Role.SHOWN,
    "files/target.schema.json": Role.SHOWN,  # a backend team writes it
    "files/dialect.schema.json": Role.SHOWN,
}


@lru_cache(maxsize=2)
def uses(contract: Contract) -> Uses:
    """The uses of every schema by its file and JSON Pointer. Shared, so treated as frozen."""
    found: Uses = {}
    inside = _Inside(contract)
    for path, pointer, schema, role, label in _roots(contract):
        _spread(inside, found, path, pointer, schema, Use(role, "+", label))
    for path in contract.schema_paths:
        # what no document refers to is used for what its folder says
        folder = path.partition("/")[0]
        if (path, "") not in found and folder in _FOLDERS:
            role, label = _FOLDERS[folder]
            _spread(inside, found, path, "", contract.files[path], Use(_FILES.get(path, role), "+", path))
    return found


def _spread(inside: _Inside, found: Uses, path: str, pointer: str, schema: Any, use: Use) -> None:
    open_ = [(path, pointer, schema, use.sign)]
    by_sign = {sign: Use(use.role, sign, use.label) for sign in "+-"}
    while open_:
        path, pointer, schema, sign = open_.pop()
        known = found.setdefault((path, pointer), set())
        if by_sign[sign] in known:
            continue
        known.add(by_sign[sign])
        for target, place, inner, turns in inside.of(path, pointer, schema):
            open_.extend((target, place, inner, sign if turn == "+" else _OTHER[sign]) for turn in turns)


_OTHER = {"+": "-", "-": "+"}


class _Inside:
    """The schemas directly inside each place, and what it refers to; looked up once."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._found: dict[tuple[str, str], list[tuple[str, str, Any, str]]] = {}

    def of(self, path: str, pointer: str, schema: Any) -> list[tuple[str, str, Any, str]]:
        """File, pointer and schema of each, with the turns the sign takes."""
        found = self._found.get((path, pointer))
        if found is None:
            found = self._found[path, pointer] = list(self._look(path, pointer, schema))
        return found

    def _look(self, path: str, pointer: str, schema: Any) -> Iterator[tuple[str, str, Any, str]]:
        if not isinstance(schema, dict):
            return
        if "$ref" in schema:
            yield *lookup(self._contract, path, schema["$ref"]), "+"
        for keyword, steps, inner in subschemas(schema):
            if keyword != "$defs":  # used by who refers to it
                place = pointer + "".join(f"/{escaped(step)}" for step in steps)
                yield path, place, inner, _turns(schema, keyword)


def _turns(schema: Any, keyword: str) -> str:
    mixed = keyword in ("oneOf", "if") or (keyword == "contains" and "maxContains" in schema)
    if mixed or "unevaluatedProperties" in schema or "unevaluatedItems" in schema:
        return "+-"
    return "-" if keyword == "not" else "+"


def _roots(contract: Contract) -> Iterator[tuple[str, str, Any, Role, str]]:
    yield from _of_openapi(contract)
    yield from _of_asyncapi(contract)
    for name, entry in contract.document("provider_states.yaml").get("states", {}).items():
        place = f"/states/{escaped(name)}"
        for part, role in (("params", Role.ASKED), ("bindings", Role.SHOWN)):
            if part in entry:
                yield "provider_states.yaml", f"{place}/{part}", entry[part], role, f"{part} of the state {name!r}"  # fmt: skip
    for name, entry in contract.document("probes.yaml").get("probes", {}).items():
        if "state" in entry:
            yield "probes.yaml", f"/probes/{escaped(name)}/state", entry["state"], Role.SHOWN, f"probe {name}"


def _of_openapi(contract: Contract) -> Iterator[tuple[str, str, Any, Role, str]]:
    file = "openapi.yaml"
    for path, item in contract.document(file).get("paths", {}).items():
        for method in METHODS:
            if method not in item:
                continue
            one = item[method]
            name = one.get("operationId", f"{method.upper()} {path}")
            shared = f"/paths/{escaped(path)}"
            place = f"{shared}/{method}"
            for above, listed in ((shared, item.get("parameters", ())), (place, one.get("parameters", ()))):
                for index, parameter in enumerate(listed):
                    at, entry = _entry(contract, f"{above}/parameters/{index}", parameter)
                    if "schema" in entry:
                        label = f"parameter {entry.get('name')} of {name}"
                        yield file, f"{at}/schema", entry["schema"], Role.REQUEST, label
            at, body = _entry(contract, f"{place}/requestBody", one.get("requestBody", {}))
            yield from _content(body, at, Role.REQUEST, f"request of {name}")
            for status, answer in one.get("responses", {}).items():
                at, reply = _entry(contract, f"{place}/responses/{status}", answer)
                yield from _content(reply, at, Role.REPLY, f"reply {status} of {name}")
                for header, said in reply.get("headers", {}).items():
                    inner, entry = _entry(contract, f"{at}/headers/{escaped(header)}", said)
                    if "schema" in entry:
                        yield (
                            file,
                            f"{inner}/schema",
                            entry["schema"],
                            Role.REPLY,
                            f"header {header} of {name}",
                        )


def _content(entry: Any, at: str, role: Role, label: str) -> Iterator[tuple[str, str, Any, Role, str]]:
    for media, said in entry.get("content", {}).items():
        if "schema" in said:
            yield "openapi.yaml", f"{at}/content/{escaped(media)}/schema", said["schema"], role, label


def _entry(contract: Contract, place: str, entry: Any) -> tuple[str, Any]:
    if "$ref" in entry:
        _, place, entry = lookup(contract, "openapi.yaml", entry["$ref"])
    return place, entry


def _of_asyncapi(contract: Contract) -> Iterator[tuple[str, str, Any, Role, str]]:
    file = "asyncapi.yaml"
    document = contract.document(file)
    for name, message in document.get("components", {}).get("messages", {}).items():
        for part in ("payload", "headers"):
            if part in message:
                place = f"/components/messages/{escaped(name)}/{part}"
                yield file, place, message[part], Role.REPLY, f"event {name}"
    for channel, said in document.get("channels", {}).items():
        for name, message in said.get("messages", {}).items():
            for part in ("payload", "headers"):
                if part in message:
                    place = f"/channels/{escaped(channel)}/messages/{escaped(name)}/{part}"
                    yield file, place, message[part], Role.REPLY, f"event {name}"
