"""Every read of the contract answers in its schema (the fixture checks it) and tells the same story."""

from __future__ import annotations

from typing import Any

import pytest

from contract.lifecycle import room_lifecycle
from contract.operations import operations
from tests.server.conftest import Hotel


async def test_login_tells_the_role_and_its_rights(hotel: Hotel) -> None:
    credentials = {"username": "housekeeper", "password": "housekeeper"}
    status, body = await hotel.call("POST", "/api/staff/login/", actor=None, body=credentials)
    assert (status, body["hotel_slug"], body["role"]) == (200, "grand-demo", "housekeeping")
    assert body["rbac"]["housekeeping"]["actions"]["status_transition"] is True
    assert body["rbac"]["bookings"]["actions"]["checkin"] is False


@pytest.mark.parametrize("username", ["manager", "nobody"])
async def test_a_wrong_login_is_refused_alike_for_known_and_unknown_names(
    hotel: Hotel, username: str
) -> None:
    credentials = {"username": username, "password": "wrong"}
    status, body = await hotel.call("POST", "/api/staff/login/", actor=None, body=credentials)
    assert (status, body["error"]["code"]) == (401, "NOT_AUTHENTICATED")


async def test_the_demo_hotel_has_24_rooms_in_every_status(hotel: Hotel) -> None:
    _, board = await hotel.call("GET", "turnover/rooms/")
    assert {status for status, column in board.items() if column["count"]} == set(room_lifecycle().states)
    _, dashboard = await hotel.call("GET", "housekeeping/dashboard/")
    assert dashboard["total_rooms"] == sum(dashboard["counts"].values()) == 24
    assert {s: c["count"] for s, c in board.items()} == dashboard["counts"]
    _, page = await hotel.call("GET", "room-management/?page_size=10&page=3")
    assert (page["count"], len(page["results"]), page["next"]) == (24, 4, None)
    assert "page=2" in page["previous"]
    number = page["results"][0]["room_number"]
    _, room = await hotel.call("GET", f"room-management/{number}/")
    assert room == page["results"][0]


async def test_bookings_come_in_buckets_and_pages(hotel: Hotel) -> None:
    _, everything = await hotel.call("GET", "room-bookings/?page_size=100")
    counts = everything["bucket_counts"]
    assert all(counts[bucket] for bucket in ("arrivals", "in_house", "departures", "checked_out"))
    for bucket, count in counts.items():
        _, page = await hotel.call("GET", f"room-bookings/?bucket={bucket}&page_size=100")
        assert page["count"] == len(page["results"]) == count
    one = everything["results"][0]
    _, detail = await hotel.call("GET", f"room-bookings/{one['booking_id']}/")
    assert detail == one
    _, found = await hotel.call("GET", f"room-bookings/?q={one['confirmation_number'].lower()}")
    assert [b["booking_id"] for b in found["results"]] == [one["booking_id"]]


async def test_every_arrival_of_today_with_a_ready_room_can_check_in_now(hotel: Hotel) -> None:
    _, page = await hotel.call("GET", "room-bookings/?bucket=arrivals&page_size=100")
    today = [
        b
        for b in page["results"]
        if b["flags"]["can_check_in"] and b["room"]["room_status"] == "READY_FOR_GUEST"
    ]
    outcomes = {}
    for booking in today:
        status, body = await hotel.call(
            "POST", f"room-bookings/{booking['booking_id']}/check-in/", actor="frontdesk"
        )
        outcomes[booking["booking_id"]] = body.get("error", {}).get("code", status)
    assert 200 in outcomes.values()
    assert set(outcomes.values()) <= {200, "CHECKIN_WRONG_DATE"}, "only arrivals of later days are refused"


async def test_an_available_room_can_be_assigned_moved_and_taken_back(hotel: Hotel) -> None:
    bound = await hotel.arrange("booking without a room")
    path = f"room-bookings/{bound['booking_id']}"
    _, body = await hotel.call("GET", f"{path}/available-rooms/")
    assert bound["free_room_id"] in [room["id"] for room in body["available_rooms"]]
    status, body = await hotel.call(
        "POST", f"{path}/safe-assign-room/", body={"room_id": bound["free_room_id"]}
    )
    assert (status, body["room_number"]) == (200, bound["free_room_number"])
    status, body = await hotel.call("POST", f"{path}/unassign-room/")
    assert (status, body["room"]) == (200, None)
    staying = await hotel.arrange("in-house booking and a free room")
    move = {"to_room_id": staying["free_room_id"], "reason": "noise"}
    status, body = await hotel.call("POST", f"room-bookings/{staying['booking_id']}/move-room/", body=move)
    assert (status, body["room_number"]) == (200, staying["free_room_number"])
    assert (await hotel.probe("room", staying))["room_status"] == "CHECKOUT_DIRTY"


