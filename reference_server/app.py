"""The server, put together: store, clock, unit of work, outbox dispatcher, jobs, routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiohttp import web

from contract.pusher.app import PusherAddress, PusherApp
from contract.pusher.settings import ServedApp
from reference_server.binding import bind, operation_of
from reference_server.board.routes import add_board_routes
from reference_server.chaos.clients import Clients
from reference_server.chaos.commits import SlowCommits
from reference_server.chaos.engine import Chaos
from reference_server.chaos.events import ChaosPublisher
from reference_server.chaos.plan import NO_PLAN, Plan
from reference_server.chaos.requests import RequestChaos
from reference_server.clock import Clock
from reference_server.control.chaos import ChaosControl
from reference_server.control.connections import Connections
from reference_server.control.routes import Control
from reference_server.control.worlds import WorldControl, date_header
from reference_server.dispatcher import Dispatcher
from reference_server.handlers import HANDLERS
from reference_server.house import House
from reference_server.jobs import JobRunner, LogMailer
from reference_server.middleware import cors, errors
from reference_server.realtime.apps import HostedApps
from reference_server.realtime.endpoint import add_pusher_routes
from reference_server.realtime.hub import Hub
from reference_server.realtime.publishers import HubPublisher, Publisher, PusherPublisher
from reference_server.seed import DEFAULT_SCENARIO
from reference_server.speech import Speech
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

    `db` is a path, `memory`, or a PostgreSQL address. `apps` are served by the embedded endpoint; the first is the
    hotel's own, whose clients get its events. `publish_to` are Pusher hosts beside the embedded hub; with `embedded` false only they
    get events. `check_replies` validates every reply against its schema before it goes out. `slow_commit`
    (seconds) widens the moment between an operation's work and its commit, for whoever looks for early events. `scenario` is what an
    empty database is filled with, the demo if none is named; `clock` goes before the clock of the scenario.
    """

    db: str = field(default="memory", repr=False)  # may carry a password
    apps: tuple[ServedApp, ...] = (ServedApp(DEFAULT_APP),)
    embedded: bool = True
    publish_to: tuple[PusherAddress, ...] = ()
    check_replies: bool = False
    slow_commit: float = 0.0
    control_token: str | None = field(default=None, repr=False)
    scenario: Scenario | None = None
    clock: ClockSetting | None = None
    chaos: Plan | None = None
    """What goes wrong on purpose from the start; the control surface may change it."""
    dialect: Mapping[str, Any] | None = None
    """The words the server speaks, as a document (files/dialect.schema.json); without one the contract's own."""

    @property
    def pusher_app(self) -> PusherApp:
        """The hotel's own app."""
        return self.apps[0].app


def make_app(settings: Settings) -> web.Application:
    """The application. Its parts start with it and stop with it, in order, events flushed.

    Raises: `ClockSettingError`, `DialectError`. At start-up: `StoreError` when the database cannot be used, `ScenarioError` for a scenario that cannot
    be at the time of the clock.
    """
    scenario = settings.scenario or built_in(DEFAULT_SCENARIO)
    store, clock = make_store(settings.db, slow_commit=settings.slow_commit), Clock()
    clock.restart(settings.clock or scenario.setting(clock.begins_at(REAL_TIME)))
    hosted = HostedApps(settings.apps)
    hub = hosted.first.hub
    speech = None if settings.dialect is None else Speech(settings.dialect, store, settings.pusher_app)
    chaos = Chaos(settings.chaos)
    clients = Clients(hosted.hubs) if speech is None else Clients(hosted.hubs, speech.words.channel)
    around = [cors, clients.middleware, RequestChaos(chaos, operation_of).middleware, errors]
    if speech is not None:
        around = [speech.around, *around, speech.within]
    app = web.Application(middlewares=around, client_max_size=_MOST_BODY_BYTES)
    jobs = JobRunner(store, LogMailer(), clock)
    house = House(store, clock, UnitOfWork(SlowCommits(store), clock), jobs, settings.pusher_app)
    add_route = None if speech is None else speech.add_route
    bind(app, house, HANDLERS, check_replies=settings.check_replies, add_route=add_route)
    described = {} if settings.dialect is None else {"dialect": settings.dialect}
    Control(house, settings.control_token, settings.embedded, described).add_routes(app)
    if speech is None:
        add_board_routes(app)
    else:
        speech.add_routes(app)
    Connections(hosted, settings.control_token).add_routes(app)
    ChaosControl(chaos, settings.control_token).add_routes(app)
    publishers: list[ChaosPublisher] = []
    worlds = Worlds(store, clock, jobs, scenario, settings.clock)
    WorldControl(worlds, clock, settings.control_token).add_routes(app)
    app.on_response_prepare.append(date_header(clock))

    async def run_parts(_: web.Application) -> AsyncIterator[None]:
        await store.open()
        publishers.extend(_publishers(settings, hub, chaos, clients, speech))
        dispatcher = app[_DISPATCHER] = Dispatcher(store, publishers, clock)
        try:
            worlds.attach(dispatcher)
            worlds.on_leave += [publisher.forget for publisher in publishers]
            worlds.on_settle += [publisher.delivered for publisher in publishers]
            if speech is not None:
                worlds.on_leave.append(speech.words.forget)
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
        chaos.replace(NO_PLAN)  # or an outage would keep what the last operations announced
        await app[_DISPATCHER].flush(_FLUSH_SECONDS)
        for publisher in publishers:
            await publisher.flush(_FLUSH_SECONDS)

    app.cleanup_ctx.append(run_parts)
    # In this order: what is committed goes out to the connected clients before they are told to come back later.
    app.on_shutdown.append(flush)
    add_pusher_routes(app, hosted)
    return app


def _publishers(
    settings: Settings, hub: Hub, chaos: Chaos, clients: Clients, speech: Speech | None
) -> Iterator[ChaosPublisher]:
    """Chaos chooses by the contract's words, so what is spoken is spoken behind it."""

    def spoken(publisher: Publisher) -> Publisher:
        return publisher if speech is None else speech.before(publisher)

    if settings.embedded:
        yield ChaosPublisher(spoken(HubPublisher(hub)), chaos, clients)
    for address in settings.publish_to:
        yield ChaosPublisher(spoken(PusherPublisher(address)), chaos)
