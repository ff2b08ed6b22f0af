"""Rows of the world as rows of SQL: one column a field, in the order of the fields."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Union, get_args, get_origin, get_type_hints

from simulator.world import Row

Convert = Callable[[Any], Any]


def instant_text(value: datetime) -> str:
    """An aware time as UTC text of constant width, so that text order is time order."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _same(value: Any) -> Any:
    return value


def _list_text(value: tuple[str, ...]) -> str:
    return json.dumps(value)


def _list_value(value: str) -> tuple[str, ...]:
    return tuple(json.loads(value))


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """A database: its name, its driver's name in aiosql, its mark for a parameter, and how it keeps the types it lacks."""

    name: str
    driver: str
    mark: str
    conversions: Mapping[type, tuple[Convert, Convert]]


SQLITE = Dialect(
    "sqlite",
    "sqlite3",
    "?",
    MappingProxyType(
        {
            datetime: (instant_text, datetime.fromisoformat),
            date: (date.isoformat, date.fromisoformat),
            bool: (int, bool),
            tuple: (_list_text, _list_value),
        }
    ),
)
# timestamptz, date, boolean and text[] are PostgreSQL's own; it answers times in the zone of the session.
POSTGRES = Dialect(
    "postgres", "psycopg", "%s", MappingProxyType({datetime: (_same, _utc), tuple: (list, tuple)})
)


def _nullable(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _conversions(hint: Any, dialect: Dialect) -> tuple[Convert, Convert]:
    optional = get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint)
    kind = next(a for a in get_args(hint) if a is not type(None)) if optional else hint
    pair = dialect.conversions.get(get_origin(kind) or kind, (_same, _same))
    encode, decode = (_nullable(c) if optional and c is not _same else c for c in pair)
    return encode, decode


@dataclass(frozen=True, slots=True)
class Codec:
    """How one row type is written and read.

    `upsert` is the SQL text that inserts the row or replaces the one with its key.
    """

    table: str
    key: str
    columns: tuple[str, ...]
    upsert: str
    delete: str
    encoders: tuple[tuple[str, Convert], ...]
    decoders: tuple[tuple[int, Convert], ...]
    kind: type[Any]

    def encode(self, row: Row) -> list[Any]:
        return [convert(getattr(row, name)) for name, convert in self.encoders]

    def decode(self, values: Sequence[Any]) -> Any:
        cells = list(values)
        for index, convert in self.decoders:
            cells[index] = convert(cells[index])
        return self.kind(*cells)


_CODECS: dict[tuple[type[Any], str], Codec] = {}


def codec_of(kind: type[Any], dialect: Dialect = SQLITE) -> Codec:
    """The codec of a row type, derived once from its annotations."""
    found = _CODECS.get((kind, dialect.name))
    if found is None:
        found = _CODECS[kind, dialect.name] = _derive(kind, dialect)
    return found


def _derive(kind: type[Any], dialect: Dialect) -> Codec:
    hints = get_type_hints(kind)
    columns = tuple(item.name for item in fields(kind))
    conversions = [_conversions(hints[name], dialect) for name in columns]
    key = "booking_id" if kind.table == "bookings" else "id"
    marks = ", ".join(dialect.mark for _ in columns)
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns if name != key)
    # Table and column names are ours, from the dataclasses; values are always parameters.
    return Codec(
        table=kind.table,
        key=key,
        columns=columns,
        upsert=f"INSERT INTO {kind.table} ({', '.join(columns)}) VALUES ({marks}) "  # noqa: S608
        f"ON CONFLICT ({key}) DO UPDATE SET {updates}",
        delete=f"DELETE FROM {kind.table} WHERE {key} = {dialect.mark}",  # noqa: S608
        encoders=tuple((name, pair[0]) for name, pair in zip(columns, conversions, strict=True)),
        decoders=tuple((i, pair[1]) for i, pair in enumerate(conversions) if pair[1] is not _same),
        kind=kind,
    )
