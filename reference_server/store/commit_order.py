"""With several writers at once: committed rows are handed on so that no later operation of the same key overtakes.

A key is a booking or a room, and whoever changes one holds its lock until the commit. So whoever enters here while the
locks are held enters, among all that share a key, in the order of the commits; what comes back from COMMIT in another order
(the threads race) is held until everybody who entered before with a key in common has ended.

Two operations without a common key may be handed on in any order, also on one channel: the contract promises no
more. An operation with two keys (a move) waits for both, and holds both back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from reference_server.store.transaction import OutboxRow


@dataclass(slots=True)
class Ticket:
    """A transaction that has written events. `rows` is none while nobody knows how it ends."""

    keys: set[str] = field(default_factory=set)
    rows: Sequence[OutboxRow] | None = None


class CommitOrder:
    """Called from the threads of all writers; `hand_on` is called under its lock, one ticket after the other."""

    def __init__(self, hand_on: Callable[[Sequence[OutboxRow]], None]) -> None:
        self._hand_on = hand_on
        self._lock = threading.Lock()
        self._tickets: list[Ticket] = []

    def enter(self, keys: Iterable[str]) -> Ticket:
        """Take a place, while the locks of the keys are held and before the commit."""
        ticket = Ticket(set(keys))
        with self._lock:
            self._tickets.append(ticket)
        return ticket

    def end(self, ticket: Ticket, rows: Sequence[OutboxRow]) -> None:
        """The transaction has committed these rows, or none because it was rolled back."""
        with self._lock:
            ticket.rows = rows
            waiting: list[Ticket] = []
            held: set[str] = set()
            for earlier in self._tickets:
                if earlier.rows is None or not held.isdisjoint(earlier.keys):
                    held |= earlier.keys
                    waiting.append(earlier)
                elif earlier.rows:
                    self._hand_on(earlier.rows)
            self._tickets = waiting
