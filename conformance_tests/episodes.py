"""The second look at a history: assembles its episodes one after another and gives each to the rules.

Only one episode is in memory at a time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from conformance_tests.coverage import Coverage
from conformance_tests.cutting import Assembly
from conformance_tests.episode import Episode, Facts
from conformance_tests.index import place_of
from conformance_tests.lines import read_again
from conformance_tests.rule import Rule
from conformance_tests.tally import Place, Tally

_KINDS = ("rooms", "staff", "guest", "other")
_EVENTFUL = frozenset(("events", "strays", "event_probes", "window_of"))
EVENTS, CALLS = 1, 2
"""Findings about the facts are told first, then those about events, then those about calls."""


class Source(Protocol):
    """The bytes of a history."""

    def read(self, offset: int, size: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file that is open for reading."""

    descriptor: int

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self.descriptor, size, offset)


class Watched(Episode):
    """An episode that knows which of its fields were looked at."""

    seen: set[str]

    @classmethod
    def of(cls, episode: Episode) -> Watched:
        found = cls(**{one.name: getattr(episode, one.name) for one in fields(episode)})
        object.__setattr__(found, "seen", set())
        return found

    def __getattribute__(self, name: str) -> Any:
        if name in _EVENTFUL:
            self.seen.add(name)
        return super().__getattribute__(name)


@dataclass(slots=True)
class Judge:
    """Rules, by what they look at, and what they come to."""

    rules: Sequence[Rule]
    facts: Facts
    tallies: dict[str, Tally] = field(init=False)
    coverage: Coverage = field(default_factory=Coverage)
    _episode_rules: list[tuple[Rule, Tally]] = field(init=False)
    _heard: dict[str, list[tuple[Rule, Tally]]] = field(init=False)
    _call_rules: list[tuple[Rule, Tally]] = field(init=False)
    _named: dict[str, list[tuple[Rule, Tally]]] = field(default_factory=dict)
    _listening: list[tuple[Rule, Tally]] | None = None

    def __post_init__(self) -> None:
        self.tallies = {rule.id: Tally() for rule in self.rules}
        found = [(rule, self.tallies[rule.id]) for rule in self.rules]
        self._episode_rules = [pair for pair in found if pair[0].judge_episode is not None]
        hearing = [pair for pair in found if pair[0].judge_event is not None]
        self._heard = {
            kind: [pair for pair in hearing if pair[0].kinds is None or kind in pair[0].kinds]
            for kind in _KINDS
        }
        self._call_rules = [pair for pair in found if pair[0].judge_call is not None]

    def judge_facts(self) -> None:
        for rule in self.rules:
            if rule.judge_facts is not None:
                self.tallies[rule.id].take(rule.judge_facts, (self.facts,), (0,), None)

    def judge(self, episode: Episode, place: Place) -> None:
        """Every rule on an episode, its events and its calls."""
        for rule, tally in self._rules_on(episode):
            if tally.broke is None and rule.judge_episode is not None:
                tally.take(rule.judge_episode, (episode,), place, episode.scenario)
        for event in (*episode.strays, *episode.events):
            for rule, tally in self._heard[event.kind]:
                if tally.broke is None and rule.judge_event is not None:
                    tally.take(rule.judge_event, (event, self.facts), (EVENTS, event.seq), None)
        self.coverage.take(episode)
        for position, operation in enumerate((*episode.operations, *episode.race, *episode.outage_calls)):
            for rule, tally in self._rules_of(operation.operation):
                if tally.broke is None and rule.judge_call is not None:
                    tally.take(rule.judge_call, (operation, self.facts), (CALLS, *place, position), None)

    def _rules_on(self, episode: Episode) -> list[tuple[Rule, Tally]]:
        """The episode rules that may find something.

        Episodes that are events of a subject and nothing else are alike but for these events. A rule that found nothing in
        one of them without looking at the events finds nothing in any.
        """
        if episode.operations or episode.race or episode.outage_calls or episode.scenario is not None:
            return self._episode_rules
        if self._listening is None:
            self._listening = []
            for rule, tally in self._episode_rules:
                watched = Watched.of(episode)
                trial = Tally()
                if rule.judge_episode is not None:
                    trial.take(rule.judge_episode, (watched,), (0,), None)
                if watched.seen & _EVENTFUL or trial != Tally():
                    self._listening.append((rule, tally))
        return self._listening

    def _rules_of(self, operation: str) -> list[tuple[Rule, Tally]]:
        found = self._named.get(operation)
        if found is None:
            found = self._named[operation] = [
                (rule, tally)
                for rule, tally in self._call_rules
                if rule.operations is None or operation in rule.operations
            ]
        return found


def judge_episodes(
    records: Iterable[bytes],
    source: Source,
    judge: Judge,
    *,
    first: int = 0,
    told: Callable[[int], None] | None = None,
) -> None:
    """Judge the episodes of a part of the index; `first` is the number of the first, `told` is told of bytes read."""
    number, piece = first - 1, 0
    for episode, size, is_new in episodes(records, source, judge.facts):
        number, piece = (number + 1, 0) if is_new else (number, piece + 1)
        judge.judge(episode, (number, piece))
        if told is not None:
            told(size)


def episodes(records: Iterable[bytes], source: Source, facts: Facts) -> Iterator[tuple[Episode, int, bool]]:
    """The episodes of a sorted index, each with the size of its lines in bytes, and whether it is a new one.

    One that is not new goes on where the one before it was cut.
    """
    current: bytes | None = None
    assembly, read, is_new = Assembly(facts), 0, True
    for record in records:
        place, offset, size, lineno = place_of(record)
        if place != current or assembly.is_long:
            if current is not None:
                yield assembly.episode(), read, is_new
            assembly, read, is_new = Assembly(facts), 0, place != current
            current = place
        text = source.read(offset, size)
        assembly.take(read_again(text, lineno), marked=b"fp:" in text)
        read += size
    if current is not None:
        yield assembly.episode(), read, is_new
