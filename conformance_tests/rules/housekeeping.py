"""Changes of room status: that they happen as asked and as the lifecycle allows (seed section 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance_tests.entries import Operation, mapping
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation, rule
from conformance_tests.rules.facts import (
    EFFECTING,
    HOUSEKEEPING,
    Kind,
    Missing,
    RoomRef,
    around,
    carried_out,
    is_refusal_case,
    is_repeat,
    kind,
    rooms_of,
    seqs,
    snapshotted,
    target_status,
)
from conformance_tests.rules.values import instant, same, show
from contract.schema_files import document

_SERVICE = "Let one service change room_status: it validates, writes the audit row and plans the event."


def room_around(episode: Episode, operation: Operation, room: RoomRef) -> Any:
    subject = {} if room.number is None else {"room_number": room.number}
    return around(episode, operation, "room", **subject)


def _pairs(episode: Episode, *names: str) -> Iterator[tuple[Operation, Any, Any] | Inconclusive | Unreached]:
    """The calls that were carried out, with their room before and after."""
    for operation in carried_out(episode, *names):
        if isinstance(operation, Inconclusive | Unreached):
            yield operation
            continue
        pair = room_around(episode, operation, rooms_of(episode, operation)[0])
        if isinstance(pair, Missing):
            yield Inconclusive(pair.reason)
        else:
            yield operation, pair[0], pair[1]


_OF_ROLE = {
    "manager": "housekeeping/permissions/manager",
    "housekeeping": "housekeeping/permissions/housekeeping",
    "front_desk": "housekeeping/permissions/front-desk",
}
"""What a role may do, by the actor who was refused it."""


def _register_target(
    rule_id: str, title: str, clause: str, names: tuple[str, ...], passed: bool | None = None
) -> None:
    roles = tuple(_OF_ROLE.values()) if names == ("setRoomStatus",) else ()

    @rule(rule_id, title, clause, *roles, hint=_SERVICE)
    def judge(episode: Episode) -> Iterator[Finding]:
        for operation in episode.operations:
            if not _asked(operation, names, passed) or is_refusal_case(operation) or operation.overlaps:
                continue
            found = kind(episode, operation)
            if found in (Kind.REFUSED, Kind.BROKEN) and operation.case and not is_repeat(episode, operation):
                told = f"{operation.status} {show(operation.answered.get('error'))}"
                message = f"{operation.operation} did not succeed where the lifecycle and the role allow it"
                promised = _OF_ROLE.get(operation.actor, clause) if roles else clause
                yield Violation(promised, message, ("200",), told, seqs(operation, "room"))
        for item in _pairs(episode, *names):
            if isinstance(item, Inconclusive | Unreached):
                yield item
                continue
            operation, _, after = item
            if not _asked(operation, names, passed):
                continue
            wanted = target_status(operation)
            if after.get("room_status") == wanted:
                yield OK
            else:
                message = f"after {operation.operation} the room has another status"
                yield Violation(
                    clause, message, (str(wanted),), str(after.get("room_status")), seqs(operation, "room")
                )


def _asked(operation: Operation, names: tuple[str, ...], passed: bool | None) -> bool:
    if operation.operation not in names:
        return False
    if operation.operation == "inspectRoom" and passed is not None:
        return (target_status(operation) == "READY_FOR_GUEST") is passed
    return True


for _row in (
    ("housekeeping/cleaning-flow", "Cleaning and a passed inspection take a room to READY_FOR_GUEST",
     "housekeeping/cleaning-flow", ("startCleaning", "markCleaned", "inspectRoom"), True),
    ("housekeeping/inspection-failed", "A failed inspection sends the room back", "housekeeping/inspection-failed",
     ("inspectRoom",), False),
    ("housekeeping/maintenance-completed", "Completed maintenance takes the room to CHECKOUT_DIRTY",
     "housekeeping/maintenance-completed", ("completeMaintenance",), None),
    ("housekeeping/set-status/effect", "A legal status change is carried out", "endpoints/set-room-status",
     ("setRoomStatus",), None),
    ("housekeeping/override/effect", "A manager's override is carried out", "endpoints/manager-override",
     ("managerOverride",), None),
):  # fmt: skip
    _register_target(*_row)


def _holds(operation: Operation, room: Any, wanted: Mapping[str, Any], clause: str, message: str) -> Finding:
    """The room has these values after the call; nothing and an empty text are one. `message` has {} for the fields that differ."""
    wrong = {
        name: room.get(name) for name, value in wanted.items() if (room.get(name) or None) != (value or None)
    }
    if not wrong:
        return OK
    right = tuple(f"{name} {show(wanted[name])}" for name in sorted(wrong))
    return Violation(
        clause, message.format(", ".join(sorted(wrong))), right, show(wrong), seqs(operation, "room")
    )


@rule(
    "housekeeping/maintenance-flags", "Marking a room for maintenance sets the flag, priority and notes",
    "housekeeping/maintenance-flags",
    hint="Take priority and notes from the request and save them with the flag.",
)  # fmt: skip
def maintenance_flags(episode: Episode) -> Iterator[Finding]:
    for item in _pairs(episode, "markMaintenance"):
        if isinstance(item, Inconclusive | Unreached):
            yield item
            continue
        operation, _, after = item
        body = mapping(operation.body)
        wanted = {"maintenance_required": True, "room_status": "MAINTENANCE_REQUIRED"}
        wanted |= {
            f"maintenance_{name}": body[name] for name in ("priority", "notes") if body.get(name) is not None
        }
        message = "after markMaintenance {} is not what was asked for"
        yield _holds(operation, after, wanted, "housekeeping/maintenance-flags", message)


_CLEARED = {
    "maintenance_required": False,
    "maintenance_priority": None,
    "maintenance_notes": None,
    "is_out_of_order": False,
}


@rule(
    "housekeeping/maintenance-cleared", "READY_FOR_GUEST clears the maintenance fields", "housekeeping/maintenance-cleared",
    hint="Clear the flag, priority, notes and out-of-order where the room becomes ready.",
)  # fmt: skip
def maintenance_cleared(episode: Episode) -> Iterator[Finding]:
    for item in _pairs(episode, *HOUSEKEEPING):
        if isinstance(item, Inconclusive | Unreached):
            continue
        operation, before, after = item
        if after.get("room_status") != "READY_FOR_GUEST" or before.get("room_status") == "READY_FOR_GUEST":
            continue
        message = "a room that became READY_FOR_GUEST keeps {}"
        yield _holds(operation, after, _CLEARED, "housekeeping/maintenance-cleared", message)


@rule(
    "housekeeping/stamps", "Cleaning and inspection are stamped with their time", "housekeeping/stamps",
    hint="Stamp where the status changes, whichever endpoint asked for it.",
)  # fmt: skip
def stamps(episode: Episode) -> Iterator[Finding]:
    names = {"CLEANED_UNINSPECTED": "last_cleaned_at", "READY_FOR_GUEST": "last_inspected_at"}
    for item in _pairs(episode, *HOUSEKEEPING):
        if isinstance(item, Inconclusive | Unreached):
            continue
        operation, before, after = item
        name = names.get(str(after.get("room_status")))
        if name is None or before.get("room_status") == after.get("room_status"):
            continue
        if instant(after.get(name)) is not None and not same(before.get(name), after.get(name)):
            yield OK
        else:
            message = f"a room that became {after['room_status']} has no new {name}"
            told = f"{name} {show(after.get(name))}, before {show(before.get(name))}"
            yield Violation("housekeeping/stamps", message, (f"a new {name}",), told, seqs(operation, "room"))


def _clause_of(status: str) -> str:
    return f"housekeeping/lifecycle/{status.lower().replace('_', '-')}"


_LIFECYCLE: Mapping[str, Mapping[str, Any]] = document("lifecycles/room_status.yaml")["transitions"]


@rule(
    "housekeeping/lifecycle", "Every change of room status is one the lifecycle allows",
    *(_clause_of(status) for status in _LIFECYCLE),
    hint="Keep the transitions as a table, and let nothing change room_status that does not read it.",
)  # fmt: skip
def lifecycle(episode: Episode) -> Iterator[Finding]:
    for operation in episode.operations:
        if operation.operation not in EFFECTING or operation.overlaps or not snapshotted(operation):
            continue
        for room in rooms_of(episode, operation):
            pair = room_around(episode, operation, room)
            if isinstance(pair, Missing) or not all(isinstance(state, dict) for state in pair):
                continue
            start, end = pair[0].get("room_status"), pair[1].get("room_status")
            if start == end or start not in _LIFECYCLE:
                continue
            if end in _LIFECYCLE[start]:
                yield OK
            else:
                yield Violation(
                    _clause_of(start),
                    f"{operation.operation} took a room from {start} to {end}",
                    tuple(_LIFECYCLE[start]),
                    str(end),
                    seqs(operation, "room"),
                )
