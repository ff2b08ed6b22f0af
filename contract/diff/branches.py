"""What a schema lets through, as a list of *branches*: plain schemas that all apply at once, references and alternatives opened.

What a branch does not look at (`not`, `if`, `unevaluated...`) only narrows, so a branch lets through what its schema does, or more.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from contract.diff.nodes import Node, Undecidable
from contract.formats import python_pattern

TYPES = ("null", "boolean", "object", "array", "string", "integer", "fraction")
"""The types of JSON Schema, with `number` as what it is: an integer (1.0 is one), or a number that is not."""
_NAMED = {name: frozenset({name}) for name in TYPES} | {"number": frozenset({"integer", "fraction"})}
_MOST_BRANCHES = 200
_DEEPEST = 40
Branch = tuple[Node, ...]


def branches(nodes: Sequence[Node]) -> list[Branch]:
    """The branches of schemas that apply at once; those that let nothing through are left out. Raises Undecidable."""
    found: list[Branch] = [()]
    for node in nodes:
        found = _product(found, _opened(node, 0))
    return [branch for branch in found if types(branch)]


def _product(left: list[Branch], right: list[Branch]) -> list[Branch]:
    if len(left) * len(right) > _MOST_BRANCHES:
        raise Undecidable("too many alternatives")
    return [a + b for a, b in itertools.product(left, right)]


def _opened(node: Node, depth: int) -> list[Branch]:
    schema = node.schema
    if schema is False:
        return []
    if not isinstance(schema, dict):
        return [()]
    if depth > _DEEPEST:
        raise Undecidable("references go too deep")
    found: list[Branch] = [(node,)]
    if "$ref" in schema:
        found = _product(found, _opened(node.target(), depth + 1))
    for part in schema.get("allOf", ()):
        found = _product(found, _opened(node.inner(part), depth + 1))
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            alternatives = [one for part in schema[keyword] for one in _opened(node.inner(part), depth + 1)]
            found = _product(found, alternatives)
    return [branch for branch in found if types(branch)]


def types_of(value: Any) -> str:
    """The type of a JSON value, one of TYPES."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    return {float: "fraction", str: "string", dict: "object", list: "array"}.get(type(value), "null")


def own_types(schema: Any) -> frozenset[str]:
    """What `type`, `enum` and `const` of one schema leave."""
    left = frozenset(TYPES)
    if "type" in schema:
        named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        left &= frozenset().union(*(_NAMED.get(name, frozenset()) for name in named))
    for values in _listed(schema):
        left &= frozenset(types_of(value) for value in values)
    return left


def types(branch: Branch) -> frozenset[str]:
    return frozenset(TYPES).intersection(*(own_types(node.schema) for node in branch))


def _listed(schema: Any) -> list[list[Any]]:
    return ([schema["enum"]] if "enum" in schema else []) + ([[schema["const"]]] if "const" in schema else [])


def values(branch: Branch) -> list[Any] | None:
    """Every value the branch lets through, and perhaps more; None when there are too many to list."""
    lists = [found for node in branch for found in _listed(node.schema)]
    if lists:
        return [one for one in min(lists, key=len) if all(node.reading.valid(node, one) for node in branch)]
    left = types(branch)
    if left <= {"null", "boolean"}:
        every = [None] * ("null" in left) + [True, False] * ("boolean" in left)
        return [one for one in every if all(node.reading.valid(node, one) for node in branch)]
    return None


def most(branch: Branch, keyword: str) -> Any:
    """The tightest `min...` of a branch; 0 when there is none."""
    return max((node.schema[keyword] for node in branch if keyword in node.schema), default=0)


def least(branch: Branch, keyword: str) -> Any:
    """The tightest `max...` of a branch; infinity when there is none."""
    return min((node.schema[keyword] for node in branch if keyword in node.schema), default=math.inf)


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """Where numbers begin or end; `open` when the number itself is not among them."""

    at: Fraction
    open: bool


def edge(branch: Branch, which: str, *, integers: bool) -> Edge | None:
    """The tightest `minimum` or `maximum` of a branch, exclusive ones with them; None when there is none."""
    found = []
    for node in branch:
        if which in node.schema:
            found.append(Edge(fraction(node.schema[which]), open=False))
        exclusive = f"exclusive{which.capitalize()}"
        if exclusive in node.schema:
            found.append(Edge(fraction(node.schema[exclusive]), open=True))
    if not found:
        return None
    if integers:
        found = [_whole(one, which) for one in found]
    return max(found) if which == "minimum" else min(found, key=lambda one: (one.at, not one.open))


def _whole(one: Edge, which: str) -> Edge:
    if which == "minimum":
        return Edge(Fraction(math.floor(one.at) + 1 if one.open else math.ceil(one.at)), open=False)
    return Edge(Fraction(math.ceil(one.at) - 1 if one.open else math.floor(one.at)), open=False)


def fraction(number: Any) -> Fraction:
    """Exact: 0.1 is a tenth."""
    return Fraction(str(number))


def required(branch: Branch) -> set[str]:
    return {name for node in branch for name in node.schema.get("required", ())}


def names(branch: Branch) -> set[str]:
    """The properties a branch knows by name."""
    return {name for node in branch for name in node.schema.get("properties", {})}


def matches(pattern: str, name: str) -> bool:
    """Does a property's name match a key of `patternProperties`? Raises Undecidable."""
    try:
        return python_pattern(pattern).search(name) is not None
    except (ValueError, re.error):
        raise Undecidable(f"the pattern {pattern} cannot be read") from None


def member(branch: Branch, name: str) -> list[Node]:
    """The schemas that a property of this name has to keep."""
    found: list[Node] = []
    for node in branch:
        own = [node.schema["properties"][name]] if name in node.schema.get("properties", {}) else []
        patterns = node.schema.get("patternProperties", {})
        own += [inner for pattern, inner in patterns.items() if matches(pattern, name)]
        if not own and "additionalProperties" in node.schema:
            own = [node.schema["additionalProperties"]]
        found += [node.inner(one) for one in own]
    return found


def element(branch: Branch, index: int | None) -> list[Node]:
    """The schemas that the element at an index has to keep; None: one behind every `prefixItems`."""
    found: list[Node] = []
    for node in branch:
        first = node.schema.get("prefixItems", ())
        if index is not None and index < len(first):
            found.append(node.inner(first[index]))
        elif "items" in node.schema:
            found.append(node.inner(node.schema["items"]))
    return found
