"""One WebSocket: moves frames between aiohttp, the connection's state machine and the hub.

Three things run per connection: the reader feeds the state machine and ticks it when it is due, the writer empties the
queue of a client that does not keep up, and the request's own task waits until one of them ends or the hub asks for the end.
Whatever ends first, the other two are cancelled, the WebSocket is closed with the right code within a bounded time, and the
hub forgets it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from contract.pusher.connection import Connection
from contract.pusher.errors import CloseError
from contract.pusher.frames import MAX_FRAME_CHARS, closing_frame, error_frame
from contract.pusher.handshake import CLOSE_CODE_ONLY_SINCE
from contract.pusher.outputs import Close
from reference_server.realtime.apps import HostedApp
from reference_server.realtime.hub import Hub
from reference_server.realtime.subscriber import Subscriber
from reference_server.realtime.wire import Wire

CLOSE_TIMEOUT = 2.0
"""Seconds a client may take for its part of the closing handshake, and its queue to be flushed."""

_MIN_WAIT = 0.001


async def refuse(request: web.Request, error: CloseError) -> web.StreamResponse:
    """Accept the WebSocket only to close it with the error's code; a client before protocol 6 gets the frame too."""
    ws = _websocket()
    await ws.prepare(request)
    protocol = request.query.get("protocol", "")
    with contextlib.suppress(ConnectionError):
        if protocol.isdecimal() and len(protocol) < 5 and int(protocol) < CLOSE_CODE_ONLY_SINCE:
            await ws.send_str(error_frame(error))
        await _close(ws, request, Close.of(error))
    return ws


async def serve(
    request: web.Request,
    hosted: HostedApp,
    subscriber: Subscriber,
    protocol: int,
    monotonic: Callable[[], float],
) -> web.StreamResponse:
    """Run one established connection of an app, in this version of the protocol, to its end."""
    hub = hosted.hub
    try:
        ws = _websocket()
        prepared, transport = await ws.prepare(request), request.transport
        if transport is None:  # gone already
            return ws
        subscriber.wire = wire = Wire(ws, transport, prepared)
        connection = Connection(subscriber.socket_id, hosted.app, hosted.settings, hub.state, monotonic())
        hub.apply(subscriber, connection.open())
        reader = asyncio.create_task(_read(ws, hub, subscriber, connection, monotonic))
        writer = asyncio.create_task(_write(wire, subscriber))
        try:
            first: set[asyncio.Future[Any]] = {reader, writer, subscriber.closing}
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if subscriber.closing.done():
                await _end(ws, request, subscriber, protocol, reader, writer)
        finally:
            await _cancel(reader, writer)
            if not ws.closed:
                await _close(ws, request, Close(1000, ""))
        return ws
    finally:
        hub.disconnect(subscriber)


def _websocket() -> web.WebSocketResponse:
    # No compression: a frame is encoded once for all its subscribers, and deflate would do it again for each.
    # Pings are seen by the reader, because they prove that the client is alive.
    return web.WebSocketResponse(
        timeout=CLOSE_TIMEOUT, autoping=False, compress=False, max_msg_size=MAX_FRAME_CHARS
    )


async def _read(
    ws: web.WebSocketResponse,
    hub: Hub,
    subscriber: Subscriber,
    connection: Connection,
    monotonic: Callable[[], float],
) -> None:
    while not subscriber.closing.done():
        wait = max(_MIN_WAIT, connection.deadline - monotonic())  # aiohttp takes a timeout of 0 for none
        try:
            message = await ws.receive(timeout=wait)
        except TimeoutError:
            hub.apply(subscriber, connection.tick(monotonic()))
            continue
        if subscriber.closing.done():  # it has left its channels, and joins none any more
            return
        match message.type:
            case WSMsgType.TEXT:
                hub.apply(subscriber, connection.feed(message.data, monotonic()))
            case WSMsgType.BINARY:
                hub.apply(subscriber, connection.feed_binary(monotonic()))
            case WSMsgType.PING:
                connection.heard(monotonic())
                await ws.pong(message.data)
            case WSMsgType.PONG:
                connection.heard(monotonic())
            case _:
                return


async def _write(wire: Wire, subscriber: Subscriber) -> None:
    """Send what the hub's flush left queued, in order; ends when the connection shall end and nothing is left."""
    woken = subscriber.woken
    while await wire.drain(subscriber.queue) and not subscriber.closing.done():
        woken.clear()
        await woken.wait()


async def _end(
    ws: web.WebSocketResponse,
    request: web.Request,
    subscriber: Subscriber,
    protocol: int,
    reader: asyncio.Task[None],
    writer: asyncio.Task[None],
) -> None:
    closing = subscriber.closing.result()
    if closing.flush:
        await asyncio.wait({writer}, timeout=CLOSE_TIMEOUT)
    flushed = writer.done()
    await _cancel(reader, writer)
    # A writer that was cut off may have sent half a frame: nothing can follow that.
    if flushed and protocol < CLOSE_CODE_ONLY_SINCE and not ws.closed:
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await ws.send_str(closing_frame(closing.close))
    if not ws.closed:
        await _close(ws, request, closing.close)


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        # The peer may vanish at any moment; anything else is a fault of ours and must be seen.
        if isinstance(result, Exception) and not isinstance(result, ConnectionError):
            raise result


async def _close(ws: web.WebSocketResponse, request: web.Request, close: Close) -> None:
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await ws.close(code=close.code, message=close.reason.encode("utf-8"), drain=False)
    except (TimeoutError, ConnectionError):
        pass
    finally:
        # A client that reads nothing would keep the socket's buffer alive for ever.
        transport = request.transport
        if transport is not None and transport.get_write_buffer_size() > 0:
            transport.abort()
