"""Are all due events there, once, and nothing else? Absence is proven by a fence, never by waiting alone."""

from __future__ import annotations

from collections.abc import Iterator

from conformance_tests.entries import Event, Operation, Probe
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation, rule
from conformance_tests.rules.due import Delivery, Due, body_key, deliveries, due
from conformance_tests.rules.facts import (
    ASSIGN,
    CHECK_IN,
    CHECK_OUT,
    EFFECTING,
    HOUSEKEEPING,
    MOVE,
    UNASSIGN,
    Kind,
    is_refusal_case,
    is_repeat,
    kind,
)

NO_OBSERVER = (
    "no observer sees {} channels: give the target [realtime.sink] or [realtime.subscribe], and for guest channels"
    " a backend that authorizes the subscription or realtime.subscribe.secret"
)


def proof(
    episode: Episode, operation: Operation, observer: str, kind: str | None = None
) -> Inconclusive | None:
    """None when it is proven that all of the call's events (on that kind of channel) are in at the observer; why not,
    otherwise."""
    why = episode.blind(observer, None, operation)
    why = why or episode.unproven(operation.reply.t if operation.reply else None, observer, kind)
    return None if why is None else Inconclusive(why)


def _subject(debt: Due) -> str:
    if debt.room is not None:
        return f"room {debt.room.number}"
    return f"booking {debt.booking_id}"


def _missing(episode: Episode, *names: str) -> Iterator[Finding]:
    for operation in () if episode.is_fence else episode.operations:
        if operation.operation not in names:
            continue
        for debt in due(episode, operation):
            if not episode.capabilities.observers_of(debt.kind):
                yield Inconclusive(NO_OBSERVER.format(debt.kind))
    for delivery in deliveries(episode):
        for debt, _ in (*delivery.paid, *delivery.late):
            if debt.operation.operation in names:
                yield OK
        for debt in delivery.owed:
            if debt.operation.operation not in names or debt.operation.overlaps:
                continue
            unproven = proof(episode, debt.operation, delivery.observer, debt.kind)
            blind = episode.blind(delivery.observer, debt.channel, debt.operation)
            if blind is not None:
                unproven = Inconclusive(blind)
            if unproven is not None:
                yield unproven
                continue
            seen = [event for event in debt.operation.events if event.observer == delivery.observer]
            told = ", ".join(f"{event.name} on {event.channel}" for event in seen) or "no event at all"
            yield Violation(
                debt.clause,
                f"{debt.operation.operation} published no {debt.label} ({delivery.observer} observer)",
                (f"{debt.name} for {_subject(debt)} on {debt.channel}, once",),
                told,
                (*debt.operation.witness, *(event.seq for event in seen[:6])),
            )


_OUTBOX = "Write every event of the operation to the outbox in its transaction, and publish all of them after commit."


def _register_missing(rule_id: str, title: str, hint: str, names: tuple[str, ...], *clauses: str) -> None:
    @rule(rule_id, title, *clauses, hint=hint)
    def judge(episode: Episode) -> Iterator[Finding]:
        return _missing(episode, *names)


_register_missing(
    "events/check-in/nothing-missing", "A check-in publishes its four events on their three channels", _OUTBOX, (CHECK_IN,),
    "events/nothing-missing", "events/check-in/booking-checked-in/staff", "events/check-in/room-occupancy-updated",
    "events/check-in/room-updated", "events/check-in/booking-checked-in/guest", "events/every-change-announced",
)  # fmt: skip
_register_missing(
    "events/check-out/nothing-missing", "A check-out publishes its four events on their three channels", _OUTBOX, (CHECK_OUT,),
    "events/nothing-missing", "events/check-out/booking-checked-out/staff", "events/check-out/room-occupancy-updated",
    "events/check-out/room-updated", "events/check-out/booking-checked-out/guest", "events/every-change-announced",
)  # fmt: skip
_register_missing(
    "events/housekeeping/nothing-missing", "A housekeeping change publishes room_updated",
    "Publish from the one service that changes room_status, after commit.", HOUSEKEEPING,
    "events/housekeeping/room-updated", "events/every-change-announced",
)  # fmt: skip
_register_missing(
    "events/assignment/nothing-missing", "Assigning, unassigning and moving publish their events",
    "Staff boards and the guest's app learn of a room only through these events.", (ASSIGN, UNASSIGN, MOVE),
    "events/assign-room/booking-updated", "events/assign-room/booking-room-assigned",
    "events/unassign-room/booking-updated", "events/move-room/booking-updated",
    "events/move-room/booking-room-assigned", "events/move-room/both-rooms",
)  # fmt: skip


def _extras(episode: Episode, operation: Operation, delivery: Delivery) -> list[Event]:
    """Surplus events of the contract in the window of a call."""
    return [event for event in delivery.extra if operation.seq < event.seq < operation.until]


