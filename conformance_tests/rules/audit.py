"""The trail that changes of room status leave: one row each, in a chain, true in every field (seed section 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conformance_tests.entries import Operation, mapping
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation, rule
from conformance_tests.rules.facts import (
    CHECK_IN,
    CHECK_OUT,
    EFFECTING,
    HOUSEKEEPING,
    MOVE,
    Missing,
    RoomRef,
    around,
    probe_of,
    rooms_of,
    seqs,
    snapshotted,
)
from conformance_tests.rules.housekeeping import room_around
from conformance_tests.rules.shapes import kinds_of_problem
from conformance_tests.rules.values import show

_SERVICE = "Let one service change room_status: it validates, writes the audit row and plans the event."


def _audits(episode: Episode) -> Iterator[tuple[Operation, RoomRef, Any, Any, list[Any]] | Inconclusive]:
    """Calls with their room before and after, and the audit rows that are new after the call, oldest first."""
    for operation in episode.operations:
        if operation.operation not in EFFECTING or operation.overlaps or not snapshotted(operation):
            continue
        if operation.status is None:
            continue
        for room in rooms_of(episode, operation):
            rooms = room_around(episode, operation, room)
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
            wrong = kinds_of_problem("resources/room_status_event.schema.json", row)
            if not wrong and row.get("changed_by") is None and row.get("changed_by_name") is None:
                wrong = {"changed_by": "changed_by and changed_by_name are null"}
            message = f"the audit row of {operation.operation} does not say who, from where, why and when"
            for about, told in wrong.items():
                yield Violation(
                    "housekeeping/audit-fields",
                    message,
                    ("a RoomStatusEvent",),
                    told,
                    seqs(operation, "audit"),
                    about,
                )
            if not wrong:
                yield OK


Told = Callable[[Episode, Operation, Mapping[str, Any]], "tuple[str, str] | None"]


def _caller(episode: Episode, operation: Operation, row: Mapping[str, Any]) -> tuple[str, str] | None:
    staff_id, told = episode.capabilities.staff.get(operation.actor), row.get("changed_by")
    if staff_id is None or told == staff_id or (told is None and row.get("changed_by_name") is not None):
        return None
    return f"changed_by {staff_id}, the {operation.actor}", f"changed_by {show(told)}"


def _source(_: Episode, operation: Operation, row: Mapping[str, Any]) -> tuple[str, str] | None:
    body, told = mapping(operation.body), row.get("source")
    wanted = "MANAGER_OVERRIDE" if operation.operation == "managerOverride" else body.get("source")
    if wanted is not None and told != wanted:
        return f"source {wanted}", f"source {show(told)}"
    if wanted is None and told == "MANAGER_OVERRIDE":
        return "another source than MANAGER_OVERRIDE", f"source {told}"
    note = body.get("note")
    if isinstance(note, str) and note not in str(row.get("note")):
        return f"note {show(note)}", f"note {show(row.get('note'))}"
    return None


def _register(rule_id: str, title: str, hint: str, wrong_in: Told) -> None:
    @rule(rule_id, title, rule_id, hint=hint)
    def judge(episode: Episode) -> Iterator[Finding]:
        for item in _audits(episode):
            if isinstance(item, Inconclusive | Unreached):
                yield item
                continue
            operation, _, _, _, rows = item
            for row in rows:
                wrong = wrong_in(episode, operation, row)
                if wrong is None:
                    yield OK
                    continue
                message = f"the audit row of {operation.operation} ({operation.actor}): {title[0].lower()}{title[1:]} does not hold"
                yield Violation(rule_id, message, (wrong[0],), wrong[1], seqs(operation, "audit"))


_register(
    "housekeeping/audit-caller", "An audit row names who asked for the change", "Pass the caller to the service.", _caller
)  # fmt: skip
_register(
    "housekeeping/audit-source", "An audit row has the source and the note of the request",
    "Pass source and note to the service; only an override is MANAGER_OVERRIDE.", _source,
)  # fmt: skip
