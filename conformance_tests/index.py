"""The first look at a history: what holds of it as a whole, and which of its lines make an episode.

An event belongs to the scenario that was last arranged with its booking or room before it came in; one that no
scenario knows belongs to the episode of its booking or room, and a call without a scenario to that of what it names. The
index is a record per line that sorts by episode, so that the second look (`engine`) has one episode in memory at a time,
however many are under way in the file at once.

What the first look remembers is bounded by what is open, not by the length of the file: the calls, subjects and events of a
scenario are forgotten `MEMORY` seconds of the history after its end. Beside that it keeps the arranged bookings, the
answered tokens and the fences, about 200 bytes each.
"""

from __future__ import annotations

import struct
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from conformance_tests.cutting import (
    Key,
    capabilities_of,
    event_of,
    fence_of,
    keys_of_bindings,
    keys_of_event,
    operation_of,
    reply_of,
)
from conformance_tests.entries import (
    EMPTY,
    FENCE,
    FINGERPRINT,
    PROMPT,
    Ending,
    Event,
    Fence,
    Notice,
    Operation,
    mapping,
)
from conformance_tests.episode import Facts, Issued
from conformance_tests.lines import Found
from conformance_tests.spill import Spill
from contract.history import BrokenLine

BROKEN_SHOWN = 20
"""Broken lines a report names; the rest are counted."""
MEMORY = 300.0
"""Seconds of the history for which the first look remembers what has ended. An event that comes later is judged as one
that no scenario knows."""
FENCE_CALLS = 400
"""Calls after which the fences go on in an episode of their own: a run of any length makes them under one name."""

_MOST = 1 << 15
_TAIL = struct.Struct(">QIQ")
_RANK = struct.Struct(">cQ")
_SCENARIO, _CALL, _SUBJECT = b"\0", b"\1", b"\2"


def place_of(record: bytes) -> tuple[bytes, int, int, int]:
    """(episode, offset, size in bytes, number of the line) of a record of the index."""
    offset, size, lineno = _TAIL.unpack_from(record, len(record) - _TAIL.size)
    return record[: -_TAIL.size], offset, size, lineno


class _Scenario:
    """A scenario that may still have lines to come."""

    __slots__ = ("calls", "ended", "keys", "place")

    def __init__(self, place: bytes) -> None:
        self.place = place
        self.keys: set[Key] = set()
        self.calls = 0
        self.ended = False


