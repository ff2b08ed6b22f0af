"""Frames on their way to one transport, past the WebSocket writer of aiohttp.

A server's frames are not masked, so an event is the same bytes for all who get it: it is framed once, and what waits for a
connection goes out in one write. This holds because no compression is ever agreed on (`websocket`), and because nothing follows
a close frame: whoever closes goes through aiohttp, which says so before it writes. Control frames are aiohttp's own; like
ours they are written whole.
"""

from __future__ import annotations

import asyncio
from collections import deque

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

AT_ONCE = 64 * 1024
"""Bytes: what one write takes, a frame more or less, and what a transport may hold unsent when it is given more unasked."""

_FINAL_TEXT = 0x81


def text_frame(payload: bytes) -> bytes:
    """A whole message of text as a server sends it (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((_FINAL_TEXT, size)) + payload
    if size < 65_536:
        return bytes((_FINAL_TEXT, 126)) + size.to_bytes(2, "big") + payload
    return bytes((_FINAL_TEXT, 127)) + size.to_bytes(8, "big") + payload


class Wire:
    """Where the frames of one connection go; `writer` is what `ws.prepare` returned."""

    __slots__ = ("_transport", "_writer", "_ws")

    def __init__(
        self, ws: web.WebSocketResponse, transport: asyncio.WriteTransport, writer: AbstractStreamWriter
    ) -> None:
        self._ws, self._transport, self._writer = ws, transport, writer

    def flush(self, queue: deque[bytes]) -> bool:
        """Write what the transport takes without growing; True when nothing is left."""
        transport = self._transport
        if self._ws.closed or transport.is_closing() or transport.get_write_buffer_size() >= AT_ONCE:
            return False
        if len(queue) == 1:
            transport.write(queue.popleft())
            return True
        self._write_some(queue)
        return not queue

    async def drain(self, queue: deque[bytes]) -> bool:
        """Write everything, as fast as the client reads; False when the connection ended before."""
        while queue:
            await self._writer.drain()  # returns at once unless the transport said that it holds too much
            if self._ws.closed or self._transport.is_closing():
                return False
            self._write_some(queue)
        return True

    def _write_some(self, queue: deque[bytes]) -> None:
        some, size = [], 0
        while queue and size < AT_ONCE:
            frame = queue.popleft()
            some.append(frame)
            size += len(frame)
        if some:
            self._transport.write(b"".join(some))
