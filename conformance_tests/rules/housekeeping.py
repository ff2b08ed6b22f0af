"""Changes of room status: that they happen as asked and as the lifecycle allows, and leave their trail (seed section 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance_tests.episode import Episode, Operation
from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation, rule
from conformance_tests.rules.facts import (
    CHECK_IN,
    CHECK_OUT,
    EFFECTING,
    HOUSEKEEPING,
    MOVE,
    Kind,
    Missing,
    RoomRef,
    around,
    carried_out,
    is_refusal_case,
    is_repeat,
    kind,
    probe_of,
    rooms_of,
    seqs,
    snapshotted,
    target_status,
)
from conformance_tests.rules.shapes import problems
from conformance_tests.rules.values import instant, same, show
from contract.schema_files import document

_SERVICE = "Let one service change room_status: it validates, writes the audit row and plans the event."


def _room(episode: Episode, operation: Operation, room: RoomRef) -> Any:
    subject = {} if room.number is None else {"room_number": room.number}
    return around(episode, operation, "room", **subject)


def _pairs(episode: Episode, *names: str) -> Iterator[tuple[Operation, Any, Any] | Inconclusive | Unreached]:
    """The calls that were carried out, with their room before and after."""
    for operation in carried_out(episode, *names):
        if isinstance(operation, Inconclusive | Unreached):
            yield operation
            continue
        pair = _room(episode, operation, rooms_of(episode, operation)[0])
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
        body = operation.body if isinstance(operation.body, dict) else {}
        wanted = {"maintenance_required": True, "room_status": "MAINTENANCE_REQUIRED"}
        wanted |= {
            f"maintenance_{name}": body[name] for name in ("priority", "notes") if body.get(name) is not None
        }
        wrong = {name: after.get(name) for name, value in wanted.items() if after.get(name) != value}
        if wrong:
            yield Violation(
                "housekeeping/maintenance-flags",
                f"after markMaintenance {', '.join(sorted(wrong))} is not what was asked for",
                tuple(f"{name} {show(wanted[name])}" for name in sorted(wrong)),
                show(wrong),
                seqs(operation, "room"),
            )
        else:
            yield OK


@rule(
    "housekeeping/maintenance-cleared", "READY_FOR_GUEST clears the maintenance fields", "housekeeping/maintenance-cleared",
    hint="Clear the flag, priority, notes and out-of-order where the room becomes ready.",
)  # fmt: skip
def maintenance_cleared(episode: Episode) -> Iterator[Finding]:
    wanted = {
        "maintenance_required": False,
        "maintenance_priority": None,
        "maintenance_notes": None,
        "is_out_of_order": False,
    }
    for item in _pairs(episode, *HOUSEKEEPING):
        if isinstance(item, Inconclusive | Unreached):
            continue
        operation, before, after = item
        if after.get("room_status") != "READY_FOR_GUEST" or before.get("room_status") == "READY_FOR_GUEST":
            continue
        wrong = {
            name: after.get(name)
            for name, value in wanted.items()
            if after.get(name, value) not in (value, "")
        }
        if wrong:
            yield Violation(
                "housekeeping/maintenance-cleared",
                f"a room that became READY_FOR_GUEST keeps {', '.join(sorted(wrong))}",
                tuple(f"{name} {show(wanted[name])}" for name in sorted(wrong)),
                show(wrong),
                seqs(operation, "room"),
            )
        else:
            yield OK


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
            pair = _room(episode, operation, room)
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


# --- the audit trail


def _audits(episode: Episode) -> Iterator[tuple[Operation, RoomRef, Any, Any, list[Any]] | Inconclusive]:
    """Calls with their room before and after, and the audit rows that are new after the call, oldest first."""
    for operation in episode.operations:
        if operation.operation not in EFFECTING or operation.overlaps or not snapshotted(operation):
            continue
        if operation.status is None:
            continue
        for room in rooms_of(episode, operation):
            rooms = _room(episode, operation, room)
            rows = around(episode, operation, "audit", **({} if room.id is None else {"room_id": room.id}))
            if isinstance(rows, Missing):
                refused = operation.status >= 400 and "audit" in episode.capabilities.probes
                if refused and probe_of(operation, "before", "audit", room_id=room.id) is None:
                    continue  # refused for a room that there is not
                if operation.operation in (CHECK_IN, CHECK_OUT, MOVE, *HOUSEKEEPING):
                    yield Inconclusive(rows.reason)
                continue
            if isinstance(rooms, Missing) or not isinstance(rooms[0], dict) or not isinstance(rooms[1], dict):
                continue
            known = {row.get("id") for row in rows[0]}
            yield operation, room, rooms[0], rooms[1], [row for row in rows[1] if row.get("id") not in known]


@rule(
    "housekeeping/audit-row", "Every change of room status writes exactly one audit row", "housekeeping/audit-row",
    hint=_SERVICE,
)  # fmt: skip
def audit_row(episode: Episode) -> Iterator[Finding]:
    for item in _audits(episode):
        if isinstance(item, Inconclusive | Unreached):
            yield item
            continue
        operation, _, before, after, rows = item
        start, end = before.get("room_status"), after.get("room_status")
        steps = [(row.get("from_status"), row.get("to_status")) for row in rows]
        wanted = [] if start == end else [(start, end)]
        if steps == wanted:
            yield OK
            continue
        told = ", ".join(f"{a} -> {b}" for a, b in steps) or "no new row"
        right = f"one row {start} -> {end}" if wanted else "no new row: the status did not change"
        message = f"{operation.operation} left other audit rows than its change of room_status"
        yield Violation("housekeeping/audit-row", message, (right,), told, seqs(operation, "audit", "room"))


@rule(
    "housekeeping/audit-chain", "Each audit row starts where the one before it ended", "housekeeping/audit-chain",
    hint="Take from_status from the locked room, not from the request.",
)  # fmt: skip
def audit_chain(episode: Episode) -> Iterator[Finding]:
    trail: dict[Any, Any] = {}
    for item in _audits(episode):
        if isinstance(item, Inconclusive | Unreached):
            yield item
            continue
        operation, room, _, after, rows = item
        for row in rows:
            last = trail.get(room.id)
            if last is not None and row.get("from_status") != last:
                yield Violation(
                    "housekeeping/audit-chain",
                    f"the audit row of {operation.operation} does not start where the row before it ended",
                    (f"from_status {last}",),
                    f"from_status {row.get('from_status')}",
                    seqs(operation, "audit"),
                )
            trail[room.id] = row.get("to_status")
        if not rows:
            continue
        if rows[-1].get("to_status") == after.get("room_status"):
            yield OK
        else:
            yield Violation(
                "housekeeping/audit-chain",
                f"after {operation.operation} the newest audit row ends in another status than the room has",
                (f"to_status {after.get('room_status')}",),
                f"to_status {rows[-1].get('to_status')}",
                seqs(operation, "audit", "room"),
            )


@rule(
    "housekeeping/audit-fields", "An audit row says who, from where, why and when", "housekeeping/audit-fields",
    hint="Pass the caller and the source to the service.",
)  # fmt: skip
def audit_fields(episode: Episode) -> Iterator[Finding]:
    for item in _audits(episode):
        if isinstance(item, Inconclusive | Unreached):
            yield item
            continue
        operation, _, _, _, rows = item
        for row in rows:
            wrong = problems("resources/room_status_event.schema.json", row)
            if not wrong and row.get("changed_by") is None and row.get("changed_by_name") is None:
                wrong = ("changed_by and changed_by_name are null",)
            if wrong:
                message = f"the audit row of {operation.operation} does not say who, from where, why and when"
                yield Violation(
                    "housekeeping/audit-fields",
                    message,
                    ("a RoomStatusEvent",),
                    "; ".join(wrong),
                    seqs(operation, "audit"),
                )
            else:
                yield OK
