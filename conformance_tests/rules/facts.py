"""What a recorded call was: carried out, a repeat, refused; its booking and rooms; the states around it.

Rules ask here, so that all of them read a history the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from conformance_tests.entries import Operation, Probe, mapping
from conformance_tests.episode import Episode
from conformance_tests.rule import Inconclusive, Unreached
from conformance_tests.rules.values import dig

CHECK_IN, CHECK_OUT = "checkIn", "checkOut"
ASSIGN, UNASSIGN, MOVE = "assignRoom", "unassignRoom", "moveRoom"
HOUSEKEEPING = (
    "setRoomStatus", "managerOverride", "startCleaning", "markCleaned", "inspectRoom", "markMaintenance",
    "completeMaintenance",
)  # fmt: skip
EFFECTING = (CHECK_IN, CHECK_OUT, ASSIGN, UNASSIGN, MOVE, *HOUSEKEEPING)
GUEST_READS = ("guestBookingStatus", "guestContext")
TARGET_STATUS = {
    "startCleaning": "CLEANING_IN_PROGRESS",
    "markCleaned": "CLEANED_UNINSPECTED",
    "markMaintenance": "MAINTENANCE_REQUIRED",
    "completeMaintenance": "CHECKOUT_DIRTY",
}


class Kind(StrEnum):
    """What became of a call."""

    CARRIED_OUT = "carried out"
    REPEAT = "repeat"
    REFUSED = "refused"
    BROKEN = "broken"  # a 5xx, a redirect: neither done nor refused
    UNKNOWN = "indeterminate"


@dataclass(frozen=True, slots=True)
class Missing:
    """A state that was not read, and why."""

    reason: str


def is_refusal_case(operation: Operation) -> bool:
    """The call was made to be refused."""
    return "/refuse/" in operation.case


def expects_success(operation: Operation) -> bool:
    """The call was made in a state in which it must succeed."""
    return operation.operation in EFFECTING and not is_refusal_case(operation)


def succeeded(operation: Operation) -> bool:
    return operation.status is not None and 200 <= operation.status < 300


def booking_of(operation: Operation) -> str | None:
    """The booking a call names."""
    value = operation.params.get("booking_id")
    return value if isinstance(value, str) else None


def probe_of(operation: Operation, when: str, name: str, **subject: Any) -> Probe | None:
    """The last snapshot of that name before or after the call; `subject` narrows it to one room or booking.

    Without a booking in `subject` it is that of the call, where it was read, and not of one beside it.
    """
    found = own = None
    booking_id = booking_of(operation)
    for probe in operation.before if when == "before" else operation.after:
        if probe.name == name and all(probe.subject.get(key) == value for key, value in subject.items()):
            found = probe
            if probe.subject.get("booking_id") == booking_id:
                own = probe
    return found if own is None else own


def read(episode: Episode, operation: Operation, when: str, name: str, **subject: Any) -> Any:
    """The state of a snapshot, or `Missing`."""
    probe = probe_of(operation, when, name, **subject)
    if probe is not None and probe.missing is None:
        return probe.state
    if name not in episode.capabilities.probes:
        return Missing(
            f"probe `{name}` is not offered: give the target a [probes] url or command that answers it, or paths.{name}"
        )
    if probe is None:
        return Missing(f"no `{name}` snapshot was taken {when} a call of {operation.operation}")
    return Missing(f"probe `{name}`: {probe.missing}")


def around(episode: Episode, operation: Operation, name: str, **subject: Any) -> tuple[Any, Any] | Missing:
    """The states before and after a call, or why one of them is missing."""
    before = read(episode, operation, "before", name, **subject)
    if isinstance(before, Missing):
        return before
    after = read(episode, operation, "after", name, **subject)
    if isinstance(after, Missing):
        return after
    return before, after


def seqs(operation: Operation, *names: str) -> tuple[int, ...]:
    """The call, its reply and its snapshots of these names, as a witness."""
    probes = (probe.seq for probe in (*operation.before, *operation.after) if probe.name in names)
    return (*operation.witness, *probes)


def snapshotted(operation: Operation) -> bool:
    """Snapshots were taken around the call. A quick call has none, and nothing is said about its effects."""
    return bool(operation.before and operation.after)


def _known_before(operation: Operation) -> Mapping[str, Any] | None:
    probe = probe_of(operation, "before", "booking", booking_id=booking_of(operation))
    probe = probe or probe_of(operation, "before", "booking")
    return probe.state if probe is not None and isinstance(probe.state, dict) else None


def target_status(operation: Operation) -> str | None:
    """The room status a housekeeping call asks for."""
    if operation.operation in TARGET_STATUS:
        return TARGET_STATUS[operation.operation]
    body = mapping(operation.body)
    if operation.operation == "inspectRoom":
        return "READY_FOR_GUEST" if body.get("passed") is True else "CHECKOUT_DIRTY"
    value = body.get("to_status")
    return value if isinstance(value, str) else None


def room_before(operation: Operation) -> Mapping[str, Any] | None:
    """The room of a housekeeping call before it: the one it names, or the only one there is."""
    found = None
    for probe in operation.before:
        if probe.name != "room" or not isinstance(probe.state, dict):
            continue
        named = [name for name in ("room_id", "room_number") if name in operation.params]
        if all(probe.state.get(name) == operation.params[name] for name in named):
            return probe.state
        found = probe.state
    return found


def is_repeat(episode: Episode, operation: Operation) -> bool:
    """The call asks for what is already so. The snapshot decides; without one the calls before it do."""
    if operation.operation in HOUSEKEEPING:
        room = room_before(operation)
        if room is None:
            return operation.case.endswith("/no-op")
        return room.get("room_status") == target_status(operation)
    booking = _known_before(operation)
    if booking is not None:
        return _repeats(operation, booking)
    return operation.case.endswith("/repeat") or _done_before(episode, operation)


def _repeats(operation: Operation, booking: Mapping[str, Any]) -> bool:
    body = mapping(operation.body)
    room_id = dig(booking, "room", "room_id") if isinstance(booking, dict) else None
    match operation.operation:
        case "checkIn":
            return booking.get("checked_in_at") is not None and booking.get("checked_out_at") is None
        case "checkOut":
            return booking.get("checked_out_at") is not None
        case "assignRoom":
            return room_id is not None and room_id == body.get("room_id")
        case "unassignRoom":
            return room_id is None
        case "moveRoom":
            return room_id is not None and room_id == body.get("to_room_id")
    return False


def _done_before(episode: Episode, operation: Operation) -> bool:
    """The last effecting call on the booking was the same, and succeeded."""
    last = None
    for other in episode.operations:
        if other.seq >= operation.seq:
            break
        if other.operation in EFFECTING and booking_of(other) == booking_of(operation) and succeeded(other):
            last = other
    return last is not None and last.operation == operation.operation and last.body == operation.body


def kind(episode: Episode, operation: Operation) -> Kind:
    """What became of the call."""
    status = operation.status
    if status is None:
        return Kind.UNKNOWN
    if 200 <= status < 300:
        repeat = operation.operation in EFFECTING and is_repeat(episode, operation)
        return Kind.REPEAT if repeat else Kind.CARRIED_OUT
    return Kind.REFUSED if 400 <= status < 500 else Kind.BROKEN


def carried_out(episode: Episode, *names: str) -> Iterator[Operation | Inconclusive | Unreached]:
    """The calls of these operations whose effects can be judged, and why others cannot."""
    for operation in episode.operations:
        if operation.operation not in names or is_refusal_case(operation):
            continue
        if operation.overlaps or (not snapshotted(operation) and episode.capabilities.probes):
            continue
        found = kind(episode, operation)
        if found is Kind.CARRIED_OUT:
            yield operation
        elif found is Kind.UNKNOWN:
            yield Unreached(f"a call of {operation.operation} got no answer in time")
        elif found is not Kind.REPEAT and not is_repeat(episode, operation):
            yield Unreached(
                f"{operation.operation} did not succeed where it must (answered {operation.status})"
            )


def room_of_booking(booking: Any) -> Mapping[str, Any] | None:
    """The room of a BookingDetail."""
    found = dig(booking, "room")
    return found if isinstance(found, dict) else None


def phase(booking: Any) -> str | None:
    """expected, in_house or departed; None when `booking` is no BookingDetail."""
    if not isinstance(booking, dict) or "checked_in_at" not in booking or "checked_out_at" not in booking:
        return None
    if booking["checked_in_at"] is None:
        return "expected" if booking["checked_out_at"] is None else None
    return "in_house" if booking["checked_out_at"] is None else "departed"


@dataclass(frozen=True, slots=True)
class RoomRef:
    """A room by both its names; either may be unknown."""

    id: int | None
    number: int | None


def rooms_of(episode: Episode, operation: Operation) -> tuple[RoomRef, ...]:
    """The rooms a call is about, the booking's present room first; a move names two."""
    if operation.operation in HOUSEKEEPING:
        number = operation.params.get("room_number")
        wanted = operation.params.get("room_id")
        return (_complete(episode, operation, wanted, number),)
    first = _room_before(episode, operation)
    if operation.operation == MOVE:
        wanted = mapping(operation.body).get("to_room_id")
        return first, _complete(episode, operation, wanted if isinstance(wanted, int) else None, None)
    if operation.operation == ASSIGN:
        wanted = mapping(operation.body).get("room_id")
        return (_complete(episode, operation, wanted if isinstance(wanted, int) else None, None),)
    return (first,)


