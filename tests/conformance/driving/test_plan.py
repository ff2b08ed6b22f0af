"""The plan: the same for the same seed, complete, and made of what the contract knows."""

from __future__ import annotations

import pytest

from conformance_tests.bindings import MissingBindingError, filled
from conformance_tests.refusals import ANONYMOUS, GUEST, REFUSALS
from conformance_tests.scenarios.plan import everything, plan
from conformance_tests.scenarios.scenario import Race
from conformance_tests.target import ACTORS
from contract.catalogue import provider_state
from contract.clauses import clause
from contract.errors import error_code
from contract.operations import operation


def test_the_same_seed_gives_the_same_plan_and_another_one_another_order() -> None:
    assert plan(7) == plan(7)
    assert [one.name for one in plan(7)] != [one.name for one in plan(8)]
    assert _names(7) == _names(8)


def _names(seed: int) -> list[str]:
    """What is in the plan, but for the walks through the rooms, which each seed cuts in its own way."""
    return sorted(one.name for one in plan(seed) if not one.name.startswith("walk/room/"))


def test_names_are_unique() -> None:
    names = [scenario.name for scenario in everything()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("scenario", list(everything()), ids=lambda scenario: scenario.name)
def test_a_scenario_asks_for_states_operations_and_actors_there_are(scenario) -> None:  # type: ignore[no-untyped-def]
    for wanted in scenario.states:
        provider_state(wanted.state).fill(wanted.params)
    for step in scenario.calls:
        known = {parameter.name for parameter in operation(step.operation).parameters}
        assert set(step.params) <= known | {"token"}
        assert step.actor in (*ACTORS, ANONYMOUS, GUEST)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.case)
def test_a_refusal_names_a_clause_and_a_code_the_operation_has(refusal) -> None:  # type: ignore[no-untyped-def]
    clause(refusal.clause)
    error_code(refusal.code)
    assert refusal.code in operation(refusal.operation).refusal_codes


@pytest.mark.parametrize(
    ("only", "in_it", "not_in_it"),
    [
        ("check-in", "stay/party-of-1", "housekeeping/maintenance"),
        ("check-in/refuse/departed", "check-in/refuse/departed", "check-out/refuse/not-checked-in"),
        ("housekeeping", "housekeeping/maintenance", "tokens/stay"),
        ("login", "login/refuse/wrong-password", "stay/party-of-1"),
    ],
)
def test_only_leaves_out_what_cannot_feed_the_rule(only: str, in_it: str, not_in_it: str) -> None:
    names = {scenario.name for scenario in plan(1, [only])}
    assert in_it in names
    assert not_in_it not in names


def test_races_are_the_same_for_the_same_seed_and_are_tried_as_often_as_asked() -> None:
    def races(seed: int, tries: int) -> dict[str, Race]:
        return {
            scenario.name: step
            for scenario in plan(seed, race_tries=tries)
            for step in scenario.steps
            if isinstance(step, Race)
        }

    assert races(7, 3) == races(7, 3)
    assert races(7, 3).keys() == races(8, 3).keys()
    assert races(7, 3) != races(8, 3)
    assert races(7, 0) == {}
    assert len(races(7, 4)) * 3 == len(races(7, 3)) * 4
    for name, race in races(7, 3).items():
        assert len(race.calls) == len(race.delays) > 1
        assert (max(race.delays) == 0) == name.endswith("/1")  # the first try starts all calls at once
    assert {scenario.family for scenario in plan(1, ["races"])} == {"races"}


@pytest.mark.parametrize("seed", range(5))
def test_each_of_two_that_race_leads_in_its_turn(seed: int) -> None:
    led: dict[str, set[str]] = {}
    for scenario in plan(seed, ["races"], race_tries=2):
        for race in scenario.steps:
            if isinstance(race, Race) and len(race.calls) == 2:
                assert list(race.delays) == sorted(race.delays)
                first, other = race.calls
                led.setdefault(scenario.name.rpartition("/")[0], set()).add(repr(first))
                assert first != other
    assert led
    assert {len(leaders) for leaders in led.values()} == {2}


def test_a_word_nobody_knows_gets_everything() -> None:
    assert len(plan(1, ["events"])) == len(plan(1))


def test_a_template_is_filled_with_the_binding_itself() -> None:
    bindings = {"room_id": 5, "slug": "h"}
    assert filled({"a": "{room_id}", "b": ["x-{slug}", 1], "c": None}, bindings) == {
        "a": 5,
        "b": ["x-h", 1],
        "c": None,
    }
    with pytest.raises(MissingBindingError):
        filled("{nobody}", bindings)
