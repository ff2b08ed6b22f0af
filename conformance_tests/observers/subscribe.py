"""The subscriber: a Pusher client of the real server, as a frontend is one.

Public channels are subscribed up front. A private guest channel is joined for a scenario, with the auth the backend gives
to the booking's guest token, or with one signed here when the target names the secret. A lost connection is made again and
everything on it joined again; what was published in between is lost, and the mark says so, and since when: nothing was
heard on a connection after the last frame that came in, however late its end is noticed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import aiohttp

from conformance_tests.discovery import why
from conformance_tests.json_text import read_data
from conformance_tests.observers.base import Hearer
from conformance_tests.target import SubscribeSettings, UnreachableError
from contract.pusher.client import (
    ErrorFrame,
    Event,
    Subscriber,
    SubscriptionError,
    SubscriptionSucceeded,
    connect_path,
    subscribe_frame,
    unsubscribe_frame,
)
from contract.pusher.errors import MalformedFrameError
from contract.pusher.signatures import channel_auth

Authorizer = Callable[[str, str], Awaitable[str | None]]
"""(socket id, channel) -> the auth of the subscription, None when it is refused."""

_FIRST_RETRY, _LAST_RETRY = 0.05, 2.0


class SubscribeObserver:
    """One WebSocket connection at a time; `within` in seconds bounds connecting and every subscription."""

    name = "subscribe"

    def __init__(self, settings: SubscribeSettings, hearer: Hearer, *, within: float) -> None:
        self._settings, self._hearer, self._within = settings, hearer, within
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._protocol: Subscriber | None = None
        self._connection = -1
        self._task: asyncio.Task[None] | None = None
        self._established: asyncio.Future[str] | None = None
        self._joined: dict[str, Authorizer | None] = {}
        self._waiting: dict[str, asyncio.Future[bool]] = {}
        self._stopping = False
        self._last_frame = 0.0

    async def start(self, channels: Sequence[str]) -> None:
        self._session = aiohttp.ClientSession()
        try:
            await self._connect()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            await self.stop()
            reason = "no answer" if isinstance(error, TimeoutError) else why(error)
            raise UnreachableError(f"No Pusher server at {self._settings.url}: {reason}.") from None
        self._task = asyncio.create_task(self._run())
        for channel in channels:
            if not await self.join(channel):
                await self.stop()
                raise UnreachableError(f"The Pusher server does not let us subscribe to {channel}.")

    async def stop(self) -> None:
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._socket is not None:
            await self._socket.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def join(self, channel: str, authorizer: Authorizer | None = None) -> bool:
        """Subscribe, and wait for the acknowledgement. False when it is refused or does not come."""
        if channel in self._joined:
            return True
        if not await self._subscribe(channel, authorizer):
            return False
        self._joined[channel] = authorizer
        return True

    async def leave(self, channel: str) -> None:
        """Unsubscribe; there is no answer to wait for."""
        if self._joined.pop(channel, False) is not False:
            await self._send(unsubscribe_frame(channel))

    async def _connect(self) -> None:
        if self._session is None:
            raise UnreachableError("The subscriber was stopped.")
        url = self._settings.url.rstrip("/") + connect_path(self._settings.key)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._within):
            self._socket = await self._session.ws_connect(url, max_msg_size=1 << 20)
            self._protocol = Subscriber(loop.time())
            self._connection += 1
            while self._protocol.socket_id is None:
                message = await self._socket.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    code = self._socket.close_code
                    raise aiohttp.ClientError(f"the connection was refused with code {code}")
                await self._feed(message.data)

    async def _run(self) -> None:
        """Listen for as long as the observer lives, over as many connections as it takes."""
        again = False
        while True:
            listening = asyncio.create_task(self._listen())
            try:
                if again:
                    await self._join_again()
                await listening
            finally:
                listening.cancel()
            if self._stopping:
                return
            self._hearer.noticed(
                self.name,
                "The connection was lost; events may be missing from here on.",
                since=self._last_frame,
            )
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_result(False)
            await self._connect_again()
            again = True

    async def _connect_again(self) -> None:
        pause = _FIRST_RETRY
        while True:
            try:
                await self._connect()
            except (aiohttp.ClientError, OSError, TimeoutError, MalformedFrameError):
                await asyncio.sleep(pause)  # back off from a server that is down
                pause = min(pause * 2, _LAST_RETRY)
            else:
                return

    async def _join_again(self) -> None:
        joined = list(self._joined.items())
        refused = [name for name, authorizer in joined if not await self._subscribe(name, authorizer)]
        without = f", without {', '.join(refused)}" if refused else ""
        text = f"Connected again as connection {self._connection}{without}."
        self._hearer.noticed(self.name, text, until=self._hearer.now())

    async def _listen(self) -> None:
        """Until the connection ends: events to the hearer, pings answered, silence noticed."""
        socket, protocol = self._socket, self._protocol
        if socket is None or protocol is None:
            return
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout_at(protocol.deadline):
                    message = await socket.receive()
            except TimeoutError:
                ping = protocol.tick(loop.time())
                if protocol.lost:
                    await socket.close()
                    return
                if ping is not None:
                    await self._send(ping)
                continue
            if message.type is not aiohttp.WSMsgType.TEXT:
                return
            await self._feed(message.data)

    async def _feed(self, text: str) -> None:
        if self._protocol is None:
            return
        self._last_frame = self._hearer.now()
        try:
            frame, answer = self._protocol.feed(text, asyncio.get_running_loop().time())
        except MalformedFrameError as error:
            self._hearer.noticed(self.name, f"The server sent a frame that cannot be read: {error.reason}")
            return
        if answer is not None:
            await self._send(answer)
        match frame:
            case Event(channel=str(channel), name=name, data_text=data_text):
                data, size = read_data(data_text)
                self._hearer.heard(self.name, channel, name, data, size=size, connection=self._connection)
            case SubscriptionSucceeded(channel=channel):
                self._answered(channel, True)
            case SubscriptionError(channel=channel, message=message):
                self._hearer.noticed(self.name, f"The subscription of {channel} was refused: {message}")
                self._answered(channel, False)
            case ErrorFrame(message=message):
                self._hearer.noticed(self.name, f"The server reported an error: {message}")
                if (
                    len(self._waiting) == 1
                ):  # the frame names no channel: with one in question it can only be that
                    self._answered(next(iter(self._waiting)), False)

    def _answered(self, channel: str, succeeded: bool) -> None:
        waiting = self._waiting.get(channel)
        if waiting is not None and not waiting.done():
            waiting.set_result(succeeded)

    async def _subscribe(self, channel: str, authorizer: Authorizer | None) -> bool:
        auth = None
        if channel.startswith(("private-", "presence-")):
            auth = await self._auth(channel, authorizer)
            if auth is None:
                return False
        waiting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[channel] = waiting
        try:
            await self._send(subscribe_frame(channel, auth))
            async with asyncio.timeout(self._within):
                return await waiting
        except TimeoutError:
            return False
        finally:
            del self._waiting[channel]

    async def _auth(self, channel: str, authorizer: Authorizer | None) -> str | None:
        socket_id = self._protocol.socket_id if self._protocol is not None else None
        if socket_id is None:
            return None
        if self._settings.secret is not None:
            return channel_auth(self._settings.key, self._settings.secret, socket_id, channel)
        return None if authorizer is None else await authorizer(socket_id, channel)

    async def _send(self, text: str) -> None:
        if self._socket is None:
            return
        with contextlib.suppress(ConnectionError, aiohttp.ClientError):  # `_listen` notices and reconnects
            await self._socket.send_str(text)
