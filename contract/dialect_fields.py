"""Fields in other words: renames by schema title, carried to every depth of an instance, in both directions.

A shape is compiled once per schema: which titles stand where, and where each of their fields is on the wire. A field that
is not there stays not there, in both directions.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any
from urllib.parse import urldefrag, urljoin

from contract.schema_store import schema_store

Renames = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Schema title -> field of the contract -> path on the wire."""

KEPT = "wire:"
"""Before the name of a wire field that only looks like one of the contract's, which the dialect finds elsewhere."""


FIELD_NAMES = "changed_fields"
"""The one field whose values are names of fields, those of the object it stands in; they are translated with them."""


class DialectError(ValueError):
    """A dialect that cannot be: it names what the contract does not have, or two things the same.

    `place` are the keys that lead to it in the document, as far as it stands at one place.
    """

    def __init__(self, sentence: str, place: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.place = place


@dataclass(frozen=True, slots=True)
class Shape:
    """What is renamed in the objects at one place of a schema, and below. Lists pass through to `items`."""

    moves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    properties: Mapping[str, Shape] = field(default_factory=dict)
    others: Shape | None = None
    items: Shape | None = None

    def to_wire(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.items.to_wire(one) for one in value] if self.items is not None else value
        if not isinstance(value, Mapping):
            return value
        out: dict[str, Any] = {}
        for name, inner in value.items():
            below = self.properties.get(name, self.others)
            said = inner if below is None else below.to_wire(inner)
            if name == FIELD_NAMES:
                said = _named(said, {one: ".".join(path) for one, path in self.moves.items()})
            path = self.moves.get(name)
            if path is None:
                out[name] = said
            else:
                _put(out, path, said)
        return out

    def to_canonical(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.items.to_canonical(one) for one in value] if self.items is not None else value
        if not isinstance(value, Mapping):
            return value
        rest = dict(value)
        out: dict[str, Any] = {}
        for name, path in self.moves.items():
            for said in _take(rest, path):
                out[name] = self._canonical(name, said)
        for name, said in rest.items():
            out[KEPT + name if name in self.moves else name] = self._canonical(name, said)
        return out

    def _canonical(self, name: str, said: Any) -> Any:
        if name == FIELD_NAMES:
            said = _named(said, {".".join(path): one for one, path in self.moves.items()})
        below = self.properties.get(name, self.others)
        return said if below is None else below.to_canonical(said)


def _named(value: Any, names: Mapping[str, str]) -> Any:
    return (
        [names.get(one, one) if isinstance(one, str) else one for one in value]
        if isinstance(value, list)
        else value
    )


def _put(out: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        out = out.setdefault(step, {})
    out[path[-1]] = value


def _take(rest: dict[str, Any], path: tuple[str, ...]) -> Iterator[Any]:
    """The value at the path, if there is one, taken out of `rest`; an object on the way that holds nothing more goes too."""
    first, *more = path
    if first not in rest:
        return
    if not more:
        yield rest.pop(first)
        return
    inner = rest[first]
    if isinstance(inner, Mapping):
        kept = dict(inner)
        yield from _take(kept, tuple(more))
        if kept:
            rest[first] = kept
        else:
            del rest[first]


Placed = tuple[str, Any]  # (URI of the document, schema in it)


class ShapeMaker:
    """Makes the shapes of one dialect; what stands in many schemas, such as a booking, is made once."""

    def __init__(self, renames: Renames) -> None:
        self._renames = renames
        self._made: dict[tuple[tuple[str, int], ...], Shape | None] = {}

    def shape_of(self, ref: str) -> Shape | None:
        """The shape of a schema; None when nothing in it is renamed. DialectError when two fields become one."""
        return self._shape([_placed(ref)])

    def _shape(self, placed: list[Placed]) -> Shape | None:
        key = tuple((base, id(schema)) for base, schema in placed)  # the schemas live as long as the process
        if key not in self._made:
            self._made[key] = self._make(list(_expand(placed)))
        return self._made[key]

    def _make(self, parts: list[Placed]) -> Shape | None:
        properties, others, items = _inside(parts)
        titles = [schema["title"] for _, schema in parts if "title" in schema and "properties" in schema]
        moves: dict[str, tuple[str, ...]] = {}
        for title in reversed(titles):  # the outermost has the last word
            moves.update(self._renames.get(title, {}))
        moves = {name: path for name, path in moves.items() if name in properties and path != (name,)}
        _check_apart(moves, properties, titles)
        below = {name: self._shape(inner) for name, inner in properties.items()}
        shape = Shape(
            moves,
            {name: inner for name, inner in below.items() if inner is not None},
            self._shape(others) if others else None,
            self._shape(items) if items else None,
        )
        return shape if shape.moves or shape.properties or shape.others or shape.items else None


def field_names(ref: str) -> set[str]:
    """The fields an object of a schema may have, by all its parts and alternatives."""
    return set(_inside(list(_expand([_placed(ref)])))[0])


@cache
def titled_fields(*refs: str) -> Mapping[str, set[str]]:
    """Every title of an object in the schemas, and the fields such an object may have by its own schema."""
    found: dict[str, set[str]] = {}
    for ref in refs:
        _collect([_placed(ref)], found)
    return found


def _placed(ref: str) -> Placed:
    return urldefrag(schema_store().uri(ref))[0], schema_store().schema(ref)


def check_renames(renames: Renames, known: Mapping[str, set[str]]) -> None:
    """DialectError for a title or a field the contract does not have, with the nearest right one."""
    for title, fields in renames.items():
        if title not in known:
            raise DialectError(
                f"fields: no schema has the title {title!r}{_hint(title, known)}", ("fields", title)
            )
        for name in fields:
            if name not in known[title]:
                raise DialectError(
                    f"fields: {title} has no field {name!r}{_hint(name, known[title])}",
                    ("fields", title, name),
                )


def _hint(name: str, among: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(among), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _expand(placed: Iterable[Placed], seen: tuple[str, ...] = ()) -> Iterator[Placed]:
    """Every schema that may apply to one value: references followed, all kinds of alternatives opened."""
    for base, schema in placed:
        if not isinstance(schema, Mapping):
            continue
        yield base, schema
        if "$ref" in schema:
            uri = urljoin(base, schema["$ref"])
            if uri not in seen:
                yield from _expand([(urldefrag(uri)[0], schema_store().schema(uri))], (*seen, uri))
        for keyword in ("allOf", "anyOf", "oneOf"):
            yield from _expand([(base, one) for one in schema.get(keyword, ())], seen)


def _inside(placed: list[Placed]) -> tuple[dict[str, list[Placed]], list[Placed], list[Placed]]:
    """The schemas of each property, of all other properties, and of items."""
    properties: dict[str, list[Placed]] = {}
    others: list[Placed] = []
    items: list[Placed] = []
    for base, schema in placed:
        for name, inner in schema.get("properties", {}).items():
            properties.setdefault(name, []).append((base, inner))
        if isinstance(schema.get("additionalProperties"), Mapping):
            others.append((base, schema["additionalProperties"]))
        if "items" in schema:
            items.append((base, schema["items"]))
    return properties, others, items


def _check_apart(moves: Mapping[str, tuple[str, ...]], properties: Iterable[str], titles: list[str]) -> None:
    paths = {name: moves.get(name, (name,)) for name in properties} if moves else {}
    ordered = sorted(paths, key=lambda name: paths[name])
    for name, after in pairwise(ordered):
        if paths[after][: len(paths[name])] == paths[name]:
            where, there = ".".join(paths[name]), ".".join(paths[after])
            what = (
                f"both become {where!r}"
                if where == there
                else f"become {where!r} and {there!r}, one inside the other"
            )
            raise DialectError(f"fields: {name} and {after} of {titles[0]} {what}")


def _collect(placed: list[Placed], found: dict[str, set[str]]) -> None:
    parts = list(_expand(placed))
    for _, schema in parts:
        if "title" in schema and "properties" in schema:
            found.setdefault(schema["title"], set()).update(schema["properties"])
    properties, others, items = _inside(parts)
    for inner in (*properties.values(), others, items):
        if inner:
            _collect(inner, found)
