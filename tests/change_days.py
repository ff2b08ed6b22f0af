"""The days on which some zone changes its clocks, and an arrival window read off the wall clock minute by minute.

The oracle knows nothing of instants and offsets: a hotel opens when its clock first shows the time, and shuts when it shows it for
the last time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

from contract.arrival import ArrivalPolicy

MINUTE = timedelta(minutes=1)
YEARS = range(2018, 2031)


@cache
def change_days(zone: str) -> tuple[date, ...]:
    """The local dates in these years on which the clocks of a zone change."""
    where = ZoneInfo(zone)
    found = []
    at = datetime(YEARS.start, 1, 1, tzinfo=UTC)
    while at.year < YEARS.stop:
        after = at + timedelta(days=1)
        if at.astimezone(where).utcoffset() != after.astimezone(where).utcoffset():
            low, high = at, after
            while high - low > MINUTE:
                middle = low + (high - low) // 2 // MINUTE * MINUTE
                same = middle.astimezone(where).utcoffset() == low.astimezone(where).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high.astimezone(where).date())
        at = after
    return tuple(found)


@cache
def changing_zones() -> tuple[str, ...]:
    """One zone of each kind: those that change on the same days at the same offsets behave alike."""
    kinds: dict[tuple[object, ...], str] = {}
    for name in sorted(available_timezones()):
        where = ZoneInfo(name)
        samples = (datetime(year, month, 1, tzinfo=UTC) for year in YEARS for month in range(1, 13))
        offsets = tuple(at.astimezone(where).utcoffset() for at in samples)
        if len(set(offsets)) > 1:
            kinds.setdefault(offsets, name)
    return tuple(kinds.values())


TIMES = st.one_of(st.times(), st.times(max_value=time(4)), st.times(min_value=time(22))).map(
    "{:%H:%M}".format
)


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[ArrivalPolicy, date]:
    """A policy, and an arrival date on a day on which the zone's clocks change or beside one."""
    zone = draw(st.sampled_from(changing_zones()))
    day = draw(st.sampled_from(change_days(zone)))
    policy = ArrivalPolicy(zone, "15:00", draw(TIMES), draw(TIMES))
    return policy, day + timedelta(days=draw(st.integers(-2, 1)))


@st.composite
def moments(draw: st.DrawFn) -> tuple[ArrivalPolicy, date, datetime]:
    """An arrival and a moment, mostly within two hours of when the window opens or shuts."""
    policy, day = draw(arrivals())
    near = draw(st.sampled_from((*open_minutes(policy, day), datetime.combine(day, time(12), UTC))))
    return policy, day, near + draw(st.integers(-120, 120)) * MINUTE


def open_minutes(policy: ArrivalPolicy, day: date) -> tuple[datetime, datetime]:
    """The first and the last whole minute (UTC) in which a guest due on the day may come, by the wall clock alone."""
    where = ZoneInfo(policy.timezone)
    opens = datetime.combine(day, time.fromisoformat(policy.early_checkin_from))
    closes = datetime.combine(day + timedelta(days=1), time.fromisoformat(policy.late_arrival_cutoff))

    def wall(at: datetime) -> datetime:
        return at.astimezone(where).replace(tzinfo=None)

    # No zone is further than 14 hours ahead of UTC, or 12 behind it.
    at = opens.replace(tzinfo=UTC) - timedelta(hours=16)
    while wall(at) < opens:
        at += MINUTE
    until = closes.replace(tzinfo=UTC) + timedelta(hours=14)
    while wall(until) > closes:
        until -= MINUTE
    return at, until
