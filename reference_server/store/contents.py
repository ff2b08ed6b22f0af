"""All that a hotel is, as one value: to be written over whatever there is, and to be kept and written back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from reference_server.store.transaction import Transaction
from simulator.world import ROW_TYPES, Row

Line: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A member of staff; the password is hashed."""

    id: int
    username: str
    password_hash: str = field(repr=False)
    full_name: str
    role: str
    hotel_id: int


@dataclass(frozen=True, slots=True)
class Contents:
    """The rows of the world, who works in it, the counters, and what runs of the suite arranged.

    Events that wait to be sent are no part of it: they belong to a hotel that is left behind. Logins are none either: they
    are the clients', who go on with another hotel.
    """

    rows: tuple[Row, ...]
    staff: tuple[StaffRow, ...]
    counters: Mapping[str, int]
    staff_hotels: tuple[Line, ...] = ()
    arranged: tuple[Line, ...] = ()


def highest_keys(rows: Iterable[Row]) -> dict[str, int]:
    """The highest number of each table, for the counters."""
    highest: Counter[str] = Counter()
    for row in rows:
        highest[row.table] = max(highest[row.table], getattr(row, "id", 0))
    return dict(highest)


def read_contents(tx: Transaction) -> Contents:
    """Everything there is, on the snapshot of the transaction."""
    rows: list[Row] = []
    for kind in ROW_TYPES:
        rows += tx.every(kind)
    return Contents(
        rows=tuple(rows),
        staff=tuple(StaffRow(*row) for row in tx.tuples("staff")),
        counters=tx.counters(),
        staff_hotels=_lines(tx.tuples("staff_hotels")),
        arranged=_lines(tx.tuples("arranged")),
    )


def write_contents(tx: Transaction, contents: Contents) -> None:
    """Write into tables that are empty."""
    tx.insert_rows(contents.rows)
    for member in contents.staff:
        tx.run(
            "add_staff",
            id=member.id,
            username=member.username,
            password_hash=member.password_hash,
            full_name=member.full_name,
            role=member.role,
            hotel_id=member.hotel_id,
        )
    for staff_id, hotel_id in contents.staff_hotels:
        tx.run("add_staff_hotel", staff_id=staff_id, hotel_id=hotel_id)
    for run, table_name, key in contents.arranged:
        tx.run("add_arranged", run=run, table_name=table_name, key=key)


def replace_contents(tx: Transaction, contents: Contents) -> int:
    """Leave the hotel that is there, its events with it, and write another in its place. In `transact_alone` only.

    Who is logged in stays so where somebody of that username works in the other hotel too. Answers the id of the last event that any transaction before this one has written: it and those before it are not to
    be sent any more.
    """
    last = int(tx.scalar("last_event_id") or 0)
    logins = tx.tuples("staff_tokens")
    for name in ("arranged", "staff_tokens", "staff_hotels", "staff", "events"):
        tx.run(f"delete_all_{name}")
    for kind in reversed(ROW_TYPES):
        tx.run(f"delete_all_{kind.table}")
    write_contents(tx, contents)
    staff = {member.username: member.id for member in contents.staff}
    for token_hash, username, created_at, expires_at in logins:
        if username in staff:
            tx.run(
                "add_staff_token",
                token_hash=token_hash,
                staff_id=staff[username],
                created_at=created_at,
                expires_at=expires_at,
            )
    tx.put_counters(contents.counters)
    return last


def _lines(rows: Sequence[Sequence[Any]]) -> tuple[Line, ...]:
    return tuple(tuple(row) for row in rows)
