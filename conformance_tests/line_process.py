"""A command that answers JSON lines on stdout to JSON lines on stdin, one for one. What it says on stderr is for its obituary."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conformance_tests.json_text import read_json
from conformance_tests.target import TargetError, UnreachableError
from contract.redaction import Redactor

_LINE_LIMIT = 64 << 20
_TERM_GRACE = 5.0
_LAST_WORDS = 1.0
_LAST_LINES = 30
_SHOWN = 80


class LineProcess:
    """Starts the command at the first question and keeps it; questions are asked one after the other.

    `what` begins every error, such as "The states command".
    """

    def __init__(
        self, command: Sequence[str], directory: Path, *, token: str | None = None, what: str = "The command"
    ) -> None:
        self._command, self._directory, self._token = command, directory, token
        self._name = f"{what} {command[0]}".replace("\0", "\\0")
        self._redactor = Redactor([token] if token else [])
        self._process: asyncio.subprocess.Process | None = None
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._drain: asyncio.Task[None] | None = None
        self._is_owing = False
        self._lock = asyncio.Lock()

    async def ask(self, question: Any, within: float) -> Any:
        """The JSON answer to a JSON question, within `within` seconds. Raises UnreachableError, or TargetError if it cannot start."""
        async with self._lock:
            if self._is_owing:  # its late answer would be taken for that of this question
                await self._stop()
            process = await self._started()
            self._is_owing = True
            try:
                async with asyncio.timeout(within):
                    line = await self._exchange(process, json.dumps(question).encode() + b"\n")
            except TimeoutError:
                await self._stop()
                raise UnreachableError(
                    f"{self._name} did not answer within {within:g} s.{self._said()}"
                ) from None
            except ValueError:
                await self._stop()
                raise UnreachableError(
                    f"{self._name} answered a line of more than {_LINE_LIMIT >> 20} MiB."
                ) from None
            if not line:
                raise UnreachableError(await self._obituary(process))
            answer, is_json = read_json(line)
            if not is_json:
                await self._stop()
                begin = self._redactor.clean_text(str(answer).strip())[:_SHOWN]
                raise UnreachableError(
                    f"{self._name} said {begin!r} instead of an answer in JSON; only answers may go to its stdout."
                    f"{self._said()}"
                )
            self._is_owing = False
            return answer

    async def stop(self) -> None:
        async with self._lock:
            await self._stop()

    @staticmethod
    async def _exchange(process: asyncio.subprocess.Process, question: bytes) -> bytes:
        """The line it answers with; empty when it has ended. ValueError for one that is too long."""
        if process.stdin is None or process.stdout is None:
            return b""
        with contextlib.suppress(ConnectionError):  # it may have answered before it went
            process.stdin.write(question)
            await process.stdin.drain()
        return await process.stdout.readline()

    async def _obituary(self, process: asyncio.subprocess.Process) -> str:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                await process.wait()
        code = process.returncode
        await self._stop()
        how = "closed its stdout" if code is None else f"ended with exit code {code}"
        return f"{self._name} {how} and did not answer.{self._said()}"

    def _said(self) -> str:
        return " It said last:" + "".join(f"\n  {line}" for line in self._last) if self._last else ""

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is not None:
            await self._stop()
        if self._process is None:
            environ = dict(os.environ) | ({"STAYCHECK_TOKEN": self._token} if self._token else {})
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    cwd=self._directory,
                    env=environ,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                    start_new_session=True,
                    limit=_LINE_LIMIT,
                )
            except (OSError, ValueError) as error:  # ValueError: a NUL in a word
                raise TargetError(
                    f"{self._name} cannot be started: {getattr(error, 'strerror', None) or error}. "
                    f"It is run in {self._directory.absolute()}."
                ) from None
            self._last.clear()
            self._drain = asyncio.create_task(self._listen(self._process.stderr))
        return self._process

    async def _listen(self, stream: asyncio.StreamReader | None) -> None:
        while stream is not None:
            try:
                line = await stream.readline()
            except ValueError:  # a line beyond the limit; the reader has dropped it
                continue
            if not line:
                return
            self._last.append(self._redactor.clean_text(line.decode("utf-8", "replace").rstrip()))

    async def _stop(self) -> None:
        process, self._process, self._is_owing = self._process, None, False
        if process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process.returncode is not None:
                break
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TERM_GRACE):
                    await process.wait()
        drain, self._drain = self._drain, None
        if drain is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(
                    _LAST_WORDS
                ):  # what it wrote is in the pipe; a child of its may hold it open
                    await asyncio.shield(drain)
            drain.cancel()
            await asyncio.gather(drain, return_exceptions=True)
