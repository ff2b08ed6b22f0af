"""Commands a booking's lifecycle does not have for its phase and status: each is refused, whatever case it was asked in."""

from __future__ import annotations

from collections.abc import Iterator

from conformance_tests.entries import Operation
from conformance_tests.episode import Episode
from conformance_tests.refusals import BY_CASE
from conformance_tests.rule import OK, Finding, Inconclusive, Violation, rule
from conformance_tests.rules.facts import (
    ASSIGN,
    CHECK_IN,
    CHECK_OUT,
    MOVE,
    UNASSIGN,
    booking_of,
    is_repeat,
    phase,
    probe_of,
    seqs,
    succeeded,
)
from conformance_tests.rules.values import show
from contract.lifecycle import BookingState, booking_lifecycle

_COMMANDS = {
    CHECK_IN: "check_in",
    CHECK_OUT: "check_out",
    ASSIGN: "assign_room",
    UNASSIGN: "unassign_room",
    MOVE: "move_room",
}
_HINT = "Keep the commands of each phase and status as a table, and ask it under the lock before anything is written."


def _illegal(episode: Episode, *names: str) -> Iterator[tuple[Operation, BookingState] | Inconclusive]:
    """The calls of these operations that the table does not have, with the state their booking was in."""
    for operation in episode.operations:
        if operation.operation not in names or operation.overlaps or operation.case in BY_CASE:
            continue  # the refusals of the table have rules of their own
        probe = probe_of(operation, "before", "booking", booking_id=booking_of(operation))
        where = phase(probe.state) if probe is not None else None
        if probe is None or where is None:
            continue
        state = BookingState(where, str(probe.state.get("status")))
        known = state in booking_lifecycle().states
        if not known or booking_lifecycle().legal(state, _COMMANDS[operation.operation]):
            continue
        if is_repeat(episode, operation):
            continue
        if operation.status is None:
            yield Inconclusive(f"{operation.operation} of a booking that is {state} got no answer in time")
        else:
            yield operation, state


def _refused(operation: Operation, state: BookingState, clause: str) -> Finding:
    if not succeeded(operation):  # that a refusal is a 4xx with a code is another rule's to say
        return OK
    return Violation(
        clause,
        f"{operation.operation} of a booking that is {state} was carried out",
        ("4xx with a code",),
        f"{operation.status} {show(operation.answered.get('message'))}",
        seqs(operation, "booking"),
    )


@rule(
    "booking/lifecycle/stays-refused", "Who may not come or go by the booking's lifecycle does not",
    "check-in/validation/booking-status", "check-in/validation/departed", "check-out/validation/not-checked-in",
    hint=_HINT,
)  # fmt: skip
def stays_refused(episode: Episode) -> Iterator[Finding]:
    for found in _illegal(episode, CHECK_IN, CHECK_OUT):
        if isinstance(found, Inconclusive):
            yield found
            continue
        operation, state = found
        clause = "check-in/validation/booking-status"
        if operation.operation == CHECK_OUT:
            clause = "check-out/validation/not-checked-in"
        elif state.phase == "departed":
            clause = "check-in/validation/departed"
        yield _refused(operation, state, clause)


@rule(
    "booking/lifecycle/commands-refused", "A room is given, taken and changed only as the booking's lifecycle has it",
    "booking/lifecycle/commands",
    hint=_HINT,
)  # fmt: skip
def commands_refused(episode: Episode) -> Iterator[Finding]:
    for found in _illegal(episode, ASSIGN, UNASSIGN, MOVE):
        if isinstance(found, Inconclusive):
            yield found
        else:
            yield _refused(*found, "booking/lifecycle/commands")
