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
        self.gaps: list[tuple[float | None, float | None]] = []
        self._changed = asyncio.Event()

    def heard(
        self, observer: str, channel: str, name: str, data: Any, *, size: int, connection: int | None = None
    ) -> None:
        self.events.append((channel, name, data, connection))
        self._changed.set()

    def noticed(
        self, observer: str, text: str, *, since: float | None = None, until: float | None = None
    ) -> None:
        self.notices.append(text)
        self.since.append(since)
        self.gaps.append((since, until))
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
    assert heard.notices == ["Line 4 of the event file is not {channel, name, data}; events may be missing."]


def line(number: int) -> str:
    return json.dumps({"channel": "a", "name": "x", "data": {"n": number}}) + "\n"


class Following:
    """An event file that is followed, with two lines of an earlier time in it."""

    def __init__(self, path: Path) -> None:
        self.path, self.heard = path, Heard()
        self.observer = EventFile(path, self.heard)

    async def __aenter__(self) -> Following:
        self.path.write_text(line(-2) + line(-1))
        await self.observer.start([])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.observer.stop()

    async def append(self, text: str) -> None:
        """Written, and the whole lines of it read."""
        wanted = self.numbers + [
            json.loads(one)["data"]["n"] for one in text.splitlines(keepends=True) if one.endswith("}\n")
        ]
        with self.path.open("a") as file:
            file.write(text)
        await self.heard.until(lambda: self.numbers == wanted)

    @property
    def numbers(self) -> list[int]:
        return [event[2]["n"] for event in self.heard.events]


def is_closed_gap(gap: tuple[float | None, float | None]) -> bool:
    since, until = gap
    return since is not None and until is not None and since <= until


async def test_an_event_file_that_ends_inside_a_line_has_a_gap(tmp_path: Path) -> None:
    async with Following(tmp_path / "events.jsonl") as file:
        await file.append(line(1) + line(2)[:-9])
        assert not file.heard.notices, "the rest of the line may be on its way"
    assert file.heard.notices == ["The event file ends in the middle of line 4; events may be missing."]
    assert is_closed_gap(file.heard.gaps[0])


async def test_a_last_line_without_its_end_is_heard_when_it_is_whole(tmp_path: Path) -> None:
    async with Following(tmp_path / "events.jsonl") as file:
        await file.append(line(1) + line(2).strip())
    assert (file.numbers, file.heard.notices) == ([1, 2], [])


async def test_a_line_that_was_cut_off_by_the_next_is_a_gap_and_named_by_its_number(tmp_path: Path) -> None:
    async with Following(tmp_path / "events.jsonl") as file:
        await file.append(line(1))
        with file.path.open("a") as out:
            out.write(line(2)[:-9] + line(3) + line(4))
        await file.heard.until(lambda: 4 in file.numbers)
    assert file.numbers == [1, 4]
    assert file.heard.notices == [
        "Line 4 of the event file is not {channel, name, data}; events may be missing."
    ]
    assert is_closed_gap(file.heard.gaps[0])


@pytest.mark.parametrize("left", ["", line(-2), line(-2) + line(-1)[:5]])
async def test_an_event_file_that_shrinks_has_a_gap_and_nothing_is_heard_twice(
    tmp_path: Path, left: str
) -> None:
    async with Following(tmp_path / "events.jsonl") as file:
        await file.append(line(1) + line(2))
        file.path.write_text(left)
        await file.heard.until(lambda: file.heard.notices)
        if not left.endswith("\n") and left:
            with file.path.open("a") as out:
                out.write(line(-1)[5:])
        await file.append(line(3))
    assert file.numbers == [1, 2, 3]
    (notice,) = file.heard.notices
    assert notice.startswith("The event file became shorter; it is read on behind line ")
    assert is_closed_gap(file.heard.gaps[0])


async def test_an_event_file_that_is_written_anew_has_a_gap_however_long_it_is(tmp_path: Path) -> None:
    async with Following(tmp_path / "events.jsonl") as file:
        await file.append(line(1))
        file.path.write_text("".join(line(-number) for number in range(90, 40, -1)))
        await file.heard.until(lambda: file.heard.notices)
        await file.append(line(2))
    assert file.numbers == [1, 2]
    assert file.heard.notices == [
        "The event file was written anew; it is read on behind line 50; events may be missing."
    ]


async def test_a_rotated_event_file_is_read_to_its_end_and_has_a_gap(tmp_path: Path) -> None:
    async with Following(tmp_path / "events.jsonl") as file:
        await file.append(line(1))
        with file.path.open("a") as old:
            file.path.rename(tmp_path / "events.jsonl.1")
            file.path.touch()
            old.write(line(2))
        await file.heard.until(lambda: file.heard.gaps and file.heard.gaps[-1][1] is not None)
        await file.append(line(3))
    assert file.numbers == [1, 2, 3]
    since, until = file.heard.gaps[0][0], file.heard.gaps[-1][1]
    assert is_closed_gap((since, until))
    assert "Another event file stands in the place of the first" in file.heard.notices[-1]


async def test_an_event_file_that_is_gone_has_a_gap_until_it_is_there_again(tmp_path: Path) -> None:
    async with Following(tmp_path / "events.jsonl") as file:
        await file.append(line(1))
        file.path.rename(tmp_path / "away")
        await file.heard.until(lambda: file.heard.notices)
        assert file.heard.notices == ["The event file is gone; events may be missing from here on."]
        assert file.heard.gaps[0][1] is None
        (tmp_path / "away").rename(file.path)
        await file.heard.until(lambda: len(file.heard.notices) == 2)
        assert is_closed_gap(file.heard.gaps[1])
        await file.append(line(2))
    assert file.numbers == [1, 2]


async def test_a_line_begun_before_the_run_is_of_an_earlier_time(tmp_path: Path) -> None:
    path, heard = tmp_path / "events.jsonl", Heard()
    path.write_text(line(1)[:7])
    observer = EventFile(path, heard)
    await observer.start([])
    with path.open("a") as out:
        out.write(line(1)[7:] + line(2))
    await heard.until(lambda: heard.events)
    await observer.stop()
    assert [event[2]["n"] for event in heard.events] == [2]
    assert heard.notices == []
