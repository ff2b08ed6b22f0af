"""The endpoint over real sockets: the official Python library triggers, WebSocket clients receive."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import time

import aiohttp
import pytest
from aiohttp import web

from contract.pusher import client
from contract.pusher.settings import AppSettings, AuthFailure, ServedApp
from reference_server.realtime.apps import HostedApps
from reference_server.realtime.endpoint import add_pusher_routes
from tests.pusher.support import (
    APP,
    DEADLINE,
    ConnectClient,
    Endpoint,
    StartEndpoint,
    WsClient,
    library,
    until,
)

# From trigger to subscriber


async def test_the_library_triggers_and_a_subscriber_receives(
    endpoint: Endpoint, connected: WsClient
) -> None:
    assert await connected.subscribe("grand-demo.rooms") == client.SubscriptionSucceeded(
        "grand-demo.rooms", "{}"
    )
    payload = {"room_number": 101, "guest": "Zoë"}
    assert await library(endpoint, lambda p: p.trigger("grand-demo.rooms", "room_updated", payload)) == {}
    event = await connected.next()
    assert isinstance(event, client.Event)
    assert (event.channel, event.name) == ("grand-demo.rooms", "room_updated")
    assert json.loads(event.data_text) == payload


async def test_a_batch_arrives_in_its_order_and_only_where_subscribed(
    endpoint: Endpoint, connected: WsClient
) -> None:
    await connected.subscribe("a")
    batch = [{"channel": channel, "name": "n", "data": str(i)} for i, channel in enumerate("aababbaaaa")]
    assert await library(endpoint, lambda p: p.trigger_batch(batch)) == {}
    received = [await connected.next() for _ in range(7)]
    assert [event.data_text for event in received if isinstance(event, client.Event)] == list("0136789"[:7])


async def test_one_trigger_for_many_channels_skips_the_excluded_socket_on_all(
    endpoint: Endpoint, connect: ConnectClient
) -> None:
    sender, other = [await (await connect(endpoint)).established() for _ in range(2)]
    for subscriber in (sender, other):
        await subscriber.subscribe("a")
        await subscriber.subscribe("b")
    await library(endpoint, lambda p: p.trigger(["a", "b"], "n", "1", sender.socket_id))
    await library(endpoint, lambda p: p.trigger(["a"], "n", "2"))
    assert [await other.next() for _ in range(3)] == [
        client.Event("a", "n", "1"),
        client.Event("b", "n", "1"),
        client.Event("a", "n", "2"),
    ]
    assert await sender.next() == client.Event("a", "n", "2")


async def test_events_of_a_channel_are_first_in_first_out(endpoint: Endpoint, connect: ConnectClient) -> None:
    subscribers = [await (await connect(endpoint)).established() for _ in range(3)]
    for subscriber in subscribers:
        await subscriber.subscribe("a")
    for number in range(500):
        assert endpoint.hub.publish("a", "n", str(number)) == 3
    for subscriber in subscribers:
        received = [await subscriber.next() for _ in range(500)]
        assert received == [client.Event("a", "n", str(number)) for number in range(500)]


async def test_nothing_arrives_after_unsubscribing(endpoint: Endpoint, connected: WsClient) -> None:
    await connected.subscribe("a")
    await connected.subscribe("b")
    await connected.ws.send_str(client.unsubscribe_frame("a"))
    await until(lambda: endpoint.hub.subscription_count("a") == 0)
    assert endpoint.hub.publish("a", "n", "{}") == 0
    assert endpoint.hub.publish("b", "n", "{}") == 1
    assert await connected.next() == client.Event("b", "n", "{}")


async def test_the_hub_shows_its_clients_and_forgets_them(endpoint: Endpoint, connected: WsClient) -> None:
    await connected.subscribe("b")
    await connected.subscribe("a")
    (shown,) = endpoint.hub.clients()
    assert (shown.socket_id, shown.channels) == (connected.socket_id, ("a", "b"))
    assert endpoint.hub.channels() == {"a": 1, "b": 1}
    await connected.ws.close()
    await until(lambda: endpoint.hub.clients() == ())
    assert endpoint.hub.channels() == {}


async def test_a_client_that_vanishes_without_a_word_is_forgotten(
    endpoint: Endpoint, connected: WsClient
) -> None:
    await connected.subscribe("a")
    peer = connected.ws.get_extra_info("socket")
    peer.shutdown(socket.SHUT_RDWR)
    await until(lambda: endpoint.hub.clients() == ())


# Private channels


async def test_a_private_channel_needs_the_apps_signature(endpoint: Endpoint, connected: WsClient) -> None:
    name = "private-guest-booking.BK-2026-0001"
    await connected.ws.send_str(client.subscribe_frame(name, "app-key:0000"))
    refused = await connected.next()
    assert isinstance(refused, client.ErrorFrame)
    assert refused.code == 4009
    assert endpoint.hub.publish(name, "n", "{}") == 0

    assert await connected.subscribe(name) == client.SubscriptionSucceeded(name, "{}")
    endpoint.hub.publish(name, "n", "{}")
    assert await connected.next() == client.Event(name, "n", "{}")


@pytest.mark.parametrize("failure", [AuthFailure.CLOSE, AuthFailure.SUBSCRIPTION_ERROR])
async def test_the_answer_to_bad_auth_is_a_setting(
    start_endpoint: StartEndpoint, connect: ConnectClient, failure: AuthFailure
) -> None:
    endpoint = await start_endpoint(AppSettings(auth_failure=failure))
    subject = await (await connect(endpoint)).established()
    await subject.ws.send_str(client.subscribe_frame("private-a"))
    if failure is AuthFailure.CLOSE:
        assert await subject.closed() == 4009
    else:
        answer = await subject.next()
        assert isinstance(answer, client.SubscriptionError)
        assert (answer.channel, answer.status) == ("private-a", 401)


# Connections


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/app/nobody?protocol=7", 4001),
        ("/app/app-key", 4008),
        ("/app/app-key?protocol=99", 4007),
        ("/app/app-key?protocol=7&version=~", 4006),
        ("/app/app-key/more?protocol=7", 4005),
        ("/app/?protocol=7", 4005),
    ],
)
async def test_a_connection_is_refused_with_the_close_code_alone(
    endpoint: Endpoint, connect: ConnectClient, path: str, code: int
) -> None:
    refused = await connect(endpoint, path)
    message = await refused.ws.receive(timeout=DEADLINE)
    assert message.type is aiohttp.WSMsgType.CLOSE
    assert refused.ws.close_code == code
    assert endpoint.hub.clients() == ()


async def test_before_protocol_6_the_error_frame_comes_first(
    endpoint: Endpoint, connect: ConnectClient
) -> None:
    refused = await connect(endpoint, "/app/nobody?protocol=5")
    error = await refused.next()
    assert isinstance(error, client.ErrorFrame)
    assert error.code == 4001
    assert await refused.closed() == 4001


@pytest.mark.parametrize("protocol", [5, 6, 7])
async def test_so_it_is_for_a_connection_that_was_established(
    start_endpoint: StartEndpoint, connect: ConnectClient, protocol: int
) -> None:
    """After what was queued for it; from protocol 6 on the close code is all."""
    endpoint = await start_endpoint(AppSettings(auth_failure=AuthFailure.CLOSE))
    subject = await (await connect(endpoint, f"/app/{APP.key}?protocol={protocol}")).established()
    await subject.subscribe("a")
    endpoint.hub.publish("a", "n", "1")
    await subject.ws.send_str(client.subscribe_frame("private-a"))
    assert await subject.next() == client.Event("a", "n", "1")
    if protocol == 5:
        error = await subject.next()
        assert isinstance(error, client.ErrorFrame)
        assert error.code == 4009
    message = await subject.ws.receive(timeout=DEADLINE)
    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 4009)


async def test_plain_http_on_the_websocket_path_is_400(endpoint: Endpoint) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(endpoint.url("/app/app-key?protocol=7")) as reply,
    ):
        assert reply.status == 400
    assert endpoint.hub.clients() == ()


async def test_pings_of_both_kinds_are_answered(endpoint: Endpoint, connect: ConnectClient) -> None:
    async with aiohttp.ClientSession() as session:
        ws = await session.ws_connect(endpoint.url(client.connect_path(APP.key)), autoping=False)
        await ws.receive()
        await ws.send_str('{"event":"pusher:ping","data":{}}')
        assert json.loads(await ws.receive_str(timeout=DEADLINE))["event"] == "pusher:pong"
        await ws.ping(b"beat")
        message = await ws.receive(timeout=DEADLINE)
        assert (message.type, message.data) == (aiohttp.WSMsgType.PONG, b"beat")


async def test_an_idle_client_is_pinged_and_stays_while_it_answers(
    start_endpoint: StartEndpoint, connect: ConnectClient
) -> None:
    endpoint = await start_endpoint(AppSettings(activity_timeout=0.05, pong_timeout=5))
    subject = await (await connect(endpoint)).established()
    for _ in range(3):
        assert await subject.next() == client.Ping()


async def test_a_client_that_does_not_answer_is_closed_with_4201(
    start_endpoint: StartEndpoint, connect: ConnectClient
) -> None:
    endpoint = await start_endpoint(AppSettings(activity_timeout=0.05, pong_timeout=0.05))
    subject = await (await connect(endpoint)).established()
    assert await subject.closed() == 4201  # it reads the ping and says nothing
    await until(lambda: endpoint.hub.clients() == ())


async def test_malformed_frames_are_answered_and_the_connection_stays(
    endpoint: Endpoint, connected: WsClient
) -> None:
    for send in (connected.ws.send_str("{"), connected.ws.send_bytes(b"\x00")):
        await send
        assert isinstance(await connected.next(), client.ErrorFrame)
    assert isinstance(await connected.subscribe("a"), client.SubscriptionSucceeded)


async def test_an_oversized_frame_ends_the_connection(endpoint: Endpoint, connected: WsClient) -> None:
    await connected.ws.send_str("x" * 100_000)
    assert await connected.closed() == 1009
    await until(lambda: endpoint.hub.clients() == ())


# Slow subscribers and the end


async def slow_subscriber(endpoint: Endpoint, channel: str) -> socket.socket:
    """A raw WebSocket that subscribes and then never reads, with a small receive buffer."""
    loop = asyncio.get_running_loop()
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await loop.sock_connect(raw, (endpoint.host, endpoint.port))
    upgrade = (
        f"GET {client.connect_path(APP.key)} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await loop.sock_sendall(raw, upgrade.encode())
    text = client.subscribe_frame(channel).encode()
    assert len(text) < 126
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text))
    await loop.sock_sendall(raw, struct.pack("!BB", 0x81, 0x80 | len(text)) + mask + masked)
    await until(lambda: endpoint.hub.subscription_count(channel) > 0)
    return raw


async def test_a_slow_subscriber_is_cut_off_and_holds_up_nobody(
    start_endpoint: StartEndpoint, connect: ConnectClient
) -> None:
    endpoint = await start_endpoint(queue_limit=8)
    raw = await slow_subscriber(endpoint, "a")
    try:
        fast = await (await connect(endpoint)).established()
        await fast.subscribe("a")
        data = json.dumps("x" * 10_000)
        for number in range(5000):
            endpoint.hub.publish("a", str(number), data)
            assert await fast.next() == client.Event("a", str(number), data)
            if endpoint.hub.subscription_count("a") == 1:
                break
        assert endpoint.hub.subscription_count("a") == 1, "the slow subscriber was never cut off"
        await until(lambda: len(endpoint.hub.clients()) == 1)
        assert endpoint.hub.publish("a", "after", "{}") == 1
        assert await fast.next() == client.Event("a", "after", "{}")
    finally:
        raw.close()


async def test_a_cut_off_subscriber_that_reads_again_sees_4100(
    start_endpoint: StartEndpoint, connect: ConnectClient
) -> None:
    endpoint = await start_endpoint(queue_limit=8)
    subject = await (await connect(endpoint)).established()
    await subject.subscribe("a")
    data = json.dumps("x" * 10_000)
    for _ in range(5000):  # in one step of the loop, so the client cannot read meanwhile
        if not endpoint.hub.publish("a", "n", data):
            break
    assert endpoint.hub.subscription_count("a") == 0
    assert await subject.closed() == 4100


async def test_close_all_flushes_and_closes_with_4200(endpoint: Endpoint, connect: ConnectClient) -> None:
    subjects = [await (await connect(endpoint)).established() for _ in range(3)]
    for subject in subjects:
        await subject.subscribe("a")
    endpoint.hub.publish("a", "last", "{}")
    closing = asyncio.create_task(endpoint.hub.close_all())
    for subject in subjects:
        assert await subject.next() == client.Event("a", "last", "{}")
        assert await subject.closed() == 4200
    await closing
    assert endpoint.hub.clients() == ()
    assert await (await connect(endpoint)).closed() == 4200, "a stopping hub takes nobody new"


async def test_shutting_the_server_down_closes_with_4200_and_leaves_no_task(connect: ConnectClient) -> None:
    app, hosted = web.Application(), HostedApps([ServedApp(APP)])
    add_pusher_routes(app, hosted)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    before = asyncio.all_tasks()
    async with aiohttp.ClientSession() as session:
        ws = await session.ws_connect(f"http://{host}:{port}{client.connect_path(APP.key)}")
        subject = await WsClient(ws).established()
        stopping = asyncio.create_task(runner.cleanup())
        assert await subject.closed() == 4200
        await stopping
    assert asyncio.all_tasks() <= before
    assert hosted.clients() == ()


async def test_a_connection_that_does_not_close_in_time_is_cancelled(
    start_endpoint: StartEndpoint,
) -> None:
    endpoint = await start_endpoint()
    raw = await slow_subscriber(endpoint, "a")
    try:
        started = time.monotonic()
        await endpoint.hub.close_all(grace=0.05)
        assert time.monotonic() - started < DEADLINE
        assert endpoint.hub.clients() == ()
    finally:
        raw.close()
