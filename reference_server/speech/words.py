"""The dialect, and the hotels it is spoken in: where one names a hotel by its slug and the other by its id."""

from __future__ import annotations

from contract.dialect import Dialect
from reference_server.store import Store, Transaction
from simulator.world import Hotel


class Words:
    """A dialect that learns hotels from the store as it meets them: states may be arranged in hotels of their own."""

    def __init__(self, dialect: Dialect, store: Store) -> None:
        self.dialect = dialect
        self._first, self._store = dialect, store
        self._known: frozenset[str] = frozenset()
        self._forgotten = 0

    async def meet(self, hotel_slug: object) -> None:
        """Know this hotel, if it is one."""
        if isinstance(hotel_slug, str) and hotel_slug not in self._known:
            forgotten = self._forgotten
            hotels = await self._store.read(_hotels)
            if forgotten != self._forgotten:  # they were left while they were read
                return
            self._known = frozenset({*hotels, hotel_slug})
            self.dialect = self._first.with_hotels(hotels)

    async def forget(self) -> None:
        """The hotels are others from now on, maybe with the same ids."""
        self._forgotten += 1
        self._known, self.dialect = frozenset(), self._first

    def channel(self, channel: str) -> str:
        """The name on the wire of a channel of the contract."""
        return self.dialect.to_wire_channel(channel)


def _hotels(tx: Transaction) -> dict[str, int]:
    return {hotel.slug: hotel.id for hotel in tx.all(Hotel, "hotels")}
