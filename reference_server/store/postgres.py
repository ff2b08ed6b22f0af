"""The store on PostgreSQL: several writers at once, each under the locks of what it changes.

Writers run READ COMMITTED: every statement after the locks sees what the holders before committed. Readers run REPEATABLE READ,
READ ONLY: one snapshot for all of a read. Connections belong to pools; `work` functions run on the store's threads.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, ClassVar, TypeAlias, TypeVar

import psycopg
import structlog
from psycopg import sql
from psycopg.types.string import StrDumperUnknown
from psycopg_pool import ConnectionPool
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from reference_server.store.base import CommitListener, StoreError
from reference_server.store.codec import POSTGRES, Codec, Dialect
from reference_server.store.commit_order import CommitOrder, Ticket
from reference_server.store.gate import Gate
from reference_server.store.location import PostgresLocation
from reference_server.store.locks import LocksMoved
from reference_server.store.migrations import migrate
from reference_server.store.transaction import OutboxRow, Transaction
from simulator.commands import Event

T = TypeVar("T")
Connection: TypeAlias = psycopg.Connection[Any]

_log = structlog.get_logger("staycheck.store")

_WRITERS, _READERS = 8, 4
_CONNECT_SECONDS = 10
_CONNECT: dict[str, Any] = {"connect_timeout": _CONNECT_SECONDS, "fallback_application_name": "staycheck"}
_MOST_TRIES = 20
_FIRST_WAIT, _LONGEST_WAIT = 0.01, 0.5
# 40001, 40P01, and our own: nothing was committed, and the same work may succeed a moment later.
_AGAIN = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected, LocksMoved)


class _TextDumper(StrDumperUnknown):
    """PostgreSQL's text holds every character but NUL, which becomes its picture: it is found nowhere, and harms nobody."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\x00", "\u2400"))


class PostgresTransaction(Transaction):
    """A transaction that locks rows, and that takes its place among the commits before it writes events."""

    dialect: ClassVar[Dialect] = POSTGRES

    def __init__(self, connection: Connection, order: CommitOrder) -> None:
        super().__init__(connection)
        self._order = order
        self._keys: set[str] = set()
        self._rooms_locked = False
        self._ticket: Ticket | None = None
        self.worked = False

    @property
    def broken(self) -> bool:
        """Whether the connection is gone."""
        return bool(self._connection.closed)

    def lock_bookings(self, booking_ids: Iterable[str]) -> None:
        assert not self._rooms_locked, "bookings are locked before rooms"
        ids = sorted(set(booking_ids))
        self.tuples("lock_bookings", ids=ids)
        self._keys.update(f"booking/{booking_id}" for booking_id in ids)

    def lock_rooms(self, room_ids: Iterable[int]) -> None:
        assert not self._rooms_locked, "all rooms are locked at once, by id"
        self._rooms_locked = True
        ids = sorted(set(room_ids))
        self.tuples("lock_rooms", ids=ids)
        self._keys.update(f"room/{room_id}" for room_id in ids)

    def lock_name(self, name: str) -> None:
        self.run("lock_name", name=name)

    def _insert(self, codec: Codec, values: Sequence[Sequence[Any]]) -> None:
        columns = sql.SQL(", ").join(sql.Identifier(name) for name in codec.columns)
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(codec.table), columns)
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in values:
                copy.write_row(row)

    def put_counters(self, values: Mapping[str, int]) -> None:
        # Unlike setval() alone, RESTART is undone with the transaction; PostgreSQL takes no parameters in it.
        statements: list[sql.Composable] = []
        for (name,) in self.tuples("counter_names"):
            sequence, value = f"number_{name}", values.get(name, 0)
            statements.append(
                sql.SQL("ALTER SEQUENCE {} RESTART WITH {}").format(
                    sql.Identifier(sequence), sql.Literal(max(1, value))
                )
            )
            if value:
                statements.append(sql.SQL("SELECT nextval({})").format(sql.Literal(sequence)))
        self._connection.execute(sql.SQL("; ").join(statements))

    def enqueue(self, events: Iterable[Event], now: datetime) -> None:
        events = tuple(events)
        if events and self._ticket is None:
            self._ticket = self._order.enter(self._keys | _keys_of(events))
        super().enqueue(events, now)

    def end(self, *, committed: bool) -> None:
        """Tell the order of commits how it ended."""
        if self._ticket is not None:
            self._order.end(self._ticket, tuple(self.queued) if committed else ())


def _keys_of(events: Iterable[Event]) -> set[str]:
    """What the events themselves are about."""
    keys = {f"booking/{event.booking_id}" for event in events if event.booking_id is not None}
    return keys | {f"room/{event.room_id}" for event in events if event.room_id is not None}


