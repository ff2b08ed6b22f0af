"""Scenarios: every built-in one is a hotel in order, and of anybody's own nothing is taken that is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.schema_store import schema_store
from simulator.invariants import violations
from simulator.scenario import Scenario, ScenarioError, scenario_of
from simulator.scenario_files import (
    ScenarioFileError,
    built_in,
    built_in_names,
    find_scenario,
    read_scenario,
)
from simulator.scenario_world import build
from simulator.tokens import token_hash
from simulator.world import World

REAL = datetime(2026, 7, 4, 9, 30, tzinfo=UTC)
ASKED_FOR = {
    "quiet-morning", "checkout-rush", "overbooked", "orphaned-guest", "late-arrivals", "housekeeping-backlog",
    "empty-hotel", "full-house", "demo",
}  # fmt: skip


def world_of(scenario: Scenario, real_time: datetime = REAL) -> World:
    return World.of(build(scenario, scenario.setting(real_time).begins_at(real_time)).rows)


def not_orphans(world: World) -> list[str]:
    """What is wrong beside guests without a booking, which are broken on purpose."""
    return [told for told in violations(world) if " of None is in room " not in told]


def test_the_built_in_scenarios_are_these() -> None:
    assert set(built_in_names()) == ASKED_FOR


@pytest.mark.parametrize("name", sorted(ASKED_FOR))
@pytest.mark.parametrize("hours", [0, 15, 24 * 84 + 16, 24 * 113 + 15, 24 * 267 + 14])
def test_a_built_in_scenario_keeps_the_invariants_whenever_it_begins(name: str, hours: int) -> None:
    scenario, real_time = built_in(name), REAL + timedelta(hours=hours)
    world = world_of(scenario, real_time)
    assert not_orphans(world) == []
    assert len(violations(world)) == sum(len(item.guests) for item in scenario.orphans)
    now = scenario.setting(real_time).begins_at(real_time)
    assert all(row.created_at <= now for row in world.room_status_events.values())


def test_only_the_orphaned_guest_is_broken_on_purpose() -> None:
    assert {name for name in built_in_names() if violations(world_of(built_in(name)))} == {"orphaned-guest"}


def test_the_scenarios_show_what_their_names_say() -> None:
    rush, over, late, backlog, empty, full = (
        world_of(built_in(name))
        for name in (
            "checkout-rush", "overbooked", "late-arrivals", "housekeeping-backlog", "empty-hotel", "full-house",
        )
    )  # fmt: skip
    mine = {id(w): [b for b in w.bookings.values() if b.hotel_id == 1] for w in (rush, over, late, empty)}
    today = REAL.date()
    assert sum(b.phase == "in_house" and b.check_out == today for b in mine[id(rush)]) == 10
    tonight = [b for b in mine[id(over)] if b.phase != "departed"]
    assert len(tonight) > len([r for r in over.rooms.values() if r.hotel_id == 1])
    assert len({b.room_id for b in tonight if b.room_id}) < len([b for b in tonight if b.room_id])
    assert {(today - b.check_in).days for b in mine[id(late)] if b.phase == "expected"} == {0, 1, 2}
    statuses = [r.room_status for r in backlog.rooms.values() if r.hotel_id == 1]
    assert statuses.count("READY_FOR_GUEST") < 8
    assert mine[id(empty)] == []
    assert all(r.is_occupied for r in full.rooms.values() if r.hotel_id == 1)


def test_the_same_scenario_and_time_give_the_same_rows_and_tokens() -> None:
    scenario = built_in("checkout-rush")
    first, second = build(scenario, REAL), build(scenario, REAL)
    assert first == second
    active = {
        t.booking_id: t.token_hash for t in World.of(first.rows).guest_tokens.values() if t.status == "ACTIVE"
    }
    assert {key: token_hash(raw) for key, raw in first.guest_tokens.items()} == active


def test_a_guest_token_follows_from_its_booking_and_not_from_the_others() -> None:
    base = {"title": "t", "description": "d"}
    stay = {"guests": ["Ann Lee"], "arrives": 0, "nights": 1, "id": "BK-MINE"}
    alone = build(scenario_of("mine", {**base, "bookings": [stay]}), REAL)
    other = {**stay, "id": "BK-OTHER"}
    after = build(scenario_of("mine", {**base, "bookings": [other, stay]}), REAL)
    assert alone.guest_tokens["BK-MINE"] == after.guest_tokens["BK-MINE"] != after.guest_tokens["BK-OTHER"]


BOOKING = "  - {guests: [Ann Lee], arrives: %s, nights: 2, room: %s, phase: %s%s}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title: T\n", "line 1, at /description: description is missing"),
        ("title: T\ndescription: D\nroms: []\n", "line 3, at /roms: roms is not allowed here; did you mean rooms"),
        ("title: T\ndescription: D\nrooms:\n  - {number: 101}\n  - {number: 101}\n", "line 4, at /rooms/0/number: Room 101 is listed twice"),
        ("title: T\ndescription: D\ntitle: U\n", "line 3: title stands here a second time"),
        ("title: T\ndescription: [\n", "line 3: .*YAML"),
        ("title: T\ndescription: D\nclock: noon\n", "line 3, at /clock: .*A time of today is written 08:30"),
        ("title: T\ndescription: D\nclock: frozen@08:30x2\n", "A frozen clock has no rate"),
        ("title: T\ndescription: D\nhotel:\n  timezone: Mars/Olympus\n", "line 3, at /hotel: 'Mars/Olympus' is no IANA time zone"),
        ("title: T\ndescription: D\nbookings:\n" + BOOKING % (0, 999, "expected", ""), "line 4, at /bookings/0/room: There is no room 999"),
        ("title: T\ndescription: D\nbookings:\n" + BOOKING % (-1, 101, "in_house", "") * 2, "line 5, at /bookings/1: The check-in at .* ROOM_NOT_READY"),
        ("title: T\ndescription: D\nbookings:\n" + BOOKING % (3, 101, "in_house", ""), "line 4, at /bookings/0: The check-in at .* lies in the future"),
        ("title: T\ndescription: D\nbookings:\n" + BOOKING % (0, 101, "expected", ", left_hours_ago: 2"), "at /bookings/0/left_hours_ago: Only the guests"),
        ("title: T\ndescription: D\nbookings:\n" + BOOKING % (-1, 101, "in_house", ", adults: 2"), "PARTY_INCOMPLETE"),
        ("title: T\ndescription: D\norphans:\n  - {room: 101, guests: [No One]}\n", "line 4, at /orphans/0/room: Nobody is in house"),
        ("title: T\ndescription: D\nrooms:\n  - {number: 101, status: OCCUPIED}\n", "line 4, at /rooms/0/status"),
        ("title: T\ndescription: D\nrooms:\n  - {number: 101, steps: [{to: CHECKOUT_DIRTY, hours_ago: 1}, {to: CLEANING_IN_PROGRESS, hours_ago: 2}]}\n", "line 4, at /rooms/0/steps: Steps are listed as they happened"),
        ('title: "\\ud800"\ndescription: D\n', "invalid Unicode|half a surrogate pair"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_file_line_and_place(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioFileError, match=told) as refused:
        find_scenario(str(path))
    assert str(refused.value).startswith(str(path))


@pytest.mark.parametrize(
    ("name", "told"),
    [("nowhere", "no scenario and no file 'nowhere'. Built in are checkout-rush"), (".", "cannot be read")],
)
def test_a_scenario_that_is_not_there_is_refused_with_those_that_are(name: str, told: str) -> None:
    with pytest.raises(ScenarioFileError, match=told):
        find_scenario(name)


numbers = st.sampled_from([101, 102, 107, 205, 303, 999])
hours = st.one_of(st.integers(0, 80), st.floats(0, 40))
names = st.sampled_from(["Ann Lee", "Bo", "Ćiro Đžemić", "O'Neil Mac Dowell"])
statuses = st.sampled_from(
    ["READY_FOR_GUEST", "CHECKOUT_DIRTY", "CLEANING_IN_PROGRESS", "CLEANED_UNINSPECTED", "MAINTENANCE_REQUIRED", "OUT_OF_ORDER"]
)  # fmt: skip
phases = st.sampled_from(
    ["expected", "in_house", "in_house", "departed", "departed", "pending_payment", "cancelled", "no_show", "declined"]
)  # fmt: skip


def _some(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


step = _some({"to": statuses, "hours_ago": hours}, {"note": st.just("n")})
room = st.one_of(
    _some({"number": numbers}, {"active": st.booleans(), "turnover_notes": st.just("x")}),
    _some(
        {"number": numbers, "status": statuses},
        {"hours_ago": hours, "note": st.just("n"), "type": st.just("suite")},
    ),
    _some({"number": numbers, "steps": st.lists(step, min_size=1, max_size=4)}, {"priority": st.just("LOW")}),
)
booking = _some(
    {"guests": st.lists(names, min_size=1, max_size=3), "arrives": st.integers(-5, 3), "nights": st.integers(1, 6)},
    {
        "room": numbers, "phase": phases, "adults": st.integers(1, 4), "children": st.integers(0, 2),
        "came_hours_ago": hours, "left_hours_ago": hours, "id": st.sampled_from(["BK-A", "BK-B"]),
        "chat": st.lists(st.just("hi"), max_size=2), "orders": st.lists(st.sampled_from(["ORDER", "BREAKFAST"]), max_size=2),
        "walk_ins": st.lists(names, max_size=2), "email": st.sampled_from([None, "a@b.invalid"]),
    },
)  # fmt: skip
document = _some(
    {"title": st.just("T"), "description": st.just("D")},
    {
        "clock": st.sampled_from(["08:30", "frozen@01:00", "+2d", "x60", "2026-03-29T00:30Z", "nonsense"]),
        "hotel": _some({}, {"timezone": st.sampled_from(["Europe/Dublin", "Pacific/Kiritimati", "Nowhere"]),
                            "early_checkin_from": st.sampled_from(["00:00", "08:00", "16:00"]),
                            "late_arrival_cutoff": st.sampled_from(["02:00", "23:59"])}),
        "house": st.sampled_from(["demo", "demo", "listed"]),
        "rooms": st.lists(room, max_size=4),
        "bookings": st.lists(booking, max_size=5),
        "orphans": st.lists(_some({"room": numbers, "guests": st.lists(names, min_size=1, max_size=2)}, {}), max_size=1),
    },
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document, st.integers(0, 700 * 24 * 60).map(lambda minutes: REAL + timedelta(minutes=minutes)))
def test_a_scenario_is_refused_with_its_place_or_keeps_the_invariants(
    data: dict[str, Any], real_time: datetime
) -> None:
    assert schema_store().valid("files/scenario.schema.json", data)
    refused: tuple[str, str] | None = None
    try:
        scenario = read_scenario(json.dumps(data), "made", "made.yaml")
        world = world_of(scenario, real_time)
    except ScenarioFileError as error:
        refused = "/", str(error).removeprefix("made.yaml, line 1, at /")
    except ScenarioError as error:
        refused = error.pointer, str(error)
    if refused is not None:
        assert refused[0].startswith(("/",))
        assert not refused[1].startswith("made.yaml")
        assert refused[1].endswith(".")
        return
    assert not_orphans(world) == []
    now = scenario.setting(real_time).begins_at(real_time)
    assert all(
        row.created_at <= now for row in (*world.room_status_events.values(), *world.bookings.values())
    )


def test_generated_scenarios_are_not_all_refused() -> None:
    data = {
        "title": "T", "description": "D", "rooms": [{"number": 101, "status": "CLEANED_UNINSPECTED"}],
        "bookings": [{"guests": ["Ann Lee"], "arrives": -1, "nights": 2, "room": 101, "phase": "departed"}],
    }  # fmt: skip
    world = world_of(read_scenario(json.dumps(data), "made", "made.yaml"))
    assert not_orphans(world) == []
    assert [r.room_status for r in world.rooms.values() if r.room_number == 101] == ["CLEANED_UNINSPECTED"]
