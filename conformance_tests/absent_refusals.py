"""What is not there, and what is not of the form its schema asks for: calls that must not stumble."""

from __future__ import annotations

from typing import Any

from conformance_tests.refusal import (
    IN_HOUSE,
    NOBODYS_BOOKING,
    READY,
    ROOM,
    UNKNOWN_ROOM,
    Refusal,
    slug,
)

_NO_BOOKING = {"booking_id": NOBODYS_BOOKING}
_AND_FREE = "in-house booking and a free room"


def _room(what: str, operation: str, state: str, **fields: Any) -> Refusal:
    case, clause = f"absent/refuse/{what}-{slug(operation)}", "errors/code/room-not-found"
    return Refusal(case, operation, state, "ROOM_NOT_FOUND", clause, **fields)


def _booking(operation: str, state: str, **fields: Any) -> Refusal:
    case, clause = f"absent/refuse/unknown-booking-{slug(operation)}", "errors/code/booking-not-found"
    return Refusal(case, operation, state, "BOOKING_NOT_FOUND", clause, overrides=_NO_BOOKING, **fields)


ABSENT: tuple[Refusal, ...] = (
    _room("unknown-room", "getRoom", READY, overrides={"room_number": UNKNOWN_ROOM}),
    _room("unknown-room", "roomStatusHistory", READY, overrides={"room_id": UNKNOWN_ROOM}),
    _room(
        "unknown-room", "startCleaning", ROOM, actor="housekeeping", params={"room_status": "CHECKOUT_DIRTY"},
        overrides={"room_number": UNKNOWN_ROOM},
    ),
    _booking("getBooking", READY),
    _booking("listAvailableRooms", READY),
    _booking("moveRoom", _AND_FREE, body={"to_room_id": "{free_room_id}"}),
)  # fmt: skip


def _malformed(what: str, operation: str, state: str, **fields: Any) -> Refusal:
    case, clause = f"malformed/refuse/{slug(operation)}-{what}", "errors/code/invalid-input"
    return Refusal(case, operation, state, "INVALID_INPUT", clause, **fields)


MALFORMED: tuple[Refusal, ...] = (
    _malformed(
        "word-for-a-truth", "inspectRoom", ROOM, actor="housekeeping", params={"room_status": "CLEANED_UNINSPECTED"},
        body={"passed": "perhaps"},
    ),
    _malformed("nowhere", "moveRoom", IN_HOUSE, body={}),
    _malformed("word-for-a-number", "listBookings", READY, overrides={"page_size": "many"}),
)  # fmt: skip
