"""What a history comes to: calls with their replies, snapshots and events, cut by scenario.

An `Episode` is one scenario (its calls in order, and the events about the bookings and rooms it was arranged with), or
the events about one booking or room that no scenario knows. `Facts` are what holds of the history as a whole. The values
are frozen and say what was recorded, not what it means; that is for the rules.
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

from contract.history import BrokenLine

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


_NO_FENCE = (
    "at the {} observer no fence came in after the call, so absence is not proven: is realtime reaching it?"
)
_NOT_FENCED = (
    "the run made no fence, so at the {} observer absence is not proven: offer the state `fence` "
    "(schemas/provider_states.yaml)"
)
_CUT_SHORT = (
    "events were still coming in at the {} observer when the recording ended, so absence is not proven"
)


@dataclass(frozen=True, slots=True)
class Ending:
    """How the recording ended: `complete` when nothing was under way any more. `heard` has the (observer, kind of channel)
    pairs at which anything came in at all."""

    complete: bool | None
    patience: float | None
    heard: frozenset[tuple[str, str]]


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


@dataclass(frozen=True, eq=False)
class Episode:
    """A scenario, or (with `scenario` None) calls or events that belong to none; see the module's docstring.

    `race` are the calls that were made side by side, in the order they were started; its first call has the snapshots from
    before all of them and after all of them. They are in no order, so they are not among `operations`: what is judged call by
    call is judged there only. `outage_calls` were made while the sink refused their events, and stand apart likewise.

    `fences` are in the order of their beginning. `strays` are events about the episode's subjects before its first call; they belong to the arranging.
    """

    scenario: str | None
    capabilities: Capabilities
    arranged: tuple[Arranged, ...]
    operations: tuple[Operation, ...]
    events: tuple[Event, ...]
    strays: tuple[Event, ...]
    event_probes: Mapping[int, tuple[Probe, ...]]
    fences: tuple[Fence, ...]
    notices: tuple[Notice, ...] = ()
    ending: Ending = Ending(None, None, frozenset())
    race: tuple[Operation, ...] = ()
    outage_calls: tuple[Operation, ...] = ()
    outage: Outage | None = None

    @property
    def is_fence(self) -> bool:
        """The suite's own harmless operations: they prove absence, and are not judged themselves."""
        return self.scenario == FENCE

    def blind(self, observer: str, channel: str | None, operation: Operation) -> str | None:
        """Why the observer may have missed events of a call on a channel; None when it was there all the time."""
        lost: str | None = None
        for notice in self.notices:
            if notice.observer != observer:
                continue
            if notice.loss is not None and not self._in_before(notice, observer, operation):
                lost = lost or notice.loss
            if notice.ends_gap and notice.seq < operation.seq:
                lost = None  # it was back before the call
            if notice.seq > operation.until:
                continue
            if channel is not None and channel in notice.text:
                return f"the observer is not on the guest channel: {notice.text}"
        return lost

    def _in_before(self, notice: Notice, observer: str, operation: Operation) -> bool:
        """Everything of the call was in at the observer when its gap began, however late that was noticed."""
        if notice.since is None or operation.reply is None:
            return notice.seq > operation.until
        fence = self.flushed_after(operation.reply.t, observer)
        return fence is not None and fence.ended <= notice.since

    def interrupted(self, observer: str, since: int, until: int) -> bool:
        """Whether the observer said anything of itself between two lines, such as a lost connection."""
        return any(notice.observer == observer and since < notice.seq < until for notice in self.notices)

    @cached_property
    def bindings(self) -> Mapping[str, Any]:
        """The bindings of all arranged states in one; the first state wins."""
        merged: dict[str, Any] = {}
        for state in reversed(self.arranged):
            merged.update(state.bindings)
        return merged

    def window_of(self, event: Event) -> Operation | None:
        """The call in whose window the event came in."""
        found = None
        for operation in self.operations:
            if operation.seq < event.seq:
                found = operation
        return found

    def flushed_after(self, t: float, observer: str, kind: str | None = None) -> Fence | None:
        """The first fence begun after `t` that came in at the observer (on that kind of channel)."""
        start = bisect_left(self.fences, t, key=lambda fence: fence.begun)
        later = (self.fences[place] for place in range(start, len(self.fences)))
        return next((fence for fence in later if fence.flushed(observer, kind)), None)

    def unproven(self, replied: float | None, observer: str, kind: str | None = None) -> str | None:
        """Why it is not proven that everything published by `replied` is in at the observer (on that kind of channel);
        None when it is.

        A run that says how it ended proves it by its end: after the last fence whoever hears at all heard nothing more for
        long; without any fence nobody flushed what came late. One that does not (an interrupted run, a foreign log) proves it by a fence on the same kind of channel; a guest channel has none.
        """
        if self.ending.complete and not self.fences:
            return _NOT_FENCED.format(
                observer
            )  # the run ended when nothing was due any more, not when all was in
        if self.ending.complete:
            return None if self.hears(observer, kind) else _NO_FENCE.format(observer)
        if self.ending.complete is False:
            return _CUT_SHORT.format(observer)
        if (
            replied is not None
            and kind != "guest"
            and self.flushed_after(replied, observer, kind) is not None
        ):
            return None
        return _NO_FENCE.format(observer)

    def hears(self, observer: str, kind: str | None = None) -> bool:
        """Anything at all came in at the observer on that kind of channel: it is not just wired to nothing.

        On a guest channel it may be that nothing ever comes; what came in elsewhere has to do.
        """
        wanted = None if kind == "guest" else kind
        return any(name == observer and wanted in (None, there) for name, there in self.ending.heard)


@dataclass(frozen=True, slots=True)
class Issued:
    """A raw guest token that was answered: to which call, for which booking, and where the history says so."""

    call: int
    booking_id: str | None
    witness: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What holds of a history as a whole, learned before any episode of it is judged.

    `hotels` are slugs by hotel id and `homes` slugs by booking id, as the arranged states bind them; `tokens` the raw
    tokens that were answered, `plain_tokens` those of them that are no fingerprints; `unsupported` the states that were not offered, with why; `counts` and `broken` what was read.
    """

    header: Mapping[str, Any]
    capabilities: Capabilities
    fences: tuple[Fence, ...]
    notices: tuple[Notice, ...]
    ending: Ending
    hotels: Mapping[str, str]
    homes: Mapping[str, str]
    tokens: Mapping[str, Issued]
    plain_tokens: tuple[str, ...]
    unsupported: Mapping[str, str]
    counts: Mapping[str, int]
    broken: tuple[BrokenLine, ...]

    @property
    def complete(self) -> bool | None:
        return self.ending.complete
