"""The store: rows come back as they went in, readers see commits only, a broken transaction leaves nothing."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_server.store import SqliteStore, Store, StoreError, Transaction, make_store
from reference_server.store.codec import POSTGRES, codec_of, instant_text
from reference_server.store.commit_order import CommitOrder
from reference_server.store.postgres import PostgresTransaction
from simulator.demo import demo_world
from simulator.world import ROW_TYPES, Booking, Hotel, Put, Room, Row
from tests.postgres import connect

HOTEL = Hotel(7, "seven", "Seven", None, "Europe/Dublin", "15:00", "08:00", "02:00")

_INSTANTS = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001 - Hypothesis wants naive bounds and adds the zones
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from(
        [UTC, timezone(timedelta(hours=-11)), timezone(timedelta(hours=5, minutes=45))]
    ),
)
_VALUES: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**62), 2**62),
    str: st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00")),
    bool: st.booleans(),
    datetime: _INSTANTS,
    date: st.dates(),
    tuple[str, ...]: st.lists(
        st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"))
    ).map(tuple),
}


@st.composite
def rows(draw: st.DrawFn) -> Row:
    kind = draw(st.sampled_from(ROW_TYPES))
    hints = get_type_hints(kind)
    values = {}
    for item in fields(kind):
        hint = hints[item.name]
        options = (
            [a for a in get_args(hint) if a is not type(None)] if type(None) in get_args(hint) else [hint]
        )
        strategy = _VALUES[options[0]]
        values[item.name] = draw(st.none() | strategy if options[0] is not hint else strategy)
    return kind(**values)


@given(rows())
def test_a_row_survives_the_way_to_sql_and_back(row: Row) -> None:
    codec = codec_of(type(row))
    cells = codec.encode(row)
    assert all(cell is None or isinstance(cell, int | str) for cell in cells), "plain SQL values"
    assert codec.decode(cells) == row


@pytest.mark.postgres
async def test_a_row_survives_the_way_to_postgresql_and_back(new_schema: str) -> None:
    store = make_store(new_schema)
    await store.open()
    await store.close()
    with connect(new_schema) as connection:
        # Rows one by one, without those they refer to.
        connection.execute("SET session_replication_role = replica")

        @settings(max_examples=100, deadline=None)
        @given(rows())
        def survives(row: Row) -> None:
            tx = PostgresTransaction(connection, CommitOrder(lambda rows: None))
            connection.execute("BEGIN")
            try:
                tx.write([Put(row)])
                cells = connection.execute(f"SELECT * FROM {row.table}".encode()).fetchall()
            finally:
                connection.execute("ROLLBACK")
            assert [codec_of(type(row), POSTGRES).decode(cell) for cell in cells] == [row]

        survives()


@given(_INSTANTS, _INSTANTS)
def test_stored_instants_sort_as_time_does(a: datetime, b: datetime) -> None:
    assert (instant_text(a) < instant_text(b)) == (a < b)


async def test_a_reader_gets_the_last_commit_while_a_writer_is_open(store: Store) -> None:
    written, finish = threading.Event(), threading.Event()

    def write(tx: Transaction) -> None:
        tx.write([Put(HOTEL)])
        written.set()
        assert finish.wait(10)

    writing = asyncio.create_task(store.transact(write))
    await asyncio.to_thread(written.wait, 10)
    assert await store.read(lambda tx: tx.all(Hotel, "hotels")) == []
    finish.set()
    await writing
    assert await store.read(lambda tx: tx.all(Hotel, "hotels")) == [HOTEL]


async def test_a_read_sees_one_snapshot_from_its_first_row_to_its_last(store: Store) -> None:
    begun, changed = threading.Event(), threading.Event()

    def look(tx: Transaction) -> tuple[int, int]:
        before = len(tx.all(Hotel, "hotels"))
        begun.set()
        assert changed.wait(10)
        return before, len(tx.all(Hotel, "hotels"))

    looking = asyncio.create_task(store.read(look))
    await asyncio.to_thread(begun.wait, 10)
    await store.transact(lambda tx: tx.write([Put(HOTEL)]))
    changed.set()
    assert await looking == (0, 0)


async def test_the_demo_comes_back_row_for_row(store: Store) -> None:
    rows = demo_world(datetime(2026, 6, 1, 12, tzinfo=UTC))
    await store.transact(lambda tx: tx.write(Put(row) for row in rows))
    [first, *_] = [row for row in rows if isinstance(row, Hotel)]
    bookings = [row for row in rows if isinstance(row, Booking) and row.hotel_id == first.id]
    found = await store.read(lambda tx: tx.all(Booking, "bookings_of_hotel", hotel_id=first.id))
    assert sorted(found, key=lambda b: b.booking_id) == sorted(bookings, key=lambda b: b.booking_id)
    rooms = [row for row in rows if isinstance(row, Room) and row.hotel_id == first.id]
    got = await store.read(lambda tx: tx.all(Room, "rooms_of_hotel", hotel_id=first.id))
    assert got == sorted(rooms, key=lambda room: room.room_number)


async def test_numbers_begin_after_what_is_taken_and_never_come_twice(store: Store) -> None:
    await store.transact(lambda tx: tx.run("set_counter", name="rooms", value=40))
    await store.transact(lambda tx: tx.run("set_counter", name="rooms", value=7))
    numbers = await asyncio.gather(*(store.transact(lambda tx: tx.number("rooms")) for _ in range(20)))
    assert len(set(numbers)) == 20
    assert min(numbers) > 40


async def test_an_exception_rolls_everything_back(store: Store) -> None:
    def fails(tx: Transaction) -> None:
        tx.write([Put(HOTEL)])
        tx.number("rooms")
        raise ValueError("too late")

    with pytest.raises(ValueError, match="too late"):
        await store.transact(fails)
    assert await store.read(lambda tx: tx.all(Hotel, "hotels")) == []
    # PostgreSQL's sequences leave a gap; what counts is that no number comes twice.
    assert await store.transact(lambda tx: tx.number("rooms")) in (1, 2)


async def test_a_table_of_another_version_is_refused_with_the_way_out(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "old.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE hotels (id INTEGER PRIMARY KEY, slug TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match=r"old\.sqlite3.*hotels.*--db"):
        await SqliteStore(str(path)).open()


async def test_memory_leaves_nothing_on_disk() -> None:
    store = SqliteStore("memory")
    await store.open()
    directory = store.directory
    assert directory is not None
    assert directory.is_dir()
    await store.close()
    assert not directory.exists()
