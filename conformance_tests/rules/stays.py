"""What check-in and check-out do to room, booking, guests, tokens and leftovers (seed sections 1 and 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from conformance_tests.entries import Operation
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation, rule
from conformance_tests.rules.arrivals import EDGES
from conformance_tests.rules.facts import (
    CHECK_IN,
    CHECK_OUT,
    Kind,
    Missing,
    RoomRef,
    around,
    carried_out,
    is_refusal_case,
    is_repeat,
    kind,
    phase,
    room_of_booking,
    rooms_of,
    seqs,
)
from conformance_tests.rules.values import instant, same, show

Effect = Callable[[Any, Any, Operation, RoomRef], "tuple[str, str] | None"]
"""(before, after, call, the booking's room) -> what is wrong as (expected, actual); None when it is in order."""

_SERVICE = "Change the room through the one service that validates, writes the audit row and plans the event."
_ONE_TRANSACTION = "Do it in the transaction of the operation, so that all of it happens or none."


def _subject(probe: str, operation: Operation, room: RoomRef) -> dict[str, Any]:
    """Narrow a snapshot to the room the call is about."""
    if probe == "room" and room.number is not None:
        return {"room_number": room.number}
    if probe in ("audit", "device") and room.id is not None:
        return {"room_id": room.id}
    return {}


def register(
    operation_id: str, rule_id: str, title: str, clause: str, probe: str, hint: str, effect: Effect
) -> None:
    """Register the rule that an operation, once carried out, has this effect on the state of a probe."""

    @rule(rule_id, title, clause, hint=hint)
    def judge(episode: Episode) -> Iterator[Finding]:
        for operation in carried_out(episode, operation_id):
            if isinstance(operation, Inconclusive | Unreached):
                yield operation
                continue
            room = rooms_of(episode, operation)[0]
            pair = around(episode, operation, probe, **_subject(probe, operation, room))
            if isinstance(pair, Missing):
                yield Inconclusive(pair.reason)
                continue
            wrong = effect(*pair, operation, room)
            if wrong is None:
                yield OK
                continue
            message = f"{operation.operation} ({operation.case or 'no case'}): {title[0].lower()}{title[1:]} does not hold"
            yield Violation(clause, message, (wrong[0],), wrong[1], seqs(operation, probe))


def becomes(name: str, value: Any) -> Effect:
    """The field has this value after the call."""

    def effect(_: Any, after: Any, __: Operation, ___: RoomRef) -> tuple[str, str] | None:
        found = after.get(name) if isinstance(after, dict) else None
        return None if same(found, value) else (f"{name} {show(value)}", f"{name} {show(found)}")

    return effect


def kept(*names: str) -> Effect:
    """The fields are what they were."""

    def effect(before: Any, after: Any, __: Operation, ___: RoomRef) -> tuple[str, str] | None:
        for name in names:
            if not same(before.get(name), after.get(name)):
                return f"{name} {show(before.get(name))}, as before", f"{name} {show(after.get(name))}"
        return None

    return effect


_PATIENCE = timedelta(minutes=5)


def stamped(name: str) -> Effect:
    """The field was null and is a time now; when the answer names it too, the same time."""

    def effect(before: Any, after: Any, operation: Operation, _: RoomRef) -> tuple[str, str] | None:
        if before.get(name) is not None:
            return None
        moment = instant(after.get(name))
        if moment is None:
            return f"{name}, the time of the call", f"{name} {show(after.get(name))}"
        told = instant(operation.answered.get(name))
        if told is not None and abs(told - moment) > timedelta(seconds=1):
            return f"{name} {operation.answered[name]}, as answered", f"{name} {after[name]}"
        # the backend's own clock, as its events tell it, may be another than ours
        clocks = [
            ts for ts in (instant(event.meta.get("ts")) for event in operation.events) if ts is not None
        ]
        answered = operation.reply.wall if operation.reply else None
        ours = instant(answered)
        if not clocks or ours is None or any(abs(clock - moment) <= _PATIENCE for clock in (*clocks, ours)):
            return None
        return f"{name}, the time of the call (about {answered})", f"{name} {after[name]}"

    return effect


def _staying(booking: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    party = booking.get("party") or {}
    members = [party.get("primary"), *(party.get("companions") or [])]
    return [member for member in members if isinstance(member, dict) and member.get("is_staying", True)]


def records_of(member: Mapping[str, Any], guests: list[Any], booking_id: Any) -> list[Mapping[str, Any]]:
    """The guest records made from a party member: by its id, or by name where records name no member."""
    own = [guest for guest in guests if guest.get("booking_id") == booking_id]
    linked = [guest for guest in own if guest.get("party_member_id") == member.get("id")]
    if linked:
        return linked
    names = (member.get("first_name"), member.get("last_name"))
    return [
        guest
        for guest in own
        if guest.get("party_member_id") is None and (guest.get("first_name"), guest.get("last_name")) == names
    ]


def _succeeds(
    episode: Episode, operation_id: str, clauses: Mapping[str, str], default: str
) -> Iterator[Finding]:
    for operation in episode.operations:
        if operation.operation != operation_id or is_refusal_case(operation) or operation.overlaps:
            continue
        if operation.case in EDGES or is_repeat(episode, operation) or not _can(episode, operation):
            continue
        found = kind(episode, operation)
        if found is Kind.UNKNOWN:
            yield Inconclusive(
                f"a call of {operation_id} got no answer in time: raise timeouts.request, or look why"
            )
        elif found is Kind.CARRIED_OUT:
            yield OK
        else:
            yield Violation(
                clauses.get(operation.case, default),
                f"{operation_id} ({operation.case or 'no case'}) did not succeed",
                ("200",),
                f"{operation.status} {show(operation.answered.get('error'))}",
                seqs(operation, "booking", "room"),
            )


def _can(episode: Episode, operation: Operation) -> bool:
    """The state before the call allows it, as far as it was read; without a read the case says so."""
    pair = around(episode, operation, "booking")
    if isinstance(pair, Missing):
        return operation.case != ""
    before = pair[0]
    if operation.operation == CHECK_IN:
        return (
            phase(before) == "expected"
            and before.get("status") == "CONFIRMED"
            and room_of_booking(before) is not None
        )
    return phase(before) == "in_house"


_WINDOW_CODES = ("CHECKIN_WRONG_DATE", "CHECKIN_TOO_EARLY", "CHECKIN_TOO_LATE")


@rule(
    "check-in/succeeds", "A check-in of a ready booking succeeds", "endpoints/check-in/path", "check-in/policy/arrival-day",
    hint="The state was arranged as ready for check-in: compare the refusal's reason with the state.",
)  # fmt: skip
def check_in_succeeds(episode: Episode) -> Iterator[Finding]:
    for finding in _succeeds(episode, CHECK_IN, {}, "endpoints/check-in/path"):
        yield finding
        if isinstance(finding, Violation) and any(code in finding.actual for code in _WINDOW_CODES):
            yield replace(finding, clause="check-in/policy/arrival-day")


@rule(
    "check-out/succeeds", "A check-out of a booking in house succeeds, also with orphans or a failing survey mail",
    "endpoints/check-out/path", "check-out/guests/orphans-detached", "atomicity/survey-failure",
    hint="Only a room whose status cannot change, or another booking's guests, may stop a check-out.",
)  # fmt: skip
def check_out_succeeds(episode: Episode) -> Iterator[Finding]:
    special = {
        "check-out/orphan": "check-out/guests/orphans-detached",
        "check-out/survey-fails": "atomicity/survey-failure",
    }
    return _succeeds(episode, CHECK_OUT, special, "endpoints/check-out/path")


def _not_before_check_in(
    before: Any, after: Any, operation: Operation, room: RoomRef
) -> tuple[str, str] | None:
    wrong = kept("checked_in_at")(before, after, operation, room)
    came, left = instant(after.get("checked_in_at")), instant(after.get("checked_out_at"))
    if wrong is None and came is not None and left is not None and left < came:
        return (
            f"checked_out_at not before {after['checked_in_at']}",
            f"checked_out_at {after['checked_out_at']}",
        )
    return wrong


def _completed(before: Any, after: Any, operation: Operation, room: RoomRef) -> tuple[str, str] | None:
    return becomes("status", "COMPLETED")(before, after, operation, room)


def _fcm_cleared(before: Any, after: Any, _: Operation, __: RoomRef) -> tuple[str, str] | None:
    if after.get("guest_fcm_token_set") is not True:
        return None
    return "guest_fcm_token null", "guest_fcm_token is still set"


def _noted(before: Any, after: Any, _: Operation, __: RoomRef) -> tuple[str, str] | None:
    old, new = before.get("turnover_notes"), after.get("turnover_notes")
    lines = [line.strip() for line in old.splitlines() if line.strip()] if isinstance(old, str) else []
    if isinstance(new, str) and new.strip() and new != old and all(line in new for line in lines):
        return None
    return "a turnover note added to those that were there", f"turnover_notes {show(new)}, before {show(old)}"


def cleared(*names: str) -> Effect:
    """Nothing of these is left."""

    def effect(_: Any, after: Any, __: Operation, ___: RoomRef) -> tuple[str, str] | None:
        left = {name: after.get(name) for name in names if after.get(name)}
        return (f"{', '.join(names)} 0", show(left)) if left else None

    return effect


for _row in (
    (CHECK_IN, "check-in/room/occupied", "The room becomes occupied", "check-in/room/occupied", "room", _SERVICE,
     becomes("is_occupied", True)),
    (CHECK_IN, "check-in/room/status", "The room goes from READY_FOR_GUEST to OCCUPIED", "check-in/room/status", "room",
     _SERVICE, becomes("room_status", "OCCUPIED")),
    (CHECK_IN, "check-in/booking/checked-in-at", "The booking gets checked_in_at", "check-in/booking/checked-in-at",
     "booking", _ONE_TRANSACTION, stamped("checked_in_at")),
    (CHECK_IN, "check-in/booking/status-unchanged", "The booking stays CONFIRMED", "check-in/booking/status-unchanged",
     "booking", "Being in house is a matter of the timestamps, not of the status.", kept("status")),
    (CHECK_OUT, "check-out/room/vacated", "The room is no longer occupied", "check-out/room/vacated", "room", _SERVICE,
     becomes("is_occupied", False)),
    (CHECK_OUT, "check-out/room/status", "The room goes from OCCUPIED to CHECKOUT_DIRTY", "check-out/room/status", "room",
     _SERVICE, becomes("room_status", "CHECKOUT_DIRTY")),
    (CHECK_OUT, "check-out/room/fcm-token-cleared", "The room holds no push token of the guest's phone",
     "check-out/room/fcm-token-cleared", "device", _ONE_TRANSACTION, _fcm_cleared),
    (CHECK_OUT, "check-out/booking/checked-out-at", "The booking gets checked_out_at", "check-out/booking/checked-out-at",
     "booking", _ONE_TRANSACTION, stamped("checked_out_at")),
    (CHECK_OUT, "check-out/booking/status-completed", "The booking becomes COMPLETED",
     "check-out/booking/status-completed", "booking", _ONE_TRANSACTION, _completed),
    (CHECK_OUT, "check-out/booking/checked-in-at-kept", "checked_in_at stays, and checked_out_at is not before it",
     "booking/lifecycle/checked-in-at-kept", "booking", "Take both times from one clock.", _not_before_check_in),
    (CHECK_OUT, "check-out/cleanup/conversations", "Conversations and messages of the stay are gone",
     "check-out/cleanup/conversations", "cleanup", "The next guest must not read them.",
     cleared("conversations", "room_messages")),
    (CHECK_OUT, "check-out/cleanup/orders", "Orders and breakfast orders of the stay are gone",
     "check-out/cleanup/orders", "cleanup", "The next guest must not get them.", cleared("orders", "breakfast_orders")),
    (CHECK_OUT, "check-out/cleanup/turnover-note", "The room has a turnover note", "check-out/cleanup/turnover-note",
     "room", "Housekeeping sees who left when.", _noted),
):  # fmt: skip
    register(*_row)
