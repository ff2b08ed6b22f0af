"""A clock that can be moved, and what may not happen to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.clock import Clock, ClockBackwardsError
from simulator.clock_setting import ClockSetting, ClockSettingError, parse_clock

START = datetime(2026, 11, 25, 14, tzinfo=UTC)
REAL = datetime(2026, 7, 1, 12, tzinfo=UTC)


class Machine:
    """A wall clock and a monotonic one that a test turns."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def wall(self) -> datetime:
        return REAL + timedelta(seconds=self.seconds - 100)

    def clock(self, text: str | None = None) -> Clock:
        setting = ClockSetting() if text is None else parse_clock(text)
        return Clock(self.wall, setting=setting, monotonic=lambda: self.seconds)


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("2026-11-25T14:00+00:00", ClockSetting(START)),
        ("2026-11-25T15:00+01:00x60", ClockSetting(START, rate=60.0)),
        ("2026-11-25T14:00Z", ClockSetting(START)),
        ("frozen", ClockSetting(rate=0.0)),
        ("frozen@2026-11-25T14:00+00:00", ClockSetting(START, rate=0.0)),
        ("+2h30m", ClockSetting(offset=timedelta(hours=2, minutes=30))),
        ("-1d", ClockSetting(offset=-timedelta(days=1))),
        ("-1w2dT", None),
        ("+P1DT2H", ClockSetting(offset=timedelta(days=1, hours=2))),
        ("+1d12hx0.5", ClockSetting(offset=timedelta(days=1, hours=12), rate=0.5)),
        ("x60", ClockSetting(rate=60.0)),
    ],
)
def test_a_clock_is_written_in_these_ways(text: str, setting: ClockSetting | None) -> None:
    if setting is None:
        with pytest.raises(ClockSettingError):
            parse_clock(text)
    else:
        assert parse_clock(text) == setting


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no clock"),
        ("noon", "is no clock"),
        ("+", "is no offset"),
        ("+2 hours", "is no offset"),
        ("2026-11-25T14:00", "has no offset"),
        ("2026-13-25T14:00Z", "no ISO 8601 time"),
        ("frozen@later", "no ISO 8601 time"),
        ("frozenx2", "has no rate"),
        ("x9999999", "at most"),
        ("0001-01-01T00:00Z", "between"),
    ],
)
def test_what_is_no_clock_is_refused_with_a_sentence(text: str, told: str) -> None:
    with pytest.raises(ClockSettingError, match=told):
        parse_clock(text)


@given(st.text(alphabet="0123456789+-:TZPHMSDxfrozen@. dhmsw", max_size=30))
def test_any_text_is_a_clock_or_refused(text: str) -> None:
    told = "none"
    try:
        Machine().clock(text)
    except ClockSettingError as error:
        told = str(error)
    assert told


def test_an_offset_and_a_rate_follow_the_machine() -> None:
    machine = Machine()
    ahead, fast = machine.clock("+2h"), machine.clock("2026-11-25T14:00Zx60")
    machine.seconds += 30
    assert ahead.peek() == REAL + timedelta(hours=2, seconds=30)
    assert fast.peek() == START + timedelta(minutes=30)
    assert not ahead.real
    assert fast.rate == 60


def test_a_frozen_clock_still_grows_strictly_by_microseconds() -> None:
    machine = Machine()
    clock = machine.clock("frozen@2026-11-25T14:00Z")
    machine.seconds += 3600
    first, second = clock.now(), clock.now()
    assert first == START
    assert second - first == timedelta(microseconds=1)
    assert clock.peek() == second


def test_it_does_not_go_back_before_a_time_it_gave_out() -> None:
    clock = Machine().clock("frozen@2026-11-25T14:00Z")
    clock.move(advance=timedelta(hours=1))
    given_out = clock.now()
    with pytest.raises(ClockBackwardsError, match="does not go back"):
        clock.move(now=START)
    with pytest.raises(ClockBackwardsError):
        clock.move(advance=-timedelta(seconds=1))
    assert clock.peek() == given_out


def test_with_a_hotel_that_begins_anew_it_may_begin_earlier_and_that_can_be_undone() -> None:
    clock = Machine().clock("frozen@2026-11-25T14:00Z")
    given_out = clock.now()
    undo = clock.restart(parse_clock("frozen@2026-01-01T00:00Z"))
    assert clock.now() == datetime(2026, 1, 1, tzinfo=UTC)
    undo()
    assert clock.now() == given_out + timedelta(microseconds=1)


moves = st.one_of(
    st.tuples(st.just("advance"), st.floats(-1e6, 1e9)),
    st.tuples(st.just("rate"), st.floats(-1, 2e6)),
    st.tuples(st.just("tick"), st.floats(0, 1e6)),
    st.tuples(st.just("to"), st.datetimes(timezones=st.just(UTC))),
    st.tuples(st.just("now"), st.none()),
)


@given(
    st.lists(moves, max_size=30), st.sampled_from([None, "frozen", "x60", "-1d", "2026-11-25T14:00Zx1000000"])
)
def test_whatever_is_done_to_it_what_it_gives_out_grows(
    steps: list[tuple[str, object]], text: str | None
) -> None:
    machine = Machine()
    clock = machine.clock(text)
    given_out = [clock.now()]
    for what, value in steps:
        try:
            match what, value:
                case "advance", float(seconds):
                    clock.move(advance=timedelta(seconds=seconds))
                case "rate", float(rate):
                    clock.move(rate=rate)
                case "tick", float(seconds):
                    machine.seconds += seconds
                case "to", datetime() as moment:
                    clock.move(now=moment)
        except ClockSettingError:
            pass
        given_out.append(clock.now())
    assert all(before < after for before, after in pairwise(given_out))


def test_at_the_end_of_the_calendar_a_fast_clock_stands_still() -> None:
    machine = Machine()
    clock = machine.clock("8999-12-31T00:00Zx1000000")
    machine.seconds += 1e9
    assert clock.peek().year == 9000
    assert clock.now() <= clock.now()
