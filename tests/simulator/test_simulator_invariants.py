"""Each invariant sees the break it is for; ids are seeded and unique; notes stay bounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from small_hotel import NOW, Desk, first_token, walk_in

from simulator.ids import SeededIds
from simulator.invariants import violations
from simulator.notes import NOTES_LIMIT, appended
from simulator.world import AuditRow, Order, Row


def in_house() -> Desk:
    desk = Desk()
    desk.check_in()
    desk.live_in()
    assert violations(desk.world) == ()
    return desk


BREAKS: list[tuple[str, Any]] = [
    ("is_occupied is False with 1", lambda w: replace(w.rooms[1], is_occupied=False)),
    ("2 in-house bookings", lambda w: replace(w.bookings["B"], checked_in_at=NOW)),
    ("have no room", lambda w: replace(w.bookings["A"], room_id=None)),
    ("in status READY_FOR_GUEST", lambda w: replace(w.rooms[1], room_status="READY_FOR_GUEST")),
    ("not theirs", lambda w: walk_in(55, None, 1)),
    ("not theirs", lambda w: walk_in(55, "A", 2)),
    ("2 guest records", lambda w: replace(walk_in(55, "A", 1), party_member_id=10)),
    ("another booking", lambda w: replace(walk_in(55, "A", 1), primary_guest_id=404)),
    (
        "has departed and its token",
        lambda w: replace(w.bookings["A"], checked_out_at=NOW, status="COMPLETED"),
    ),
    ("revoked_at", lambda w: replace(first_token(w.bookings["B"], 2), status="REVOKED")),
    ("2 active tokens", lambda w: first_token(w.bookings["A"], 77)),
    ("in house and NO_SHOW", lambda w: replace(w.bookings["A"], status="NO_SHOW")),
    ("never checked in", lambda w: replace(w.bookings["B"], checked_out_at=NOW)),
    (
        "before it was checked in",
        lambda w: replace(w.bookings["A"], checked_out_at=NOW - timedelta(days=1), status="COMPLETED"),
    ),
    ("last audit row", lambda w: replace(w.rooms[1], room_status="OUT_OF_ORDER")),
    (
        "does not follow",
        lambda w: AuditRow(9, 1, "OUT_OF_ORDER", "OCCUPIED", None, None, "SYSTEM", None, NOW),
    ),
    ("changes nothing", lambda w: AuditRow(9, 1, "OCCUPIED", "OCCUPIED", None, None, "SYSTEM", None, NOW)),
    ("the booking is not", lambda w: Order(9, "B", 1, "ORDER")),
    ("no conversation", lambda w: replace(w.room_messages[1], conversation_id=9)),
]


@pytest.mark.parametrize(("sentence", "broken"), BREAKS, ids=[sentence for sentence, _ in BREAKS])
def test_each_break_is_seen(sentence: str, broken: Any) -> None:
    desk = in_house()
    row: Row = broken(desk.world)
    desk.put(row)
    found = violations(desk.world)
    assert any(sentence in line for line in found), found


def test_ids_are_the_same_for_a_seed_and_different_for_another() -> None:
    def draw(ids: SeededIds) -> list[object]:
        return [ids.number("guests"), ids.number("guests"), ids.event_id(), ids.guest_token(), ids.id_pin()]

    assert draw(SeededIds(7)) == draw(SeededIds(7))
    assert draw(SeededIds(7))[2:] != draw(SeededIds(8))[2:]
    assert draw(SeededIds(7))[:2] == [1, 2]


def test_ids_beyond_a_world_meet_no_row_of_it() -> None:
    desk = in_house()
    ids = SeededIds.beyond(desk.world, 0)
    assert ids.number("guests") == max(desk.world.guests) + 1
    assert ids.number("jobs") == 1


def test_ids_do_not_repeat() -> None:
    ids = SeededIds(0)
    assert len({ids.event_id() for _ in range(500)} | {ids.guest_token() for _ in range(500)}) == 1000
    assert all(len(ids.id_pin()) == 4 for _ in range(50))


def test_notes_keep_the_newest_lines() -> None:
    assert appended(None, "first") == "first"
    assert appended("first", " two\nlines ") == "first\ntwo lines"
    full = appended("x" * NOTES_LIMIT, "new")
    assert full == "new"
    assert len(appended("old", "y" * 5000)) == NOTES_LIMIT
