"""The sink: a Pusher REST endpoint of our own that the backend publishes to.

It sees every trigger in the order it was sent, before any fan-out. Each is recorded per channel, then the answer is held
until the after-commit read it caused is in, for at most `hold` seconds: a backend that publishes inside its transaction
cannot commit while it waits for us, so the read shows the old state. A backend with a single worker cannot answer that read
while it waits for us; after two reads that were not in time the sink holds no more.

During an outage (`outage`) a request about its scenario is refused as a whole; what is refused is no event.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Sequence

from aiohttp import web

from conformance_tests.discovery import why
from conformance_tests.json_text import read_data
from conformance_tests.observers.base import Hearer
from conformance_tests.outage import Mode, Outage
from conformance_tests.target import SinkSettings, UnreachableError
from contract.pusher.errors import RestError
from contract.pusher.rest import Trigger, parse_batch_events, parse_events
from contract.pusher.signatures import verify_request

_MAX_BODY = 1_000_000
_LATE_READS_ALLOWED = 2


class Sink:
    """One listening endpoint; see the module's docstring. `listener` is a socket that listens already, if there is one."""

    name = "sink"

    def __init__(
        self, settings: SinkSettings, hearer: Hearer, *, hold: float, listener: socket.socket | None = None
    ) -> None:
        self._settings, self._hearer, self._hold, self._listener = settings, hearer, hold, listener
        self._runner: web.AppRunner | None = None
        self._late_reads = 0

    async def start(self, channels: Sequence[str]) -> None:
        app = web.Application(client_max_size=_MAX_BODY)
        app.router.add_post("/apps/{app_id}/events", self._events)
        app.router.add_post("/apps/{app_id}/batch_events", self._batch)
        app.router.add_get("/apps/{app_id}/channels", self._channels)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site: web.BaseSite = (
            web.TCPSite(self._runner, self._settings.host, self._settings.port)
            if self._listener is None
            else web.SockSite(self._runner, self._listener)
        )
        try:
            await site.start()
        except OSError as error:
            await self.stop()
            address = f"{self._settings.host}:{self._settings.port}"
            raise UnreachableError(f"The sink cannot listen on {address}: {why(error)}.") from None

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _events(self, request: web.Request) -> web.Response:
        return await self._trigger(request, parse_events)

    async def _batch(self, request: web.Request) -> web.Response:
        return await self._trigger(request, parse_batch_events)

    async def _channels(self, request: web.Request) -> web.Response:
        # some backends ask who listens before they publish; an empty answer would make them fall silent
        return web.json_response({"channels": {}})

    async def _trigger(
        self, request: web.Request, parse: Callable[[bytes], tuple[Trigger, ...]]
    ) -> web.Response:
        if request.match_info["app_id"] != self._settings.app_id:
            self._hearer.noticed(
                self.name, f"A trigger came for app {request.match_info['app_id'][:40]!a}, which is unknown."
            )
            return web.Response(status=404, text="No such app")
        body = await request.read()
        try:
            verify_request(
                request.method,
                request.path,
                request.query.items(),
                body,
                key=self._settings.key,
                secret=self._settings.secret,
                now=time.time(),
            )
            triggers = parse(body)
        except RestError as error:
            self._hearer.noticed(self.name, f"A trigger was refused with {error.status}: {error.reason}")
            return web.Response(status=error.status, text=error.reason)
        said = [(channel, one.name, *read_data(one.data)) for one in triggers for channel in one.channels]
        refused = self._hearer.refuses(self.name, [(channel, name, data) for channel, name, data, _ in said])
        if refused is not None:
            return await self._refuse(request, *refused)
        reads = []
        for channel, name, data, size in said:
            read = self._hearer.heard(self.name, channel, name, data, size=size)
            if read is not None:
                reads.append(read)
        await self._hold_for(reads)
        return web.json_response({})

    async def _refuse(self, request: web.Request, outage: Outage, mode: Mode) -> web.Response:
        if mode == "silent":
            await outage.silence()
        if mode != "unavailable" and request.transport is not None:
            request.transport.abort()  # what is returned below reaches nobody
        return web.Response(status=503, text="Down for a while")

    async def _hold_for(self, reads: list[asyncio.Task[None]]) -> None:
        if not reads or self._late_reads >= _LATE_READS_ALLOWED:
            return
        _, late = await asyncio.wait(reads, timeout=self._hold)
        if not late:
            return
        self._late_reads += 1
        if self._late_reads == _LATE_READS_ALLOWED:
            self._hearer.noticed(
                self.name,
                f"The sink holds no more answers: {_LATE_READS_ALLOWED} reads were not in within {self._hold:g} s "
                "(a backend with one worker cannot answer while it publishes).",
            )
