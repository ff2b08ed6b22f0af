"""The control surface's view of who is connected, and its way to cut a connection off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from contract.pusher.app import PusherApp
from contract.pusher.settings import ServedApp
from contract.schema_store import schema_store
from reference_server.app import DEFAULT_APP, Settings, make_app

CONNECTIONS = "/_staycheck/connections"
APPS = (ServedApp(DEFAULT_APP), ServedApp(PusherApp("2002", "other", "other-secret")))


@pytest.fixture
async def server() -> AsyncIterator[TestClient]:
    async with TestClient(TestServer(make_app(Settings(apps=APPS)))) as client:
        yield client


async def connected(
    server: TestClient, key: str, *channels: str
) -> tuple[aiohttp.ClientWebSocketResponse, str]:
    socket = await server.ws_connect(f"/app/{key}?protocol=7")
    await socket.receive_json(timeout=5)
    for channel in channels:
        await socket.send_json({"event": "pusher:subscribe", "data": {"channel": channel}})
        await socket.receive_json(timeout=5)
    listed = (await (await server.get(CONNECTIONS)).json())["connections"]
    return socket, listed[-1]["socket_id"]


async def test_every_connection_of_every_app_is_listed_oldest_first(server: TestClient) -> None:
    first, _ = await connected(server, DEFAULT_APP.key, "grand-demo.rooms", "a")
    second, _ = await connected(server, "other")
    document = await (await server.get(CONNECTIONS)).json()
    assert schema_store().problems("files/connections.schema.json", document) == []
    shown = [
        (one["app_id"], one["user_id"], one["channels"], one["queued"]) for one in document["connections"]
    ]
    assert shown == [(DEFAULT_APP.id, None, ["a", "grand-demo.rooms"], 0), ("2002", None, [], 0)]
    await first.close()
    await second.close()


@pytest.mark.parametrize(
    ("body", "code"), [(None, 4200), ({}, 4200), ({"code": 4100}, 4100), ({"code": 4567}, 4567)]
)
async def test_a_connection_is_closed_with_the_code_that_was_asked_for(
    server: TestClient, body: dict[str, int] | None, code: int
) -> None:
    socket, socket_id = await connected(server, "other")
    reply = await server.post(f"{CONNECTIONS}/{socket_id}/close", json=body)
    assert (reply.status, await reply.read()) == (204, b"")
    message = await socket.receive(timeout=5)
    assert (message.type, socket.close_code) == (aiohttp.WSMsgType.CLOSE, code)


@pytest.mark.parametrize("code", [1000, 3999, 5000, "4200", None])
async def test_a_code_that_is_not_the_protocols_is_refused_and_nothing_closes(
    server: TestClient, code: object
) -> None:
    socket, socket_id = await connected(server, "other")
    reply = await server.post(f"{CONNECTIONS}/{socket_id}/close", json={"code": code})
    assert (reply.status, (await reply.json())["error"]["code"]) == (400, "INVALID_INPUT")
    await socket.send_json({"event": "pusher:ping"})
    assert (await socket.receive_json(timeout=5))["event"] == "pusher:pong"


async def test_nobody_there_is_not_found_and_no_json_invalid(server: TestClient) -> None:
    reply = await server.post(f"{CONNECTIONS}/1.1/close")
    assert (reply.status, (await reply.json())["error"]["code"]) == (404, "NOT_FOUND")
    reply = await server.post(f"{CONNECTIONS}/1.1/close", data=b"{")
    assert (reply.status, (await reply.json())["error"]["code"]) == (400, "INVALID_INPUT")


async def test_both_are_guarded() -> None:
    async with TestClient(TestServer(make_app(Settings(control_token="t")))) as client:
        assert (await client.get(CONNECTIONS)).status == 401
        assert (await client.post(f"{CONNECTIONS}/1.1/close")).status == 401
        assert (await client.get(CONNECTIONS, headers={"Authorization": "Bearer t"})).status == 200


async def test_the_hotels_events_go_to_the_first_app_alone(server: TestClient) -> None:
    first, _ = await connected(server, DEFAULT_APP.key, "grand-demo.rooms", "staff-hotel-1")
    second, _ = await connected(server, "other", "grand-demo.rooms")
    login = {"username": "housekeeper", "password": "housekeeper"}
    token = (await (await server.post("/api/staff/login/", json=login)).json())["token"]
    headers = {"Authorization": f"Token {token}"}
    state: dict[str, Any] = {
        "action": "arrange",
        "run": "r",
        "states": [{"state": "room in status", "params": {"room_status": "CHECKOUT_DIRTY"}}],
    }
    reply = await (await server.post("/_staycheck/states", json=state)).json()
    room = reply["results"][0]["bindings"]["room_number"]
    path = f"/api/staff/hotel/grand-demo/rooms/{room}/start-cleaning/"
    done = await server.post(path, json={}, headers=headers)
    assert done.status == 200, await done.text()
    assert (await first.receive_json(timeout=5))["event"] == "room_updated"
    await second.send_json({"event": "pusher:ping"})
    assert (await second.receive_json(timeout=5))["event"] == "pusher:pong"
