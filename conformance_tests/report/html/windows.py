"""What a history holds around the witnesses of violations: one pass over the file, and a bounded part of it kept.

A window has the witness lines, and before, between and after them the nearest lines about the same: of the scenario, or,
where a violation names none, about the bookings and rooms of the witness. It is counted in units: a call with its
answer, an event, the reads that were made together. The pass ends when every window is full.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance_tests.cutting import Key, capabilities_of, fence_of
from conformance_tests.entries import Capabilities, mapping
from conformance_tests.lines import Found, read_lines
from conformance_tests.report.html.seen import Seen, keys_of, seen
from contract.channels import guest_channel, rooms_channel, staff_channel

AROUND = 12
"""Units kept before the first witness, after each, and before the next."""
MOST_WITNESSES = 40
"""Witness lines of one picture; a violation with more shows its first."""
_RECENT = 300
"""Lines in which the past is looked up of a violation that names no scenario."""

Unit = list[Seen]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture that is wanted: the seqs of its witnesses, and the scenario, if the violation names one."""

    witness: tuple[int, ...]
    scenario: str | None


@dataclass(frozen=True, slots=True)
class Window:
    """The lines of one picture in the order of the history; `witness` are the seqs that were found.

    `before` and `between` say how many units about the same are left out there, `more` whether some follow. `channels`
    are those of the subjects, whether or not anything came on them; `capabilities` what the run could see.
    """

    units: tuple[tuple[Seen, ...], ...]
    witness: frozenset[int]
    before: int
    between: int
    more: bool
    channels: tuple[str, ...]
    capabilities: Capabilities


class _Collector:
    """Fills one window."""

    def __init__(self, wanted: Wanted) -> None:
        self.scenarios = {wanted.scenario} if wanted.scenario is not None else set()
        self.named = wanted.scenario is not None
        self.open = set(sorted(wanted.witness)[:MOST_WITNESSES])
        self.found: set[int] = set()
        self.keys: set[Key] = set()
        self.about: set[Key] = set()
        self.done = False
        self._kept: list[Unit] = []
        self._leading: deque[Unit] = deque()
        self._trailing = 0
        self._before = self._between = 0
        self._more = False
        self._calls: dict[str, Seen] = {}
        self._answered: float | None = None
        self._channels: dict[str, str | None] = {}

    def take(self, line: Mapping[str, Any]) -> None:
        """A line about the same, or a witness."""
        if self.done:
            return
        witness = line["seq"] in self.open
        one = seen(line, witness=witness)
        if line["kind"] == "mark" and line["mark"] == "arranged":
            self._note_channels(mapping(line.get("bindings")))
        if witness:
            self.about.update(keys_of(line))
            self._take_witness(one)
        elif one.kind == "reply" and one.call in self._calls:
            self._answer(one, one.call)
        else:
            self._take_other(one)
        if one.kind == "mark" and one.name == "scenario-end" and not self.open:
            self.done = True

    def take_fence(self, line: Mapping[str, Any]) -> None:
        """The first fence that began after an answer shows until when was waited for what is missing."""
        fence = fence_of(line)
        if fence is not None and self._answered is not None and fence.begun >= self._answered:
            self._answered = None
            self.take(line)

    def _take_witness(self, one: Seen) -> None:
        self.open.discard(one.seq)
        self.found.add(one.seq)
        self._kept.extend(self._leading)
        self._leading.clear()
        if one.kind == "reply" and one.call in self._calls:
            call = self._calls.pop(one.call)
            self._answered = one.t
            if all(unit[0] is not call for unit in self._kept):
                self._kept.append([call])
        elif one.kind == "call" and one.call:
            self._calls[one.call] = one
        self._kept.append([one])
        self._trailing = AROUND

    def _take_other(self, one: Seen) -> None:
        if one.kind == "mark" and one.name in ("scenario-start", "scenario-end"):
            return
        last = self._leading[-1] if self._leading else self._kept[-1] if self._kept and self.found else None
        if (
            last is not None
            and one.group is not None
            and last[0].group == one.group
            and last[0].seq not in self.found
        ):
            last.append(one)
            return
        if self._trailing:
            self._trailing -= 1
            self._kept.append([one])
        elif not self.open:
            self._more = True
            self.done = not any(unit[0].call in self._calls for unit in self._kept)
            return
        else:
            self._leading.append([one])
            if len(self._leading) > AROUND:
                self._leading.popleft()
                if self.found:
                    self._between += 1
                else:
                    self._before += 1
        if one.kind == "call" and one.call:
            self._calls[one.call] = one

    def _answer(self, reply: Seen, call_id: str) -> None:
        call = self._calls.pop(call_id)
        self._answered = reply.t
        for unit in (*reversed(self._leading), *reversed(self._kept)):
            if unit[0] is call:
                unit.append(reply)
                return

    def _note_channels(self, bindings: Mapping[str, Any]) -> None:
        """Of what was arranged last before the first witness: there something was to come."""
        if self.found:
            return
        self._channels.clear()
        slug, hotel = bindings.get("hotel_slug"), bindings.get("hotel_id")
        if isinstance(slug, str) and slug:
            self._channels[rooms_channel(slug)] = None
        if isinstance(hotel, int | str):
            self._channels[staff_channel(hotel)] = None
        for name in ("booking_id", "other_booking_id", "third_booking_id"):
            booking = bindings.get(name)
            if isinstance(booking, str) and booking:
                self._channels[guest_channel(booking)] = booking

    def window(self, capabilities: Capabilities) -> Window:
        units = tuple(tuple(unit) for unit in sorted(self._kept, key=lambda unit: unit[0].seq))
        channels = tuple(
            name
            for name, booking in self._channels.items()
            if booking is None or ("booking", booking) in self.about
        )
        return Window(
            units, frozenset(self.found), self._before, self._between, self._more, channels, capabilities
        )


