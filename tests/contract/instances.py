"""Instances made from the schemas of the contract, and ways to spoil them.

Everything is drawn from a `random.Random`, so that a Hypothesis test draws one seed and stays quick.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random
from typing import Any
from urllib.parse import urldefrag, urljoin

from hypothesis import strategies as st

from contract.schema_store import schema_store
from contract.timestamps import format_timestamp

Placed = tuple[str, dict[str, Any]]  # (URI of the document, schema in it)
Make = Callable[[Random], Any]

RANDOMS = st.integers(0, 2**32).map(Random)
"""The source a property test draws its instances from."""

WORDS = ["", "a", "Ann", "Zoë", "O'Brien", "két", "10:00", "x y", "\u2028", "😀", "id", "booking_updated"]
BY_PATTERN = {
    r"^[^\u0000]*$": ["", "Zoë", "two\nlines"],
    r"\S": ["a note", " x"],
    r"^\d+\.\d+$": ["12.345"],
    r"^[-A-Za-z0-9_=@,.;]{1,164}$": ["private-x", "grand-demo.rooms"],
    r"^(private|presence)-": ["private-x", "presence-lobby"],
    r"^[^:]+:[0-9a-f]{64}$": ["staycheck:" + "0a" * 32],
    r"^([01]\d|2[0-3]):[0-5]\d$": ["00:00", "15:00", "23:59"],
    r"^-?\d+\.\d{2}$": ["0.00", "129.90", "-3.10"],
    r"^[A-Z]{3}$": ["EUR", "USD"],
    r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$": ["BK-2026-0001", "x", "7_a"],
    r"^[a-z0-9][a-z0-9_-]{0,63}$": ["grand-demo", "h", "2_b"],
    r"^[a-z0-9-]{1,32}$": ["run-1", "0"],
    r"^[A-Za-z_][A-Za-z0-9_]*$": ["TOKEN", "_x1"],
    r"^https?://": ["http://localhost:8787", "https://h/x"],
    r"^https?://[^/]+$": ["http://localhost:3000", "https://desk.example"],
    r"^wss?://": ["ws://localhost:8787"],
}


def make(ref: str, random: Random) -> Any:
    """An instance that keeps the schema `ref`."""
    uri = schema_store().uri(ref)
    return _both([(urldefrag(uri)[0], schema_store().schema(ref))], random)


def json_value(random: Random, depth: int = 2) -> Any:
    kind = random.randrange(7 if depth else 5)
    if kind == 5:
        return [json_value(random, depth - 1) for _ in range(random.randrange(3))]
    if kind == 6:
        return {random.choice(WORDS): json_value(random, depth - 1) for _ in range(random.randrange(3))}
    return [None, random.random() < 0.5, random.randint(-5, 5), random.uniform(-9, 9), random.choice(WORDS)][
        kind
    ]


def timestamp(random: Random) -> str:
    moment = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=random.randrange(2 * 10**15))
    if random.random() < 0.7:
        return format_timestamp(moment)
    return moment.astimezone(timezone(timedelta(minutes=random.randint(-14 * 60, 14 * 60)))).isoformat()


def _expand(placed: list[Placed]) -> list[Placed]:
    """Every schema that applies at once: references followed, `allOf` opened."""
    out: list[Placed] = []
    for base, schema in placed:
        if "$ref" in schema:
            uri = urljoin(base, schema["$ref"])
            out += _expand([(urldefrag(uri)[0], schema_store().schema(uri))])
        for part in schema.get("allOf", ()):
            out += _expand([(base, part)])
        if rest := {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}:
            out.append((base, rest))
    return out


def _both(placed: list[Placed], random: Random) -> Any:
    parts = _expand([(base, {} if schema is True else schema) for base, schema in placed])
    for _, schema in parts:
        if "const" in schema:
            return schema["const"]
    for index, (base, schema) in enumerate(parts):
        for keyword in ("oneOf", "anyOf"):
            if keyword in schema:
                rest = (base, {key: value for key, value in schema.items() if key != keyword})
                branches = [
                    [*parts[:index], rest, *parts[index + 1 :], (base, one)] for one in schema[keyword]
                ]
                return _both(random.choice([one for one in branches if _types(_expand(one))]), random)
    allowed = [schema["enum"] for _, schema in parts if "enum" in schema]
    if allowed:
        return random.choice([one for one in allowed[0] if all(one in others for others in allowed)])
    types = _types(parts)
    return json_value(random) if len(types) == 7 else _of_type(random.choice(sorted(types)), parts, random)


def _types(parts: list[Placed]) -> set[str]:
    types = {"object", "array", "string", "integer", "number", "boolean", "null"}
    for _, schema in parts:
        if "const" in schema or "enum" in schema:
            continue
        wanted = schema.get("type", "object" if "properties" in schema else None)
        if wanted is not None:
            types &= {wanted} if isinstance(wanted, str) else set(wanted)
    return types


def _of_type(name: str, parts: list[Placed], random: Random) -> Any:
    limits: dict[str, Any] = {}
    for _, schema in parts:
        limits.update(schema)
    match name:
        case "null":
            return None
        case "boolean":
            return random.random() < 0.5
        case "integer":
            low = limits.get("minimum", -5)
            return random.randint(low, limits.get("maximum", low + 300))
        case "number":
            return limits.get("minimum", 0) + random.random() * 100 + 0.001
        case "array":
            items = [(base, schema["items"]) for base, schema in parts if "items" in schema]
            count = random.randint(limits.get("minItems", 0), max(limits.get("minItems", 0), 3))
            made = [_both(items, random) for _ in range(count)]
            if not limits.get("uniqueItems"):
                return made
            distinct = {repr(one): one for one in made}
            while len(distinct) < limits.get("minItems", 0):
                one = _both(items, random)
                distinct[repr(one)] = one
            return list(distinct.values())
        case "string":
            if limits.get("format") == "date-time":
                return timestamp(random)
            if limits.get("format") == "date":
                return (date(2000, 1, 1) + timedelta(days=random.randrange(20000))).isoformat()
            if "pattern" in limits:
                return random.choice(BY_PATTERN[limits["pattern"]])
            return random.choice(
                [word for word in WORDS if len(word) >= limits.get("minLength", 0)] or ["w" * 24]
            )
    return _object(parts, random)


def _object(parts: list[Placed], random: Random) -> dict[str, Any]:
    properties: dict[str, list[Placed]] = {}
    required: set[str] = set()
    is_open = True
    others: list[Placed] = []
    names: list[Placed] = []
    for base, schema in parts:
        for name, inner in schema.get("properties", {}).items():
            properties.setdefault(name, []).append((base, inner))
        required |= set(schema.get("required", ()))
        extra = schema.get("additionalProperties", True)
        is_open &= extra is True
        if isinstance(extra, dict):
            others.append((base, extra))
        if "propertyNames" in schema:
            names.append((base, schema["propertyNames"]))
    made = {
        name: _both(inner, random)
        for name, inner in properties.items()
        if name in required or random.random() < 0.5
    }
    if others or (is_open and not properties):
        for _ in range(random.randrange(3)):
            name = _both(names, random) if names else random.choice(WORDS)
            made.setdefault(name, _both(others, random) if others else json_value(random))
    return made


def places(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value inside `value`, itself included."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [at, *(path for key, one in inner for path in places(one, (*at, key)))]


def look(value: Any, path: tuple[str | int, ...]) -> Any:
    """The value at a path of `places`."""
    for step in path:
        value = value[step]
    return value


def spoil(instance: Any, random: Random) -> Any:
    """A copy with one thing changed at some depth; it may still be valid."""
    box = {"it": copy.deepcopy(instance)}
    path = ("it", *random.choice(places(box["it"])))
    parent, key, value = look(box, path[:-1]), path[-1], look(box, path)
    ways = ["retype", "null"]
    if isinstance(parent, dict) and parent is not box:
        ways += ["drop", "rename", "extra"]
    if isinstance(value, list):
        ways += ["count", "tuple", "twice"]
    if isinstance(value, str):
        ways += ["newline", "strip", "surrogate", "digits"]
    if type(value) is int:
        ways += ["float", "bool", "huge", "negative", "fraction"]
    match random.choice(ways):
        case "drop":
            del parent[key]
        case "rename":
            parent[f"{key}s"] = parent.pop(key)
        case "extra":
            parent[random.choice(["id_pin", "internal_notes", "x"])] = json_value(random)
        case "retype":
            odd = [float("nan"), float("inf"), 10**400, object(), b"x", {"\ud800": 1}, {1: 1}]
            parent[key] = random.choice([json_value(random), *odd])
        case "null":
            parent[key] = None
        case "count":
            parent[key] = len(value)
        case "tuple":
            parent[key] = tuple(value)
        case "twice":
            parent[key] = value + value
        case "newline":
            parent[key] = value + random.choice(["\n", "\r", " ", "\u2028"])
        case "strip":
            parent[key] = value.removesuffix("Z")[: random.randint(0, 26)]
        case "surrogate":
            parent[key] = value + "\ud800"
        case "digits":
            parent[key] = value.translate({ord("1"): "١", ord("2"): "２"})
        case "float":
            parent[key] = float(value)
        case "bool":
            parent[key] = bool(value)
        case "huge":
            parent[key] = value + random.choice([2**53, 2**64, 10**40])
        case "negative":
            parent[key] = -value
        case "fraction":
            parent[key] = value + 0.5
    return box["it"]
