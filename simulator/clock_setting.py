"""What a clock is set to, and how a person writes it: `--clock`, the `clock` of a scenario. Pure: no clock is read here.

2026-11-25T14:00+00:00        starts there and runs
2026-11-25T14:00+00:00x60     the same, an hour a minute
frozen, frozen@2026-11-25T14:00+00:00
+2h30m, -1d, +P1DT2H          ahead of or behind real time (ISO 8601 durations, without P and T if you like)
x60, -1dx60                   from now on, or from a day ago, sixty times as fast
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter, ValidationError

FASTEST = 1_000_000.0
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""The calendar of a moved clock; at its end it stands still."""

_FORMS = "an ISO time (2026-11-25T14:00+00:00), frozen, frozen@TIME, an offset (+2h30m, -1d), or a rate (x60), also behind one of them"
_RATE = re.compile(r"^(.*?)x(\d+(?:\.\d+)?)$", re.DOTALL)
_SHORT = re.compile(r"^((?:\d+[wd])*)((?:\d+(?:\.\d+)?[hms])*)$", re.IGNORECASE)
_DURATION = TypeAdapter(timedelta)


class ClockSettingError(ValueError):
    """The text sets no clock. The message says what it should look like."""


@dataclass(frozen=True, slots=True)
class ClockSetting:
    """Where a clock begins: at `start`, or at `offset` from real time; `rate` is its seconds per real second, 0 frozen."""

    start: datetime | None = None
    offset: timedelta = timedelta()
    rate: float = 1.0

    @property
    def real(self) -> bool:
        """Whether this is real time and nothing else."""
        return self.start is None and not self.offset and self.rate == 1.0

    def begins_at(self, real_time: datetime) -> datetime:
        """What the clock shows first. Raises: `ClockSettingError` outside the calendar."""
        try:
            moment = self.start if self.start is not None else real_time + self.offset
        except OverflowError:
            raise ClockSettingError("The clock would be outside the calendar.") from None
        return in_calendar(moment)


REAL_TIME = ClockSetting()


@dataclass(frozen=True, slots=True)
class Running:
    """A clock under way: it showed `base` when the monotonic source said `since` (seconds)."""

    base: datetime
    since: float
    rate: float

    def at(self, monotonic: float) -> datetime:
        """What it shows now; never beyond `LATEST`."""
        passed = max(0.0, monotonic - self.since) * self.rate
        left = (LATEST - self.base).total_seconds()
        return LATEST if passed >= left else self.base + timedelta(seconds=passed)


def in_calendar(moment: datetime) -> datetime:
    """The moment in UTC. Raises: `ClockSettingError` outside the calendar of a moved clock."""
    try:
        found = moment.astimezone(UTC)
    except OverflowError:
        found = datetime.max.replace(tzinfo=UTC)
    if not EARLIEST <= found < LATEST:
        raise ClockSettingError(
            f"A clock can be set between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d}, not to {moment.isoformat()}."
        )
    return found


def parse_moment(text: str) -> datetime:
    """An ISO 8601 time with an offset, in UTC. Raises: `ClockSettingError`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ClockSettingError(f"{text!r} is no ISO 8601 time such as 2026-11-25T14:00+00:00.") from None
    if moment.tzinfo is None:
        raise ClockSettingError(f"{text!r} has no offset; write {text}+00:00, or that of the hotel.")
    return in_calendar(moment)


def parse_clock(text: str) -> ClockSetting:
    """Read a setting (forms above). Raises: `ClockSettingError`."""
    rate, rest = 1.0, text.strip()
    if found := _RATE.match(rest):
        rest, rate = found[1], float(found[2])
        if rate > FASTEST:
            raise ClockSettingError(f"A clock runs at most x{FASTEST:.0f}; x0 is frozen.")
        if not rest:
            return ClockSetting(rate=rate)
    if rest == "frozen" or rest.startswith("frozen@"):
        if found:
            raise ClockSettingError("A frozen clock has no rate.")
        return ClockSetting(start=parse_moment(rest[7:]) if rest != "frozen" else None, rate=0.0)
    if rest[:1] in ("+", "-"):
        return ClockSetting(offset=_duration(rest), rate=rate)
    try:
        return ClockSetting(start=parse_moment(rest), rate=rate)
    except ClockSettingError as error:
        if rest[:4].isdigit():  # a time was meant
            raise
        raise ClockSettingError(f"{text!r} is no clock. It takes {_FORMS}.") from error


def _duration(text: str) -> timedelta:
    """A signed duration, ISO 8601 or its short form."""
    sign, written = text[0], text[1:]
    if short := _SHORT.match(written):
        written = f"P{short[1]}{'T' if short[2] else ''}{short[2]}".upper()
    try:
        found = _DURATION.validate_python(written) if written.startswith("P") and written != "P" else None
    except (ValidationError, OverflowError):
        found = None
    if found is None:
        raise ClockSettingError(
            f"{text!r} is no offset; write +2h30m, -1d, or an ISO 8601 duration such as +P1DT2H."
        )
    return -found if sign == "-" else found
