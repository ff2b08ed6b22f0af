"""How much of the two lifecycles a history shows: which steps were taken, and which illegal ones were asked for and refused.

Computed from the calls and the snapshots around them, episode by episode; a call without snapshots shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from conformance_tests.entries import Operation
from conformance_tests.episode import Episode
from conformance_tests.rules.facts import (
    ASSIGN,
    CHECK_IN,
    CHECK_OUT,
    HOUSEKEEPING,
    MOVE,
    UNASSIGN,
    Kind,
    booking_of,
    is_repeat,
    kind,
    phase,
    probe_of,
    rooms_of,
    snapshotted,
    target_status,
)
from conformance_tests.target import ACTORS
from contract.lifecycle import BOOKING_COMMANDS, BookingState, booking_lifecycle, room_lifecycle

ROLES = tuple(actor for actor in ACTORS if actor != "outsider")
_COMMANDS = {
    CHECK_IN: "check_in",
    CHECK_OUT: "check_out",
    ASSIGN: "assign_room",
    UNASSIGN: "unassign_room",
    MOVE: "move_room",
}
_ALREADY = {("in_house", "check_in"), ("departed", "check_out")}
"""What is a repeat in that phase, so that it is neither a step nor a refusal."""


def _step(start: str, end: str, role: str | None = None) -> str:
    return f"{start} -> {end}" + (f" ({role})" if role is not None else "")


def _room_refusal(start: str, end: str, role: str) -> str | None:
    """What a refusal of this change shows; None when the role may ask for it."""
    table = room_lifecycle()
    if start == end or start not in table.states or end not in table.states:
        return None
    if "housekeeping" not in table.via(start, end):
        return _step(start, end)
    return None if table.may(role, start, end) else _step(start, end, role)


@cache
def _room_totals() -> tuple[tuple[str, ...], tuple[str, ...]]:
    table = room_lifecycle()
    steps = [_step(one.source, one.target, role) for one in table.transitions() for role in sorted(one.roles)]
    pairs = ((start, end, role) for start in table.states for end in table.states for role in ROLES)
    refusals = dict.fromkeys(found for pair in pairs if (found := _room_refusal(*pair)) is not None)
    return tuple(steps), tuple(refusals)


@cache
def _booking_totals() -> tuple[tuple[str, ...], tuple[str, ...]]:
    table = booking_lifecycle()
    steps = tuple(f"{one.source} {one.command}" for one in table.transitions())
    refusals = tuple(
        f"{state} {command}"
        for state in table.states
        for command in BOOKING_COMMANDS
        if not table.legal(state, command) and (state.phase, command) not in _ALREADY
    )
    return steps, refusals


class Coverage:
    """What the episodes taken so far have shown."""

    def __init__(self) -> None:
        self._steps: dict[str, set[str]] = {"room_status": set(), "booking": set()}
        self._refusals: dict[str, set[str]] = {"room_status": set(), "booking": set()}

    def take(self, episode: Episode) -> None:
        """Add what one episode shows."""
        for operation in episode.operations:
            if operation.overlaps or not snapshotted(operation):
                continue
            found = kind(episode, operation)
            if found is Kind.CARRIED_OUT:
                self._carried_out(episode, operation)
            elif found is Kind.REFUSED:
                self._refused(episode, operation)

    def add(self, other: Coverage) -> None:
        """Add what another part of the history has shown."""
        for mine, theirs in ((self._steps, other._steps), (self._refusals, other._refusals)):
            for name, found in theirs.items():
                mine[name] |= found

    def report(self) -> dict[str, Any]:
        """As the report has it: for each lifecycle, how many steps and refusals there are, were seen, and which were not."""
        totals = {"room_status": _room_totals(), "booking": _booking_totals()}
        return {
            name: {
                "transitions": _counted(steps, self._steps[name]),
                "refusals": _counted(refusals, self._refusals[name]),
            }
            for name, (steps, refusals) in totals.items()
        }

    def _carried_out(self, episode: Episode, operation: Operation) -> None:
        if operation.operation in _COMMANDS:
            state = _booking_state(operation)
            if state is not None:
                self._steps["booking"].add(f"{state} {_COMMANDS[operation.operation]}")
        for room in rooms_of(episode, operation):
            narrowed = {} if room.number is None else {"room_number": room.number}
            start, end = (_status(operation, when, narrowed) for when in ("before", "after"))
            if start is not None and end is not None and start != end:
                self._steps["room_status"].add(_step(start, end, operation.actor))

    def _refused(self, episode: Episode, operation: Operation) -> None:
        if operation.operation in _COMMANDS:
            state = _booking_state(operation)
            if state is not None and not is_repeat(episode, operation):
                self._refusals["booking"].add(f"{state} {_COMMANDS[operation.operation]}")
        elif operation.operation in HOUSEKEEPING:
            room = rooms_of(episode, operation)[0]
            start = _status(operation, "before", {} if room.number is None else {"room_number": room.number})
            end = target_status(operation)
            shown = (
                _room_refusal(start, end, operation.actor) if start is not None and end is not None else None
            )
            if shown is not None:
                self._refusals["room_status"].add(shown)


def _counted(wanted: tuple[str, ...], seen: Iterable[str]) -> dict[str, Any]:
    known = frozenset(seen)
    missing = [one for one in wanted if one not in known]
    return {"total": len(wanted), "seen": len(wanted) - len(missing), "missing": missing}


def _status(operation: Operation, when: str, narrowed: dict[str, Any]) -> str | None:
    probe = probe_of(operation, when, "room", **narrowed)
    found = probe.state.get("room_status") if probe is not None and isinstance(probe.state, dict) else None
    return found if isinstance(found, str) else None


def _booking_state(operation: Operation) -> BookingState | None:
    probe = probe_of(operation, "before", "booking", booking_id=booking_of(operation))
    where = phase(probe.state) if probe is not None else None
    return None if probe is None or where is None else BookingState(where, str(probe.state.get("status")))
