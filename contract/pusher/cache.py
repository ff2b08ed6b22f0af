"""The last event of each cache channel, for those who subscribe later."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CachedEvent:
    """An event as it was encoded for its subscribers; `data` is its JSON text, `until` when it is forgotten."""

    frame: bytes
    data: str
    until: float


class EventCache:
    """At most `most` events, each for `seconds`; the one that was published longest ago goes first."""

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds, self._most = seconds, most
        self._events: OrderedDict[str, CachedEvent] = OrderedDict()

    def put(self, channel: str, frame: bytes, data: str, now: float) -> None:
        """Keep this event instead of the one before."""
        self._events[channel] = CachedEvent(frame, data, now + self._seconds)
        self._events.move_to_end(channel)
        while self._events and (len(self._events) > self._most or self._oldest().until <= now):
            self._events.popitem(last=False)

    def get(self, channel: str, now: float) -> CachedEvent | None:
        """The last event, if it is not too old."""
        event = self._events.get(channel)
        if event is not None and event.until <= now:
            del self._events[channel]
            return None
        return event

    def _oldest(self) -> CachedEvent:
        return next(iter(self._events.values()))
