"""Another hotel in the place of this one: whole, at its own time, and without a word from the one that was left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from contract.pusher.app import parse_realtime_url
from contract.schema_store import schema_store
from reference_server.app import Settings, make_app
from reference_server.clock import Clock
from reference_server.dispatcher import Dispatcher
from reference_server.store import make_store
from reference_server.store.contents import read_contents, replace_contents
from simulator.clock_setting import parse_clock
from simulator.commands import Event
from simulator.scenario_files import built_in
from tests.server.conftest import Hotel

C = "/_staycheck/"
ARRIVAL = "BK-2026-0012"


@asynccontextmanager
async def served(db: str, **settings: Any) -> AsyncIterator[Hotel]:
    client = TestClient(TestServer(make_app(Settings(db=db, check_replies=True, **settings))))
    await client.start_server()
    try:
        yield Hotel(client)
    finally:
        await client.close()


@pytest.fixture
async def frozen(database: str) -> AsyncIterator[Hotel]:
    """The demo on the 25th of November 2026 at two o'clock, and it stays two o'clock."""
    async with served(database, clock=parse_clock("frozen@2026-11-25T14:00+00:00")) as hotel:
        yield hotel


async def control(hotel: Hotel, method: str, path: str, body: Any = None, ref: str | None = None) -> Any:
    status, reply = await hotel.call(method, C + path, actor=None, body=body)
    assert status == 200, reply
    if ref is not None:
        schema_store().require(f"files/{ref}.schema.json", reply)
    return reply


async def state_of(hotel: Hotel) -> Any:
    """What staff see, whole."""
    hotel.tokens.clear()
    _, bookings = await hotel.call("GET", "room-bookings/?page_size=100")
    _, rooms = await hotel.call("GET", "turnover/rooms/")
    return bookings, rooms


async def test_a_reset_brings_the_same_hotel_again_whatever_has_happened(frozen: Hotel) -> None:
    before = await state_of(frozen)
    assert (await frozen.call("POST", f"room-bookings/{ARRIVAL}/check-in/"))[0] == 200
    await frozen.arrange("in-house booking")
    assert await state_of(frozen) != before
    for _ in range(2):
        assert await control(frozen, "POST", "reset", ref="reset_reply") == {"scenario": "demo"}
        assert await state_of(frozen) == before


async def test_a_reset_begins_with_another_scenario_and_lists_them_all(frozen: Hotel) -> None:
    listed = await control(frozen, "GET", "scenarios", ref="scenarios_reply")
    assert listed["current"] == "demo"
    assert {"overbooked", "empty-hotel", "demo"} <= {item["name"] for item in listed["scenarios"]}
    await control(frozen, "POST", "reset", {"scenario": "empty-hotel"})
    assert (await control(frozen, "GET", "scenarios"))["current"] == "empty-hotel"
    bookings, _ = await state_of(frozen)
    assert bookings["count"] == 0
    # Without a name it is the one there is.
    assert await control(frozen, "POST", "reset") == {"scenario": "empty-hotel"}
    status, reply = await frozen.call("POST", C + "reset", actor=None, body={"scenario": "nowhere"})
    assert (status, reply["error"]["code"]) == (404, "NOT_FOUND")
    status, reply = await frozen.call("POST", C + "reset", actor=None, body={"scenari": "demo"})
    assert status == 400


async def test_logins_outlive_the_hotel_whatever_time_the_next_one_has(frozen: Hotel) -> None:
    """A frontend's stored token works after a reset between two cases, a restore, and a change of the clock with it."""
    await frozen.login("manager")
    await control(frozen, "POST", "snapshots", {"name": "before"})
    await frozen.login("housekeeper")
    for path, body in (
        ("reset", None),
        ("snapshots/before/restore", None),
        ("reset", {"scenario": "late-arrivals"}),
    ):
        await control(frozen, "POST", path, body)
        for username in ("manager", "housekeeper"):
            headers = {"Authorization": f"Token {frozen.tokens[username]}"}
            path = "/api/staff/hotel/grand-demo/turnover/rooms/"
            assert (await frozen.call("GET", path, actor=None, headers=headers))[0] == 200
    frozen.tokens.clear()
    assert (await frozen.call("GET", "turnover/rooms/"))[0] == 200


