"""Assign, unassign and move: their effects, their refusals in order, their repeats without effect."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from small_hotel import (
    FRONT_DESK,
    HERE,
    HOUSEKEEPING,
    NOW,
    OUTSIDER,
    TODAY,
    Desk,
    booking,
    named,
    walk_in,
)

from simulator.assignments import rooms_for
from simulator.commands import Actor, AssignRoom, MoveRoom, UnassignRoom
from simulator.invariants import violations


def test_assign_sets_the_room_and_touches_no_room() -> None:
    desk = Desk()
    rooms = desk.world.rooms
    desk.now += timedelta(minutes=1)
    decision = desk.assign("C", 3, notes="Near the lift")
    row = desk.world.bookings["C"]
    assert (row.room_id, row.updated_at) == (3, desk.now)
    assert row.internal_notes == "Complained last time.\nRoom 103 assigned: Near the lift"
    assert desk.world.rooms == rooms
    assert decision.reply.body["room_number"] == 103
    assert named(decision) == [
        ("booking_updated", "staff-hotel-1"),
        ("booking_room_assigned", "private-guest-booking.C"),
    ]
    staff, guest = (event.envelope["payload"] for event in decision.events)
    assert (staff["transition"]["from"], staff["transition"]["to"]) == ("expected", "expected")
    assert guest["room_number"] == 103


def test_assign_again_has_no_effect() -> None:
    desk = Desk()
    desk.assign("C", 3)
    again = desk.assign("C", 3, notes="again")
    assert again.reply.status == 200
    assert (again.changes, again.events) == ((), ())


def test_the_nights_decide_about_an_overlap() -> None:
    desk = Desk()
    taken = desk.world.bookings["D"]
    assert taken.room_id == 2
    assert desk.refused(AssignRoom(HERE, "C", 2)) == "ROOM_OVERLAP_CONFLICT"
    desk.set(
        desk.world.bookings["C"], check_in=taken.check_out, check_out=taken.check_out + timedelta(days=1)
    )
    assert desk.assign("C", 2).reply.status == 200


@pytest.mark.parametrize("status", ["CANCELLED", "NO_SHOW", "DECLINED", "COMPLETED"])
def test_a_booking_that_is_over_holds_no_room(status: str) -> None:
    desk = Desk()
    desk.set(desk.world.bookings["D"], status=status)
    assert desk.assign("C", 2).reply.status == 200


@pytest.mark.parametrize("status", ["CANCELLED", "NO_SHOW", "DECLINED", "COMPLETED"])
def test_a_terminal_booking_is_given_no_room(status: str) -> None:
    desk = Desk()
    desk.set(desk.world.bookings["C"], status=status)
    assert desk.refused(AssignRoom(HERE, "C", 3)) == "BOOKING_NOT_ELIGIBLE"
    assert desk.refused(UnassignRoom(HERE, "C")) == "BOOKING_NOT_ELIGIBLE"


@pytest.mark.parametrize("flaw", [{"is_active": False}, {"is_out_of_order": True}])
def test_a_room_out_of_use_is_not_assigned(flaw: dict[str, bool]) -> None:
    desk = Desk()
    desk.set(desk.world.rooms[3], **flaw)
    assert desk.refused(AssignRoom(HERE, "C", 3)) == "ROOM_NOT_READY"


@pytest.mark.parametrize(
    ("actor", "booking_id", "room_id", "code"),
    [
        (None, "C", 3, "NOT_AUTHENTICATED"),
        (OUTSIDER, "C", 3, "HOTEL_MISMATCH"),
        (HOUSEKEEPING, "C", 3, "PERMISSION_DENIED"),
        (FRONT_DESK, "N", 3, "BOOKING_NOT_FOUND"),
        (FRONT_DESK, "C", 99, "ROOM_NOT_FOUND"),
        (FRONT_DESK, "C", 4, "ROOM_NOT_FOUND"),
    ],
)
def test_who_may_not_assign_and_what_cannot_be(
    actor: Actor | None, booking_id: str, room_id: int, code: str
) -> None:
    assert Desk().refused(AssignRoom(HERE, booking_id, room_id), actor) == code


def test_unassign_clears_the_room_and_tells_only_staff() -> None:
    desk = Desk()
    decision = desk.do(UnassignRoom(HERE, "A"))
    assert desk.world.bookings["A"].room_id is None
    assert named(decision) == [("booking_updated", "staff-hotel-1")]
    again = desk.do(UnassignRoom(HERE, "A"))
    assert (again.reply.status, again.changes, again.events) == (200, (), ())


def test_a_booking_in_house_is_only_moved() -> None:
    desk = Desk()
    desk.check_in()
    assert desk.refused(AssignRoom(HERE, "A", 2)) == "BOOKING_ALREADY_CHECKED_IN"
    assert desk.refused(UnassignRoom(HERE, "A")) == "BOOKING_ALREADY_CHECKED_IN"


def moving() -> Desk:
    """A in house in 101 with all its traces, 102 free."""
    desk = Desk()
    desk.do(UnassignRoom(HERE, "D"))
    desk.check_in()
    desk.live_in()
    desk.now += timedelta(hours=1)
    return desk


def test_a_move_takes_everything_along_and_leaves_the_old_room_dirty() -> None:
    desk = moving()
    before = desk.world
    decision = desk.move("A", 2, reason="Noise", notes="Sorry")
    world = desk.world
    assert world.rooms[1] == replace(
        before.rooms[1], is_occupied=False, room_status="CHECKOUT_DIRTY", guest_fcm_token=None
    )
    assert world.rooms[2] == replace(
        before.rooms[2], is_occupied=True, room_status="OCCUPIED", guest_fcm_token="push-token"
    )
    assert world.bookings["A"].room_id == 2
    assert world.bookings["A"].internal_notes == (
        "Complained last time.\nMoved from room 101 to 102: Noise; Sorry"
    )
    assert {guest.room_id for guest in world.guests_of("A")} == {2}
    assert {row.room_id for row in (*world.conversations.values(), *world.orders.values())} == {2}
    assert violations(world) == ()
    assert named(decision) == [
        ("booking_updated", "staff-hotel-1"),
        ("room_occupancy_updated", "grand-demo.rooms"),
        ("room_updated", "grand-demo.rooms"),
        ("room_occupancy_updated", "grand-demo.rooms"),
        ("room_updated", "grand-demo.rooms"),
        ("booking_room_assigned", "private-guest-booking.A"),
    ]
    assert [event.room_id for event in decision.events] == [None, 1, 1, 2, 2, None]
    assert (desk.check_out().reply.status, violations(desk.world)) == (200, ())
    assert not desk.world.conversations
    assert not desk.world.orders


def test_a_move_into_the_same_room_has_no_effect() -> None:
    decision = moving().move("A", 1, reason="Noise")
    assert (decision.reply.status, decision.changes, decision.events) == (200, (), ())


def test_orphans_do_not_move_along() -> None:
    desk = moving()
    desk.put(walk_in(50, None, 1))
    decision = desk.move("A", 2)
    assert desk.world.guests[50].room_id is None
    assert [event for event, _ in decision.notices] == ["orphan_guests_detached"]


@pytest.mark.parametrize(
    "flaw",
    [
        {"room_status": "CHECKOUT_DIRTY"},
        {"is_out_of_order": True},
        {"maintenance_required": True},
        {"is_active": False},
        {"is_occupied": True},
    ],
)
def test_a_move_needs_a_ready_room(flaw: dict[str, object]) -> None:
    desk = moving()
    desk.set(desk.world.rooms[2], **flaw)
    assert desk.refused(MoveRoom(HERE, "A", 2)) == "ROOM_NOT_READY"


def test_a_move_needs_free_nights() -> None:
    desk = moving()
    desk.put(booking("E", 2, check_in=TODAY + timedelta(days=1)))
    assert desk.refused(MoveRoom(HERE, "A", 2)) == "ROOM_OVERLAP_CONFLICT"


@pytest.mark.parametrize(
    ("actor", "booking_id", "room_id", "code"),
    [
        (None, "A", 2, "NOT_AUTHENTICATED"),
        (OUTSIDER, "A", 2, "HOTEL_MISMATCH"),
        (HOUSEKEEPING, "A", 2, "PERMISSION_DENIED"),
        (FRONT_DESK, "N", 2, "BOOKING_NOT_FOUND"),
        (FRONT_DESK, "B", 2, "NOT_CHECKED_IN"),
        (FRONT_DESK, "A", 4, "ROOM_NOT_FOUND"),
    ],
)
def test_who_may_not_move_and_what_cannot_be(
    actor: Actor | None, booking_id: str, room_id: int, code: str
) -> None:
    assert moving().refused(MoveRoom(HERE, booking_id, room_id), actor) == code


def test_a_departed_booking_is_not_moved() -> None:
    desk = moving()
    desk.check_out()
    assert desk.refused(MoveRoom(HERE, "A", 2)) == "NOT_CHECKED_IN"


def test_an_old_room_that_cannot_be_left_refuses_the_move() -> None:
    desk = moving()
    desk.set(desk.world.rooms[1], room_status="READY_FOR_GUEST")
    assert desk.refused(MoveRoom(HERE, "A", 2)) == "INVALID_TRANSITION"
    desk = moving()
    desk.put(booking("E", 3, checked_in_at=NOW), walk_in(50, "E", 1))
    assert desk.refused(MoveRoom(HERE, "A", 2)) == "INVALID_TRANSITION"


def test_every_room_offered_can_be_assigned() -> None:
    desk = Desk()
    desk.set(desk.world.rooms[3], is_out_of_order=True)
    offered = rooms_for(desk.world, desk.world.bookings["C"])
    assert offered == ()
    desk.do(UnassignRoom(HERE, "D"))
    (room,) = rooms_for(desk.world, desk.world.bookings["C"])
    assert desk.assign("C", room.id).reply.status == 200
    desk.set(desk.world.bookings["C"], status="CANCELLED")
    assert rooms_for(desk.world, desk.world.bookings["C"]) == ()


def test_notes_stay_bounded() -> None:
    desk = Desk()
    for turn in range(40):
        desk.assign("C", 3, notes=f"{turn} " + "x" * 100)
        desk.do(UnassignRoom(HERE, "C"))
    notes = desk.world.bookings["C"].internal_notes
    assert notes is not None
    assert len(notes) <= 1000
    assert "39 xxx" in notes.splitlines()[-1]
