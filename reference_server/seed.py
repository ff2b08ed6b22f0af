"""The demo hotel and its staff, written once into an empty store."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

from reference_server.access import hash_password
from reference_server.clock import Clock
from reference_server.store import Store, Transaction
from simulator.demo import demo_world
from simulator.world import Hotel, Put

HOME_HOTEL, OTHER_HOTEL = "grand-demo", "other-demo"
# Rooms of provider states are numbered from here, well above the demo's own.
_FIRST_ARRANGED_ROOM = 10_000


@dataclass(frozen=True, slots=True)
class DemoStaff:
    """A member of staff of the demo; the password is the username. `target_role` is the key in a target document."""

    id: int
    username: str
    full_name: str
    role: str
    hotel_id: int
    target_role: str


DEMO_STAFF: tuple[DemoStaff, ...] = (
    DemoStaff(1, "manager", "Maeve Manager", "manager", 1, "manager"),
    DemoStaff(2, "frontdesk", "Fionn Frontdesk", "front_desk", 1, "front_desk"),
    DemoStaff(3, "housekeeper", "Hilde Housekeeper", "housekeeping", 1, "housekeeping"),
    DemoStaff(4, "outsider", "Oscar Outsider", "manager", 2, "outsider"),
)


async def seed_demo(store: Store, clock: Clock) -> bool:
    """Fill an empty store with the demo. Answers false, and changes nothing, when there are hotels already."""
    hashes = await asyncio.gather(
        *(asyncio.to_thread(hash_password, member.username) for member in DEMO_STAFF)
    )

    def work(tx: Transaction) -> bool:
        tx.lock_name("seed")  # two servers may start on the same empty database
        if tx.all(Hotel, "hotels"):
            return False
        rows = demo_world(clock.now())
        tx.write(Put(row) for row in rows)
        highest: Counter[str] = Counter()
        for row in rows:
            highest[row.table] = max(highest[row.table], getattr(row, "id", 0))
        for table, value in highest.items():
            tx.run("set_counter", name=table, value=value)
        tx.run("set_counter", name="room_numbers", value=_FIRST_ARRANGED_ROOM)
        for member, password_hash in zip(DEMO_STAFF, hashes, strict=True):
            tx.run(
                "add_staff",
                id=member.id,
                username=member.username,
                password_hash=password_hash,
                full_name=member.full_name,
                role=member.role,
                hotel_id=member.hotel_id,
            )
        return True

    return await store.transact(work)
