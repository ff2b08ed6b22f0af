"""Writes the history: one line per thing that happens, at once, in order, canonical and without secrets.

Every line is flushed as it is written, so that a run that is interrupted leaves what it saw. The header can be written
only when the suite knows what it can see; lines from before are kept back for it. What is written has been
through the dialect already; redaction happens here and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

from contract.history import Call, EventLine, Header, Line, Mark, MarkName, ProbeLine, Reply, write_line
from contract.redaction import Redactor
from contract.timestamps import format_timestamp

Key = tuple[str, str, str, str]
"""What an event is waited for by: observer, channel, name, and the booking id or room number it is about."""

_FROM_OUTSIDE = frozenset(("body", "data", "state"))
_TOO_DEEP = "nested too deeply to be recorded"


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


Fits = Callable[[Heard], bool]


class Expectation:
    """Events that are due from now on; each key once per time it was given. `after` says what makes them due."""

    def __init__(
        self, recorder: Recorder, keys: Iterable[Key], fits: Fits | None = None, after: str = ""
    ) -> None:
        self._recorder, self._fits, self.after = recorder, fits, after
        self.wanted = tuple(keys)
        self._due: dict[Key, int] = defaultdict(int)
        for key in self.wanted:
            self._due[key] += 1
        self._all_in = asyncio.Event()
        self._asked: float | None = (
            None  # when somebody began to wait: the calls that cause it have been answered
        )
        if not self._due:
            self._all_in.set()

    def take(self, heard: Heard) -> None:
        """An event has come in; it counts when it is due and fits."""
        key = heard.key
        left = self._due.get(key)
        if left is None or (self._fits is not None and not self._fits(heard)):
            return
        if self._asked is not None:
            self._recorder.note_lateness(heard.observer, self._recorder.now() - self._asked)
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
        if self._asked is None:
            self._asked = self._recorder.now()
        await self._recorder.wait_for(self._all_in, within)
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
        self._by_key: dict[Key, dict[Expectation, None]] = defaultdict(dict)
        self._last_heard: dict[str, float] = defaultdict(float)
        self._latest: dict[str, float] = defaultdict(float)

    @property
    def redactor(self) -> Redactor:
        return self._redactor

    def now(self) -> float:
        """Seconds since the run began."""
        return round(time.monotonic() - self._began, 6)

    async def wait_for(self, signal: asyncio.Event, within: float) -> None:
        """Until the signal is set, at most `within` seconds of the time that `now` tells."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await signal.wait()

    def header(self, **fields: Any) -> None:
        """The first line. What was recorded before it is kept until then."""
        early, self._early = self._early or [], None
        self._put(self._text(Header, 0, fields))
        for text in early:
            self._put(text)

    def mark(self, mark: MarkName, **fields: Any) -> int:
        """Something the suite did or found that is neither call nor event."""
        return self._write(Mark, {"mark": mark, **fields})

    def call(self, **fields: Any) -> int:
        return self._write(Call, fields)

    def reply(self, **fields: Any) -> int:
        return self._write(Reply, fields)

    def probe(self, **fields: Any) -> int:
        return self._write(ProbeLine, fields)

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
        fields = {
            "observer": observer,
            "channel": channel,
            "name": name,
            "data": data,
            "size": size,
            "connection": connection,
        }
        seq = self._write(EventLine, fields)
        self._last_heard[observer] = self.now()
        heard = Heard(seq, observer, channel, name, about, data)
        # The oldest first: what is late is not taken for what came after it.
        for expectation in tuple(self._by_key.get(heard.key, ())):
            expectation.take(heard)
        return heard

    def silent_for(self, observer: str) -> float:
        """Seconds since an event last came in at the observer, or since the run began."""
        return self.now() - self._last_heard[observer]

    def note_lateness(self, observer: str, seconds: float) -> None:
        """An event that was waited for came in after so long."""
        self._latest[observer] = max(self._latest[observer], seconds)

    def latest(self, observer: str) -> float:
        """The longest, in seconds, that an event came in at the observer after the wait for it had begun; 0 for none."""
        return self._latest[observer]

    def expect(self, keys: Iterable[Key], fits: Fits | None = None, *, after: str = "") -> Expectation:
        """Wait for events from now on; they may come in before `wait` is called. `fits` looks at their content."""
        expectation = Expectation(self, keys, fits, after)
        for key in expectation.wanted:
            self._by_key[key][expectation] = None
        return expectation

    def forget(self, expectation: Expectation) -> None:
        """Nobody waits for it any more."""
        for key in expectation.wanted:
            waiting = self._by_key.get(key, {})
            waiting.pop(expectation, None)
            if not waiting:
                self._by_key.pop(key, None)

    def _write(self, line: type[Line], fields: Mapping[str, Any]) -> int:
        seq, self._seq = self._seq, self._seq + 1
        text = self._text(line, seq, fields)
        if self._early is None:
            self._put(text)
        else:
            self._early.append(text)
        return seq

    def _text(self, line: type[Line], seq: int, fields: Mapping[str, Any]) -> str:
        stamps: dict[str, Any] = {"seq": seq, "t": self.now(), "wall": format_timestamp(datetime.now(UTC))}
        try:
            return write_line(line(**stamps, **self._redactor.clean(fields)))
        except RecursionError:  # thousands of nested brackets, from a backend that is broken or worse
            flat = {name: _TOO_DEEP if name in _FROM_OUTSIDE else value for name, value in fields.items()}
            return write_line(line(**stamps, **self._redactor.clean(flat)))

    def _put(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()
