"""Fills a window: the lines around the witnesses of one violation, as many as a picture can show.

A window has the witness lines, and before, between and after them the nearest lines about the same: of the scenario, or,
where a violation names none, about the bookings and rooms of the witness. It is counted in units: a call with its
answer, an event, the reads that were made together.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance_tests.cutting import Key, fence_of
from conformance_tests.entries import Capabilities, mapping
from conformance_tests.report.html.seen import Seen, keys_of, seen
from contract.channels import guest_channel, rooms_channel, staff_channel

AROUND = 12
"""Units kept before the first witness, after each, and before the next."""
MOST_WITNESSES = 40
"""Witness lines of one picture; a violation with more shows its first."""

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


class Collector:
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
