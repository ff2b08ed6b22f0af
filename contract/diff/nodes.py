"""A schema at its place, and the two worlds its references may be read in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from contract.diff.documents import Contract, lookup
from contract.formats import ASSERTED
from contract.schema_files import BASE_URI
from contract.schema_problems import explaining_validator

ANNOTATIONS = frozenset({
    "title", "description", "$comment", "examples", "example", "deprecated", "readOnly", "writeOnly", "$schema",
    "contentEncoding", "contentMediaType", "contentSchema",
})  # fmt: skip
"""Keywords that only describe."""
UNORDERED = frozenset({"required", "enum", "type", "anyOf", "oneOf", "allOf"})
"""Keywords whose lists mean the same in any order."""
MAPS = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
SINGLES = frozenset({
    "items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else", "unevaluatedItems",
    "unevaluatedProperties",
})  # fmt: skip


class Undecidable(Exception):
    """Whether one schema includes another was not found out; the message says why."""


class Reading:
    """How references are read: in `first`, and where it has no such place in `second`.

    The old schema of a place is read with the new contract first: what changed in a place it refers to is a change of that
    place, and reported there.
    """

    def __init__(self, first: Contract, second: Contract | None = None) -> None:
        self._contracts = (first, *([second] if second is not None else []))
        self._canonical: dict[int, tuple[Any, str]] = {}
        self._valid: dict[str, Callable[[Any], bool]] = {}

    def follow(self, path: str, ref: str) -> Node:
        """The schema a `$ref` in the file `path` refers to."""
        for contract in self._contracts:
            try:
                target, _, found = lookup(contract, path, ref)
            except LookupError:
                continue
            return Node(found, target, self)
        raise Undecidable(f"{ref} is not there")

    def canonical(self, schema: Any, path: str) -> str:
        """Equal for schemas that differ in nothing but words, order and the way a reference is written."""
        found = self._canonical.get(id(schema))
        if found is None:
            # the schema is kept beside its text, so that its id is not given to another one
            found = self._canonical[id(schema)] = (schema, json.dumps(_bare(schema, path), sort_keys=True))
        return found[1]

    def valid(self, node: Node, instance: Any) -> bool:
        """Does the instance keep the schema, by the validator the contract is checked with? Raises Undecidable."""
        from jsonschema.exceptions import UnknownType

        text = f"{node.path} {node.canonical}"
        check = self._valid.get(text)
        if check is None:
            bundled = bundle(node)
            iter_errors = explaining_validator("bundle:", lambda _: bundled)
            check = self._valid[text] = lambda value: next(iter(iter_errors(value)), None) is None
        try:
            return check(instance)
        except (UnknownType, re.error, AttributeError, LookupError, TypeError, ValueError):
            # a schema inside a YAML document is not held against the metaschema when it is read
            raise Undecidable("a schema is not a JSON Schema 2020-12") from None


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A schema, the file it stands in, and how its references are read."""

    schema: Any
    path: str
    reading: Reading

    @property
    def canonical(self) -> str:
        return self.reading.canonical(self.schema, self.path)

    def inner(self, schema: Any) -> Node:
        """A schema inside this one."""
        return Node(schema, self.path, self.reading)

    def target(self) -> Node:
        return self.reading.follow(self.path, self.schema["$ref"])


def bundle(node: Node) -> dict[str, Any]:
    """The schema as one document without references to other files."""
    numbers: dict[tuple[str, str], str] = {}
    definitions: dict[str, Any] = {}

    def rewritten(schema: Any, path: str) -> Any:
        if not isinstance(schema, dict):
            return schema
        out: dict[str, Any] = {}
        for key, value in schema.items():
            if key in ("$id", "$schema", "$defs"):
                continue
            if key == "$ref":
                absolute = urljoin(BASE_URI + path, value)
                name = numbers.get((path, absolute))
                if name is None:
                    target = node.reading.follow(path, value)
                    name = numbers[path, absolute] = f"d{len(numbers)}"
                    definitions[name] = rewritten(target.schema, target.path)
                out[key] = f"#/$defs/{name}"
            elif key in MAPS and isinstance(value, dict):
                out[key] = {name: rewritten(inner, path) for name, inner in value.items()}
            elif key in LISTS and isinstance(value, list):
                out[key] = [rewritten(inner, path) for inner in value]
            elif key in SINGLES:
                out[key] = rewritten(value, path)
            else:
                out[key] = value
        return out

    root = rewritten({} if node.schema is True else {"not": {}} if node.schema is False else node.schema, node.path)  # fmt: skip
    return {**root, "$defs": definitions}


def subschemas(schema: Any) -> Iterator[tuple[str, tuple[str | int, ...], Any]]:
    """Every schema directly inside one: the keyword, the steps to it, itself."""
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        if key in MAPS and isinstance(value, dict):
            yield from ((key, (key, name), inner) for name, inner in value.items())
        elif key in LISTS and isinstance(value, list):
            yield from ((key, (key, i), inner) for i, inner in enumerate(value))
        elif key in SINGLES:
            yield key, (key,), value


def _bare(schema: Any, path: str) -> Any:
    if schema is True:
        return {}
    if not isinstance(schema, dict):
        return schema
    out: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ANNOTATIONS or key in ("$defs", "$id", "default") or key.startswith("x-"):
            continue
        if key == "format" and value not in ASSERTED:
            continue
        if key == "$ref":
            value = urljoin(BASE_URI + path, value)
        elif key in MAPS and isinstance(value, dict):
            value = {name: _bare(inner, path) for name, inner in value.items()}
        elif key in LISTS and isinstance(value, list):
            value = [_bare(inner, path) for inner in value]
        elif key in SINGLES:
            value = _bare(value, path)
        if key in UNORDERED and isinstance(value, list):
            value = sorted(value, key=lambda one: json.dumps(one, sort_keys=True))
        if (key, value) in (("required", []), ("properties", {})):
            continue  # says nothing
        out[key] = value
    return out
