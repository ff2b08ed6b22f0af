"""The store that `--db` names."""

from __future__ import annotations

from reference_server.store.base import Store, StoreError
from reference_server.store.location import is_postgres, postgres_location
from reference_server.store.sqlite import SqliteStore


def make_store(db: str, *, slow_commit: float = 0.0) -> Store:
    """A store that is not open yet. Raises: `LocationError`; `StoreError` when PostgreSQL is named without its driver."""
    if not is_postgres(db):
        return SqliteStore(db, slow_commit=slow_commit)
    try:
        from reference_server.store.postgres import PostgresStore
    except ImportError:
        raise StoreError(
            "A PostgreSQL database needs psycopg, which is not installed: pip install 'staycheck[postgres]'"
        ) from None
    return PostgresStore(postgres_location(db), slow_commit=slow_commit)
