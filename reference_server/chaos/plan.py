"""A chaos plan as values, read from a document of the shape `schemas/files/chaos.schema.json`.

A document may be of the right shape and still make no sense (a status for an event): that is a `PlanError`, which names the place.
"""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, cast

from contract.errors import error_codes
from contract.events import event_kinds
from contract.operations import operations
from contract.schema_store import schema_store

SCHEMA = "files/chaos.schema.json"

Side = Literal["event", "request"]
Action = Literal[
    "delay", "jitter", "reorder", "duplicate", "drop", "disconnect", "close", "outage",
    "status", "timeout", "reset", "slow_commit",
]  # fmt: skip

ACTORS = ("staff", "guest", "anonymous")
_EVENT_KEYS, _REQUEST_KEYS = frozenset({"channel", "event"}), frozenset({"operation", "actor"})
_SIDES: Mapping[Action, frozenset[Side]] = MappingProxyType(
    {
        "delay": frozenset({"event", "request"}),
        "jitter": frozenset({"event", "request"}),
        **dict.fromkeys(
            ("reorder", "duplicate", "drop", "disconnect", "close", "outage"), frozenset({"event"})
        ),
        **dict.fromkeys(("status", "timeout", "reset", "slow_commit"), frozenset({"request"})),
    }
)
_ANSWERS = ("status", "timeout", "reset")


class PlanError(ValueError):
    """A plan that cannot be carried out; the message is a sentence without its full stop, `place` the keys that lead there."""

    def __init__(self, place: Iterable[str | int], reason: str) -> None:
        self.place = tuple(str(step) for step in place)
        super().__init__(f"{'.'.join(self.place)}: {reason}")


@dataclass(frozen=True, slots=True)
class On:
    """What a rule is for; None is everything. `*` in a pattern stands for any text."""

    side: Side
    channel: str | None = None
    event: str | None = None
    operation: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done to what, and how often; `do` holds the settings of each action, defaults filled in."""

    name: str
    on: On
    do: Mapping[Action, Mapping[str, Any]]
    probability: float = 1.0
    every: int = 1
    after: int = 0
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Rules in the order in which they apply. `document` is what it was read from, with `seed` and every rule's name."""

    seed: int
    rules: tuple[Rule, ...]
    document: Mapping[str, Any]
    preset: str | None = None

    def state(self) -> dict[str, Any]:
        """The plan as the control surface answers it (files/chaos_state.schema.json)."""
        return {"seed": self.seed, "rules": list(self.document["rules"]), "preset": self.preset}


def parse_plan(document: Mapping[str, Any], *, seed: int | None = None, preset: str | None = None) -> Plan:
    """The plan of a document; `seed` goes before the document's own. Raises: `SchemaViolation`, `PlanError`."""
    schema_store().require(SCHEMA, document)
    chosen = int(document.get("seed", 1) if seed is None else seed)
    named = [{"name": f"rule-{number}", **rule} for number, rule in enumerate(document["rules"], start=1)]
    seen: set[str] = set()
    for number, rule in enumerate(named):
        if rule["name"] in seen:
            raise PlanError(("rules", number, "name"), f"there are two rules of the name {rule['name']}")
        seen.add(rule["name"])
    rules = tuple(_rule(number, rule) for number, rule in enumerate(named))
    return Plan(chosen, rules, MappingProxyType({"seed": chosen, "rules": named}), preset)


NO_PLAN = Plan(1, (), MappingProxyType({"seed": 1, "rules": []}))
"""Nothing goes wrong."""


def _rule(number: int, told: Mapping[str, Any]) -> Rule:
    on, do = told["on"], cast("Mapping[Action, Mapping[str, Any]]", told["do"])
    place = ("rules", number)
    side = _side(place, on)
    for action in do:
        if side not in _SIDES[action]:
            (right,) = _SIDES[action]
            keys = sorted(_EVENT_KEYS if right == "event" else _REQUEST_KEYS)
            raise PlanError(
                (*place, "do", action),
                f"{action} is for {right}s, and this rule is for {side}s; name {' or '.join(keys)} in `on`",
            )
    answers = [action for action in _ANSWERS if action in do]
    if len(answers) > 1:
        raise PlanError(
            (*place, "do"), f"a request has one answer, not {' and '.join(answers)}; make two rules of it"
        )
    if "drop" in do and (others := sorted({"delay", "jitter", "reorder", "duplicate"} & set(do))):
        raise PlanError((*place, "do"), f"what is dropped has no {others[0]}; make two rules of it")
    _known(place, on)
    _known_code(place, do)
    return Rule(
        name=told["name"],
        on=On(side, on.get("channel"), on.get("event"), on.get("operation"), on.get("actor")),
        do=MappingProxyType({action: _filled(action, settings) for action, settings in do.items()}),
        probability=float(told.get("probability", 1)),
        every=int(told.get("every", 1)),
        after=int(told.get("after", 0)),
        times=None if told.get("times") is None else int(told["times"]),
    )


def _side(place: tuple[str | int, ...], on: Mapping[str, Any]) -> Side:
    events, requests = _EVENT_KEYS & set(on), _REQUEST_KEYS & set(on)
    if events and requests:
        raise PlanError(
            (*place, "on"),
            "a rule is for events (channel, event) or for requests (operation, actor), not both",
        )
    return "event" if events else "request"


def _known(place: tuple[str | int, ...], on: Mapping[str, Any]) -> None:
    """A pattern that can never match is a slip of the pen. Channels are free: a dialect may have others."""
    names = {
        "event": {kind.name for kind in event_kinds().values()},
        "operation": set(operations()),
        "actor": set(ACTORS),
    }
    for key, known in names.items():
        if key in on and not fnmatch.filter(known, on[key]):
            raise PlanError((*place, "on", key), f"there is no {key} {on[key]}; {_hint(on[key], known)}")


def _known_code(place: tuple[str | int, ...], do: Mapping[Action, Mapping[str, Any]]) -> None:
    code = do.get("status", {}).get("error")
    if code is not None and code not in error_codes():
        hint = _hint(code, error_codes())
        raise PlanError((*place, "do", "status", "error"), f"there is no error code {code}; {hint}")


def _hint(told: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(told, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"


def _filled(action: Action, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = schema_store().schema(f"{SCHEMA}#/properties/rules/items/properties/do/properties/{action}")
    defaults = {
        name: schema["default"] for name, schema in properties["properties"].items() if "default" in schema
    }
    return MappingProxyType({**defaults, **settings})
