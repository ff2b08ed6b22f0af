"""Who may not call at all: for every operation of staff, callers who are nobody, who work elsewhere, or whose role lacks it.

Check-in and check-out have cases of their own in `conformance_tests.stay_refusals`; here are those they lack, and all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance_tests.refusal import (
    ANONYMOUS,
    GUEST,
    IN_HOUSE,
    NO_ROOM,
    READY,
    ROOM,
    UNKNOWN_TOKEN,
    Refusal,
    State,
    slug,
)
from contract.operations import operation
from contract.roles import roles

OTHER_HOTEL = "booking of another hotel"
_TO_FREE_ROOM = {"room_id": "{free_room_id}"}
_CLEANING = "CLEANING_IN_PROGRESS"


@dataclass(frozen=True, slots=True)
class _Call:
    """A call of staff that would succeed: the state it needs, and its body."""

    operation: str
    state: str = READY
    body: Mapping[str, Any] | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


def _room(operation: str, status: str, **body: object) -> _Call:
    return _Call(operation, ROOM, body or None, {"room_status": status})


_CALLS = (
    _Call("assignRoom", NO_ROOM, _TO_FREE_ROOM),
    _Call("checkIn"),
    _Call("checkOut", IN_HOUSE),
    _Call("listBookings"),
    _Call("getBooking"),
    _Call("listAvailableRooms", NO_ROOM),
    _Call("unassignRoom"),
    _Call("moveRoom", "in-house booking and a free room", {"to_room_id": "{free_room_id}"}),
    _Call("roomsBoard"),
    _Call("listRooms"),
    _Call("getRoom", IN_HOUSE),
    _Call("housekeepingDashboard"),
    _room("setRoomStatus", "CHECKOUT_DIRTY", to_status=_CLEANING),
    # a change that every role may make in another way, so that only the permission refuses it
    _room("managerOverride", "CHECKOUT_DIRTY", to_status="MAINTENANCE_REQUIRED", note="looked at it myself"),
    _Call("roomStatusHistory"),
    _room("startCleaning", "CHECKOUT_DIRTY"),
    _room("markCleaned", _CLEANING),
    _room("inspectRoom", "CLEANED_UNINSPECTED", passed=True),
    _room("markMaintenance", "READY_FOR_GUEST", priority="LOW"),
    _room("completeMaintenance", "MAINTENANCE_REQUIRED"),
)
_HAVE_THEIR_OWN = frozenset(("checkIn", "checkOut"))
_ANONYMOUS_ONLY = frozenset(
    ("unassignRoom", "managerOverride", "startCleaning", "markCleaned", "inspectRoom", "markMaintenance")
)
"""A wrong token is shown to one operation of each group: a snapshot and a fence for each takes time."""


def _refused(call: _Call, who: str, code: str, clause: str, **fields: Any) -> Refusal:
    case = f"access/refuse/{who}-{slug(call.operation)}"
    return Refusal(
        case, call.operation, call.state, code, clause, params=call.params, body=call.body, **fields
    )


def _nobody(call: _Call) -> Iterable[Refusal]:
    """Without a token, with one nobody gave out, and with the token of a guest, in the words of staff and of guests."""
    code, clause = "NOT_AUTHENTICATED", "access/staff-authenticated"
    beside = State(READY) if call.state == ROOM else None
    token = "{beside_guest_token}" if beside else "{guest_token}"
    if call.operation not in _HAVE_THEIR_OWN:
        yield _refused(call, "anonymous", code, clause, actor=ANONYMOUS)
    if call.operation in _ANONYMOUS_ONLY:
        return
    yield _refused(call, "unknown-token", code, clause, actor=ANONYMOUS, overrides={"token": UNKNOWN_TOKEN})
    yield _refused(
        call, "guest-token", code, clause, actor=ANONYMOUS, overrides={"token": token}, beside=beside
    )
    yield _refused(call, "guest", code, clause, actor=GUEST, overrides={"token": token}, beside=beside)


def _elsewhere(call: _Call) -> Iterable[Refusal]:
    """By somebody who works in another hotel."""
    if call.operation not in _HAVE_THEIR_OWN:
        yield _refused(call, "outsider", "HOTEL_MISMATCH", "access/hotel-scope", actor="outsider")


def _forbidden(call: _Call) -> Iterable[Refusal]:
    """By every role that lacks what the operation asks for, in a state in which it would be carried out."""
    needed = operation(call.operation).permission
    changes_status = operation(call.operation).tag == "housekeeping"
    clause = "housekeeping/permissions/enforced" if changes_status else "access/role-permission"
    for role in roles().values():
        if not needed or any(role.allows(action) for action in needed):
            continue
        case = f"{'housekeeping' if changes_status else 'access'}/refuse/{slug(role.name.upper())}-{slug(call.operation)}"
        yield Refusal(
            case, call.operation, call.state, "PERMISSION_DENIED", clause,
            actor=role.name, params=call.params, body=call.body,
        )  # fmt: skip


def _other_hotels(call: _Call, *, in_house: bool = False, **fields: Any) -> Refusal:
    return Refusal(
        f"access/refuse/other-hotels-booking-{slug(call.operation)}",
        call.operation,
        OTHER_HOTEL,
        "BOOKING_NOT_FOUND",
        "access/booking-of-other-hotel",
        params={"in_house": True} if in_house else {},
        overrides={"hotel_slug": "{home_hotel_slug}"},
        **fields,
    )


_FREE = State(ROOM, {"room_status": "READY_FOR_GUEST"})

ACCESS: tuple[Refusal, ...] = (
    *(refusal for call in _CALLS for refusal in _nobody(call)),
    *(refusal for call in _CALLS for refusal in _elsewhere(call)),
    _other_hotels(_Call("checkOut"), in_house=True),
    _other_hotels(_Call("getBooking")),
    _other_hotels(_Call("unassignRoom")),
    _other_hotels(_Call("assignRoom"), body={"room_id": "{beside_room_id}"}, beside=_FREE),
    _other_hotels(_Call("moveRoom"), in_house=True, body={"to_room_id": "{beside_room_id}"}, beside=_FREE),
)

ROLES: tuple[Refusal, ...] = tuple(
    refusal for call in _CALLS if call.operation not in _HAVE_THEIR_OWN for refusal in _forbidden(call)
)
