"""Who may not be checked in or out, and when: one call per reason of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance_tests.refusal import (
    ANONYMOUS,
    IN_HOUSE,
    NO_ROOM,
    NOBODYS_BOOKING,
    NOTHING,
    READY,
    Refusal,
    slug,
)

_STATUSES_NOT_ELIGIBLE = (
    "PENDING_PAYMENT",
    "PENDING_APPROVAL",
    "CANCELLED",
    "NO_SHOW",
    "DECLINED",
    "COMPLETED",
)
_STATUSES_NOT_READY = (
    "CHECKOUT_DIRTY",
    "CLEANING_IN_PROGRESS",
    "CLEANED_UNINSPECTED",
    "MAINTENANCE_REQUIRED",
    "OUT_OF_ORDER",
)
_WINDOWS = (
    ("wrong_date", "CHECKIN_WRONG_DATE"),
    ("too_early", "CHECKIN_TOO_EARLY"),
    ("too_late", "CHECKIN_TOO_LATE"),
)


def _access(operation: str, prefix: str, state: str) -> tuple[Refusal, ...]:
    """Who may not call at all: the same four refusals for check-in and check-out."""
    return (
        Refusal(
            f"{prefix}/refuse/not-authenticated",
            operation,
            state,
            "NOT_AUTHENTICATED",
            "access/staff-authenticated",
            actor=ANONYMOUS,
        ),
        Refusal(
            f"{prefix}/refuse/hotel-mismatch",
            operation,
            state,
            "HOTEL_MISMATCH",
            "access/hotel-scope",
            actor="outsider",
        ),
        Refusal(
            f"{prefix}/refuse/permission",
            operation,
            state,
            "PERMISSION_DENIED",
            "errors/code/permission-denied",
            actor="housekeeping",
        ),
        Refusal(
            f"{prefix}/refuse/booking-not-found",
            operation,
            state,
            "BOOKING_NOT_FOUND",
            "errors/code/booking-not-found",
            overrides={"booking_id": NOBODYS_BOOKING},
        ),
    )


def _check_in(name: str, state: str, code: str, clause: str, params: Mapping[str, Any] = NOTHING) -> Refusal:
    return Refusal(f"check-in/refuse/{name}", "checkIn", state, code, clause, params=params)


_NOT_READY = "booking whose room is not ready"

CHECK_IN: tuple[Refusal, ...] = (
    *_access("checkIn", "check-in", READY),
    Refusal(
        "check-in/refuse/other-hotels-booking",
        "checkIn",
        "booking of another hotel",
        "BOOKING_NOT_FOUND",
        "access/booking-of-other-hotel",
        overrides={"hotel_slug": "{home_hotel_slug}"},
    ),
    *(
        _check_in(
            f"not-eligible-{slug(status)}",
            "booking with status",
            "BOOKING_NOT_ELIGIBLE",
            "check-in/validation/booking-status",
            {"status": status},
        )
        for status in _STATUSES_NOT_ELIGIBLE
    ),
    _check_in("departed", "departed booking", "BOOKING_NOT_ELIGIBLE", "check-in/validation/departed"),
    _check_in("no-room", NO_ROOM, "BOOKING_NOT_ELIGIBLE", "check-in/validation/room-assigned"),
    _check_in(
        "party-incomplete",
        "booking with an incomplete party",
        "PARTY_INCOMPLETE",
        "check-in/validation/party-complete",
    ),
    *(
        _check_in(
            f"room-{slug(status)}",
            _NOT_READY,
            "ROOM_NOT_READY",
            "check-in/validation/room-ready",
            {"room_status": status},
        )
        for status in _STATUSES_NOT_READY
    ),
    # "room-out-of-order" is the status; here the flag stands on a room whose status is READY_FOR_GUEST
    _check_in(
        "room-out-of-order-flag",
        _NOT_READY,
        "ROOM_NOT_READY",
        "check-in/validation/room-flags",
        {"is_out_of_order": True},
    ),
    _check_in(
        "room-maintenance-flag",
        _NOT_READY,
        "ROOM_NOT_READY",
        "check-in/validation/room-flags",
        {"maintenance_required": True},
    ),
    _check_in(
        "room-inactive", _NOT_READY, "ROOM_NOT_READY", "check-in/validation/room-flags", {"is_active": False}
    ),
    _check_in(
        "room-occupied", _NOT_READY, "ROOM_NOT_READY", "check-in/validation/room-free", {"occupied": True}
    ),
    *(
        _check_in(
            slug(window),
            "booking outside its arrival window",
            code,
            "check-in/validation/policy-timing",
            {"window": window},
        )
        for window, code in _WINDOWS
    ),
    Refusal(
        "check-in/refuse/second-booking-of-room",
        "checkIn",
        "two bookings on one room",
        "ROOM_NOT_READY",
        "check-in/validation/room-free",
        overrides={"booking_id": "{other_booking_id}"},
        first="checkIn",
    ),
)

CHECK_OUT: tuple[Refusal, ...] = (
    *_access("checkOut", "check-out", IN_HOUSE),
    Refusal(
        "check-out/refuse/not-checked-in",
        "checkOut",
        READY,
        "NOT_CHECKED_IN",
        "check-out/validation/not-checked-in",
    ),
    Refusal(
        "check-out/refuse/stranger-in-room",
        "checkOut",
        "in-house booking with a stranger in the room",
        "CHECKOUT_FAILED",
        "check-out/guests/foreign-guests-abort",
    ),
    Refusal(
        "check-out/refuse/room-stuck",
        "checkOut",
        "in-house booking whose room cannot change status",
        "CHECKOUT_FAILED",
        "atomicity/room-status-failure",
    ),
)
