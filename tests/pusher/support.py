"""What the Pusher tests share: the app, a running endpoint, a WebSocket client, a Node process, bounded waits."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pusher import Pusher

from contract.pusher import client
from contract.pusher.app import PusherApp
from contract.pusher.names import channel_kind
from contract.pusher.signatures import channel_auth, user_auth
from reference_server.realtime.apps import HostedApps
from reference_server.realtime.hub import Hub

APP = PusherApp(id="1001", key="app-key", secret="app-secret")
MASTER_KEY = base64.b64encode(bytes(range(32))).decode()
"""What the keys of encrypted channels are made of; the endpoint never sees it."""
DEADLINE = 10.0
"""Seconds after which a wait has failed; never slept through."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server that runs: its hub and where it listens."""

    hosted: HostedApps
    server: TestServer

    @property
    def hub(self) -> Hub:
        return self.hosted.first.hub

    @property
    def host(self) -> str:
        return str(self.server.host)

    @property
    def port(self) -> int:
        assert self.server.port is not None
        return self.server.port

    def url(self, path: str) -> str:
        return f"http://{self.host}:{self.port}{path}"


class WsClient:
    """A WebSocket with the sans-I/O subscriber on it; every wait has a deadline."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self._subscriber = client.Subscriber(asyncio.get_running_loop().time())

    @property
    def socket_id(self) -> str:
        assert self._subscriber.socket_id is not None
        return self._subscriber.socket_id

    async def next(self) -> client.ServerFrame:
        """The next frame; answers a ping on the way."""
        text = await self.ws.receive_str(timeout=DEADLINE)
        frame, reply = self._subscriber.feed(text, asyncio.get_running_loop().time())
        if reply is not None:
            await self.ws.send_str(reply)
        return frame

    async def established(self) -> Self:
        assert isinstance(await self.next(), client.Established)
        return self

    async def subscribe(self, channel: str, member: dict[str, Any] | None = None) -> client.ServerFrame:
        """Subscribe, signed when the channel needs it; the server's answer."""
        auth, data = None, None if member is None else json.dumps(member)
        if channel_kind(channel).needs_auth:
            auth = channel_auth(APP.key, APP.secret, self.socket_id, channel, data)
        await self.ws.send_str(client.subscribe_frame(channel, auth, data))
        return await self.next()

    async def say(self, event: str, data: Any, channel: str | None = None) -> None:
        """Send any other frame."""
        frame = {"event": event, "data": data}
        await self.ws.send_str(json.dumps(frame if channel is None else frame | {"channel": channel}))

    async def sign_in(self, user_id: str) -> client.ServerFrame:
        """Sign in as this user; the server's answer."""
        user_data = json.dumps({"id": user_id})
        auth = user_auth(APP.key, APP.secret, self.socket_id, user_data)
        await self.say("pusher:signin", {"auth": auth, "user_data": user_data})
        return await self.next()

    async def fence(self, hub: Hub) -> None:
        """Everything that was queued before has been read, and it was nothing."""
        if "fence" not in hub.state.of(self.socket_id):
            assert isinstance(await self.subscribe("fence"), client.SubscriptionSucceeded)
        hub.publish("fence", "fence", "{}")
        assert await self.next() == client.Event("fence", "fence", "{}")

    async def closed(self) -> int | None:
        """The close code, once the server has closed; frames before it are dropped."""
        while True:
            message = await self.ws.receive(timeout=DEADLINE)
            if message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}:
                return self.ws.close_code


def backend(**more: Any) -> Pusher:
    """An application's server: the official Python library with the credentials and the master key of the tests."""
    who = {"app_id": APP.id, "key": APP.key, "secret": APP.secret, "encryption_master_key_base64": MASTER_KEY}
    return Pusher(**who | more)


async def authorize(request: web.Request) -> web.Response:
    """The auth endpoint of an application, as pusher-js calls it: form-encoded, JSON back, from any origin.

    On a presence channel everybody is a user of their own, or who the parameter `user` of the query says.
    """
    form = await request.post()
    channel, socket_id = str(form["channel_name"]), str(form["socket_id"])
    if "forbidden" in channel:
        return web.json_response({"error": "not yours"}, status=403)
    user_id = request.query.get("user", f"user-{socket_id}")
    member = {"user_id": user_id, "user_info": {"name": f"Zoë {user_id}"}}
    answer = backend().authenticate(channel, socket_id, member if channel_kind(channel).is_presence else None)
    if "shared_secret" in answer:  # the library leaves it as bytes
        answer["shared_secret"] = answer["shared_secret"].decode()
    return web.json_response(answer, headers={"Access-Control-Allow-Origin": "*"})


async def authenticate(request: web.Request) -> web.Response:
    """The user authentication endpoint of an application: everybody is user 12345."""
    socket_id = str((await request.post())["socket_id"])
    answer = backend().authenticate_user(socket_id, {"id": "12345", "user_info": {"name": "Zoë"}})
    return web.json_response(answer, headers={"Access-Control-Allow-Origin": "*"})


StartEndpoint = Callable[..., Awaitable[Endpoint]]
ConnectClient = Callable[..., Awaitable[WsClient]]


class NodeProcess:
    """A Node script that writes one JSON object per line, and reads commands in the same way."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._passed_over: list[dict[str, Any]] = []

    async def next(self, kind: str) -> dict[str, Any]:
        """The next line of this type; lines of other types wait for whoever asks for them."""
        for earlier in self._passed_over:
            if earlier["type"] == kind:
                self._passed_over.remove(earlier)
                return earlier
        stdout = self._process.stdout
        assert stdout is not None
        try:
            async with asyncio.timeout(DEADLINE * 2):
                while line := await stdout.readline():
                    message: dict[str, Any] = json.loads(line)
                    if message["type"] == kind:
                        return message
                    self._passed_over.append(message)
        except TimeoutError:
            pytest.fail(f"no {kind!r} from the Node client in time; it said {self._passed_over}")
        pytest.fail(f"the Node client ended without {kind!r}; it said {self._passed_over}")

    async def do(self, **command: Any) -> None:
        """Send one command."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(json.dumps(command).encode() + b"\n")
        await stdin.drain()

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


RunNode = Callable[..., Awaitable[NodeProcess]]


async def library(endpoint: Endpoint, call: Callable[[Pusher], Any], **credentials: str) -> Any:
    """One call of the official Python library, which blocks, on a thread."""
    pusher = backend(**credentials, host=endpoint.host, port=endpoint.port, ssl=False)
    return await asyncio.to_thread(call, pusher)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until the condition holds."""
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0)
