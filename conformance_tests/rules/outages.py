"""While the Pusher endpoint is down: operations succeed all the same, and no event of theirs is lost.

The suite is the endpoint here, and refuses what is about one scenario for a while; what it refused is known.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance_tests.entries import OUTAGE, Event, Operation, Outage
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation, rule
from conformance_tests.rules.due import Due, body_key, due, once
from conformance_tests.rules.facts import CHECK_IN, CHECK_OUT, Missing, phase, read, seqs, succeeded
from conformance_tests.rules.values import show

SINK = "sink"
_NO_SINK = (
    "only a backend that publishes to the suite can be refused its events: give the target [realtime.sink] and point the"
    " backend's Pusher client at it"
)
_UNTOUCHED = (
    "no trigger of the operations came in while the sink refused them: does the backend publish to the sink?"
)
_WAIT = 0.05
"""Seconds by which two clocks' readings of one wait may differ."""


def _outage(episode: Episode) -> Outage | Inconclusive | None:
    """The outage of the episode; why there was none where there should have been one."""
    if episode.scenario is None or not episode.scenario.startswith(OUTAGE):
        return None
    if SINK not in episode.capabilities.observers:
        return Inconclusive(_NO_SINK)
    if episode.outage is None or episode.outage.up is None or not episode.outage_calls:
        return Inconclusive("the sink was not down while operations ran")
    return episode.outage if episode.outage.attempts else Inconclusive(_UNTOUCHED)


@rule(
    "atomicity/publish-failure", "A check-in or check-out succeeds although its events are refused",
    "atomicity/publish-failure",
    hint="Publish after commit, outside the operation: log and retry what the Pusher endpoint does not take.",
)  # fmt: skip
def publish_failure(episode: Episode) -> Iterator[Finding]:
    outage = _outage(episode)
    if isinstance(outage, Inconclusive):
        yield outage
    if not isinstance(outage, Outage):
        return
    for call in episode.outage_calls:
        if call.operation not in (CHECK_IN, CHECK_OUT):
            continue  # what it owes is for the rules of events
        yield _succeeds(episode, call, outage)


def _succeeds(episode: Episode, call: Operation, outage: Outage) -> Finding:
    reply = call.reply
    if reply is None or call.status is None:
        return Inconclusive(f"{call.operation} got no answer in time while its events were refused")
    # a call may fail for what was refused before it: the events of the call before, while the endpoint is still down
    meanwhile = tuple(event.seq for event in outage.attempts if event.seq < reply.seq)
    if not succeeded(call):
        if not meanwhile:
            return Unreached(f"{call.operation} did not succeed, and nothing had been refused by then")
        return Violation(
            "atomicity/publish-failure",
            f"{call.operation} failed while the events of its booking were refused",
            ("2xx, and the state changed",),
            f"{call.status} {show(call.answered.get('error'))}",
            (*call.witness, *meanwhile[:4]),
        )
    after = read(episode, call, "after", "booking")
    if isinstance(after, Missing):
        return Inconclusive(after.reason)
    wanted = "in_house" if call.operation == CHECK_IN else "departed"
    if phase(after) == wanted:
        return OK
    return Violation(
        "atomicity/publish-failure",
        f"{call.operation} was answered as done and undone while its events were refused",
        (f"the booking is {wanted}",),
        f"the booking is {phase(after)}",
        (*seqs(call, "booking"), *meanwhile[:4]),
    )


def _delivered(episode: Episode) -> list[tuple[Due, Event | None]]:
    """What the calls of the outage owed at the sink, and the event that paid it, if any."""
    open_events = once(tuple(event for event in episode.events if event.observer == SINK))
    debts = [debt for call in episode.outage_calls for debt in due(episode, call)]
    found: dict[int, Event] = {}
    for fitting in (True, False):
        for position, debt in enumerate(debts):
            if position in found:
                continue
            for event in open_events:
                if event.seq > debt.operation.seq and debt.about(event) and (debt.fits(event) or not fitting):
                    found[position] = event
                    open_events.remove(event)
                    break
    return [(debt, found.get(position)) for position, debt in enumerate(debts)]


