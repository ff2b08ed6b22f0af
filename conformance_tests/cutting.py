"""Cuts the lines of a history into episodes: which call, snapshot and event belongs to which scenario.

An event belongs to the scenario that was last arranged with its booking or room before it came in; one that no
scenario knows belongs to the episode of its booking or room. Broken lines are kept aside, never fatal.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from conformance_tests.episode import (
    EMPTY,
    OUTAGE,
    RACE,
    Arranged,
    Capabilities,
    ChannelKind,
    Ending,
    Episode,
    Event,
    Fence,
    History,
    Notice,
    Operation,
    Outage,
    Probe,
    Reply,
    mapping,
)
from contract.channels import parse_channel
from contract.history import BrokenLine, read_line
from contract.schema_store import schema_store

BROKEN_SHOWN = 20
"""Broken lines a report names; the rest are counted."""

_LINE_SCHEMA = "files/history_line.schema.json"
_NO_END = 1 << 62

Key = tuple[str, ...]


def channel_of(channel: str) -> tuple[ChannelKind, str]:
    """The kind of a canonical channel name, and its hotel slug, hotel id or booking id."""
    found = parse_channel(channel)
    return (found.kind, found.key) if found is not None else ("other", channel)


def parse(raw: Iterable[str]) -> Iterator[dict[str, Any] | BrokenLine]:
    """The lines as objects; a BrokenLine for one that is no history line. Empty lines are skipped."""
    for lineno, text in enumerate(raw, 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            line = None
        yield line if schema_store().valid(_LINE_SCHEMA, line) else _broken(text, lineno)


def _broken(text: str, lineno: int) -> BrokenLine:
    """The line again, by the slower path that can say what is wrong with it."""
    try:
        read_line(text, lineno)
    except BrokenLine as broken:
        return broken
    except RecursionError:
        return BrokenLine(lineno, "it is nested too deeply to be read")
    return BrokenLine(lineno, "the line is not what files/history_line.schema.json describes")


def _capabilities(header: Mapping[str, Any]) -> Capabilities:
    found = mapping(header.get("capabilities"))
    return Capabilities(
        observers=tuple(found.get("observers", ())),
        channels={name: tuple(kinds) for name, kinds in found.get("channels", {}).items()},
        probes=frozenset(found.get("probes", ())),
        states=frozenset(found.get("states", ())),
        actors=frozenset(found.get("actors", ())),
        staff=dict(mapping(found.get("staff"))),
        frontend_origin=found.get("frontend_origin"),
    )


def _event(line: Mapping[str, Any]) -> Event:
    kind, key = channel_of(line["channel"])
    return Event(
        line["seq"], line["t"], line["observer"], line["channel"], line["name"], line["data"], kind, key, line.get("size")
    )  # fmt: skip


def _probe(line: Mapping[str, Any]) -> Probe:
    return Probe(
        line["seq"], line["t"], line["begun"], line["probe"], line["subject"], line["when"], line.get("call"),
        line.get("event"), line.get("state"), line.get("missing"),
    )  # fmt: skip


def _reply(line: Mapping[str, Any]) -> Reply:
    status = line.get("status") if line["outcome"] == "replied" else None
    return Reply(
        line["seq"],
        line["t"],
        status,
        line.get("content_type"),
        line.get("body"),
        line.get("reason"),
        line.get("wall"),
        mapping(line.get("headers")),
    )


def _fence(line: Mapping[str, Any]) -> Fence | None:
    found = mapping(line.get("fence"))
    begun, ended = found.get("begun"), found.get("ended", line["t"])
    if not isinstance(begun, int | float):
        return None
    arrived = frozenset(
        (observer, kind) for observer, kinds in mapping(found.get("arrived")).items() for kind in kinds
    )
    return Fence(line["seq"], float(begun), float(ended), arrived)


def _outage(known: Outage | None, line: Mapping[str, Any]) -> Outage:
    """What is known of an outage with one more line about it."""
    found = known or Outage(line["seq"], None, None, None, None, ())
    said = mapping(line.get("outage"))
    if said.get("state") == "up":
        return replace(found, up=line["seq"], up_t=line["t"], recovery=said.get("recovery"))
    if said.get("state") == "waited":
        return replace(found, waited_t=line["t"])
    if line["mark"] == "refused":
        told = {
            **mapping(line.get("refused")),
            "seq": line["seq"],
            "t": line["t"],
            "observer": line.get("observer", ""),
        }
        return replace(found, attempts=(*found.attempts, _event(told)))
    return found


def _calls_of(episode: Episode) -> tuple[Operation, ...]:
    return (*episode.operations, *episode.race, *episode.outage_calls)


def keys_of_bindings(bindings: Mapping[str, Any]) -> set[Key]:
    """The subjects a scenario was arranged with."""
    slug = str(bindings.get("hotel_slug", ""))
    keys: set[Key] = set()
    for name in ("booking_id", "other_booking_id", "third_booking_id"):
        if isinstance(bindings.get(name), str):
            keys.add(("booking", bindings[name]))
    for prefix in ("", "free_"):
        if isinstance(bindings.get(f"{prefix}room_id"), int):
            keys.add(("room", slug, str(bindings[f"{prefix}room_id"])))
        if isinstance(bindings.get(f"{prefix}room_number"), int):
            keys.add(("number", slug, str(bindings[f"{prefix}room_number"])))
    return keys


def keys_of_event(event: Event) -> tuple[Key, ...]:
    """The subjects an event may be about, the most telling first."""
    if event.kind == "rooms" or (event.kind == "other" and event.name.startswith("room_")):
        slug = event.key if event.kind == "rooms" else str(event.meta.get("hotel_slug", ""))
        keys: list[Key] = []
        if event.room_id is not None:
            keys.append(("room", slug, str(event.room_id)))
        if event.room_number is not None:
            keys.append(("number", slug, str(event.room_number)))
        return tuple(keys)
    if event.booking_id is not None:
        return (("booking", event.booking_id),)
    if event.room_id is not None:  # a room's event that strayed to another channel
        return (("room", str(event.meta.get("hotel_slug", "")), str(event.room_id)),)
    return ()


class _Cutter:
    """Collects the lines of one pass."""

    def __init__(self) -> None:
        self.header: Mapping[str, Any] = EMPTY
        self.calls: list[Mapping[str, Any]] = []
        self.replies: dict[str, Reply] = {}
        self.probes: list[Probe] = []
        self.events: list[Event] = []
        self.fences: list[Fence] = []
        self.arranged: dict[str, list[Arranged]] = defaultdict(list)
        self.owners: dict[Key, list[tuple[int, str]]] = defaultdict(list)
        self.scenarios: dict[str, None] = {}
        self.unsupported: dict[str, str] = {}
        self.notices: list[Notice] = []
        self.outages: dict[str, Outage] = {}
        self.lines: dict[int, str] = {}
        self.broken: list[BrokenLine] = []
        self.complete: bool | None = None
        self.counts = {"lines": 0, "calls": 0, "events": 0, "probes": 0, "unreadable": 0}

    def take(self, line: dict[str, Any] | BrokenLine) -> None:
        self.counts["lines"] += 1
        if isinstance(line, BrokenLine):
            self.counts["unreadable"] += 1
            if len(self.broken) < BROKEN_SHOWN:
                self.broken.append(line)
            return
        self.lines[line["seq"]] = render_line(line)
        getattr(self, f"_take_{line['kind']}")(line)

    def _take_header(self, line: dict[str, Any]) -> None:
        self.header = line

    def _take_mark(self, line: dict[str, Any]) -> None:
        scenario = line.get("scenario")
        if scenario:
            self.scenarios.setdefault(scenario)
        if line["mark"] == "observer":
            self.notices.append(
                Notice(line["seq"], line.get("observer", ""), line.get("text", ""), line.get("since"))
            )
        elif line["mark"] in ("outage", "refused") and scenario:
            self.outages[scenario] = _outage(self.outages.get(scenario), line)
        elif line["mark"] == "run-end":
            self.complete = bool(line.get("complete"))
        elif line["mark"] == "fence":
            fence = _fence(line)
            if fence:
                self.fences.append(fence)
        elif line["mark"] == "arranged" and scenario:
            bindings = mapping(line.get("bindings"))
            state = line.get("state", "")
            self.arranged[scenario].append(
                Arranged(line["seq"], state, mapping(line.get("params")), bindings, line.get("unsupported"))
            )
            if line.get("unsupported"):
                self.unsupported[state] = line["unsupported"]
            for key in keys_of_bindings(bindings):
                self.owners[key].append((line["seq"], scenario))

    def _take_call(self, line: dict[str, Any]) -> None:
        self.counts["calls"] += 1
        self.calls.append(line)
        if line.get("scenario"):
            self.scenarios.setdefault(line["scenario"])

    def _take_reply(self, line: dict[str, Any]) -> None:
        self.replies[line["call"]] = _reply(line)

    def _take_event(self, line: dict[str, Any]) -> None:
        self.counts["events"] += 1
        self.events.append(_event(line))

    def _take_probe(self, line: dict[str, Any]) -> None:
        self.counts["probes"] += 1
        self.probes.append(_probe(line))

    def owner(self, event: Event) -> str | None:
        """The scenario last arranged with the event's subject before the event came in."""
        for key in keys_of_event(event):
            found = None
            for seq, scenario in self.owners.get(key, ()):
                if seq < event.seq:
                    found = scenario
            if found:
                return found
        return None

    def history(self) -> History:
        capabilities = _capabilities(self.header)
        by_scenario: dict[str, list[Event]] = defaultdict(list)
        by_subject: dict[Key, list[Event]] = defaultdict(list)
        for event in self.events:
            owner = self.owner(event)
            if owner:
                by_scenario[owner].append(event)
            else:
                keys = keys_of_event(event)
                by_subject[keys[0] if keys else ("channel", event.channel)].append(event)
        event_probes: dict[int, list[Probe]] = defaultdict(list)
        call_probes: dict[str, list[Probe]] = defaultdict(list)
        for probe in self.probes:
            if probe.when == "event" and probe.event is not None:
                event_probes[probe.event].append(probe)
            elif probe.call is not None:
                call_probes[probe.call].append(probe)
        frozen_probes = {seq: tuple(found) for seq, found in event_probes.items()}
        fences, notices = tuple(self.fences), tuple(self.notices)
        heard = frozenset((event.observer, event.kind) for event in self.events).union(
            *(fence.arrived for fence in fences)
        )
        ending = Ending(self.complete, self.header.get("patience"), heard)

        def episode(scenario: str | None, calls: list[Mapping[str, Any]], events: list[Event]) -> Episode:
            first = calls[0]["seq"] if calls else -1
            inside = [event for event in events if event.seq > first]
            operations = self._operations(calls, inside, call_probes)
            return Episode(
                scenario,
                capabilities,
                tuple(self.arranged.get(scenario, ())) if scenario else (),
                tuple(one for one in operations if not one.case.startswith((RACE, OUTAGE))),
                tuple(inside),
                tuple(event for event in events if event.seq <= first),
                {event.seq: frozen_probes[event.seq] for event in inside if event.seq in frozen_probes},
                fences,
                notices,
                ending,
                tuple(one for one in operations if one.case.startswith(RACE)),
                tuple(one for one in operations if one.case.startswith(OUTAGE)),
                self.outages.get(scenario) if scenario else None,
            )

        calls_of: dict[str | None, list[Mapping[str, Any]]] = defaultdict(list)
        for call in self.calls:
            calls_of[call.get("scenario")].append(call)
        episodes = [episode(name, calls_of[name], by_scenario[name]) for name in self.scenarios]
        if calls_of[None]:
            episodes.append(episode(None, calls_of[None], []))
        episodes.extend(episode(None, [], events) for _, events in sorted(by_subject.items()))
        return History(
            self.header,
            capabilities,
            tuple(episodes),
            tuple(self.events),
            tuple(operation for found in episodes for operation in _calls_of(found)),
            tuple(self.probes),
            self.unsupported,
            self.lines,
            self.counts,
            tuple(self.broken),
            self.complete,
        )

    def _operations(
        self, calls: list[Mapping[str, Any]], events: list[Event], probes: Mapping[str, list[Probe]]
    ) -> tuple[Operation, ...]:
        found: list[Operation] = []
        last_reply_t = -1.0
        for position, call in enumerate(calls):
            until = calls[position + 1]["seq"] if position + 1 < len(calls) else _NO_END
            reply = self.replies.get(call["call"])
            own = probes.get(call["call"], [])
            next_t = calls[position + 1]["t"] if position + 1 < len(calls) else float("inf")
            overlaps = call["t"] < last_reply_t or reply is None or reply.t > next_t
            last_reply_t = max(last_reply_t, reply.t if reply else float("inf"))
            found.append(
                Operation(
                    call["seq"], call["t"], call["call"], call["operation"], call.get("case", ""), call["actor"],
                    call["params"], call.get("body"), call.get("method", ""), call.get("path", ""), reply,
                    tuple(probe for probe in own if probe.when == "before"),
                    tuple(probe for probe in own if probe.when == "after"),
                    tuple(event for event in events if call["seq"] < event.seq < until),
                    until, overlaps,
                    tuple(probe for probe in own if probe.when == "answer"),
                )
            )  # fmt: skip
        return tuple(found)


