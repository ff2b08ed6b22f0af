"""In which order and when the events of one channel go on: pure, the time is an argument (seconds on any steady clock).

Events go in the order in which they came, each not before it is due. One that is held for reordering lets up to
`passes` later ones go first, and goes when they have, or when its patience is over. Copies hold up nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from reference_server.realtime.publishers import Message


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message on its way: due at `due`; held back until `passes` others went, at most until `patience`."""

    message: Message
    due: float
    passes: int = 0
    patience: float = 0.0
    copies: int = 0
    """Copies that follow its delivery, `pause` seconds apart."""
    pause: float = 0.0
    is_copy: bool = False


class Line:
    """What waits on one channel."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, waiting: Waiting) -> None:
        """Behind what waits."""
        self._waiting.append(waiting)

    def messages(self) -> list[Message]:
        """What waits, in order; of an event that went already only its copies do."""
        return [one.message for one in self._waiting]

    def hurry(self) -> None:
        """Everything is due, in the order in which it came, and nothing is held."""
        self._waiting = [
            replace(one, due=float("-inf"), passes=0, pause=0.0)
            for one in sorted(self._waiting, key=lambda one: one.is_copy)
        ]

    def take(self, now: float) -> Message | None:
        """The message that goes next, if one is due; its copies then wait in turn."""
        for place, one in enumerate(self._waiting):
            held = one.passes > 0 and now < one.patience
            if held or (one.is_copy and one.due > now):
                continue
            if one.due > now:
                return None
            del self._waiting[place]
            if not one.is_copy:
                self._waiting[:place] = [_passed(before) for before in self._waiting[:place]]
            if one.copies:
                again = replace(
                    one, due=now + one.pause, passes=0, copies=one.copies - 1, is_copy=True, patience=0.0
                )
                self._waiting.insert(0, again)
            return one.message
        return None

    def next_at(self) -> float | None:
        """When to look again if nothing comes meanwhile; None when nothing waits."""
        moments = []
        for one in self._waiting:
            held = one.passes > 0
            moments.append(max(one.due, one.patience) if held else one.due)
            if not held and not one.is_copy:
                break
        return min(moments, default=None)


def _passed(one: Waiting) -> Waiting:
    return one if one.is_copy else replace(one, passes=max(0, one.passes - 1))