@rule(
    "events/no-loss/publisher-down", "What the Pusher endpoint refuses for a while is delivered when it takes it again",
    "events/no-loss/publisher-down",
    hint="Keep every event until the endpoint has taken it (an outbox), and try again with growing pauses. A backend that"
    " tries again rarely says so in timeouts.recovery.",
)  # fmt: skip
def no_loss(episode: Episode) -> Iterator[Finding]:
    outage = _outage(episode)
    if isinstance(outage, Inconclusive):
        yield outage
    if not isinstance(outage, Outage):
        return
    for debt, event in _delivered(episode):
        if SINK not in episode.capabilities.observers_of(debt.kind):
            continue
        if event is not None:
            yield OK
            continue
        unproven = _unproven(episode, outage)
        if unproven is not None:
            yield Inconclusive(unproven)
            continue
        tried = [one for one in outage.attempts if debt.about(one) and debt.fits(one)]
        yield Violation(
            "events/no-loss/publisher-down",
            f"{debt.label} of {debt.operation.operation} was lost while the Pusher endpoint was down",
            (f"{debt.name} on {debt.channel} within {outage.recovery:g} s of the endpoint's return",),
            f"it was refused {len(tried)} times and never came" if tried else "it was never sent",
            (*debt.operation.witness, outage.down, *(one.seq for one in tried[-4:])),
        )


def _unproven(episode: Episode, outage: Outage) -> str | None:
    """Why an event that is not in may still come."""
    if episode.ending.complete is False:
        return "events were still coming in when the recording ended, so a loss is not proven"
    waited = None if outage.waited_t is None or outage.up_t is None else outage.waited_t - outage.up_t
    if waited is None or outage.recovery is None or waited < outage.recovery - _WAIT:
        return "the run did not wait long enough after the outage, so a loss is not proven"
    return None


def _share_a_subject(one: Due, other: Due) -> bool:
    """Whether both are about the same room, or caused by operations on the same booking."""
    if one.room is not None and other.room is not None:
        same_id = one.room.id is not None and one.room.id == other.room.id
        if same_id or (one.room.number is not None and one.room.number == other.room.number):
            return True
    return one.booking_id is not None and one.booking_id == other.booking_id


@rule(
    "order/after-outage", "What was held back is delivered in the order of the calls", "order/per-channel",
    hint="Hold the channel (or the room and booking) until its oldest event was taken; do not retry events one by one.",
)  # fmt: skip
def in_order(episode: Episode) -> Iterator[Finding]:
    if not isinstance(_outage(episode), Outage):
        return
    pairs = [(debt, event) for debt, event in _delivered(episode) if event is not None]
    for later, (debt, event) in enumerate(pairs):
        for earlier_debt, earlier in pairs[:later]:
            if (earlier.channel, debt.kind) != (event.channel, earlier_debt.kind):
                continue
            if not _share_a_subject(earlier_debt, debt):
                continue  # between rooms, and between bookings, no order is promised
            if earlier_debt.operation.seq >= debt.operation.seq:
                continue
            if earlier.seq < event.seq:
                yield OK
                continue
            yield Violation(
                "order/per-channel",
                f"after an outage {event.name} of {debt.operation.operation} arrived before {earlier.name} of the earlier"
                f" {earlier_debt.operation.operation} on the {event.kind} channel",
                (f"the events of {earlier_debt.operation.operation} first",),
                f"{event.name} then {earlier.name}",
                (earlier_debt.operation.seq, debt.operation.seq, event.seq, earlier.seq),
            )


@rule(
    "events/dedup/attempts-keep-id", "Every attempt to deliver an event carries its event_id and its payload",
    "events/dedup/resend-keeps-id",
    hint="Make the event_id and the payload once, when the event is written, and send that.",
)  # fmt: skip
def attempts_keep_id(episode: Episode) -> Iterator[Finding]:
    outage = _outage(episode)
    if not isinstance(outage, Outage):
        return
    for debt, event in _delivered(episode):
        tries = [one for one in outage.attempts if debt.about(one) and debt.fits(one)]
        sent = [*tries, *((event,) if event is not None else ())]
        if len(sent) < 2:
            continue
        first = sent[0]
        other = next(
            (one for one in sent if (one.event_id, body_key(one)) != (first.event_id, body_key(first))), None
        )
        if other is None:
            yield OK
            continue
        what = "event_id" if other.event_id != first.event_id else "payload"
        yield Violation(
            "events/dedup/resend-keeps-id",
            f"{debt.label} was sent again with another {what} after it had been refused",
            (f"event_id {first.event_id}, and the same payload",),
            f"event_id {other.event_id}",
            (*debt.operation.witness, first.seq, other.seq),
        )
