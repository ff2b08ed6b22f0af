"""A check-out has every effect of section 2 of the seed, all of it or none, and repeats without effect."""

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
    Desk,
    booking,
    first_token,
    named,
    walk_in,
)

from simulator.commands import Actor, CheckOut, UseGuestToken
from simulator.invariants import violations
from simulator.tokens import token_hash

LATER = NOW + timedelta(hours=18)


def in_house(booking_id: str = "A") -> Desk:
    """A desk with the booking in house and all the traces of a stay in its room."""
    desk = Desk()
    desk.check_in(booking_id)
    desk.live_in(booking_id)
    desk.now = LATER
    return desk


def test_room_and_booking_change_as_documented() -> None:
    desk = in_house()
    before = desk.world
    assert desk.check_out().reply.status == 200
    room, stay = desk.world.rooms[1], desk.world.bookings["A"]
    assert room == replace(
        before.rooms[1],
        is_occupied=False,
        room_status="CHECKOUT_DIRTY",
        guest_fcm_token=None,
        turnover_notes=room.turnover_notes,
    )
    assert stay == replace(
        before.bookings["A"], status="COMPLETED", checked_out_at=LATER, updated_at=LATER, survey_sent_at=LATER
    )
    assert violations(desk.world) == ()


def test_the_turnover_note_is_one_more_line() -> None:
    desk = in_house()
    desk.set(desk.world.rooms[1], turnover_notes="Lamp broken.")
    desk.check_out()
    notes = desk.world.rooms[1].turnover_notes
    assert notes is not None
    first, second = notes.splitlines()
    assert first == "Lamp broken."
    assert "2026-01-17 10:00" in second
    assert "A" in second
    assert "3 guests" in second


def test_guests_leave_the_room_and_keep_their_booking() -> None:
    desk = in_house()
    desk.check_out()
    guests = desk.world.guests_of("A")
    assert len(guests) == 3
    assert {guest.room_id for guest in guests} == {None}
    assert desk.world.guests_in(1) == ()


def test_every_active_token_is_revoked_with_time_and_reason() -> None:
    desk = in_house()
    desk.put(replace(first_token(desk.world.bookings["A"], 77), purpose="OTHER"))
    desk.check_out()
    assert {token.status for token in desk.world.tokens_of("A")} == {"REVOKED"}
    latest = desk.world.guest_tokens[77]
    assert latest.revoked_at == LATER
    assert latest.revoke_reason
    assert desk.world.tokens_of("B")[0].status == "ACTIVE"


def test_chats_and_orders_go_and_those_of_other_rooms_stay() -> None:
    desk = in_house()
    row = desk.world.conversations[1]
    desk.put(
        replace(row, id=8, booking_id="C", room_id=2),
        replace(desk.world.orders[1], id=8, booking_id="C", room_id=2),
        replace(desk.world.room_messages[1], id=8, conversation_id=8, room_id=2),
    )
    desk.check_out("A")
    assert set(desk.world.conversations) == set(desk.world.room_messages) == set(desk.world.orders) == {8}


def test_the_survey_mail_is_a_job_of_the_same_commit() -> None:
    desk = in_house()
    decision = desk.check_out()
    (job,) = desk.world.jobs.values()
    assert (job.kind, job.booking_id, job.created_at, job.done_at) == ("survey_email", "A", LATER, None)
    assert decision.reply.body["survey_sent"] is True


def test_it_publishes_four_events_once_each() -> None:
    decision = in_house().check_out()
    assert named(decision) == [
        ("booking_checked_out", "staff-hotel-1"),
        ("room_occupancy_updated", "grand-demo.rooms"),
        ("room_updated", "grand-demo.rooms"),
        ("booking_checked_out", "private-guest-booking.A"),
    ]
    staff, occupancy, room, guest = (event.envelope["payload"] for event in decision.events)
    assert (staff["transition"]["from"], staff["transition"]["to"]) == ("in_house", "departed")
    assert [person["room_number"] for person in staff["in_house"]["companions"]] == [None]
    assert (occupancy["current_booking"], occupancy["guests_in_room"]) == (None, [])
    assert room["room_status"] == "CHECKOUT_DIRTY"
    assert {"room_status", "is_occupied", "turnover_notes", "guests_in_room"} <= set(room["changed_fields"])
    assert guest["status"] == "COMPLETED"
    assert guest["checked_out_at"] is not None
    assert "guest_token" not in guest


