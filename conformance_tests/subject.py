"""Who is judged, by one address string: a target file, a URL, `spawn:COMMAND`, or `reference` for our own server.

A spawned backend gets `PORT` (a free port, also `{port}` in its command) and `STAYCHECK_REALTIME`, the Pusher endpoint
to publish to (`pusher://KEY:SECRET@HOST:PORT/apps/ID`), in its environment. It is ready when it prints the line
`{"ready": true, "url": "http://127.0.0.1:PORT"}` on stdout, or when `http://127.0.0.1:PORT/_staycheck/target.json`
answers. It runs in a process group of its own that ends with the check: SIGTERM, then SIGKILL. Its stdin is a pipe that
nobody writes to and that closes when the check is gone, however it went: a backend that ends at the end of its stdin is
never left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shlex
import signal
import socket
import sys
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import web

from conformance_tests.discovery import discover
from conformance_tests.target import (
    SinkSettings,
    Target,
    TargetError,
    Timeouts,
    UnreachableError,
    load_target,
)
from contract.redaction import Redactor

REFERENCE = "reference"
REFERENCE_COMMAND = (
    sys.executable,
    "-m",
    "staycheck.main",
    "serve",
    "--port",
    "0",
    "--db",
    "memory",
    "--quiet",
    "--announce",
    "--realtime",
    "embedded",
    "--check-replies",
    "--slow-commit",
    "5",
    "--stop-with-stdin",
)

_TERM_GRACE = 5.0
_POLL = 0.1
_LAST_LINES = 30


@dataclass(frozen=True, slots=True)
class Subject:
    """A target that answers. `sink_socket` listens where a spawned backend was told to publish."""

    target: Target
    sink_socket: socket.socket | None = None


@asynccontextmanager
async def open_subject(address: str, *, arguments: Sequence[str] = ()) -> AsyncIterator[Subject]:
    """The subject behind an address, started if need be and stopped on the way out.

    `arguments` are added to the command of a spawned subject. Raises TargetError (wrong address or target) and
    UnreachableError (does not answer, did not start, or died while it was judged).
    """
    if address == REFERENCE:
        command: tuple[str, ...] = REFERENCE_COMMAND
    elif address.startswith("spawn:"):
        command = tuple(_split(address.removeprefix("spawn:")))
    elif address.startswith(("http://", "https://")):
        yield Subject(await discover(address))
        return
    else:
        yield Subject(load_target(Path(address)))
        return
    async with _spawned((*command, *arguments), always_sink=address == REFERENCE) as subject:
        yield subject


def _split(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise TargetError(f"The command of spawn: cannot be read: {error}.") from None
    if not words:
        raise TargetError("spawn: needs a command, such as `spawn:python manage.py runserver {port}`.")
    return words


@asynccontextmanager
async def _spawned(command: Sequence[str], *, always_sink: bool) -> AsyncIterator[Subject]:
    sink = SinkSettings()
    with _listening(sink.host) as listener:
        sink = replace(sink, port=listener.getsockname()[1])
        port = _free_port(sink.host)
        environ = {
            **os.environ,
            "PORT": str(port),
            "STAYCHECK_REALTIME": f"pusher://{sink.key}:{sink.secret}@{sink.host}:{sink.port}/apps/{sink.app_id}",
        }
        process = await _start([word.replace("{port}", str(port)) for word in command], environ, sink.secret)
        try:
            url = await process.ready(f"http://{sink.host}:{port}", Timeouts().ready)
            target = await discover(url)
            target = _with_sink(target, sink, always=always_sink)
            used = target.realtime.sink is not None
            try:
                async with nullcontext() if used else _taken_and_forgotten(listener):
                    yield Subject(target, listener if used else None)
            except UnreachableError:
                if process.exit_code is None:
                    raise
            if process.exit_code is not None:
                raise UnreachableError(process.obituary("died while it was judged"))
        finally:
            await process.stop()


@asynccontextmanager
async def _taken_and_forgotten(listener: socket.socket) -> AsyncIterator[None]:
    """Accept what a backend publishes to a sink that is not used; left unanswered, it would wait and try again."""

    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield
    finally:
        await runner.cleanup()


def _with_sink(target: Target, sink: SinkSettings, *, always: bool) -> Target:
    """The spawned backend was told of the sink; unless it says so, we believe it only when there is no other observer."""
    realtime = target.realtime
    silent = realtime.subscribe is None and realtime.file is None
    wanted = sink if always or silent or realtime.sink is not None else None
    return replace(target, realtime=replace(realtime, sink=wanted))


def _listening(host: str) -> socket.socket:
    return socket.create_server((host, 0), backlog=256)


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


async def _start(command: Sequence[str], environ: dict[str, str], secret: str) -> _Process:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=environ,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=1 << 20,
        )
    except OSError as error:
        raise TargetError(f"The command {command[0]} cannot be started: {error.strerror}.") from None
    return _Process(process, command[0], secret)


class _Process:
    """A child with its process group, its output drained so that it never blocks on a full pipe."""

    def __init__(self, process: asyncio.subprocess.Process, name: str, secret: str) -> None:
        self._process, self._name = process, name
        self._redactor = Redactor([secret])
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._announced: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._drains = [
            asyncio.create_task(self._drain(process.stdout, hears_ready=True)),
            asyncio.create_task(self._drain(process.stderr, hears_ready=False)),
        ]

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode

    async def ready(self, guess: str, within: float) -> str:
        """The URL the backend answers at. Raises UnreachableError after `within` seconds, or when it died."""
        polled = asyncio.create_task(self._poll(guess))
        died = asyncio.create_task(self._process.wait())
        try:
            racing: list[asyncio.Future[Any]] = [self._announced, polled, died]
            done, _ = await asyncio.wait(racing, timeout=within, return_when=asyncio.FIRST_COMPLETED)
            if self._announced in done:
                return self._announced.result()
            if polled in done:
                return polled.result()
            if died in done:
                await asyncio.wait(self._drains, timeout=1.0)
                raise UnreachableError(self.obituary("ended before it was ready"))
            raise UnreachableError(self.obituary(f"was not ready within {within:g} s"))
        finally:
            for task in (polled, died):
                task.cancel()
            await asyncio.gather(polled, died, return_exceptions=True)

    async def _poll(self, url: str) -> str:
        while True:
            try:
                await discover(url, within=1.0)
            except UnreachableError:
                await asyncio.sleep(_POLL)  # nobody announces that a port has been opened: polling it is
            else:
                return url

    async def _drain(self, stream: asyncio.StreamReader | None, *, hears_ready: bool) -> None:
        if stream is None:
            return
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # a line beyond the limit; the reader has dropped it
                continue
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip()
            url = _ready_url(text) if hears_ready else None
            if url is not None and not self._announced.done():
                self._announced.set_result(url)
            else:
                self._last.append(self._redactor.clean_text(text))

    def obituary(self, what: str) -> str:
        """One sentence, and the last lines the child wrote, without secrets."""
        code = "" if self.exit_code is None else f" (exit code {self.exit_code})"
        said = "".join(f"\n  {line}" for line in self._last)
        return f"{self._name} {what}{code}." + (f" It said last:{said}" if said else "")

    async def stop(self) -> None:
        """End the whole group: politely, then not. Whoever the child started is in the group too."""
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), _TERM_GRACE)
        except TimeoutError:
            pass
        finally:
            self._signal(signal.SIGKILL)
            await self._process.wait()
            for drain in self._drains:
                drain.cancel()
            await asyncio.gather(*self._drains, return_exceptions=True)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _ready_url(line: str) -> str | None:
    if not line.startswith("{"):
        return None
    try:
        said = json.loads(line)
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("ready") is not True:
        return None
    url = said.get("url")
    return url if isinstance(url, str) else None