class _Recent:
    """A map that forgets what was put into it `MEMORY` seconds ago, or `_MOST` entries ago."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {}
        self._ages: deque[tuple[float, Any]] = deque()

    def put(self, key: Any, value: Any, t: float) -> None:
        self._known[key] = value
        self._ages.append((t, key))
        if len(self._ages) > _MOST:
            self._known.pop(self._ages.popleft()[1], None)

    def get(self, key: Any) -> Any:
        return self._known.get(key)

    def forget(self, before: float) -> None:
        while self._ages and self._ages[0][0] < before:
            self._known.pop(self._ages.popleft()[1], None)


class Index:
    """Takes the lines in order; `on_event` and `on_answer` get each event, and each call once it was answered."""

    def __init__(
        self, spill: Spill, on_event: Callable[[Event, Found], None], on_answer: Callable[[Operation], None]
    ) -> None:
        self._spill, self._on_event, self._on_answer = spill, on_event, on_answer
        self._header: Mapping[str, Any] = EMPTY
        self._scenarios: dict[str, _Scenario] = {}
        self._owners: dict[Key, bytes] = {}
        self._ended: deque[tuple[float, str, _Scenario]] = deque()
        self._calls = _Recent()
        self._open_calls: dict[str, tuple[Mapping[str, Any], bytes]] = {}
        self._events = _Recent()
        self._early: dict[str, list[bytes]] = defaultdict(list)
        self._ranks = 0
        self._fences: list[Fence] = []
        self._arrivals: dict[frozenset[tuple[str, str]], frozenset[tuple[str, str]]] = {}
        self._notices: list[Notice] = []
        self._heard: set[tuple[str, str]] = set()
        self._busy: list[tuple[float, float]] = []
        self._hotels: dict[str, str] = {}
        self._homes: dict[str, str] = {}
        self._tokens: dict[str, Issued] = {}
        self._unsupported: dict[str, str] = {}
        self._complete: bool | None = None
        self._broken: list[BrokenLine] = []
        self._counts = {"lines": 0, "calls": 0, "events": 0, "probes": 0, "unreadable": 0}

    def take(self, found: Found | BrokenLine) -> None:
        self._counts["lines"] += 1
        if isinstance(found, BrokenLine):
            self._counts["unreadable"] += 1
            if len(self._broken) < BROKEN_SHOWN:
                self._broken.append(found)
            return
        line = found.value
        place = self._KINDS[line["kind"]](self, line, found)
        if place is not None:
            self._spill.add(place + _tail(found))
        if not found.lineno & 1023:
            self._forget(line["t"] - MEMORY)

    def facts(self) -> Facts:
        """What the lines taken so far come to."""
        return Facts(
            self._header,
            capabilities_of(self._header),
            tuple(sorted(self._fences, key=lambda fence: fence.begun)),
            tuple(self._notices),
            Ending(self._complete, self._header.get("patience"), frozenset(self._heard), tuple(self._busy)),
            self._hotels,
            self._homes,
            self._tokens,
            tuple(token for token in self._tokens if FINGERPRINT.fullmatch(token) is None),
            self._unsupported,
            self._counts,
            tuple(self._broken),
        )

    def _take_header(self, line: dict[str, Any], _: Found) -> None:
        self._header = line

    def _take_mark(self, line: dict[str, Any], _: Found) -> bytes | None:
        name = line.get("scenario")
        known = len(self._scenarios)
        scenario = self._scenario(name) if name else None
        place = scenario.place if scenario is not None and len(self._scenarios) > known else None
        match line["mark"]:
            case "observer":
                self._notices.append(
                    Notice(
                        line["seq"],
                        line.get("observer", ""),
                        line.get("text", ""),
                        line.get("since"),
                        line.get("until"),
                    )
                )
            case "outage" | "refused" if scenario is not None:
                return scenario.place
            case "run-end":
                self._complete = bool(line.get("complete"))
            case "fence":
                fence = fence_of(line)
                if fence is not None:
                    self._heard |= fence.arrived
                    self._fences.append(
                        replace(fence, arrived=self._arrivals.setdefault(fence.arrived, fence.arrived))
                    )
            case "arranged" if scenario is not None:
                self._arrange(line, scenario)
                return scenario.place
            case "scenario-end" if scenario is not None and name:
                scenario.ended = True
                self._ended.append((line["t"], name, scenario))
        return place

    def _arrange(self, line: Mapping[str, Any], scenario: _Scenario) -> None:
        bindings = mapping(line.get("bindings"))
        if line.get("unsupported"):
            self._unsupported[line.get("state", "")] = line["unsupported"]
        keys = keys_of_bindings(bindings)
        scenario.keys |= keys
        self._owners.update(dict.fromkeys(keys, scenario.place))
        hotel_id, slug = bindings.get("hotel_id"), bindings.get("hotel_slug")
        if not isinstance(slug, str):
            return
        if hotel_id is not None:
            self._hotels[str(hotel_id)] = slug
        for name in ("booking_id", "other_booking_id"):
            if isinstance(bindings.get(name), str):
                self._homes[bindings[name]] = slug

    def _take_call(self, line: dict[str, Any], _: Found) -> bytes:
        self._counts["calls"] += 1
        name = line.get("scenario")
        if name:
            scenario = self._scenario(name)
            scenario.calls += 1
            if name == FENCE and scenario.calls > FENCE_CALLS:
                scenario.place, scenario.calls = self._next_place(), 1
                self._owners.update(dict.fromkeys(scenario.keys, scenario.place))
            place = scenario.place
        else:
            place = _CALL + _text(_subject_of(line))
        self._open_calls[line["call"]] = (line, place)
        for tail in self._early.pop(line["call"], ()):
            self._spill.add(place + tail)
        return place

    def _take_reply(self, line: dict[str, Any], found: Found) -> bytes | None:
        opened = self._open_calls.pop(line["call"], None)
        if opened is None:
            known: bytes | None = self._calls.get(line["call"])
            return known
        call, place = opened
        self._calls.put(line["call"], place, line["t"])
        operation = operation_of(call, reply_of(line, marked=found.marked))
        if (
            operation.operation == "checkIn"
            and operation.status is not None
            and 200 <= operation.status < 300
        ):
            token, booking_id = operation.answered.get("guest_token"), operation.params.get("booking_id")
            if isinstance(token, str) and token:
                named = booking_id if isinstance(booking_id, str) else None
                self._tokens[token] = Issued(operation.seq, named, operation.witness)
        self._on_answer(operation)
        return place

    def _take_event(self, line: dict[str, Any], found: Found) -> bytes:
        self._counts["events"] += 1
        event = event_of(line, marked=found.marked)
        self._heard.add((event.observer, event.kind))
        self._on_event(event, found)
        keys = keys_of_event(event)
        place = next((self._owners[key] for key in keys if key in self._owners), None)
        if place is None:
            place = _SUBJECT + _text(keys[0] if keys else ("channel", event.channel))
        self._events.put(event.seq, place, line["t"])
        return place

    def _take_probe(self, line: dict[str, Any], found: Found) -> bytes | None:
        self._counts["probes"] += 1
        patience = self._header.get("patience")
        if patience is not None and line["t"] - line["begun"] > patience / PROMPT:
            self._note_busy(line["begun"], line["t"])
        if line["when"] == "event" and line.get("event") is not None:
            at: bytes | None = self._events.get(line["event"])
            return at
        call = line.get("call")
        if call is None:
            return None
        if call in self._open_calls:
            return self._open_calls[call][1]
        place: bytes | None = self._calls.get(call)
        if place is None:  # what is read before a call comes before it
            self._early[call].append(_tail(found))
        return place

    def _note_busy(self, begun: float, ended: float) -> None:
        # Lines come in the order of their ends; spans that touch become one, so that a slow day is not a long list.
        while self._busy and self._busy[-1][1] >= begun:
            earlier = self._busy.pop()
            begun, ended = min(begun, earlier[0]), max(ended, earlier[1])
        self._busy.append((begun, ended))

    _KINDS: Mapping[str, Callable[[Index, dict[str, Any], Found], bytes | None]] = {
        "header": _take_header, "mark": _take_mark, "call": _take_call, "reply": _take_reply, "event": _take_event,
        "probe": _take_probe,
    }  # fmt: skip

    def _scenario(self, name: str) -> _Scenario:
        found = self._scenarios.get(name)
        if found is None:
            found = self._scenarios[name] = _Scenario(self._next_place())
        return found

    def _next_place(self) -> bytes:
        self._ranks += 1
        return _RANK.pack(_SCENARIO, self._ranks)

    def _forget(self, before: float) -> None:
        self._calls.forget(before)
        self._events.forget(before)
        while self._ended and self._ended[0][0] < before:
            _, name, scenario = self._ended.popleft()
            if self._scenarios.get(name) is scenario:
                del self._scenarios[name]
            for key in scenario.keys:
                if self._owners.get(key) == scenario.place:
                    del self._owners[key]


def _tail(found: Found) -> bytes:
    return _TAIL.pack(found.offset, found.size, found.lineno)


def _subject_of(call: Mapping[str, Any]) -> Key:
    params = call["params"]
    for name in ("booking_id", "room_id", "room_number"):
        if params.get(name) is not None:
            return (name, str(params.get("hotel_slug", "")), str(params[name]))
    return ("operation", call["operation"])


def _text(key: Key) -> bytes:
    """Sorts as the tuple does."""
    parts = (part.replace("\0", "\ufffd").encode("utf-8", "surrogatepass") + b"\0" for part in key)
    return b"".join(parts) + b"\0"
