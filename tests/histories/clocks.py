"""Stays whose times agree with each other: with the clock of the backend's Date header, and with that of another zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from tests.histories import good
from tests.histories.bad import lie
from tests.histories.builder import Tape, wall


def stay(*, times: timedelta, date: timedelta | None) -> Tape:
    """A stay; how far its times are from the suite's clock, and how far its Date header is, if it has one."""
    tape = good.stay()
    for position, line in enumerate(tape.lines):
        for part in {"data", "body", "state"} & line.keys():
            line[part] = _shifted(line[part], times)
        if line["kind"] == "event":
            line["data"]["meta"]["ts"] = _moved(wall(position / 100), times)
        if line["kind"] == "reply" and date is not None:
            moment = datetime.fromisoformat("2026-11-22T15:04:07Z") + date
            line["headers"] = {"date": moment.strftime("%a, %d %b %Y %H:%M:%S GMT")}
    return tape


def _moved(text: str, apart: timedelta) -> str:
    return (datetime.fromisoformat(text) + apart).isoformat().replace("+00:00", "Z")


def _shifted(value: Any, apart: timedelta) -> Any:
    """Every time of the stay itself in a value, moved."""
    if isinstance(value, dict):
        return {name: _shifted(one, apart) for name, one in value.items()}
    if isinstance(value, list):
        return [_shifted(one, apart) for one in value]
    return _moved(value, apart) if isinstance(value, str) and value.startswith("2026-11-22T15:04") else value


NONE = timedelta(0)
CLOCKS = {
    "by-its-date-header": partial(stay, times=NONE, date=NONE),
    "machine-is-minutes-off": partial(stay, times=timedelta(minutes=7), date=timedelta(minutes=7)),
    "machine-is-an-hour-off": partial(stay, times=timedelta(hours=1), date=timedelta(hours=1)),
    "clock-moved-by-minutes": partial(stay, times=timedelta(minutes=-12), date=NONE),
    "clock-moved-by-days": partial(stay, times=timedelta(hours=49), date=NONE),
    "off-without-a-date-header": partial(stay, times=timedelta(minutes=7), date=None),
}


def hours_off_without_a_date_header() -> Tape:
    """Another clock or another zone: nobody can tell."""
    return stay(times=timedelta(hours=1), date=None)


@lie("effects/zone", base=partial(stay, times=timedelta(hours=1), date=NONE))
def local_time_an_hour_ahead(tape: Tape) -> None:
    del tape


@lie("effects/zone", base=partial(stay, times=timedelta(hours=-5, minutes=-30), date=timedelta(seconds=40)))
def local_time_of_a_half_hour_zone(tape: Tape) -> None:
    del tape


@lie("effects/zone", base=partial(stay, times=timedelta(hours=13, minutes=56), date=timedelta(minutes=-4)))
def local_time_of_the_widest_zone_on_a_slow_machine(tape: Tape) -> None:
    del tape
