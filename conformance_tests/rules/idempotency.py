"""What is asked twice is done once; what is refused is not done at all: no field of any probe changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance_tests.entries import Operation
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Inconclusive, Violation, rule
from conformance_tests.rules.delivery import repeats
from conformance_tests.rules.facts import (
    ASSIGN,
    CHECK_IN,
    CHECK_OUT,
    EFFECTING,
    HOUSEKEEPING,
    MOVE,
    UNASSIGN,
    is_refusal_case,
    is_repeat,
    seqs,
    snapshotted,
    succeeded,
)
from conformance_tests.rules.unanswered import torn
from conformance_tests.rules.values import changed, dig, same, same_set, show

WATCHED = ("booking", "room", "audit", "guests", "tokens", "cleanup", "device")
_LATER = ("survey_sent", "survey_sent_at", "survey_completed", "survey_rating", "survey_response")
_LOCK = "Look under the lock whether there is anything to do, and return before the first write."


def differences(operation: Operation) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """(probe, what changed, witness) for every snapshot that differs after the call."""
    for before in operation.before:
        if before.name not in WATCHED or before.missing is not None:
            continue
        for after in operation.after:
            if (after.name, after.subject) != (before.name, before.subject) or after.missing is not None:
                continue
            told = difference(before.state, after.state)
            if told:
                yield before.name, told, (*operation.witness, before.seq, after.seq)


def difference(before: Any, after: Any) -> str | None:
    """What differs between two states of one probe, in words; None when nothing does."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = changed(before, after)
        if any(name in _LATER for name in names):  # the survey mail of an earlier call went out in between
            names = tuple(name for name in names if name not in _LATER and name != "updated_at")
        told = [f"{name} {show(before.get(name))} became {show(after.get(name))}" for name in names[:3]]
        return ", ".join(told) + (" …" if len(names) > 3 else "") if names else None
    if same_set(before, after):
        return None
    if isinstance(before, list) and isinstance(after, list) and len(before) != len(after):
        return f"{len(before)} rows became {len(after)}"
    for first, second in zip(before, after, strict=False) if isinstance(before, list) else ():
        if isinstance(first, dict) and isinstance(second, dict) and changed(first, second):
            name = changed(first, second)[0]
            return f"{name} {show(first.get(name))} became {show(second.get(name))}"
    return f"{show(before)} became {show(after)}"


def _untouched(episode: Episode, operation: Operation, clause: str, what: str) -> Iterator[Finding]:
    """The call changed nothing that a snapshot shows."""
    if not snapshotted(operation):
        return
    found = list(differences(operation))
    for probe, told, witness in found:
        yield Violation(clause, f"{what} changed what probe {probe} shows", ("no change",), told, witness)
    if found:
        return
    for name in ("booking", "room", "audit", "guests", "tokens"):
        if name not in episode.capabilities.probes:
            yield Inconclusive(
                f"probe `{name}` is not offered: give the target a [probes] url or command that answers it, or paths.{name}"
            )
    yield OK


def _register_no_effect(rule_id: str, title: str, clause: str, names: tuple[str, ...]) -> None:
    also = ("check-in/validation/already-checked-in",) if names == (CHECK_IN,) else ()

    @rule(rule_id, title, clause, *also, hint=_LOCK)
    def judge(episode: Episode) -> Iterator[Finding]:
        for operation in repeats(episode, *names):
            yield from _untouched(episode, operation, clause, f"a repeated {operation.operation}")


for _row in (
    ("idempotency/check-in/no-effect", "A repeated check-in changes nothing", "idempotency/check-in/no-effect",
     (CHECK_IN,)),
    ("idempotency/check-out/no-effect", "A repeated check-out changes nothing", "idempotency/check-out/no-effect",
     (CHECK_OUT,)),
    ("idempotency/assign-room/no-effect", "Assigning the same room again changes nothing", "idempotency/assign-room",
     (ASSIGN,)),
    ("idempotency/unassign-room/no-effect", "Unassigning twice changes nothing", "idempotency/unassign-room",
     (UNASSIGN,)),
    ("idempotency/move-room/no-effect", "Moving to the present room changes nothing", "idempotency/move-room", (MOVE,)),
    ("housekeeping/no-op/no-effect", "Setting a room to the status it has changes nothing", "housekeeping/no-op",
     HOUSEKEEPING),
):  # fmt: skip
    _register_no_effect(*_row)


@rule(
    "idempotency/check-out/next-guest-unharmed", "A late repeat of a check-out leaves the next guest alone",
    "idempotency/check-out/next-guest-unharmed",
    hint="The booking has departed: its room is no longer its own. Leave before the room is touched.",
)  # fmt: skip
def next_guest(episode: Episode) -> Iterator[Finding]:
    for operation in repeats(episode, CHECK_OUT):
        rooms = [
            probe.state
            for probe in operation.before
            if probe.name == "room" and isinstance(probe.state, dict)
        ]
        if not any(
            room.get("current_booking_id") not in (None, operation.params.get("booking_id")) for room in rooms
        ):
            continue
        harmed = [
            found for found in differences(operation) if found[0] in ("room", "guests", "audit", "device")
        ]
        for probe, told, witness in harmed:
            yield Violation(
                "idempotency/check-out/next-guest-unharmed",
                f"a late repeat of a check-out changed what probe {probe} shows of the next stay",
                ("no change",),
                told,
                witness,
            )
        if not harmed:
            yield OK


