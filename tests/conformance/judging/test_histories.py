"""Every good history passes every rule; every bad one fails exactly the rules that are there for it."""

from __future__ import annotations

from typing import Any

import pytest

from conformance_tests.engine import judge_lines
from conformance_tests.rule import all_rules
from contract.clauses import load_clauses
from tests.histories import bad_races
from tests.histories.bad import BAD, Bad, limited_history
from tests.histories.clocks import CLOCKS, hours_off_without_a_date_header
from tests.histories.commands import COMMAND_HISTORIES
from tests.histories.good import GOOD
from tests.histories.lateness import LATENESS, cut_short
from tests.histories.nearly import NEARLY
from tests.histories.outages import OUTAGES
from tests.histories.races import RACES
from tests.histories.room_scope import ROOM_SCOPE
from tests.histories.succession import SUCCESSION

assert bad_races  # importing it registers its lies
GOOD = (
    GOOD
    | RACES
    | OUTAGES
    | COMMAND_HISTORIES
    | SUCCESSION
    | ROOM_SCOPE
    | CLOCKS
    | NEARLY
    | LATENESS
    | {"limited-history": limited_history}
)


def alarms(report: dict[str, Any], *verdicts: str) -> dict[str, str]:
    """The rules with one of these verdicts, with what they say."""
    return {
        rule["id"]: "; ".join(
            [*rule["reasons"], *(f"{v['message']}: {v['actual']}" for v in rule["violations"])]
        )
        for rule in report["rules"]
        if rule["verdict"] in verdicts
    }


@pytest.mark.parametrize("name", GOOD)
def test_a_good_history_raises_no_alarm(name: str) -> None:
    report = judge_lines(GOOD[name]().text())
    assert alarms(report, "fail", "inconclusive", "error") == {}


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_lie_is_caught_by_its_rules_and_no_other(bad: Bad) -> None:
    report = judge_lines(bad.make().text())
    found = alarms(report, "fail")
    assert set(found) == set(bad.rules), found
    assert alarms(report, "error") == {}


def test_hours_off_a_clock_that_nobody_knows_are_not_judged() -> None:
    report = judge_lines(hours_off_without_a_date_header().text())
    assert alarms(report, "fail", "error") == {}
    assert set(alarms(report, "inconclusive")) == {"effects/zone"}


def test_an_event_that_may_be_of_an_earlier_call_accuses_nobody() -> None:
    report = judge_lines(cut_short().text())
    assert alarms(report, "fail", "error") == {}
    assert "events/housekeeping/nothing-missing" in alarms(report, "inconclusive")


def test_every_rule_has_a_lie_of_its_own() -> None:
    assert {rule.id for rule in all_rules()} - {bad.rules[0] for bad in BAD} == set()


def test_every_rule_names_clauses_of_the_catalogue() -> None:
    known = load_clauses()
    assert {name for rule in all_rules() for name in rule.clauses} <= set(known)
