"""The Pusher endpoint as aiohttp routes: WebSocket connections and the signed REST API.

    GET  /app/{key}                             WebSocket
    POST /apps/{app_id}/events                  one event, up to 100 channels
    POST /apps/{app_id}/batch_events            up to 10 events
    GET  /apps/{app_id}/channels                occupied channels
    GET  /apps/{app_id}/channels/{channel}      one channel

REST errors are plain text, REST answers JSON with 200: the official server libraries demand both.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from contract.pusher import rest
from contract.pusher.app import PusherApp
from contract.pusher.connection import ConnectionSettings
from contract.pusher.errors import (
    AppNotFoundError,
    CloseError,
    PathNotFoundError,
    RestBadRequestError,
    RestError,
    RestNotAuthenticatedError,
    RestTooLargeError,
)
from contract.pusher.handshake import negotiate_protocol
from contract.pusher.names import channel_name_problem
from contract.pusher.signatures import verify_request
from reference_server.realtime.hub import Hub
from reference_server.realtime.websocket import refuse, serve

__all__ = ["PusherApp", "add_pusher_routes"]

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_pusher_routes(
    app: web.Application,
    hub: Hub,
    apps: Mapping[str, PusherApp],
    *,
    settings: ConnectionSettings | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    wall_clock: Callable[[], float] = time.time,
) -> None:
    """Serve `apps` (by app id) from `hub`, and close its connections with 4200 when `app` shuts down.

    `monotonic` times pings, `wall_clock` (seconds since the epoch) judges request timestamps. For a path prefix, give
    a sub-application. Raises ValueError when an app is listed under another id, or two apps share a key.
    """
    endpoint = _Endpoint(hub, apps, settings or ConnectionSettings(), monotonic, wall_clock)
    app.router.add_get("/app/{key}", endpoint.connect)
    app.router.add_get("/app/{tail:.*}", endpoint.wrong_path)
    app.router.add_post("/apps/{app_id}/events", _plain_errors(endpoint.events))
    app.router.add_post("/apps/{app_id}/batch_events", _plain_errors(endpoint.batch_events))
    app.router.add_get("/apps/{app_id}/channels", _plain_errors(endpoint.channels))
    app.router.add_get("/apps/{app_id}/channels/{channel}", _plain_errors(endpoint.channel))

    async def close_connections(_: web.Application) -> None:
        await hub.close_all()

    app.on_shutdown.append(close_connections)


def _plain_errors(handler: _Handler) -> _Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except RestError as error:
            return web.Response(status=error.status, text=error.reason)

    return answer


class _Endpoint:
    def __init__(
        self,
        hub: Hub,
        apps: Mapping[str, PusherApp],
        settings: ConnectionSettings,
        monotonic: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self._hub = hub
        self._apps = dict(apps)
        self._by_key = {app.key: app for app in apps.values()}
        if len(self._by_key) != len(self._apps):
            raise ValueError("Two Pusher apps share a key.")
        if any(app.id != app_id for app_id, app in apps.items()):
            raise ValueError("Pusher apps must be listed under their own id.")
        self._settings = settings
        self._monotonic = monotonic
        self._wall_clock = wall_clock

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """A WebSocket; refused with a close code after the upgrade, since a browser cannot read anything earlier."""
        try:
            app = self._by_key.get(request.match_info["key"])
            if app is None:
                raise AppNotFoundError(f"Could not find app by key {request.match_info['key'][:60]!a}")
            negotiate_protocol(request.query)
            subscriber = self._hub.connect()
        except CloseError as error:
            return await refuse(request, error)
        return await serve(request, self._hub, subscriber, app, self._settings, self._monotonic)

    async def wrong_path(self, request: web.Request) -> web.StreamResponse:
        """4005 for a WebSocket anywhere else below /app/."""
        return await refuse(request, PathNotFoundError())

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Trigger one event."""
        _, body = await self._verified(request)
        triggers = rest.parse_events(body)
        self._publish(triggers)
        return web.json_response(rest.events_reply(triggers, self._attributes))

    async def batch_events(self, request: web.Request) -> web.StreamResponse:
        """Trigger several events, in their order."""
        _, body = await self._verified(request)
        triggers = rest.parse_batch_events(body)
        self._publish(triggers)
        return web.json_response(rest.batch_events_reply(triggers, self._attributes))

    async def channels(self, request: web.Request) -> web.StreamResponse:
        """`{"channels": {name: {}}}` of the occupied channels."""
        params, _ = await self._verified(request)
        info = rest.parse_info(params.get("info"))
        names = self._hub.channels(params.get("filter_by_prefix", ""))
        return web.json_response({"channels": {name: self._asked(name, info) for name in sorted(names)}})

    async def channel(self, request: web.Request) -> web.StreamResponse:
        """`{"occupied": true}` and what `info` asks for."""
        params, _ = await self._verified(request)
        name = request.match_info["channel"]
        problem = channel_name_problem(name)
        if problem is not None:
            raise RestBadRequestError(problem)
        occupied = self._hub.subscription_count(name) > 0
        return web.json_response(
            {"occupied": occupied} | self._asked(name, rest.parse_info(params.get("info")))
        )

    async def _verified(self, request: web.Request) -> tuple[dict[str, str], bytes]:
        app = self._apps.get(request.match_info["app_id"])
        if app is None:
            raise RestNotAuthenticatedError(f"Unknown app id {request.match_info['app_id'][:40]!a}")
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge as error:
            raise RestTooLargeError(f"The body is too large: {error.text}") from None
        params = verify_request(
            request.method,
            request.path,
            request.query.items(),
            body,
            key=app.key,
            secret=app.secret,
            now=self._wall_clock(),
        )
        return params, body

    def _publish(self, triggers: tuple[rest.Trigger, ...]) -> None:
        for trigger in triggers:
            for channel in trigger.channels:
                self._hub.publish(channel, trigger.name, trigger.data, exclude_socket=trigger.socket_id)

    def _attributes(self, channel: str) -> rest.ChannelAttributes:
        return {"subscription_count": self._hub.subscription_count(channel)}

    def _asked(self, channel: str, info: tuple[str, ...]) -> dict[str, Any]:
        attributes = self._attributes(channel)
        return {name: attributes[name] for name in info}