def _silent(episode: Episode, operation: Operation, clause: str, what: str) -> Iterator[Finding]:
    """The call publishes nothing: a violation per observer that saw something, or the proof of silence."""
    for delivery in deliveries(episode):
        extras = _extras(episode, operation, delivery)
        if extras:
            told = ", ".join(f"{event.name} on {event.channel}" for event in extras)
            witness = (*operation.witness, *(event.seq for event in extras[:6]))
            message = f"{what} published events ({delivery.observer} observer)"
            yield Violation(clause, message, ("no event",), told, witness)
        elif operation.status is not None:
            yield proof(episode, operation, delivery.observer) or OK
    if not episode.capabilities.observers:
        yield Inconclusive(NO_OBSERVER.format("any"))


@rule(
    "events/refusal/no-event", "A refused call publishes nothing", "refusal/no-event",
    hint="Publish from on_commit (or the outbox), so that what is rolled back is never announced.",
)  # fmt: skip
def refusal_is_silent(episode: Episode) -> Iterator[Finding]:
    for operation in episode.operations:
        refused = operation.status is not None and operation.status >= 400
        if (
            refused
            and (operation.operation in EFFECTING or is_refusal_case(operation))
            and not operation.overlaps
        ):
            what = f"a refused {operation.operation} ({operation.case or 'no case'})"
            yield from _silent(episode, operation, "refusal/no-event", what)


def repeats(episode: Episode, *names: str) -> tuple[Operation, ...]:
    """The calls that asked for what was already so, whatever they were answered."""
    return tuple(
        operation
        for operation in episode.operations
        if operation.operation in names
        and not operation.overlaps
        and not is_refusal_case(operation)
        and (found := kind(episode, operation)) in (Kind.REPEAT, Kind.REFUSED)
        and (found is Kind.REPEAT or is_repeat(episode, operation))
    )


def _register_silence(rule_id: str, title: str, clause: str, names: tuple[str, ...]) -> None:
    @rule(
        rule_id,
        title,
        clause,
        hint="Find out under the lock that nothing is to do, and leave before any event.",
    )
    def silent(episode: Episode) -> Iterator[Finding]:
        for operation in repeats(episode, *names):
            yield from _silent(episode, operation, clause, f"a repeated {operation.operation}")


for _rule_id, _title, _clause, _names in (
    ("idempotency/check-in/no-event", "A repeated check-in publishes nothing", "idempotency/check-in/no-event",
     (CHECK_IN,)),
    ("idempotency/check-out/no-event", "A repeated check-out publishes nothing", "idempotency/check-out/no-event",
     (CHECK_OUT,)),
    ("idempotency/assign-room/no-event", "Assigning the same room again publishes nothing", "idempotency/assign-room",
     (ASSIGN,)),
    ("idempotency/unassign-room/no-event", "Unassigning twice publishes nothing", "idempotency/unassign-room",
     (UNASSIGN,)),
    ("idempotency/move-room/no-event", "Moving to the present room publishes nothing", "idempotency/move-room",
     (MOVE,)),
    ("housekeeping/no-op/no-event", "Setting a room to the status it has publishes nothing", "housekeeping/no-op",
     HOUSEKEEPING),
):  # fmt: skip
    _register_silence(_rule_id, _title, _clause, _names)


def _surplus(episode: Episode, *, doubled: bool) -> Iterator[Finding]:
    """Surplus events of calls that were carried out: doubles of what was due, or others."""
    for delivery in deliveries(episode):
        for operation in episode.operations:
            debts = due(episode, operation)
            if operation.overlaps:
                continue  # which of the calls an event belongs to is not known; races are judged by their own rules
            if not debts and (doubled or operation.operation in EFFECTING):
                continue
            extras = [
                event
                for event in _extras(episode, operation, delivery)
                if any(debt.about(event) and debt.channel in (None, event.channel) for debt in debts)
                is doubled
                and event.name in _NAMES
            ]
            if not extras:
                unproven = proof(episode, operation, delivery.observer)
                if debts:
                    yield unproven or OK
                continue
            for event in extras:
                yield Violation(
                    "events/once" if doubled else "events/nothing-extra",
                    f"{operation.operation} published {event.name} on the {event.kind} channel"
                    + (" twice" if doubled else " beside its own")
                    + f" ({delivery.observer} observer)",
                    ("one event per name, channel and subject; a resend keeps its event_id and body",)
                    if doubled
                    else tuple(f"{debt.name} on {debt.channel}" for debt in debts) or ("no event",),
                    f"{event.name} on {event.channel} with id {event.event_id}",
                    (*operation.witness, event.seq),
                )


_NAMES = frozenset(
    ("room_updated", "room_occupancy_updated", "booking_checked_in", "booking_checked_out", "booking_updated",
     "booking_room_assigned")
)  # fmt: skip


