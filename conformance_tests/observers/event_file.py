"""The event file: JSON lines `{channel, name, data}` that the backend appends to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from conformance_tests.json_text import read_data, read_json
from conformance_tests.observers.base import Hearer
from conformance_tests.target import UnreachableError

_POLL = 0.02
"""Seconds between two looks at the file; a file tells nobody that it has grown."""


class EventFile:
    """Reads what is appended after `start`; what was there before is of an earlier time."""

    name = "file"

    def __init__(self, path: Path, hearer: Hearer) -> None:
        self._path, self._hearer = path, hearer
        self._file: IO[bytes] | None = None
        self._task: asyncio.Task[None] | None = None
        self._rest = b""

    async def start(self, channels: Sequence[str]) -> None:
        try:
            self._path.touch(exist_ok=True)
            self._file = self._path.open("rb")
        except OSError as error:
            raise UnreachableError(f"The event file {self._path} cannot be read: {error.strerror}.") from None
        self._file.seek(0, 2)
        self._task = asyncio.create_task(self._tail())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._file is not None:
            self._read_new()
            self._file.close()
            self._file = None

    async def _tail(self) -> None:
        while True:
            self._read_new()
            await asyncio.sleep(_POLL)

    def _read_new(self) -> None:
        if self._file is None:
            return
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        for line in lines:
            if line.strip():
                self._take(line)

    def _take(self, line: bytes) -> None:
        event, _ = read_json(line)
        found = event if isinstance(event, dict) else {}
        channel, name = found.get("channel"), found.get("name")
        if not (isinstance(channel, str) and channel and isinstance(name, str) and name):
            self._hearer.noticed(self.name, "A line of the event file is not {channel, name, data}.")
            return
        data, size = read_data(found.get("data"))
        self._hearer.heard(self.name, channel, name, data, size=size)
