"""Who is connected to the embedded Pusher endpoint, and a way to cut one off: for frontends that test how they come back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from contract.errors import ContractError
from contract.pusher.errors import CLOSE_ERRORS, ReconnectNowError
from contract.pusher.outputs import Close
from contract.schema_store import schema_store
from reference_server.binding import json_response
from reference_server.control.guard import CONTROL_PREFIX, require_control
from reference_server.realtime.apps import HostedApps


@dataclass(frozen=True, slots=True)
class Connections:
    """`GET connections`, `POST connections/{socket_id}/close`."""

    hosted: HostedApps
    control_token: str | None

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(CONTROL_PREFIX + "connections", self.list)
        app.router.add_post(CONTROL_PREFIX + "connections/{socket_id}/close", self.close)

    async def list(self, request: web.Request) -> web.StreamResponse:
        """Every connection of every app (files/connections.schema.json), oldest first."""
        require_control(request, self.control_token)
        connections = [
            {
                "socket_id": client.socket_id,
                "app_id": app.id,
                "connected_at": datetime.fromtimestamp(client.connected_at, UTC).isoformat(),
                "user_id": client.user_id,
                "channels": list(client.channels),
                "queued": client.queued,
            }
            for app, client in self.hosted.clients()
        ]
        return json_response(200, {"connections": connections})

    async def close(self, request: web.Request) -> web.StreamResponse:
        """Close one connection after what is queued for it, with the code of the body (4200 without one); 204.

        Raises: `ContractError` INVALID_INPUT, NOT_FOUND.
        """
        require_control(request, self.control_token)
        wanted = await _body(request)
        schema_store().require("files/close_connection.schema.json", wanted)
        code = wanted.get("code", ReconnectNowError.code)
        error = CLOSE_ERRORS.get(code)
        close = Close.of(error()) if error is not None else Close(code, "Closed by the control surface")
        if not self.hosted.close_client(request.match_info["socket_id"], close):
            raise ContractError("NOT_FOUND", "There is no connection with this socket id.")
        return web.Response(status=204)


async def _body(request: web.Request) -> Any:
    body = await request.read()
    try:
        return json.loads(body) if body else {}
    except (ValueError, RecursionError):
        raise ContractError("INVALID_INPUT", "The body is not JSON.") from None
