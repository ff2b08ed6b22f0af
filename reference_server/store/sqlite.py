"""The embedded store: SQLite in WAL mode, one writer thread, a few reader threads.

`:memory:` databases cannot serve readers beside an open write transaction, so "memory" is a WAL file in a private
temporary directory (on tmpfs where there is one) that is removed at the end: the same isolation as a file, no trace.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import TypeVar

from reference_server.store.base import CommitListener, StoreError
from reference_server.store.batches import MOST, Batches, Job
from reference_server.store.transaction import OutboxRow, Transaction
from simulator.world import ROW_TYPES

T = TypeVar("T")

_READERS = 2
_BUSY_SECONDS = 10.0


class SqliteStore:
    """Transactions over one SQLite file (a `Store`). `work` functions run on a store thread and must not await anything."""

    def __init__(self, location: str, *, slow_commit: float = 0.0) -> None:
        """`location` is a path, or `memory`.

        `slow_commit` is how many seconds a transaction with events stays open after its work is done: whoever
        publishes before the commit is then seen to do so.
        """
        self._slow_commit = slow_commit
        self._scratch: Path | None = None
        if location == "memory":
            shm = Path("/dev/shm")  # noqa: S108
            self._scratch = Path(tempfile.mkdtemp(prefix="staycheck-", dir=shm if shm.is_dir() else None))
            self._path = self._scratch / "hotel.sqlite3"
        else:
            self._path = Path(location)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")
        self._write_connection: sqlite3.Connection | None = None
        self._local = threading.local()
        self._read_connections: list[sqlite3.Connection] = []
        self._listener: CommitListener | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writes: Batches | None = None
        self._reads: Batches | None = None

    @property
    def directory(self) -> Path | None:
        """The private directory of a `memory` database."""
        return self._scratch

    async def open(self) -> None:
        """Create the tables where they are missing.

        Raises: `StoreError` when the file cannot be opened or holds something else.
        """
        self._loop = asyncio.get_running_loop()
        # A commit that is held open is each operation's own: whoever looks for early events looks at one at a time.
        self._writes = Batches(self._writer, self._transact_all, 1, most=1 if self._slow_commit else MOST)
        self._reads = Batches(self._readers, self._read_all, _READERS)
        await self._loop.run_in_executor(self._writer, self._open_writer)

    def on_commit(self, listener: CommitListener) -> None:
        """Call `listener` on the event loop with the outbox rows of every commit, in commit order."""
        self._listener = listener

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a write transaction (BEGIN IMMEDIATE); an exception rolls everything back.

        Those that wait for the writer at the same time are committed together, each behind a savepoint of its own. A
        cancelled caller does not cancel the transaction: it ends whole, and its events are published.
        """
        assert self._writes is not None, "open() first"
        return await self._writes.do(work)

    async def transact_alone(self, work: Callable[[Transaction], T]) -> T:
        """`transact`: there is one writer anyway."""
        return await self.transact(work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a committed snapshot, beside any writer; those that wait at the same time share one."""
        assert self._reads is not None, "open() first"
        return await self._reads.do(work)

    async def close(self) -> None:
        """End the threads, close the connections, remove the scratch directory."""
        for batches in (self._writes, self._reads):
            if batches is not None:
                await batches.finish()
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        for connection in [self._write_connection, *self._read_connections]:
            if connection is not None:
                connection.close()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path,
            isolation_level=None,
            timeout=_BUSY_SECONDS,
            check_same_thread=False,
            cached_statements=256,
        )
        connection.execute("PRAGMA journal_mode = WAL")
        # A kill of the process loses nothing at NORMAL; a power cut of a mock server's machine may.
        connection.execute(f"PRAGMA synchronous = {'OFF' if self._scratch else 'NORMAL'}")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _open_writer(self) -> None:
        try:
            connection = self._connect()
            connection.executescript((resources.files("reference_server.store") / "schema.sql").read_text())
            _check_columns(connection, self._path)
        except sqlite3.Error as error:
            raise StoreError(
                f"The database {self._path} cannot be used: {error}. Name another file with --db, or use --db memory."
            ) from None
        self._write_connection = connection

    def _transact_all(self, batch: Sequence[Job]) -> None:
        if len(batch) > 1:
            self._transact_together(batch)
            return
        (job,) = batch
        try:
            job.result = self._transact(job.work)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            job.error = error

    def _transact(self, work: Callable[[Transaction], T]) -> T:
        connection = self._write_connection
        assert connection is not None
        connection.execute("BEGIN IMMEDIATE")
        transaction = Transaction(connection)
        try:
            result = work(transaction)
            self._commit(connection, delay=self._slow_commit if transaction.queued else 0.0)
        except BaseException:
            _roll_back(connection)
            raise
        self._hand_on(transaction.queued)
        return result

    def _transact_together(self, batch: Sequence[Job]) -> None:
        """One transaction for all; what raises is undone alone. When the commit fails, it fails for all."""
        connection = self._write_connection
        assert connection is not None
        queued: list[OutboxRow] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job in batch:
                connection.execute("SAVEPOINT job")
                transaction = Transaction(connection)
                try:
                    job.result = job.work(transaction)
                except BaseException as error:  # noqa: BLE001 - told to whoever waits
                    job.error = error
                    connection.execute("ROLLBACK TO job")
                else:
                    queued += transaction.queued
                connection.execute("RELEASE job")
            self._commit(connection, delay=0.0)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            _roll_back(connection)
            for job in batch:
                job.error = job.error or error
            return
        self._hand_on(queued)

    def _hand_on(self, queued: Sequence[OutboxRow]) -> None:
        if queued and self._listener is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._listener, tuple(queued))

    def _commit(self, connection: sqlite3.Connection, *, delay: float) -> None:
        if delay:
            time.sleep(delay)
        connection.execute("COMMIT")

    def _read_all(self, batch: Sequence[Job]) -> None:
        try:
            connection = self._reading()
            connection.execute("BEGIN")
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            for job in batch:
                job.error = error
            return
        try:
            for job in batch:
                try:
                    job.result = job.work(Transaction(connection))
                except BaseException as error:  # noqa: BLE001 - told to whoever waits
                    job.error = error
        finally:
            _roll_back(connection)

    def _reading(self) -> sqlite3.Connection:
        """The connection of this reader thread."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            self._local.connection = connection
            self._read_connections.append(connection)
        return connection


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _check_columns(connection: sqlite3.Connection, path: Path) -> None:
    """The codecs read by position: a table with other columns belongs to another version."""
    for kind in ROW_TYPES:
        found = [row[1] for row in connection.execute(f"PRAGMA table_info({kind.table})")]
        if found != [item.name for item in fields(kind)]:
            raise StoreError(
                f"The database {path} has another shape of table {kind.table!r}: it was made by another version of "
                "staycheck. Name another file with --db, or remove it to start afresh."
            )
