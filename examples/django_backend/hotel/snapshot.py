"""Reads that are made of several queries and must show one moment."""

from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot():
    """Inside, every query sees the same commit; nothing is locked."""
    if connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    # atomic() would take SQLite's write lock (transaction_mode IMMEDIATE); a deferred transaction only keeps its snapshot.
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("COMMIT")
