"""What a history holds around the witnesses of violations: one pass over the file, and a bounded part of it kept.

What a window has says `collector`. The pass ends when every window is full.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from conformance_tests.cutting import Key, capabilities_of
from conformance_tests.entries import Capabilities
from conformance_tests.lines import Found, read_lines
from conformance_tests.report.html.collector import Collector, Wanted, Window
from conformance_tests.report.html.seen import keys_of

_RECENT, _OWNED = 300, 50_000
"""Lines in which the past is looked up of a violation that names no scenario, and subjects whose scenario is remembered."""


@dataclass
class _Pass:
    """Hands each line to the windows it belongs to."""

    collectors: Sequence[Collector]
    by_scenario: dict[str, list[Collector]] = field(default_factory=lambda: defaultdict(list))
    by_key: dict[Key, list[Collector]] = field(default_factory=lambda: defaultdict(list))
    by_seq: dict[int, list[Collector]] = field(default_factory=lambda: defaultdict(list))
    by_call: dict[str, list[Collector]] = field(default_factory=dict)
    capabilities: Capabilities = field(default_factory=Capabilities)
    owners: dict[Key, str] = field(default_factory=dict)
    """The scenario that arranged each subject last, as far as violations are open that name none."""
    recent: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=_RECENT))

    def __post_init__(self) -> None:
        for one in self.collectors:
            for scenario in one.scenarios:
                self.by_scenario[scenario].append(one)
            for seq in one.open:
                self.by_seq[seq].append(one)

    @cached_property
    def remembers(self) -> bool:
        return any(not one.named for one in self.collectors)

    def read(self, lines: Iterable[Mapping[str, Any]]) -> None:
        for line in lines:
            if line["kind"] == "header":
                self.capabilities = capabilities_of(line)
                continue
            for one in self._takers(line):
                if line["kind"] == "mark" and line["mark"] == "fence" and line["seq"] not in one.open:
                    one.take_fence(line)
                else:
                    one.take(line)
            if self.remembers:
                self.recent.append(line)
            if not line["seq"] % 512 and all(one.done for one in self.collectors):
                return

    def _takers(self, line: Mapping[str, Any]) -> Sequence[Collector]:
        kind = line["kind"]
        if kind == "mark" and line["mark"] == "fence":
            return [one for one in self.collectors if not one.done]
        found: dict[int, Collector] = {}
        for one in self.by_seq.get(line["seq"], ()):
            self._learn(one, line)
            found[id(one)] = one
        scenario = line.get("scenario")
        if scenario is not None:
            found.update((id(one), one) for one in self.by_scenario.get(scenario, ()))
        if kind == "mark":
            self._arranged(line, scenario)
        elif kind == "reply":
            found.update((id(one), one) for one in self.by_call.pop(line["call"], ()))
        elif self.by_key:
            for key in keys_of(line):
                for one in self.by_key.get(key, ()):
                    if scenario is None or scenario in one.scenarios or not one.scenarios:
                        found[id(one)] = one
        if kind == "call" and found:
            self.by_call[line["call"]] = list(found.values())
        return list(found.values())

    def _arranged(self, line: Mapping[str, Any], scenario: str | None) -> None:
        """From here on events about these subjects belong to this scenario and to no other."""
        for key in keys_of(line):
            if self.remembers and scenario is not None:
                self.owners.pop(key, None)
                self.owners[key] = scenario
                if len(self.owners) > _OWNED:
                    del self.owners[next(iter(self.owners))]
            if key in self.by_key:
                self.by_key[key] = [one for one in self.by_key[key] if not one.scenarios]
            if scenario in self.by_scenario:
                self.by_key[key].extend(self.by_scenario[scenario])

    def _learn(self, one: Collector, line: Mapping[str, Any]) -> None:
        """The witness of a violation without a scenario says what it is about; its past is looked up."""
        keys = keys_of(line)
        if one.named:
            return
        self._watch(one, keys)
        scenario = line.get("scenario") or next(
            (self.owners[key] for key in keys if key in self.owners), None
        )
        if scenario is not None and scenario not in one.scenarios:
            one.scenarios.add(scenario)
            self.by_scenario[scenario].append(one)
            self._watch(one, [key for key, owner in self.owners.items() if owner == scenario])
        if not one.found:
            self._look_back(one)

    def _watch(self, one: Collector, keys: Iterable[Key]) -> None:
        for key in sorted(set(keys) - one.keys):
            one.keys.add(key)
            self.by_key[key].append(one)

    def _look_back(self, one: Collector) -> None:
        calls: set[str] = set()
        for past in self.recent:
            if past["kind"] == "reply":
                if past["call"] in calls:
                    calls.discard(past["call"])
                    one.take(past)
            elif past.get("scenario") in one.scenarios or one.keys.intersection(keys_of(past)):
                one.take(past)
                if past["kind"] == "call":
                    calls.add(past["call"])
        for call in sorted(calls):
            self.by_call.setdefault(call, []).append(one)


def windows(path: Path, wanted: Sequence[Wanted]) -> list[Window]:
    """The window of each, in their order. Raises `OSError` when the history cannot be read."""
    collectors = [Collector(one) for one in wanted]
    reading = _Pass(collectors)
    if collectors:
        reading.read(_lines(path))
    return [one.window(reading.capabilities) for one in collectors]


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open("rb") as stream:
        for line in read_lines(stream):
            if isinstance(line, Found):
                yield line.value
