"""Every promise that can be seen from outside has a rule that names it."""

from __future__ import annotations

from conformance_tests.rule import all_rules
from contract.clauses import Level, load_clauses


def test_every_observable_must_has_a_rule() -> None:
    named = {clause for rule in all_rules() for clause in rule.clauses}
    musts = {c.id for c in load_clauses().values() if c.level is Level.MUST and c.observable}
    assert musts - named == set()
