"""The endpoints that only read, once each, so that their answers can be judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from conformance_tests.refusals import GUEST, IN_HOUSE, NO_ROOM, READY
from conformance_tests.scenarios.scenario import Scenario, Step, Wanted, look

BUCKETS = ("arrivals", "in_house", "pending", "checked_out", "cancelled")
PAGE = 5


def reads() -> Iterable[Scenario]:
    """Lists, boards and details around a booking that is expected, one in the house and one without a room."""
    yield Scenario(
        "reads/booking",
        "reads",
        (Wanted(READY),),
        (
            look("read/booking", "getBooking", actor="front_desk"),
            look("read/bookings", "listBookings", actor="front_desk"),
            look("read/bookings", "listBookings", page=1, page_size=5),
            look("read/bookings", "listBookings", page=2, page_size=5),
            *(look("read/bookings", "listBookings", bucket=bucket) for bucket in BUCKETS),
            look("read/bookings", "listBookings", status="CONFIRMED"),
            look("read/bookings", "listBookings", q="{booking_id}"),
        ),
    )
    yield Scenario(
        "reads/rooms",
        "reads",
        (Wanted(IN_HOUSE),),
        (
            look("read/room", "getRoom"),
            look("read/rooms", "listRooms"),
            look("read/rooms", "listRooms", page=1, page_size=5),
            look("read/rooms", "listRooms", page=2, page_size=5),
            look("read/board", "roomsBoard"),
            look("read/dashboard", "housekeepingDashboard", actor="housekeeping"),
            look("read/history", "roomStatusHistory"),
            look("read/history", "roomStatusHistory", limit=2),
        ),
    )
    asked: Any = {"before": False, "settle": False}
    yield Scenario(
        "reads/from-a-browser",
        "reads",
        (Wanted(READY),),
        (
            *(
                Step("read/cors-preflight", name, browser="preflight", **asked)
                for name in ("getBooking", "checkIn", "guestContext")
            ),
            Step("read/cors-page", "getBooking", browser="page", **asked),
            Step("read/cors-page", "guestContext", actor=GUEST, token="guest_token", browser="page", **asked),  # noqa: S106
        ),
    )
    yield Scenario(
        "reads/available-rooms",
        "reads",
        (Wanted(NO_ROOM),),
        (look("read/available-rooms", "listAvailableRooms", actor="front_desk"),),
    )
    yield Scenario(
        "reads/after-a-stay",
        "reads",
        (Wanted(READY),),
        (
            *_everywhere("guest_token"),
            Step("check-in/happy", "checkIn"),
            *_everywhere("issued_token"),
            Step("check-out/happy", "checkOut"),
        ),
    )
    yield Scenario(
        "reads/page-by-page",
        "reads",
        (Wanted(READY),),
        tuple(
            look("read/pages", operation, page=page, page_size=size)
            for operation in ("listBookings", "listRooms")
            for page, size in ((1, 2 * PAGE), (1, PAGE), (2, PAGE), (1, 2 * PAGE), (1, 2 * PAGE))
        ),
        undisturbed=True,
    )


def _everywhere(token: str) -> tuple[Step, ...]:
    """Every place in which the room or the booking of a scenario is shown, to staff and to the guest; nothing changes by it."""
    as_guest: Any = {"actor": GUEST, "token": token, "before": False, "settle": False}
    booking = replace(look("read/booking", "getBooking"), before=True)
    return (
        booking,
        look("read/board", "roomsBoard"),
        look("read/dashboard", "housekeepingDashboard"),
        look("read/room", "getRoom"),
        look("read/history", "roomStatusHistory"),
        look("read/bookings", "listBookings", q="{booking_id}"),
        Step("read/as-guest", "guestBookingStatus", **as_guest),
        Step("read/as-guest", "guestContext", **as_guest),
        booking,
    )
