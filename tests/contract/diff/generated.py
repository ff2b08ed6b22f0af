"""Schemas and instances by chance, for the comparison of schemas. Everything is drawn from a `random.Random`."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

from contract.schema_files import BASE_URI

NAMES = ["a", "b", "cc", "x_1"]
PATTERNS = ["^a", "[0-9]$", "^[a-z]+$", ""]
TYPES = ["null", "boolean", "object", "array", "string", "integer", "number"]
DEFINITIONS = ["date", "money", "room_number"]
"""Names that the contract's own definitions have too, so that edits of it may refer to them."""
VALUES: list[Any] = [
    None, True, False, 0, 1, 2, 3, -1, 1.0, 0.5, 2.5, 10, "", "a", "ab", "abc1", "1", "2026-11-25", "2026-11-25T10:00:00Z", "x" * 5,
    [], [1], ["a"], [1, 1], [1, "a", None], [[], {}], {}, {"a": 1}, {"b": "a"}, {"a": "a", "b": 2}, {"cc": None}, {"x_1": [1]},
    {"a": {}, "b": [], "z": 1}, {"z": "a"}, {"a": None, "b": None, "cc": None, "x_1": None},
]  # fmt: skip


def schema(random: Random, depth: int = 3) -> Any:
    """A schema of JSON Schema 2020-12, with most of its keywords and references to DEFINITIONS."""
    if random.random() < 0.04:
        return random.random() < 0.6
    out: dict[str, Any] = {}
    if random.random() < 0.7:
        few = random.sample(TYPES, random.choice([1, 1, 1, 2, 3]))
        out["type"] = few[0] if len(few) == 1 else few
    for _ in range(random.choice([0, 1, 1, 2, 3])):
        out.update(keyword(random, depth))
    return out


def keyword(random: Random, depth: int) -> dict[str, Any]:
    """A keyword, or several that belong together."""

    def inner() -> Any:
        return schema(random, depth - 1) if depth > 0 else random.choice([{}, {"type": random.choice(TYPES)}])

    def several(least: int = 1) -> list[Any]:
        return [inner() for _ in range(random.randint(least, 3))]

    def named(names: list[str]) -> dict[str, Any]:
        return {name: inner() for name in random.sample(names, random.randint(1, 2))}

    def some_values(least: int = 1) -> list[Any]:
        found = random.sample(VALUES, random.randint(least, 4))
        return list({json.dumps(one): one for one in found}.values())

    def number() -> Any:
        return random.choice([-1, 0, 1, 2, 0.5, 2.5, 10])

    choices: list[Any] = [
        lambda: {"enum": some_values()},
        lambda: {"const": random.choice(VALUES)},
        lambda: {random.choice(["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"]): number()},
        lambda: {"multipleOf": random.choice([1, 2, 0.5, 3, 1.5])},
        lambda: {random.choice(["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"]): random.randint(0, 3)},
        lambda: {"pattern": random.choice(PATTERNS)},
        lambda: {"format": random.choice(["date", "date-time", "email"])},
        lambda: {"properties": named(NAMES)},
        lambda: {"properties": named(NAMES), "required": random.sample(NAMES, random.randint(0, 2))},
        lambda: {"properties": named(NAMES), "additionalProperties": random.choice([True, False, False, inner()])},
        lambda: {"patternProperties": named(PATTERNS[:2]), "additionalProperties": random.choice([False, inner()])},
        lambda: {"required": random.sample(NAMES, random.randint(1, 2))},
        lambda: {"additionalProperties": inner()},
        lambda: {"propertyNames": random.choice([{"pattern": "^a"}, {"maxLength": 1}, {"enum": NAMES}])},
        lambda: {"dependentRequired": {random.choice(NAMES): random.sample(NAMES, 1)}},
        lambda: {"dependentSchemas": named(NAMES)},
        lambda: {"items": inner()},
        lambda: {"prefixItems": several()},
        lambda: {"prefixItems": several(), "items": random.choice([False, inner()])},
        lambda: {"contains": inner()},
        lambda: {"contains": inner(), "minContains": random.randint(0, 2), "maxContains": random.randint(1, 3)},
        lambda: {"uniqueItems": random.random() < 0.8},
        lambda: {"allOf": several()},
        lambda: {"anyOf": several()},
        lambda: {"anyOf": several()},
        lambda: {"oneOf": several()},
        lambda: {"not": inner()},
        lambda: {"if": inner(), "then": inner(), "else": inner()},
        lambda: {"unevaluatedProperties": random.choice([False, inner()]), "allOf": several()},
        lambda: {"unevaluatedItems": False, "prefixItems": several()},
        lambda: {"$ref": f"{BASE_URI}common.schema.json#/$defs/{random.choice(DEFINITIONS)}"},
    ]  # fmt: skip
    found: dict[str, Any] = copy.deepcopy(random.choice(choices)())  # VALUES and NAMES are not to be edited
    return found


