"""What a history comes to, cut by scenario.

An `Episode` is one scenario (its calls in order, and the events about the bookings and rooms it was arranged with), or
the events about one booking or room that no scenario knows. `Facts` are what holds of the history as a whole. What they are
made of is in `entries`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from conformance_tests.entries import (
    FENCE,
    Arranged,
    Capabilities,
    Ending,
    Event,
    Fence,
    Notice,
    Operation,
    Outage,
    Probe,
)
from contract.history import BrokenLine

_NOT_TOLD = Ending(None, None, frozenset())
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
    ending: Ending = _NOT_TOLD
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
