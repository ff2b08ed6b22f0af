"""The tables of PostgreSQL, by numbered files, each carried out once.

All of it is one transaction under an advisory lock: of two servers that start at once the second waits, and finds the work
done. `staycheck_migrations` says which files were carried out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import psycopg
from psycopg import sql

from reference_server.store.base import StoreError

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('staycheck/migrations', 0))"
_TABLE = """CREATE TABLE IF NOT EXISTS staycheck_migrations (
  version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
)"""


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    script: str


def migrations() -> Sequence[Migration]:
    """The files of `migrations/`, named 0001_what.sql, in order and without a gap."""
    found: list[Migration] = []
    for file in (resources.files("reference_server.store") / "migrations").iterdir():
        if match := re.fullmatch(r"(\d{4})_(\w+)\.sql", file.name):
            found.append(Migration(int(match[1]), match[2], file.read_text(encoding="utf-8")))
    found.sort(key=lambda migration: migration.version)
    assert [migration.version for migration in found] == list(range(1, len(found) + 1))
    return found


def migrate(connection: psycopg.Connection[Any], schema: str | None, shown: str) -> int:
    """Bring the database to the newest version; answers how many files were carried out.

    Raises: `StoreError` for a database of a newer staycheck, or with tables of somebody else.
    """
    known = migrations()
    with connection.transaction():
        connection.execute(_LOCK)
        if schema is not None and not _has_schema(connection, schema):
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        done = _version(connection)
        if done > known[-1].version:
            raise StoreError(
                f"The database {shown} was made by a newer staycheck: it has version {done}, this one knows up to "
                f"{known[-1].version}. Upgrade staycheck, or name another database or ?schema= with --db."
            )
        due = known[done:]
        if due:
            connection.execute(_TABLE)
        for migration in due:
            try:
                connection.execute(migration.script.encode())
            except psycopg.errors.DuplicateTable as error:
                raise StoreError(
                    f"The database {shown} has tables of something else: {_first_line(error)}. "
                    "Name another database or ?schema= with --db."
                ) from None
            connection.execute(
                "INSERT INTO staycheck_migrations (version, name) VALUES (%s, %s)",
                [migration.version, migration.name],
            )
    return len(due)


def _has_schema(connection: psycopg.Connection[Any], schema: str) -> bool:
    """Asked before it is made: making takes a right on the database, which nobody needs for a schema that is there."""
    found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema]).fetchone()
    return found is not None


def _version(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT to_regclass('staycheck_migrations') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return 0
    row = connection.execute("SELECT coalesce(max(version), 0) FROM staycheck_migrations").fetchone()
    return int(row[0]) if row is not None else 0


def _first_line(error: psycopg.Error) -> str:
    return str(error).splitlines()[0]
