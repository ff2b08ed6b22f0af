"""A mock server as a process of ours."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from staycheck.testing.server import Server

_START_SECONDS, _STOP_SECONDS = 60.0, 15.0


class ServerFailed(Exception):
    """The server did not start. The message says what it said."""


@contextmanager
def running(arguments: Sequence[str], directory: Path) -> Iterator[Server]:
    """`staycheck serve` on a free port with these arguments, relative files being in `directory`. Raises: `ServerFailed`."""
    command = [
        sys.executable,
        "-m",
        "staycheck.main",
        "serve",
        "--port",
        "0",
        "--announce",
        "--stop-with-stdin",
    ]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - ourselves, with the options of the session
            [*command, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=directory,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = _first_line(process.stdout)
            try:
                url = json.loads(line or b"")["url"]
            except (ValueError, KeyError, TypeError):
                process.kill()
                process.wait()
                said.seek(0)
                told = said.read().decode(errors="replace").strip()
                raise ServerFailed(told or f"the server said nothing within {_START_SECONDS:.0f} s") from None
            server = Server(url, os.environ.get("STAYCHECK_CONTROL_TOKEN"))
            server.remember_scenario()
            yield server
        finally:
            process.stdin.close()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()


def _first_line(pipe: IO[bytes]) -> bytes | None:
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=lambda: lines.put(pipe.readline()), daemon=True).start()
    try:
        return lines.get(timeout=_START_SECONDS)
    except queue.Empty:
        return None
