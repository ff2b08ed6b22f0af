"""The hotel a server begins with and its staff, and where both are written: into an empty store, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from reference_server.access import hash_password
from reference_server.clock import Clock
from reference_server.store import Store, StoreError, Transaction
from reference_server.store.contents import Contents, StaffRow, highest_keys, write_contents
from simulator.scenario import Scenario
from simulator.scenario_world import build
from simulator.world import Hotel

HOME_HOTEL, OTHER_HOTEL = "grand-demo", "other-demo"
DEFAULT_SCENARIO = "demo"
# Rooms of provider states are numbered from here, well above the demo's own.
_FIRST_ARRANGED_ROOM = 10_000
_BACK = timedelta(minutes=1)


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


@cache
def staff_rows() -> tuple[StaffRow, ...]:
    """The staff with their passwords hashed: slow on purpose, so once in a process, and off the event loop."""
    return tuple(
        StaffRow(m.id, m.username, hash_password(m.username), m.full_name, m.role, m.hotel_id)
        for m in DEMO_STAFF
    )


def first_contents(scenario: Scenario, now: datetime) -> Contents:
    """The hotel of a scenario at `now`, nobody logged in. Off the event loop. Raises: `simulator.scenario.ScenarioError`."""
    rows = build(scenario, now).rows
    counters = highest_keys(rows) | {"room_numbers": _FIRST_ARRANGED_ROOM}
    return Contents(rows, staff_rows(), counters)


class LivedLongerError(StoreError):
    """The hotel in the database has seen times that the clock has yet to come to. The message says which."""


async def seed(store: Store, clock: Clock, contents: Contents) -> bool:
    """Fill an empty store. Answers false, and changes nothing, when there are hotels already.

    Raises: `LivedLongerError` when that hotel is ahead of the clock.
    """
    now = clock.peek()

    def work(tx: Transaction) -> bool:
        tx.lock_name("seed")  # two servers may start on the same empty database
        if tx.all(Hotel, "hotels"):
            _require_later(tx, now)
            return False
        write_contents(tx, contents)
        for name, value in contents.counters.items():
            tx.run("set_counter", name=name, value=value)
        return True

    return await store.transact(work)


def _require_later(tx: Transaction, now: datetime) -> None:
    """A minute is left to machines whose clocks differ."""
    times = [_instant(value) for value in tx.first("newest_times") or () if value is not None]
    if times and max(times) > now + _BACK:
        raise LivedLongerError(
            f"The hotel in this database has lived until {max(times).isoformat(timespec='seconds')}, and the clock shows "
            f"{now.isoformat(timespec='seconds')}: events would carry times before those already sent. Name a later time "
            "with --clock, or another database with --db."
        )


def _instant(value: datetime | str) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
