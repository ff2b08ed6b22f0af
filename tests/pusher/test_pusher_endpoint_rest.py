"""The REST API over real sockets, mostly through the official Python library: reads, refusals, limits."""

from __future__ import annotations

import io
import time

import aiohttp
import pytest
from pusher.errors import PusherBadAuth, PusherBadRequest, PusherBadStatus

from contract.pusher import client
from contract.pusher.app import PusherApp
from contract.pusher.apps_file import AppsError
from contract.pusher.names import MAX_EVENT_DATA
from contract.pusher.settings import ServedApp
from contract.pusher.signatures import sign_request
from reference_server.realtime.apps import HostedApps
from tests.pusher.support import (
    APP,
    Endpoint,
    StartEndpoint,
    WsClient,
    library,
)


async def test_channels_are_listed_by_prefix(endpoint: Endpoint, connected: WsClient) -> None:
    await connected.subscribe("grand-demo.rooms")
    await connected.subscribe("private-a")
    assert await library(endpoint, lambda p: p.channels_info()) == {
        "channels": {"grand-demo.rooms": {}, "private-a": {}}
    }
    assert await library(endpoint, lambda p: p.channels_info("private-")) == {"channels": {"private-a": {}}}
    assert await library(endpoint, lambda p: p.channel_info("private-a", ["subscription_count"])) == {
        "occupied": True,
        "subscription_count": 1,
    }
    assert await library(endpoint, lambda p: p.channel_info("empty")) == {"occupied": False}
    with pytest.raises(PusherBadRequest, match="user_count"):
        await library(endpoint, lambda p: p.channels_info(attributes=["user_count"]))


async def test_wrong_credentials_are_401_in_plain_text(endpoint: Endpoint) -> None:
    for wrong in ({"key": "x"}, {"secret": "x"}, {"app_id": "2"}):
        with pytest.raises(PusherBadAuth) as caught:
            await library(endpoint, lambda p: p.trigger("a", "n", "{}"), **wrong)
        assert "<" not in str(caught.value)
        assert APP.secret not in str(caught.value)


async def test_data_over_the_limit_is_413(endpoint: Endpoint) -> None:
    assert await library(endpoint, lambda p: p.trigger("a", "n", "x" * MAX_EVENT_DATA)) == {}
    with pytest.raises(PusherBadStatus, match="413"):
        await library(endpoint, lambda p: p.trigger("a", "n", "x" * (MAX_EVENT_DATA + 1)))


async def test_a_body_beyond_all_limits_is_413(endpoint: Endpoint) -> None:
    path, body = f"/apps/{APP.id}/events", b" " * 2_000_000
    signed = sign_request("POST", path, {}, body, key=APP.key, secret=APP.secret, now=time.time())
    async with (
        aiohttp.ClientSession() as session,
        session.post(endpoint.url(path), params=signed, data=io.BytesIO(body)) as reply,
    ):
        assert (reply.status, reply.content_type) == (413, "text/plain")
        assert (await reply.text()).startswith("The body is too large")


async def test_a_refused_batch_publishes_none_of_its_events(endpoint: Endpoint, connected: WsClient) -> None:
    await connected.subscribe("a")
    batch = [{"channel": "a", "name": "n", "data": "{}"}, {"channel": "a", "name": "", "data": "{}"}]
    with pytest.raises(PusherBadRequest):
        await library(endpoint, lambda p: p.trigger_batch(batch, already_encoded=True))
    endpoint.hub.publish("a", "fence", "{}")
    assert await connected.next() == client.Event("a", "fence", "{}")


async def test_the_timestamp_window_uses_the_servers_clock(start_endpoint: StartEndpoint) -> None:
    endpoint = await start_endpoint(wall_clock=lambda: time.time() + 3600)
    with pytest.raises(PusherBadAuth, match="Timestamp expired"):
        await library(endpoint, lambda p: p.trigger("a", "n", "{}"))


async def test_errors_are_plain_text_and_answers_json(endpoint: Endpoint) -> None:
    path, body = f"/apps/{APP.id}/events", b'{"name":"n","data":"{}","channel":"a"}'
    signed = sign_request("POST", path, {}, body, key=APP.key, secret=APP.secret, now=time.time())
    async with aiohttp.ClientSession() as session:
        async with session.post(endpoint.url(path), params=signed, data=body) as reply:
            assert (reply.status, reply.content_type, await reply.json()) == (200, "application/json", {})
        async with session.post(endpoint.url(path), data=body) as reply:
            assert (reply.status, reply.content_type) == (401, "text/plain")
            assert await reply.text() == "The parameter auth_key is missing"


def test_apps_share_neither_id_nor_key() -> None:
    with pytest.raises(AppsError, match="share the id 1001"):
        HostedApps([ServedApp(APP), ServedApp(PusherApp(APP.id, "other", "other"))])
    with pytest.raises(AppsError, match="share the key app-key"):
        HostedApps([ServedApp(APP), ServedApp(PusherApp("7", APP.key, "other"))])
