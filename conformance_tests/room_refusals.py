"""Which rooms may not be given, and which room status may not be set: one call per reason of the contract."""

from __future__ import annotations

from conformance_tests.refusal import IN_HOUSE, NO_ROOM, ROOM, UNKNOWN_ROOM, Refusal, State

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
    Refusal(
        "housekeeping/refuse/override-invalid-transition",
        "managerOverride",
        ROOM,
        "INVALID_TRANSITION",
        "housekeeping/transitions",
        actor="manager",
        params={"room_status": "READY_FOR_GUEST"},
        body={"to_status": "CLEANING_IN_PROGRESS", "note": "the guest asked for it"},
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