def definitions(random: Random) -> dict[str, Any]:
    """The file that schemas refer to; one definition refers to itself."""
    tree = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/room_number"}, "b": schema(random, 1)},
        "additionalProperties": False,
    }
    return {"$defs": {"date": schema(random, 1), "money": schema(random, 2), "room_number": tree}}


def edited(original: Any, random: Random) -> Any:
    """A copy of a schema with one to three edits somewhere in it."""
    box = {"it": copy.deepcopy(original)}
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        _edit(box, random)
    return box["it"]


def _edit(box: dict[str, Any], random: Random) -> None:
    places = list(_schemas(box, "it"))
    parent, key = random.choice(places)
    one = parent[key]
    if not isinstance(one, dict) or random.random() < 0.1:
        parent[key] = schema(random, 1)
        return
    ways = ["add", "add", "retype", "nullable"] + ["drop"] * bool(one) + ["list", "number"] * bool(one)
    match random.choice(ways):
        case "add":
            one.update(keyword(random, 1))
        case "drop":
            del one[random.choice(list(one))]
        case "retype":
            one["type"] = random.choice(TYPES)
        case "nullable":
            parent[key] = {"anyOf": [one, {"type": "null"}]}
        case "list":
            lists = [name for name, value in one.items() if isinstance(value, list) and value]
            if lists:
                chosen = one[random.choice(lists)]
                if random.random() < 0.5 and len(chosen) > 1:
                    chosen.pop(random.randrange(len(chosen)))
                else:
                    random.shuffle(chosen)
        case "number":
            numbers = [name for name, value in one.items() if type(value) in (int, float)]
            if numbers:
                name = random.choice(numbers)
                one[name] = max(one[name] + random.choice([-1, 1, 2]), 1 if name == "multipleOf" else -9)
                if name.startswith(("min", "max")) and name not in ("minimum", "maximum"):
                    one[name] = max(one[name], 0)


def _schemas(parent: Any, key: Any) -> Any:
    """Every schema at or below a place, as the container and the key."""
    yield parent, key
    one = parent[key]
    if isinstance(one, dict):
        for name in (
            "items",
            "additionalProperties",
            "not",
            "if",
            "then",
            "else",
            "contains",
            "propertyNames",
        ):
            if name in one:
                yield from _schemas(one, name)
        for name in ("properties", "patternProperties", "dependentSchemas", "$defs"):
            for inner in list(one.get(name, {})):
                yield from _schemas(one[name], inner)
        for name in ("allOf", "anyOf", "oneOf", "prefixItems"):
            for index in range(len(one.get(name, []))):
                yield from _schemas(one[name], index)


def instances(random: Random, count: int) -> list[Any]:
    """JSON values that have a chance with the schemas above."""
    return [*VALUES, *(value(random, 3) for _ in range(count))]


def value(random: Random, depth: int) -> Any:
    kind = random.randrange(10)
    if depth and kind < 4:
        names = random.sample([*NAMES, "z"], random.randint(0, 4))
        return {name: value(random, depth - 1) for name in names}
    if depth and kind < 6:
        return [value(random, depth - 1) for _ in range(random.randint(0, 3))]
    return random.choice(VALUES)
