"""Mutants: every one is a switch of its own that fits the code it replaces, and the matrix says what the runs found."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path
from typing import Any

import pytest

from conformance_tests.rule import all_rules
from contract.clauses import Level
from contract.schema_store import schema_store
from reference_server.mutants import Mutant, UnknownMutant, all_mutants, get_mutant, install, mutant
from staycheck.kill_matrix import CONTROL, judge_mutants, matrix, recorded_matrix, row_of, standing
from staycheck.reference_runs import Judged

EVERYONE = all_mutants()
BY_NAME = pytest.mark.parametrize("each", EVERYONE, ids=lambda each: each.name)


@BY_NAME
def test_what_a_mutant_replaces_is_there_and_can_be_replaced(each: Mutant) -> None:
    for place in each.places:
        module, _, path = place.partition(":")
        found: Any = importlib.import_module(module)
        for step in path.split("."):
            found = getattr(found, step)
        assert each.lie(found) is not found


@BY_NAME
def test_a_mutant_breaks_a_promise_that_is_judged(each: Mutant) -> None:
    assert each.clause in {name for rule in all_rules() for name in rule.clauses}


def test_the_suite_cannot_reach_them() -> None:
    """The switch is the server's own: nothing that judges may even name it."""
    for file in Path("conformance_tests").rglob("*.py"):
        assert "mutant" not in file.read_text(), file


def test_an_unknown_mutant_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownMutant, match="did you mean check-out-keeps-tokens"):
        install("check-out-keep-token")


def test_a_lie_about_a_cached_function_is_not_told_while_something_is_arranged() -> None:
    @functools.cache
    def table() -> str:
        return "as it is"

    told = mutant._unless_arranging(table, lambda: "a lie")
    assert told() == "a lie"
    assert mutant._honestly(told)() == "as it is"


def test_what_arranges_is_there_to_be_made_honest() -> None:
    for place in mutant._ARRANGING:
        module, _, path = place.partition(":")
        assert callable(functools.reduce(getattr, path.split("."), importlib.import_module(module))), place


def test_two_of_one_name_are_refused() -> None:
    taken = get_mutant("check-out-keeps-tokens")
    with pytest.raises(ValueError, match="two of that name"):
        mutant.mutant(taken.name, taken.clause, *taken.places)(taken.lie)


def test_the_matrix_tells_a_kill_by_the_clause_from_one_by_another() -> None:
    one, other = EVERYONE[:2]
    judged = {
        one: Judged("fail", frozenset({("check-in/room/status", one.clause)})),
        other: Judged("fail", frozenset({("check-in/room/status", "check-in/room/status")})),
    }
    rows = {each.name: row_of(each, found) for each, found in judged.items()}
    found = matrix((one, other), rows, Judged("pass"), seed=3)
    assert [row["killed"] for row in found["mutants"]] == [True, False]
    assert found["survivors"] == [other.name]
    assert found["rules_without_kill"] == []  # that is said of all mutants or not at all
    assert list(standing((one, other), found)) == [one.name]
    assert schema_store().valid("files/kill_matrix.schema.json", found)


@pytest.mark.timeout(300)
def test_a_run_tells_a_mutant_from_the_server_as_it_is() -> None:
    results = dict(judge_mutants([get_mutant("check-out-keeps-tokens")], seed=5, race_tries=0, jobs=2))
    assert results[CONTROL].failed == []
    assert "check-out/tokens/revoked" in results["check-out-keeps-tokens"].failed


def test_the_recorded_matrix_is_of_these_mutants_and_has_no_gap() -> None:
    """`make mutants` writes it; `staycheck explain` shows it. A new mutant or MUST rule is not done before it is in there."""
    recorded = recorded_matrix()
    assert schema_store().valid("files/kill_matrix.schema.json", recorded)
    assert [(row["name"], row["clause"], row["summary"]) for row in recorded["mutants"]] == [
        (each.name, each.clause, each.summary) for each in EVERYONE
    ]
    musts = {rule.id for rule in all_rules() if rule.level is Level.MUST}
    assert musts <= {rule for row in recorded["mutants"] for rule in row["killed_by"]}
    assert all(row["killed"] for row in recorded["mutants"])
    assert recorded["control"] == {"verdict": "pass", "failed": []}


async def test_a_lie_that_no_longer_fits_ends_the_server_and_is_no_kill(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(mutant, "_HERE", Path(__file__).parent)
    monkeypatch.setattr(mutant.os, "_exit", ended.append)

    async def lie() -> None:
        object().read()  # type: ignore[attr-defined]

    await mutant._unless_arranging(lie, lie)()
    assert ended == [70]
    monkeypatch.setattr(mutant, "_HERE", Path("elsewhere"))  # what breaks below a lie may be what it is about
    with pytest.raises(AttributeError):
        await mutant._unless_arranging(lie, lie)()
    assert ended == [70]