async def test_a_restore_brings_back_rows_guest_tokens_and_counters(frozen: Hotel) -> None:
    status, reply = await frozen.call("POST", f"room-bookings/{ARRIVAL}/check-in/")
    assert status == 200
    raw = reply["guest_token"]
    guest = {"actor": None, "headers": {"Authorization": f"GuestToken {raw}"}}
    taken = await control(frozen, "POST", "snapshots", {"name": "in-house"}, "snapshot_reply")
    first = await frozen.arrange("booking ready for check-in", run="one")
    before = (await frozen.call("GET", "room-bookings/?page_size=100"))[1]
    await control(frozen, "POST", "snapshots", {"name": "arranged"})
    await frozen.call("POST", f"room-bookings/{ARRIVAL}/check-out/")
    assert (await frozen.call("GET", "/api/guest/context/", **guest))[0] == 401
    await control(frozen, "POST", "reset")

    await control(frozen, "POST", "snapshots/arranged/restore", ref="snapshot_reply")
    assert (await frozen.call("GET", "room-bookings/?page_size=100"))[1] == before
    assert (await frozen.call("GET", "/api/guest/context/", **guest))[0] == 200

    assert await control(frozen, "POST", "snapshots/in-house/restore", ref="snapshot_reply") == taken
    # The numbers begin again where they were, so the same is arranged again.
    again = await frozen.arrange("booking ready for check-in", run="one")
    assert {k: v for k, v in again.items() if k != "guest_token"} == {
        k: v for k, v in first.items() if k != "guest_token"
    }
    # And another time, for a restore changes no snapshot.
    await control(frozen, "POST", "snapshots/in-house/restore")
    assert (await frozen.call("GET", "/api/guest/context/", **guest))[0] == 200
    assert (await frozen.call("POST", f"room-bookings/{ARRIVAL}/check-out/"))[0] == 200


async def test_snapshots_are_listed_replaced_and_deleted(frozen: Hotel) -> None:
    assert await control(frozen, "GET", "snapshots", ref="snapshots_reply") == {"snapshots": []}
    assert (await control(frozen, "POST", "snapshots"))["name"] == "snapshot-1"
    assert (await control(frozen, "POST", "snapshots", {"name": "mine"}))["name"] == "mine"
    assert (await control(frozen, "POST", "snapshots"))["name"] == "snapshot-2"
    await control(frozen, "POST", "snapshots", {"name": "snapshot-1"})
    names = [item["name"] for item in (await control(frozen, "GET", "snapshots"))["snapshots"]]
    assert names == ["mine", "snapshot-2", "snapshot-1"]
    reply = await frozen.client.delete(C + "snapshots/mine")
    assert reply.status == 204
    for method, path in (("DELETE", "snapshots/mine"), ("POST", "snapshots/mine/restore")):
        status, told = await frozen.call(method, C + path, actor=None)
        assert (status, told["error"]["code"]) == (404, "NOT_FOUND")
    assert (await frozen.call("POST", C + "snapshots", actor=None, body={"name": "../x"}))[0] == 400


async def test_a_snapshot_knows_its_clock(frozen: Hotel) -> None:
    await control(frozen, "POST", "clock", {"advance": 3600})
    await control(frozen, "POST", "snapshots", {"name": "three"})
    await control(frozen, "POST", "clock", {"advance": 86400, "rate": 60})
    await control(frozen, "POST", "snapshots/three/restore")
    shown = await control(frozen, "GET", "clock", ref="clock_reply")
    assert shown["rate"] == 0
    assert shown["now"].startswith("2026-11-25T15:00:00")
    await control(frozen, "POST", "reset")
    assert (await control(frozen, "GET", "clock"))["now"].startswith("2026-11-25T14:00:00")


