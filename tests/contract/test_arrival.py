"""The arrival window: the cases of the policy, and its laws across the clock changes of three zones."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.arrival import ArrivalPolicy, default_policy, judge_arrival, window

DUBLIN = ArrivalPolicy("Europe/Dublin", "15:00", "08:00", "02:00")
SANTIAGO = replace(DUBLIN, timezone="America/Santiago")  # southern; its clocks change at midnight
DAY = date(2026, 1, 16)


def local(text: str, policy: ArrivalPolicy = DUBLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(policy.timezone), fold=fold)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "judgement"),
    [
        ("2026-01-15T23:59:59", "CHECKIN_WRONG_DATE"),
        ("2026-01-16T00:00:00", "CHECKIN_TOO_EARLY"),
        ("2026-01-16T07:59:59.999999", "CHECKIN_TOO_EARLY"),
        ("2026-01-16T08:00:00", "allowed"),
        ("2026-01-16T23:59:59", "allowed"),
        ("2026-01-17T02:00:00", "allowed"),
        ("2026-01-17T02:00:00.000001", "CHECKIN_TOO_LATE"),
        ("2026-02-16T12:00:00", "CHECKIN_TOO_LATE"),
    ],
)
def test_the_cases_of_the_policy(moment: str, judgement: str) -> None:
    assert judge_arrival(DUBLIN, DAY, local(moment)) == judgement


def test_the_default_policy_is_the_one_of_the_facts() -> None:
    assert default_policy() == DUBLIN


def test_the_date_is_the_hotels_and_not_that_of_utc() -> None:
    auckland = replace(DUBLIN, timezone="Pacific/Auckland")
    assert judge_arrival(auckland, DAY, utc("2026-01-15T19:00")) == "allowed"
    assert judge_arrival(DUBLIN, DAY, utc("2026-01-15T19:00")) == "CHECKIN_WRONG_DATE"


def test_in_spring_the_window_is_an_hour_shorter() -> None:
    assert window(DUBLIN, date(2026, 3, 28)) == (utc("2026-03-28T08:00"), utc("2026-03-29T01:00"))
    assert judge_arrival(DUBLIN, date(2026, 3, 29), utc("2026-03-29T07:00")) == "allowed"  # 08:00 IST
    assert judge_arrival(DUBLIN, date(2026, 3, 29), utc("2026-03-29T06:59")) == "CHECKIN_TOO_EARLY"


def test_a_skipped_time_is_the_moment_of_the_skip() -> None:
    skipped = replace(DUBLIN, early_checkin_from="01:30", late_arrival_cutoff="01:30")
    assert window(skipped, date(2026, 3, 29))[0] == utc("2026-03-29T01:00")
    assert window(skipped, date(2026, 3, 28))[1] == utc("2026-03-29T01:00")


def test_in_autumn_a_repeated_time_opens_the_first_time_and_shuts_the_second() -> None:
    repeated = replace(DUBLIN, early_checkin_from="01:30", late_arrival_cutoff="01:30")
    assert window(repeated, date(2026, 10, 25))[0] == utc("2026-10-25T00:30")
    assert window(repeated, date(2026, 10, 24))[1] == utc("2026-10-25T01:30")
    day = date(2026, 10, 24)
    assert judge_arrival(repeated, day, local("2026-10-25T01:45", fold=0)) == "allowed"
    assert judge_arrival(repeated, day, local("2026-10-25T01:30", fold=1)) == "allowed"
    assert judge_arrival(repeated, day, local("2026-10-25T01:31", fold=1)) == "CHECKIN_TOO_LATE"


def test_in_autumn_the_window_is_an_hour_longer() -> None:
    assert window(DUBLIN, date(2026, 10, 24)) == (utc("2026-10-24T07:00"), utc("2026-10-25T02:00"))


def test_a_southern_zone_changes_its_clocks_the_other_way_round() -> None:
    # Chile: autumn on 2026-04-05 (24:00 becomes 23:00 again), spring on 2026-09-06 (00:00 becomes 01:00).
    assert window(SANTIAGO, date(2026, 4, 4)) == (utc("2026-04-04T11:00"), utc("2026-04-05T06:00"))
    assert window(SANTIAGO, date(2026, 9, 5)) == (utc("2026-09-05T12:00"), utc("2026-09-06T05:00"))
    midnight = replace(SANTIAGO, early_checkin_from="00:00")
    assert window(midnight, date(2026, 9, 6))[0] == utc("2026-09-06T04:00")


def test_a_date_a_zone_skipped_whole_opens_at_the_skip() -> None:
    apia = replace(DUBLIN, timezone="Pacific/Apia")
    assert window(apia, date(2011, 12, 30))[0] == utc("2011-12-30T10:00")


TIMES = st.times().map(lambda t: f"{t:%H:%M}")
POLICIES = st.builds(
    ArrivalPolicy,
    st.sampled_from(["Europe/Dublin", "America/Santiago", "Australia/Lord_Howe", "UTC"]),
    st.just("15:00"),
    TIMES,
    TIMES,
)
CHANGES = [date(2026, 3, 29), date(2026, 10, 25), date(2026, 4, 5), date(2026, 9, 6), date(2026, 10, 4)]
DATES = st.sampled_from(CHANGES).flatmap(lambda d: st.integers(-2, 2).map(lambda n: d + timedelta(days=n)))
MINUTES = st.integers(-36 * 60, 60 * 60)


@given(POLICIES, DATES, MINUTES)
def test_allowed_is_being_inside_the_window(policy: ArrivalPolicy, day: date, minutes: int) -> None:
    now = datetime.combine(day, time(0), UTC) + timedelta(minutes=minutes)
    opens, closes = window(policy, day)
    assert (judge_arrival(policy, day, now) == "allowed") == (opens <= now <= closes)


@given(POLICIES, DATES, MINUTES)
def test_judging_is_comparing_wall_clocks_where_they_are_unambiguous(
    policy: ArrivalPolicy, day: date, minutes: int
) -> None:
    now = datetime.combine(day, time(0), UTC) + timedelta(minutes=minutes, seconds=1)
    here = now.astimezone(ZoneInfo(policy.timezone))
    if here.replace(fold=0).utcoffset() != here.replace(fold=1).utcoffset():
        return  # a repeated hour: the window decides, by the rule of the module
    if here.date() == day:
        early = here.time() < time.fromisoformat(policy.early_checkin_from)
        expected = "CHECKIN_TOO_EARLY" if early else "allowed"
    elif here.date() == day + timedelta(days=1):
        late = here.time() > time.fromisoformat(policy.late_arrival_cutoff)
        expected = "CHECKIN_TOO_LATE" if late else "allowed"
    else:
        expected = "CHECKIN_WRONG_DATE" if here.date() < day else "CHECKIN_TOO_LATE"
    assert judge_arrival(policy, day, now) == expected


@given(POLICIES, DATES, MINUTES, st.integers(0, 24 * 60))
def test_time_only_moves_from_too_early_to_allowed_to_too_late(
    policy: ArrivalPolicy, day: date, minutes: int, more: int
) -> None:
    order = ["CHECKIN_WRONG_DATE", "CHECKIN_TOO_EARLY", "allowed", "CHECKIN_TOO_LATE"]
    now = datetime.combine(day, time(0), UTC) + timedelta(minutes=minutes)
    ranks = [order.index(judge_arrival(policy, day, at)) for at in (now, now + timedelta(minutes=more))]
    assert max(ranks[0], 1) <= max(ranks[1], 1)


@pytest.mark.parametrize(
    "bad",
    [
        {"timezone": "Europe/Dubln"},
        {"timezone": "../etc/passwd"},
        {"timezone": "Europe"},
        {"check_in_time": "24:00"},
    ],
)
def test_a_policy_that_cannot_be_is_refused(bad: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="is no "):
        replace(DUBLIN, **bad)


def test_an_instant_is_needed() -> None:
    with pytest.raises(ValueError, match="has no zone"):
        judge_arrival(DUBLIN, DAY, datetime(2026, 1, 16, 12))  # noqa: DTZ001
    with pytest.raises(ValueError, match="outside the calendar"):
        window(DUBLIN, date.max)
