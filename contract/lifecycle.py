"""The two lifecycles, read from their tables (`schemas/lifecycles/`), and the one `step` over each.

Nobody else decides what is legal. `step` is total: for every state and command it answers the next state or raises
`IllegalTransition`, and nothing is changed by the asking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, cast

from contract.errors import ContractError
from contract.schema_files import document

Phase = Literal["expected", "in_house", "departed"]
BookingCommand = Literal["check_in", "check_out", "assign_room", "unassign_room", "move_room"]
Via = Literal["stay", "housekeeping"]

BOOKING_COMMANDS: Final[tuple[BookingCommand, ...]] = (
    "check_in",
    "check_out",
    "assign_room",
    "unassign_room",
    "move_room",
)


class IllegalTransition(ContractError):
    """The table has no such step (INVALID_TRANSITION). `state` and `command` are as they were asked for."""

    __slots__ = ("_command", "_state")

    def __init__(self, lifecycle: str, state: str, command: str) -> None:
        self._state = state
        self._command = command
        what = "go to" if lifecycle == "room_status" else "take the command"
        super().__init__(
            "INVALID_TRANSITION",
            f"a {'room' if lifecycle == 'room_status' else 'booking'} in {state} cannot {what} {command}",
            {"from": state, "to": command}
            if lifecycle == "room_status"
            else {"state": state, "command": command},
        )

    @property
    def state(self) -> str:
        return self._state

    @property
    def command(self) -> str:
        return self._command


@dataclass(frozen=True, slots=True)
class Stamp:
    """Fields that entering a state fills: `at` with the time, `by` with the name of who did it."""

    at: str
    by: str


@dataclass(frozen=True, slots=True)
class RoomStep:
    """What a change of room_status does: the status to have, the fields to set, the fields to stamp.

    A no-op (`to` is the status the room has) sets and stamps nothing, and makes no event and no audit row.
    """

    to: str
    noop: bool
    sets: Mapping[str, Any]
    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class Transition:
    """One legal step of a table. `command` of a room is the status it goes to; `via` and `roles` are a room's."""

    source: str
    command: str
    target: str
    basis: str
    clause: str | None
    via: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()


class BookingState(NamedTuple):
    """Where a booking is: its phase, which follows from the timestamps, and its status."""

    phase: str
    status: str

    def __str__(self) -> str:
        return f"{self.phase}/{self.status}"

    @classmethod
    def parse(cls, text: str) -> BookingState:
        """From `phase/STATUS`, as the table writes it."""
        phase, _, status = text.partition("/")
        return cls(phase, status)


def phase_of(checked_in_at: object | None, checked_out_at: object | None) -> Phase:
    """The phase that two timestamps (or their absence, None) mean; without an arrival there is no departure."""
    if checked_in_at is None:
        return "expected"
    return "in_house" if checked_out_at is None else "departed"


