"""The wire: requests in the backend's words, answers and events in the contract's."""

from __future__ import annotations

import pytest

from conformance_tests.refusal import UNKNOWN_ROOM
from conformance_tests.target import TargetError
from conformance_tests.wire import Wire

STAY = {"hotel_slug": "grand", "hotel_id": 3, "room_id": 11, "room_number": 203, "booking_id": "B1"}
DIALECT = {
    "name": "other words",
    "base_path": "/v2",
    "paths": {"setRoomStatus": "/hotels/{hotel_slug}/rooms/{room_number}/status"},
    "auth": {"header": "X-Auth", "scheme": "Bearer", "guest_scheme": "Guest"},
    "channels": {"staff": "{hotel_slug}.room-bookings"},
    "errors": ["flat_error_detail"],
}


@pytest.fixture
def wire() -> Wire:
    found = Wire(DIALECT)
    found.know(STAY)
    return found


def test_a_room_is_named_the_other_way_when_the_path_wants_it(wire: Wire) -> None:
    request = wire.request("setRoomStatus", {"hotel_slug": "grand", "room_id": 11}, {"to_status": "OCCUPIED"})
    assert (request.method, request.path) == ("POST", "/v2/hotels/grand/rooms/203/status")


def test_a_room_of_another_hotel_is_named_the_other_way_too(wire: Wire) -> None:
    wire.know({"hotel_slug": "other", "hotel_id": 4, "room_id": 77, "room_number": 707})
    wire.know({"hotel_slug": "other", "hotel_id": 4, "room_id": 12, "room_number": 203})
    asked = [
        wire.request("setRoomStatus", {"hotel_slug": "grand", "room_id": room_id}, {"to_status": "OCCUPIED"})
        for room_id in (77, 11)
    ]
    assert [request.path.rsplit("/", 2)[1] for request in asked] == ["707", "203"]


def test_a_call_has_the_method_and_the_wrapper_of_the_backend() -> None:
    wire = Wire(
        {"name": "x", "methods": {"checkIn": "PATCH"}, "wrapper": {"key": "data", "errors": {"key": "data"}}}
    )
    request = wire.request("checkIn", {"hotel_slug": "grand", "booking_id": "B1"}, None)
    assert request.method == "PATCH"
    assert wire.reply("checkIn", 200, {"data": {"booking_id": "B1"}}) == {"booking_id": "B1"}
    refused = {"error": {"code": "ROOM_NOT_READY", "message": "dirty"}}
    assert wire.reply("checkIn", 400, {"data": refused}) == refused


def test_credentials_are_sent_as_the_backend_takes_them(wire: Wire) -> None:
    assert wire.staff_header("t") == {"X-Auth": "Bearer t"}
    assert wire.request("guestContext", {}, None, guest_token="raw").headers == {"X-Auth": "Guest raw"}
    link = wire.request(
        "guestBookingStatus", {"hotel_slug": "grand", "booking_id": "B1"}, None, guest_token="raw"
    )
    assert (link.query, dict(link.headers)) == ({"token": "raw"}, {})


def test_channels_are_translated_both_ways(wire: Wire) -> None:
    assert wire.channel_name("staff-hotel-3") == "grand.room-bookings"
    assert wire.event("grand.room-bookings", "booking_updated", {"x": 1})[0] == "staff-hotel-3"


def test_a_refusal_is_read_in_the_shape_the_backend_has(wire: Wire) -> None:
    body = wire.reply("checkIn", 400, {"error": "ROOM_NOT_READY", "detail": "dirty"})
    assert body == {"error": {"code": "ROOM_NOT_READY", "message": "dirty"}}


def test_the_channel_authorization_is_a_form() -> None:
    request = Wire(None).request("channelAuth", {}, {"socket_id": "1.2", "channel_name": "private-x"})
    assert request.form
    assert request.body == {"socket_id": "1.2", "channel_name": "private-x"}


def test_a_dialect_that_cannot_be_is_one_sentence() -> None:
    with pytest.raises(TargetError, match="cannot be used"):
        Wire({"name": "x", "paths": {"noSuchOperation": "/x"}})


def test_the_room_that_nobody_has_is_asked_for_by_number_too(wire: Wire) -> None:
    """Otherwise the refusal of an unknown room is never asked for where rooms are numbers in paths."""
    request = wire.request(
        "setRoomStatus",
        {"hotel_slug": "grand", "room_id": UNKNOWN_ROOM},
        {"to_status": "CLEANING_IN_PROGRESS"},
    )
    assert request.path == f"/v2/hotels/grand/rooms/{UNKNOWN_ROOM}/status"
