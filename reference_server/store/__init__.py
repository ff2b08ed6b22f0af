"""Where the hotel is kept: transactions, locks, codecs, SQL."""

from reference_server.store.base import Store, StoreError
from reference_server.store.opening import make_store
from reference_server.store.sqlite import SqliteStore
from reference_server.store.transaction import OutboxRow, Transaction

__all__ = ["OutboxRow", "SqliteStore", "Store", "StoreError", "Transaction", "make_store"]
