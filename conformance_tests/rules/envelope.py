"""What every event carries, whatever it is about: envelope keys, ids, required payload fields, size."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from conformance_tests.episode import Event, History
from conformance_tests.rule import OK, Finding, Violation, history_rule
from conformance_tests.rules.channels import EVENTS
from conformance_tests.rules.due import body_key
from conformance_tests.rules.values import instant, leaves, show

_PATIENCE = timedelta(minutes=5)
_PUSHER_LIMIT = 10 * 1024
Check = Callable[[Event], "tuple[str, str] | None"]
"""What is wrong with an event: (expected, actual); None when it is in order."""


def _register(
    rule_id: str, title: str, clause: str, hint: str, applies: Callable[[Event], bool], check: Check
) -> None:
    @history_rule(rule_id, title, clause, hint=hint)
    def judge(history: History) -> Iterator[Finding]:
        for event in history.events:
            if not applies(event):
                continue
            wrong = check(event)
            if wrong is None:
                yield OK
            else:
                expected, actual = wrong
                message = (
                    f"{event.name} on the {event.kind} channel: {title[0].lower()}{title[1:]} does not hold"
                )
                yield Violation(clause, message, (expected,), actual, (event.seq,))


def any_kind(event: Event) -> bool:
    """An event of the contract, on a channel of the contract. What else a backend publishes there is its own affair."""
    return event.kind != "other" and event.name in EVENTS


def rooms(event: Event) -> bool:
    return event.kind == "rooms" and any_kind(event)


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
    for pointer, key, value in leaves(dict(event.payload)):
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
     _SHAPE_HINT, lambda e: rooms(e) and e.name == "room_updated",
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


@history_rule(
    "events/dedup/event-id", "No two different events share an event_id", "events/dedup/event-id",
    hint="A frontend drops the second event of an id: make a new id per event and channel.",
)  # fmt: skip
def unique_ids(history: History) -> Iterator[Finding]:
    first: dict[tuple[str, str], Event] = {}
    for event in history.events:
        if event.event_id is None or event.kind == "other":
            continue  # a copy on a channel of the backend's own is read by nobody who deduplicates
        known = first.setdefault((event.observer, event.event_id), event)
        if known is event or (
            known.channel == event.channel and known.name == event.name and _same_subject(known, event)
        ):
            yield OK
            continue
        yield Violation(
            "events/dedup/event-id",
            f"{event.name} on the {event.kind} channel has the event_id of {known.name} on the {known.kind} channel"
            f" ({event.observer} observer)",
            ("an event_id of its own",),
            f"both have {event.event_id}",
            (known.seq, event.seq),
        )


def _same_subject(first: Event, second: Event) -> bool:
    return first.booking_id == second.booking_id and first.room_id == second.room_id


@history_rule(
    "events/dedup/resend-keeps-body", "An event that is sent again is the same event", "events/dedup/resend-keeps-id",
    hint="Resend the stored row; do not serialize it anew.",
)  # fmt: skip
def stable_resends(history: History) -> Iterator[Finding]:
    first: dict[tuple[str, str, str, str], Event] = {}
    for event in history.events:
        if event.event_id is None:
            continue
        known = first.setdefault((event.observer, event.channel, event.name, event.event_id), event)
        if known is event or body_key(known) == body_key(event):
            yield OK
            continue
        yield Violation(
            "events/dedup/resend-keeps-id",
            f"two deliveries of {event.name} share an event_id and differ ({event.observer} observer)",
            ("the body of the first delivery",),
            f"another body under {event.event_id}",
            (known.seq, event.seq),
        )


@history_rule(
    "events/dedup/same-id-everywhere", "An event has the same event_id wherever it is seen", "events/dedup/resend-keeps-id",
    hint="Make the event_id when the event is written, not when it is sent: whoever hears it twice must know it again.",
)  # fmt: skip
def same_id_everywhere(history: History) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str], dict[str, dict[str, Event]]] = {}
    for event in history.events:
        if any_kind(event) and event.event_id is not None:
            told = (event.channel, event.name, json.dumps(dict(event.payload), sort_keys=True))
            seen.setdefault(told, {}).setdefault(event.observer, {}).setdefault(event.event_id, event)
    if len({name for by_observer in seen.values() for name in by_observer}) == 1:
        yield OK  # one observer is the only place where anything is seen; a second one is nobody's duty
    for by_observer in seen.values():
        # Two events that say the same cannot be told from each other; one at each observer can only be the same one.
        alone = [next(iter(found.values())) for found in by_observer.values() if len(found) == 1]
        for event in alone[1:] if len(alone) == len(by_observer) else ():
            if event.event_id == alone[0].event_id:
                yield OK
                continue
            yield Violation(
                "events/dedup/resend-keeps-id",
                f"{event.name} on the {event.kind} channel has one event_id at the {alone[0].observer} observer and another"
                f" at the {event.observer} observer",
                (f"event_id {alone[0].event_id}",),
                f"event_id {event.event_id}",
                (alone[0].seq, event.seq),
            )
