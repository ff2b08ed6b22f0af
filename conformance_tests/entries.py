"""The entries of a history as values: calls with their replies, reads, events, fences, and what observers say of themselves.

They are frozen and say what was recorded, not what it means; that is for the rules. An `Operation` is a call with all that
was recorded around it.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

Json = Any
"""A JSON value as `json.loads` gives it."""

ChannelKind = Literal["rooms", "staff", "guest", "other"]
EMPTY: Mapping[str, Any] = MappingProxyType({})
FENCE = "fence"
"""The scenario under which the suite records the operations of its fences."""
RACE = "race/"
"""How the case of a call begins that was made side by side with others."""
OUTAGE = "outage/"
"""How the case of a call begins that was made while the sink refused its events."""


FINGERPRINT = re.compile(r"fp:[0-9a-f]{12}", re.ASCII)
"""What stands in a recorded history where a secret was."""


def mapping(value: Json) -> Mapping[str, Any]:
    """`value` when it is a JSON object, an empty one otherwise: malformed data is a finding of the shape rules."""
    return value if isinstance(value, dict) else EMPTY


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the run could see: observers, the kinds of channel each sees, probes, states, actors."""

    observers: tuple[str, ...] = ()
    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    probes: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    actors: frozenset[str] = frozenset()
    staff: Mapping[str, int] = field(default_factory=dict)
    """The staff_id of each actor, as far as the logins told it."""
    frontend_origin: str | None = None
    """The origin that the target says may call from a browser; None when it names none."""

    def observers_of(self, kind: str) -> tuple[str, ...]:
        """The observers that see channels of this kind."""
        return tuple(name for name in self.observers if kind in self.channels.get(name, ()))


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a call. `status` is None when the call is indeterminate (it timed out). `marked` is as of `Event`."""

    seq: int
    t: float
    status: int | None
    content_type: str | None
    body: Json
    reason: str | None
    wall: str | None = None
    marked: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Probe:
    """A read of the suite. `state` is None with `missing` saying why. `begun` and `t` are seconds since the run began."""

    seq: int
    t: float
    begun: float
    name: str
    subject: Mapping[str, Any]
    when: str
    call: str | None
    event: int | None
    state: Json
    missing: str | None


@dataclass(frozen=True)
class Event:
    """An event as one observer saw it. `key` is what the channel is about: a hotel slug, a hotel id, a booking id.

    Not `marked` is one in whose line no fingerprint of a secret stands.
    """

    seq: int
    t: float
    observer: str
    channel: str
    name: str
    data: Json
    kind: ChannelKind
    key: str
    size: int | None
    marked: bool = True

    @cached_property
    def envelope(self) -> Mapping[str, Any]:
        return mapping(self.data)

    @cached_property
    def payload(self) -> Mapping[str, Any]:
        return mapping(self.envelope.get("payload"))

    @cached_property
    def meta(self) -> Mapping[str, Any]:
        return mapping(self.envelope.get("meta"))

    @cached_property
    def scope(self) -> Mapping[str, Any]:
        return mapping(self.meta.get("scope"))

    @cached_property
    def event_id(self) -> str | None:
        value = self.meta.get("event_id")
        return value if isinstance(value, str) and value else None

    @cached_property
    def booking_id(self) -> str | None:
        """The booking an event is about: by channel for a guest channel, else by payload, else by scope."""
        if self.kind == "guest":
            return self.key
        for value in (self.payload.get("booking_id"), self.scope.get("booking_id")):
            if isinstance(value, str):
                return value
        return None

    @cached_property
    def room_id(self) -> int | None:
        for value in (self.payload.get("room_id"), self.payload.get("id"), self.scope.get("room_id")):
            if isinstance(value, int):
                return value
        return None

    @cached_property
    def room_number(self) -> int | None:
        for value in (self.payload.get("room_number"), self.scope.get("room_number")):
            if isinstance(value, int):
                return value
        return None

    @cached_property
    def body(self) -> str:
        """All that it says, as one comparable text."""
        return json.dumps(self.data, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Fence:
    """A harmless operation that was made to flush the channels, and at which observers its events came in.

    What arrived is a set of (observer, kind of channel). Times are seconds since the run began.
    """

    seq: int
    begun: float
    ended: float
    arrived: frozenset[tuple[str, str]]

    def flushed(self, observer: str, kind: str | None = None) -> bool:
        """Something of the fence came in at the observer, on that kind of channel when one is given."""
        return any(name == observer and kind in (None, there) for name, there in self.arrived)


PROMPT = 10
"""A read that takes more than this part of the patience with events is not prompt: the backend or the machine is busy."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How the recording ended: `complete` when nothing was under way any more. `heard` has the (observer, kind of channel)
    pairs at which anything came in at all. `busy` are the times, (begun, ended) in their order, of reads that were not prompt."""

    complete: bool | None
    patience: float | None
    heard: frozenset[tuple[str, str]]
    busy: tuple[tuple[float, float], ...] = ()

    def was_busy(self, begun: float, ended: float) -> bool:
        """Whether any read of the run that was under way in that time was not prompt."""
        place = bisect_left(self.busy, begun, key=lambda span: span[1])
        return place < len(self.busy) and self.busy[place][0] <= ended


@dataclass(frozen=True, slots=True)
class Notice:
    """Something an observer said about itself, such as a lost connection or a refused subscription.

    In seconds since the run began: `since` when it may have missed events, and `until` when at most. A gap may begin in one
    notice and end in another; a recording that has no times for it says it in words.
    """

    seq: int
    observer: str
    text: str
    since: float | None = None
    until: float | None = None

    @property
    def loss(self) -> str | None:
        """What may have been missed, when a gap begins here."""
        if "connection was lost" in self.text:
            return "the observer lost its connection"
        return None if self.since is None else f"the {self.observer} observer has a gap: {self.text}"

    @property
    def ends_gap(self) -> bool:
        return self.until is not None or "Connected again" in self.text


@dataclass(frozen=True, slots=True)
class Outage:
    """When the sink refused what is about an episode, in seqs and seconds; `attempts` are the triggers it did not take.

    `waited` is when the suite stopped waiting for them, `recovery` how long the target lets its backend take.
    """

    down: int
    up: int | None
    up_t: float | None
    waited_t: float | None
    recovery: float | None
    attempts: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Arranged:
    """A provider state that was asked for, and the bindings that came back, or why there are none."""

    seq: int
    state: str
    params: Mapping[str, Any]
    bindings: Mapping[str, Any]
    unsupported: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One call: what was asked, the answer, the snapshots around it, the events until the next call.

    `at_answer` is the snapshot that was asked for as soon as the answer was in, where there is one.

    `until` is the seq of the next call of the scenario (or past the end): events before it are in the window.
    """

    seq: int
    t: float
    id: str
    operation: str
    case: str
    actor: str
    params: Mapping[str, Any]
    body: Json
    method: str
    path: str
    reply: Reply | None
    before: tuple[Probe, ...]
    after: tuple[Probe, ...]
    events: tuple[Event, ...]
    until: int
    overlaps: bool
    at_answer: tuple[Probe, ...] = ()

    @property
    def status(self) -> int | None:
        """The HTTP status of the answer; None when there is none."""
        return self.reply.status if self.reply else None

    @property
    def answered(self) -> Mapping[str, Any]:
        """The JSON object of the answer; empty when it is none."""
        return mapping(self.reply.body) if self.reply else EMPTY

    @property
    def witness(self) -> tuple[int, ...]:
        return (self.seq,) if self.reply is None else (self.seq, self.reply.seq)