@dataclass(slots=True)
class _Pass:
    """Hands each line to the windows it belongs to."""

    collectors: Sequence[_Collector]
    by_scenario: dict[str, list[_Collector]] = field(default_factory=lambda: defaultdict(list))
    by_key: dict[Key, list[_Collector]] = field(default_factory=lambda: defaultdict(list))
    by_seq: dict[int, list[_Collector]] = field(default_factory=lambda: defaultdict(list))
    by_call: dict[str, list[_Collector]] = field(default_factory=dict)
    capabilities: Capabilities = field(default_factory=Capabilities)
    recent: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=_RECENT))

    def __post_init__(self) -> None:
        for one in self.collectors:
            for scenario in one.scenarios:
                self.by_scenario[scenario].append(one)
            for seq in one.open:
                self.by_seq[seq].append(one)

    def read(self, lines: Iterable[Mapping[str, Any]]) -> None:
        remembers = any(not one.named for one in self.collectors)
        for line in lines:
            if line["kind"] == "header":
                self.capabilities = capabilities_of(line)
                continue
            for one in self._takers(line):
                if line["kind"] == "mark" and line["mark"] == "fence" and line["seq"] not in one.open:
                    one.take_fence(line)
                else:
                    one.take(line)
            if remembers:
                self.recent.append(line)
            if not line["seq"] % 512 and all(one.done for one in self.collectors):
                return

    def _takers(self, line: Mapping[str, Any]) -> Sequence[_Collector]:
        kind = line["kind"]
        if kind == "mark" and line["mark"] == "fence":
            return [one for one in self.collectors if not one.done]
        found: dict[int, _Collector] = {}
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
            if key in self.by_key:
                self.by_key[key] = [one for one in self.by_key[key] if not one.scenarios]
            if scenario in self.by_scenario:
                self.by_key[key].extend(self.by_scenario[scenario])

    def _learn(self, one: _Collector, line: Mapping[str, Any]) -> None:
        """The witness of a violation without a scenario says what it is about; its past is looked up."""
        keys = set(keys_of(line)) - one.keys
        if one.named or not keys:
            return
        self._watch(one, keys)
        near = (past for past in reversed(self.recent) if past.get("scenario"))
        of = next((past for past in near if keys.intersection(keys_of(past))), line)
        scenario = of.get("scenario")
        if scenario is not None and scenario not in one.scenarios:
            one.scenarios.add(scenario)
            self.by_scenario[scenario].append(one)
            for past in self.recent:
                if past["kind"] == "mark" and past.get("scenario") == scenario:
                    self._watch(one, keys_of(past))
        if not one.found:
            self._look_back(one)

    def _watch(self, one: _Collector, keys: Iterable[Key]) -> None:
        for key in sorted(set(keys) - one.keys):
            one.keys.add(key)
            self.by_key[key].append(one)

    def _look_back(self, one: _Collector) -> None:
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
    collectors = [_Collector(one) for one in wanted]
    reading = _Pass(collectors)
    if collectors:
        reading.read(_lines(path))
    return [one.window(reading.capabilities) for one in collectors]


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open("rb") as stream:
        for line in read_lines(stream):
            if isinstance(line, Found):
                yield line.value
