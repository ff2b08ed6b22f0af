"""Real races on a real PostgreSQL: every decision is made under its locks, and events follow the commits."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from reference_server.clock import Clock
from reference_server.dispatcher import Dispatcher
from reference_server.store import Store, Transaction, make_store
from reference_server.store import postgres as postgres_store
from reference_server.store.locks import LocksMoved
from reference_server.store.postgres import PostgresStore
from simulator.commands import Event
from tests.postgres import connect, query
from tests.server.conftest import Hotel, served
from tests.server.test_outbox import ScriptedPublisher, an_event, dispatching, enqueue, pending

pytestmark = pytest.mark.postgres


@pytest.fixture
async def desk(new_schema: str) -> AsyncIterator[Hotel]:
    async with served(new_schema) as hotel:
        for username in ("manager", "frontdesk", "housekeeper"):
            await hotel.login(username)
        yield hotel


@pytest.fixture
async def store(new_schema: str) -> AsyncIterator[Store]:
    store = make_store(new_schema)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def given_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What transactions were run again for, by the name of the error."""
    seen: list[str] = []
    once = PostgresStore._transact_once

    def watched(self: PostgresStore, work: Callable[[Transaction], Any]) -> Any:
        try:
            return once(self, work)
        except (psycopg.OperationalError, LocksMoved) as error:
            seen.append(type(error).__name__)
            raise

    monkeypatch.setattr(PostgresStore, "_transact_once", watched)
    return seen


def path(bound: dict[str, Any], operation: str) -> str:
    return f"room-bookings/{bound['booking_id']}/{operation}/"


def events_of(db: str, bound: dict[str, Any]) -> Counter[str]:
    rows = query(
        db,
        "SELECT split_part(channel, '-', 1) || '/' || name FROM outbox WHERE booking_id = %s OR room_id = %s",
        bound["booking_id"],
        bound["room_id"],
    )
    return Counter(name for (name,) in rows)


async def test_twenty_parallel_check_ins_are_one(desk: Hotel, new_schema: str) -> None:
    bound = await desk.arrange("booking ready for check-in", {"party_size": 3})
    replies = await asyncio.gather(*(desk.call("POST", path(bound, "check-in")) for _ in range(20)))
    assert {status for status, _ in replies} == {200}
    assert sum(body["guest_token"] is not None for _, body in replies) == 1
    assert len({body["checked_in_at"] for _, body in replies}) == 1
    assert sorted(events_of(new_schema, bound).values()) == [1, 1, 1, 1]
    assert len(await desk.probe("audit", bound)) == 1
    assert len(await desk.probe("guests", bound)) == 3
    active = [token for token in await desk.probe("tokens", bound) if token["status"] == "ACTIVE"]
    assert [token["purpose"] for token in active] == ["CHAT"]


async def test_twenty_parallel_check_outs_are_one(desk: Hotel, new_schema: str) -> None:
    bound = await desk.arrange("in-house booking", {"party_size": 2, "conversations": 1, "orders": 2})
    replies = await asyncio.gather(*(desk.call("POST", path(bound, "check-out")) for _ in range(20)))
    assert {status for status, _ in replies} == {200}
    assert sorted(events_of(new_schema, bound).values()) == [1, 1, 1, 1]
    jobs = query(new_schema, "SELECT id FROM jobs WHERE booking_id = %s", bound["booking_id"])
    assert len(jobs) == 1


async def test_of_two_bookings_for_one_room_exactly_one_wins(desk: Hotel, given_up: list[str]) -> None:
    for _ in range(10):
        bound = await desk.arrange("two bookings on one room")
        other = {**bound, "booking_id": bound["other_booking_id"]}
        (a, first), (b, second) = await asyncio.gather(
            desk.call("POST", path(bound, "check-in")), desk.call("POST", path(other, "check-in"))
        )
        assert sorted((a, b)) == [200, 400]
        assert (first if a == 400 else second)["error"]["code"] == "ROOM_NOT_READY"
    assert given_up == [], "waiting for the room is enough"


async def test_of_two_assignments_of_one_room_for_the_same_nights_exactly_one_wins(desk: Hotel) -> None:
    for _ in range(10):
        one, two = [await desk.arrange("booking without a room") for _ in range(2)]
        body = {"room_id": one["free_room_id"]}
        replies = await asyncio.gather(
            *(desk.call("POST", path(bound, "safe-assign-room"), body=body) for bound in (one, two))
        )
        assert sorted(status for status, _ in replies) == [200, 409]