def test_a_repeat_changes_nothing_even_after_the_next_guest_moved_in() -> None:
    desk = in_house()
    desk.check_out("A")
    desk.set(desk.world.rooms[1], room_status="READY_FOR_GUEST")
    desk.now = NOW + timedelta(hours=1)
    desk.check_in("B")
    before = desk.world
    again = desk.check_out("A")
    assert again.reply.status == 200
    assert again.reply.body["status"] == "COMPLETED"
    assert (again.changes, again.events) == ((), ())
    assert desk.world is before


def test_orphans_are_detached_and_named_in_the_log() -> None:
    desk = in_house()
    departed = booking(
        "P",
        1,
        status="COMPLETED",
        checked_in_at=NOW - timedelta(days=3),
        checked_out_at=NOW - timedelta(days=1),
    )
    desk.put(departed, walk_in(50, None, 1), walk_in(51, "P", 1), walk_in(52, None, 2))
    decision = desk.check_out()
    assert decision.reply.status == 200
    ((event, fields),) = decision.notices
    assert event == "orphan_guests_detached"
    assert (fields["guest_ids"], fields["room_number"]) == ([50, 51], 101)
    assert desk.world.guests_in(1) == ()
    assert desk.world.guests[51].booking_id == "P"
    assert desk.world.guests[52].room_id == 2


def test_a_stranger_in_the_room_aborts_the_whole() -> None:
    desk = in_house()
    desk.put(booking("E", 2, checked_in_at=NOW), walk_in(50, "E", 1))
    assert desk.refused(CheckOut(HERE, "A")) == "CHECKOUT_FAILED"


@pytest.mark.parametrize("status", ["READY_FOR_GUEST", "MAINTENANCE_REQUIRED", "CHECKOUT_DIRTY"])
def test_a_room_that_cannot_change_aborts_the_whole(status: str) -> None:
    desk = in_house()
    desk.set(desk.world.rooms[1], room_status=status)
    assert desk.refused(CheckOut(HERE, "A")) == "CHECKOUT_FAILED"


def test_a_stay_without_a_room_cannot_be_checked_out() -> None:
    desk = in_house()
    desk.set(desk.world.bookings["A"], room_id=None)
    assert desk.refused(CheckOut(HERE, "A")) == "CHECKOUT_FAILED"


@pytest.mark.parametrize(
    ("actor", "booking_id", "code"),
    [
        (None, "A", "NOT_AUTHENTICATED"),
        (OUTSIDER, "A", "HOTEL_MISMATCH"),
        (HOUSEKEEPING, "A", "PERMISSION_DENIED"),
        (FRONT_DESK, "N", "BOOKING_NOT_FOUND"),
        (FRONT_DESK, "B", "NOT_CHECKED_IN"),
    ],
)
def test_who_may_not_and_what_cannot(actor: Actor | None, booking_id: str, code: str) -> None:
    assert in_house().refused(CheckOut(HERE, booking_id), actor) == code


def test_a_completed_booking_that_never_came_was_not_checked_in() -> None:
    desk = Desk()
    desk.set(desk.world.bookings["A"], status="COMPLETED")
    assert desk.refused(CheckOut(HERE, "A")) == "NOT_CHECKED_IN"


def test_the_token_of_the_stay_opens_nothing_any_more() -> None:
    desk = Desk()
    raw = desk.check_in().reply.body["guest_token"]
    use = UseGuestToken(token_hash(raw), "A", HERE)
    assert desk.do(use, None).reply.status == 200
    desk.check_out()
    assert desk.refused(use, None) == "NOT_AUTHENTICATED"
