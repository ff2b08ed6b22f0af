"""Every promise that can be seen from outside has a rule that names it, or says in the catalogue why it has none."""

from __future__ import annotations

import pytest

from conformance_tests.engine import judge_lines
from conformance_tests.refusals import REFUSALS
from conformance_tests.rule import all_rules
from contract.clauses import Level, load_clauses
from contract.errors import status_of
from tests.histories.good import error
from tests.histories.refusals import refused

NAMED = {clause for rule in all_rules() for clause in rule.clauses}


@pytest.mark.parametrize("level", Level)
def test_every_observable_clause_has_a_rule_or_a_reason(level: Level) -> None:
    asked = [c for c in load_clauses().values() if c.level is level and c.observable]
    assert {c.id for c in asked if c.id not in NAMED and c.unjudged is None} == set()


def test_a_reason_not_to_judge_is_given_only_where_nothing_judges() -> None:
    assert {c.id for c in load_clauses().values() if c.unjudged is not None} & NAMED == set()


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.case)
def test_the_refusal_that_is_due_raises_no_alarm(refusal) -> None:  # type: ignore[no-untyped-def]
    report = judge_lines(refused(refusal).text())
    assert [rule["id"] for rule in report["rules"] if rule["verdict"] in ("fail", "error")] == []


@pytest.mark.parametrize("refusal", [one for one in REFUSALS if one.later], ids=lambda refusal: refusal.case)
def test_the_reason_that_comes_later_is_an_alarm_and_a_word_of_its_own_is_none(refusal) -> None:  # type: ignore[no-untyped-def]
    def failed(code: str, status: int) -> list[str]:
        report = judge_lines(refused(refusal, status=status, reply=error(code)).text())
        return [rule["id"] for rule in report["rules"] if rule["verdict"] == "fail"]

    for later in refusal.later:
        assert refusal.clause in failed(later, status_of(later))
    assert refusal.clause not in failed("NO_SUCH_LUCK", status_of(refusal.code))