class RoomLifecycle:
    """The life of a room. Immutable; one per process by `room_lifecycle`."""

    __slots__ = ("_labels", "_steps", "_transitions")

    def __init__(self, table: Mapping[str, Any]) -> None:
        """From a table in the shape of `files/lifecycle.schema.json`."""
        enter = {status: _on_enter(status, table["on_enter"].get(status, {})) for status in table["states"]}
        self._labels: dict[str, str] = {status: state["label"] for status, state in table["states"].items()}
        self._transitions = {
            (source, target): Transition(
                source,
                target,
                target,
                step["basis"],
                step.get("clause"),
                frozenset(step["via"]),
                frozenset(step["roles"]),
            )
            for source, row in table["transitions"].items()
            for target, step in row.items()
        }
        self._steps = {(status, status): RoomStep(status, True, _NOTHING, None) for status in self._labels}
        self._steps.update({pair: enter[pair[1]] for pair in self._transitions})

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(self._labels)

    def label(self, status: str) -> str:
        """The status in words, as `room_status_display` shows it. KeyError for a status that is none."""
        return self._labels[status]

    def step(self, status: str, to_status: str) -> RoomStep:
        """What going to `to_status` does. IllegalTransition when the table has no such step."""
        try:
            return self._steps[status, to_status]
        except KeyError:
            raise IllegalTransition("room_status", status, to_status) from None

    def legal(self, status: str, to_status: str) -> bool:
        """Whether anybody can do it; staying where one is counts."""
        return (status, to_status) in self._steps

    def may(self, role: str, status: str, to_status: str) -> bool:
        """Whether the role can do it. What is illegal is nobody's, a no-op is everybody's."""
        found = self._transitions.get((status, to_status))
        return role in found.roles if found is not None else self.legal(status, to_status)

    def via(self, status: str, to_status: str) -> frozenset[str]:
        """What carries the transition out: `stay`, `housekeeping`; empty for an illegal one and for a no-op."""
        found = self._transitions.get((status, to_status))
        return found.via if found is not None else frozenset()

    def transitions(self) -> tuple[Transition, ...]:
        """Every legal transition, in the order of the table; no no-ops."""
        return tuple(self._transitions.values())

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram; what check-in and check-out do is marked."""
        lines = ["stateDiagram-v2", *(f"    {status}: {label}" for status, label in self._labels.items())]
        for step in self.transitions():
            mark = f": {', '.join(sorted(step.via))}" if step.via != {"housekeeping"} else ""
            lines.append(f"    {step.source} --> {step.target}{mark}")
        return "\n".join(lines) + "\n"


class BookingLifecycle:
    """The life of a booking. Immutable; one per process by `booking_lifecycle`."""

    __slots__ = ("_steps", "_terminal", "_transitions")

    def __init__(self, table: Mapping[str, Any]) -> None:
        """From a table in the shape of `files/lifecycle.schema.json`."""
        self._transitions = tuple(
            Transition(source, command, step["to"], step["basis"], step.get("clause"))
            for source, row in table["transitions"].items()
            for command, step in row.items()
        )
        self._steps = {
            (BookingState.parse(step.source), step.command): BookingState.parse(step.target)
            for step in self._transitions
        }
        self._terminal = {BookingState.parse(source): not row for source, row in table["transitions"].items()}

    @property
    def states(self) -> tuple[BookingState, ...]:
        return tuple(self._terminal)

    def step(self, state: BookingState, command: str) -> BookingState:
        """The state after the command. IllegalTransition when the table has no such step."""
        try:
            return self._steps[state, command]
        except KeyError:
            raise IllegalTransition("booking", f"{state[0]}/{state[1]}", command) from None

    def legal(self, state: BookingState, command: str) -> bool:
        return (state, command) in self._steps

    def terminal(self, state: BookingState) -> bool:
        """Whether no command leads out of the state."""
        return self._terminal.get(state, True)

    def transitions(self) -> tuple[Transition, ...]:
        """Every legal step, in the order of the table."""
        return self._transitions

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram."""
        names = {str(state): str(state).replace("/", "_") for state in self.states}
        lines = [
            "stateDiagram-v2",
            *(f"    {name}: {state.replace('/', ' ')}" for state, name in names.items()),
        ]
        lines += [
            f"    {names[one.source]} --> {names[one.target]}: {one.command}" for one in self._transitions
        ]
        lines += [f"    {names[str(state)]} --> [*]" for state in self.states if self.terminal(state)]
        return "\n".join(lines) + "\n"


_NOTHING: Mapping[str, Any] = MappingProxyType({})


def _on_enter(status: str, rule: Mapping[str, Any]) -> RoomStep:
    stamp = rule.get("stamp")
    return RoomStep(
        to=status,
        noop=False,
        sets=MappingProxyType(dict(rule.get("set", {}))),
        stamp=Stamp(**stamp) if stamp is not None else None,
    )


@cache
def room_lifecycle() -> RoomLifecycle:
    """The table of `schemas/lifecycles/room_status.yaml`."""
    return RoomLifecycle(cast("Mapping[str, Any]", document("lifecycles/room_status.yaml")))


@cache
def booking_lifecycle() -> BookingLifecycle:
    """The table of `schemas/lifecycles/booking.yaml`."""
    return BookingLifecycle(cast("Mapping[str, Any]", document("lifecycles/booking.yaml")))
