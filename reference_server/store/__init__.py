"""Where the hotel is kept: transactions, codecs, SQL."""

from reference_server.store.sqlite import SqliteStore, StoreError
from reference_server.store.transaction import OutboxRow, Transaction

__all__ = ["OutboxRow", "SqliteStore", "StoreError", "Transaction"]
