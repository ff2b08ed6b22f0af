"""Publishers: what they accept arrives, and everything else is a PublishFailed that says whether to try again."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from contract.pusher import client
from contract.pusher.app import PusherAddress, PusherApp
from contract.pusher.names import MAX_EVENT_DATA
from reference_server.realtime.hub import Hub
from reference_server.realtime.publishers import (
    HubPublisher,
    Message,
    Publisher,
    PublishFailed,
    PusherPublisher,
)
from tests.pusher.support import APP, Endpoint, WsClient

MESSAGE = Message("ev-1", "grand-demo.rooms", "room_updated", '{"meta":{"event_id":"ev-1"}}')
TOO_LARGE = Message("ev-2", "a", "n", "x" * (MAX_EVENT_DATA + 1))

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
HostThat = Callable[[Answer], Awaitable[PusherAddress]]


@pytest.fixture
async def host_that() -> AsyncIterator[HostThat]:
    """A host whose events endpoint behaves as told."""
    async with AsyncExitStack() as stack:

        async def start(answer: Answer) -> PusherAddress:
            app = web.Application()
            app.router.add_post("/apps/{id}/events", answer)
            server = TestServer(app)
            await stack.enter_async_context(server)
            assert server.port is not None
            return PusherAddress(APP, str(server.host), server.port, tls=False)

        yield start


async def failure(publisher: Publisher, message: Message = MESSAGE) -> PublishFailed:
    """The failure of one publish; the secret is never in it."""
    try:
        with pytest.raises(PublishFailed) as caught:
            await publisher.publish(message)
    finally:
        await publisher.aclose()
    assert APP.secret not in str(caught.value)
    assert APP.secret not in repr(caught.value.__cause__)
    return caught.value


async def test_the_hub_publisher_feeds_the_hub(endpoint: Endpoint, connected: WsClient) -> None:
    await connected.subscribe(MESSAGE.channel)
    await HubPublisher(endpoint.hub).publish(MESSAGE)
    assert await connected.next() == client.Event(MESSAGE.channel, MESSAGE.event, MESSAGE.data)


async def test_the_pusher_publisher_reaches_an_endpoint_in_order(
    endpoint: Endpoint, connected: WsClient
) -> None:
    await connected.subscribe(MESSAGE.channel)
    publisher = PusherPublisher(PusherAddress(APP, endpoint.host, endpoint.port, tls=False))
    for number in range(20):
        await publisher.publish(Message(f"ev-{number}", MESSAGE.channel, MESSAGE.event, str(number)))
    await publisher.aclose()
    received = [await connected.next() for _ in range(20)]
    assert received == [client.Event(MESSAGE.channel, MESSAGE.event, str(number)) for number in range(20)]


async def test_too_much_data_is_said_and_not_tried_again() -> None:
    for publisher in (HubPublisher(Hub()), PusherPublisher(PusherAddress(APP, "127.0.0.1", 9, tls=False))):
        failed = await failure(publisher, TOO_LARGE)
        assert not failed.retryable
        assert "10241 bytes" in failed.reason
        assert "ev-2" in failed.reason


async def test_a_name_the_library_refuses_is_not_tried_again() -> None:
    publisher = PusherPublisher(PusherAddress(APP, "127.0.0.1", 9, tls=False))
    failed = await failure(publisher, Message("ev-3", "not a channel", "n", "{}"))
    assert not failed.retryable


async def test_a_host_that_is_down_is_tried_again() -> None:
    with socket.socket() as reserved:  # bound and not listening: connections are refused
        reserved.bind(("127.0.0.1", 0))
        host, port = reserved.getsockname()
        failed = await failure(PusherPublisher(PusherAddress(APP, host, port, tls=False)))
    assert failed.retryable
    assert "127.0.0.1" in failed.reason


async def test_a_host_that_never_answers_is_given_up_after_the_timeout(host_that: HostThat) -> None:
    release = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await release.wait()
        return web.json_response({})

    publisher = PusherPublisher(await host_that(hang), timeout=0.05)
    failed = await failure(publisher)
    release.set()
    assert failed.retryable
    assert "no answer within 0.05 s" in failed.reason


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        (400, False),
        (413, False),
        (401, True),
        (403, True),
        (404, True),
        (429, True),
        (500, True),
        (503, True),
    ],
)
async def test_statuses(host_that: HostThat, status: int, retryable: bool) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=status, text=f"refused, your secret {APP.secret} is bad")

    failed = await failure(PusherPublisher(await host_that(refuse)))
    assert failed.retryable is retryable
    assert "refused" in failed.reason


async def test_a_page_instead_of_json_is_no_success(host_that: HostThat) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>welcome</html>", content_type="text/html")

    assert (await failure(PusherPublisher(await host_that(page)))).retryable


async def test_a_redirect_is_not_followed_into_a_false_success(host_that: HostThat) -> None:
    async def redirect(request: web.Request) -> web.Response:
        raise web.HTTPFound("/elsewhere")

    assert (await failure(PusherPublisher(await host_that(redirect)))).retryable


async def test_wrong_credentials_may_be_mended(endpoint: Endpoint) -> None:
    wrong = PusherApp(APP.id, APP.key, "wrong-secret")
    failed = await failure(PusherPublisher(PusherAddress(wrong, endpoint.host, endpoint.port, tls=False)))
    assert failed.retryable
    assert "PusherBadAuth" in failed.reason
    assert "wrong-secret" not in failed.reason
