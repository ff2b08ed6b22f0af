"""Check-in and check-out over HTTP: what staff get, what is stored, what is published, and when."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.server.conftest import Hotel

READY = "booking ready for check-in"


def stay(bindings: dict[str, Any], operation: str) -> str:
    return f"room-bookings/{bindings['booking_id']}/{operation}/"


async def test_a_stay_from_check_in_to_check_out(hotel: Hotel) -> None:
    bound = await hotel.arrange(READY)
    next_event = await hotel.listen("grand-demo.rooms", "staff-hotel-1")

    status, body = await hotel.call("POST", stay(bound, "check-in"), actor="frontdesk")
    assert (status, body["status"], body["flags"]["is_checked_in"]) == (200, "CONFIRMED", True)
    events = [await next_event() for _ in range(3)]
    assert sorted((e["channel"], e["name"]) for e in events) == [
        ("grand-demo.rooms", "room_occupancy_updated"),
        ("grand-demo.rooms", "room_updated"),
        ("staff-hotel-1", "booking_checked_in"),
    ]
    room = await hotel.probe("room", bound)
    assert (room["room_status"], room["is_occupied"]) == ("OCCUPIED", True)
    assert [t["status"] for t in await hotel.probe("tokens", bound)] == ["REVOKED", "ACTIVE"]

    status, body = await hotel.call("POST", stay(bound, "check-out"), actor="frontdesk")
    assert (status, body["status"], body["flags"]["is_checked_in"]) == (200, "COMPLETED", False)
    room = await hotel.probe("room", bound)
    assert (room["room_status"], room["guests_in_room"]) == ("CHECKOUT_DIRTY", [])
    assert {t["status"] for t in await hotel.probe("tokens", bound)} == {"REVOKED"}


@pytest.mark.parametrize("operation", ["check-in", "check-out"])
async def test_a_repeat_changes_nothing_and_says_nothing(hotel: Hotel, operation: str) -> None:
    bound = await hotel.arrange(READY if operation == "check-in" else "in-house booking")
    await hotel.call("POST", stay(bound, operation))
    before = [
        await hotel.probe(p, bound) for p in ("booking", "room", "audit", "guests", "tokens", "cleanup")
    ]
    next_event = await hotel.listen("grand-demo.rooms", "staff-hotel-1")
    status, body = await hotel.call("POST", stay(bound, operation))
    assert status == 200
    assert body.get("guest_token") is None
    after = [await hotel.probe(p, bound) for p in ("booking", "room", "audit", "guests", "tokens", "cleanup")]
    assert after == before
    # The next event on these channels belongs to the next operation: the repeat published nothing before it.
    other = await hotel.arrange("room in status", {"room_status": "CHECKOUT_DIRTY"})
    await hotel.call("POST", f"rooms/{other['room_number']}/start-cleaning/", actor="housekeeper")
    assert (await next_event())["payload"]["room_id"] == other["room_id"]


async def test_simultaneous_check_ins_have_the_effect_of_one(hotel: Hotel) -> None:
    bound = await hotel.arrange(READY)
    await hotel.login("frontdesk")
    replies = await asyncio.gather(
        *(hotel.call("POST", stay(bound, "check-in"), actor="frontdesk") for _ in range(8))
    )
    assert [status for status, _ in replies] == [200] * 8
    assert sum(body["guest_token"] is not None for _, body in replies) == 1
    assert len(await hotel.probe("audit", bound)) == 1


async def test_a_reader_who_reacts_to_an_event_sees_its_state(hotel: Hotel) -> None:
    bound = await hotel.arrange(READY)
    next_event = await hotel.listen("grand-demo.rooms")
    call = asyncio.create_task(hotel.call("POST", stay(bound, "check-in")))
    event = await next_event()
    assert (await hotel.probe("room", bound))["room_status"] == event["payload"]["room_status"] == "OCCUPIED"
    await call


@pytest.mark.parametrize(
    ("state", "params", "operation", "status", "code"),
    [
        ("booking with an incomplete party", {}, "check-in", 400, "PARTY_INCOMPLETE"),
        ("booking with status", {"status": "CANCELLED"}, "check-in", 400, "BOOKING_NOT_ELIGIBLE"),
        ("booking without a room", {}, "check-in", 400, "BOOKING_NOT_ELIGIBLE"),
        ("departed booking", {}, "check-in", 400, "BOOKING_NOT_ELIGIBLE"),
        ("booking whose room is not ready", {"occupied": True}, "check-in", 400, "ROOM_NOT_READY"),
        ("booking whose room is not ready", {"is_active": False}, "check-in", 400, "ROOM_NOT_READY"),
        (
            "booking outside its arrival window",
            {"window": "wrong_date"},
            "check-in",
            400,
            "CHECKIN_WRONG_DATE",
        ),
        ("booking outside its arrival window", {"window": "too_early"}, "check-in", 400, "CHECKIN_TOO_EARLY"),
        ("booking outside its arrival window", {"window": "too_late"}, "check-in", 400, "CHECKIN_TOO_LATE"),
        (READY, {}, "check-out", 400, "NOT_CHECKED_IN"),
        ("in-house booking with a stranger in the room", {}, "check-out", 409, "CHECKOUT_FAILED"),
        ("in-house booking whose room cannot change status", {}, "check-out", 409, "CHECKOUT_FAILED"),
    ],
)
async def test_a_refusal_changes_nothing(
    hotel: Hotel, state: str, params: dict[str, Any], operation: str, status: int, code: str
) -> None:
    bound = await hotel.arrange(state, params)
    probes = ["booking", "tokens"] + (["room", "audit", "guests"] if "room_id" in bound else [])
    before = [await hotel.probe(p, bound) for p in probes]
    path = f"/api/staff/hotel/{bound['hotel_slug']}/{stay(bound, operation)}"
    answered, body = await hotel.call("POST", path)
    assert (answered, body["error"]["code"]) == (status, code)
    assert [await hotel.probe(p, bound) for p in probes] == before


async def test_a_failing_survey_mail_leaves_a_visible_record_and_the_check_out_stands(hotel: Hotel) -> None:
    bound = await hotel.arrange("in-house booking", {"survey_mail": "fails"})
    status, _ = await hotel.call("POST", stay(bound, "check-out"))
    assert status == 200

    async def failure() -> dict[str, Any]:
        while True:
            for record in await hotel.probe("failures", bound):
                if record["attempts"]:
                    return dict(record)

    record = await asyncio.wait_for(failure(), 5)
    assert (record["kind"], record["will_retry"]) == ("survey_email", True)
    assert record["last_error"]


async def test_a_guest_who_stands_in_another_bookings_room_is_shown_there_and_can_check_out(
    hotel: Hotel,
) -> None:
    bound = await hotel.arrange("in-house booking with a stranger in the room")
    _, page = await hotel.call("GET", "room-bookings/?bucket=in_house&page_size=100")
    strangers = next(
        b
        for b in page["results"]
        if b["room_number"] != bound["room_number"]
        and bound["room_number"]
        in [g["room_number"] for g in [b["in_house"]["primary"], *b["in_house"]["companions"]]]
    )
    status, body = await hotel.call("POST", f"room-bookings/{strangers['booking_id']}/check-out/")
    assert (status, body["status"]) == (200, "COMPLETED")
    assert (await hotel.call("POST", stay(bound, "check-out")))[0] == 200, "the stranger is gone"


async def test_scope_comes_before_existence(hotel: Hotel) -> None:
    bound = await hotel.arrange(READY)
    for slug in ("grand-demo", "no-such-hotel"):
        path = f"/api/staff/hotel/{slug}/{stay(bound, 'check-in')}"
        status, body = await hotel.call("POST", path, actor="outsider")
        assert (status, body["error"]["code"]) == (403, "HOTEL_MISMATCH")
    theirs = await hotel.arrange("booking of another hotel")
    status, body = await hotel.call("POST", stay(theirs, "check-in"))
    assert (status, body["error"]["code"]) == (404, "BOOKING_NOT_FOUND")


async def test_without_credentials_nothing_is_told(hotel: Hotel) -> None:
    bound = await hotel.arrange(READY)
    status, body = await hotel.call("POST", stay(bound, "check-in"), actor=None)
    assert (status, body["error"]["code"]) == (401, "NOT_AUTHENTICATED")
