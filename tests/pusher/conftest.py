"""A running endpoint, a WebSocket client made of the sans-I/O one, and the Node clients."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from contract.pusher import client
from contract.pusher.settings import AppSettings, ServedApp, Webhook
from reference_server.realtime.apps import HostedApps
from reference_server.realtime.endpoint import add_pusher_routes
from tests.pusher.support import (
    APP,
    ConnectClient,
    Endpoint,
    NodeProcess,
    RunNode,
    StartEndpoint,
    WsClient,
    authenticate,
    authorize,
)
from tests.requirements import require

CLIENTS = Path(__file__).parent.parent / "clients"


@pytest.fixture
async def start_endpoint() -> AsyncIterator[StartEndpoint]:
    """Start an endpoint: `await start_endpoint(settings, webhooks=..., wall_clock=...)`."""
    async with AsyncExitStack() as stack:

        async def start(
            settings: AppSettings | None = None,
            *others: ServedApp,
            webhooks: tuple[Webhook, ...] = (),
            routes: Callable[[web.Application], None] | None = None,
            **more: Any,
        ) -> Endpoint:
            served = ServedApp(APP, settings or AppSettings(), webhooks)
            hosted = HostedApps([served, *others], **more)
            app = web.Application()
            add_pusher_routes(app, hosted)
            app.router.add_post("/auth", authorize)
            app.router.add_post("/user-auth", authenticate)
            if routes is not None:
                routes(app)
            server = TestServer(app)
            await stack.enter_async_context(server)
            return Endpoint(hosted, server)

        yield start


@pytest.fixture
async def endpoint(start_endpoint: StartEndpoint) -> Endpoint:
    """An endpoint with default settings."""
    return await start_endpoint()


@pytest.fixture
async def connect() -> AsyncIterator[ConnectClient]:
    """Connect a WebSocket: `await connect(endpoint)`, or with another `path`."""
    async with aiohttp.ClientSession() as session:

        async def connect(endpoint: Endpoint, path: str | None = None) -> WsClient:
            url = endpoint.url(path or client.connect_path(APP.key))
            # a client that keeps the close frame for the test to read
            return WsClient(await session.ws_connect(url, autoclose=True))

        yield connect


@pytest.fixture
async def connected(endpoint: Endpoint, connect: ConnectClient) -> WsClient:
    """A client of `endpoint` that has its socket id."""
    return await (await connect(endpoint)).established()


@pytest.fixture
async def run_node() -> AsyncIterator[RunNode]:
    """Start a script of tests/clients with a configuration; skips, or fails in CI, without Node or its packages."""
    node = shutil.which("node")
    require("node", node is not None, "the program `node` is not on the PATH")
    installed = (CLIENTS / "node_modules" / "pusher-js").is_dir() and (
        CLIENTS / "node_modules" / "pusher"
    ).is_dir()
    require("node", installed, "run `npm ci` in tests/clients")
    processes: list[NodeProcess] = []

    async def run(script: str, config: dict[str, Any]) -> NodeProcess:
        process = await asyncio.create_subprocess_exec(
            str(node),
            str(CLIENTS / script),
            json.dumps(config),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        processes.append(NodeProcess(process))
        return processes[-1]

    yield run
    for process in processes:
        await process.stop()