@rule(
    "idempotency/check-in/token-kept", "A repeated check-in keeps the token and issues no second one",
    "idempotency/check-in/token-kept",
    hint="Issue the token only where checked_in_at is set.",
)  # fmt: skip
def token_kept(episode: Episode) -> Iterator[Finding]:
    for operation in repeats(episode, CHECK_IN):
        if not snapshotted(operation):
            continue
        if "tokens" not in episode.capabilities.probes:
            yield Inconclusive(
                "probe `tokens` is not offered: give the target a [probes] url or command that answers it, or paths.tokens"
            )
            continue
        found = [found for found in differences(operation) if found[0] == "tokens"]
        for _, told, witness in found:
            message = "a repeated check-in changed the guest tokens"
            yield Violation("idempotency/check-in/token-kept", message, ("the same tokens",), told, witness)
        if not found:
            yield OK


def _structured(operation: Operation) -> bool:
    return isinstance(dig(dict(operation.answered), "error", "code"), str)


def _register_graceful(rule_id: str, title: str, clause: str, name: str, *, only_200: bool) -> None:
    @rule(rule_id, title, clause, hint="Answer 200 with the booking as it is, or refuse with a code.")
    def judge(episode: Episode) -> Iterator[Finding]:
        for operation in _asked_again(episode, name):
            status = operation.status
            if status is None:
                yield Inconclusive(f"a repeated {name} got no answer in time")
                continue
            fine = (
                status == 200
                if only_200
                else succeeded(operation) or (400 <= status < 500 and _structured(operation))
            )
            other = _another_booking(operation) if fine and only_200 else None
            if other is not None:
                message = f"a repeated {name} answers a booking that is not the one there is"
                yield Violation(clause, message, (other[0],), other[1], seqs(operation, "booking"))
            elif fine:
                yield OK
            else:
                right = ("200",) if only_200 else ("200", "4xx with a code")
                message = f"a repeated {name} is answered in another way"
                yield Violation(
                    clause,
                    message,
                    right,
                    f"{status} {show(operation.answered.get('error'))}",
                    operation.witness,
                )


def _another_booking(operation: Operation) -> tuple[str, str] | None:
    """What the answer to a repeat tells of the booking, and is not so; None when it is the unchanged booking."""
    told = operation.answered
    for probe in operation.before:
        state = probe.state
        if (
            probe.name != "booking"
            or not isinstance(state, dict)
            or state.get("booking_id") != told.get("booking_id")
        ):
            continue
        for name in ("status", "room_number", "checked_in_at", "checked_out_at"):
            if name in told and name in state and not same(told[name], state[name], coarse=True):
                return f"{name} {show(state[name])}", f"{name} {show(told[name])}"
    return None


def _asked_again(episode: Episode, name: str) -> Iterator[Operation]:
    """Repeats, also those that broke with a 5xx or were not answered."""
    known = {operation.id for operation in repeats(episode, name)}
    for operation in episode.operations:
        lost = operation.status is None or operation.status >= 500
        broken = lost and not operation.overlaps and is_repeat(episode, operation)
        if operation.operation == name and (operation.id in known or broken):
            yield operation


for _graceful in (
    ("idempotency/check-in/graceful", "A repeated check-in is answered with 200 or a structured 4xx",
     "idempotency/check-in/graceful", CHECK_IN, False),
    ("idempotency/check-in/answer-200", "A repeated check-in is answered with 200", "idempotency/check-in/answer-200",
     CHECK_IN, True),
    ("idempotency/check-out/graceful", "A repeated check-out is answered with 200 or a structured 4xx",
     "idempotency/check-out/graceful", CHECK_OUT, False),
    ("idempotency/check-out/answer-200", "A repeated check-out is answered with 200",
     "idempotency/check-out/answer-200", CHECK_OUT, True),
):  # fmt: skip
    _register_graceful(*_graceful[:4], only_200=_graceful[4])


@rule(
    "idempotency/check-in/guest-token-null", "A repeated check-in does not show the token again",
    "idempotency/check-in/guest-token-null",
    hint="Only the hash is kept, so there is nothing to show: answer guest_token null.",
)  # fmt: skip
def token_null(episode: Episode) -> Iterator[Finding]:
    for operation in repeats(episode, CHECK_IN):
        if not succeeded(operation):
            continue
        token = operation.answered.get("guest_token")
        if token is None:
            yield OK
        else:
            message = "a repeated check-in answers a guest token"
            yield Violation(
                "idempotency/check-in/guest-token-null",
                message,
                ("guest_token null",),
                show(token),
                operation.witness,
            )


@rule(
    "refusal/no-effect", "A refused call changes nothing", "refusal/no-effect", "atomicity/check-in",
    "atomicity/check-out", "atomicity/room-status-failure",
    hint="Validate before the first write, inside the transaction, and let a refusal roll everything back.",
)  # fmt: skip
def refused_changes_nothing(episode: Episode) -> Iterator[Finding]:
    yield from torn(episode)
    clauses = {CHECK_IN: "atomicity/check-in", CHECK_OUT: "atomicity/check-out"}
    for operation in episode.operations:
        refused = operation.status is not None and operation.status >= 400
        if not refused or operation.overlaps or operation.operation not in EFFECTING:
            continue
        if not is_refusal_case(operation) and operation in repeats(episode, operation.operation):
            continue  # a repeat: its own rules judge it
        clause = clauses.get(operation.operation, "refusal/no-effect")
        if operation.case.endswith("/room-stuck"):
            clause = "atomicity/room-status-failure"
        yield from _untouched(
            episode, operation, clause, f"a refused {operation.operation} ({operation.case or 'no case'})"
        )
