"""A hotel on the days on which its clocks change: who is let in, who is not, and that a refusal leaves nothing behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from small_hotel import HERE, Desk

from contract.arrival import ArrivalPolicy
from simulator.commands import CheckIn
from simulator.invariants import violations
from tests.change_days import MINUTE, arrivals, moments, open_minutes

THOROUGH = settings(max_examples=100, deadline=None)


def desk_of(policy: ArrivalPolicy, day: date) -> Desk:
    """The small hotel under the policy, with booking A due on the day."""
    desk = Desk()
    hotel = next(one for one in desk.world.hotels.values() if one.slug == HERE)
    desk.set(
        hotel,
        timezone=policy.timezone,
        check_in_time=policy.check_in_time,
        early_checkin_from=policy.early_checkin_from,
        late_arrival_cutoff=policy.late_arrival_cutoff,
    )
    desk.set(desk.world.bookings["A"], check_in=day, check_out=day + timedelta(days=3))
    return desk


@THOROUGH
@given(moments())
def test_a_guest_is_let_in_exactly_while_the_clock_on_the_wall_says_so(
    moment: tuple[ArrivalPolicy, date, datetime],
) -> None:
    policy, day, now = moment
    desk = desk_of(policy, day)
    desk.now = now
    first, last = open_minutes(policy, day)
    if first <= desk.now <= last:
        assert desk.check_in().reply.status == 200
        assert desk.world.bookings["A"].checked_in_at == desk.now
    elif desk.now < first or desk.now > last + MINUTE:
        code = desk.refused(CheckIn(HERE, "A"))
        assert (code == "CHECKIN_TOO_LATE") == (desk.now > last)
        assert desk.world.bookings["A"].checked_in_at is None
    assert not violations(desk.world)


@THOROUGH
@given(arrivals(), st.lists(st.integers(-36 * 60, 60 * 60), min_size=2, max_size=12))
def test_who_tries_again_and_again_comes_in_once_and_at_the_first_open_minute(
    arrival: tuple[ArrivalPolicy, date], tries: list[int]
) -> None:
    """Also where the clock shows an hour twice: the second time is a repeat, without an event."""
    policy, day = replace(arrival[0], late_arrival_cutoff="23:59"), arrival[1]
    desk = desk_of(policy, day)
    first, last = open_minutes(policy, day)
    came = None
    for now in (datetime.combine(day, time(12), UTC) + minutes * MINUTE for minutes in sorted(tries)):
        if now > last:
            break
        desk.now = now
        decision = desk.check_in()
        is_first = came is None and first <= now
        assert bool(decision.events) == is_first
        came = now if is_first else came
        assert desk.world.bookings["A"].checked_in_at == came
