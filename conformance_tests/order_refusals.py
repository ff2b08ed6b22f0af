"""Calls with several reasons to refuse them: the contract says which of them is told (clauses refusal/order/*)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conformance_tests.refusal import (
    ANONYMOUS,
    IN_HOUSE,
    NOBODYS_BOOKING,
    NOTHING,
    READY,
    ROOM,
    UNKNOWN_ROOM,
    Refusal,
    slug,
)

SEVERAL = "booking with several reasons to refuse its check-in"
_NO_BOOKING = {"booking_id": NOBODYS_BOOKING}
_DIRTY = {"room_status": "CHECKOUT_DIRTY"}
_CODES = {
    "status": "BOOKING_NOT_ELIGIBLE",
    "no_room": "BOOKING_NOT_ELIGIBLE",
    "party": "PARTY_INCOMPLETE",
    "room": "ROOM_NOT_READY",
    "window": "CHECKIN_WRONG_DATE",
}
"""Reasons of the state, in the order in which they are looked at, and the codes they are told by."""
_TOGETHER = (
    ("status", "party"),
    ("no_room", "party"),
    ("party", "room"),
    ("room", "window"),
    ("status", "party", "room", "window"),
)


def _unknown(who: str, actor: str, code: str, clause: str, *others: str) -> Iterable[Refusal]:
    """Somebody who may not call asks for a booking and a room that there are not."""

    def refused(operation: str, state: str, later: str, **fields: Any) -> Refusal:
        case = f"order-of-refusals/refuse/{who}-{slug(operation)}"
        return Refusal(case, operation, state, code, clause, actor=actor, later=(*others, later), **fields)

    yield refused("checkIn", READY, "BOOKING_NOT_FOUND", overrides=_NO_BOOKING)
    yield refused("checkOut", IN_HOUSE, "BOOKING_NOT_FOUND", overrides=_NO_BOOKING)
    yield refused("getBooking", READY, "BOOKING_NOT_FOUND", overrides=_NO_BOOKING)
    nowhere = {"room_id": UNKNOWN_ROOM}
    cleaning: Mapping[str, Any] = {"to_status": "CLEANING_IN_PROGRESS"}
    yield refused("setRoomStatus", ROOM, "ROOM_NOT_FOUND", params=_DIRTY, overrides=nowhere, body=cleaning)


def _check_in(reasons: tuple[str, ...], params: Mapping[str, Any] = NOTHING) -> Refusal:
    """A check-in that fails for all of these; the first of them is told."""
    names = "-and-".join(slug(reason.upper()) for reason in reasons)
    code, *later = dict.fromkeys(_CODES[reason] for reason in reasons)
    return Refusal(
        f"order-of-refusals/refuse/check-in-{names}", "checkIn", SEVERAL, code, "refusal/order/check-in",
        params={"reasons": list(reasons), **params}, later=tuple(later),
    )  # fmt: skip


ORDER: tuple[Refusal, ...] = (
    *_unknown("anonymous", ANONYMOUS, "NOT_AUTHENTICATED", "refusal/order/authentication-first"),
    Refusal(
        "order-of-refusals/refuse/anonymous-malformed-json", "setRoomStatus", ROOM, "NOT_AUTHENTICATED",
        "refusal/order/authentication-first", actor=ANONYMOUS, params=_DIRTY, body='{"to_status": ',
        later=("INVALID_INPUT",),
    ),
    Refusal(
        "order-of-refusals/refuse/anonymous-unknown-hotel", "checkIn", READY, "NOT_AUTHENTICATED",
        "refusal/order/authentication-first", actor=ANONYMOUS,
        overrides={"hotel_slug": "staycheck-hotel-of-nobody", **_NO_BOOKING},
        later=("HOTEL_MISMATCH", "BOOKING_NOT_FOUND"),
    ),
    *_unknown("outsider", "outsider", "HOTEL_MISMATCH", "refusal/order/scope-before-existence"),
    *(_check_in(reasons) for reasons in _TOGETHER),
)  # fmt: skip
