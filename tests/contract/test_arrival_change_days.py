"""The arrival window on the days on which clocks change, in every kind of zone there is: no hole, and nobody let in by mistake."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings

from contract.arrival import ArrivalPolicy, judge_arrival, window
from tests.change_days import MINUTE, arrivals, change_days, changing_zones, moments, open_minutes

THOROUGH = settings(max_examples=200, deadline=None)
LORD_HOWE = ArrivalPolicy(
    "Australia/Lord_Howe", "15:00", "01:45", "01:45"
)  # its clocks change by half an hour


def test_there_are_zones_of_both_hemispheres_and_of_half_hours_to_be_tried() -> None:
    assert len(changing_zones()) > 20
    assert date(2026, 3, 29) in change_days("Europe/Dublin")
    assert date(2026, 4, 5) in change_days("Australia/Lord_Howe")
    assert date(2026, 9, 6) in change_days("America/Santiago")


@THOROUGH
@given(arrivals())
@example((LORD_HOWE, date(2026, 4, 5)))
@example((LORD_HOWE, date(2026, 10, 3)))
def test_the_window_is_what_the_clock_on_the_wall_shows(arrival: tuple[ArrivalPolicy, date]) -> None:
    policy, day = arrival
    opens, closes = window(policy, day)
    first, last = open_minutes(policy, day)
    assert opens == first
    shown = closes.astimezone(ZoneInfo(policy.timezone)).replace(tzinfo=None)
    cutoff = datetime.combine(day + timedelta(days=1), time.fromisoformat(policy.late_arrival_cutoff))
    # a cutoff that the clock skips is the moment of the skip, one minute after the last that it shows
    assert closes == (last if shown == cutoff else last + MINUTE)


@THOROUGH
@given(moments())
def test_in_every_minute_of_the_change_the_answer_is_that_of_the_wall(
    moment: tuple[ArrivalPolicy, date, datetime],
) -> None:
    policy, day, now = moment
    first, last = open_minutes(policy, day)
    here = now.astimezone(ZoneInfo(policy.timezone))
    judged = judge_arrival(policy, day, now)
    if now < first:
        assert judged == ("CHECKIN_WRONG_DATE" if here.date() < day else "CHECKIN_TOO_EARLY")
    elif now <= last:
        assert judged == "allowed"
    elif now > last + MINUTE:
        assert judged == "CHECKIN_TOO_LATE"


@THOROUGH
@given(arrivals())
def test_nights_that_touch_leave_no_hole_and_nights_that_do_not_admit_one_date(
    arrival: tuple[ArrivalPolicy, date],
) -> None:
    """A clock that goes back shows times twice: only then, and at the moment of a skip, are both dates let in."""
    policy, day = arrival
    closes, opens = window(policy, day)[1], window(policy, day + timedelta(days=1))[0]
    if policy.late_arrival_cutoff >= policy.early_checkin_from:
        assert opens <= closes
    elif opens <= closes:
        where = ZoneInfo(policy.timezone)
        is_repeated = opens.astimezone(where).utcoffset() != closes.astimezone(where).utcoffset()
        assert opens == closes or is_repeated


@THOROUGH
@given(arrivals())
def test_no_guest_is_shut_out_all_day(arrival: tuple[ArrivalPolicy, date]) -> None:
    policy, day = arrival
    opens, closes = window(policy, day)
    assert opens < closes
    assert judge_arrival(policy, day, opens) == judge_arrival(policy, day, closes) == "allowed"
    assert judge_arrival(policy, day, opens - timedelta(microseconds=1)) != "allowed"
    assert judge_arrival(policy, day, closes + timedelta(microseconds=1)) == "CHECKIN_TOO_LATE"