def cut(raw: Iterable[str]) -> History:
    """The history of JSON lines."""
    cutter = _Cutter()
    for line in parse(raw):
        cutter.take(line)
    return cutter.history()


def render_line(line: Mapping[str, Any]) -> str:
    """A line in a few words, for the witness list of a violation."""
    t = f"{line['t']:.3f}s"
    kind = line["kind"]
    if kind == "call":
        subject = " ".join(str(value) for key, value in line["params"].items() if key in _TELLING)
        return f"{t} call {line['operation']} {subject} by {line['actor']}".replace("  ", " ")
    if kind == "reply":
        if line["outcome"] == "indeterminate":
            return f"{t} reply indeterminate: {line.get('reason', 'no answer')}"
        code = mapping(mapping(line.get("body")).get("error")).get("code")
        return f"{t} reply {line.get('status')}" + (f" {code}" if isinstance(code, str) else "")
    if kind == "event":
        meta = mapping(mapping(line["data"]).get("meta"))
        return (
            f"{t} event {line['name']} on {line['channel']} at {line['observer']}, id {meta.get('event_id')}"
        )
    if kind == "probe":
        subject = " ".join(str(value) for value in line["subject"].values())
        tail = f" missing: {line['missing']}" if line.get("missing") else ""
        return f"{t} probe {line['probe']} {subject} ({line['when']}){tail}"
    if kind == "mark":
        if line["mark"] == "refused":
            said = mapping(line.get("refused"))
            event_id = mapping(mapping(said.get("data")).get("meta")).get("event_id")
            return (
                f"{t} refused ({said.get('mode')}) {said.get('name')} on {said.get('channel')}, id {event_id}"
            )
        return f"{t} mark {line['mark']} {line.get('scenario', '')}".rstrip()
    return f"{t} {kind}"


_TELLING = ("booking_id", "room_id", "room_number", "to_status", "channel_name")
