"""A hotel seen through somebody else: our own server, in other words if need be, behind a proxy that is slow or loses answers.

Requests go through it to the server, and what the server publishes goes through it to the suite's sink (and into an
event file). It knows the paths of the server's dialect, and nothing of what is judged.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from conformance_tests.discovery import discover
from conformance_tests.engine import judge_file
from conformance_tests.runner import run
from conformance_tests.target import Realtime, SinkSettings, Timeouts
from contract.dialect import Dialect, identity, parse_dialect
from contract.pusher.app import parse_realtime_url
from contract.pusher.signatures import sign_request
from reference_server.app import Settings, make_app

_SINK = SinkSettings()
_DROPPED = frozenset(
    ("content-length", "transfer-encoding", "connection", "date", "server", "content-encoding")
)


@dataclass
class Proxy:
    """`reply_delay` and `event_delay` in seconds; `loses` names operations whose first `losses` answers never come,
    `without` events that are not passed on, `spoils` payload fields that are taken out of every event, `cuts` events of which
    half a line gets into the event file."""

    reply_delay: float = 0.0
    event_delay: float = 0.0
    loses: str = ""
    losses: int = 0
    refuses_too: bool = False
    without: frozenset[str] = frozenset()
    spoils: frozenset[str] = frozenset()
    cuts: frozenset[str] = frozenset()
    dialect: Mapping[str, Any] | None = None
    file: Path | None = None
    sink: str = ""
    backend: str = ""
    lost: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.words: Dialect = identity() if self.dialect is None else parse_dialect(self.dialect)
        self._over = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None

    def app(self) -> web.Application:
        app = web.Application(client_max_size=2_000_000)
        app.router.add_post("/apps/{app}/events", self._trigger)
        app.router.add_route("*", "/{anything:.*}", self._request)
        app.on_startup.append(self._start)
        app.on_shutdown.append(self._stop)
        return app

    async def _start(self, _: web.Application) -> None:
        self._session = aiohttp.ClientSession()

    async def _stop(self, _: web.Application) -> None:
        self._over.set()
        if self._session is not None:
            await self._session.close()

    async def _request(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        found = self.words.to_canonical_path(request.method, request.path)
        name = "" if found is None else found[0].id
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED}
        if self.refuses_too and name == self.loses and self.lost[name] < self.losses:
            self.lost[name] += 1
            await self._over.wait()  # it never got to the server, and nobody is told
        assert self._session is not None
        async with self._session.request(
            request.method, self.backend + request.path, params=request.query, data=body or None, headers=headers,
            allow_redirects=False,
        ) as reply:  # fmt: skip
            raw, status = await reply.read(), reply.status
            told = {name: value for name, value in reply.headers.items() if name.lower() not in _DROPPED}
        if name == self.loses and status == 200 and self.lost[name] < self.losses:
            self.lost[name] += 1
            await self._over.wait()  # it happened, and nobody is told
        if name:
            await asyncio.sleep(self.reply_delay)
        return web.Response(body=raw, status=status, headers=told)

    async def _trigger(self, request: web.Request) -> web.Response:
        told = json.loads(await request.read())
        (channel,) = told["channels"]
        name, data = told["name"], json.loads(told["data"])
        if name in self.without:
            return web.json_response({})
        for one in self.spoils:
            data["payload"].pop(one, None)
        await asyncio.sleep(self.event_delay)
        body = json.dumps({"name": name, "channels": [channel], "data": json.dumps(data)}).encode()
        query = sign_request(
            "POST", request.path, {}, body, key=_SINK.key, secret=_SINK.secret, now=time.time()
        )
        assert self._session is not None
        try:
            async with self._session.post(self.sink + request.path, params=query, data=body) as reply:
                status = reply.status
        except aiohttp.ClientError:
            return web.Response(status=503)
        if status == 200 and self.file is not None:
            with self.file.open("a") as lines:
                line = json.dumps({"channel": channel, "name": name, "data": data})
                lines.write(line[: len(line) // 2 if name in self.cuts else None] + "\n")
        return web.json_response({}, status=status)


@asynccontextmanager
async def _serving(proxy: Proxy) -> AsyncIterator[str]:
    async with TestServer(proxy.app()) as front:
        port = front.port
        address = parse_realtime_url(
            f"pusher://{_SINK.key}:{_SINK.secret}@127.0.0.1:{port}/apps/{_SINK.app_id}"
        )
        async with TestServer(make_app(Settings(publish_to=(address,), dialect=proxy.dialect))) as server:
            proxy.backend = str(server.make_url("")).rstrip("/")
            yield str(front.make_url("")).rstrip("/")


async def drive(
    proxy: Proxy, record: Path, *, only: tuple[str, ...], subscribe: bool = False, request: float = 10.0
) -> dict[str, Any]:
    """Record a run against the server behind the proxy; the report on it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy.sink = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with _serving(proxy) as url:
            direct = await discover(proxy.backend)
            target = replace(
                direct,
                base_url=url,
                realtime=Realtime(
                    sink=replace(_SINK, port=listener.getsockname()[1]),
                    subscribe=direct.realtime.subscribe if subscribe else None,
                    file=proxy.file,
                ),
                timeouts=Timeouts(request=request, event=5.0, grace=0.05),
            )
            await run(target, seed=4, jobs=16, only=only, record=record, race_tries=0, sink_socket=listener)
    return judge_file(record)


def alarms(report: Mapping[str, Any], *verdicts: str) -> dict[str, str]:
    """The rules with one of these verdicts, and what they say first."""
    return {
        rule["id"]: "; ".join(
            [*rule["reasons"][:2], *(f"{v['message']}: {v['actual']}" for v in rule["violations"][:2])]
        )
        for rule in report["rules"]
        if rule["verdict"] in verdicts
    }
