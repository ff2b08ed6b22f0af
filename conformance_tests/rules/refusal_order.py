"""A call that may be refused for several reasons is refused for the first of them (clauses refusal/order/*).

Only the reasons of the call are told apart: an answer with a code of its own may stand for the right one.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance_tests.entries import Operation
from conformance_tests.episode import Episode
from conformance_tests.refusals import BY_CASE, REFUSALS, Refusal
from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation, rule
from conformance_tests.rules.facts import seqs, succeeded
from conformance_tests.rules.refusing import code_of
from conformance_tests.rules.values import show
from contract.clauses import load_clauses
from contract.errors import error_codes, status_of

_HINT = "Look in the order of the operation's x-refusals, and answer with the first that fits."


def _tells_a_later(operation: Operation, refusal: Refusal) -> bool:
    """The answer is that of a reason which comes after the one that is due."""
    code = code_of(operation)
    if code in error_codes():
        return code in refusal.later
    others = {status_of(later) for later in refusal.later} - {status_of(refusal.code)}
    if refusal.code == "NOT_AUTHENTICATED":
        others.discard(403)  # both are told to who is not known (access/staff-authenticated)
    return operation.status in others


def _judge(operation: Operation, refusal: Refusal) -> Finding:
    if operation.status is None:
        return Inconclusive(f"{refusal.case} got no answer in time")
    if operation.status >= 500:
        return Unreached(f"{refusal.case} broke (answered {operation.status})")
    if not succeeded(operation) and not _tells_a_later(operation, refusal):
        return OK
    told = show(operation.answered.get("error")) if not succeeded(operation) else "carried out"
    return Violation(
        refusal.clause,
        f"{refusal.case} is refused for a reason that comes later, or not at all",
        (f"{status_of(refusal.code)} {refusal.code}",),
        f"{operation.status} {told}",
        seqs(operation, "booking", "room"),
    )


def _register(clause: str, cases: frozenset[str]) -> None:
    @rule(clause, load_clauses()[clause].text.rstrip("."), clause, hint=_HINT)
    def judge(episode: Episode) -> Iterator[Finding]:
        for operation in episode.operations:
            if operation.case in cases:
                yield _judge(operation, BY_CASE[operation.case])


for _clause in dict.fromkeys(refusal.clause for refusal in REFUSALS if refusal.later):
    _register(_clause, frozenset(one.case for one in REFUSALS if one.later and one.clause == _clause))
