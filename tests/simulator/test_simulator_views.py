"""Every view is what its schema says, and the derived fields are derived as the contract words them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from small_hotel import NOW, Desk, booking, walk_in

from contract.schema_store import schema_store
from simulator import views
from simulator.commands import UnassignRoom


def keeps(schema: str, view: Any) -> None:
    assert schema_store().problems(f"resources/{schema}.schema.json", view) == []


def every_view(desk: Desk) -> None:
    """All views of all rows keep their schemas."""
    world = desk.world
    for row in world.bookings.values():
        keeps("booking_detail", views.booking_detail(world, row))
        keeps("guest_booking", views.guest_booking(world, row))
    for room in world.rooms.values():
        keeps("room", views.room(world, room))
        keeps("available_room", views.available_room(world, room))
        payload = {**views.occupancy_payload(world, room), "changed_fields": []}
        assert schema_store().problems("events/room_occupancy_payload.schema.json", payload) == []
    for audit in world.room_status_events.values():
        keeps("room_status_event", views.room_status_event(world, audit))


def test_every_view_keeps_its_schema_through_a_stay() -> None:
    desk = Desk()
    every_view(desk)
    desk.check_in()
    desk.live_in()
    every_view(desk)
    desk.check_out()
    every_view(desk)


def detail(desk: Desk, booking_id: str) -> Any:
    return views.booking_detail(desk.world, desk.world.bookings[booking_id])


def test_in_house_is_null_before_check_in_and_lists_everybody_after() -> None:
    desk = Desk()
    assert detail(desk, "A")["in_house"] is None
    desk.check_in()
    desk.live_in()
    in_house = detail(desk, "A")["in_house"]
    assert in_house["primary"]["first_name"] == "Aoife"
    assert [guest["first_name"] for guest in in_house["companions"]] == ["Seán"]
    assert [guest["room_number"] for guest in in_house["walkins"]] == [101]
    assert in_house["total_count"] == 3


def test_the_party_counts_who_is_missing() -> None:
    desk = Desk()
    assert (detail(desk, "D")["party_complete"], detail(desk, "D")["party_missing_count"]) == (False, 1)
    desk.set(desk.world.party_members[42], first_name="Niamh", last_name=" ")
    assert detail(desk, "D")["party_missing_count"] == 1
    desk.set(desk.world.party_members[42], first_name="Niamh", last_name="Murphy")
    assert (detail(desk, "D")["party_complete"], detail(desk, "D")["party_missing_count"]) == (True, 0)
    desk.set(desk.world.bookings["D"], adults=4)
    assert detail(desk, "D")["party_missing_count"] == 1


def test_an_unnamed_member_is_missing_even_when_the_announced_number_is_met() -> None:
    desk = Desk()
    desk.set(desk.world.bookings["D"], adults=2)
    assert (detail(desk, "D")["party_complete"], detail(desk, "D")["party_missing_count"]) == (False, 1)


def test_the_flags_follow_the_phase() -> None:
    desk = Desk()

    def on() -> set[str]:
        return {name for name, value in detail(desk, "A")["flags"].items() if value}

    assert on() == {"can_check_in", "can_edit_party"}
    desk.check_in()
    assert on() == {"is_checked_in", "can_check_out"}
    desk.check_out()
    assert on() == set()


@pytest.mark.parametrize("status", ["CANCELLED", "NO_SHOW", "DECLINED", "COMPLETED"])
def test_a_terminal_booking_offers_nothing(status: str) -> None:
    desk = Desk()
    desk.set(desk.world.bookings["A"], status=status)
    assert set(detail(desk, "A")["flags"].values()) == {False}


def test_can_check_in_needs_status_room_and_party_and_no_clock() -> None:
    desk = Desk()
    desk.set(desk.world.bookings["A"], check_in=(NOW + timedelta(days=9)).date())
    assert detail(desk, "A")["flags"]["can_check_in"] is True
    assert detail(desk, "D")["flags"]["can_check_in"] is False
    desk.do(UnassignRoom("grand-demo", "A"))
    assert detail(desk, "A")["flags"]["can_check_in"] is False
    desk.set(desk.world.bookings["B"], status="PENDING_PAYMENT")
    assert detail(desk, "B")["flags"]["can_check_in"] is False


@pytest.mark.parametrize(
    ("flaw", "bookable"),
    [
        ({}, True),
        ({"room_status": "CLEANED_UNINSPECTED"}, False),
        ({"is_active": False}, False),
        ({"is_out_of_order": True}, False),
        ({"maintenance_required": True}, False),
        ({"is_occupied": True}, False),
    ],
)
def test_a_room_is_bookable_when_a_guest_could_be_put_in_now(flaw: dict[str, object], bookable: bool) -> None:
    desk = Desk()
    desk.set(desk.world.rooms[1], **flaw)
    assert views.room(desk.world, desk.world.rooms[1])["is_bookable"] is bookable


def test_the_room_lists_who_is_in_it_primary_first() -> None:
    desk = Desk()
    desk.put(walk_in(5, "A", 1))
    desk.check_in()
    room = views.room(desk.world, desk.world.rooms[1])
    assert [guest["guest_type"] for guest in room["guests_in_room"]] == ["PRIMARY", "COMPANION", "WALKIN"]
    assert room["primary_guest"] == room["guests_in_room"][0]
    assert room["current_booking_id"] == "A"


def test_without_a_primary_member_the_booker_is_the_guest() -> None:
    desk = Desk()
    desk.put(booking("E", None, booker_first_name="Eithne"))
    row = desk.world.bookings["E"]
    assert views.guest_booking(desk.world, row)["guest"] == {"first_name": "Eithne"}
    assert views.booking_detail(desk.world, row)["party"] == {
        "primary": None,
        "companions": [],
        "total_count": 0,
    }
