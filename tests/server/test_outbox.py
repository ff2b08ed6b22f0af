"""The outbox: nothing before commit, nothing lost, order per channel, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from contract.pusher.rest import parse_events
from reference_server.clock import Clock
from reference_server.dispatcher import Dispatcher
from reference_server.realtime.publishers import Message, PublishFailed
from reference_server.store import Store, Transaction
from simulator.commands import Event


def an_event(number: int, channel: str = "grand-demo.rooms") -> Event:
    return Event(f"event-{number}", channel, "room_updated", {"number": number}, room_id=1, booking_id=None)


def enqueue(*events: Event) -> Any:
    def work(tx: Transaction) -> None:
        tx.enqueue(events, datetime.now(UTC))

    return work


@dataclass
class ScriptedPublisher:
    """Fails as the script says, then accepts. `arrived` is set with every accepted message."""

    failures: list[PublishFailed] = field(default_factory=list)
    name: str = "scripted"
    accepted: list[Message] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def publish(self, message: Message) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.accepted.append(message)
        self.arrived.set()

    async def aclose(self) -> None:
        pass


@asynccontextmanager
async def dispatching(store: Store, publisher: ScriptedPublisher) -> AsyncIterator[Dispatcher]:
    dispatcher = Dispatcher(store, [publisher], Clock())
    await dispatcher.start()
    try:
        yield dispatcher
    finally:
        await dispatcher.flush(5)
        await dispatcher.stop()


async def pending(store: Store) -> int:
    return int(await store.read(lambda tx: tx.scalar("count_pending_events")))


async def test_a_rolled_back_transaction_publishes_nothing(store: Store) -> None:
    publisher = ScriptedPublisher()

    def fails(tx: Transaction) -> None:
        tx.enqueue([an_event(1)], datetime.now(UTC))
        raise RuntimeError("the operation failed after it had written its events")

    async with dispatching(store, publisher) as dispatcher:
        with pytest.raises(RuntimeError):
            await store.transact(fails)
        await store.transact(enqueue(an_event(2)))
        await dispatcher.flush(5)
    assert [m.event_id for m in publisher.accepted] == ["event-2"]


async def test_a_publisher_that_is_down_holds_the_order_and_loses_nothing(store: Store) -> None:
    publisher = ScriptedPublisher([PublishFailed(True, "down")] * 3)
    async with dispatching(store, publisher):
        for number in range(5):
            await store.transact(enqueue(an_event(number)))
    assert [m.event_id for m in publisher.accepted] == [f"event-{n}" for n in range(5)]
    assert await pending(store) == 0


async def test_a_message_that_can_never_go_out_is_recorded_and_lets_the_next_one_pass(
    store: Store,
) -> None:
    publisher = ScriptedPublisher([PublishFailed(False, "larger than 10 KB")])
    async with dispatching(store, publisher):
        await store.transact(enqueue(an_event(1), an_event(2)))
    assert [m.event_id for m in publisher.accepted] == ["event-2"]
    dead = await store.read(lambda tx: tx.scalar("count_pending_events"))
    assert dead == 0


async def test_an_accepted_event_leaves_no_data_behind(store: Store) -> None:
    publisher = ScriptedPublisher()
    secret = Event(
        "e", "private-guest-booking.B", "booking_checked_in", {"guest_token": "raw-token"}, None, "B"
    )
    async with dispatching(store, publisher):
        await store.transact(enqueue(secret))
    rows = await store.read(lambda tx: tx.tuples("pending_events", after=0, limit=10))
    assert rows == []
    async with dispatching(store, publisher):
        pass
    assert len(publisher.accepted) == 1, "a done row is not sent again"


class Sink:
    """A Pusher REST endpoint that refuses connections until it is started."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def start(self, port: int) -> web.AppRunner:
        async def take(request: web.Request) -> web.Response:
            for trigger in parse_events(await request.read()):
                await self.events.put({"name": trigger.name, **json.loads(trigger.data)})
            return web.json_response({})

        app = web.Application()
        app.router.add_post("/apps/{app}/events", take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return runner


async def a_free_port() -> int:
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def start_server(db: str, sink_port: int) -> tuple[asyncio.subprocess.Process, str]:
    environment = {**os.environ, "STAYCHECK_REALTIME": f"pusher://key:secret@127.0.0.1:{sink_port}/apps/1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "staycheck.main", "serve", "--port", "0", "--db", db, "--announce",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env=environment,
    )  # fmt: skip
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 20)
    return process, json.loads(line)["url"]


async def test_a_server_killed_between_commit_and_publish_loses_no_event(lasting_database: str) -> None:
    """kill -9 while the Pusher host is down; the next start publishes what the first one committed."""
    db, port = lasting_database, await a_free_port()
    process, url = await start_server(db, port)
    try:
        async with aiohttp.ClientSession(url) as http:
            login = {"username": "frontdesk", "password": "frontdesk"}
            token = (await (await http.post("/api/staff/login/", json=login)).json())["token"]
            state = {"state": "booking ready for check-in", "params": {}}
            arrange = {"action": "arrange", "run": "killed", "states": [state]}
            arranged = await (await http.post("/_staycheck/states", json=arrange)).json()
            booking_id = arranged["results"][0]["bindings"]["booking_id"]
            path = f"/api/staff/hotel/grand-demo/room-bookings/{booking_id}/check-in/"
            reply = await http.post(path, headers={"Authorization": f"Token {token}"})
            assert reply.status == 200
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()

    sink = Sink()
    runner = await sink.start(port)
    process, _ = await start_server(db, port)
    try:
        events = [await asyncio.wait_for(sink.events.get(), 10) for _ in range(4)]
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 15) == 0, "a clean stop on SIGTERM"
        await runner.cleanup()
    assert sorted(e["name"] for e in events) == [
        "booking_checked_in",
        "booking_checked_in",
        "room_occupancy_updated",
        "room_updated",
    ]
    assert len({e["meta"]["event_id"] for e in events}) == 4
    assert sink.events.empty(), "each event once"
