"""Identities for a simulated world: the same seed gives the same ids, in every process and Python version (law 7)."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections import Counter
from collections.abc import Mapping

from simulator.world import World


class SeededIds:
    """`Ids` from a seed. Integer keys count up per table; everything else is drawn from SHA-256 of seed and counter.

    `used` holds the highest key of each table that is taken already (see `SeededIds.beyond`).
    """

    def __init__(self, seed: int | str, used: Mapping[str, int] | None = None) -> None:
        self._seed = seed
        self._numbers: Counter[str] = Counter(used or {})
        self._draws: Counter[str] = Counter()

    @classmethod
    def beyond(cls, world: World, seed: int | str) -> SeededIds:
        """Ids that collide with no row of `world`."""
        used: Counter[str] = Counter()
        for row in world.rows():
            key = getattr(row, "id", 0)
            used[row.table] = max(used[row.table], key)
        return cls(seed, used)

    def number(self, table: str) -> int:
        self._numbers[table] += 1
        return self._numbers[table]

    def event_id(self) -> str:
        return str(uuid.UUID(bytes=self._draw("event")[:16], version=4))

    def guest_token(self) -> str:
        """43 URL-safe characters, 256 bits."""
        return base64.urlsafe_b64encode(self._draw("token")).rstrip(b"=").decode()

    def id_pin(self) -> str:
        return f"{int.from_bytes(self._draw('pin')[:8], 'big') % 10_000:04d}"

    def _draw(self, kind: str) -> bytes:
        self._draws[kind] += 1
        return hashlib.sha256(f"{self._seed}:{kind}:{self._draws[kind]}".encode()).digest()
