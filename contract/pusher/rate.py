"""How often something may happen."""

from __future__ import annotations

from collections import deque


class Rate:
    """At most `most` times in any second. What is refused does not count."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: deque[float] = deque()

    def allow(self, now: float) -> bool:
        """Whether it may happen now; counts it if so."""
        times = self._times
        while times and now - times[0] >= 1.0:
            times.popleft()
        if len(times) >= self._most:
            return False
        times.append(now)
        return True
