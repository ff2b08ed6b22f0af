"""Sorts more records than fit into memory: sorted runs on disk, merged when they are read."""

from __future__ import annotations

import heapq
import struct
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import IO

AT_ONCE = 100_000
"""Records kept in memory; a full load goes to a temporary file, about 10 MB of it."""

_SIZE = struct.Struct(">I")


class Spill:
    """Takes byte strings and gives them back in order. A context manager, because its runs are temporary files."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._records: list[bytes] = []
        self._runs: list[IO[bytes]] = []
        self._files = ExitStack()

    def __enter__(self) -> Spill:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    def add(self, record: bytes) -> None:
        self._records.append(record)
        if len(self._records) >= self._at_once:
            self._records.sort()
            run = self._files.enter_context(_temporary())
            write_records(run, self._records)
            self._runs.append(run)
            self._records = []

    def __iter__(self) -> Iterator[bytes]:
        """All records in order; may be asked for again."""
        self._records.sort()
        if not self._runs:
            return iter(self._records)
        return heapq.merge(*(read_records(run, 0, None) for run in self._runs), self._records)


def _temporary() -> IO[bytes]:
    return tempfile.TemporaryFile(prefix="staycheck-index-")


def write_records(stream: IO[bytes], records: list[bytes]) -> int:
    """Append records to a file; how many bytes were written."""
    text = b"".join(part for record in records for part in (_SIZE.pack(len(record)), record))
    stream.write(text)
    return len(text)


def read_records(stream: IO[bytes], start: int, end: int | None) -> Iterator[bytes]:
    """The records of a file between two of its places."""
    stream.seek(start)
    place = start
    while (end is None or place < end) and (head := stream.read(_SIZE.size)):
        record = stream.read(_SIZE.unpack(head)[0])
        place += len(head) + len(record)
        yield record
