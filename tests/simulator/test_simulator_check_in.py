"""A check-in has every effect of section 1 of the seed, refuses in the contract's order, and repeats without effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from small_hotel import (
    FRONT_DESK,
    HERE,
    HOUSEKEEPING,
    MANAGER,
    NOW,
    OUTSIDER,
    THERE,
    Desk,
    booking,
    first_token,
    named,
    party,
    walk_in,
)

from simulator.commands import Actor, CheckIn
from simulator.invariants import violations
from simulator.tokens import token_hash
from simulator.world import Delete, Put


def test_room_and_booking_change_as_documented() -> None:
    desk = Desk()
    before = desk.world
    decision = desk.check_in()
    assert decision.reply.status == 200
    room, stay = desk.world.rooms[1], desk.world.bookings["A"]
    assert room == replace(before.rooms[1], is_occupied=True, room_status="OCCUPIED")
    assert stay == replace(before.bookings["A"], checked_in_at=NOW, updated_at=NOW)
    assert stay.status == "CONFIRMED"
    assert violations(desk.world) == ()


def test_the_audit_row_says_who_and_why() -> None:
    desk = Desk()
    desk.check_in(actor=FRONT_DESK)
    (row,) = desk.world.room_status_events.values()
    assert (row.room_id, row.from_status, row.to_status) == (1, "READY_FOR_GUEST", "OCCUPIED")
    assert (row.changed_by, row.changed_by_name, row.source) == (2, "Liam Walsh", "FRONT_DESK")
    assert row.created_at == NOW


def test_every_staying_member_gets_one_guest_record_linked_to_the_primary() -> None:
    desk = Desk()
    desk.check_in()
    primary, companion = sorted(desk.world.guests_of("A"), key=lambda guest: guest.id)
    assert (primary.guest_type, primary.party_member_id, primary.primary_guest_id) == ("PRIMARY", 10, None)
    assert (companion.guest_type, companion.party_member_id) == ("COMPANION", 11)
    assert companion.primary_guest_id == primary.id
    assert {guest.room_id for guest in (primary, companion)} == {1}
    assert all(len(guest.id_pin) == 4 and guest.id_pin.isdigit() for guest in (primary, companion))


def test_a_guest_record_from_before_is_used_again_and_keeps_its_pin() -> None:
    desk = Desk()
    old = replace(
        walk_in(70, "A", None), party_member_id=11, guest_type="COMPANION", first_name="Shaun", id_pin="4711"
    )
    desk.put(old)
    desk.check_in()
    assert len(desk.world.guests_of("A")) == 2
    again = desk.world.guests[70]
    assert (again.first_name, again.id_pin, again.room_id) == ("Seán", "4711", 1)


def test_who_is_not_staying_gets_no_guest_record() -> None:
    desk = Desk()
    desk.set(desk.world.bookings["A"], adults=1)
    desk.set(desk.world.party_members[11], is_staying=False)
    desk.check_in()
    assert [guest.party_member_id for guest in desk.world.guests_of("A")] == [10]


def test_one_fresh_token_is_stored_hashed_and_the_earlier_one_revoked() -> None:
    desk = Desk()
    decision = desk.check_in()
    raw = decision.reply.body["guest_token"]
    earlier, fresh = sorted(desk.world.tokens_of("A"), key=lambda token: token.id)
    assert (earlier.status, earlier.revoked_at) == ("REVOKED", NOW)
    assert earlier.revoke_reason
    assert (fresh.status, fresh.purpose, fresh.scopes) == (
        "ACTIVE",
        "CHAT",
        ("STATUS_READ", "CHAT", "ROOM_SERVICE"),
    )
    assert fresh.token_hash == token_hash(raw)
    assert fresh.expires_at == datetime(2026, 1, 19, 12, 0, tzinfo=UTC)
    assert desk.world.tokens_of("B")[0].status == "ACTIVE"


def test_the_raw_token_is_in_the_answer_and_the_guest_event_and_nowhere_else() -> None:
    decision = Desk().check_in()
    raw = decision.reply.body["guest_token"]
    assert len(raw) >= 32
    holders = [event for event in decision.events if raw in str(event.envelope)]
    assert [event.channel for event in holders] == ["private-guest-booking.A"]
    assert holders[0].envelope["payload"]["guest_token"] == raw
    assert raw not in str(decision.changes)
    assert raw not in str(decision.notices)


def test_it_publishes_four_events_once_each() -> None:
    decision = Desk().check_in()
    assert named(decision) == [
        ("booking_checked_in", "staff-hotel-1"),
        ("room_occupancy_updated", "grand-demo.rooms"),
        ("room_updated", "grand-demo.rooms"),
        ("booking_checked_in", "private-guest-booking.A"),
    ]
    staff, occupancy, room, guest = (event.envelope["payload"] for event in decision.events)
    assert staff["transition"]["from"] == "expected"
    assert staff["transition"]["to"] == "in_house"
    assert staff["transition"]["at"] == staff["checked_in_at"] == guest["checked_in_at"]
    assert occupancy["current_booking"]["booking_id"] == room["current_booking_id"] == "A"
    assert occupancy["changed_fields"] == [
        "current_booking",
        "current_occupancy",
        "guests_in_room",
        "is_occupied",
        "room_status",
    ]
    assert room["changed_fields"] == [
        "current_booking_id",
        "guests_in_room",
        "is_bookable",
        "is_occupied",
        "primary_guest",
        "room_status",
        "room_status_display",
    ]
    assert guest["room_number"] == 101


def test_a_repeat_answers_the_unchanged_booking_without_a_token() -> None:
    desk = Desk()
    first = desk.check_in()
    desk.now += timedelta(minutes=5)
    second = desk.check_in()
    assert second.reply.status == 200
    assert (second.changes, second.events, second.notices) == ((), (), ())
    assert second.reply.body["guest_token"] is None
    drop = {"message", "guest_token"}
    assert {k: v for k, v in second.reply.body.items() if k not in drop} == {
        k: v for k, v in first.reply.body.items() if k not in drop
    }


def _nobody_named(desk: Desk) -> None:
    desk.set(desk.world.party_members[10], first_name="")


def _dirty(desk: Desk) -> None:
    desk.set(desk.world.rooms[1], room_status="CHECKOUT_DIRTY")


def _tomorrow(desk: Desk) -> None:
    row = desk.world.bookings["A"]
    desk.set(row, check_in=row.check_in + timedelta(days=1), check_out=row.check_out + timedelta(days=1))


def _no_room(desk: Desk) -> None:
    desk.set(desk.world.bookings["A"], room_id=None)


def _pending(desk: Desk) -> None:
    desk.set(desk.world.bookings["A"], status="PENDING_PAYMENT")


def _gone(desk: Desk) -> None:
    desk.world = desk.world.apply([Delete("bookings", "A")])


def test_refusals_come_in_the_order_of_the_contract() -> None:
    """From the last check to the first: what is broken earlier hides what is broken later."""
    desk = Desk()
    steps: list[tuple[Callable[[Desk], None], str]] = [
        (_tomorrow, "CHECKIN_WRONG_DATE"),
        (_dirty, "ROOM_NOT_READY"),
        (_nobody_named, "PARTY_INCOMPLETE"),
        (_no_room, "BOOKING_NOT_ELIGIBLE"),
        (_pending, "BOOKING_NOT_ELIGIBLE"),
        (_gone, "BOOKING_NOT_FOUND"),
    ]
    for breaks, code in steps:
        breaks(desk)
        assert desk.refused(CheckIn(HERE, "A")) == code
    assert desk.refused(CheckIn(HERE, "A"), HOUSEKEEPING) == "PERMISSION_DENIED"
    assert desk.refused(CheckIn(THERE, "A"), HOUSEKEEPING) == "HOTEL_MISMATCH"
    assert desk.refused(CheckIn(THERE, "A"), None) == "NOT_AUTHENTICATED"


@pytest.mark.parametrize(
    ("actor", "slug", "booking_id", "code"),
    [
        (None, HERE, "A", "NOT_AUTHENTICATED"),
        (OUTSIDER, HERE, "A", "HOTEL_MISMATCH"),
        (MANAGER, "no-such-hotel", "A", "HOTEL_MISMATCH"),
        (HOUSEKEEPING, HERE, "A", "PERMISSION_DENIED"),
        (MANAGER, HERE, "Z", "BOOKING_NOT_FOUND"),
        (MANAGER, HERE, "N", "BOOKING_NOT_FOUND"),
        (MANAGER, HERE, "C", "BOOKING_NOT_ELIGIBLE"),
        (MANAGER, HERE, "D", "PARTY_INCOMPLETE"),
    ],
)
def test_who_may_not_and_what_cannot(actor: Actor | None, slug: str, booking_id: str, code: str) -> None:
    assert Desk().refused(CheckIn(slug, booking_id), actor) == code


@pytest.mark.parametrize(
    "status", ["PENDING_PAYMENT", "PENDING_APPROVAL", "CANCELLED", "NO_SHOW", "DECLINED", "COMPLETED"]
)
def test_only_a_confirmed_booking_is_checked_in(status: str) -> None:
    desk = Desk()
    desk.set(desk.world.bookings["A"], status=status)
    assert desk.refused(CheckIn(HERE, "A")) == "BOOKING_NOT_ELIGIBLE"


@pytest.mark.parametrize(
    "flaw",
    [
        {"room_status": "CHECKOUT_DIRTY"},
        {"room_status": "OUT_OF_ORDER"},
        {"is_out_of_order": True},
        {"maintenance_required": True},
        {"is_active": False},
        {"is_occupied": True},
    ],
)
def test_only_a_ready_room_takes_guests(flaw: dict[str, object]) -> None:
    desk = Desk()
    desk.set(desk.world.rooms[1], **flaw)
    assert desk.refused(CheckIn(HERE, "A")) == "ROOM_NOT_READY"


def test_the_second_booking_of_a_room_is_refused() -> None:
    desk = Desk()
    desk.check_in("A")
    assert desk.refused(CheckIn(HERE, "B")) == "ROOM_NOT_READY"


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (datetime(2026, 1, 15, 23, 59, tzinfo=UTC), "CHECKIN_WRONG_DATE"),
        (datetime(2026, 1, 16, 7, 59, tzinfo=UTC), "CHECKIN_TOO_EARLY"),
        (datetime(2026, 1, 17, 2, 1, tzinfo=UTC), "CHECKIN_TOO_LATE"),
    ],
)
def test_outside_the_arrival_window(at: datetime, code: str) -> None:
    desk = Desk()
    desk.now = at
    assert desk.refused(CheckIn(HERE, "A")) == code


@pytest.mark.parametrize(
    "at", [datetime(2026, 1, 16, 8, 0, tzinfo=UTC), datetime(2026, 1, 17, 2, 0, tzinfo=UTC)]
)
def test_the_arrival_window_includes_its_edges(at: datetime) -> None:
    desk = Desk()
    desk.now = at
    assert desk.check_in().reply.status == 200


def test_after_check_out_there_is_no_way_back() -> None:
    desk = Desk()
    desk.check_in()
    desk.check_out()
    assert desk.refused(CheckIn(HERE, "A")) == "BOOKING_NOT_ELIGIBLE"


def test_no_event_of_a_party_of_six_outgrows_ten_kilobytes() -> None:
    import json

    desk = Desk()
    six = booking(
        "SIX",
        2,
        adults=6,
        special_requests="x" * 200,
        internal_notes="x" * 1000,
        booker_company="A company with a rather long name Ltd.",
    )
    desk.world = desk.world.apply(Put(row) for row in (six, *party(six, 600), first_token(six, 60)))
    desk.set(desk.world.rooms[2], turnover_notes="x" * 1000, guest_fcm_token="push")
    for decision in (desk.check_in("SIX"), desk.check_out("SIX")):
        sizes = {event.name: len(json.dumps(event.envelope)) for event in decision.events}
        assert max(sizes.values()) < 10_000, sizes