async def test_the_arrival_window_guest_tokens_and_logins_follow_the_clock(database: str) -> None:
    scenario = built_in("late-arrivals")
    async with served(database, scenario=scenario) as hotel:
        _, listed = await hotel.call("GET", "room-bookings/?page_size=100")
        late, second = (b["booking_id"] for b in listed["results"] if b["room_number"] in (101, 103))
        status, reply = await hotel.call("POST", f"room-bookings/{late}/check-in/")
        assert status == 200
        guest = {"actor": None, "headers": {"Authorization": f"GuestToken {reply['guest_token']}"}}
        await control(hotel, "POST", "clock", {"advance": 3600})
        status, reply = await hotel.call("POST", f"room-bookings/{second}/check-in/")
        assert (status, reply["error"]["code"]) == (400, "CHECKIN_TOO_LATE")
        assert (await hotel.call("GET", "/api/guest/context/", **guest))[0] == 200
        await control(hotel, "POST", "clock", {"advance": 12 * 3600})
        assert (await hotel.call("GET", "turnover/rooms/"))[0] == 401
        await control(hotel, "POST", "clock", {"advance": 3 * 86400})
        assert (await hotel.call("GET", "/api/guest/context/", **guest))[0] == 401


async def test_todays_arrivals_are_those_of_the_hotels_day(frozen: Hotel) -> None:
    _, today = await frozen.call("GET", "room-bookings/?bucket=arrivals&page_size=100")
    await control(frozen, "POST", "clock", {"advance": 86400})
    frozen.tokens.clear()
    _, tomorrow = await frozen.call("GET", "room-bookings/?bucket=arrivals&page_size=100")
    assert tomorrow["count"] == today["count"] + 1


async def test_the_date_header_follows_a_moved_clock_in_every_reply(frozen: Hotel) -> None:
    for path in ("/api/guest/context/", "/nowhere", C + "clock", "/apps/1001/channels"):
        reply = await frozen.client.get(path)
        assert parsedate_to_datetime(reply.headers["Date"]) == datetime(2026, 11, 25, 14, tzinfo=UTC)


async def test_the_date_header_is_the_machines_in_real_time(database: str) -> None:
    async with served(database) as hotel:
        reply = await hotel.client.get(C + "clock")
        sent = parsedate_to_datetime(reply.headers["Date"])
        assert abs((datetime.now(UTC) - sent).total_seconds()) < 60


async def test_the_clock_refuses_to_go_back_with_a_sentence(frozen: Hotel) -> None:
    body = {"now": "2026-11-25T13:00:00Z"}
    status, reply = await frozen.call("POST", C + "clock", actor=None, body=body)
    assert (status, reply["error"]["code"]) == (400, "INVALID_INPUT")
    assert "Reset the hotel" in reply["error"]["message"]
    await control(frozen, "POST", "reset")
    assert (await frozen.call("POST", C + "clock", actor=None, body=body))[0] == 400
    for wrong in ({}, {"rate": -1}, {"now": "noon"}, {"speed": 2}, {"now": "9500-01-01T00:00:00Z"}):
        assert (await frozen.call("POST", C + "clock", actor=None, body=wrong))[0] == 400


async def test_every_route_is_guarded(database: str) -> None:
    async with served(database, control_token="secret") as hotel:
        for method, path in (
            ("GET", "clock"), ("POST", "clock"), ("GET", "scenarios"), ("POST", "reset"), ("GET", "snapshots"),
            ("POST", "snapshots"), ("POST", "snapshots/a/restore"), ("DELETE", "snapshots/a"), ("POST", "settle"),
        ):  # fmt: skip
            assert (await hotel.call(method, C + path, actor=None))[0] == 401, path


class Stuck:
    """A publisher that takes nothing until it may, and then remembers."""

    name = "stuck"

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.sent: list[str] = []
        self.asked = asyncio.Event()

    async def publish(self, message: Any) -> None:
        self.asked.set()
        await self.may.wait()
        self.sent.append(message.data)

    async def aclose(self) -> None:
        pass


def event(name: str, channel: str) -> Event:
    return Event(f"{name}-{channel}", channel, "room_updated", {"name": name}, 1, None)


