"""The server as a process: listen, say so, run until SIGTERM or SIGINT, stop in order."""

from __future__ import annotations

import asyncio
import errno
import signal
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

import uvloop
from aiohttp import web

from reference_server.app import Settings, make_app

_SHUTDOWN_SECONDS = 10.0


class ListenError(Exception):
    """The address cannot be listened on. The message says which and what to do."""


async def serve(
    settings: Settings,
    host: str,
    port: int,
    on_ready: Callable[[str], None],
    *,
    stop_with: BinaryIO | None = None,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Run the server; `on_ready` gets its URL once it answers. Port 0 takes a free port.

    With `tls` it speaks nothing but TLS.

    With `stop_with`, a pipe, the server also stops when the other end closes, as it does when whoever holds it is killed.
    Raises: `ListenError`, `reference_server.store.StoreError`; ValueError when `stop_with` cannot be watched.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    if stop_with is not None:
        await loop.connect_read_pipe(lambda: _UntilClosed(stop), stop_with)
    for name in (signal.SIGTERM, signal.SIGINT):
        with suppress(
            NotImplementedError
        ):  # Windows loops have no signal handlers; Ctrl-C still raises there
            loop.add_signal_handler(name, stop.set)
    runner = web.AppRunner(make_app(settings), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, ssl_context=tls)
        try:
            await site.start()
        except OSError as error:
            raise ListenError(_why(error, host, port)) from None
        on_ready(f"{'http' if tls is None else 'https'}://{_bracketed(host)}:{runner.addresses[0][1]}")
        await stop.wait()
    finally:
        await runner.cleanup()


class _UntilClosed(asyncio.Protocol):
    """Sets the event when the pipe has ended; what comes through it is nothing to us."""

    def __init__(self, closed: asyncio.Event) -> None:
        self._closed = closed

    def connection_lost(self, _: Exception | None) -> None:
        self._closed.set()


def run(
    settings: Settings,
    host: str,
    port: int,
    on_ready: Callable[[str], None],
    *,
    stop_with: BinaryIO | None = None,
    tls: ssl.SSLContext | None = None,
) -> None:
    """`serve` on an event loop of its own (uvloop)."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, host, port, on_ready, stop_with=stop_with, tls=tls))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use. Stop what runs there, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} may not be used by this user. Choose one above 1023 with --port."
    return (
        f"Cannot listen on {host}:{port}: {error.strerror or error}. Choose another with --host and --port."
    )
