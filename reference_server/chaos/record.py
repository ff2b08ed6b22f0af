"""The record of what was done to whom: the last entries in memory, every one of them in the log."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog

from contract.timestamps import format_timestamp
from reference_server.chaos.choosing import Deed

MOST = 5000
"""Entries that are kept; older ones are in the log only."""

_log = structlog.get_logger("staycheck.chaos")


def _now() -> datetime:
    # The time it happened, not the hotel's: whoever compares it with a browser's console wants the former.
    return datetime.now(UTC)


class Record:
    """A bounded ring of entries (files/chaos_log.schema.json). What is noted holds no body and no credentials."""

    def __init__(self, now: Callable[[], datetime] = _now, most: int = MOST) -> None:
        self._now = now
        self._entries: deque[dict[str, Any]] = deque(maxlen=most)
        self._numbers = itertools.count(1)

    def note(self, deed: Deed, target: str, **details: Any) -> None:
        """Remember that it was done; details that are None are left out."""
        told = {name: value for name, value in details.items() if value is not None}
        entry = {
            "seq": next(self._numbers),
            "at": format_timestamp(self._now()),
            "rule": deed.rule,
            "action": deed.action,
            "target": target,
            "n": deed.n,
            **told,
        }
        self._entries.append(entry)
        logged = {name: value for name, value in entry.items() if name not in ("seq", "at", "event")}
        if "event" in entry:
            logged["event_name"] = entry["event"]  # `event` is the logger's own word
        _log.info("chaos", **logged)

    def after(self, seq: int) -> list[dict[str, Any]]:
        """The entries that are kept with a greater number, oldest first."""
        return [entry for entry in self._entries if entry["seq"] > seq]
