"""Chaos on the control surface: the plan in force, the presets, and the record of what was done.

GET    /_staycheck/chaos            the plan in force
PUT    /_staycheck/chaos            a plan, or {"preset": name, "seed"?: int}
DELETE /_staycheck/chaos            nothing goes wrong any more
GET    /_staycheck/chaos/presets    the presets
GET    /_staycheck/chaos/log        what was done, ?after=SEQ for what is new
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from contract.errors import ContractError
from contract.schema_store import schema_store
from reference_server.binding import json_response
from reference_server.chaos.engine import Chaos
from reference_server.chaos.plan import NO_PLAN, Plan, PlanError, parse_plan
from reference_server.chaos.presets import UnknownPreset, preset_plan, presets
from reference_server.control.guard import CONTROL_PREFIX, require_control


@dataclass(frozen=True, slots=True)
class ChaosControl:
    """The handlers."""

    chaos: Chaos
    control_token: str | None

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(CONTROL_PREFIX + "chaos", self.show)
        app.router.add_put(CONTROL_PREFIX + "chaos", self.put)
        app.router.add_delete(CONTROL_PREFIX + "chaos", self.delete)
        app.router.add_get(CONTROL_PREFIX + "chaos/presets", self.list_presets)
        app.router.add_get(CONTROL_PREFIX + "chaos/log", self.log)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """-> ChaosState."""
        require_control(request, self.control_token)
        return json_response(200, self.chaos.plan.state())

    async def put(self, request: web.Request) -> web.StreamResponse:
        """ChaosPlan or ChaosChoice -> ChaosState; the counts begin anew."""
        require_control(request, self.control_token)
        try:
            value = json.loads(await request.read())
        except (ValueError, RecursionError):
            raise ContractError("INVALID_INPUT", "The body is not JSON.") from None
        self.chaos.replace(_plan(value))
        return json_response(200, self.chaos.plan.state())

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """-> ChaosState without rules; what is held back is let go."""
        require_control(request, self.control_token)
        self.chaos.replace(NO_PLAN)
        return json_response(200, self.chaos.plan.state())

    async def list_presets(self, request: web.Request) -> web.StreamResponse:
        """-> ChaosPresets."""
        require_control(request, self.control_token)
        told = [
            {"name": one.name, "title": one.title, "description": one.description, "rules": list(one.rules)}
            for one in presets().values()
        ]
        return json_response(200, {"presets": told})

    async def log(self, request: web.Request) -> web.StreamResponse:
        """-> ChaosLog."""
        require_control(request, self.control_token)
        after = request.query.get("after", "0")
        if not (after.isascii() and after.isdecimal() and len(after) <= 18):
            raise ContractError("INVALID_INPUT", "after is a number, the seq of the last entry you have.")
        return json_response(200, {"entries": self.chaos.record.after(int(after))})


def _plan(value: Any) -> Plan:
    """Raises: `ContractError` INVALID_INPUT."""
    try:
        if isinstance(value, dict) and "preset" in value:
            schema_store().require("files/chaos_choice.schema.json", value)
            return preset_plan(value["preset"], value.get("seed"))
        return parse_plan(value)
    except (PlanError, UnknownPreset) as error:
        raise ContractError("INVALID_INPUT", str(error)) from None
