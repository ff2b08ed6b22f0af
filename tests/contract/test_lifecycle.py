"""The lifecycles are total, pure, and exactly the table of contract-facts section 3."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.lifecycle import (
    BOOKING_COMMANDS,
    BookingState,
    IllegalTransition,
    Stamp,
    booking_lifecycle,
    phase_of,
    room_lifecycle,
)
from contract.schema_files import document
from contract.schema_store import schema_store

ROOMS = room_lifecycle()
BOOKINGS = booking_lifecycle()

# contract-facts section 3, word for word
FACTS = {
    "READY_FOR_GUEST": {"OCCUPIED", "MAINTENANCE_REQUIRED", "OUT_OF_ORDER"},
    "OCCUPIED": {"CHECKOUT_DIRTY"},
    "CHECKOUT_DIRTY": {
        "CLEANING_IN_PROGRESS",
        "CLEANED_UNINSPECTED",
        "MAINTENANCE_REQUIRED",
        "READY_FOR_GUEST",
    },
    "CLEANING_IN_PROGRESS": {
        "CLEANED_UNINSPECTED",
        "CHECKOUT_DIRTY",
        "MAINTENANCE_REQUIRED",
        "READY_FOR_GUEST",
    },
    "CLEANED_UNINSPECTED": {"READY_FOR_GUEST", "CHECKOUT_DIRTY", "MAINTENANCE_REQUIRED"},
    "MAINTENANCE_REQUIRED": {"CHECKOUT_DIRTY", "OUT_OF_ORDER", "READY_FOR_GUEST"},
    "OUT_OF_ORDER": {"CHECKOUT_DIRTY", "READY_FOR_GUEST"},
}


@pytest.mark.parametrize("name", ["room_status", "booking"])
def test_the_tables_keep_their_schema(name: str) -> None:
    assert schema_store().problems("files/lifecycle.schema.json", document(f"lifecycles/{name}.yaml")) == []


def test_every_pair_of_room_statuses_is_what_the_facts_say() -> None:
    for source, target in product(FACTS, FACTS):
        if source == target:
            assert ROOMS.step(source, target).noop
        elif target in FACTS[source]:
            assert not ROOMS.step(source, target).noop
            assert ROOMS.step(source, target).to == target
        else:
            with pytest.raises(IllegalTransition):
                ROOMS.step(source, target)


def test_the_statuses_are_those_of_the_schema_and_each_has_a_label() -> None:
    assert set(ROOMS.states) == set(document("common.schema.json")["$defs"]["room_status"]["enum"])
    assert all(ROOMS.label(status) for status in ROOMS.states)


@given(st.lists(st.sampled_from(ROOMS.states) | st.just("NOWHERE"), min_size=1, max_size=30))
def test_a_walk_moves_or_raises_and_raising_changes_nothing(wishes: list[str]) -> None:
    status = "READY_FOR_GUEST"
    table = ROOMS.transitions()
    for wish in wishes:
        if ROOMS.legal(status, wish):
            status = ROOMS.step(status, wish).to
            assert status == wish
        else:
            with pytest.raises(IllegalTransition) as caught:
                ROOMS.step(status, wish)
            error = caught.value
            assert (error.code, error.state, error.command) == ("INVALID_TRANSITION", status, wish)
    assert ROOMS.transitions() == table


def test_a_no_op_sets_and_stamps_nothing() -> None:
    for status in ROOMS.states:
        step = ROOMS.step(status, status)
        assert (step.to, dict(step.sets), step.stamp) == (status, {}, None)
        assert ROOMS.via(status, status) == frozenset()


def test_entering_a_status_sets_and_stamps_as_the_facts_say() -> None:
    ready = ROOMS.step("CLEANED_UNINSPECTED", "READY_FOR_GUEST")
    assert dict(ready.sets) == {
        "maintenance_required": False,
        "maintenance_priority": None,
        "maintenance_notes": None,
        "is_out_of_order": False,
    }
    assert ready.stamp == Stamp("last_inspected_at", "inspected_by_staff_name")
    cleaned = ROOMS.step("CLEANING_IN_PROGRESS", "CLEANED_UNINSPECTED")
    assert (dict(cleaned.sets), cleaned.stamp) == ({}, Stamp("last_cleaned_at", "cleaned_by_staff_name"))
    assert dict(ROOMS.step("READY_FOR_GUEST", "MAINTENANCE_REQUIRED").sets) == {"maintenance_required": True}
    with pytest.raises(TypeError):
        ready.sets["is_out_of_order"] = True  # type: ignore[index]


def test_roles_may_what_the_facts_say() -> None:
    housekeeping = {
        ("CHECKOUT_DIRTY", "CLEANING_IN_PROGRESS"),
        ("CLEANING_IN_PROGRESS", "CLEANED_UNINSPECTED"),
        ("CLEANED_UNINSPECTED", "READY_FOR_GUEST"),
        ("CLEANING_IN_PROGRESS", "CHECKOUT_DIRTY"),
    }
    stay = {("READY_FOR_GUEST", "OCCUPIED"), ("OCCUPIED", "CHECKOUT_DIRTY")}
    for step in ROOMS.transitions():
        pair = (step.source, step.target)
        assert ROOMS.may("manager", *pair)
        assert ROOMS.may("housekeeping", *pair) == (
            pair in housekeeping or step.target == "MAINTENANCE_REQUIRED"
        )
        assert ROOMS.may("front_desk", *pair) == (pair in stay or step.target == "MAINTENANCE_REQUIRED")
        assert ROOMS.via(*pair) == ({"stay"} if pair in stay else {"housekeeping"})
        assert step.basis == ("documented" if pair in stay else "observed")


def test_what_is_illegal_is_nobodys_and_a_no_op_is_everybodys() -> None:
    assert not ROOMS.may("manager", "OCCUPIED", "READY_FOR_GUEST")
    assert ROOMS.may("housekeeping", "OUT_OF_ORDER", "OUT_OF_ORDER")
    assert ROOMS.via("OCCUPIED", "READY_FOR_GUEST") == frozenset()


def test_every_booking_state_and_command_moves_or_raises() -> None:
    phases = document("common.schema.json")["$defs"]["booking_phase"]["enum"]
    statuses = document("common.schema.json")["$defs"]["booking_status"]["enum"]
    moves = {
        (str(state), command): str(BOOKINGS.step(state, command))
        for state in (BookingState(*pair) for pair in product(phases, statuses))
        for command in BOOKING_COMMANDS
        if BOOKINGS.legal(state, command)
    }
    stay = {"expected/CONFIRMED", "expected/PENDING_PAYMENT", "expected/PENDING_APPROVAL"}
    assert moves == {
        ("expected/CONFIRMED", "check_in"): "in_house/CONFIRMED",
        ("in_house/CONFIRMED", "check_out"): "departed/COMPLETED",
        ("in_house/CONFIRMED", "move_room"): "in_house/CONFIRMED",
        **{(state, command): state for state in stay for command in ("assign_room", "unassign_room")},
    }
    for state in (BookingState(*pair) for pair in product(phases, statuses)):
        for command in (*BOOKING_COMMANDS, "teleport"):
            if (str(state), command) not in moves:
                with pytest.raises(IllegalTransition):
                    BOOKINGS.step(state, command)


def test_nothing_leaves_a_terminal_state() -> None:
    terminal = {str(state) for state in BOOKINGS.states if BOOKINGS.terminal(state)}
    assert terminal == {
        "departed/COMPLETED",
        "expected/COMPLETED",
        "expected/CANCELLED",
        "expected/NO_SHOW",
        "expected/DECLINED",
    }
    assert not terminal & {step.source for step in BOOKINGS.transitions()}


def test_phases_follow_from_the_timestamps_as_the_table_says() -> None:
    for phase, times in document("lifecycles/booking.yaml")["phases"].items():
        given_times = [times[name] == "present" or None for name in ("checked_in_at", "checked_out_at")]
        assert phase_of(*given_times) == phase


def test_the_drawings_show_every_transition() -> None:
    rooms = ROOMS.mermaid()
    assert rooms.startswith("stateDiagram-v2\n")
    assert "    READY_FOR_GUEST --> OCCUPIED: stay\n" in rooms
    assert rooms.count("-->") == sum(map(len, FACTS.values()))
    bookings = BOOKINGS.mermaid()
    assert "    expected_CONFIRMED --> in_house_CONFIRMED: check_in\n" in bookings
    assert "    departed_COMPLETED --> [*]\n" in bookings
