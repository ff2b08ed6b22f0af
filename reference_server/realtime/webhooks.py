"""Webhooks on their way: one queue and one task per URL, so that a URL that is down holds up neither the hub nor the others.

A request carries what has gathered, in order, and is repeated with growing pauses until it is answered with 2xx or five
minutes have passed; then it is given up and the next one goes. The queue is bounded: what finds it full is dropped, and
the log says how much. At least once: an answer that is lost repeats the request.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

import aiohttp
import structlog
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from contract.pusher.app import PusherApp
from contract.pusher.settings import Webhook
from contract.pusher.webhooks import Happening, WebhookRequest, webhook_request
from reference_server import tasks

MOST_QUEUED = 10_000
MOST_IN_ONE_REQUEST = 100
RETRY_SECONDS = 300.0
_REQUEST_SECONDS = 10.0
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0

_log = structlog.get_logger("staycheck.webhooks")


class WebhookRefused(Exception):
    """The URL did not answer 2xx. The message says what it answered."""


class WebhookSender:
    """What one URL is told. `offer` from the event loop of `start`."""

    def __init__(
        self,
        app: PusherApp,
        webhook: Webhook,
        *,
        most_queued: int = MOST_QUEUED,
        retry_seconds: float = RETRY_SECONDS,
        first_wait: float = _FIRST_WAIT,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._app, self._webhook = app, webhook
        self._most_queued, self._retry_seconds, self._first_wait = most_queued, retry_seconds, first_wait
        self._wall_clock = wall_clock
        # Path and host only: a query may carry what only this server and that one shall know.
        parts = urlsplit(webhook.url)
        self._shown = f"{parts.hostname}{parts.path}"
        self._queue: deque[Happening] = deque()
        self._dropped = 0
        self._woken = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def offer(self, happening: Happening) -> None:
        """Queue it, if this URL is told of such things; returns at once."""
        if happening.name not in self._webhook.events:
            return
        if len(self._queue) >= self._most_queued:
            self._dropped += 1
            return
        self._queue.append(happening)
        self._woken.set()

    def start(self) -> None:
        """Begin to send."""
        self._task = tasks.start(self._run(), f"webhook {self._shown}")

    async def stop(self, *, grace: float) -> None:
        """Send what is queued for at most `grace` seconds, then stop."""
        if self._task is None:
            return
        self._stopping = True
        self._woken.set()
        await asyncio.wait({self._task}, timeout=grace)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._queue:
            _log.warning("webhooks_unsent", url=self._shown, happenings=len(self._queue))

    async def _run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=_REQUEST_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                while self._queue:
                    await self._send_batch(session)
                if self._stopping:
                    return
                self._woken.clear()
                await self._woken.wait()

    async def _send_batch(self, session: aiohttp.ClientSession) -> None:
        if self._dropped:
            _log.warning("webhooks_dropped", url=self._shown, happenings=self._dropped)
            self._dropped = 0
        size = min(len(self._queue), MOST_IN_ONE_REQUEST)
        batch = [self._queue[at] for at in range(size)]
        request = webhook_request(self._app, batch, now=self._wall_clock())
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type((WebhookRefused, aiohttp.ClientError, OSError)),
                stop=stop_after_delay(self._retry_seconds),
                wait=wait_exponential_jitter(
                    multiplier=self._first_wait, max=_LONGEST_WAIT, jitter=self._first_wait
                ),
                reraise=True,
            ):
                with attempt:
                    await self._post(session, request)
        except (WebhookRefused, aiohttp.ClientError, OSError) as error:
            reason = str(error) if isinstance(error, WebhookRefused) else type(error).__name__
            _log.warning("webhook_given_up", url=self._shown, happenings=size, reason=reason)
        # Taken out only now, so that `stop` can say what was not sent.
        for _ in range(size):
            self._queue.popleft()

    async def _post(self, session: aiohttp.ClientSession, request: WebhookRequest) -> None:
        async with session.post(
            self._webhook.url, data=request.body, headers=request.headers, allow_redirects=False
        ) as reply:
            with suppress(aiohttp.ClientError):  # the status has come, and the rest says nothing
                await reply.content.read(1024)
            if not 200 <= reply.status < 300:
                raise WebhookRefused(f"answered {reply.status}")
