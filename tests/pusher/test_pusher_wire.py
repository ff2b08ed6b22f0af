"""The way of frames to a transport: framed as RFC 6455 has it, in their order whoever writes them, bounded, and none behind a close."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from contract.pusher.frames import encode_event
from contract.pusher.settings import AppSettings
from reference_server.realtime.hub import Hub
from reference_server.realtime.wire import AT_ONCE, Wire, text_frame
from tests.pusher.support import until


class Transport:
    """Holds what is written until the reader takes it."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.unsent = 0
        self.closing = False

    def is_closing(self) -> bool:
        return self.closing

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.unsent += len(data)


class Ws:
    closed = False


class Writer:
    """Drains as a client reads that reads everything."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def drain(self) -> None:
        self._transport.unsent = 0
        await asyncio.sleep(0)


def wire() -> tuple[Wire, Transport, Ws]:
    transport, ws = Transport(), Ws()
    return Wire(cast(Any, ws), cast(Any, transport), cast(Any, Writer(transport))), transport, ws


SIZES = (0, 1, 125, 126, 127, 65_535, 65_536, 70_000)


async def test_frames_of_every_length_are_read_by_another_implementation() -> None:
    async def send(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=False)
        writer = await ws.prepare(request)
        assert request.transport is not None
        assert await Wire(ws, request.transport, writer).drain(
            deque(text_frame(b"x" * size) for size in SIZES)
        )
        await ws.close()
        return ws

    app = web.Application()
    app.router.add_get("/", send)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        ws = await session.ws_connect(server.make_url("/"))
        assert [await ws.receive_str(timeout=10) for _ in SIZES] == ["x" * size for size in SIZES]
        assert (await ws.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE


def test_what_waits_goes_out_in_one_write() -> None:
    subject, transport, _ = wire()
    queue = deque([b"a", b"b", b"c"])
    assert subject.flush(queue)
    assert (transport.written, list(queue)) == ([b"abc"], [])


async def test_events_of_one_turn_reach_a_transport_in_one_write_and_later_ones_behind_them() -> None:
    hub = Hub(AppSettings())
    subject, transport, _ = wire()
    subscriber = hub.connect()
    subscriber.wire = subject
    hub.state.subscribe(subscriber.socket_id, "a", None, 0.0)
    frames = [text_frame(encode_event("a", str(number), "{}")) for number in range(4)]
    for number in range(3):
        hub.publish("a", str(number), "{}")
    assert transport.written == [], "nothing is written while events are being published"
    await until(lambda: bool(transport.written))
    hub.publish("a", "3", "{}")
    await until(lambda: len(transport.written) > 1)
    assert transport.written == [b"".join(frames[:3]), frames[3]]


async def test_more_events_in_one_turn_than_a_queue_holds_do_not_cut_off_who_reads() -> None:
    hub = Hub(AppSettings(), queue_limit=8)
    subject, transport, _ = wire()
    subscriber = hub.connect()
    subscriber.wire = subject
    hub.state.subscribe(subscriber.socket_id, "a", None, 0.0)
    frames = [text_frame(encode_event("a", str(number), "{}")) for number in range(100)]
    assert [hub.publish("a", str(number), "{}") for number in range(100)] == [1] * 100
    assert not subscriber.closing.done()
    await until(lambda: not subscriber.queue)
    assert b"".join(transport.written) == b"".join(frames)


async def test_who_does_not_read_is_cut_off_with_what_fits() -> None:
    hub = Hub(AppSettings(), queue_limit=8)
    subject, transport, _ = wire()
    transport.unsent = AT_ONCE
    subscriber = hub.connect()
    subscriber.wire = subject
    hub.state.subscribe(subscriber.socket_id, "a", None, 0.0)
    assert [hub.publish("a", "n", "{}") for _ in range(10)] == [1] * 8 + [0] * 2
    assert subscriber.closing.result().close.code == 4100
    assert transport.written == []


def test_a_transport_that_holds_enough_gets_nothing_more_unasked() -> None:
    subject, transport, _ = wire()
    transport.unsent = AT_ONCE
    queue = deque([b"a"])
    assert not subject.flush(queue)
    assert (transport.written, list(queue)) == ([], [b"a"])


def test_one_write_is_bounded_and_the_rest_is_left() -> None:
    subject, transport, _ = wire()
    frame = b"x" * 10_000
    queue = deque([frame] * 100)
    assert not subject.flush(queue)
    assert len(transport.written[0]) < AT_ONCE + len(frame)
    assert len(queue) == 100 - len(transport.written[0]) // len(frame)


@pytest.mark.parametrize("why", ["the WebSocket is closing", "the transport is closing"])
async def test_nothing_follows_a_close(why: str) -> None:
    subject, transport, ws = wire()
    if "WebSocket" in why:
        ws.closed = True
    else:
        transport.closing = True
    queue = deque([b"a"])
    assert not subject.flush(queue)
    assert not await subject.drain(queue)
    assert transport.written == []


@given(st.lists(st.one_of(st.integers(1, 30_000), st.sampled_from(["flush", "drain", "read"])), max_size=40))
def test_the_order_holds_whoever_writes(steps: list[int | str]) -> None:
    """Frames of these sizes come in between flushes, drains, and a client that reads."""

    async def go() -> None:
        subject, transport, _ = wire()
        queue, offered = deque[bytes](), b""
        for number, step in enumerate(steps):
            if isinstance(step, int):
                frame = bytes([number]) * step
                queue.append(frame)
                offered += frame
            elif step == "flush":
                subject.flush(queue)
            elif step == "read":
                transport.unsent = 0
            else:
                assert await subject.drain(queue)
            assert b"".join(transport.written) + b"".join(queue) == offered
        assert await subject.drain(queue)
        assert b"".join(transport.written) == offered

    asyncio.run(go())
