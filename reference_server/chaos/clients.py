"""The connections of the embedded Pusher endpoint, and how they are cut off."""

from __future__ import annotations

import asyncio
import contextlib
import socket as sockets
import struct
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from contract.pusher.errors import CloseError
from reference_server.realtime.hub import Hub

_Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

_NO_LINGER = struct.pack("ii", 1, 0)


class ChosenClose(CloseError):
    """Any close code, because a plan says so."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Closed with {code} by a chaos plan")
        self.code = code  # type: ignore[misc]  # the others have one each


class Clients:
    """Everybody who is connected to the hubs. Its middleware must be among the application's.

    `subscribed_as` is the name that a channel of the contract has for them.
    """

    def __init__(self, hubs: Sequence[Hub], subscribed_as: Callable[[str], str] = str) -> None:
        self._hubs = tuple(hubs)
        self._subscribed_as = subscribed_as
        self._requests: dict[asyncio.Task[object] | None, web.Request] = {}

    def close(self, channel: str | None, code: int | None) -> list[str]:
        """Cut off the clients of a channel (None: everybody); answers their socket ids.

        With a code they get what is queued for them and a close frame; without one the connection just ends.
        """
        ended = []
        channel = None if channel is None else self._subscribed_as(channel)
        for hub in self._hubs:
            for client in hub.clients():
                if channel is not None and channel not in client.channels:
                    continue
                if code is not None:
                    hub.close_client(client.socket_id, ChosenClose(code))
                elif (request := self._requests.get(hub.task_of(client.socket_id))) is not None:
                    abort(request)
                ended.append(client.socket_id)
        return ended

    @web.middleware
    async def middleware(self, request: web.Request, handler: _Next) -> web.StreamResponse:
        """Remembers which request a connection came with: ending it without a frame takes its transport."""
        if not request.path.startswith("/app/"):
            return await handler(request)
        task = asyncio.current_task()
        self._requests[task] = request
        try:
            return await handler(request)
        finally:
            del self._requests[task]


def abort(request: web.Request) -> None:
    """End the connection of a request at once, with a reset where the system lets us."""
    transport = request.transport
    if transport is None:
        return
    socket = transport.get_extra_info("socket")
    if socket is not None:
        with contextlib.suppress(OSError, AttributeError):
            socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, _NO_LINGER)
    transport.abort()
