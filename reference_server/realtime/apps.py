"""The apps of one endpoint, kept apart: a hub and webhooks for each, one supply of socket ids and one capacity for all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contract.pusher.app import PusherApp
from contract.pusher.apps_file import check_apps
from contract.pusher.errors import OverCapacityError, ReconnectNowError
from contract.pusher.outputs import Close
from contract.pusher.settings import AppSettings, ServedApp
from contract.pusher.webhooks import Happening
from reference_server.realtime.hub import DEFAULT_QUEUE_LIMIT, ConnectedClient, Hub, random_socket_ids
from reference_server.realtime.subscriber import Subscriber
from reference_server.realtime.webhooks import WebhookSender

DEFAULT_CAPACITY = 20_000
"""Connections of all apps together."""


@dataclass(frozen=True, slots=True)
class HostedApp:
    """An app with its connections and its webhooks."""

    app: PusherApp
    settings: AppSettings
    hub: Hub
    webhooks: tuple[WebhookSender, ...]


class HostedApps:
    """Every app of the endpoint. The first one is the hotel's own."""

    def __init__(
        self,
        served: Sequence[ServedApp],
        *,
        capacity: int = DEFAULT_CAPACITY,
        queue_limit: int = DEFAULT_QUEUE_LIMIT,
        monotonic: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """`monotonic` times pings and caches, `wall_clock` (seconds since the epoch) judges request timestamps.

        Raises AppsError when two apps share an id or a key.
        """
        check_apps(tuple(served))
        self.monotonic, self.wall_clock = monotonic, wall_clock
        self._capacity, self._queue_limit = capacity, queue_limit
        self._socket_ids = random_socket_ids()
        self._apps = tuple(self._host(one) for one in served)
        self._by_id = {one.app.id: one for one in self._apps}
        self._by_key = {one.app.key: one for one in self._apps}

    @property
    def hubs(self) -> tuple[Hub, ...]:
        """The hub of every app, the hotel's first."""
        return tuple(one.hub for one in self._apps)

    def _host(self, served: ServedApp) -> HostedApp:
        senders = tuple(
            WebhookSender(served.app, webhook, wall_clock=self.wall_clock) for webhook in served.webhooks
        )

        def report(happening: Happening) -> None:
            for sender in senders:
                sender.offer(happening)

        hub = Hub(
            served.settings,
            queue_limit=self._queue_limit,
            socket_ids=self._socket_ids,
            report=report if senders else None,
            monotonic=self.monotonic,
            wall_clock=self.wall_clock,
        )
        return HostedApp(served.app, served.settings, hub, senders)

    @property
    def first(self) -> HostedApp:
        """The app that gets the hotel's own events."""
        return self._apps[0]

    def by_id(self, app_id: str) -> HostedApp | None:
        """The app with this id."""
        return self._by_id.get(app_id)

    def by_key(self, key: str) -> HostedApp | None:
        """The app with this key."""
        return self._by_key.get(key)

    def connect(self, hosted: HostedApp) -> Subscriber:
        """A place for a new connection; raises as `Hub.connect`, and OverCapacityError when the server is full."""
        if sum(len(one.hub) for one in self._apps) >= self._capacity:
            raise OverCapacityError
        return hosted.hub.connect()

    def clients(self) -> tuple[tuple[PusherApp, ConnectedClient], ...]:
        """Every connection with its app, oldest first."""
        every = [(one.app, client) for one in self._apps for client in one.hub.clients()]
        return tuple(sorted(every, key=lambda pair: pair[1].connected_at))

    def close_client(self, socket_id: str, close: Close) -> bool:
        """Close the connection with this socket id, of whatever app; False if there is none."""
        return any(one.hub.close_client(socket_id, close) for one in self._apps)

    def start(self) -> None:
        """Start what sends webhooks."""
        for one in self._apps:
            for sender in one.webhooks:
                sender.start()

    async def close_all(self, code: int = ReconnectNowError.code, *, grace: float = 5.0) -> None:
        """Close every connection of every app, as `Hub.close_all`."""
        await asyncio.gather(*(one.hub.close_all(code, grace=grace) for one in self._apps))

    async def stop(self, *, grace: float = 2.0) -> None:
        """Stop what sends webhooks; what is queued is sent for at most `grace` seconds."""
        await asyncio.gather(*(sender.stop(grace=grace) for one in self._apps for sender in one.webhooks))
