"""Guests who come early, late, or in a hotel with another date than UTC are let in (clauses check-in/policy/*).

That the others are not is for the refusals to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Inconclusive, Violation, rule
from conformance_tests.rules.facts import Kind, kind, seqs
from conformance_tests.rules.values import show

EDGES = {
    "check-in/edge-early": ("check-in/policy/arrival-day", "A guest who comes early on the arrival date is checked in"),
    "check-in/edge-late": ("check-in/policy/late-arrival", "A guest who comes in the night after the arrival date is checked in"),
    "check-in/edge-other-date": ("check-in/policy/hotel-timezone", "The arrival window is that of the hotel's zone, not of UTC"),
}  # fmt: skip
"""The case of a check-in at the edge of its window -> the clause that allows it, and what the rule says."""


def _register(case: str, clause: str, title: str) -> None:
    @rule(
        clause,
        title,
        clause,
        hint="Compare local times of the hotel: now in its zone, against its own policy.",
    )
    def judge(episode: Episode) -> Iterator[Finding]:
        for operation in episode.operations:
            if operation.case != case:
                continue
            found = kind(episode, operation)
            if found is Kind.UNKNOWN:
                yield Inconclusive(f"{case} got no answer in time")
            elif found in (Kind.CARRIED_OUT, Kind.REPEAT):
                yield OK
            else:
                told = f"{operation.status} {show(operation.answered.get('error'))}"
                message = f"{case}: a check-in inside the arrival window is refused"
                yield Violation(clause, message, ("200",), told, seqs(operation, "booking", "room"))


for _case, (_clause, _title) in EDGES.items():
    _register(_case, _clause, _title)
