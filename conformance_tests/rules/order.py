"""Order per channel, and events only after commit. Across channels nothing is promised."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from conformance_tests.entries import Event, Operation, Probe
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Inconclusive, Known, Log, Violation, log_rule, rule
from conformance_tests.rules.due import deliveries, due_events, once
from conformance_tests.rules.facts import CHECK_IN, CHECK_OUT, Missing, around, probe_of
from conformance_tests.rules.values import dig, instant, same, show

_ROOM_FIELDS = ("room_status", "is_occupied", "is_out_of_order", "maintenance_required", "current_booking_id")
_BOOKING_FIELDS = ("status", "checked_in_at", "checked_out_at", "room_number")


def _subject(event: Event) -> str:
    if event.kind == "rooms":
        return f"room {event.room_id if event.room_id is not None else event.room_number}"
    return f"booking {event.booking_id}"


@rule(
    "order/per-channel", "On a channel, events of a room or booking arrive in the order of the calls",
    "order/per-channel", "order/operations-not-interleaved",
    hint="Publish from one dispatcher per room and booking, in commit order; do not fire and forget from threads.",
)  # fmt: skip
def per_channel(episode: Episode) -> Iterator[Finding]:
    for delivery in deliveries(episode):
        streams: dict[tuple[str, str], list[tuple[Event, Operation]]] = defaultdict(list)
        for debt, event in (*delivery.paid, *delivery.late):
            streams[event.channel, _subject(event)].append((event, debt.operation))
        for stream in streams.values():
            stream.sort(key=lambda pair: pair[0].seq)
            for (event, earlier), (following, later) in itertools.pairwise(stream):
                if earlier.seq <= later.seq or earlier.overlaps or later.overlaps:
                    yield OK
                    continue
                yield Violation(
                    "order/per-channel",
                    f"{following.name} of {later.operation} arrived after {event.name} of the later {earlier.operation}"
                    f" on the {event.kind} channel ({delivery.observer} observer)",
                    (f"the events of {later.operation} before those of {earlier.operation}",),
                    f"{event.name} then {following.name}",
                    (later.seq, earlier.seq, event.seq, following.seq),
                )


@rule(
    "order/transition-chain", "Each staff booking event starts where the one before it ended", "order/per-channel",
    hint="Publish in commit order: a booking that leaves before it came was sent out of order, or an event is lost.",
)  # fmt: skip
def transition_chain(episode: Episode) -> Iterator[Finding]:
    last: dict[tuple[str, str, str], tuple[str, Event]] = {}
    for event in _firsts(episode.events):
        step = event.payload.get("transition")
        start, end = dig(step, "from"), dig(step, "to")
        if event.kind != "staff" or not isinstance(start, str) or not isinstance(end, str):
            continue
        key = (event.observer, event.channel, str(event.booking_id))
        if (
            key in last
            and last[key][0] != start
            and episode.interrupted(event.observer, last[key][1].seq, event.seq)
        ):
            yield Inconclusive("the observer may have missed an event between two of a booking")
        elif key in last and last[key][0] != start:
            yield Violation(
                "order/per-channel",
                f"{event.name} starts from another phase than the event before it ended in ({event.observer} observer)",
                (f"transition.from {last[key][0]}",),
                f"transition.from {start}",
                (last[key][1].seq, event.seq),
            )
        else:
            yield OK
        last[key] = (end, event)


def _firsts(events: tuple[Event, ...]) -> list[Event]:
    """The first delivery of each event; resends are no part of the order."""
    seen: set[tuple[str, str, str]] = set()
    found: list[Event] = []
    for event in once(events):
        if event.event_id is not None:
            key = (event.observer, event.channel, event.event_id)
            if key in seen:
                continue
            seen.add(key)
        found.append(event)
    return found


@log_rule(
    "order/meta-ts", "meta.ts never goes backwards for one room on one channel", "order/meta-ts",
    hint="Take meta.ts when the event is written, under the room's lock, from one clock.",
)  # fmt: skip
class MetaTs(Log):
    """Remembers the last event of each room; a resend is no part of the order."""

    hears = True

    def __init__(self) -> None:
        self._last: dict[tuple[str, str, str], tuple[datetime, str, int]] = {}

    def event(self, event: Event, known: Known) -> Iterator[Finding]:
        if event.kind != "rooms" or known.on_channel is not None:
            return
        ts = event.meta.get("ts")
        moment = instant(ts)
        if moment is None:
            return
        key = (event.observer, event.channel, _subject(event))
        before = self._last.get(key)
        if before is not None and moment < before[0]:
            yield Violation(
                "order/meta-ts",
                f"meta.ts of {event.name} is before that of the room's event before it ({event.observer} observer)",
                (f"not before {before[1]}",),
                str(ts),
                (before[2], event.seq),
            )
        else:
            yield OK
        self._last[key] = (moment, str(ts), event.seq)


def announced(event: Event) -> dict[str, Any]:
    """The fields of an event's payload that a read can be held against."""
    fields = _ROOM_FIELDS if event.kind == "rooms" else _BOOKING_FIELDS
    return {name: event.payload[name] for name in fields if name in event.payload}


def _shows(state: Mapping[str, Any], view: Mapping[str, Any]) -> bool:
    return all(name not in state or same(state[name], value, coarse=True) for name, value in view.items())


def _fitting_probe(event: Event, probe: Probe) -> bool:
    return probe.name == ("room" if event.kind == "rooms" else "booking")


