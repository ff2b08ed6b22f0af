"""The control surface under `/_staycheck/`: what the suite needs to judge this server without a target file.

`GET target.json` describes the server as a target; `POST states` arranges and tears down; `POST probes` reads.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from contract.catalogue import provider_states
from contract.errors import ContractError
from contract.schema_store import schema_store
from reference_server.binding import json_response
from reference_server.control import runs
from reference_server.control.guard import CONTROL_PREFIX, require_control
from reference_server.control.probes import PROBES
from reference_server.control.stage import Stage
from reference_server.control.states import STATES
from reference_server.house import House
from reference_server.seed import DEMO_STAFF, HOME_HOTEL, OTHER_HOTEL
from reference_server.store import Transaction
from simulator.world import Hotel


@dataclass(frozen=True, slots=True)
class Control:
    """The handlers of the control surface. `described` is what else the target document says of this server."""

    house: House
    control_token: str | None
    embedded: bool = True
    described: Mapping[str, Any] = field(default_factory=dict)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(CONTROL_PREFIX + "target.json", self.target)
        app.router.add_post(CONTROL_PREFIX + "states", self.states)
        app.router.add_post(CONTROL_PREFIX + "probes", self.probes)

    async def target(self, request: web.Request) -> web.StreamResponse:
        """This server as a target document (files/target.schema.json), with the demo's passwords and no secrets beside."""
        require_control(request, self.control_token)
        app = self.house.pusher_app
        document: dict[str, Any] = {
            "name": "staycheck reference server",
            "base_url": f"{request.scheme}://{request.host}",
            "frontend_origin": "https://frontend.example",
            "staff": {
                member.target_role: {"username": member.username, "password": member.username}
                for member in DEMO_STAFF
            },
            # Without the hub there is nothing to subscribe to here; whoever judges brings a sink.
            "realtime": {
                "subscribe": {"url": f"{'wss' if request.secure else 'ws'}://{request.host}", "key": app.key}
            }
            if self.embedded
            else {},
            "states": {"url": CONTROL_PREFIX + "states"},
            "probes": {"url": CONTROL_PREFIX + "probes"},
            **self.described,
        }
        return json_response(200, document)

    async def states(self, request: web.Request) -> web.StreamResponse:
        """StatesRequest -> StatesReply. All states of a request are arranged in one transaction, or none."""
        wanted = await self._read(request, "files/states_request.schema.json")
        run = wanted["run"]
        if wanted["action"] == "teardown":
            await self.house.store.transact(lambda tx: runs.tear_down(tx, run))
            return json_response(200, {"results": []})
        known = provider_states()
        now = self.house.clock.now()

        def work(tx: Transaction) -> list[dict[str, Any]]:
            tx.lock_name(f"run/{run}")
            hotels = {hotel.slug: hotel for hotel in tx.all(Hotel, "hotels")}
            names = random.Random(f"{run}/{len(wanted['states'])}")  # noqa: S311 - names of invented guests
            stage = Stage(tx, run, hotels[HOME_HOTEL], hotels[OTHER_HOTEL], now, names)
            return [_arrange(stage, known, item["state"], item["params"]) for item in wanted["states"]]

        return json_response(200, {"results": await self.house.store.transact(work)})

    async def probes(self, request: web.Request) -> web.StreamResponse:
        """ProbesRequest -> ProbesReply. All probes of a request see the same committed state."""
        wanted = await self._read(request, "files/probes_request.schema.json")

        def work(tx: Transaction) -> list[dict[str, Any]]:
            return [{"probe": item["probe"], "state": _probe(tx, item)} for item in wanted["probes"]]

        return json_response(200, {"results": await self.house.store.read(work)})

    async def _read(self, request: web.Request, ref: str) -> Any:
        require_control(request, self.control_token)
        try:
            value = json.loads(await request.read())
        except (ValueError, RecursionError):
            raise ContractError("INVALID_INPUT", "The body is not JSON.") from None
        schema_store().require(ref, value)
        return value


def _arrange(stage: Stage, known: Mapping[str, Any], state: str, params: Mapping[str, Any]) -> dict[str, Any]:
    if state not in known or state not in STATES:
        return {"state": state, "unsupported": f"this server has no state {state!r}"}
    return {"state": state, "bindings": STATES[state](stage, known[state].fill(params))}


def _probe(tx: Transaction, item: Mapping[str, Any]) -> Any:
    probe = PROBES.get(item["probe"])
    if probe is None:
        raise ContractError("INVALID_INPUT", f"There is no probe {item['probe']!r}.")
    try:
        return probe(tx, item["subject"])
    except KeyError as missing:
        raise ContractError(
            "INVALID_INPUT", f"Probe {item['probe']} needs {missing} in its subject."
        ) from None
