"""Which events an operation owes, and which of those that came in paid the debt.

What is due stands in openapi.yaml (`x-events`). Matching is done per observer, by content first and by time second; what
is left over is extra. Deliveries of one event (same channel, name, id and body) count once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from conformance_tests.entries import Event, Operation
from conformance_tests.episode import Episode
from conformance_tests.rules.facts import (
    ASSIGN,
    CHECK_IN,
    CHECK_OUT,
    HOUSEKEEPING,
    MOVE,
    UNASSIGN,
    Kind,
    RoomRef,
    booking_of,
    is_refusal_case,
    kind,
    rooms_of,
    target_status,
)
from conformance_tests.rules.unanswered import proven_done
from conformance_tests.rules.values import same
from contract.channels import guest_channel, rooms_channel, staff_channel
from contract.operations import EventDue, operations

_NO_END = 1 << 62


@dataclass(frozen=True, slots=True)
class Due:
    """One event an operation owes: on which kind of channel, about whom, by which clause."""

    operation: Operation
    kind: str
    name: str
    clause: str
    schema: str
    channel: str | None
    booking_id: str | None
    room: RoomRef | None
    content: tuple[str, Any] | None
    """The payload field by which this event is told from that of another call, and its value; None when unknown."""

    @property
    def label(self) -> str:
        """Stable words for a message: no ids."""
        return f"{self.name} on the {self.kind} channel"

    def about(self, event: Event) -> bool:
        """The event is the due one: right kind of channel, name and subject."""
        if event.kind != self.kind or event.name != self.name:
            return False
        if self.room is not None:
            if event.room_id is not None and self.room.id is not None:
                return event.room_id == self.room.id
            return event.room_number == self.room.number
        return event.booking_id == self.booking_id

    def fits(self, event: Event) -> bool:
        """The event's content is that of this call. Wrong content still pays the debt; another rule names it."""
        return self.content is None or same(event.payload.get(self.content[0]), self.content[1], coarse=True)


def due(episode: Episode, operation: Operation) -> tuple[Due, ...]:
    """What the call owes: nothing unless it was carried out, as its answer says or, without one, the state after it."""
    done = kind(episode, operation) is Kind.CARRIED_OUT or proven_done(operation)
    if is_refusal_case(operation) or not done:
        return ()
    bindings = episode.bindings
    slug = operation.params.get("hotel_slug", bindings.get("hotel_slug"))
    hotel_id = bindings.get("hotel_id")
    booking_id = booking_of(operation)
    rooms = rooms_of(episode, operation)
    found: list[Due] = []
    known = operations().get(operation.operation)
    for promise in known.events if known is not None else ():
        channel = {
            "rooms": rooms_channel(slug) if slug else None,
            "staff": staff_channel(hotel_id) if hotel_id is not None else None,
            "guest": guest_channel(str(booking_id)),
        }[promise.channel]
        subjects: tuple[RoomRef | None, ...] = (None,)
        if promise.per == "room":
            subjects = rooms if promise.both_rooms else rooms[:1]
        found.extend(
            Due(
                operation, promise.channel, promise.event, promise.clause, promise.schema, channel, booking_id, room,
                _content(operation, promise, position, rooms),
            )
            for position, room in enumerate(subjects)
        )  # fmt: skip
    return tuple(found)