def _later_views(
    episode: Episode, event: Event, operation: Operation, causes: Mapping[int, Operation]
) -> list[Mapping[str, Any]]:
    """States a read at this event may show beside the announced one: what was read or announced after it.

    An event of a later call announces a later state, also where it came in earlier: on another channel it may.
    """
    views: list[Mapping[str, Any]] = [
        announced(other)
        for other in episode.events
        if _subject(other) == _subject(event)
        and (other.seq > event.seq or causes.get(other.seq, operation).seq > operation.seq)
    ]
    names = announced(event)
    for later in episode.operations:
        if later.seq < operation.seq:
            continue
        probe = _snapshot(later, "after", event)
        if probe is not None and isinstance(probe.state, dict):
            views.append({name: probe.state.get(name) for name in names if name in probe.state})
    return views


def _snapshot(operation: Operation, when: str, event: Event) -> Probe | None:
    if event.kind == "rooms":
        return probe_of(operation, when, "room", room_number=event.room_number)
    return probe_of(operation, when, "booking", booking_id=event.booking_id)


@rule(
    "order/after-commit", "Who reads when an event arrives sees the state it announces, or a later one",
    "order/after-commit",
    hint="Publish from transaction.on_commit or an outbox, and read from the primary: the event must not overtake it.",
)  # fmt: skip
def after_commit(episode: Episode) -> Iterator[Finding]:
    seen = deliveries(episode)
    operations = {debt.operation.id for delivery in seen for debt, _ in delivery.paid}
    causes = {event.seq: debt.operation for one in seen for debt, event in (*one.paid, *one.late)}
    unclear = {event.seq for one in seen for event in one.unclear}
    for event in episode.events:
        operation = episode.window_of(event)
        if event.kind == "other" or operation is None or operation.id not in operations:
            continue
        if event.seq in unclear:
            yield Inconclusive(
                "it is not known which of two calls an event is of, so not what a read should show"
            )
            continue
        operation = causes.get(event.seq, operation)  # what it announces was so after its own call
        probes = [probe for probe in episode.event_probes.get(event.seq, ()) if _fitting_probe(event, probe)]
        wanted = "room" if event.kind == "rooms" else "booking"
        if not probes and wanted not in episode.capabilities.probes:
            yield Inconclusive(
                f"probe `{wanted}` is not configured, so nothing was read when an event arrived"
            )
        for probe in probes:
            if not isinstance(probe.state, dict):
                yield Inconclusive(f"the read at an event failed: {probe.missing}")
                continue
            finding = _judge_read(episode, event, operation, causes, probe, probe.state)
            if finding is not None:
                yield finding


def _judge_read(
    episode: Episode,
    event: Event,
    operation: Operation,
    causes: Mapping[int, Operation],
    probe: Probe,
    state: Mapping[str, Any],
) -> Finding | None:
    if event.kind == "rooms" and state.get("room_id", event.room_id) != event.room_id:
        return None  # the event names a room by another one's number: another rule's finding, and a read of that room
    view = announced(event)
    if _shows(state, view) or any(
        _shows(state, later) for later in _later_views(episode, event, operation, causes) if later
    ):
        return OK
    racing = any(operation.seq < later.seq < probe.seq for later in episode.operations)
    before = _snapshot(operation, "before", event)
    earlier = [
        announced(other)
        for other in episode.events
        if other.seq < event.seq and _subject(other) == _subject(event)
    ]
    if before is not None and isinstance(before.state, dict):
        earlier.append({name: before.state.get(name) for name in view})
    if racing and not any(_shows(state, old) for old in earlier if old):
        return None  # a later call was under way; what it left in between is not known
    seen = {
        name: state.get(name)
        for name in view
        if name in state and not same(state[name], view[name], coarse=True)
    }
    witness = (operation.seq, event.seq, probe.seq, *((before.seq,) if before else ()))
    return Violation(
        "order/after-commit",
        f"a read at {event.name} on the {event.kind} channel shows an older state ({event.observer} observer)",
        (f"{show({name: view[name] for name in seen})}, or a later state",),
        f"{show(seen)}, read {probe.t - event.t:.3f} s after the event",
        witness,
    )


@rule(
    "order/audit-row-with-event", "Who reads when a stay's room_updated arrives finds the audit row of the change",
    "atomicity/no-torn-state",
    hint="Write the audit row in the transaction of the operation, not from a job or a signal after it.",
)  # fmt: skip
def audit_row_with_event(episode: Episode) -> Iterator[Finding]:
    for debt, event in due_events(episode, CHECK_IN, CHECK_OUT):
        pair = around(episode, debt.operation, "audit", room_id=event.room_id)
        if event.name != "room_updated" or isinstance(pair, Missing) or debt.operation.overlaps:
            continue
        before, after = (rows if isinstance(rows, list) else [] for rows in pair)
        fresh = [row for row in after if not any(_same_row(row, old) for old in before)]
        for probe in episode.event_probes.get(event.seq, ()):
            if probe.name != "audit" or not isinstance(probe.state, list):
                continue
            missing = [row for row in fresh if not any(_same_row(row, seen) for seen in probe.state)]
            if not missing:
                yield OK
                continue
            row = {name: missing[0].get(name) for name in ("from_status", "to_status", "created_at")}
            yield Violation(
                "atomicity/no-torn-state",
                f"a read at {event.name} of {debt.operation.operation} shows no audit row of the change"
                f" ({event.observer} observer)",
                (f"the row {show(row)}",),
                f"{len(probe.state)} older rows, read {probe.t - event.t:.3f} s after the event",
                (*debt.operation.witness, event.seq, probe.seq),
            )


def _same_row(left: Any, right: Any) -> bool:
    """One audit row, read twice: by what it says, since two ways of reading need not give it one id."""
    return all(
        same(dig(left, name), dig(right, name), coarse=True)
        for name in ("from_status", "to_status", "created_at")
    )
