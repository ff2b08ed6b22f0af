"""Makes an episode of its lines: calls with their replies, snapshots and events, in the order of the history.

What is not bounded by nature is cut: the lines about a room or booking that no scenario knows go on in another episode
after `LONG` of them, at the end of a stay where there is one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from conformance_tests.entries import (
    OUTAGE,
    RACE,
    Arranged,
    Capabilities,
    ChannelKind,
    Event,
    Fence,
    Operation,
    Outage,
    Probe,
    Reply,
    mapping,
)
from conformance_tests.episode import Episode, Facts
from contract.channels import parse_channel

_NO_END = 1 << 62

LONG, LONGEST = 200, 1000
"""Lines after which an episode without a scenario ends with a stay, and after which it ends anyhow."""

Key = tuple[str, ...]
Line = Mapping[str, Any]


def channel_of(channel: str) -> tuple[ChannelKind, str]:
    """The kind of a canonical channel name, and its hotel slug, hotel id or booking id."""
    found = parse_channel(channel)
    return (found.kind, found.key) if found is not None else ("other", channel)


def capabilities_of(header: Line) -> Capabilities:
    """What the run could see, as its header says."""
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


def event_of(line: Line, *, marked: bool = True) -> Event:
    """The event of an event line."""
    kind, key = channel_of(line["channel"])
    return Event(
        line["seq"], line["t"], line["observer"], line["channel"], line["name"], line["data"], kind, key,
        line.get("size"), marked,
    )  # fmt: skip


def _probe(line: Line) -> Probe:
    return Probe(
        line["seq"], line["t"], line["begun"], line["probe"], line["subject"], line["when"], line.get("call"),
        line.get("event"), line.get("state"), line.get("missing"),
    )  # fmt: skip


def reply_of(line: Line, *, marked: bool = True) -> Reply:
    """The answer of a reply line."""
    status = line.get("status") if line["outcome"] == "replied" else None
    return Reply(
        line["seq"], line["t"], status, line.get("content_type"), line.get("body"), line.get("reason"),
        line.get("wall"), marked, mapping(line.get("headers")),
    )  # fmt: skip


def fence_of(line: Line) -> Fence | None:
    """The fence of a mark; None when it does not say when it began."""
    found = mapping(line.get("fence"))
    begun, ended = found.get("begun"), found.get("ended", line["t"])
    if not isinstance(begun, int | float):
        return None
    arrived = frozenset(
        (observer, kind) for observer, kinds in mapping(found.get("arrived")).items() for kind in kinds
    )
    return Fence(line["seq"], float(begun), float(ended), arrived)


def _outage(known: Outage | None, line: Line) -> Outage:
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
        return replace(found, attempts=(*found.attempts, event_of(told)))
    return found


def operation_of(
    call: Line,
    reply: Reply | None,
    probes: Iterable[Probe] = (),
    events: tuple[Event, ...] = (),
    until: int = _NO_END,
    *,
    overlaps: bool = False,
) -> Operation:
    """One call with what belongs to it."""
    own = tuple(probes)
    return Operation(
        call["seq"], call["t"], call["call"], call["operation"], call.get("case", ""), call["actor"], call["params"],
        call.get("body"), call.get("method", ""), call.get("path", ""), reply,
        tuple(probe for probe in own if probe.when == "before"),
        tuple(probe for probe in own if probe.when == "after"),
        events, until, overlaps,
        tuple(probe for probe in own if probe.when == "answer"),
    )  # fmt: skip


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


class Assembly:
    """Collects the lines of one episode, in the order of the history."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._scenario: str | None = None
        self._arranged: list[Arranged] = []
        self._outage: Outage | None = None
        self._calls: list[Line] = []
        self._replies: dict[str, Reply] = {}
        self._events: list[Event] = []
        self._call_probes: dict[str, list[Probe]] = defaultdict(list)
        self._event_probes: dict[int, list[Probe]] = defaultdict(list)
        self.size = 0

    @property
    def is_long(self) -> bool:
        """Lines of no scenario end here, and go on in another episode: at the end of a stay, or at any place at last."""
        if self._scenario is not None or self.size < LONG:
            return False
        return self.size >= LONGEST or bool(self._events and _ends_stay(self._events[-1]))

    def take(self, line: Line, *, marked: bool = True) -> None:
        self.size += 1
        match line["kind"]:
            case "call":
                self._scenario = line.get("scenario") or self._scenario
                self._calls.append(line)
            case "reply":
                self._replies[line["call"]] = reply_of(line, marked=marked)
            case "event":
                self._events.append(event_of(line, marked=marked))
            case "probe":
                probe = _probe(line)
                if probe.when == "event" and probe.event is not None:
                    self._event_probes[probe.event].append(probe)
                elif probe.call is not None:
                    self._call_probes[probe.call].append(probe)
            case "mark":
                self._scenario = line.get("scenario") or self._scenario
                if line["mark"] in ("outage", "refused"):
                    self._outage = _outage(self._outage, line)
                elif line["mark"] == "arranged":
                    self._arranged.append(
                        Arranged(
                            line["seq"], line.get("state", ""), mapping(line.get("params")),
                            mapping(line.get("bindings")), line.get("unsupported"),
                        )
                    )  # fmt: skip

    def episode(self) -> Episode:
        """The episode of the lines taken so far."""
        first = self._calls[0]["seq"] if self._calls else -1
        inside = tuple(event for event in self._events if event.seq > first)
        operations = self._operations(inside)
        facts = self._facts
        # Which events calls without a scenario caused is not known, so nothing is proven missing after them.
        alone = self._scenario is None and bool(self._calls)
        return Episode(
            self._scenario,
            facts.capabilities,
            tuple(self._arranged),
            tuple(one for one in operations if not one.case.startswith((RACE, OUTAGE))),
            inside,
            tuple(event for event in self._events if event.seq <= first),
            {event.seq: tuple(self._event_probes[event.seq]) for event in inside if event.seq in self._event_probes},
            () if alone else facts.fences,
            facts.notices,
            replace(facts.ending, complete=None) if alone else facts.ending,
            tuple(one for one in operations if one.case.startswith(RACE)),
            tuple(one for one in operations if one.case.startswith(OUTAGE)),
            self._outage,
        )  # fmt: skip

    def _operations(self, events: tuple[Event, ...]) -> list[Operation]:
        found: list[Operation] = []
        calls, last_reply_t, place = self._calls, -1.0, 0
        for position, call in enumerate(calls):
            following = calls[position + 1] if position + 1 < len(calls) else None
            until, next_t = (following["seq"], following["t"]) if following else (_NO_END, float("inf"))
            start = place
            while place < len(events) and events[place].seq < until:
                place += 1
            reply = self._replies.get(call["call"])
            overlaps = call["t"] < last_reply_t or reply is None or reply.t > next_t
            last_reply_t = max(last_reply_t, reply.t if reply else float("inf"))
            probes = self._call_probes.get(call["call"], ())
            found.append(
                operation_of(call, reply, probes, events[start:place], until, overlaps=overlaps)
            )  # fmt: skip
        return found


def _ends_stay(event: Event) -> bool:
    """After it nobody is in the room, or the booking is over."""
    return event.payload.get("is_occupied") is False or event.name == "booking_checked_out"


def render_line(line: Line) -> str:
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
