"""What every event carries, whatever it is about: envelope keys, ids, required payload fields, size."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from conformance_tests.entries import Event
from conformance_tests.episode import Facts
from conformance_tests.rule import OK, Finding, Known, Log, Violation, event_rule, log_rule
from conformance_tests.rules.channels import EVENTS
from conformance_tests.rules.values import instant, named, show

_FINE = (OK,)
_PATIENCE = timedelta(minutes=5)
_PUSHER_LIMIT = 10 * 1024
Check = Callable[[Event], "tuple[str, str] | None"]
"""What is wrong with an event: (expected, actual); None when it is in order."""


def _register(
    rule_id: str, title: str, clause: str, hint: str, applies: Callable[[Event], bool], check: Check
) -> None:
    @event_rule(rule_id, title, clause, hint=hint, kinds=_KINDS[applies])
    def judge(event: Event, _: Facts) -> tuple[Finding, ...]:
        if not applies(event):
            return ()
        wrong = check(event)
        if wrong is None:
            return _FINE
        expected, actual = wrong
        message = f"{event.name} on the {event.kind} channel: {title[0].lower()}{title[1:]} does not hold"
        return (Violation(clause, message, (expected,), actual, (event.seq,)),)


def any_kind(event: Event) -> bool:
    """An event of the contract, on a channel of the contract. What else a backend publishes there is its own affair."""
    return event.kind != "other" and event.name in EVENTS


def rooms(event: Event) -> bool:
    return event.kind == "rooms" and any_kind(event)


def room_updated(event: Event) -> bool:
    return event.kind == "rooms" and event.name == "room_updated"


def booking(event: Event) -> bool:
    return event.kind in ("staff", "guest") and any_kind(event)


def _has_id(event: Event) -> tuple[str, str] | None:
    return (
        None
        if event.event_id
        else ("a non-empty meta.event_id", f"meta.event_id {show(event.meta.get('event_id'))}")
    )


def _equals(where: str, expected: Callable[[Event], Any], actual: Callable[[Event], Any]) -> Check:
    def check(event: Event) -> tuple[str, str] | None:
        if actual(event) == expected(event):
            return None
        return f"{where} {show(expected(event))}", f"{where} {show(actual(event))}"

    return check


def _hotel_slug(event: Event) -> tuple[str, str] | None:
    value = event.meta.get("hotel_slug")
    wanted = event.key if event.kind == "rooms" else None
    if isinstance(value, str) and value and (wanted is None or value == wanted):
        return None
    return f"meta.hotel_slug {wanted or 'of the hotel'}", f"meta.hotel_slug {show(value)}"


def _ts(event: Event) -> tuple[str, str] | None:
    value = event.meta.get("ts")
    written = instant(value)
    if written is None:
        return "meta.ts, ISO 8601 with an offset", f"meta.ts {show(value)}"
    name = {"booking_checked_in": "checked_in_at", "booking_checked_out": "checked_out_at"}.get(
        event.name, ""
    )
    happened = instant(event.payload.get(name))
    if happened is not None and abs(written - happened) > _PATIENCE:
        return f"meta.ts, the time of the operation (about {event.payload[name]})", f"meta.ts {value}"
    return None


def _scope(event: Event) -> tuple[str, str] | None:
    names = ("room_id", "room_number") if event.kind == "rooms" else ("booking_id",)
    absent = [name for name in names if event.scope.get(name) is None]
    return (
        (f"meta.scope with {', '.join(names)}", f"meta.scope {show(dict(event.scope))}") if absent else None
    )


def _nested(event: Event) -> tuple[str, str] | None:
    if isinstance(event.envelope.get("payload"), dict) and event.payload:
        return None
    return "an object under payload", f"keys at the root: {show(sorted(event.envelope))}"


def _fields(*names: str) -> Check:
    def check(event: Event) -> tuple[str, str] | None:
        absent = [name for name in names if event.payload.get(name) is None]
        return (f"payload.{', payload.'.join(names)}", f"no {', '.join(absent)}") if absent else None

    return check


def _guests(event: Event) -> tuple[str, str] | None:
    value = event.payload.get("guests_in_room")
    if isinstance(value, list) and all(isinstance(guest, dict) and guest for guest in value):
        return None
    return "payload.guests_in_room, an array of guests", f"guests_in_room {show(value)}"


def _changed(event: Event) -> tuple[str, str] | None:
    value = event.payload.get("changed_fields")
    # an empty one is true of an event without a change; that there is such an event is for other rules to say
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return None
    return "payload.changed_fields, an array of field names", f"changed_fields {show(value)}"


def _iso(event: Event) -> tuple[str, str] | None:
    for pointer, key, value in named(event.payload, _MOMENTS):
        if (key in _TIMES or pointer == "/transition/at") and value is not None and not _is_iso(value):
            return "ISO 8601, or null", f"{pointer} {show(value)}"
    return None


_TIMES = frozenset(
    (
        "checked_in_at",
        "checked_out_at",
        "created_at",
        "updated_at",
        "paid_at",
        "survey_sent_at",
        "precheckin_submitted_at",
    )
)


_MOMENTS = _TIMES | {"at"}


def _is_iso(value: Any) -> bool:
    """ISO 8601, with an offset or without: that it has one is another clause."""
    if not isinstance(value, str) or "T" not in value:
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _size(event: Event) -> tuple[str, str] | None:
    if event.size is None or event.size <= _PUSHER_LIMIT:
        return None
    return f"at most {_PUSHER_LIMIT} bytes", f"{event.size} bytes"


_KINDS: dict[Callable[[Event], bool], tuple[str, ...]] = {
    any_kind: ("rooms", "staff", "guest"),
    rooms: ("rooms",),
    room_updated: ("rooms",),
    booking: ("staff", "guest"),
}
_ID_HINT = "Make a UUID when the event is written; consumers deduplicate by meta.event_id alone."
_SHAPE_HINT = "Frontends read this key before anything else; a dialect may say where it stands."
_PAYLOAD_HINT = "The rooms board replaces its room with the payload: send the whole room every time."

for _args in (
    ("events/envelope/event-id", "A rooms event has a meta.event_id", "events/envelope/event-id", _ID_HINT, rooms, _has_id),
    ("events/envelope/booking-event-id", "A booking event has a meta.event_id", "events/envelope/booking-event-id",
     _ID_HINT, booking, _has_id),
    ("events/envelope/category", "A rooms event has the category rooms", "events/envelope/category", _SHAPE_HINT, rooms,
     _equals("category", lambda _: "rooms", lambda e: e.envelope.get("category"))),
    ("events/envelope/booking-category", "A booking event has the category room_booking",
     "events/envelope/booking-category", _SHAPE_HINT, booking,
     _equals("category", lambda _: "room_booking", lambda e: e.envelope.get("category"))),
    ("events/envelope/event-type", "A room_updated event says so in event_type", "events/envelope/event-type",
     _SHAPE_HINT, room_updated,
     _equals("event_type", lambda e: e.name, lambda e: e.envelope.get("event_type"))),
    ("events/envelope/event-type-is-name", "event_type is the name of the event", "events/envelope/event-type-is-name",
     _SHAPE_HINT, any_kind, _equals("event_type", lambda e: e.name, lambda e: e.envelope.get("event_type"))),
    ("events/envelope/type", "type equals event_type", "events/envelope/type", _SHAPE_HINT, any_kind,
     _equals("type", lambda e: e.envelope.get("event_type", e.name), lambda e: e.envelope.get("type"))),
    ("events/envelope/nested-payload", "The fields stand under payload", "events/envelope/nested-payload", _SHAPE_HINT,
     any_kind, _nested),
    ("events/envelope/hotel-slug", "meta.hotel_slug is the hotel", "events/envelope/hotel-slug", _SHAPE_HINT, any_kind,
     _hotel_slug),
    ("events/envelope/ts", "meta.ts is a time with an offset", "events/envelope/ts", _SHAPE_HINT, any_kind, _ts),
    ("events/envelope/scope", "meta.scope names the room or the booking", "events/envelope/scope", _SHAPE_HINT, any_kind,
     _scope),
    ("events/payload/room-number", "A rooms event has the room_number", "events/payload/room-number", _PAYLOAD_HINT,
     rooms, _fields("room_number")),
    ("events/payload/room-state", "A rooms event has room_id, room_status and is_occupied", "events/payload/room-state",
     _PAYLOAD_HINT, rooms, _fields("room_id", "room_status", "is_occupied")),
    ("events/payload/maintenance-flags", "A rooms event has maintenance_required and is_out_of_order",
     "events/payload/maintenance-flags", _PAYLOAD_HINT, rooms, _fields("maintenance_required", "is_out_of_order")),
    ("events/payload/guests-in-room", "A rooms event has guests_in_room as an array", "events/payload/guests-in-room",
     _PAYLOAD_HINT, rooms, _guests),
    ("events/payload/changed-fields", "A rooms event has changed_fields as an array", "events/payload/changed-fields",
     _PAYLOAD_HINT, rooms, _changed),
    ("events/payload/iso-timestamps", "The times of a booking event are ISO 8601", "events/payload/iso-timestamps",
     "Serialize times with their offset.", booking, _iso),
    ("events/payload/size", "An event fits into 10 KB", "events/payload/size",
     "Pusher answers 413 to a larger event; leave histories and payloads out of it.", any_kind, _size),
):  # fmt: skip
    _register(*_args)


@log_rule(
    "events/dedup/event-id", "No two different events share an event_id", "events/dedup/event-id",
    hint="A frontend drops the second event of an id: make a new id per event and channel.",
)  # fmt: skip
class UniqueIds(Log):
    hears = True

    def event(self, event: Event, known: Known) -> Iterator[Finding]:
        if event.event_id is None or event.kind == "other":
            return  # a copy on a channel of the backend's own is read by nobody who deduplicates
        first = known.by_id
        if first is None or (
            first.channel == event.channel and first.name == event.name and _same_subject(first, event)
        ):
            yield OK
            return
        yield Violation(
            "events/dedup/event-id",
            f"{event.name} on the {event.kind} channel has the event_id of {first.name} on the {first.kind} channel"
            f" ({event.observer} observer)",
            ("an event_id of its own",),
            f"both have {event.event_id}",
            (first.seq, event.seq),
        )


def _same_subject(first: Event, second: Event) -> bool:
    return first.booking_id == second.booking_id and first.room_id == second.room_id


@log_rule(
    "events/dedup/resend-keeps-body", "An event that is sent again is the same event", "events/dedup/resend-keeps-id",
    hint="Resend the stored row; do not serialize it anew.",
)  # fmt: skip
class StableResends(Log):
    hears = True

    def event(self, event: Event, known: Known) -> Iterator[Finding]:
        if event.event_id is None:
            return
        first = known.delivery
        if first is None or first.body == event.body:
            yield OK
            return
        yield Violation(
            "events/dedup/resend-keeps-id",
            f"two deliveries of {event.name} share an event_id and differ ({event.observer} observer)",
            ("the body of the first delivery",),
            f"another body under {event.event_id}",
            (first.seq, event.seq),
        )


_REMEMBERED = 300.0
"""Seconds within which every observer has heard an event, and after which what it said may be said anew."""


@log_rule(
    "events/dedup/same-id-everywhere", "An event has the same event_id wherever it is seen", "events/dedup/resend-keeps-id",
    hint="Make the event_id when the event is written, not when it is sent: whoever hears it twice must know it again.",
)  # fmt: skip
class SameIdEverywhere(Log):
    hears = True

    def __init__(self) -> None:
        self._seen: dict[bytes, _Said] = {}
        self._observers: set[str] = set()
        self._alone = False

    def start(self, observers: tuple[str, ...]) -> None:
        self._alone = len(observers) == 1  # there is nothing to compare, and nothing to be remembered

    def event(self, event: Event, _: Known) -> Iterator[Finding]:
        if not any_kind(event) or event.event_id is None:
            return
        self._observers.add(event.observer)
        if self._alone and len(self._observers) == 1:
            return
        yield from self._forget(event.t - _REMEMBERED)
        text = json.dumps([event.channel, event.name, dict(event.payload)], sort_keys=True)
        told = hashlib.blake2b(text.encode(), digest_size=16).digest()
        said = self._seen.setdefault(told, _Said(event.t, event.name, event.kind, {}))
        said.by_observer.setdefault(event.observer, {}).setdefault(event.event_id, event.seq)

    def end(self) -> Iterator[Finding]:
        yield from self._forget(math.inf)
        if len(self._observers) == 1:
            yield OK  # one observer is the only place where anything is seen; a second one is nobody's duty

    def _forget(self, before: float) -> Iterator[Finding]:
        while self._seen:
            told, said = next(iter(self._seen.items()))
            if said.t >= before:
                return
            del self._seen[told]
            yield from said.findings()


@dataclass(frozen=True, slots=True)
class _Said:
    """The events that said the same: per observer the seqs by event_id."""

    t: float
    name: str
    kind: str
    by_observer: dict[str, dict[str, int]]

    def findings(self) -> Iterator[Finding]:
        # Two events that say the same cannot be told from each other; one at each observer can only be the same one.
        alone = [(name, *next(iter(ids.items()))) for name, ids in self.by_observer.items() if len(ids) == 1]
        if len(alone) < len(self.by_observer):
            return
        first, first_id, first_seq = alone[0]
        for observer, event_id, seq in alone[1:]:
            if event_id == first_id:
                yield OK
                continue
            yield Violation(
                "events/dedup/resend-keeps-id",
                f"{self.name} on the {self.kind} channel has one event_id at the {first} observer and another"
                f" at the {observer} observer",
                (f"event_id {first_id}",),
                f"event_id {event_id}",
                (first_seq, seq),
            )
