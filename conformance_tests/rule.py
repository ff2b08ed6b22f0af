"""Rules as frozen records: what is judged, by which clauses, and the one pure function that judges it.

A rule reads recorded facts and nothing else: no clock, no socket, no randomness. It is registered in one place, by the
decorator on its function; a duplicate id or a clause that the catalogue does not have fails at import.

`rule` judges an episode. A rule of the history looks at more: `event_rule` at every event, `call_rule` at every call, each
by itself and with the facts of the history; `log_rule` at events and answered calls in the order of the history, with a
memory of its own, which must not grow with the history (`Log`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias, TypeVar

from contract.clauses import Clause, Level, clause

if TYPE_CHECKING:
    from conformance_tests.entries import Event, Operation
    from conformance_tests.episode import Episode, Facts

_SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)+$")
_RANK = {Level.MAY: 0, Level.SHOULD: 1, Level.MUST: 2}


@dataclass(frozen=True, slots=True)
class Judged:
    """The rule looked at something and found it in order."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise. `expected` lists every right answer; `witness` are the seqs of the lines that prove it.

    `message` must not carry ids or times of one run (they go to `actual`): it is part of the fingerprint. So is `about`,
    which tells failures of the same message apart, such as the field that is wrong.
    """

    clause: str
    message: str
    expected: tuple[str, ...]
    actual: str
    witness: tuple[int, ...]
    about: str = ""


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
EventJudge: TypeAlias = "Callable[[Event, Facts], Iterable[Finding]]"
CallJudge: TypeAlias = "Callable[[Operation, Facts], Iterable[Finding]]"
FactsJudge: TypeAlias = "Callable[[Facts], Iterable[Finding]]"

OK = Judged()


@dataclass(frozen=True, slots=True)
class Known:
    """The first event before this one with the same event_id at the same observer: at all (`by_id`; on channels of the
    contract and on others apart), on the same channel, and on it under the same name (`delivery`). None when there is none.
    """

    by_id: Event | None = None
    on_channel: Event | None = None
    delivery: Event | None = None


class Log:
    """The memory of a `log_rule`: made for one history, given its events and answered calls in order, then `end`.

    It gets calls of `operations` only, each with its reply and without snapshots and events.
    """

    operations: ClassVar[frozenset[str]] = frozenset()
    hears: ClassVar[bool] = False
    """Whether it is given events."""

    def start(self, observers: tuple[str, ...]) -> None:
        """The header has come, and names these observers."""

    def event(self, event: Event, known: Known) -> Iterable[Finding]:
        return ()

    def call(self, operation: Operation) -> Iterable[Finding]:
        return ()

    def end(self) -> Iterable[Finding]:
        return ()


LogClass = TypeVar("LogClass", bound=type[Log])
Key = TypeVar("Key")
Value = TypeVar("Value")


def first(remembered: dict[Key, Value], key: Key, value: Value, most: int) -> Value:
    """What a `Log` remembers under the key; this value from now on when there is nothing. The oldest of more than `most` is forgotten."""
    found = remembered.setdefault(key, value)
    if len(remembered) > most:
        del remembered[next(iter(remembered))]
    return found


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule judges one episode at a time, or events and calls wherever they stand in the history."""

    id: str
    title: str
    clauses: tuple[str, ...]
    level: Level
    hint: str
    judge_episode: EpisodeJudge | None = None
    judge_event: EventJudge | None = None
    judge_call: CallJudge | None = None
    judge_facts: FactsJudge | None = None
    log: type[Log] | None = None
    operations: frozenset[str] | None = None
    """The operations whose calls `judge_call` looks at; None: all."""
    kinds: frozenset[str] | None = None
    """The kinds of channel whose events `judge_event` looks at; None: all."""

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
        _register(Rule(rule_id, title, clauses, _level(rule_id, clauses), hint, judge))
        return judge

    return wrap


def history_rule(
    rule_id: str,
    title: str,
    *clauses: str,
    hint: str,
    event: EventJudge | None = None,
    call: CallJudge | None = None,
    facts: FactsJudge | None = None,
    operations: Iterable[str] | None = None,
    kinds: Iterable[str] | None = None,
    log: type[Log] | None = None,
) -> None:
    """Register a rule of the history that looks at several things; for one of them there are the decorators below."""
    named = None if operations is None else frozenset(operations)
    heard = None if kinds is None else frozenset(kinds)
    level = _level(rule_id, clauses)
    _register(Rule(rule_id, title, clauses, level, hint, None, event, call, facts, log, named, heard))


def event_rule(
    rule_id: str, title: str, *clauses: str, hint: str, kinds: Iterable[str] | None = None
) -> Callable[[EventJudge], EventJudge]:
    """Register a function `(Event, Facts) -> findings` as the rule `rule_id`; it gets events of `kinds` of channel."""

    def wrap(judge: EventJudge) -> EventJudge:
        history_rule(rule_id, title, *clauses, hint=hint, event=judge, kinds=kinds)
        return judge

    return wrap


def call_rule(
    rule_id: str, title: str, *clauses: str, hint: str, operations: Iterable[str] | None = None
) -> Callable[[CallJudge], CallJudge]:
    """Register a function `(Operation, Facts) -> findings` as the rule `rule_id`; it gets calls of `operations`."""

    def wrap(judge: CallJudge) -> CallJudge:
        history_rule(rule_id, title, *clauses, hint=hint, call=judge, operations=operations)
        return judge

    return wrap


def log_rule(rule_id: str, title: str, *clauses: str, hint: str) -> Callable[[LogClass], LogClass]:
    """Register a class of `Log` as the rule `rule_id`."""

    def wrap(log: LogClass) -> LogClass:
        history_rule(rule_id, title, *clauses, hint=hint, log=log)
        return log

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
