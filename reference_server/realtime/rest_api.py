"""The signed REST API of the Pusher endpoint.

    POST /apps/{app_id}/events                                   one event, up to 100 channels
    POST /apps/{app_id}/batch_events                             up to 10 events
    GET  /apps/{app_id}/channels                                 occupied channels
    GET  /apps/{app_id}/channels/{channel}                       one channel
    GET  /apps/{app_id}/channels/{channel}/users                 who is on a presence channel
    POST /apps/{app_id}/users/{user_id}/terminate_connections    close what a user is signed in on
    POST /users/{user_id}/terminate_connections                  the same, as the Python library sends it: the app by its key

Errors are plain text, answers JSON with 200: the official server libraries demand both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from contract.pusher import rest, rest_reads
from contract.pusher.errors import (
    RestBadRequestError,
    RestError,
    RestForbiddenError,
    RestNotAuthenticatedError,
    RestTooLargeError,
)
from contract.pusher.names import user_id_problem
from contract.pusher.signatures import verify_request
from reference_server.realtime.apps import HostedApp, HostedApps

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_APP = "/apps/{app_id}"


class RestApi:
    """The handlers; each checks the signature first."""

    def __init__(self, hosted: HostedApps) -> None:
        self._hosted = hosted

    def add_routes(self, app: web.Application) -> None:
        """Routes whose refusals are plain text."""
        add = app.router
        add.add_post(_APP + "/events", _plain_errors(self.events))
        add.add_post(_APP + "/batch_events", _plain_errors(self.batch_events))
        add.add_get(_APP + "/channels", _plain_errors(self.channels))
        add.add_get(_APP + "/channels/{channel}", _plain_errors(self.channel))
        add.add_get(_APP + "/channels/{channel}/users", _plain_errors(self.users))
        add.add_post(_APP + "/users/{user_id}/terminate_connections", _plain_errors(self.terminate))
        add.add_post("/users/{user_id}/terminate_connections", _plain_errors(self.terminate))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Trigger one event."""
        hosted, _, body = await self._verified(request)
        triggers = rest.parse_events(body)
        _publish(hosted, triggers)
        return web.json_response(rest.events_reply(triggers, self._attributes(hosted)))

    async def batch_events(self, request: web.Request) -> web.StreamResponse:
        """Trigger several events, in their order."""
        hosted, _, body = await self._verified(request)
        triggers = rest.parse_batch_events(body)
        _publish(hosted, triggers)
        return web.json_response(rest.batch_events_reply(triggers, self._attributes(hosted)))

    async def channels(self, request: web.Request) -> web.StreamResponse:
        """`{"channels": {name: {...}}}` of the occupied channels."""
        hosted, params, _ = await self._verified(request)
        return web.json_response(rest_reads.channels_reply(hosted.hub.state, params))

    async def channel(self, request: web.Request) -> web.StreamResponse:
        """`{"occupied": true}` and what `info` asks for."""
        hosted, params, _ = await self._verified(request)
        name, now = request.match_info["channel"], self._hosted.monotonic()
        return web.json_response(rest_reads.channel_reply(hosted.hub.state, name, params, now))

    async def users(self, request: web.Request) -> web.StreamResponse:
        """`{"users": [{"id"}]}` of a presence channel."""
        hosted, _, _ = await self._verified(request)
        return web.json_response(rest_reads.users_reply(hosted.hub.state, request.match_info["channel"]))

    async def terminate(self, request: web.Request) -> web.StreamResponse:
        """Close every connection on which the user signed in; `{}` however many there were."""
        hosted, _, _ = await self._verified(request)
        user_id = request.match_info["user_id"]
        problem = user_id_problem(user_id)
        if problem is not None:
            raise RestBadRequestError(problem)
        hosted.hub.terminate_user(user_id)
        return web.json_response({})

    async def _verified(self, request: web.Request) -> tuple[HostedApp, dict[str, str], bytes]:
        hosted = self._app(request)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge as error:
            raise RestTooLargeError(f"The body is too large: {error.text}") from None
        params = verify_request(
            request.method,
            request.path,
            request.query.items(),
            body,
            key=hosted.app.key,
            secret=hosted.app.secret,
            now=self._hosted.wall_clock(),
        )
        if not hosted.settings.enabled:
            raise RestForbiddenError("Application disabled")
        return hosted, params, body

    def _app(self, request: web.Request) -> HostedApp:
        app_id = request.match_info.get("app_id")
        if app_id is None:
            key = request.query.get("auth_key", "")
            hosted = self._hosted.by_key(key)
            if hosted is None:
                raise RestNotAuthenticatedError(f"Unknown auth_key {key[:60]!a}")
            return hosted
        hosted = self._hosted.by_id(app_id)
        if hosted is None:
            raise RestNotAuthenticatedError(f"Unknown app id {app_id[:40]!a}")
        return hosted

    def _attributes(self, hosted: HostedApp) -> Callable[[str], rest.ChannelAttributes]:
        state, now = hosted.hub.state, self._hosted.monotonic()

        def of(channel: str) -> dict[str, Any]:
            names = rest.trigger_attributes([channel])
            return {name: rest_reads.attribute(state, channel, name, now) for name in names}

        return of


def _publish(hosted: HostedApp, triggers: tuple[rest.Trigger, ...]) -> None:
    for trigger in triggers:
        for channel in trigger.channels:
            hosted.hub.publish(channel, trigger.name, trigger.data, exclude_socket=trigger.socket_id)


def _plain_errors(handler: _Handler) -> _Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except RestError as error:
            return web.Response(status=error.status, text=error.reason)

    return answer
