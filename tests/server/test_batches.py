"""Transactions that wait for the writer together: each stands or falls alone, and none is told before the commit."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_server.store.sqlite import SqliteStore
from reference_server.store.transaction import OutboxRow, Transaction
from simulator.commands import Event

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def announcing(number: int) -> Any:
    def work(tx: Transaction) -> int:
        tx.run("set_counter", name=f"n{number}", value=1)
        envelope = {"meta": {"event_id": f"e{number}"}}
        tx.enqueue([Event(f"e{number}", "grand-demo.rooms", "room_updated", envelope, None, None)], NOW)
        return number

    return work


def failing(number: int) -> Any:
    def work(tx: Transaction) -> int:
        announcing(number)(tx)
        raise ValueError(str(number))

    return work


async def together(store: SqliteStore, works: Sequence[Any]) -> list[Any]:
    """All of them behind one that holds the writer, so that they are taken in one batch."""
    held, go_on = threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        held.set()
        assert go_on.wait(10)

    holding = asyncio.create_task(store.transact(hold))
    await asyncio.to_thread(held.wait, 10)
    waiting = [asyncio.create_task(store.transact(work)) for work in works]
    await asyncio.sleep(0)  # every task hands its work over
    go_on.set()
    await holding
    return await asyncio.gather(*waiting, return_exceptions=True)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(str(tmp_path / "hotel.sqlite3"))
    await opened.open()
    yield opened
    await opened.close()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=40))
def test_each_stands_or_falls_alone_and_events_come_in_order(fails: list[bool]) -> None:
    async def run() -> tuple[list[Any], list[str], int]:
        store = SqliteStore("memory")
        await store.open()
        heard: list[OutboxRow] = []
        store.on_commit(heard.extend)
        works = [(failing if bad else announcing)(number) for number, bad in enumerate(fails)]
        told = await together(store, works)
        kept = await store.read(lambda tx: tx.scalar("count_pending_events"))
        await store.close()
        return told, [row.event_id for row in heard], kept

    told, heard, kept = asyncio.run(run())
    good = [number for number, bad in enumerate(fails) if not bad]
    assert [one if isinstance(one, int) else str(one) for one in told] == [
        str(number) if bad else number for number, bad in enumerate(fails)
    ]
    assert heard == [f"e{number}" for number in good]
    assert kept == len(good)


async def test_a_commit_that_fails_fails_for_all_and_leaves_the_store_usable(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[OutboxRow] = []
    store.on_commit(heard.extend)

    def no_room(self: SqliteStore, connection: sqlite3.Connection, *, delay: float) -> None:
        if connection.execute("SELECT count(*) FROM outbox").fetchone()[0]:
            raise sqlite3.OperationalError("database or disk is full")
        connection.execute("COMMIT")

    monkeypatch.setattr(SqliteStore, "_commit", no_room)
    told = await together(store, [announcing(1), failing(2), announcing(3)])
    assert [type(one) for one in told] == [sqlite3.OperationalError, ValueError, sqlite3.OperationalError]
    monkeypatch.undo()
    assert heard == []
    assert await store.read(lambda tx: tx.scalar("count_pending_events")) == 0
    assert await store.transact(announcing(4)) == 4


async def test_nothing_is_told_before_its_commit(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    committed = threading.Event()
    original = SqliteStore._commit

    def noted(self: SqliteStore, connection: sqlite3.Connection, *, delay: float) -> None:
        original(self, connection, delay=delay)
        committed.set()

    seen: list[bool] = []
    store.on_commit(lambda rows: seen.append(committed.is_set()))

    async def after(number: int) -> None:
        await store.transact(announcing(number))
        seen.append(committed.is_set())

    held, go_on = threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        held.set()
        assert go_on.wait(10)

    holding = asyncio.create_task(store.transact(hold))
    await asyncio.to_thread(held.wait, 10)
    waiting = [asyncio.create_task(after(number)) for number in range(3)]
    await asyncio.sleep(0)
    monkeypatch.setattr(SqliteStore, "_commit", noted)
    go_on.set()
    await asyncio.gather(holding, *waiting)
    assert seen == [True] * 4


async def test_a_caller_that_is_cancelled_leaves_its_work_and_the_others_alone(store: SqliteStore) -> None:
    held, go_on = threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        held.set()
        assert go_on.wait(10)

    holding = asyncio.create_task(store.transact(hold))
    await asyncio.to_thread(held.wait, 10)
    left, stays = (asyncio.create_task(store.transact(announcing(number))) for number in (1, 2))
    await asyncio.sleep(0)
    left.cancel()
    go_on.set()
    await holding
    assert await stays == 2
    assert await store.read(lambda tx: tx.scalar("count_pending_events")) == 2


async def test_closing_waits_for_all_that_was_handed_over(tmp_path: Path) -> None:
    path = str(tmp_path / "hotel.sqlite3")
    store = SqliteStore(path)
    await store.open()
    waiting = [asyncio.create_task(store.transact(announcing(number))) for number in range(100)]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*waiting) == list(range(100))
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (100,)
