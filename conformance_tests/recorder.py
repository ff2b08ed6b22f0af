"""Writes the history: one line per thing that happens, at once, in order, canonical and without secrets.

Every line is flushed as it is written, so that a run that is interrupted leaves what it saw. The header can be written
only when the suite knows what it can see; lines from before are kept back for it. What is written has been
through the dialect already; redaction happens here and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

from contract.redaction import Redactor
from contract.timestamps import format_timestamp

Key = tuple[str, str, str, str]
"""What an event is waited for by: observer, channel, name, and the booking id or room number it is about."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An event as it was recorded (canonical, redacted). `about` is its booking id or room number, or empty."""

    seq: int
    observer: str
    channel: str
    name: str
    about: str
    data: Any

    @property
    def key(self) -> Key:
        return (self.observer, self.channel, self.name, self.about)


class Expectation:
    """Events that are due from now on; each key once per time it was given."""

    def __init__(self, recorder: Recorder, keys: Iterable[Key]) -> None:
        self._recorder = recorder
        self.wanted = tuple(keys)
        self._due: dict[Key, int] = defaultdict(int)
        for key in self.wanted:
            self._due[key] += 1
        self._all_in = asyncio.Event()
        if not self._due:
            self._all_in.set()

    def take(self, key: Key) -> None:
        """One event of this key has come in."""
        left = self._due.get(key)
        if left is None:
            return
        if left > 1:
            self._due[key] = left - 1
            return
        del self._due[key]
        if not self._due:
            self._all_in.set()

    @property
    def keys(self) -> tuple[Key, ...]:
        """What has not come in yet."""
        return tuple(self._due)

    async def wait(self, within: float) -> tuple[Key, ...]:
        """Wait until nothing is due, at most `within` seconds. What has not come in."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._all_in.wait()
        return self.keys

    def over(self) -> None:
        """Nobody waits any more."""
        self._recorder.forget(self)


class Recorder:
    """The one writer of a history. `seq` counts lines from 0, `t` is seconds since the recorder was made."""

    def __init__(self, stream: IO[str], redactor: Redactor) -> None:
        self._stream, self._redactor = stream, redactor
        self._began = time.monotonic()
        self._seq = 1  # 0 is the header's
        self._early: list[str] | None = []
        self._by_key: dict[Key, set[Expectation]] = defaultdict(set)

    @property
    def redactor(self) -> Redactor:
        return self._redactor

    def now(self) -> float:
        """Seconds since the run began."""
        return round(time.monotonic() - self._began, 6)

    def header(self, fields: Mapping[str, Any]) -> None:
        """The first line: contract, run, seed, target, dialect, capabilities. What was recorded before it is kept until then."""
        early, self._early = self._early or [], None
        self._put(self._line(0, "header", {"history": 1, **fields}))
        for line in early:
            self._put(line)

    def mark(self, mark: str, **fields: Any) -> int:
        """Something the suite did or found that is neither call nor event."""
        return self._write("mark", {"mark": mark, **fields})

    def call(self, call: str, fields: Mapping[str, Any]) -> int:
        return self._write("call", {"call": call, **fields})

    def reply(self, call: str, fields: Mapping[str, Any]) -> int:
        return self._write("reply", {"call": call, **fields})

    def probe(self, fields: Mapping[str, Any]) -> int:
        return self._write("probe", fields)

    def event(
        self,
        observer: str,
        channel: str,
        name: str,
        data: Any,
        *,
        about: str,
        size: int,
        connection: int | None = None,
    ) -> Heard:
        """Record an event and tell whoever waits for it."""
        fields: dict[str, Any] = {
            "observer": observer,
            "channel": channel,
            "name": name,
            "data": data,
            "size": size,
        }
        if connection is not None:
            fields["connection"] = connection
        seq = self._write("event", fields)
        heard = Heard(seq, observer, channel, name, about, data)
        for expectation in tuple(self._by_key.get(heard.key, ())):
            expectation.take(heard.key)
        return heard

    def expect(self, keys: Iterable[Key]) -> Expectation:
        """Wait for events from now on; they may come in before `wait` is called."""
        expectation = Expectation(self, keys)
        for key in expectation.wanted:
            self._by_key[key].add(expectation)
        return expectation

    def forget(self, expectation: Expectation) -> None:
        """Nobody waits for it any more."""
        for key in expectation.wanted:
            waiting = self._by_key.get(key, set())
            waiting.discard(expectation)
            if not waiting:
                self._by_key.pop(key, None)

    def _write(self, kind: str, fields: Mapping[str, Any]) -> int:
        seq, self._seq = self._seq, self._seq + 1
        line = self._line(seq, kind, fields)
        if self._early is None:
            self._put(line)
        else:
            self._early.append(line)
        return seq

    def _line(self, seq: int, kind: str, fields: Mapping[str, Any]) -> str:
        line = {"seq": seq, "kind": kind, "t": self.now(), "wall": format_timestamp(datetime.now(UTC))}
        line.update(self._redactor.clean(fields))
        return json.dumps(line, separators=(",", ":")) + "\n"

    def _put(self, line: str) -> None:
        self._stream.write(line)
        self._stream.flush()
