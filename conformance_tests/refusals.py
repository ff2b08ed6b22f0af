"""Every call the contract refuses, once: what is asked of whom in which state, and the refusal that is due.

The runner makes the calls, the rules judge the answers; both read this table and nothing else.

A string of the form `{name}` in `body` or `overrides` stands for a binding of the arranged state. Beside the bindings
of `state` there are those of `beside`, as `beside_<binding>`, those of the fence, as `home_<binding>` (its hotel
is the hotel of the run), and `manager_username`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from conformance_tests.access_refusals import ACCESS
from conformance_tests.refusal import (
    ANONYMOUS,
    GUEST,
    IN_HOUSE,
    NO_ROOM,
    NOBODYS_BOOKING,
    NOTHING,
    READY,
    ROOM,
    UNKNOWN_ROOM,
    UNKNOWN_TOKEN,
    Refusal,
    State,
)

__all__ = [
    "ANONYMOUS",
    "BY_CASE",
    "GUEST",
    "IN_HOUSE",
    "NO_ROOM",
    "READY",
    "REFUSALS",
    "ROOM",
    "UNKNOWN_TOKEN",
    "Refusal",
]

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


def _slug(word: str) -> str:
    return word.lower().replace("_", "-")


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


def _check_in(slug: str, state: str, code: str, clause: str, params: Mapping[str, Any] = NOTHING) -> Refusal:
    return Refusal(f"check-in/refuse/{slug}", "checkIn", state, code, clause, params=params)


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
            f"not-eligible-{_slug(status)}",
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
            f"room-{_slug(status)}",
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
            _slug(window),
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

ASSIGNMENT: tuple[Refusal, ...] = (
    Refusal(
        "assign/refuse/overlap",
        "assignRoom",
        "booking and a room taken for its nights",
        "ROOM_OVERLAP_CONFLICT",
        "errors/code/room-overlap-conflict",
        body={"room_id": "{room_id}"},
    ),
    Refusal(
        "assign/refuse/already-checked-in",
        "assignRoom",
        "in-house booking and a free room",
        "BOOKING_ALREADY_CHECKED_IN",
        "errors/code/booking-already-checked-in",
        body={"room_id": "{free_room_id}"},
    ),
    Refusal(
        "assign/refuse/not-eligible",
        "assignRoom",
        "booking with status",
        "BOOKING_NOT_ELIGIBLE",
        "booking/lifecycle/terminal-statuses",
        params={"status": "CANCELLED"},
        body={"room_id": "{beside_room_id}"},
        beside=State(ROOM, {"room_status": "READY_FOR_GUEST"}),
    ),
    Refusal(
        "assign/refuse/unknown-room",
        "assignRoom",
        NO_ROOM,
        "ROOM_NOT_FOUND",
        "errors/code/room-not-found",
        body={"room_id": UNKNOWN_ROOM},
    ),
    Refusal(
        "assign/refuse/invalid-input",
        "assignRoom",
        NO_ROOM,
        "INVALID_INPUT",
        "errors/code/invalid-input",
        body={"room_id": "the one with the view"},
    ),
    Refusal(
        "unassign/refuse/already-checked-in",
        "unassignRoom",
        IN_HOUSE,
        "BOOKING_ALREADY_CHECKED_IN",
        "errors/code/booking-already-checked-in",
    ),
    Refusal(
        "move/refuse/not-checked-in",
        "moveRoom",
        NO_ROOM,
        "NOT_CHECKED_IN",
        "errors/code/not-checked-in",
        body={"to_room_id": "{free_room_id}"},
    ),
    Refusal(
        "move/refuse/room-not-ready",
        "moveRoom",
        IN_HOUSE,
        "ROOM_NOT_READY",
        "assignment/move/target-ready",
        body={"to_room_id": "{beside_room_id}"},
        beside=State(ROOM, {"room_status": "CHECKOUT_DIRTY"}),
    ),
)


def _housekeeping(slug: str, room_status: str, code: str, clause: str, *, actor: str, to: str) -> Refusal:
    return Refusal(
        f"housekeeping/refuse/{slug}",
        "setRoomStatus",
        ROOM,
        code,
        clause,
        actor=actor,
        params={"room_status": room_status},
        body={"to_status": to},
    )


HOUSEKEEPING: tuple[Refusal, ...] = (
    _housekeeping(
        "invalid-transition",
        "READY_FOR_GUEST",
        "INVALID_TRANSITION",
        "housekeeping/transitions",
        actor="manager",
        to="CLEANING_IN_PROGRESS",
    ),
    _housekeeping(
        "permission-front-desk",
        "CHECKOUT_DIRTY",
        "PERMISSION_DENIED",
        "housekeeping/permissions/enforced",
        actor="front_desk",
        to="CLEANING_IN_PROGRESS",
    ),
    _housekeeping(
        "permission-housekeeping",
        "CHECKOUT_DIRTY",
        "PERMISSION_DENIED",
        "housekeeping/permissions/enforced",
        actor="housekeeping",
        to="READY_FOR_GUEST",
    ),
    Refusal(
        "housekeeping/refuse/note-required",
        "managerOverride",
        ROOM,
        "NOTE_REQUIRED",
        "errors/code/note-required",
        actor="manager",
        params={"room_status": "CHECKOUT_DIRTY"},
        body={"to_status": "READY_FOR_GUEST"},
    ),
    _housekeeping(
        "invalid-input",
        "CHECKOUT_DIRTY",
        "INVALID_INPUT",
        "errors/code/invalid-input",
        actor="manager",
        to="SPARKLING",
    ),
    _housekeeping(
        "occupied-by-hand",
        "READY_FOR_GUEST",
        "INVALID_TRANSITION",
        "housekeeping/occupied-reserved",
        actor="manager",
        to="OCCUPIED",
    ),
)


def _guest(slug: str, **overrides: str) -> Refusal:
    case, clause = f"guest/refuse/{slug}", "access/guest-token-required"
    return Refusal(
        case, "guestBookingStatus", READY, "NOT_AUTHENTICATED", clause, actor=GUEST, overrides=overrides
    )


GUESTS: tuple[Refusal, ...] = (_guest("no-token"), _guest("unknown-token", token=UNKNOWN_TOKEN))


def _malformed(case: str, operation: str, state: str | None, actor: str, **params: str) -> Refusal:
    return Refusal(
        f"{case}/refuse/malformed-json",
        operation,
        state,
        "INVALID_INPUT",
        "errors/never-5xx",
        actor=actor,
        params=params,
        body='{"room_id": ',
    )


def _login(slug: str, username: str, password: str) -> Refusal:
    case, clause = f"login/refuse/{slug}", "endpoints/staff-login/wrong-password"
    body = {"username": username, "password": password}
    return Refusal(case, "staffLogin", None, "NOT_AUTHENTICATED", clause, actor=ANONYMOUS, body=body)


MALFORMED: tuple[Refusal, ...] = (
    _malformed("assign", "assignRoom", NO_ROOM, "front_desk"),
    _malformed("housekeeping", "setRoomStatus", ROOM, "manager", room_status="CHECKOUT_DIRTY"),
    _malformed("login", "staffLogin", None, ANONYMOUS),
)

LOGIN: tuple[Refusal, ...] = (
    _login("wrong-password", "{manager_username}", "not the password"),
    _login("unknown-user", "staycheck-nobody-of-that-name", "not the password"),
    _login("empty-password", "{manager_username}", ""),
)

REFUSALS: tuple[Refusal, ...] = (
    *CHECK_IN,
    *CHECK_OUT,
    *ASSIGNMENT,
    *HOUSEKEEPING,
    *GUESTS,
    *LOGIN,
    *MALFORMED,
    *ACCESS,
)
BY_CASE: Mapping[str, Refusal] = MappingProxyType({refusal.case: refusal for refusal in REFUSALS})

if len(BY_CASE) != len(REFUSALS):  # a table with two rows of one name is a mistake of its author
    raise ValueError("Two refusals have the same case.")
