"""The store below a unit of work, for lies that read where the truth writes."""

from __future__ import annotations

from typing import Any

from reference_server.store import Store


def store_of(unit_of_work: Any) -> Store:
    """The store itself: what stands before it for slow commits can only write."""
    before = unit_of_work._store
    found: Store = getattr(before, "_store", before)
    return found
