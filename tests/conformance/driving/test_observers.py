"""The three observers: everything seen once and in order, losses said aloud, and nothing that locks up."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from conformance_tests.observers.event_file import EventFile
from conformance_tests.observers.subscribe import SubscribeObserver
from conformance_tests.target import SubscribeSettings, UnreachableError
from contract.pusher.signatures import verify_channel_auth

KEY, SECRET = "a-key", "a-secret"


class Heard:
    """A hearer that only remembers, and can be waited on."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, Any, int | None]] = []
        self.notices: list[str] = []
        self.since: list[float | None] = []
        self._changed = asyncio.Event()

    def heard(
        self, observer: str, channel: str, name: str, data: Any, *, size: int, connection: int | None = None
    ) -> None:
        self.events.append((channel, name, data, connection))
        self._changed.set()

    def noticed(self, observer: str, text: str, *, since: float | None = None) -> None:
        self.notices.append(text)
        self.since.append(since)
        self._changed.set()

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def refuses(self, observer: str, told: Any) -> None:
        return None

    async def until(self, holds: Any) -> None:
        async with asyncio.timeout(5):
            while not holds():
                self._changed.clear()
                await self._changed.wait()


class FakePusher:
    """Establishes, acknowledges, publishes, and hangs up when told to."""

    def __init__(self) -> None:
        self.sockets: list[web.WebSocketResponse] = []
        self.subscribed: list[tuple[str, str | None]] = []
        self.refuse: set[str] = set()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        data = json.dumps({"socket_id": f"1.{len(self.sockets)}", "activity_timeout": 120})
        await socket.send_json({"event": "pusher:connection_established", "data": data})
        self.sockets.append(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._answer(socket, json.loads(message.data))
        return socket

    async def _answer(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        if frame["event"] != "pusher:subscribe":
            return
        channel = frame["data"]["channel"]
        self.subscribed.append((channel, frame["data"].get("auth")))
        if channel in self.refuse:
            await socket.send_json({"event": "pusher:error", "data": {"code": 4009, "message": "no"}})
        else:
            succeeded = "pusher_internal:subscription_succeeded"
            await socket.send_json({"event": succeeded, "channel": channel, "data": "{}"})

    async def publish(self, channel: str, name: str, data: str) -> None:
        await self.sockets[-1].send_json({"event": name, "channel": channel, "data": data})


@contextlib.asynccontextmanager
async def subscribed(secret: str | None = None) -> AsyncIterator[tuple[FakePusher, SubscribeObserver, Heard]]:
    fake, heard = FakePusher(), Heard()
    app = web.Application()
    app.router.add_get("/app/{key}", fake.serve)
    async with TestServer(app) as server:
        settings = SubscribeSettings(str(server.make_url("")).replace("http", "ws"), KEY, secret)
        observer = SubscribeObserver(settings, heard, within=1.0)
        await observer.start(["hotel.rooms"])
        try:
            yield fake, observer, heard
        finally:
            await observer.stop()


async def test_the_subscriber_is_on_its_channels_when_start_returns_and_hears_in_order() -> None:
    async with subscribed() as (fake, _, heard):
        assert [channel for channel, _ in fake.subscribed] == ["hotel.rooms"]
        for number in range(20):
            await fake.publish("hotel.rooms", "room_updated", json.dumps({"n": number}))
        await heard.until(lambda: len(heard.events) == 20)
        assert [event[2] for event in heard.events] == [{"n": number} for number in range(20)]


async def test_data_that_is_not_json_is_kept_as_text() -> None:
    async with subscribed() as (fake, _, heard):
        await fake.publish("hotel.rooms", "room_updated", "{not json")
        await heard.until(lambda: heard.events)
        assert heard.events[0][2] == "{not json"


async def test_a_private_channel_is_signed_here_when_the_secret_is_given() -> None:
    async with subscribed(SECRET) as (fake, observer, _):
        assert await observer.join("private-guest-booking.B1")
        channel, auth = fake.subscribed[-1]
        assert verify_channel_auth(str(auth), KEY, SECRET, "1.0", channel)


async def test_a_private_channel_is_authorized_by_the_backend_otherwise() -> None:
    asked = []

    async def authorize(socket_id: str, channel: str) -> str | None:
        asked.append((socket_id, channel))
        return "key:sig" if channel.endswith("B1") else None

    async with subscribed() as (fake, observer, _):
        assert await observer.join("private-guest-booking.B1", authorize)
        assert fake.subscribed[-1] == ("private-guest-booking.B1", "key:sig")
        assert not await observer.join("private-guest-booking.B2", authorize)
        assert asked == [("1.0", "private-guest-booking.B1"), ("1.0", "private-guest-booking.B2")]


async def test_a_refused_subscription_is_false_at_once_and_noticed() -> None:
    async with subscribed(SECRET) as (fake, observer, heard):
        fake.refuse.add("private-x")
        async with asyncio.timeout(0.5):
            assert not await observer.join("private-x")
        assert "reported an error" in heard.notices[0]


async def test_a_lost_connection_is_said_aloud_made_again_and_joined_again() -> None:
    async with subscribed() as (fake, _, heard):
        await fake.sockets[0].close(code=4200)
        await heard.until(lambda: any("Connected again" in text for text in heard.notices))
        assert "lost" in heard.notices[0]
        assert heard.since[0] is not None
        assert heard.since[0] <= heard.now()
        assert [channel for channel, _ in fake.subscribed] == ["hotel.rooms", "hotel.rooms"]
        await fake.publish("hotel.rooms", "room_updated", "{}")
        await heard.until(lambda: heard.events)
        assert heard.events[0][3] == 1


async def test_no_pusher_server_is_one_sentence() -> None:
    observer = SubscribeObserver(SubscribeSettings("ws://127.0.0.1:9", KEY), Heard(), within=1.0)
    with pytest.raises(UnreachableError, match="No Pusher server"):
        await observer.start([])


async def test_the_event_file_hears_what_is_appended_whole_lines_only(tmp_path: Path) -> None:
    path, heard = tmp_path / "events.jsonl", Heard()
    path.write_text('{"channel": "old", "name": "x", "data": {}}\n')
    observer = EventFile(path, heard)
    await observer.start([])
    with path.open("a") as file:
        file.write('{"channel": "a", "name": "x", "data": {"n": 1}}\n{"channel": "a", "na')
        file.flush()
        await heard.until(lambda: len(heard.events) == 1)
        file.write('me": "y", "data": "{\\"n\\": 2}"}\nnonsense\n')
    await heard.until(lambda: len(heard.events) == 2 and heard.notices)
    await observer.stop()
    assert [event[:3] for event in heard.events] == [("a", "x", {"n": 1}), ("a", "y", {"n": 2})]
