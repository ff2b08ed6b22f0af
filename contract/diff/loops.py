"""Schemas that are nothing but themselves: references in a circle with no property or element between, which no validator can answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contract.diff.documents import Contract, UnreadableContract, escaped, lookup
from contract.diff.nodes import subschemas

_IN_PLACE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"})
Place = tuple[str, str]


def check(contract: Contract) -> None:
    """UnreadableContract when a schema file has a circle in it."""
    done: set[Place] = set()
    for path in contract.schema_paths:
        for pointer, schema in _every("", contract.files[path]):
            _follow(contract, (path, pointer), schema, done)


def _follow(contract: Contract, start: Place, schema: Any, done: set[Place]) -> None:
    """Depth first, without recursion of its own: the open places are the way from the start."""
    way: list[Place] = []
    open_: list[tuple[Place, Any, bool]] = [(start, schema, False)]
    while open_:
        place, one, left = open_.pop()
        if left:
            done.add(way.pop())
            continue
        if place in way:
            raise UnreadableContract(
                f"{place[0]} refers to itself in a circle at #{place[1]}; mend it, or compare another revision."
            )
        if place in done or not isinstance(one, dict):
            continue
        way.append(place)
        open_.append((place, one, True))
        open_.extend((target, inner, False) for target, inner in _next(contract, place, one))


def _next(contract: Contract, place: Place, schema: Any) -> Iterator[tuple[Place, Any]]:
    path, pointer = place
    if "$ref" in schema:
        target, there, found = lookup(contract, path, schema["$ref"])
        yield (target, there), found
    for keyword, steps, inner in subschemas(schema):
        if keyword in _IN_PLACE:
            yield (path, pointer + "".join(f"/{escaped(step)}" for step in steps)), inner


def _every(pointer: str, schema: Any) -> Iterator[tuple[str, Any]]:
    yield pointer, schema
    for _, steps, inner in subschemas(schema):
        yield from _every(pointer + "".join(f"/{escaped(step)}" for step in steps), inner)
