"""What openapi.yaml says of its operations beyond OpenAPI, held against the decisions it was written from."""

from __future__ import annotations

from typing import Any

import pytest

from tools.check_documents import clause_ids, code_statuses, operations
from tools.schema_files import SCHEMAS, read_yaml

OPERATIONS: dict[str, dict[str, Any]] = {op["operationId"]: op for _, op in operations(SCHEMAS)}
ASYNCAPI = read_yaml(SCHEMAS / "asyncapi.yaml")
HOUSEKEEPING = (
    "setRoomStatus",
    "managerOverride",
    "startCleaning",
    "markCleaned",
    "inspectRoom",
    "markMaintenance",
    "completeMaintenance",
)
CAUSES = {
    "checkIn": [
        "booking_checked_in@staff",
        "room_occupancy_updated@rooms",
        "room_updated@rooms",
        "booking_checked_in@guest",
    ],
    "checkOut": [
        "booking_checked_out@staff",
        "room_occupancy_updated@rooms",
        "room_updated@rooms",
        "booking_checked_out@guest",
    ],
    "assignRoom": ["booking_updated@staff", "booking_room_assigned@guest"],
    "unassignRoom": ["booking_updated@staff"],
    "moveRoom": [
        "booking_updated@staff",
        "booking_room_assigned@guest",
        "room_updated@rooms",
        "room_occupancy_updated@rooms",
    ],
    **{name: ["room_updated@rooms"] for name in HOUSEKEEPING},
}


def test_every_operation_of_the_contract_is_there() -> None:
    assert set(OPERATIONS) == {
        *(
            "staffLogin",
            "checkIn",
            "checkOut",
            "listBookings",
            "getBooking",
            "listAvailableRooms",
            "assignRoom",
        ),
        *("unassignRoom", "moveRoom", "roomsBoard", "listRooms", "getRoom", "housekeepingDashboard"),
        *("roomStatusHistory", "guestBookingStatus", "guestContext", "channelAuth", *HOUSEKEEPING),
    }


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_causes_its_events_and_no_others(name: str) -> None:
    events = OPERATIONS[name].get("x-events", [])
    assert [f"{event['event']}@{event['channel']}" for event in events] == CAUSES.get(name, [])


@pytest.mark.parametrize("name", CAUSES)
def test_every_event_is_a_message_of_its_channel_and_a_clause_promises_it(name: str) -> None:
    clauses = clause_ids(SCHEMAS)
    for event in OPERATIONS[name]["x-events"]:
        message = ASYNCAPI["components"]["messages"][event["message"]]
        assert event["message"] in ASYNCAPI["channels"][event["channel"]]["messages"]
        assert (message["name"], message["payload"]["$ref"]) == (event["event"], event["schema"])
        assert event["clause"] in clauses


@pytest.mark.parametrize("name", CAUSES)
def test_what_changes_something_says_when_it_is_a_repeat(name: str) -> None:
    assert OPERATIONS[name]["x-idempotent"]["clause"] in clause_ids(SCHEMAS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_codes_stand_under_their_status(name: str) -> None:
    statuses = code_statuses(SCHEMAS)
    for status, response in OPERATIONS[name]["responses"].items():
        for code in response.get("x-codes", []):
            assert str(statuses[code]) == status


@pytest.mark.parametrize("name", [n for n, op in OPERATIONS.items() if "security" not in op])
def test_staff_operations_look_at_the_caller_first(name: str) -> None:
    """Authentication, hotel scope, permission; only then at what is asked for."""
    codes = [refusal["code"] for refusal in OPERATIONS[name]["x-refusals"]]
    first = ["NOT_AUTHENTICATED", "HOTEL_MISMATCH"]
    if "x-permission" in OPERATIONS[name]:
        first.append("PERMISSION_DENIED")
    assert codes[: len(first)] == first


def test_check_in_refuses_in_the_order_of_the_contract() -> None:
    assert [refusal["code"] for refusal in OPERATIONS["checkIn"]["x-refusals"]] == [
        "NOT_AUTHENTICATED",
        "HOTEL_MISMATCH",
        "PERMISSION_DENIED",
        "BOOKING_NOT_FOUND",
        "BOOKING_NOT_ELIGIBLE",
        "BOOKING_NOT_ELIGIBLE",
        "PARTY_INCOMPLETE",
        "ROOM_NOT_READY",
        "CHECKIN_WRONG_DATE",
        "CHECKIN_TOO_EARLY",
        "CHECKIN_TOO_LATE",
    ]
    assert OPERATIONS["checkIn"]["x-idempotent"]["after"] == "BOOKING_NOT_FOUND"


def test_reads_ask_for_no_permission_and_cause_nothing() -> None:
    for path, item in read_yaml(SCHEMAS / "openapi.yaml")["paths"].items():
        if "get" in item:
            assert not {"x-permission", "x-events", "x-idempotent"} & set(item["get"]), path


def test_every_channel_has_the_address_of_the_contract() -> None:
    assert {name: channel["address"] for name, channel in ASYNCAPI["channels"].items()} == {
        "rooms": "{hotel_slug}.rooms",
        "staff": "staff-hotel-{hotel_id}",
        "guest": "private-guest-booking.{booking_id}",
    }
