"""The hotel's clock: aware, in UTC, and never backwards while the hotel lives.

It may be set, stopped and made to run fast; whatever is timed in the hotel follows it (arrival windows, the expiry of tokens,
`today`, the times of rows and events, the Date header). Timeouts, pings and retries do not: they are on the loop's time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from simulator.clock_setting import (
    FASTEST,
    REAL_TIME,
    ClockSetting,
    ClockSettingError,
    Running,
    in_calendar,
)


def _system() -> datetime:
    return datetime.now(UTC)


class ClockBackwardsError(ClockSettingError):
    """The clock was asked to go back."""


class Clock:
    """`now()` grows strictly, so that two commits never carry the same or a reversed `meta.ts`.

    The machine's clock may be set back while the server runs; this one then stands almost still until it is caught up.
    A moved clock takes its progress from `monotonic` (seconds) and no more from `source`.
    """

    def __init__(
        self,
        source: Callable[[], datetime] = _system,
        *,
        setting: ClockSetting = REAL_TIME,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises: `ClockSettingError` for a setting outside the calendar."""
        self._source, self._monotonic = source, monotonic
        self._last = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()  # store threads ask too
        self._running = self._begin(setting)

    def now(self) -> datetime:
        """The next time; nobody else gets it."""
        with self._lock:
            self._last = max(self._shown(), self._last + timedelta(microseconds=1))
            return self._last

    def peek(self) -> datetime:
        """What the clock shows; asking moves nothing."""
        with self._lock:
            return max(self._shown(), self._last)

    @property
    def real(self) -> bool:
        """Whether this is the machine's own time."""
        return self._running is None

    @property
    def rate(self) -> float:
        """Seconds per real second: 1 real time, 0 frozen."""
        return 1.0 if self._running is None else self._running.rate

    def move(
        self, *, now: datetime | None = None, advance: timedelta | None = None, rate: float | None = None
    ) -> None:
        """Set the clock to `now`, or ahead by `advance`, and let it run at `rate`; what is left out stays.

        Raises: `ClockBackwardsError` for a time before the one it shows, `ClockSettingError` for what no clock can show.
        """
        with self._lock:
            shown = max(self._shown(), self._last)
            try:
                target = in_calendar((shown if now is None else now) + (advance or timedelta()))
            except OverflowError:
                raise ClockSettingError("The clock would be outside the calendar.") from None
            if target < shown:
                raise ClockBackwardsError(
                    f"The clock shows {shown.isoformat()} and does not go back: events would carry times before those "
                    "already sent. Reset the hotel or restore a snapshot to begin earlier."
                )
            if rate is not None and not 0 <= rate <= FASTEST:
                raise ClockSettingError(f"The rate is between 0 (frozen) and {FASTEST:.0f}.")
            self._running = Running(target, self._monotonic(), self.rate if rate is None else rate)

    def restart(self, setting: ClockSetting, *, last: datetime | None = None) -> Callable[[], None]:
        """Begin anew with a hotel that begins anew: what was given out before is forgotten.

        `last` is the newest time that the hotel has seen: it is not given out again. Answers a function that undoes it,
        for a hotel that could not begin. Raises: `ClockSettingError`.
        """
        with self._lock:
            before = self._running, self._last
            self._running = self._begin(setting)
            self._last = datetime.min.replace(tzinfo=UTC) if last is None else last

        def undo() -> None:
            with self._lock:
                self._running, self._last = before

        return undo

    def setting(self) -> ClockSetting:
        """A setting that begins where this clock is now."""
        with self._lock:
            if self._running is None:
                return REAL_TIME
            return ClockSetting(max(self._shown(), self._last), rate=self._running.rate)

    def begins_at(self, setting: ClockSetting) -> datetime:
        """What the clock would show first if it were restarted now. Raises: `ClockSettingError`."""
        return setting.begins_at(self._source())

    def _begin(self, setting: ClockSetting) -> Running | None:
        if setting.real:
            return None
        return Running(setting.begins_at(self._source()), self._monotonic(), setting.rate)

    def _shown(self) -> datetime:
        return self._source() if self._running is None else self._running.at(self._monotonic())
