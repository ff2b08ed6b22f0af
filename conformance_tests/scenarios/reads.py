"""The endpoints that only read, once each, so that their answers can be judged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conformance_tests.refusals import GUEST, IN_HOUSE, NO_ROOM, READY
from conformance_tests.scenarios.scenario import Scenario, Step, Wanted, look


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
            look("read/bookings", "listBookings", bucket="arrivals"),
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
