"""What is always true of a hotel, in every snapshot after a call, and within every single answer.

Some states are arranged broken on purpose. A call is blamed only for what held before it and does not hold after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance_tests.entries import Operation, Probe
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Inconclusive, Violation, rule
from conformance_tests.rules.due import due_events
from conformance_tests.rules.facts import CHECK_IN, CHECK_OUT, EFFECTING, booking_of, phase, succeeded
from conformance_tests.rules.values import dig, same, show

Joint = Mapping[str, Any]
Invariant = Callable[[Joint], "str | None"]
"""What breaks the invariant in the states of one moment; None when it holds or the states do not show it."""


def _joint(probes: tuple[Probe, ...], booking_id: str | None = None) -> dict[str, Any]:
    """The states of one moment by probe name; rooms as a list. Of several bookings it is `booking_id` that counts."""
    found: dict[str, Any] = {"rooms": []}
    known = {probe.subject.get("booking_id") for probe in probes}
    for probe in probes:
        if probe.missing is not None:
            continue
        if (
            booking_id is not None
            and booking_id in known
            and probe.subject.get("booking_id", booking_id) != booking_id
        ):
            continue
        if probe.name == "room" and isinstance(probe.state, dict):
            found["rooms"].append(probe.state)
        else:
            found[probe.name] = probe.state
    return found


def _occupied_iff_in_house(joint: Joint) -> str | None:
    booking = joint.get("booking")
    for room in joint["rooms"]:
        if "current_booking_id" not in room:
            continue
        occupied, current = room.get("is_occupied"), room.get("current_booking_id")
        if occupied is True and current is None:
            return f"room {room.get('room_number')} is occupied, and no booking in house has it"
        if occupied is False and current is not None:
            return f"room {room.get('room_number')} is not occupied, and booking {current} is in it"
        if (
            current is not None
            and dig(booking, "booking_id") == current
            and phase(booking) not in (None, "in_house")
        ):
            return (
                f"room {room.get('room_number')} is occupied by booking {current}, which is {phase(booking)}"
            )
    if phase(booking) == "in_house":
        number = dig(booking, "room", "room_number")
        for room in joint["rooms"]:
            if room.get("room_number") == number and room.get("is_occupied") is not True:
                return f"the booking is in house in room {number}, which is not occupied"
    return None


def _one_in_house(joint: Joint) -> str | None:
    booking = joint.get("booking")
    if phase(booking) != "in_house":
        return None
    for room in joint["rooms"]:
        current = room.get("current_booking_id")
        if room.get("room_number") == dig(booking, "room", "room_number") and current not in (
            None, dig(booking, "booking_id")
        ):  # fmt: skip
            return f"room {room.get('room_number')} has booking {current}, and {dig(booking, 'booking_id')} is in house in it"
    return None


def _occupied_status(joint: Joint) -> str | None:
    for room in joint["rooms"]:
        if (room.get("guests_in_room") or room.get("is_occupied") is True) and room.get(
            "room_status"
        ) != "OCCUPIED":
            return f"room {room.get('room_number')} has guests and the status {room.get('room_status')}"
    return None


def _guests_of_booking(joint: Joint) -> str | None:
    rows = joint.get("guests")
    for room in joint["rooms"]:
        current = room.get("current_booking_id")
        for row in rows if isinstance(rows, list) else ():
            if row.get("room_id") == room.get("room_id") and row.get("booking_id") != current:
                return f"guest {row.get('id')} of booking {row.get('booking_id')} is in the room of booking {current}"
    return None


def _departed_without_token(joint: Joint) -> str | None:
    rows = joint.get("tokens")
    if phase(joint.get("booking")) != "departed" or not isinstance(rows, list):
        return None
    left = [row for row in rows if row.get("status") == "ACTIVE"]
    return f"the booking has departed, and {len(left)} of its tokens are ACTIVE" if left else None


def _register(
    rule_id: str, title: str, hint: str, needs: tuple[str, ...], invariant: Invariant, right: str
) -> None:
    @rule(rule_id, title, rule_id, hint=hint)
    def judge(episode: Episode) -> Iterator[Finding]:
        for moment in _moments(episode):
            lacking = [name for name in needs if name not in episode.capabilities.probes]
            if lacking:
                yield Inconclusive(
                    f"probe `{lacking[0]}` is not offered: give the target a [probes] url or command that answers it, or paths"
                )
                continue
            broken = invariant(_joint(moment.after, moment.booking_id))
            if broken is None:
                yield OK
            elif not moment.before or invariant(_joint(moment.before, moment.booking_id)) is None:
                shown = (probe.seq for probe in moment.after if probe.name in _SHOWN)
                message = f"after {moment.what}: {title[0].lower()}{title[1:]} does not hold"
                yield Violation(rule_id, message, (right,), broken, (*moment.witness, *shown))


@dataclass(frozen=True, slots=True)
class _Moment:
    """The states before and after a call, or a race as a whole."""

    what: str
    before: tuple[Probe, ...]
    after: tuple[Probe, ...]
    witness: tuple[int, ...]
    booking_id: str | None = None


def _moments(episode: Episode) -> Iterator[_Moment]:
    for operation in episode.operations:
        if operation.operation not in EFFECTING or operation.overlaps or operation.status is None:
            continue
        if operation.after:
            booking_id = booking_of(operation)
            yield _Moment(
                operation.operation, operation.before, operation.after, operation.witness, booking_id
            )
    # A call without an answer may still be at work when the state after the race is read.
    if episode.race and all(call.status is not None for call in episode.race):
        before = tuple(probe for call in episode.race for probe in call.before)
        after = tuple(probe for call in episode.race for probe in call.after)
        if after:
            names = " and ".join(sorted({call.operation for call in episode.race}))
            witness = tuple(seq for call in episode.race for seq in call.witness)
            yield _Moment(f"calls of {names} side by side", before, after, witness)


_SHOWN = ("booking", "room", "guests", "tokens")
_HINT = "Change room, booking and guests in one transaction, under one lock order."
for _row in (
    ("room/invariant/occupied-iff-in-house", "A room is occupied exactly when a booking in house has it", _HINT,
     ("room", "booking"), _occupied_iff_in_house,
     "is_occupied true with current_booking_id the booking in house, or is_occupied false with current_booking_id null"),
    ("room/invariant/one-in-house-booking", "At most one booking in house has a room", _HINT, ("room", "booking"),
     _one_in_house, "current_booking_id the booking that is in house in the room"),
    ("room/invariant/occupied-status", "A room with guests is OCCUPIED", _HINT, ("room",), _occupied_status,
     "room_status OCCUPIED, or is_occupied false and guests_in_room empty"),
    ("room/invariant/guests-of-booking", "The guests in a room are of its booking in house", _HINT, ("room", "guests"),
     _guests_of_booking, "every guest in the room of the booking that current_booking_id names"),
    ("room/invariant/departed-without-token", "A departed booking has no active token",
     "Revoke with one update over all active tokens of the booking.", ("booking", "tokens"), _departed_without_token,
     "no token with status ACTIVE"),
):  # fmt: skip
    _register(*_row)


def _torn(booking: Mapping[str, Any]) -> str | None:
    """What one BookingDetail says that cannot be true at one moment."""
    room = booking.get("room")
    if not isinstance(room, dict):
        return None
    if phase(booking) == "in_house" and room.get("is_occupied") is False:
        return "the booking is in house, and its room is not occupied"
    if (
        phase(booking) == "in_house"
        and isinstance(booking.get("in_house"), dict)
        and not dig(booking, "in_house", "total_count")
    ):
        return "the booking is in house, and nobody is in it"
    return None


@rule(
    "atomicity/no-torn-state", "No answer shows a check-in or check-out in part", "atomicity/no-torn-state",
    hint="Read in one transaction (or after commit), and write all of an operation in one.",
)  # fmt: skip
def no_torn_state(episode: Episode) -> Iterator[Finding]:
    seen: list[tuple[Any, tuple[int, ...], str]] = []
    for operation in episode.operations:
        if operation.operation in (CHECK_IN, CHECK_OUT) and succeeded(operation):
            seen.append((dict(operation.answered), operation.witness, f"the answer to {operation.operation}"))
    for debt, event in due_events(episode, CHECK_IN, CHECK_OUT):
        if event.kind == "staff":
            seen.append(
                (
                    dict(event.payload),
                    (debt.operation.seq, event.seq),
                    f"the staff event of {debt.operation.operation}",
                )
            )
        for probe in episode.event_probes.get(event.seq, ()):
            if probe.name == "booking":
                seen.append((probe.state, (debt.operation.seq, event.seq, probe.seq), "a read at an event"))
    for booking, witness, where in seen:
        if not isinstance(booking, dict):
            continue
        torn = _torn(booking)
        if torn is None:
            yield OK
        else:
            yield Violation(
                "atomicity/no-torn-state",
                f"{where} shows an operation in part",
                ("all of it or none",),
                torn,
                witness,
            )


# --- the life of a booking


def _snapshots(episode: Episode) -> Iterator[tuple[Operation, Any, Any]]:
    """The booking before and after each call, by the booking's own id."""
    for operation in episode.operations:
        for before in operation.before:
            for after in operation.after:
                if (
                    (
                        before.name == after.name == "booking"
                        and before.subject == after.subject
                        and not operation.overlaps
                    )
                    and isinstance(before.state, dict)
                    and isinstance(after.state, dict)
                ):
                    yield operation, before, after


