"""A command that answers JSON lines on stdout to JSON lines on stdin, one for one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conformance_tests.target import TargetError, UnreachableError

_LINE_LIMIT = 64 << 20
_TERM_GRACE = 5.0


class LineProcess:
    """Starts the command at the first question and keeps it; questions are asked one after the other."""

    def __init__(self, command: Sequence[str], directory: Path, *, token: str | None = None) -> None:
        self._command, self._directory, self._token = command, directory, token
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    async def ask(self, question: Any, within: float) -> Any:
        """The JSON answer to a JSON question, within `within` seconds. Raises UnreachableError, or TargetError if it cannot start."""
        async with self._lock:
            process = await self._started()
            if process.stdin is None or process.stdout is None:
                raise UnreachableError(f"The command {self._command[0]} has no pipes.")
            try:
                async with asyncio.timeout(within):
                    process.stdin.write(json.dumps(question).encode() + b"\n")
                    await process.stdin.drain()
                    line = await process.stdout.readline()
                return json.loads(line)
            except TimeoutError:
                # its late answer would be taken for that of the next question
                await self._stop()
                raise UnreachableError(
                    f"The command {self._command[0]} did not answer within {within:g} s."
                ) from None
            except (ConnectionError, ValueError):
                await self._stop()
                raise UnreachableError(
                    f"The command {self._command[0]} did not answer a JSON line."
                ) from None

    async def stop(self) -> None:
        async with self._lock:
            await self._stop()

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            environ = dict(os.environ) | ({"STAYCHECK_TOKEN": self._token} if self._token else {})
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    cwd=self._directory,
                    env=environ,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    start_new_session=True,
                    limit=_LINE_LIMIT,
                )
            except OSError as error:
                raise TargetError(
                    f"The command {self._command[0]} cannot be started: {error.strerror}."
                ) from None
        return self._process

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
            try:
                async with asyncio.timeout(_TERM_GRACE):
                    await process.wait()
                return
            except TimeoutError:
                continue
