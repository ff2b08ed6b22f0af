"""Rooms of another hotel: whoever names one under the hotel of the run is told that there is none.

The state promises that no room of the run's hotel has the id or the number (schemas/provider_states.yaml). Where the promise is not kept, a call meets the
run's own room: an answer that shows another room than the arranged one says nothing about hotels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance_tests.entries import Operation, mapping
from conformance_tests.episode import Episode
from conformance_tests.refusals import BY_CASE
from conformance_tests.room_scope_refusals import CLAUSE, ROOM_ELSEWHERE
from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation, rule
from conformance_tests.rules.facts import seqs, succeeded
from conformance_tests.rules.values import show
from contract.errors import status_of

_CASES = frozenset(case for case, refusal in BY_CASE.items() if refusal.clause == CLAUSE)
_NAMES = ("room_id", "room_number")


def _told(operation: Operation) -> Mapping[str, Any]:
    """The room that an answer shows; empty when it shows none."""
    return operation.answered if operation.operation == "getRoom" else mapping(operation.answered.get("room"))


def _is_our_own(operation: Operation, theirs: Mapping[str, Any]) -> bool:
    """The answer shows a room that shares only its id or only its number with the one in the other hotel."""
    told = _told(operation)
    shared = [told[name] == theirs.get(name) for name in _NAMES if told.get(name) is not None]
    return any(shared) and not all(shared)


@rule(
    "access/refuse/room-of-other-hotel", "A room of another hotel is refused, wherever it is named", CLAUSE,
    hint="Look rooms up by hotel and id (or number) in one place, for paths and for bodies.",
)  # fmt: skip
def room_of_other_hotel(episode: Episode) -> Iterator[Finding]:
    theirs = next((one.bindings for one in episode.arranged if one.state == ROOM_ELSEWHERE), {})
    for operation in episode.operations:
        if operation.case not in _CASES:
            continue
        if operation.status is None:
            yield Inconclusive(f"{operation.case} got no answer in time")
        elif 400 <= operation.status < 500:
            yield OK
        elif succeeded(operation) and _is_our_own(operation, theirs):
            yield Unreached(
                "the hotel of the run has a room of that id or number too: arrange `room of another hotel` with one it has not"
            )
        else:
            code = BY_CASE[operation.case].code
            yield Violation(
                CLAUSE,
                f"{operation.case} was {'carried out' if succeeded(operation) else 'not refused with a 4xx'}",
                (f"{status_of(code)} {code}", "another 4xx with a code"),
                f"{operation.status} {show(operation.answered.get('error', operation.answered.get('message')))}",
                seqs(operation, "booking", "room"),
            )
