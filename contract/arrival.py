"""The arrival window of a hotel: when a guest who is due on a date may check in.

The rule (contract-facts section 4): on the arrival date from `early_checkin_from` on, and on the next day until
`late_arrival_cutoff`, which is still allowed itself. Both are read on the wall clock of the hotel's zone.

The window opens once and shuts once, as two instants. Where the zone changes its clocks, this settles the corners:

- a local time the clocks show twice (autumn) opens the first time and shuts the second time: in favour of the guest;
- a local time the clocks skip (spring) is the moment of the skip.

So judging is comparing instants, and it is the same as comparing wall-clock times except within a repeated hour and at the
moment of a skip itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contract.schema_files import document

Judgement = Literal["allowed", "CHECKIN_WRONG_DATE", "CHECKIN_TOO_EARLY", "CHECKIN_TOO_LATE"]

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class ArrivalPolicy:
    """A hotel's policy, as `files/arrival_policy.schema.json` has it: an IANA zone and local times HH:MM.

    ValueError for a zone or a time that is none. `check_in_time` is when rooms are promised; it refuses nobody.
    """

    timezone: str
    check_in_time: str
    early_checkin_from: str
    late_arrival_cutoff: str

    def __post_init__(self) -> None:
        zone(self.timezone)
        for text in (self.check_in_time, self.early_checkin_from, self.late_arrival_cutoff):
            _time_of_day(text)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> ArrivalPolicy:
        """From data in the shape of the schema."""
        return cls(**data)


@cache
def default_policy() -> ArrivalPolicy:
    """The policy of `schemas/arrival.yaml`, for a hotel that has none of its own."""
    return ArrivalPolicy.parse(document("arrival.yaml")["default_policy"])


def judge_arrival(policy: ArrivalPolicy, check_in: date, now: datetime) -> Judgement:
    """Whether a guest due on `check_in` may check in at `now`, or the error code of the refusal.

    Before the window it is CHECKIN_TOO_EARLY on the arrival date and CHECKIN_WRONG_DATE before it; after the window it is
    CHECKIN_TOO_LATE. ValueError when `now` has no zone.
    """
    if now.tzinfo is None:
        raise ValueError("the arrival window needs an instant; this datetime has no zone")
    opens, closes = window(policy, check_in)
    if now > closes:
        return "CHECKIN_TOO_LATE"
    if now >= opens:
        return "allowed"
    return (
        "CHECKIN_WRONG_DATE"
        if now.astimezone(zone(policy.timezone)).date() < check_in
        else "CHECKIN_TOO_EARLY"
    )


@lru_cache(maxsize=4096)
def window(policy: ArrivalPolicy, check_in: date) -> tuple[datetime, datetime]:
    """The first and the last instant (both UTC, both inside) of the window of a date in the years 2 to 9998."""
    if not 2 <= check_in.year <= 9998:
        raise ValueError(f"{check_in} is outside the calendar of the arrival window")
    where = zone(policy.timezone)
    opens = datetime.combine(check_in, _time_of_day(policy.early_checkin_from))
    closes = datetime.combine(check_in + timedelta(days=1), _time_of_day(policy.late_arrival_cutoff))
    return _instant(opens, where, last=False), _instant(closes, where, last=True)


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name. ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, IsADirectoryError, ValueError):
        raise ValueError(f"{name!r} is no IANA time zone") from None


@cache
def _time_of_day(text: str) -> time:
    if _TIME.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no time of day; HH:MM is meant")
    return time.fromisoformat(text)


def _instant(local: datetime, where: ZoneInfo, *, last: bool) -> datetime:
    """When the wall clock shows `local`: of two times the first or the last, of a skipped one the moment of the skip."""
    first = local.replace(tzinfo=where, fold=0).astimezone(UTC)
    second = local.replace(tzinfo=where, fold=1).astimezone(UTC)
    if second < first:  # skipped: fold 0 counts with the offset before the skip, fold 1 with the one after it
        return _skip_between(second, first, where)
    return second if last else first


def _skip_between(before: datetime, after: datetime, where: ZoneInfo) -> datetime:
    """The instant in (before, after], to the second, from which the zone has its later offset."""
    later = after.astimezone(where).utcoffset()
    while (gap := after - before) > timedelta(seconds=1):
        middle = before + timedelta(seconds=gap // timedelta(seconds=2))
        if middle.astimezone(where).utcoffset() == later:
            after = middle
        else:
            before = middle
    return after
