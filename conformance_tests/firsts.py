"""Which event came first with an event_id: for every event of a history, in little memory.

An event_id is remembered as a digest of 8 bytes beside the place of its event in the file, in one table: 36 to 72 bytes
per event. Where a digest is met again the event is read again, so that nothing is ever decided by a digest alone.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

from conformance_tests.entries import Event
from conformance_tests.rule import Known

Place = tuple[int, int, int]
"""Where a line stands: its offset and size in bytes, and its number."""

_EMPTY = 0
_SIZE_BITS = 26
_MASK = (1 << 64) - 1
NOTHING = Known()


class Places:
    """A map from 64-bit digests to places, 24 bytes a slot. Open addressing, linear probing."""

    def __init__(self) -> None:
        self._bits = 10
        self._filled = 0
        self._slots = array("Q", bytes(24 << self._bits))

    def __len__(self) -> int:
        return self._filled

    def setdefault(self, digest: int, place: Place) -> Place | None:
        """The place that was kept for the digest first; None, and it is this one from now on."""
        offset, size, lineno = place
        return self._setdefault(digest & _MASK, offset + 1, lineno << _SIZE_BITS | size)

    def _setdefault(self, digest: int, after: int, rest: int) -> Place | None:
        slots, mask = self._slots, (1 << self._bits) - 1
        number = digest & mask
        while slots[3 * number + 1] != _EMPTY:
            if slots[3 * number] == digest:
                kept = slots[3 * number + 2]
                return slots[3 * number + 1] - 1, kept & ((1 << _SIZE_BITS) - 1), kept >> _SIZE_BITS
            number = (number + 1) & mask
        slots[3 * number], slots[3 * number + 1], slots[3 * number + 2] = digest, after, rest
        self._filled += 1
        if self._filled * 3 > 2 << self._bits:
            self._grow()
        return None

    def _grow(self) -> None:
        old = self._slots
        self._bits += 1
        self._filled = 0
        self._slots = array("Q", bytes(24 << self._bits))
        for slot in range(0, len(old), 3):
            if old[slot + 1] != _EMPTY:
                self._setdefault(old[slot], old[slot + 1], old[slot + 2])


class Firsts:
    """Tells of every event, in order, what was heard before it with the same event_id. `read` is the event at a place."""

    def __init__(self, read: Callable[[Place], Event]) -> None:
        self._read = read
        self._places = Places()

    def known(self, event: Event, place: Place) -> Known:
        if event.event_id is None:
            return NOTHING
        by_id = self._first(event, place, "id", event.kind == "other")
        if by_id is None:
            return NOTHING
        if by_id.channel == event.channel:
            if by_id.name == event.name:
                return Known(by_id, by_id, by_id)
            return Known(by_id, by_id, self._first(event, place, "name", event.channel, event.name))
        # Only where one id is on several channels are channels looked at by themselves.
        on_channel = self._first(event, place, "channel", event.channel)
        if on_channel is not None and on_channel.name == event.name:
            return Known(by_id, on_channel, on_channel)
        return Known(by_id, on_channel, self._first(event, place, "name", event.channel, event.name))

    def _first(self, event: Event, place: Place, *what: object) -> Event | None:
        found = self._places.setdefault(hash((event.observer, event.event_id, *what)), place)
        if found is None:
            return None
        first = self._read(found)
        alike = first.event_id == event.event_id and first.observer == event.observer
        return first if alike else None