async def test_moves_and_check_outs_that_cross_two_rooms_never_deadlock(
    desk: Hotel, given_up: list[str]
) -> None:
    """Each move locks the two rooms of the other one, from the other side."""
    outcomes: Counter[int] = Counter()
    for _ in range(8):
        left, right = [await desk.arrange("in-house booking") for _ in range(2)]
        calls = []
        for here, there in ((left, right), (right, left)):
            body = {"to_room_id": there["room_id"], "reason": "crossing"}
            calls += [desk.call("POST", path(here, "move-room"), body=body) for _ in range(3)]
            calls.append(desk.call("POST", path(here, "check-out")))
        for status, body in await asyncio.gather(*calls):
            assert status in (200, 400, 409), body
            outcomes[status] += 1
        for bound in (left, right):
            room = await desk.probe("room", bound)
            assert (room["is_occupied"], room["guests_in_room"]) == (False, [])
    assert outcomes[200] >= 16, "every check-out went through"
    assert "DeadlockDetected" not in given_up


async def until_blocked_by(db: str, holder: psycopg.Connection[Any]) -> None:
    """Wait until somebody waits for a lock that `holder` has."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
    async with asyncio.timeout(10):
        while not (await asyncio.to_thread(query, db, waits, holder.info.backend_pid))[0][0]:
            pass


def is_free(db: str, bound: dict[str, Any]) -> bool:
    """Whether nobody has locked the room."""
    try:
        return bool(query(db, "SELECT id FROM rooms WHERE id = %s FOR UPDATE NOWAIT", bound["room_id"]))
    except psycopg.errors.LockNotAvailable:
        return False


@pytest.mark.parametrize("upwards", [True, False])
async def test_a_move_locks_the_room_with_the_lower_id_first(
    desk: Hotel, new_schema: str, upwards: bool
) -> None:
    low, high = [await desk.arrange("in-house booking") for _ in range(2)]
    assert low["room_id"] < high["room_id"]
    here, there = (low, high) if upwards else (high, low)
    with connect(new_schema) as holder:
        holder.execute("BEGIN")
        holder.execute("SELECT id FROM rooms WHERE id = %s FOR UPDATE", [low["room_id"]])
        move = desk.call("POST", path(here, "move-room"), body={"to_room_id": there["room_id"]})
        moving = asyncio.create_task(move)
        await until_blocked_by(new_schema, holder)
        assert is_free(new_schema, high), "nothing is locked before what comes first"
        holder.execute("ROLLBACK")
    status, body = await moving
    assert (status, body["error"]["code"]) == (400, "ROOM_NOT_READY")


@pytest.mark.parametrize("operation", ["check-out", "move-room"])
async def test_the_booking_is_locked_before_its_rooms(desk: Hotel, new_schema: str, operation: str) -> None:
    bound = await desk.arrange("in-house booking and a free room")
    with connect(new_schema) as holder:
        holder.execute("BEGIN")
        holder.execute(
            "SELECT booking_id FROM bookings WHERE booking_id = %s FOR UPDATE", [bound["booking_id"]]
        )
        body = {"to_room_id": bound["free_room_id"]} if operation == "move-room" else None
        calling = asyncio.create_task(desk.call("POST", path(bound, operation), body=body))
        await until_blocked_by(new_schema, holder)
        assert is_free(new_schema, bound)
        assert is_free(new_schema, {"room_id": bound["free_room_id"]})
        holder.execute("ROLLBACK")
    assert (await calling)[0] == 200


async def test_a_check_out_waits_for_the_rooms_of_its_guests_too(desk: Hotel, new_schema: str) -> None:
    """A guest who stands in another booking's room is taken out of it: that room's lock is needed."""
    bound = await desk.arrange("in-house booking with a stranger in the room")
    [(strangers,)] = query(
        new_schema,
        "SELECT booking_id FROM guests WHERE room_id = %s AND booking_id <> %s",
        bound["room_id"],
        bound["booking_id"],
    )
    with connect(new_schema) as holder:
        holder.execute("BEGIN")
        holder.execute("SELECT id FROM rooms WHERE id = %s FOR UPDATE", [bound["room_id"]])
        calling = asyncio.create_task(desk.call("POST", f"room-bookings/{strangers}/check-out/"))
        await until_blocked_by(new_schema, holder)
        holder.execute("ROLLBACK")
    assert (await calling)[0] == 200


async def test_events_of_a_room_go_out_in_the_order_of_its_commits(desk: Hotel) -> None:
    rooms = [await desk.arrange("room in status", {"room_status": "CHECKOUT_DIRTY"}) for _ in range(3)]
    next_event = await desk.listen("grand-demo.rooms")
    statuses = ["CLEANING_IN_PROGRESS", "CHECKOUT_DIRTY", "CLEANED_UNINSPECTED", "READY_FOR_GUEST"]
    replies = await asyncio.gather(
        *(
            desk.call(
                "POST",
                f"housekeeping/rooms/{room['room_id']}/manager_override/",
                body={"to_status": status, "note": "race"},
            )
            for status in statuses * 4
            for room in rooms
        )
    )
    assert {status for status, _ in replies} <= {200, 400}
    changed = sum(status == 200 and body["status_event"] is not None for status, body in replies)
    seen: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for _ in range(changed):
        event = await next_event()
        seen[event["payload"]["room_id"]].append(event)
    for room in rooms:
        events, audit = seen[room["room_id"]], await desk.probe("audit", room)
        # The first row of the trail says how the room was arranged.
        assert [e["payload"]["room_status"] for e in events] == [row["to_status"] for row in audit[1:]]
        stamps = [e["meta"]["ts"] for e in events]
        assert stamps == sorted(stamps)


async def test_a_transaction_that_postgresql_gave_up_on_is_run_again(store: Store) -> None:
    tries = []

    def work(tx: Transaction) -> int:
        tries.append(tx)
        tx.enqueue([an_event(len(tries))], datetime.now(UTC))
        if len(tries) < 3:
            raise psycopg.errors.SerializationFailure("40001")
        return len(tries)

    publisher = ScriptedPublisher()
    async with dispatching(store, publisher):
        assert await store.transact(work) == 3
    assert [m.event_id for m in publisher.accepted] == ["event-3"], "nothing of the tries before"


async def test_there_is_an_end_to_trying(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_store, "_MOST_TRIES", 3)
    tries = []

    def work(tx: Transaction) -> None:
        tries.append(tx)
        raise psycopg.errors.DeadlockDetected("40P01")

    with pytest.raises(psycopg.errors.DeadlockDetected):
        await store.transact(work)
    assert len(tries) == 3


async def test_bookings_are_never_locked_after_rooms(store: Store) -> None:
    def work(tx: Transaction) -> None:
        tx.lock_rooms([1])
        tx.lock_bookings(["B"])

    with pytest.raises(AssertionError, match="before rooms"):
        await store.transact(work)


async def test_a_writer_that_began_before_the_start_is_waited_for(store: Store, new_schema: str) -> None:
    """A killed server's last transaction may still be committing, with a lower id than rows that can be seen already."""
    late = "INSERT INTO outbox (event_id, channel, name, data, created_at) VALUES ('late', 'c', 'n', '{}', now())"
    publisher = ScriptedPublisher()
    with connect(new_schema) as other:
        other.execute("BEGIN")
        other.execute(late)
        await store.transact(enqueue(an_event(1, "c")))
        dispatcher = Dispatcher(store, [publisher], Clock())
        starting = asyncio.create_task(dispatcher.start())
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'outbox'::regclass"
        async with asyncio.timeout(10):
            while not (await asyncio.to_thread(query, new_schema, waits))[0][0]:
                assert not starting.done()
        other.execute("COMMIT")
    await starting
    await dispatcher.flush(5)
    await dispatcher.stop()
    assert [m.event_id for m in publisher.accepted] == ["late", "event-1"]


