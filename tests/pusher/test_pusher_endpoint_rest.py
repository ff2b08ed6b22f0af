"""The REST API over real sockets, mostly through the official Python library: reads, refusals, limits."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from pusher import Pusher
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
    ConnectClient,
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


async def test_presence_channels_are_read_with_their_users(
    endpoint: Endpoint, connect: ConnectClient
) -> None:
    subjects = [await (await connect(endpoint)).established() for _ in range(3)]
    for subject, user in zip(subjects, ("ada", "bob", "bob"), strict=True):
        await subject.subscribe("presence-lobby", {"user_id": user})
    await subjects[0].subscribe("a")
    assert await library(endpoint, lambda p: p.channels_info("presence-", ["user_count"])) == {
        "channels": {"presence-lobby": {"user_count": 2}}
    }
    assert await library(
        endpoint, lambda p: p.channel_info("presence-lobby", ["user_count", "subscription_count"])
    ) == {"occupied": True, "user_count": 2, "subscription_count": 3}
    assert await library(endpoint, lambda p: p.users_info("presence-lobby")) == {
        "users": [{"id": "ada"}, {"id": "bob"}]
    }
    assert await library(endpoint, lambda p: p.users_info("presence-empty")) == {"users": []}


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda p: p.channels_info(attributes=["user_count"]), "filter_by_prefix"),
        (lambda p: p.channels_info("private-", ["user_count"]), "filter_by_prefix"),
        (lambda p: p.channels_info("presence-", ["cache"]), "cache"),
        (lambda p: p.channel_info("a", ["user_count"]), "user_count"),
        (lambda p: p.channel_info("presence-a", ["cache"]), "cache"),
        (lambda p: p.channel_info("presence-a", ["members"]), "members"),
        (lambda p: p.users_info("a"), "presence"),
    ],
)
async def test_what_a_channel_cannot_answer_is_400(
    endpoint: Endpoint, call: Callable[[Pusher], Any], word: str
) -> None:
    with pytest.raises(PusherBadRequest, match=word):
        await library(endpoint, call)


async def test_the_last_event_of_a_cache_channel_is_read_until_it_is_too_old(
    start_endpoint: StartEndpoint,
) -> None:
    now = [1000.0]
    endpoint = await start_endpoint(monotonic=lambda: now[0])
    ask = lambda p: p.channel_info("cache-a", ["cache"])  # noqa: E731
    assert await library(endpoint, ask) == {"occupied": False, "cache": None}
    await library(endpoint, lambda p: p.trigger("cache-a", "n", {"n": 1}))
    now[0] += 1000.5
    kept = await library(endpoint, ask)
    assert (json.loads(kept["cache"]["data"]), kept["cache"]["ttl"]) == ({"n": 1}, 799)
    now[0] += 799.5
    assert (await library(endpoint, ask))["cache"] is None


async def test_a_signed_in_user_is_reached_by_the_library_on_every_connection(
    endpoint: Endpoint, connect: ConnectClient
) -> None:
    subjects = [await (await connect(endpoint)).established() for _ in range(3)]
    for subject in subjects[:2]:
        await subject.sign_in("12345")
    await library(endpoint, lambda p: p.send_to_user("12345", "n", {"n": 1}))
    for subject in subjects[:2]:
        event = await subject.next()
        assert isinstance(event, client.Event)
        assert (event.channel, event.name) == ("#server-to-user-12345", "n")
    await subjects[2].fence(endpoint.hub)


async def test_only_signed_requests_terminate(endpoint: Endpoint, connected: WsClient) -> None:
    await connected.sign_in("12345")
    async with aiohttp.ClientSession() as session:
        for path in (
            f"/apps/{APP.id}/users/12345/terminate_connections",
            "/users/12345/terminate_connections",
        ):
            async with session.post(endpoint.url(path), data=b"{}") as reply:
                assert reply.status == 401
        async with session.post(endpoint.url("/users/12345/terminate_connections?auth_key=app-key")) as reply:
            assert reply.status == 401
    await connected.fence(endpoint.hub)