async def test_a_room_goes_through_housekeeping_and_leaves_a_trail(hotel: Hotel) -> None:
    bound = await hotel.arrange("room in status", {"room_status": "CHECKOUT_DIRTY"})
    number, keeper = bound["room_number"], "housekeeper"
    steps: list[tuple[str, Any]] = [
        ("start-cleaning", None),
        ("mark-cleaned", None),
        ("inspect", {"passed": True}),
    ]
    for step, body in steps:
        status, _ = await hotel.call("POST", f"rooms/{number}/{step}/", actor=keeper, body=body)
        assert status == 200
    flag = {"priority": "HIGH", "notes": "tap"}
    status, body = await hotel.call("POST", f"rooms/{number}/mark-maintenance/", actor="frontdesk", body=flag)
    assert (status, body["new_status"]) == (200, "MAINTENANCE_REQUIRED")
    assert (await hotel.probe("room", bound))["maintenance_priority"] == "HIGH"
    status, _ = await hotel.call("POST", f"rooms/{number}/complete-maintenance/")
    assert status == 200
    override = {"to_status": "READY_FOR_GUEST", "note": "guest is waiting"}
    path = f"housekeeping/rooms/{bound['room_id']}"
    status, body = await hotel.call("POST", f"{path}/manager_override/", body=override)
    assert (status, body["status_event"]["source"]) == (200, "MANAGER_OVERRIDE")
    _, history = await hotel.call("GET", f"{path}/status-history/?limit=3")
    assert (len(history["status_history"]), history["total_events"]) == (3, 7)
    assert history["status_history"][0]["to_status"] == "READY_FOR_GUEST"


@pytest.mark.parametrize(
    ("actor", "path", "body", "status", "code"),
    [
        ("manager", "manager_override", {"to_status": "READY_FOR_GUEST", "note": " "}, 400, "NOTE_REQUIRED"),
        ("manager", "manager_override", {"to_status": "READY_FOR_GUEST"}, 400, "NOTE_REQUIRED"),
        ("manager", "status", {"to_status": "OCCUPIED"}, 400, "INVALID_TRANSITION"),
        ("manager", "status", {"to_status": "SPARKLING"}, 400, "INVALID_INPUT"),
        ("housekeeper", "status", {"to_status": "READY_FOR_GUEST"}, 403, "PERMISSION_DENIED"),
        (
            "frontdesk",
            "manager_override",
            {"to_status": "READY_FOR_GUEST", "note": "x"},
            403,
            "PERMISSION_DENIED",
        ),
    ],
)
async def test_housekeeping_refusals(
    hotel: Hotel, actor: str, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    bound = await hotel.arrange("room in status", {"room_status": "CHECKOUT_DIRTY"})
    answered, reply = await hotel.call(
        "POST", f"housekeeping/rooms/{bound['room_id']}/{path}/", actor=actor, body=body
    )
    assert (answered, reply["error"]["code"]) == (status, code)
    assert (await hotel.probe("room", bound))["room_status"] == "CHECKOUT_DIRTY"


async def test_every_operation_refuses_without_credentials_in_the_one_shape(hotel: Hotel) -> None:
    for operation in operations().values():
        path = operation.path.format(hotel_slug="grand-demo", booking_id="B", room_id=1, room_number=101)
        status, body = await hotel.call(operation.method, path, actor=None, body={})
        expected = (400, "INVALID_INPUT") if operation.id == "staffLogin" else (401, "NOT_AUTHENTICATED")
        assert (operation.id, status, body["error"]["code"]) == (operation.id, *expected)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing/here", 404, "NOT_FOUND"),
        ("GET", "/api/staff/login/", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/api/staff/hotel/grand-demo/room-management/4711/", 404, "ROOM_NOT_FOUND"),
        ("GET", "/api/staff/hotel/grand-demo/room-management/first/", 404, "ROOM_NOT_FOUND"),
        ("GET", "/api/staff/hotel/grand-demo/room-bookings/?page=0", 400, "INVALID_INPUT"),
        ("GET", "/api/staff/hotel/grand-demo/room-bookings/?bucket=attic", 400, "INVALID_INPUT"),
    ],
)
async def test_errors_have_one_shape_everywhere(
    hotel: Hotel, method: str, path: str, status: int, code: str
) -> None:
    answered, body = await hotel.call(method, path)
    assert (answered, body["error"]["code"]) == (status, code)


async def test_a_frontend_on_another_origin_may_call(hotel: Hotel) -> None:
    origin = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "POST"}
    preflight = await hotel.client.options("/api/staff/login/", headers=origin)
    assert preflight.status == 204
    allowed = preflight.headers["Access-Control-Allow-Headers"]
    assert {"authorization", "x-hotel-slug", "idempotency-key"} <= set(allowed.split(", "))
    reply = await hotel.client.get("/api/guest/context/", headers={"Origin": "http://localhost:5173"})
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    control = await hotel.client.get("/_staycheck/target.json", headers={"Origin": "http://localhost:5173"})
    assert control.status == 403
    assert "Access-Control-Allow-Origin" not in control.headers


async def test_a_body_beyond_the_limit_is_refused(hotel: Hotel) -> None:
    body = {"username": "x" * 300_000, "password": "x"}
    status, reply = await hotel.call("POST", "/api/staff/login/", actor=None, body=body)
    assert (status, reply["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b'"text"', b'{"room_id": 1, "notes": "\\ud800"}', b"[" * 100_000]
)
async def test_a_body_that_is_no_proper_json_is_refused(hotel: Hotel, body: bytes) -> None:
    bound = await hotel.arrange("booking without a room")
    path = f"/api/staff/hotel/grand-demo/room-bookings/{bound['booking_id']}/safe-assign-room/"
    headers = {"Authorization": f"Token {await hotel.login('manager')}", "Content-Type": "application/json"}
    reply = await hotel.client.post(path, data=body, headers=headers)
    assert (reply.status, (await reply.json())["error"]["code"]) == (400, "INVALID_INPUT")