def _content(
    operation: Operation, promise: EventDue, position: int, rooms: tuple[RoomRef, ...]
) -> tuple[str, Any] | None:
    """What tells an event of this call from one of the same name of another call."""
    if promise.channel == "rooms":
        if operation.operation in HOUSEKEEPING:
            return "room_status", target_status(operation)
        dirty = operation.operation == CHECK_OUT or (operation.operation == MOVE and position == 0)
        return "room_status", "CHECKOUT_DIRTY" if dirty else "OCCUPIED"
    if operation.operation == UNASSIGN:
        return "room_number", None
    if operation.operation in (ASSIGN, MOVE) and rooms[-1].number is not None:
        return "room_number", rooms[-1].number
    return None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one observer saw of what was due in an episode. `unclear` are events that may be of one call or of another."""

    observer: str
    paid: tuple[tuple[Due, Event], ...]
    late: tuple[tuple[Due, Event], ...]
    owed: tuple[Due, ...]
    extra: tuple[Event, ...]
    unclear: tuple[Event, ...] = ()


def body_key(event: Event) -> str:
    """The body of an event as one comparable string."""
    return event.body


def once(events: tuple[Event, ...]) -> list[Event]:
    """The events without their repeated deliveries: same channel, name, id and body. Without an id none is a repeat."""
    seen: dict[tuple[Any, ...], list[Event]] = {}
    found: list[Event] = []
    for event in events:
        if event.event_id is not None:
            alike = seen.setdefault((event.observer, event.channel, event.name, event.event_id), [])
            if any(body_key(event) == body_key(other) for other in alike):
                continue
            alike.append(event)
        found.append(event)
    return found


def sees(episode: Episode, observer: str, debt: Due) -> bool:
    """The observer is on the channel of the due event.

    A subscriber is on the guest channel of the booking it has a token of, which is the first one arranged.
    """
    if observer not in episode.capabilities.observers_of(debt.kind):
        return False
    if debt.kind == "guest" and observer == "subscribe":
        return debt.booking_id == episode.bindings.get("booking_id")
    return True


@lru_cache(maxsize=4)  # one episode is judged at a time, and whatever stands here stays in memory
def deliveries(episode: Episode) -> tuple[Delivery, ...]:
    """Per observer, how what was due and what came in fit together."""
    found: list[Delivery] = []
    if episode.is_fence or not episode.operations:
        return ()
    for observer in episode.capabilities.observers:
        debts = [
            item
            for operation in episode.operations
            for item in due(episode, operation)
            if sees(episode, observer, item)
        ]
        open_events = once(
            tuple(event for event in (*episode.strays, *episode.events) if event.observer == observer)
        )
        strays = {event.seq for event in episode.strays}
        open_events = [event for event in open_events if event.seq not in strays]
        paid, owed = _pay(debts, open_events)
        begun = _in_doubt(episode, observer, owed)
        in_time: list[tuple[Due, Event]] = []
        late: list[tuple[Due, Event]] = []
        unclear: list[Event] = []
        for debt, event in paid:
            if begun and debt.operation.seq > begun.get(_likeness(debt), _NO_END):
                owed.append(debt)
                unclear.append(event)
            else:
                (in_time if event.seq < debt.operation.until else late).append((debt, event))
        found.append(
            Delivery(observer, tuple(in_time), tuple(late), tuple(owed), tuple(open_events), tuple(unclear))
        )
    return tuple(found)


def _likeness(debt: Due) -> tuple[Any, ...]:
    """What debts have in common that only the call tells apart."""
    subject = debt.room if debt.room is not None else debt.booking_id
    return debt.kind, debt.name, subject, debt.content


def _in_doubt(episode: Episode, observer: str, owed: list[Due]) -> dict[tuple[Any, ...], int]:
    """From which call on an event of this likeness may be that of an earlier one, late: the first whose own did not come and
    is not proven never to come."""
    found: dict[tuple[Any, ...], int] = {}
    for debt in owed:
        operation, likeness = debt.operation, _likeness(debt)
        replied = operation.reply.t if operation.reply else None
        if episode.unproven(replied, observer, debt.kind) is not None:
            found[likeness] = min(found.get(likeness, _NO_END), operation.seq)
    return found


def _pay(debts: list[Due], events: list[Event]) -> tuple[list[tuple[Due, Event]], list[Due]]:
    """Pay each debt with an event, taking it out of `events`: (paid, still owed).

    First with events whose content is that of the call: in its window, then whenever they came, because an event may well
    arrive after the next call has begun. Only then with those of another content. Debts that are alike are paid in call
    order.
    """
    paid: list[tuple[Due, Event]] = []
    for fitting, in_window in ((True, True), (True, False), (False, True), (False, False)):
        owed: list[Due] = []
        for debt in debts:
            last = debt.operation.until if in_window else _NO_END
            chosen = next(
                (
                    event
                    for event in events
                    if debt.operation.seq < event.seq < last
                    and debt.about(event)
                    and (debt.fits(event) or not fitting)
                ),
                None,
            )
            if chosen is None:
                owed.append(debt)
            else:
                events.remove(chosen)
                paid.append((debt, chosen))
        debts = owed
    return _in_call_order(paid), debts


def _in_call_order(paid: list[tuple[Due, Event]]) -> list[tuple[Due, Event]]:
    """Among debts that only the call tells apart, the earlier call gets the earlier event.

    A check-out and a later housekeeping call may leave a room in one status, and what a late event of the first says fits the
    second as well. Where the events say which of them changed the occupancy, each call has one of its own; else the
    order alone decides.
    """
    alike: dict[tuple[Any, ...], list[tuple[Due, Event]]] = {}
    for debt, event in paid:
        alike.setdefault(_likeness(debt), []).append((debt, event))
    found: list[tuple[Due, Event]] = []
    for group in alike.values():
        calls = sorted((debt for debt, _ in group), key=lambda debt: debt.operation.seq)
        events = sorted((event for _, event in group), key=lambda event: event.seq)
        if sum(map(_moves_guests, calls)) == sum(map(_tells_occupancy, events)):
            calls.sort(key=_moves_guests)
            events.sort(key=_tells_occupancy)
        found.extend(zip(calls, events, strict=True))
    return sorted(found, key=lambda pair: (pair[0].operation.seq, pair[1].seq))


def _moves_guests(debt: Due) -> bool:
    return debt.room is not None and debt.operation.operation not in HOUSEKEEPING


def _tells_occupancy(event: Event) -> bool:
    fields = event.payload.get("changed_fields")
    return event.kind == "rooms" and isinstance(fields, list) and "is_occupied" in fields


def due_events(episode: Episode, *names: str) -> list[tuple[Due, Event]]:
    """Every event that paid a debt of these operations, at every observer."""
    return [
        (debt, event)
        for delivery in deliveries(episode)
        for debt, event in (*delivery.paid, *delivery.late)
        if debt.operation.operation in names
    ]


STAY_EVENTS = (CHECK_IN, CHECK_OUT)
ROOM_EVENTS = (CHECK_IN, CHECK_OUT, *HOUSEKEEPING)
