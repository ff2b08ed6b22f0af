"""A reference server with a plan in force, and helpers to talk to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from contract.pusher.app import PusherAddress
from reference_server.app import Settings, make_app
from reference_server.chaos.plan import parse_plan
from tests.pusher.conftest import run_node
from tests.server.conftest import database, new_schema

__all__ = ["database", "new_schema", "run_node", "serve"]

CHAOS = "/_staycheck/chaos"
ROOMS = "grand-demo.rooms"


@dataclass
class Served:
    """A server, as a frontend and the control surface see it."""

    client: TestClient
    token: str | None = None

    async def put(self, *rules: dict[str, Any], seed: int = 1) -> None:
        reply = await self.client.put(CHAOS, json={"seed": seed, "rules": list(rules)})
        assert reply.status == 200, await reply.text()

    async def log(self, after: int = 0) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = (await (await self.client.get(f"{CHAOS}/log?after={after}")).json())[
            "entries"
        ]
        return entries

    async def login(self) -> dict[str, str]:
        if self.token is None:
            body = {"username": "manager", "password": "manager"}
            self.token = (await (await self.client.post("/api/staff/login/", json=body)).json())["token"]
        return {"Authorization": f"Token {self.token}"}

    async def call(self, method: str, path: str, **more: Any) -> aiohttp.ClientResponse:
        """A call by the manager; `path` is below the staff prefix of grand-demo."""
        url = f"/api/staff/hotel/grand-demo/{path}"
        return await self.client.request(method, url, headers=await self.login(), **more)

    async def turn(self, room: int, count: int, first: int = 0) -> None:
        """`count` events of one room on the rooms channel; `first` of them were made before."""
        for number in range(first, first + count):
            work = "mark-maintenance" if number % 2 == 0 else "complete-maintenance"
            body = {"priority": "LOW"} if number % 2 == 0 else {}
            reply = await self.call("POST", f"rooms/{room}/{work}/", json=body)
            assert reply.status == 200, await reply.text()

    async def listen(self, channel: str = ROOMS) -> Listener:
        socket = await self.client.ws_connect("/app/staycheck?protocol=7&client=test&version=1.0")
        await socket.receive_json(timeout=5)
        await socket.send_json({"event": "pusher:subscribe", "data": {"channel": channel}})
        await socket.receive_json(timeout=5)
        return Listener(socket)


@dataclass
class Listener:
    """One connection that is subscribed to one channel."""

    socket: aiohttp.ClientWebSocketResponse

    async def ids(self, count: int) -> list[str]:
        """The event_ids of the next events."""
        frames = [await self.socket.receive_json(timeout=10) for _ in range(count)]
        return [json.loads(frame["data"])["meta"]["event_id"] for frame in frames]

    async def code(self) -> int | None:
        """The close code, and nothing before it."""
        message = await self.socket.receive(timeout=10)
        assert message.type in (
            aiohttp.WSMsgType.CLOSE,
            aiohttp.WSMsgType.CLOSED,
            aiohttp.WSMsgType.ERROR,
        ), message
        return self.socket.close_code


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Any]]:
    """Start a server: `await serve(rule, rule, ...)`; with `publish_to` it publishes to another one too."""
    async with AsyncExitStack() as stack:

        async def start(
            *rules: dict[str, Any], seed: int = 1, publish_to: tuple[PusherAddress, ...] = (), **more: Any
        ) -> Served:
            plan = parse_plan({"seed": seed, "rules": list(rules)}) if rules else None
            settings = Settings(check_replies=True, chaos=plan, publish_to=publish_to, **more)
            client: TestClient = TestClient(TestServer(make_app(settings)))
            stack.push_async_callback(client.close)
            await client.start_server()
            return Served(client)

        yield start
