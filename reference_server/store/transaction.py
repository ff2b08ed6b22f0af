"""One open transaction: named reads, the changes of a decision, new ids, outbox rows."""

from __future__ import annotations

import os
import secrets
import threading
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, ClassVar, TypeVar

import aiosql
import msgspec

from reference_server.store.codec import SQLITE, Codec, Dialect, codec_of, instant_text
from simulator.commands import Event
from simulator.world import ROW_TYPES, Change, Put, Row

R = TypeVar("R", bound=Row)


class _Entropy:
    """Random bytes of the system, asked for many at a time: asking costs more than they do. For ids, not for secrets."""

    def __init__(self) -> None:
        self.forget()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """Begin anew: what is left may be another process's too."""
        self._lock, self._left = threading.Lock(), b""

    def take(self, count: int) -> bytes:
        with self._lock:
            if len(self._left) < count:
                self._left = os.urandom(4096)
            taken, self._left = self._left[:count], self._left[count:]
            return taken


_entropy = _Entropy()
_encode = msgspec.json.Encoder().encode
_KINDS = {kind.table: kind for kind in ROW_TYPES}


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An event on its way: among events of one booking or room `id` gives commit order; `data` is the JSON text of the envelope."""

    id: int
    event_id: str
    channel: str
    name: str
    data: str


@cache
def queries(dialect: Dialect) -> Any:
    """The named statements: what the databases share, and what this one says in its own way."""
    folder = resources.files("reference_server.store")
    text = "\n".join((folder / name).read_text() for name in ("queries.sql", f"queries_{dialect.name}.sql"))
    return aiosql.from_str(text, dialect.driver, mandatory_parameters=False)


def compact_json(value: Any) -> str:
    return _encode(value).decode()


class Transaction:
    """Lives on one thread, inside `Store.transact` or `Store.read`; never kept beyond it.

    Implements `simulator.commands.Ids`, so that ids come from the database under its lock.
    """

    dialect: ClassVar[Dialect] = SQLITE

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._queries = queries(self.dialect)
        self.queued: list[OutboxRow] = []

    def lock_bookings(self, booking_ids: Iterable[str]) -> None:
        """Keep others from changing these bookings until the end. Bookings before rooms, always (store/locks.py).

        Here there is nothing to do, as in the two below: a SQLite transaction is the only one that writes.
        """

    def lock_rooms(self, room_ids: Iterable[int]) -> None:
        """Keep others from changing these rooms, and whatever a room's lock protects, until the end."""

    def lock_name(self, name: str) -> None:
        """Keep others out who lock the same name, until the end. Before any other lock."""

    def all(self, kind: type[R], query: str, **parameters: Any) -> list[R]:
        """Every row of a named query as values of `kind`."""
        decode = codec_of(kind, self.dialect).decode
        return [decode(row) for row in getattr(self._queries, query)(self._connection, **parameters)]

    def one(self, kind: type[R], query: str, **parameters: Any) -> R | None:
        """The row of a named query, or none."""
        row = getattr(self._queries, query)(self._connection, **parameters)
        return None if row is None else codec_of(kind, self.dialect).decode(row)

    def tuples(self, query: str, **parameters: Any) -> list[Sequence[Any]]:
        return list(getattr(self._queries, query)(self._connection, **parameters))

    def first(self, query: str, **parameters: Any) -> Sequence[Any] | None:
        row: Sequence[Any] | None = getattr(self._queries, query)(self._connection, **parameters)
        return row

    def scalar(self, query: str, **parameters: Any) -> Any:
        return getattr(self._queries, query)(self._connection, **parameters)

    def run(self, query: str, **parameters: Any) -> None:
        """A named statement without a result."""
        getattr(self._queries, query)(self._connection, **parameters)

    def write(self, changes: Iterable[Change]) -> None:
        """Carry out the changes of a decision, in order."""
        for change in changes:
            if isinstance(change, Put):
                codec = codec_of(type(change.row), self.dialect)
                self._connection.execute(codec.upsert, codec.encode(change.row))
            else:
                self._connection.execute(codec_of(_KINDS[change.table], self.dialect).delete, (change.key,))

    def insert_rows(self, rows: Iterable[Row]) -> None:
        """Insert many new rows, table by table, a row before whatever refers to it."""
        by_kind: dict[type[Row], list[list[Any]]] = {kind: [] for kind in ROW_TYPES}
        for row in rows:
            by_kind[type(row)].append(codec_of(type(row), self.dialect).encode(row))
        for kind, values in by_kind.items():
            if values:
                self._insert(codec_of(kind, self.dialect), values)

    def _insert(self, codec: Codec, values: Sequence[Sequence[Any]]) -> None:
        self._connection.executemany(codec.upsert, values)

    def every(self, kind: type[R]) -> list[R]:
        """Every row of a table."""
        codec = codec_of(kind, self.dialect)
        # The names of table and key are ours, from the dataclass.
        found = self._connection.execute(f"SELECT * FROM {codec.table} ORDER BY {codec.key}")  # noqa: S608
        return [codec.decode(row) for row in found]

    def counters(self) -> dict[str, int]:
        """The last number given out, by name."""
        return {name: int(value) for name, value in self.tuples("counters")}

    def put_counters(self, values: Mapping[str, int]) -> None:
        """From now on the numbers after these are given out; names that are not there begin anew."""
        self.run("delete_counters")
        for name, value in values.items():
            self.run("set_counter", name=name, value=value)

    def enqueue(self, events: Iterable[Event], now: datetime) -> None:
        """Write events as outbox rows; they are handed to the dispatcher when the transaction has committed."""
        for event in events:
            data = compact_json(event.envelope)
            row_id = self._queries.enqueue(
                self._connection,
                event_id=event.event_id,
                channel=event.channel,
                name=event.name,
                data=data,
                room_id=event.room_id,
                booking_id=event.booking_id,
                created_at=instant_text(now),
            )
            self.queued.append(OutboxRow(row_id, event.event_id, event.channel, event.name, data))

    def number(self, table: str) -> int:
        return int(self.scalar("next_number", name=table))

    def event_id(self) -> str:
        return str(uuid.UUID(bytes=_entropy.take(16), version=4))

    def guest_token(self) -> str:
        return secrets.token_urlsafe(32)

    def id_pin(self) -> str:
        return f"{secrets.randbelow(10_000):04d}"
