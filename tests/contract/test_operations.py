"""The operations: all of the contract's, as openapi.yaml says, and every reference in them leads somewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.clauses import load_clauses
from contract.errors import error_code
from contract.events import event_kind
from contract.operations import Operation, UnknownOperation, match, operation, operations
from contract.roles import modules
from contract.schema_store import SchemaViolation, schema_store

IDS = [
    "staffLogin",
    "checkIn",
    "checkOut",
    "listBookings",
    "getBooking",
    "listAvailableRooms",
    "assignRoom",
    "unassignRoom",
    "moveRoom",
    "roomsBoard",
    "listRooms",
    "getRoom",
    "housekeepingDashboard",
    "setRoomStatus",
    "managerOverride",
    "roomStatusHistory",
    "startCleaning",
    "markCleaned",
    "inspectRoom",
    "markMaintenance",
    "completeMaintenance",
    "guestBookingStatus",
    "guestContext",
    "channelAuth",
]
EVERY = pytest.mark.parametrize("one", operations().values(), ids=lambda one: one.id)


def test_the_operations_are_those_of_the_contract() -> None:
    assert sorted(operations()) == sorted(IDS)


@EVERY
def test_everything_an_operation_names_exists(one: Operation) -> None:
    for ref in (one.request_schema, *one.reply_schemas.values(), *(p.schema for p in one.parameters)):
        if ref is not None:
            schema_store().valid(ref, None)
    actions = {f"{module}.{action}" for module, own in modules().items() for action in own}
    assert set(one.permission) <= actions
    for code in one.refusal_codes:
        assert error_code(code).status in one.reply_schemas
    for due in one.events:
        kind = event_kind(due.channel, due.event)
        assert (due.schema, due.message) == (kind.schema, kind.message)
        assert due.clause in load_clauses()
    assert set(one.clauses) <= set(load_clauses())
    if one.idempotent is not None:
        assert one.idempotent.after in one.refusal_codes


@EVERY
def test_a_filled_path_matches_back(one: Operation) -> None:
    params = {"hotel_slug": "grand-demo", "booking_id": "BK-1", "room_id": 7, "room_number": 0}
    path = one.fill_path(params)
    assert match(one.method, path + "?token=x") == (
        one,
        {name: str(params[name]) for name in one.path_parameters},
    )


@given(st.text(min_size=1))
def test_any_text_survives_the_path(text: str) -> None:
    one = operation("getBooking")
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    path = one.fill_path({"hotel_slug": "h", "booking_id": text})
    assert match("get", path) == (one, {"hotel_slug": "h", "booking_id": text})


def test_what_is_no_operation_is_none() -> None:
    assert match("GET", "/api/staff/login/") is None
    assert match("POST", "/api/staff/login") is None
    assert match("POST", "/api/staff/login/\n") is None
    with pytest.raises(UnknownOperation):
        operation("teleport")
    with pytest.raises(KeyError, match="booking_id"):
        operation("checkIn").fill_path({"hotel_slug": "h"})


def test_check_in_is_as_documented() -> None:
    one = operation("checkIn")
    assert (one.method, one.security, one.permission, one.request_schema) == (
        "POST",
        "staff",
        ("bookings.checkin",),
        None,
    )
    assert [(due.channel, due.event, due.per) for due in one.events] == [
        ("staff", "booking_checked_in", "booking"),
        ("rooms", "room_occupancy_updated", "room"),
        ("rooms", "room_updated", "room"),
        ("guest", "booking_checked_in", "booking"),
    ]
    assert one.reply_schema(200) == "replies/check_in.schema.json"
    assert one.reply_schema(500) == "resources/error.schema.json"
    assert one.reply_schema(204) is None
    assert one.refusal_codes[:4] == (
        "NOT_AUTHENTICATED",
        "HOTEL_MISMATCH",
        "PERMISSION_DENIED",
        "BOOKING_NOT_FOUND",
    )


def test_a_move_tells_of_both_rooms() -> None:
    both = {due.event for due in operation("moveRoom").events if due.both_rooms}
    assert both == {"room_updated", "room_occupancy_updated"}


def test_who_calls_what() -> None:
    callers = {one.id: one.security for one in operations().values() if one.security != "staff"}
    assert callers == {
        "staffLogin": "none",
        "guestBookingStatus": "guest",
        "guestContext": "guest",
        "channelAuth": "guest",
    }
    assert operation("setRoomStatus").permission == (
        "housekeeping.status_transition",
        "housekeeping.status_front_desk",
    )


def test_a_parameter_reads_text_as_its_schema_wants_it() -> None:
    by_name = {(one.id, p.name): p for one in operations().values() for p in one.parameters}
    assert by_name["getRoom", "room_number"].read("101") == 101
    assert by_name["getBooking", "booking_id"].read("101") == "101"
    assert by_name["listBookings", "page"].read("2") == 2
    for text in ("", "1_0", "١", " 1", "01", "-1", "1.0", "x"):
        with pytest.raises(SchemaViolation):
            by_name["getRoom", "room_number"].read(text)
