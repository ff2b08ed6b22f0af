"""The event file: JSON lines `{channel, name, data}` that the backend appends to.

What cannot be read is a gap, said aloud with since when: nothing is proven absent by a file that a line was lost from. After
a gap the file is read on from its end and not from its beginning: what stands there already may be of an earlier time, and an
old event heard again would accuse a later call.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from conformance_tests.json_text import read_data, read_json
from conformance_tests.observers.base import Hearer
from conformance_tests.target import UnreachableError

_POLL = 0.02
"""Seconds between two looks at the file; a file tells nobody that it has grown."""
_TAIL = 256
"""Bytes before the place in the file that must be the same at the next look; event ids are among them."""
_CHUNK = 1 << 20


class EventFile:
    """Reads what is appended after `start`; what was there before is of an earlier time."""

    name = "file"

    def __init__(self, path: Path, hearer: Hearer) -> None:
        self._path, self._hearer = path, hearer
        self._file: IO[bytes] | None = None
        self._task: asyncio.Task[None] | None = None
        self._place, self._tail = 0, b""
        self._rest = b""
        self._lines = 0
        """Lines before `rest`."""
        self._in_old_line = False
        """The place is inside a line that began before it: what ends it is no line of its own."""
        self._gone = False
        self._sure = 0.0
        """When the last look began after which nothing was left open: all that was in the file then has been heard."""

    async def start(self, channels: Sequence[str]) -> None:
        try:
            self._path.touch(exist_ok=True)
            await asyncio.to_thread(self._open)  # to number its lines a log of an earlier time is read whole
        except OSError as error:
            raise UnreachableError(f"The event file {self._path} cannot be read: {error.strerror}.") from None
        self._sure = self._hearer.now()
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Read to the end, and say so when that is no end of a line."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._file is not None:
            self._look()
            if not self._in_old_line and self._rest.strip() and not self._hear(self._rest):
                self._missed(f"The event file ends in the middle of line {self._lines + 1}")
            self._file.close()
            self._file = None

    async def _follow(self) -> None:
        while True:
            self._look()
            await asyncio.sleep(_POLL)

    def _open(self) -> None:
        """Be at the end of the file that is there now. Raises OSError."""
        file = self._path.open("rb", buffering=0)
        if self._file is not None:
            self._file.close()
        self._file, self._lines, self._tail = file, 0, b""
        while chunk := file.read(_CHUNK):
            self._lines += chunk.count(b"\n")
            self._tail = (self._tail + chunk)[-_TAIL:]
        self._place, self._rest = file.tell(), b""
        self._in_old_line = not self._tail.endswith(b"\n") and self._place > 0

    def _look(self) -> None:
        if self._file is None:
            return
        began = self._hearer.now()
        replaced = self._replaced(self._file)
        try:
            change = self._read_new(self._file) or replaced
        except OSError as error:
            change = f"The event file cannot be read: {error.strerror}"
        if change is None and self._gone:
            change = "The event file was away"  # and is the same again
        if change is not None:
            self._begin_anew(change)
        elif not self._rest:
            self._sure = began

    def _replaced(self, file: IO[bytes]) -> str | None:
        """Whether the path leads to another file than before, or to none."""
        try:
            there = self._path.stat()
        except OSError:
            return "The event file is gone"
        same = os.path.samestat(there, os.fstat(file.fileno()))
        return None if same else "Another event file stands in the place of the first"

    def _read_new(self, file: IO[bytes]) -> str | None:
        """Hear what was appended; why that cannot be told, when what was there before has changed."""
        file.seek(self._place - len(self._tail))
        found = file.read()
        if not found.startswith(self._tail):
            is_shorter = os.fstat(file.fileno()).st_size < self._place
            return "The event file became shorter" if is_shorter else "The event file was written anew"
        new = found[len(self._tail) :]
        self._place += len(new)
        self._tail = found[-_TAIL:]
        *lines, self._rest = (self._rest + new).split(b"\n")
        for line in lines:
            self._lines += 1
            if self._in_old_line:
                self._in_old_line = False
            elif line.strip() and not self._hear(line):
                self._missed(f"Line {self._lines} of the event file is not {{channel, name, data}}")
        return None

    def _begin_anew(self, change: str) -> None:
        try:
            self._open()
        except OSError:
            if not self._gone:
                self._hearer.noticed(
                    self.name, f"{change}; events may be missing from here on.", since=self._sure
                )
            self._gone = True
            return
        self._gone = False
        self._missed(f"{change}; it is read on behind line {self._lines}")

    def _missed(self, what: str) -> None:
        """A gap that ends here: from now on everything is heard again."""
        now = self._hearer.now()
        self._hearer.noticed(self.name, f"{what}; events may be missing.", since=self._sure, until=now)

    def _hear(self, line: bytes) -> bool:
        """Whether a line is an event; it is told then."""
        event, _ = read_json(line)
        found = event if isinstance(event, dict) else {}
        channel, name = found.get("channel"), found.get("name")
        if not (isinstance(channel, str) and channel and isinstance(name, str) and name):
            return False
        data, size = read_data(found.get("data"))
        self._hearer.heard(self.name, channel, name, data, size=size)
        return True