@rule(
    "events/once", "One operation publishes each of its events once", "events/once",
    hint="Make the event_id when the event is written, not when it is sent; consolidate doubled notifications.",
)  # fmt: skip
def events_once(episode: Episode) -> Iterator[Finding]:
    return _surplus(episode, doubled=True)


@rule(
    "events/dedup/resend-only-in-need", "An event that was taken is not sent again", "events/dedup/resend-only-in-need",
    hint="Look for a publish that is called twice, or a retry that does not wait for the answer of the first try.",
)  # fmt: skip
def resent_only_in_need(episode: Episode) -> Iterator[Finding]:
    if episode.is_fence:
        return
    first: dict[tuple[str, ...], list[Event]] = {}
    for event in episode.events:
        if event.event_id is None:
            continue
        alike = first.setdefault((event.observer, event.channel, event.name, event.event_id), [])
        earlier = next((other for other in alike if body_key(other) == body_key(event)), None)
        if earlier is None:
            alike.append(event)
            yield OK
        elif not episode.interrupted(event.observer, earlier.seq, event.seq):
            # After a gap the sender could not know that it had been taken.
            yield Violation(
                "events/dedup/resend-only-in-need",
                f"{event.name} was delivered again on the {event.kind} channel ({event.observer} observer)",
                ("one delivery of an event that was taken",),
                f"event_id {event.event_id} twice on {event.channel}",
                (earlier.seq, event.seq),
            )


@rule(
    "events/nothing-extra", "One operation publishes no event beyond its own", "events/nothing-extra",
    hint="Look for signal handlers that publish on every save.",
)  # fmt: skip
def nothing_extra(episode: Episode) -> Iterator[Finding]:
    return _surplus(episode, doubled=False)


def _was_awake(episode: Episode, operation: Operation, event: Event) -> bool:
    """Whether only the event was late: a fence begun later came in before it on a channel of its kind, or there were reads
    since those before the call, and every one was prompt, of whatever scenario.

    With neither nothing is known of the backend and the machine at that time.
    """
    reply = operation.reply
    if reply is None:
        return False
    fence = episode.flushed_after(reply.t, event.observer, event.kind)
    if fence is not None and fence.ended <= event.t:
        return True
    since = min((probe.begun for probe in operation.before), default=operation.t)
    read = any(since <= probe.t and probe.begun <= event.t for probe in _reads(episode))
    return read and not episode.ending.was_busy(since, event.t)


def _reads(episode: Episode) -> Iterator[Probe]:
    for operation in episode.operations:
        yield from (*operation.before, *operation.at_answer, *operation.after)
    for probes in episode.event_probes.values():
        yield from probes


def _helped_along(episode: Episode, operation: Operation, event: Event) -> float | None:
    """Seconds after the answer at which an event came, when nothing at all was called until the patience was over and it came
    only after the call that followed; None otherwise."""
    patience, reply = episode.ending.patience, operation.reply
    if patience is None or reply is None or operation.overlaps:
        return None
    begun = min((fence.begun for fence in episode.fences if fence.begun > reply.t), default=None)
    if begun is None or begun - reply.t < patience or event.t < begun:
        return None
    return event.t - reply.t if _was_awake(episode, operation, event) else None


@rule(
    "order/event-follows-call", "Events arrive within the target's patience", "order/event-follows-call",
    hint="Wake the dispatcher on commit; raise timeouts.event in the target if the backend is only slow.",
)  # fmt: skip
def follows_call(episode: Episode) -> Iterator[Finding]:
    for delivery in deliveries(episode):
        for debt, event in delivery.paid:
            helped = _helped_along(episode, debt.operation, event)
            if helped is None:
                yield OK
                continue
            yield Violation(
                "order/event-follows-call",
                f"{debt.label} of {debt.operation.operation} came in only when a further call was made",
                (
                    f"the event within {episode.ending.patience:g} s (timeouts.event) of the answer, whatever else is called",
                ),
                f"{helped:.3f} s after the answer, and after the next call",
                (*debt.operation.witness, event.seq),
            )
        for debt, event in delivery.late:
            if debt.operation.overlaps:
                continue
            reply = debt.operation.reply
            patience = episode.ending.patience
            took = event.t - reply.t if reply else 0.0
            if patience is None or took <= patience:
                yield OK
                continue
            if not _was_awake(episode, debt.operation, event):
                yield Unreached(
                    "events came late, and so did all else: the backend or the machine was too busy to tell"
                )
                continue
            yield Violation(
                "order/event-follows-call",
                f"{debt.label} of {debt.operation.operation} came in later than the target allows",
                (f"the event within {patience:g} s (timeouts.event) of the answer",),
                f"{took:.3f} s after the answer",
                (*debt.operation.witness, event.seq),
            )