async def test_events_of_a_hotel_that_is_left_are_not_sent_and_those_of_the_next_are(database: str) -> None:
    store, clock, publisher = make_store(database), Clock(), Stuck()
    await store.open()
    dispatcher = Dispatcher(store, [publisher], clock)
    await dispatcher.start()
    try:
        for name, channel in (("old-1", "a"), ("old-2", "a"), ("old-3", "b")):
            await store.transact(lambda tx, n=name, c=channel: tx.enqueue([event(n, c)], clock.now()))
        await publisher.asked.wait()
        contents = await store.read(read_contents)
        last = await store.transact_alone(lambda tx: replace_contents(tx, contents))
        # The new hotel speaks before the old one has been told to be silent.
        await store.transact(lambda tx: tx.enqueue([event("new", "a"), event("new", "c")], clock.now()))
        await dispatcher.abandon(last)
        publisher.may.set()
        await dispatcher.flush(5)
        assert dispatcher.idle
        assert publisher.sent == ['{"name":"new"}', '{"name":"new"}']
        pending = await store.read(lambda tx: tx.scalar("count_pending_events"))
        assert pending == 0
    finally:
        await dispatcher.stop()
        await store.close()


async def test_events_that_could_not_be_sent_are_forgotten_with_their_hotel(database: str) -> None:
    nobody = parse_realtime_url("pusher://k:s@127.0.0.1:9/apps/1")
    async with served(database, publish_to=(nobody,), embedded=False) as hotel:
        _, listed = await hotel.call("GET", "room-bookings/?bucket=arrivals&page_size=100")
        ready = next(b["booking_id"] for b in listed["results"] if b["flags"]["can_check_in"])
        assert (await hotel.call("POST", f"room-bookings/{ready}/check-in/"))[0] == 200
        await control(hotel, "POST", "reset")
        assert await control(hotel, "POST", "settle") == {"settled": True}


async def test_resets_while_requests_run_leave_a_hotel_in_order(frozen: Hotel) -> None:
    """Check-ins and resets at once: every reply is a reply, and after a last reset all is as it was."""
    before = await state_of(frozen)
    arrivals = [b["booking_id"] for b in before[0]["results"] if b["flags"]["can_check_in"]]
    assert len(arrivals) >= 5

    async def desk(booking_id: str) -> list[int]:
        found = []
        for _ in range(6):
            status, reply = await frozen.call(
                "POST", "/api/staff/login/", actor=None, body={"username": "manager", "password": "manager"}
            )
            if status == 200:
                headers = {"Authorization": f"Token {reply['token']}"}
                for step in ("check-in", "check-out"):
                    path = f"/api/staff/hotel/grand-demo/room-bookings/{booking_id}/{step}/"
                    found.append((await frozen.call("POST", path, actor=None, headers=headers))[0])
        return found

    async def resets() -> None:
        for _ in range(6):
            await control(frozen, "POST", "snapshots", {"name": "s"})
            await control(frozen, "POST", "reset")
            await control(frozen, "POST", "snapshots/s/restore")

    *desks, _ = await asyncio.gather(*(desk(b) for b in arrivals[:4]), resets())
    statuses = {status for one in desks for status in one}
    assert 200 in statuses
    assert statuses <= {200, 400}  # no login is lost on the way
    await control(frozen, "POST", "reset")
    assert await state_of(frozen) == before


async def test_a_server_keeps_the_hotel_that_is_in_its_database(tmp_path: Any) -> None:
    db = str(tmp_path / "kept.sqlite3")
    async with served(db) as hotel:
        bookings, _ = await state_of(hotel)
    async with served(db, scenario=built_in("empty-hotel")) as hotel:
        assert (await control(hotel, "GET", "scenarios"))["current"] is None
        assert (await state_of(hotel))[0]["count"] == bookings["count"]
        assert await control(hotel, "POST", "reset") == {"scenario": "empty-hotel"}
        assert (await state_of(hotel))[0]["count"] == 0


async def test_a_server_does_not_begin_before_the_hotel_in_its_database(tmp_path: Any) -> None:
    db = str(tmp_path / "kept.sqlite3")
    async with served(db, clock=parse_clock("2030-01-01T12:00Z")):
        pass
    with pytest.raises(Exception, match=r"lived until 20(29|30)-.* later time with --clock"):
        async with served(db, clock=parse_clock("2026-01-01T12:00Z")):
            pass
