"""The server's clock: aware, in UTC, and never backwards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _system() -> datetime:
    return datetime.now(UTC)


class Clock:
    """`now()` grows strictly, so that two commits never carry the same or a reversed `meta.ts`.

    The machine's clock may be set back while the server runs; this one then stands almost still until it is caught up.
    """

    def __init__(self, source: Callable[[], datetime] = _system) -> None:
        self._source = source
        self._last = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()  # store threads ask too

    def now(self) -> datetime:
        with self._lock:
            self._last = max(self._source(), self._last + timedelta(microseconds=1))
            return self._last
