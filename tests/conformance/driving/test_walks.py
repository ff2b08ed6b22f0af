"""The walks: every step and every refusal of the tables is in them, in an order that follows from the seed."""

from __future__ import annotations

from itertools import pairwise

import pytest

from conformance_tests.scenarios import walks
from conformance_tests.scenarios.scenario import Scenario, Step
from contract.lifecycle import room_lifecycle


def calls(scenarios: list[Scenario]) -> list[Step]:
    return [step for scenario in scenarios for step in scenario.calls]


def legal(scenario: Scenario) -> list[tuple[str, str, str]]:
    """The steps of a walk from its first status on; refusals leave the room as it is."""
    status = {
        walks.READY: "READY_FOR_GUEST",
    }.get(scenario.states[0].state) or scenario.states[0].params["room_status"]
    found = []
    for step in scenario.calls:
        if "/refuse/" in step.case:
            continue
        body = step.body if isinstance(step.body, dict) else {}
        target = {"checkIn": "OCCUPIED", "checkOut": "CHECKOUT_DIRTY"}.get(step.operation) or body[
            "to_status"
        ]
        found.append((status, target, step.actor))
        status = target
    return found


@pytest.mark.parametrize("seed", range(20))
def test_every_step_of_a_room_is_taken_once_by_everyone_who_may(seed: int) -> None:
    taken = [step for scenario in walks.rooms(seed) for step in legal(scenario)]
    wanted = {(one.source, one.target, role) for one in room_lifecycle().transitions() for role in one.roles}
    assert len(taken) == len(set(taken))
    assert set(taken) == wanted


@pytest.mark.parametrize("seed", range(20))
def test_a_walk_goes_on_where_it_is(seed: int) -> None:
    for scenario in walks.rooms(seed):
        steps = legal(scenario)
        assert all(first[1] == second[0] for first, second in pairwise(steps))
        assert len([step for step in steps if step[1] == "OCCUPIED"]) <= 1  # there is one booking


def test_every_refusal_is_asked_for_once() -> None:
    asked = [step for step in calls(list(walks.rooms(3))) if "/refuse/" in step.case]
    wanted = [step for status in room_lifecycle().states for step in walks.refusals_at(status)]
    assert sorted(map(repr, asked)) == sorted(map(repr, wanted))


def test_the_order_follows_from_the_seed() -> None:
    assert list(walks.rooms(5)) == list(walks.rooms(5))
    assert list(walks.rooms(5)) != list(walks.rooms(6))
    assert list(walks.bookings(5)) == list(walks.bookings(5))