class PostgresStore:
    """Transactions over one schema of a PostgreSQL database (a `Store`)."""

    def __init__(self, location: PostgresLocation, *, slow_commit: float = 0.0) -> None:
        """`slow_commit` as for `SqliteStore`: seconds that a transaction with events stays open after its work."""
        self._location = location
        self._slow_commit = slow_commit
        self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="store-writer")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")
        self._write_pool = self._pool(_WRITERS, self._for_writing)
        self._read_pool = self._pool(_READERS, self._for_reading)
        self._order = CommitOrder(self._hand_on)
        self._gate = Gate()
        self._listener: CommitListener | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def open(self) -> None:
        """Connect, and bring the tables to this version.

        Raises: `StoreError` when the database cannot be reached or used; no password is in the message.
        """
        self._loop = asyncio.get_running_loop()
        await self._loop.run_in_executor(self._writers, self._open)

    def on_commit(self, listener: CommitListener) -> None:
        """Call `listener` on the event loop with the rows of every commit; see `CommitOrder` for their order."""
        self._listener = listener

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a READ COMMITTED transaction, again when PostgreSQL gives up on one in favour of another."""
        assert self._loop is not None, "open() first"
        return await self._loop.run_in_executor(self._writers, self._transact, work)

    async def transact_alone(self, work: Callable[[Transaction], T]) -> T:
        """`transact` while no other of this server's transactions writes; table locks keep other servers out."""
        assert self._loop is not None, "open() first"

        def locked(transaction: Transaction) -> T:
            transaction.run("lock_everything")
            return work(transaction)

        return await self._loop.run_in_executor(self._writers, self._transact_alone, locked)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on one committed snapshot."""
        assert self._loop is not None, "open() first"
        return await self._loop.run_in_executor(self._readers, self._read, work)

    async def close(self) -> None:
        """End the threads, give the connections back."""
        self._writers.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self._write_pool.close()
        self._read_pool.close()

    def _pool(self, size: int, configure: Callable[[Connection], None]) -> ConnectionPool[Connection]:
        return ConnectionPool(
            self._location.conninfo,
            kwargs={"autocommit": True, **_CONNECT},
            min_size=1,
            max_size=size,
            open=False,
            configure=configure,
            # A connection that the server has closed meanwhile is replaced before work begins on it.
            check=ConnectionPool.check_connection,
            timeout=_CONNECT_SECONDS,
        )

    def _open(self) -> None:
        shown = self._location.shown
        try:
            with psycopg.connect(self._location.conninfo, autocommit=True, **_CONNECT) as connection:
                self._configure(connection)
                migrate(connection, self._location.schema, shown)
            self._write_pool.open(wait=True, timeout=_CONNECT_SECONDS)
            self._read_pool.open(wait=True, timeout=_CONNECT_SECONDS)
        except psycopg.Error as error:
            raise StoreError(
                f"The database {shown} cannot be used: {self._clean(error)}. "
                "Name another with --db, or use --db memory."
            ) from None

    def _clean(self, error: psycopg.Error) -> str:
        text = " ".join(str(error).split())
        for secret in self._location.secrets:
            text = text.replace(secret, "***")
        return text.rstrip(".?")

    def _configure(self, connection: Connection) -> None:
        connection.adapters.register_dumper(str, _TextDumper)
        if self._location.schema is not None:
            path = sql.Identifier(self._location.schema).as_string(connection)
            connection.execute("SELECT set_config('search_path', %s, false)", [path])

    def _for_writing(self, connection: Connection) -> None:
        self._configure(connection)
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED

    def _for_reading(self, connection: Connection) -> None:
        self._configure(connection)
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True

    def _hand_on(self, rows: Sequence[OutboxRow]) -> None:
        if self._listener is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._listener, rows)

    def _transact_alone(self, work: Callable[[Transaction], T]) -> T:
        with self._gate.alone():
            return self._transact_with_retries(work)

    def _transact(self, work: Callable[[Transaction], T]) -> T:
        with self._gate.shared():
            return self._transact_with_retries(work)

    def _transact_with_retries(self, work: Callable[[Transaction], T]) -> T:
        retrying = Retrying(
            retry=retry_if_exception_type(_AGAIN),
            wait=wait_random_exponential(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT),
            stop=stop_after_attempt(_MOST_TRIES),
            reraise=True,
        )
        result: T = retrying(self._transact_once, work)
        return result

    def _transact_once(self, work: Callable[[Transaction], T]) -> T:
        transaction: PostgresTransaction | None = None
        committed = False
        try:
            with self._write_pool.connection() as connection:
                transaction = PostgresTransaction(connection, self._order)
                with connection.transaction():
                    result = work(transaction)
                    transaction.worked = True
                    if transaction.queued and self._slow_commit:
                        time.sleep(self._slow_commit)
                committed = True
        except psycopg.OperationalError as error:
            if transaction is None or not transaction.worked or not transaction.broken:
                raise
            # The connection broke in the COMMIT. Whether that was carried out, the database knows.
            committed = self._was_committed(transaction)
            _log.warning("commit_interrupted", committed=committed, reason=self._clean(error))
            if not committed:
                raise
        finally:
            if transaction is not None:
                transaction.end(committed=committed)
        return result

    def _was_committed(self, lost: PostgresTransaction) -> bool:
        """Whether a transaction that enqueued events did commit; a transaction without events counts as lost.

        Raises: `psycopg.OperationalError` while there is no database to ask; the next start then publishes what there is.
        """
        if not lost.queued:
            return False
        with self._write_pool.connection() as connection, connection.transaction():
            asking = PostgresTransaction(connection, self._order)
            asking.run("wait_for_writers")
            return asking.scalar("is_enqueued", event_id=lost.queued[0].event_id) is not None

    def _read(self, work: Callable[[Transaction], T]) -> T:
        with self._read_pool.connection() as connection, connection.transaction():
            return work(PostgresTransaction(connection, self._order))
