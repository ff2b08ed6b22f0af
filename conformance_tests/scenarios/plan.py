"""The plan of a run: which scenarios, in which order. The same seed and the same `only` give the same plan."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import chain

from conformance_tests.refusals import REFUSALS, Refusal
from conformance_tests.room_scope_refusals import case_of
from conformance_tests.scenarios import assignment, housekeeping, outages, races, reads, stays, walks
from conformance_tests.scenarios.scenario import Family, Scenario, Step, Wanted, look
from contract.operations import operation

_FEEDS: dict[str, frozenset[Family]] = {
    # the first word of a rule id -> what can show it, beside the refusals of that name; every other word gets everything
    "assign": frozenset(("assignment",)),
    "assignment": frozenset(("assignment",)),
    "atomicity": frozenset(("stays", "tokens", "order", "outage")),
    "check-in": frozenset(("stays", "tokens", "order")),
    "check-out": frozenset(("stays", "tokens", "order")),
    "guest": frozenset(("tokens",)),
    "booking": frozenset(("stays", "tokens", "order", "assignment", "walks")),
    "housekeeping": frozenset(("housekeeping", "stays", "order", "walks")),
    "login": frozenset(),
    "move": frozenset(("assignment",)),
    "races": frozenset(("races",)),
    "tokens": frozenset(("stays", "tokens")),
    "unassign": frozenset(("assignment",)),
}


def plan(seed: int, only: Sequence[str] = (), race_tries: int = races.TRIES) -> list[Scenario]:
    """The scenarios of a run, shuffled by the seed. `only` are prefixes of rule ids; in doubt a scenario is kept.

    Every race is run `race_tries` times, each time with delays of its own, which follow from the seed.
    """
    scenarios = [
        scenario
        for scenario in everything(seed, race_tries)
        if not only or any(_feeds(word, scenario) for word in _words(only))
    ]
    random.Random(seed).shuffle(scenarios)  # noqa: S311 - an order, not a secret
    return scenarios


def everything(seed: int = 1, race_tries: int = races.TRIES) -> Iterable[Scenario]:
    """All scenarios, in the order they are written. Their names are unique."""
    return chain(
        stays.stays(),
        stays.hurried(),
        stays.tokens(),
        housekeeping.workflow(),
        walks.rooms(seed),
        walks.bookings(seed),
        assignment.assignment(),
        reads.reads(),
        races.races(seed, race_tries),
        (refused(refusal) for refusal in REFUSALS),
        outages.outages(seed),
    )


def refused(refusal: Refusal) -> Scenario:
    """The scenario of one refusal; it is named by its case."""
    states = [Wanted(refusal.state, refusal.params)] if refusal.state is not None else []
    if refusal.beside is not None:
        states.append(Wanted(refusal.beside.name, refusal.beside.params, prefix="beside_"))
    first = [Step("check-in/happy", refusal.first)] if refusal.first is not None else []
    if refusal.guard is not None:
        first.append(_guard(refusal, refusal.guard))
    reads_only = refusal.operation == "staffLogin" or operation(refusal.operation).method == "GET"
    call = Step(
        refusal.case,
        refusal.operation,
        actor=refusal.actor,
        params=refusal.overrides,
        body=refusal.body,
        before=not reads_only,
        settle=not reads_only,
    )
    # A walk ends where a call is carried out that should have been refused.
    family: Family = "refusals" if refusal.guard is None else "walks"
    return Scenario(refusal.case, family, tuple(states), (*first, call))


def _guard(refusal: Refusal, read: str) -> Step:
    """The room of a refusal, read under the same hotel."""
    prefix = "beside_" if refusal.beside is not None else ""
    (name,) = (each for each in operation(read).path_parameters if each != "hotel_slug")
    params = {"hotel_slug": "{home_hotel_slug}", name: f"{{{prefix}{name}}}"}
    return look(case_of(read), read, **params)


def _words(only: Sequence[str]) -> frozenset[str]:
    return frozenset(prefix.split("/")[0] for prefix in only)


def _feeds(word: str, scenario: Scenario) -> bool:
    """Whether the scenario can show something to the rules whose id begins with the word."""
    families = _FEEDS.get(word)
    if families is None or scenario.family in families:
        return True
    return scenario.family == "refusals" and scenario.name.startswith(f"{word}/")
