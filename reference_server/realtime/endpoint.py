"""The Pusher endpoint as aiohttp routes: WebSocket connections here, the signed REST API in `rest_api`.

GET  /app/{key}                             WebSocket
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from contract.pusher.errors import (
    AppDisabledError,
    AppNotFoundError,
    CloseError,
    PathNotFoundError,
    TlsRequiredError,
)
from contract.pusher.handshake import negotiate_protocol
from reference_server.realtime.apps import HostedApp, HostedApps
from reference_server.realtime.rest_api import RestApi
from reference_server.realtime.websocket import refuse, serve


def add_pusher_routes(app: web.Application, hosted: HostedApps) -> None:
    """Serve these apps, close their connections with 4200 when `app` shuts down, and send their webhooks meanwhile.

    For a path prefix, give a sub-application.
    """
    endpoint = _Endpoint(hosted)
    app.router.add_get("/app/{key}", endpoint.connect)
    app.router.add_get("/app/{tail:.*}", endpoint.wrong_path)
    RestApi(hosted).add_routes(app)

    async def send_webhooks(_: web.Application) -> AsyncIterator[None]:
        hosted.start()
        yield
        await hosted.stop()

    async def close_connections(_: web.Application) -> None:
        await hosted.close_all()

    app.cleanup_ctx.append(send_webhooks)
    app.on_shutdown.append(close_connections)


class _Endpoint:
    def __init__(self, hosted: HostedApps) -> None:
        self._hosted = hosted

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """A WebSocket; refused with a close code after the upgrade, since a browser cannot read anything earlier."""
        try:
            hosted = self._app(request)
            protocol = negotiate_protocol(request.query)
            subscriber = self._hosted.connect(hosted)
        except CloseError as error:
            return await refuse(request, error)
        return await serve(request, hosted, subscriber, protocol, self._hosted.monotonic)

    async def wrong_path(self, request: web.Request) -> web.StreamResponse:
        """4005 for a WebSocket anywhere else below /app/."""
        return await refuse(request, PathNotFoundError())

    def _app(self, request: web.Request) -> HostedApp:
        hosted = self._hosted.by_key(request.match_info["key"])
        if hosted is None:
            raise AppNotFoundError(f"Could not find app by key {request.match_info['key'][:60]!a}")
        if not hosted.settings.enabled:
            raise AppDisabledError
        if hosted.settings.tls_only and not request.secure:
            raise TlsRequiredError
        return hosted