@contextmanager
def _answer_lost(pool: Any) -> Any:
    with pool as connection:
        yield connection
        connection.close()
        raise psycopg.OperationalError("the connection was lost")


async def test_a_commit_whose_answer_was_lost_is_looked_up_and_its_events_go_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(store, PostgresStore)
    pool, real = store._write_pool, store._write_pool.connection
    breaks: list[bool] = []

    def connection() -> Any:
        return _answer_lost(real()) if breaks and breaks.pop() else real()

    monkeypatch.setattr(pool, "connection", connection)
    publisher = ScriptedPublisher()
    async with dispatching(store, publisher):
        breaks.append(True)
        await store.transact(enqueue(an_event(1)))
    assert [m.event_id for m in publisher.accepted] == ["event-1"]
    assert await pending(store) == 0


async def test_a_transaction_that_was_cut_off_before_its_commit_publishes_nothing(
    store: Store, new_schema: str
) -> None:
    def cut_off(tx: Transaction) -> None:
        tx.enqueue([an_event(1)], datetime.now(UTC))
        [(pid,)] = tx._connection.execute("SELECT pg_backend_pid()").fetchall()
        gone = threading.Event()

        def terminate() -> None:
            query(new_schema, "SELECT pg_terminate_backend(%s, 5000)", pid)
            gone.set()

        threading.Thread(target=terminate).start()
        assert gone.wait(10)

    publisher = ScriptedPublisher()
    async with dispatching(store, publisher):
        with pytest.raises(psycopg.OperationalError):
            await store.transact(cut_off)
        await store.transact(enqueue(an_event(2)))
    assert [m.event_id for m in publisher.accepted] == ["event-2"]


async def test_text_with_a_nul_is_no_crash(store: Store) -> None:
    event = Event("e", "c", "n", {"text": "a\x00b"}, room_id=None, booking_id="B\x00")
    await store.transact(enqueue(event))
    assert await store.read(lambda tx: tx.first("hotel_by_slug", slug="grand\x00demo")) is None
