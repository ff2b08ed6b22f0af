"""The demo is a hotel in order at any hour, shows everything, and is the same every time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from contract.schema_files import document
from simulator import views
from simulator.commands import CheckIn, CheckOut
from simulator.decide import decide
from simulator.demo import demo, demo_world
from simulator.demo_data import FRONT_DESK, MANAGER
from simulator.ids import SeededIds
from simulator.invariants import violations
from simulator.tokens import token_hash
from simulator.world import World

NOW = datetime(2026, 7, 4, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("hours", [0, 1, 14, 23, 24 * 84 + 16, 24 * 180 + 3, 24 * 272 + 1])
def test_it_keeps_every_invariant_at_any_hour_and_over_clock_changes(hours: int) -> None:
    now = NOW + timedelta(hours=hours)
    world = World.of(demo_world(now))
    assert violations(world) == ()
    times = [row.created_at for row in world.room_status_events.values()]
    assert max(times) <= now


def test_the_same_time_gives_the_same_rows_and_tokens() -> None:
    assert demo(NOW) == demo(NOW)
    assert demo_world(NOW) == demo(NOW).rows


def test_it_shows_every_room_status_on_three_floors() -> None:
    world = World.of(demo_world(NOW))
    grand = [room for room in world.rooms.values() if room.hotel_id == 1]
    assert [room.room_number for room in grand] == [
        floor * 100 + n for floor in (1, 2, 3) for n in range(1, 9)
    ]
    assert {room.room_status for room in grand} == set(document("lifecycles/room_status.yaml")["states"])
    assert [(hotel.id, hotel.slug) for hotel in world.hotels.values()] == [
        (1, "grand-demo"),
        (2, "other-demo"),
    ]


def test_it_shows_bookings_in_every_phase_with_what_stays_leave() -> None:
    world = World.of(demo_world(NOW))
    phases = Counter(row.phase for row in world.bookings.values() if row.hotel_id == 1)
    assert phases["in_house"] >= 5
    assert phases["departed"] >= 2
    assert phases["expected"] >= 10
    today = NOW.date()
    assert any(row.phase == "in_house" and row.check_out == today for row in world.bookings.values())
    assert any(row.phase == "expected" and row.check_in > today for row in world.bookings.values())
    assert world.conversations
    assert world.room_messages
    assert {order.kind for order in world.orders.values()} == {"ORDER", "BREAKFAST"}
    assert all(job.done_at is not None for job in world.jobs.values())


@pytest.mark.parametrize("hour", [0, 5, 12, 22])
def test_todays_arrivals_can_be_checked_in_at_any_hour_and_departures_out(hour: int) -> None:
    now = NOW.replace(hour=hour)
    world = World.of(demo_world(now))
    ids = SeededIds.beyond(world, "test")
    arrivals = [
        row
        for row in world.bookings.values()
        if row.hotel_id == 1
        and row.check_in == now.date()
        and views.booking_detail(world, row)["flags"]["can_check_in"]
    ]
    ready = [row for row in arrivals if row.room_id and views.is_bookable(world.rooms[row.room_id])]
    assert len(ready) >= 5
    for row in ready:
        decision = decide(world, CheckIn("grand-demo", row.booking_id), FRONT_DESK, now, ids)
        assert decision.reply.status == 200, decision.reply.body
        world = world.apply(decision.changes)
    for row in [row for row in world.bookings.values() if row.phase == "in_house" and row.hotel_id == 1]:
        decision = decide(world, CheckOut("grand-demo", row.booking_id), MANAGER, now, ids)
        assert decision.reply.status == 200, decision.reply.body
        world = world.apply(decision.changes)
    assert violations(world) == ()


def test_its_guest_tokens_are_the_active_ones() -> None:
    shown = demo(NOW)
    active = {
        row.booking_id: row.token_hash
        for row in World.of(shown.rows).guest_tokens.values()
        if row.status == "ACTIVE"
    }
    assert {key: token_hash(raw) for key, raw in shown.guest_tokens.items()} == active
