"""The hotel's clock, its scenarios and its snapshots, over the control surface.

GET POST  /_staycheck/clock
GET       /_staycheck/scenarios
POST      /_staycheck/reset
GET POST  /_staycheck/snapshots
POST      /_staycheck/snapshots/{name}/restore
DELETE    /_staycheck/snapshots/{name}
POST      /_staycheck/settle     when every event committed so far has been handed on, or after a while
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import hdrs, web

from contract.errors import ContractError
from contract.schema_store import schema_store
from contract.timestamps import format_timestamp, parse_timestamp
from reference_server.binding import json_response
from reference_server.clock import Clock
from reference_server.control.guard import CONTROL_PREFIX, require_control
from reference_server.worlds import Snapshot, Worlds
from simulator.clock_setting import ClockSettingError

_SETTLE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class WorldControl:
    """The handlers."""

    worlds: Worlds
    clock: Clock
    control_token: str | None

    def add_routes(self, app: web.Application) -> None:
        routes = app.router
        routes.add_get(CONTROL_PREFIX + "clock", self.show_clock)
        routes.add_post(CONTROL_PREFIX + "clock", self.move_clock)
        routes.add_get(CONTROL_PREFIX + "scenarios", self.scenarios)
        routes.add_post(CONTROL_PREFIX + "reset", self.reset)
        routes.add_get(CONTROL_PREFIX + "snapshots", self.snapshots)
        routes.add_post(CONTROL_PREFIX + "snapshots", self.take)
        routes.add_post(CONTROL_PREFIX + "snapshots/{name}/restore", self.restore)
        routes.add_delete(CONTROL_PREFIX + "snapshots/{name}", self.forget)
        routes.add_post(CONTROL_PREFIX + "settle", self.settle)

    async def show_clock(self, request: web.Request) -> web.StreamResponse:
        """ClockReply."""
        require_control(request, self.control_token)
        return self._clock()

    async def move_clock(self, request: web.Request) -> web.StreamResponse:
        """ClockRequest -> ClockReply. Never back."""
        wanted = await self._read(request, "files/clock_request.schema.json")
        try:
            self.clock.move(
                now=parse_timestamp(wanted["now"]) if "now" in wanted else None,
                advance=timedelta(seconds=wanted["advance"]) if "advance" in wanted else None,
                rate=wanted.get("rate"),
            )
        except (ClockSettingError, OverflowError) as error:
            raise ContractError("INVALID_INPUT", str(error)) from None
        return self._clock()

    async def scenarios(self, request: web.Request) -> web.StreamResponse:
        """ScenariosReply."""
        require_control(request, self.control_token)
        listed = [
            {"name": item.name, "title": item.title, "description": item.description}
            for item in self.worlds.scenarios()
        ]
        return json_response(200, {"current": self.worlds.current, "scenarios": listed})

    async def reset(self, request: web.Request) -> web.StreamResponse:
        """ResetRequest -> ResetReply."""
        wanted = await self._read(request, "files/reset_request.schema.json")
        return json_response(200, {"scenario": await self.worlds.reset(wanted.get("scenario"))})

    async def snapshots(self, request: web.Request) -> web.StreamResponse:
        """SnapshotsReply."""
        require_control(request, self.control_token)
        return json_response(200, {"snapshots": [_shown(item) for item in self.worlds.snapshots()]})

    async def take(self, request: web.Request) -> web.StreamResponse:
        """SnapshotRequest -> SnapshotReply."""
        wanted = await self._read(request, "files/snapshot_request.schema.json")
        return json_response(200, _shown(await self.worlds.take(wanted.get("name"))))

    async def restore(self, request: web.Request) -> web.StreamResponse:
        """-> SnapshotReply."""
        require_control(request, self.control_token)
        return json_response(200, _shown(await self.worlds.restore(request.match_info["name"])))

    async def forget(self, request: web.Request) -> web.StreamResponse:
        """-> 204."""
        require_control(request, self.control_token)
        self.worlds.forget(request.match_info["name"])
        return web.Response(status=204)

    async def settle(self, request: web.Request) -> web.StreamResponse:
        """-> {"settled": bool}."""
        require_control(request, self.control_token)
        return json_response(200, {"settled": await self.worlds.settle(_SETTLE_SECONDS)})

    def _clock(self) -> web.StreamResponse:
        return json_response(200, {"now": format_timestamp(self.clock.peek()), "rate": self.clock.rate})

    async def _read(self, request: web.Request, ref: str) -> Any:
        """The body; none at all is an empty object."""
        require_control(request, self.control_token)
        try:
            value = json.loads(await request.read() or b"{}")
        except (ValueError, RecursionError):
            raise ContractError("INVALID_INPUT", "The body is not JSON.") from None
        schema_store().require(ref, value)
        return value


def date_header(clock: Clock) -> Any:
    """For `on_response_prepare`: the Date of every reply is the hotel's, wherever its clock has been moved to."""

    async def set_date(_: web.Request, response: web.StreamResponse) -> None:
        if not clock.real:
            response.headers[hdrs.DATE] = format_datetime(clock.peek(), usegmt=True)

    return set_date


def _shown(snapshot: Snapshot) -> dict[str, str]:
    return {"name": snapshot.name, "taken_at": format_timestamp(snapshot.taken_at)}
