"""A reference server in the test's own loop, with replies checked against their schemas, and helpers to talk to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from reference_server.app import Settings, make_app
from reference_server.store import Store, make_store
from tests import postgres


@dataclass
class Hotel:
    """The server as staff and guests use it."""

    client: TestClient
    tokens: dict[str, str] = field(default_factory=dict)

    async def login(self, username: str) -> str:
        if username not in self.tokens:
            reply = await self.client.post(
                "/api/staff/login/", json={"username": username, "password": username}
            )
            assert reply.status == 200, await reply.text()
            self.tokens[username] = (await reply.json())["token"]
        return self.tokens[username]

    async def call(
        self, method: str, path: str, *, actor: str | None = "manager", body: Any = None, **kwargs: Any
    ) -> tuple[int, Any]:
        """`path` starting without a slash is below the staff prefix of grand-demo."""
        headers = dict(kwargs.pop("headers", {}))
        if actor is not None:
            headers["Authorization"] = f"Token {await self.login(actor)}"
        url = path if path.startswith("/") else f"/api/staff/hotel/grand-demo/{path}"
        reply = await self.client.request(method, url, json=body, headers=headers, **kwargs)
        assert reply.content_type == "application/json", await reply.text()
        return reply.status, await reply.json()

    async def arrange(
        self, state: str, params: dict[str, Any] | None = None, run: str = "test"
    ) -> dict[str, Any]:
        request = {"action": "arrange", "run": run, "states": [{"state": state, "params": params or {}}]}
        status, reply = await self.call("POST", "/_staycheck/states", actor=None, body=request)
        assert status == 200, reply
        bindings: dict[str, Any] = reply["results"][0]["bindings"]
        return bindings

    async def probe(self, probe: str, bindings: dict[str, Any]) -> Any:
        request = {"probes": [{"probe": probe, "subject": bindings}]}
        status, reply = await self.call("POST", "/_staycheck/probes", actor=None, body=request)
        assert status == 200, reply
        return reply["results"][0]["state"]

    async def listen(self, *channels: str) -> Callable[[], Awaitable[dict[str, Any]]]:
        """Subscribe to public channels; answers a function that waits for the next event."""
        socket = await self.client.ws_connect("/app/staycheck?protocol=7&client=test&version=1.0")
        established = await socket.receive_json(timeout=5)
        assert established["event"] == "pusher:connection_established"
        for channel in channels:
            await socket.send_json({"event": "pusher:subscribe", "data": {"channel": channel}})
            reply = await socket.receive_json(timeout=5)
            assert reply["event"] == "pusher_internal:subscription_succeeded"

        async def next_event() -> dict[str, Any]:
            frame = await socket.receive_json(timeout=5)
            return {"channel": frame["channel"], "name": frame["event"], **json.loads(frame["data"])}

        return next_event


@pytest.fixture
def new_schema() -> Iterator[str]:
    """The address of a schema of PostgreSQL that is not there yet; whatever is made in it is dropped."""
    with postgres.new_schema() as db:
        yield db


def _database(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    if kind == "postgres":
        return str(request.getfixturevalue("new_schema"))
    return "memory" if kind == "memory" else str(tmp_path / "hotel.sqlite3")


@pytest.fixture(params=["file", "memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of every kind that `--db` takes."""
    return _database(request.param, tmp_path, request)


@pytest.fixture(params=["file", pytest.param("postgres", marks=pytest.mark.postgres)])
def lasting_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of every kind that is still there when its server is gone."""
    return _database(request.param, tmp_path, request)


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    store = make_store(database)
    await store.open()
    yield store
    await store.close()


@asynccontextmanager
async def served(db: str) -> AsyncIterator[Hotel]:
    client = TestClient(TestServer(make_app(Settings(db=db, check_replies=True))))
    await client.start_server()
    try:
        yield Hotel(client)
    finally:
        await client.close()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
async def hotel(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Hotel]:
    async with served(_database(request.param, tmp_path, request)) as hotel:
        yield hotel
