"""The events of a mock server as a test waits for them: a Pusher client on a thread of its own.

`await_event` and `assert_none` block; in a test that is a coroutine, `events.aio` has the same names to be awaited. Absence is
proven and not slept for: the server says that all it has committed has been handed on, and a ping sent after that comes
back on the same connection behind every event.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import aiohttp

from contract.pusher import client, frames
from staycheck.testing.server import Guest, Server

T = TypeVar("T")
_CONNECT_SECONDS = 10.0
WITHIN = 5.0
"""Seconds an event is waited for when nothing is said."""


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """An event as it came: `data` is what the publisher wrote, parsed. `payload_key` is where a dialect puts the payload."""

    channel: str
    name: str
    data: Any
    payload_key: str | None = "payload"

    @property
    def payload(self) -> Any:
        """The payload of an envelope, or the data itself."""
        if self.payload_key is None or not isinstance(self.data, dict):
            return self.data
        return self.data.get(self.payload_key, self.data)


Matcher: TypeAlias = Callable[[SeenEvent], bool] | Mapping[str, Any] | None
"""A function of the event, or values that its payload has (nested mappings are matched in part, too)."""


class SubscriptionRefused(Exception):
    """The channel cannot be listened to. The message says why."""


class Events:
    """What has come since the subscription, and what comes. An event that was waited for is not found a second time."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self.aio = AsyncEvents(self)
        self._server, self._loop = server, loop
        self._seen: list[SeenEvent] = []
        self._taken: set[int] = set()
        self._news = asyncio.Condition()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._subscriber: client.Subscriber | None = None
        self._answers: dict[str, asyncio.Future[str | None]] = {}
        self._pongs: list[asyncio.Future[None]] = []
        self._channels: set[str] = set()
        self._lost: str | None = None
        self._payload_key = server.dialect.envelope.payload

    @property
    def seen(self) -> Sequence[SeenEvent]:
        """Everything that has come so far, in order."""
        return tuple(self._seen)

    def subscribe(self, channel: str | Guest) -> None:
        """Listen to another channel, or to that of a guest. Raises: `SubscriptionRefused`."""
        self._wait(self._subscribe(channel))

    def await_event(
        self, channel: str | Guest, name: str | None = None, matcher: Matcher = None, within: float = WITHIN
    ) -> SeenEvent:
        """The first event on the channel that matches and was not awaited before. Raises: AssertionError after `within` seconds."""
        return self._wait(self._await_event(channel, name, matcher, within))

    def assert_none(
        self, channel: str | Guest, name: str | None = None, matcher: Matcher = None, within: float = WITHIN
    ) -> None:
        """That nothing (more) on the channel matches of all that was done until now. Raises: AssertionError.

        `within` bounds how long the server may take to say that it has sent everything.
        """
        self._wait(self._assert_none(channel, name, matcher, within))

    # On the loop's thread from here on.

    async def _subscribe(self, channel: str | Guest) -> None:
        name = channel.channel if isinstance(channel, Guest) else channel
        if name in self._channels:
            return
        auth = (
            await self._loop.run_in_executor(None, self._auth, channel)
            if isinstance(channel, Guest)
            else None
        )
        answer = self._answers[name] = self._loop.create_future()
        await self._send(client.subscribe_frame(name, auth))
        async with asyncio.timeout(_CONNECT_SECONDS):
            refused = await answer
        if refused is not None:
            raise SubscriptionRefused(f"The channel {name} cannot be listened to: {refused}")
        self._channels.add(name)

    def _auth(self, guest: Guest) -> str:
        assert self._subscriber is not None
        wanted = {"socket_id": self._subscriber.socket_id, "channel_name": guest.channel}
        reply = self._server.operation("channelAuth", {}, wanted, guest_token=guest.token)
        if reply.status != 200:
            raise SubscriptionRefused(
                f"The channel {guest.channel} is not signed for this guest: status {reply.status}"
            )
        return str(reply.body["auth"])

    async def _await_event(
        self, channel: str | Guest, name: str | None, matcher: Matcher, within: float
    ) -> SeenEvent:
        where = self._listened(channel)

        def find() -> int | None:
            for index, event in enumerate(self._seen):
                if index not in self._taken and _matches(event, where, name, matcher):
                    return index
            return None

        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: find() is not None or self._lost is not None)
        except TimeoutError:
            pass
        found = find()
        if found is None:
            why = self._lost or f"within {within:g} s"
            raise AssertionError(f"No {_wanted(where, name, matcher)} {why}. {self._came(where)}")
        self._taken.add(found)
        return self._seen[found]

    async def _assert_none(
        self, channel: str | Guest, name: str | None, matcher: Matcher, within: float
    ) -> None:
        where = self._listened(channel)
        try:
            async with asyncio.timeout(within):
                settled = await self._loop.run_in_executor(None, self._server.settle)
                await self._fence()
        except TimeoutError:
            settled = False
        if not settled or self._lost is not None:
            raise AssertionError(
                f"Nothing can be said of {where}: {self._lost or 'the server still has events to send'}."
            )
        for index, event in enumerate(self._seen):
            if index not in self._taken and _matches(event, where, name, matcher):
                raise AssertionError(f"There is a {_wanted(where, name, matcher)}: {_short(event)}")

    async def _fence(self) -> None:
        """A ping behind which nothing older comes."""
        pong = self._loop.create_future()
        self._pongs.append(pong)
        await self._send(frames.ping_frame())
        await pong

    def _listened(self, channel: str | Guest) -> str:
        name = channel.channel if isinstance(channel, Guest) else channel
        if name not in self._channels:
            raise AssertionError(f"{name} was not subscribed to; call subscribe() before the test acts.")
        return name

    def _came(self, where: str) -> str:
        came = [_short(event) for event in self._seen if event.channel == where]
        return (
            "Nothing came on this channel." if not came else "On this channel came: " + "; ".join(came[-10:])
        )

    async def _send(self, text: str) -> None:
        if self._socket is None or self._lost is not None:
            raise SubscriptionRefused(self._lost or "There is no connection.")
        await self._socket.send_str(text)

    async def run(self, ready: Callable[[], None]) -> None:
        """Connect, subscribe to the public channels of the hotel, listen until cancelled."""
        url = self._server.websocket_url + client.connect_path(self._server.pusher_key)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, max_msg_size=1 << 20) as socket,
        ):
            self._socket, self._subscriber = socket, client.Subscriber(self._loop.time())
            listening = asyncio.create_task(self._listen(socket, self._subscriber, ready))
            try:
                await listening
            finally:
                listening.cancel()

    async def _listen(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        subscriber: client.Subscriber,
        ready: Callable[[], None],
    ) -> None:
        while not subscriber.lost:
            try:
                async with asyncio.timeout_at(subscriber.deadline):
                    message = await socket.receive()
            except TimeoutError:
                if (ping := subscriber.tick(self._loop.time())) is not None:
                    await socket.send_str(ping)
                continue
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            frame, answer = subscriber.feed(message.data, self._loop.time())
            if answer is not None:
                await socket.send_str(answer)
            await self._take(frame, ready)
        await self._end("the connection was lost")

    async def _take(self, frame: client.ServerFrame, ready: Callable[[], None]) -> None:
        match frame:
            case client.Established():
                ready()
            case client.SubscriptionSucceeded(channel=channel):
                self._answer(channel, None)
            case client.SubscriptionError(channel=channel, message=message):
                self._answer(channel, message or "refused")
            case client.ErrorFrame(message=message) if self._answers:
                for channel in tuple(self._answers):
                    self._answer(channel, message)
            case client.Pong():
                if self._pongs:
                    self._pongs.pop(0).set_result(None)
            case client.Event(channel=str(channel), name=name, data_text=text):
                async with self._news:
                    self._seen.append(SeenEvent(channel, name, _json(text), self._payload_key))
                    self._news.notify_all()

    def _answer(self, channel: str, refused: str | None) -> None:
        waiting = self._answers.pop(channel, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(refused)

    async def _end(self, why: str) -> None:
        async with self._news:
            self._lost = why
            self._news.notify_all()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self.begin(work).result()

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run on the thread of the client."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)


class AsyncEvents:
    """The same for tests that are coroutines: nothing here holds up their loop."""

    def __init__(self, events: Events) -> None:
        self._events = events

    async def subscribe(self, channel: str | Guest) -> None:
        """As `Events.subscribe`."""
        await asyncio.wrap_future(self._events.begin(self._events._subscribe(channel)))  # noqa: SLF001

    async def await_event(
        self, channel: str | Guest, name: str | None = None, matcher: Matcher = None, within: float = WITHIN
    ) -> SeenEvent:
        """As `Events.await_event`."""
        work = self._events._await_event(channel, name, matcher, within)  # noqa: SLF001
        return await asyncio.wrap_future(self._events.begin(work))

    async def assert_none(
        self, channel: str | Guest, name: str | None = None, matcher: Matcher = None, within: float = WITHIN
    ) -> None:
        """As `Events.assert_none`."""
        work = self._events._assert_none(channel, name, matcher, within)  # noqa: SLF001
        await asyncio.wrap_future(self._events.begin(work))


@contextmanager
def listening(server: Server) -> Iterator[Events]:
    """A client that listens to the public channels of the hotel. Raises: `SubscriptionRefused` when there is no Pusher endpoint."""
    if "subscribe" not in server.target()["realtime"]:
        raise SubscriptionRefused("The server has no Pusher endpoint of its own.")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="staycheck events", daemon=True)
    thread.start()
    events = Events(server, loop)
    connected = threading.Event()
    running = events.begin(events.run(connected.set))
    running.add_done_callback(lambda _: connected.set())
    try:
        if not connected.wait(_CONNECT_SECONDS) or running.done():
            raise SubscriptionRefused(f"No Pusher server answers at {server.websocket_url}.")
        for channel in server.channels:
            events.subscribe(channel)
        yield events
    finally:
        running.cancel()
        events.begin(_drained()).result(_CONNECT_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_CONNECT_SECONDS)
        loop.close()


async def _drained() -> None:
    """Until every task of this loop has ended."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _matches(event: SeenEvent, channel: str, name: str | None, matcher: Matcher) -> bool:
    if event.channel != channel or (name is not None and event.name != name):
        return False
    if matcher is None:
        return True
    return _holds(matcher, event.payload) if isinstance(matcher, Mapping) else bool(matcher(event))


def _holds(wanted: Mapping[str, Any], value: Any) -> bool:
    """Whether a mapping has all that is wanted, and mappings within it have."""
    return isinstance(value, dict) and all(
        key in value and (_holds(item, value[key]) if isinstance(item, Mapping) else value[key] == item)
        for key, item in wanted.items()
    )


def _wanted(channel: str, name: str | None, matcher: Matcher) -> str:
    of = (
        ""
        if matcher is None
        else f" with {dict(matcher)}"
        if isinstance(matcher, Mapping)
        else " that matches"
    )
    return f"{name or 'event'}{of} on {channel}"


def _short(event: SeenEvent) -> str:
    about = {
        key: event.payload[key]
        for key in ("room_number", "room_status", "booking_id", "status")
        if isinstance(event.payload, dict) and key in event.payload
    }
    return f"{event.name} {json.dumps(about)}"


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
