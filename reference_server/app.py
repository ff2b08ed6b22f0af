"""The server, put together: store, clock, unit of work, outbox dispatcher, jobs, routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import structlog
from aiohttp import web

from contract.pusher.app import PusherAddress, PusherApp
from reference_server.binding import bind
from reference_server.clock import Clock
from reference_server.control.routes import Control
from reference_server.control.worlds import WorldControl, date_header
from reference_server.dispatcher import Dispatcher
from reference_server.handlers import HANDLERS
from reference_server.house import House
from reference_server.jobs import JobRunner, LogMailer
from reference_server.middleware import cors, errors
from reference_server.realtime.endpoint import add_pusher_routes
from reference_server.realtime.hub import Hub
from reference_server.realtime.publishers import HubPublisher, Publisher, PusherPublisher
from reference_server.seed import DEFAULT_SCENARIO
from reference_server.store import make_store
from reference_server.unit_of_work import UnitOfWork
from reference_server.worlds import Worlds
from simulator.clock_setting import REAL_TIME, ClockSetting
from simulator.scenario import Scenario
from simulator.scenario_files import built_in

_log = structlog.get_logger("staycheck.server")

DEFAULT_APP = PusherApp("1001", "staycheck", "staycheck-secret")
_MOST_BODY_BYTES = 256 * 1024
_FLUSH_SECONDS = 5.0
_DISPATCHER = web.AppKey("dispatcher", Dispatcher)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the server runs.

    `db` is a path, `memory`, or a PostgreSQL address. `publish_to` are Pusher hosts beside the embedded hub; with `embedded` false only they
    get events. `check_replies` validates every reply against its schema before it goes out. `slow_commit`
    (seconds) widens the moment between an operation's work and its commit, for whoever looks for early events. `scenario` is what an
    empty database is filled with, the demo if none is named; `clock` goes before the clock of the scenario.
    """

    db: str = field(default="memory", repr=False)  # may carry a password
    pusher_app: PusherApp = DEFAULT_APP
    embedded: bool = True
    publish_to: tuple[PusherAddress, ...] = ()
    check_replies: bool = False
    slow_commit: float = 0.0
    control_token: str | None = field(default=None, repr=False)
    scenario: Scenario | None = None
    clock: ClockSetting | None = None


def make_app(settings: Settings) -> web.Application:
    """The application. Its parts start with it and stop with it, in order, events flushed.

    Raises: `ClockSettingError`. At start-up: `StoreError` when the database cannot be used, `ScenarioError` for a scenario that cannot
    be at the time of the clock.
    """
    app = web.Application(middlewares=[cors, errors], client_max_size=_MOST_BODY_BYTES)
    scenario = settings.scenario or built_in(DEFAULT_SCENARIO)
    store, clock, hub = make_store(settings.db, slow_commit=settings.slow_commit), Clock(), Hub()
    clock.restart(settings.clock or scenario.setting(clock.begins_at(REAL_TIME)))
    jobs = JobRunner(store, LogMailer(), clock)
    house = House(store, clock, UnitOfWork(store, clock), jobs, settings.pusher_app)
    bind(app, house, HANDLERS, check_replies=settings.check_replies)
    Control(house, settings.control_token, settings.embedded).add_routes(app)
    worlds = Worlds(store, clock, jobs, scenario, settings.clock)
    WorldControl(worlds, clock, settings.control_token).add_routes(app)
    app.on_response_prepare.append(date_header(clock))

    async def run_parts(_: web.Application) -> AsyncIterator[None]:
        await store.open()
        publishers = _publishers(settings, hub)
        dispatcher = app[_DISPATCHER] = Dispatcher(store, publishers, clock)
        try:
            worlds.attach(dispatcher)
            await worlds.begin()
            await dispatcher.start()
            jobs.start()
            yield
        finally:
            await jobs.stop()
            await dispatcher.stop()
            for publisher in publishers:
                await publisher.aclose()
            await store.close()

    async def flush(_: web.Application) -> None:
        await app[_DISPATCHER].flush(_FLUSH_SECONDS)

    app.cleanup_ctx.append(run_parts)
    # In this order: what is committed goes out to the connected clients before they are told to come back later.
    app.on_shutdown.append(flush)
    add_pusher_routes(app, hub, {settings.pusher_app.id: settings.pusher_app})
    return app


def _publishers(settings: Settings, hub: Hub) -> Sequence[Publisher]:
    publishers: list[Publisher] = [HubPublisher(hub)] if settings.embedded else []
    publishers += [PusherPublisher(address) for address in settings.publish_to]
    return publishers
