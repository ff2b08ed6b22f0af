"""Rules as frozen records: what is judged, by which clauses, and the one pure function that judges it.

A rule reads recorded facts and nothing else: no clock, no socket, no randomness. It is registered in one place, by the
decorator on its function; a duplicate id or a clause that the catalogue does not have fails at import.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from contract.clauses import Clause, Level, clause

if TYPE_CHECKING:
    from conformance_tests.episode import Episode, History

_SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)+$")
_RANK = {Level.MAY: 0, Level.SHOULD: 1, Level.MUST: 2}


@dataclass(frozen=True, slots=True)
class Judged:
    """The rule looked at something and found it in order."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise. `expected` lists every right answer; `witness` are the seqs of the lines that prove it.

    `message` must not carry ids or times of one run (they go to `actual`): it is part of the fingerprint.
    """

    clause: str
    message: str
    expected: tuple[str, ...]
    actual: str
    witness: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Inconclusive:
    """Nothing could be said; `reason` tells why and what to configure."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreached:
    """A call that did not get far enough to be judged here; another rule says so.

    It leaves the rule inconclusive only where nothing else was judged.
    """

    reason: str


Finding: TypeAlias = Judged | Violation | Inconclusive | Unreached
EpisodeJudge: TypeAlias = "Callable[[Episode], Iterable[Finding]]"
HistoryJudge: TypeAlias = "Callable[[History], Iterable[Finding]]"

OK = Judged()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule judges one episode at a time, or (for what only shows across episodes) the whole history."""

    id: str
    title: str
    clauses: tuple[str, ...]
    level: Level
    hint: str
    judge_episode: EpisodeJudge | None
    judge_history: HistoryJudge | None

    @property
    def primary(self) -> Clause:
        """The clause the rule is mostly about: the first it names."""
        return clause(self.clauses[0])


class UnknownRule(LookupError):
    """No rule has this id or prefix. `suggestions` are the nearest that exist, best first."""

    def __init__(self, wanted: str, suggestions: tuple[str, ...]) -> None:
        self.wanted = wanted
        self.suggestions = suggestions
        hint = f"; did you mean {' or '.join(repr(s) for s in suggestions)}?" if suggestions else ""
        super().__init__(f"no rule {wanted!r}{hint}")


_registry: dict[str, Rule] = {}


def _register(rule: Rule) -> None:
    if not _SLUG.match(rule.id):
        raise ValueError(f"rule id {rule.id!r} is not a path of slugs such as 'check-out/order/after-commit'")
    if rule.id in _registry:
        raise ValueError(f"rule id {rule.id!r} is registered twice")
    _registry[rule.id] = rule


def _level(rule_id: str, clauses: Sequence[str]) -> Level:
    """The level of the highest clause; an unknown clause raises `UnknownClause` at import."""
    if not clauses:
        raise ValueError(f"rule {rule_id!r} names no clause")
    return max((clause(name).level for name in clauses), key=_RANK.__getitem__)


def rule(rule_id: str, title: str, *clauses: str, hint: str) -> Callable[[EpisodeJudge], EpisodeJudge]:
    """Register a function `Episode -> findings` as the rule `rule_id`."""

    def wrap(judge: EpisodeJudge) -> EpisodeJudge:
        _register(Rule(rule_id, title, clauses, _level(rule_id, clauses), hint, judge, None))
        return judge

    return wrap


def history_rule(
    rule_id: str, title: str, *clauses: str, hint: str
) -> Callable[[HistoryJudge], HistoryJudge]:
    """Register a function `History -> findings` as the rule `rule_id`."""

    def wrap(judge: HistoryJudge) -> HistoryJudge:
        _register(Rule(rule_id, title, clauses, _level(rule_id, clauses), hint, None, judge))
        return judge

    return wrap


def all_rules() -> tuple[Rule, ...]:
    """Every rule, sorted by id."""
    from conformance_tests import rules

    rules.load()
    return tuple(_registry[key] for key in sorted(_registry))


def matches(rule_id: str, prefix: str) -> bool:
    """A prefix selects whole path segments: `check-in` and `check-in/` select `check-in/room/status`."""
    stem = prefix.rstrip("/")
    return rule_id == stem or rule_id.startswith(stem + "/")


def select(only: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The rules under any of the prefixes; all of them when there is none. Raises `UnknownRule`."""
    rules = all_rules()
    if not only:
        return rules
    for prefix in only:
        if not any(matches(rule.id, prefix) for rule in rules):
            raise UnknownRule(prefix, nearest(prefix, rules))
    return tuple(rule for rule in rules if any(matches(rule.id, prefix) for prefix in only))


def nearest(wanted: str, rules: Iterable[Rule]) -> tuple[str, ...]:
    """At most three rule ids or prefixes that look like `wanted`."""
    known: set[str] = set()
    for rule in rules:
        parts = rule.id.split("/")
        known.update("/".join(parts[: n + 1]) for n in range(len(parts)))
    return tuple(difflib.get_close_matches(wanted.rstrip("/"), sorted(known), n=3))
