"""One open transaction: named reads, the changes of a decision, new ids, outbox rows."""

from __future__ import annotations

import json
import secrets
import sqlite3
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any, TypeVar

import aiosql

from reference_server.store.codec import codec_of, instant_text
from simulator.commands import Event
from simulator.world import ROW_TYPES, Change, Put, Row

R = TypeVar("R", bound=Row)

QUERIES = aiosql.from_path(
    str(resources.files("reference_server.store") / "queries.sql"), "sqlite3", mandatory_parameters=False
)
_CODECS = {kind.table: codec_of(kind) for kind in ROW_TYPES}


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An event on its way: `id` gives commit order, `data` is the JSON text of the envelope."""

    id: int
    event_id: str
    channel: str
    name: str
    data: str


def compact_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Transaction:
    """Lives on one thread, inside `Store.transact` or `Store.read`; never kept beyond it.

    Implements `simulator.commands.Ids`, so that ids come from the database under its lock.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.queued: list[OutboxRow] = []

    def all(self, kind: type[R], query: str, **parameters: Any) -> list[R]:
        """Every row of a named query as values of `kind`."""
        decode = codec_of(kind).decode
        return [decode(row) for row in getattr(QUERIES, query)(self._connection, **parameters)]

    def one(self, kind: type[R], query: str, **parameters: Any) -> R | None:
        """The row of a named query, or none."""
        row = getattr(QUERIES, query)(self._connection, **parameters)
        return None if row is None else codec_of(kind).decode(row)

    def tuples(self, query: str, **parameters: Any) -> list[Sequence[Any]]:
        return list(getattr(QUERIES, query)(self._connection, **parameters))

    def first(self, query: str, **parameters: Any) -> Sequence[Any] | None:
        row: Sequence[Any] | None = getattr(QUERIES, query)(self._connection, **parameters)
        return row

    def scalar(self, query: str, **parameters: Any) -> Any:
        return getattr(QUERIES, query)(self._connection, **parameters)

    def run(self, query: str, **parameters: Any) -> None:
        """A named statement without a result."""
        getattr(QUERIES, query)(self._connection, **parameters)

    def write(self, changes: Iterable[Change]) -> None:
        """Carry out the changes of a decision, in order."""
        for change in changes:
            if isinstance(change, Put):
                codec = _CODECS[change.row.table]
                self._connection.execute(codec.upsert, codec.encode(change.row))
            else:
                self._connection.execute(_CODECS[change.table].delete, (change.key,))

    def enqueue(self, events: Iterable[Event], now: datetime) -> None:
        """Write events as outbox rows; they are handed to the dispatcher when the transaction has committed."""
        for event in events:
            data = compact_json(event.envelope)
            row_id = QUERIES.enqueue(
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
        return str(uuid.uuid4())

    def guest_token(self) -> str:
        return secrets.token_urlsafe(32)

    def id_pin(self) -> str:
        return f"{secrets.randbelow(10_000):04d}"
