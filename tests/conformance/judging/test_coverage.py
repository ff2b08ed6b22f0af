"""The coverage of the lifecycles: read off the calls and snapshots of a history, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from conformance_tests.engine import judge_lines
from contract.lifecycle import booking_lifecycle, room_lifecycle
from tests.histories import commands, good, outages
from tests.histories.builder import Tape


def coverage(tape: Tape) -> dict[str, Any]:
    found: dict[str, Any] = judge_lines(tape.text(), only=["atomicity/publish-failure"])["coverage"]
    return found


def test_a_history_without_calls_covers_nothing_of_the_whole_table() -> None:
    found = coverage(Tape())
    steps = found["room_status"]["transitions"]
    assert steps["seen"] == 0
    assert (
        steps["total"]
        == len(steps["missing"])
        == sum(len(one.roles) for one in room_lifecycle().transitions())
    )
    assert found["booking"]["transitions"]["total"] == len(booking_lifecycle().transitions())


def test_a_stay_covers_its_two_steps_by_who_made_them() -> None:
    found = coverage(good.stay())
    assert found["booking"]["transitions"]["seen"] == 2
    assert found["room_status"]["transitions"]["seen"] == 2
    missing = found["room_status"]["transitions"]["missing"]
    assert "READY_FOR_GUEST -> OCCUPIED (manager)" in missing
    assert "READY_FOR_GUEST -> OCCUPIED (front_desk)" not in missing


def test_a_repeat_covers_no_refusal() -> None:
    assert coverage(good.stay())["booking"]["refusals"]["seen"] == 0


def test_a_refusal_covers_what_was_asked_in_the_state_it_was_asked_in() -> None:
    refusals = coverage(commands.refused())["booking"]["refusals"]
    assert refusals["seen"] == 3
    assert "expected/CONFIRMED move_room" not in refusals["missing"]
    assert "expected/CANCELLED move_room" in refusals["missing"]


def test_what_was_carried_out_against_the_table_covers_nothing() -> None:
    tape = commands.refused()
    commands.an_expected_booking_is_moved(tape)
    assert "expected/CONFIRMED move_room" in coverage(tape)["booking"]["refusals"]["missing"]


@pytest.mark.parametrize("base", [good.stay, outages.down])
def test_a_call_without_snapshots_covers_nothing(base: Any) -> None:
    tape = base()
    tape.lines = [line for line in tape.lines if line["kind"] != "probe"]
    assert coverage(tape)["booking"]["transitions"]["seen"] == 0
