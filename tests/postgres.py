"""A PostgreSQL server for tests, and a fresh schema on it for each."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from psycopg import sql

from tests.requirements import require

# Another server, without a query: STAYCHECK_TEST_POSTGRES=postgresql://user:password@host:port/database
ADDRESS = os.environ.get("STAYCHECK_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")


@cache
def _problem() -> str | None:
    try:
        psycopg.connect(ADDRESS, connect_timeout=3).close()
    except psycopg.Error as error:
        return " ".join(str(error).split())
    return None


def available() -> None:
    """Go on when there is a server; otherwise skip, or fail where one is required."""
    problem = _problem()
    require("postgres", problem is None, problem or "")


@contextmanager
def new_schema() -> Iterator[str]:
    """The `--db` address of a schema that nobody has made yet. It is dropped at the end."""
    available()
    name = f"staycheck_test_{secrets.token_hex(6)}"
    try:
        yield f"{ADDRESS}?schema={name}"
    finally:
        with psycopg.connect(ADDRESS, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))


def schema_of(db: str) -> str:
    return db.rpartition("=")[2]


def connect(db: str) -> psycopg.Connection[Any]:
    """A connection beside the server's, in the schema of the address, in autocommit."""
    options = f"-c search_path={schema_of(db)}"
    return psycopg.connect(db.partition("?")[0], autocommit=True, options=options)


def query(db: str, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement."""
    with connect(db) as connection:
        return connection.execute(statement.encode(), parameters).fetchall()