def _register_life(rule_id: str, title: str, clause: str, broken: Callable[[Any, Any], str | None]) -> None:
    @rule(
        rule_id,
        title,
        clause,
        hint="Refuse the operation by the booking's lifecycle before anything is written.",
    )
    def judge(episode: Episode) -> Iterator[Finding]:
        for operation, before, after in _snapshots(episode):
            told = broken(before.state, after.state)
            if told is None:
                yield OK
            elif told:
                message = f"{operation.operation}: {title[0].lower()}{title[1:]} does not hold"
                yield Violation(clause, message, (title,), told, (*operation.witness, before.seq, after.seq))


def _final(before: Any, after: Any) -> str | None:
    if before.get("status") != "COMPLETED":
        return ""
    if after.get("status") != "COMPLETED":
        return f"status COMPLETED became {after.get('status')}"
    back = phase(after) == "in_house" and phase(before) != "in_house"
    return "the booking is in house again" if back else None


def _terminal(before: Any, after: Any) -> str | None:
    if before.get("status") not in ("CANCELLED", "NO_SHOW", "DECLINED"):
        return ""
    if before["status"] != after.get("status"):
        return f"status {before['status']} became {after.get('status')}"
    return None if phase(before) == phase(after) else f"{phase(before)} became {phase(after)}"


_PHASES = ("expected", "in_house", "departed")


def _forward(before: Any, after: Any) -> str | None:
    start, end = phase(before), phase(after)
    if start not in _PHASES or end not in _PHASES:
        return ""
    if _PHASES.index(end) < _PHASES.index(start):
        return f"{start} became {end}"
    if start == end and start != "expected" and not same(before["checked_in_at"], after["checked_in_at"]):
        return f"checked_in_at {show(before['checked_in_at'])} became {show(after['checked_in_at'])}"
    return None


for _args in (
    ("booking/lifecycle/completed-is-final", "A COMPLETED booking stays COMPLETED and departed",
     "booking/lifecycle/completed-is-final", _final),
    ("booking/lifecycle/terminal-statuses", "A cancelled, declined or no-show booking stays what it is",
     "booking/lifecycle/terminal-statuses", _terminal),
    ("booking/lifecycle/phases", "A booking goes from expected to in house to departed, never back",
     "booking/lifecycle/phases", _forward),
):  # fmt: skip
    _register_life(*_args)