def _room_before(episode: Episode, operation: Operation) -> RoomRef:
    """The booking's room when the call was made: as read, as the calls before left it, as arranged, as answered."""
    known = _known_before(operation)
    if known is not None:
        room = room_of_booking(known)
        return (
            RoomRef(room.get("room_id"), room.get("room_number")) if room is not None else RoomRef(None, None)
        )
    for other in reversed(episode.operations):
        field = {ASSIGN: "room_id", MOVE: "to_room_id"}.get(other.operation)
        if (
            other.seq < operation.seq
            and field
            and succeeded(other)
            and booking_of(other) == booking_of(operation)
        ):
            wanted = mapping(other.body).get(field)
            return _complete(episode, other, wanted if isinstance(wanted, int) else None, None)
    bindings = episode.bindings
    if bindings.get("room_id") is not None:
        return RoomRef(bindings["room_id"], bindings.get("room_number"))
    answered = room_of_booking(dict(operation.answered)) or {}
    return RoomRef(answered.get("room_id"), answered.get("room_number"))


def _complete(episode: Episode, operation: Operation, room_id: Any, number: Any) -> RoomRef:
    """Find the other name of a room among the bindings and the snapshots."""
    pairs: list[tuple[Any, Any]] = []
    for arranged in episode.arranged:
        for prefix in ("", "free_"):
            pairs.append(
                (arranged.bindings.get(f"{prefix}room_id"), arranged.bindings.get(f"{prefix}room_number"))
            )
    for probe in (*operation.before, *operation.after):
        if probe.name == "room" and isinstance(probe.state, dict):
            pairs.append((probe.state.get("room_id"), probe.state.get("room_number")))
    for known_id, known_number in pairs:
        if known_id is None or known_number is None:
            continue
        if (room_id is not None and known_id == room_id) or (room_id is None and known_number == number):
            return RoomRef(known_id, known_number)
    return RoomRef(room_id, number)
