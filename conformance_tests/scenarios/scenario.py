"""What a scenario is: provider states to ask for, and calls to make on what was arranged, one by one or as a race."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Family = Literal[
    "stays", "tokens", "order", "housekeeping", "assignment", "refusals", "reads", "races", "outage", "walks"
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A provider state a scenario needs. Its bindings are known to the steps under `prefix` + their name."""

    state: str
    params: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""


_SHORTEST, _CUT = 16, 4


def shown_as(token: str, form: str) -> str | None:
    """A token in another form, which opens nothing; None for one that is too short, or has no other case, to have it.

    Hexadecimal digits may mean the same in either case.
    """
    if form == "whole":
        return token
    if len(token) < _SHORTEST:
        return None
    if form == "cut":
        return token[:-_CUT]
    letters = set(token) - set("0123456789abcdefABCDEF-")
    mixed = any(map(str.islower, letters)) and any(map(str.isupper, letters))
    return token.swapcase() if mixed else None


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a scenario, and what is watched around it.

    `params` replaces parameters of the operation, which otherwise are the bindings of the same name; strings of the form
    `{name}` stand for a binding, here and in `body`. `token` names the binding with the guest token to show:
    `guest_token` is the arranged one, `issued_token` the one the last check-in of the scenario gave, `staff_token` that of the
    manager. It is shown in `form`: whole, without its end, or with upper and lower case the other way round.

    `before` takes a snapshot before the call. `settle` waits after it until the events due are in and a fence has passed,
    then takes one. A step with neither is a read, or a call that is followed at once by the next.
    """

    case: str
    operation: str
    actor: str = "front_desk"
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | str | None = None
    token: str | None = None
    form: Literal["whole", "cut", "turned"] = "whole"
    before: bool = True
    settle: bool = True
    at_once: bool = False
    """Take a snapshot as soon as the answer is in, too: what the operation does must be done by then."""
    browser: Literal["no", "preflight", "page"] = "no"
    """As a page of the frontend makes it, or the preflight that its browser sends before."""
    other_way: bool = False
    """In the second of the two ways in which the contract lets the operation be called, where there are two."""


@dataclass(frozen=True, slots=True)
class Race:
    """Calls that run side by side, each started its own delay (seconds) after the race begins.

    One snapshot before the first and one after all have settled; `before` and `settle` of the calls do not count. A case that
    ends in `/repeat` is a call that owes no event in whatever order the calls are taken.
    """

    calls: tuple[Step, ...]
    delays: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Outage:
    """Calls one right after the other while the sink refuses what is about the scenario; then it takes everything again.

    Snapshots before and after each call, `before` and `settle` of the calls do not count. `seed` decides how it refuses.
    """

    calls: tuple[Step, ...]
    seed: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A name that is unique in the plan, the states it needs (the first is its own), and its calls in order."""

    name: str
    family: Family
    states: tuple[Wanted, ...]
    steps: tuple[Step | Race | Outage, ...]
    actors: frozenset[str] = field(default=frozenset())
    """Beside those of the steps: who must be able to log in for the scenario to mean anything."""
    undisturbed: bool = False
    """No other call may help the backend along, and reads must be quick."""

    @property
    def calls(self) -> tuple[Step, ...]:
        """Every call, also those of races."""
        return tuple(
            call
            for step in self.steps
            for call in (step.calls if isinstance(step, Race | Outage) else (step,))
        )

    @property
    def alone(self) -> bool:
        """Whether nothing else may run meanwhile."""
        return self.undisturbed or any(isinstance(step, Outage) for step in self.steps)

    def needs(self) -> frozenset[str]:
        """The staff that must be able to log in."""
        staff = {step.actor for step in self.calls} - {"anonymous", "guest"}
        return self.actors | staff


def look(case: str, operation: str, *, actor: str = "manager", **params: Any) -> Step:
    """A read without snapshots."""
    return Step(case, operation, actor=actor, params=params, before=False, settle=False)
