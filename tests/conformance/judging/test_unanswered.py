"""A call without an answer is never guessed about; what must hold whether it happened or not is still judged."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from conformance_tests.engine import judge_lines
from tests.histories import good
from tests.histories.builder import Tape, room_updated
from tests.histories.facts import ROOM_ID, STAY_BINDINGS
from tests.histories.good import CALL, check_in_events, check_out_events, joint

NAME = "stay"


def unanswered(operation: str, start: str, end: str, events: Callable[[Tape], list[dict[str, Any]]]) -> Tape:
    """The call gets no answer; the state after it is read twice."""
    tape = Tape()
    tape.arranged(NAME, "booking ready for check-in", STAY_BINDINGS)
    before, after = joint(start), joint(end)
    call = tape.call(NAME, "check-in/happy", operation, status=None, before=before, after=after, events=events(tape),
                     **CALL)  # fmt: skip
    again = [copy.deepcopy(one) for one in tape.lines if one["kind"] == "probe" and one["when"] == "after"]
    tape.lines += [one for one in again if one["call"] == call]
    return tape


def came() -> Tape:
    return unanswered("checkIn", "expected", "in_house", check_in_events)


def left() -> Tape:
    return unanswered("checkOut", "in_house", "departed", check_out_events)


def stayed_away() -> Tape:
    return unanswered("checkIn", "expected", "expected", lambda _: [])


def failed(tape: Tape) -> dict[str, str]:
    rules = judge_lines(tape.text())["rules"]
    assert [rule["id"] for rule in rules if rule["verdict"] == "error"] == []
    return {rule["id"]: rule["violations"][0]["clause"] for rule in rules if rule["verdict"] == "fail"}


@pytest.mark.parametrize("tape", [came, left, stayed_away])
def test_whole_or_not_at_all_raises_no_alarm(tape: Callable[[], Tape]) -> None:
    assert failed(tape()) == {}


@pytest.mark.parametrize(
    ("tape", "name"), [(came, "booking_checked_in"), (left, "booking_checked_out"), (came, "room_updated")]
)
def test_an_event_of_what_happened_is_due(tape: Callable[[], Tape], name: str) -> None:
    spoiled = tape()
    spoiled.drop(spoiled.events(name)[0])
    (clause,) = failed(spoiled).values()
    assert clause.startswith("events/")


def test_no_event_is_due_of_what_is_not_proven_to_have_happened() -> None:
    """One reading alone proves nothing: the operation may be under way."""
    tape = came()
    tape.drop(tape.events("room_updated")[0])
    seen = [line for line in tape.lines if line["kind"] == "probe" and line["when"] == "after"]
    tape.lines = [line for line in tape.lines if not any(line is one for one in seen[len(seen) // 2 :])]
    assert failed(tape) == {}


def test_a_booking_in_house_in_a_room_that_stayed_free_is_torn() -> None:
    tape = came()
    rooms = [
        line
        for line in tape.lines
        if line["kind"] == "probe" and line["probe"] == "room" and line["when"] == "after"
    ]
    for line in rooms:
        line["state"].update(room_status="READY_FOR_GUEST", is_occupied=False)
    assert failed(tape)["refusal/no-effect"] == "atomicity/check-in"


def test_a_room_taken_for_a_booking_that_never_came_is_torn() -> None:
    tape = stayed_away()
    for line in tape.lines:
        if line["kind"] == "probe" and line["probe"] == "room" and line["when"] == "after":
            line["state"].update(room_status="OCCUPIED", is_occupied=True)
    assert failed(tape)["refusal/no-effect"] == "atomicity/check-in"


def test_two_readings_that_differ_prove_nothing() -> None:
    tape = came()
    rooms = [
        line
        for line in tape.lines
        if line["kind"] == "probe" and line["probe"] == "room" and line["when"] == "after"
    ]
    rooms[0]["state"].update(room_status="READY_FOR_GUEST", is_occupied=False)
    assert "refusal/no-effect" not in failed(tape)


def gap(tape: Tape, after: dict[str, Any], since: float) -> None:
    """The observer lost its connection, and it was noticed after this line."""
    lost = {"kind": "mark", "mark": "observer", "observer": "sink", "text": "The connection was lost; events may be missing",
            "since": since}  # fmt: skip
    tape.insert_after(after, lost)


def file_gap(tape: Tape, after: dict[str, Any], since: float, until: float | None = None) -> None:
    """The observer could not read a line, and has said so after this line."""
    told = {"kind": "mark", "mark": "observer", "observer": "sink", "text": "Line 4 of the event file is not an event",
            "since": since, **({} if until is None else {"until": until})}  # fmt: skip
    tape.insert_after(after, told)


Gap = Callable[[Tape, dict[str, Any], float], None]


def verdicts(tape: Tape) -> dict[str, str]:
    return {rule["id"]: rule["verdict"] for rule in judge_lines(tape.text())["rules"]}


@pytest.mark.parametrize("rule", ["events/check-out/nothing-missing", "idempotency/check-out/no-event"])
@pytest.mark.parametrize("gap", [gap, file_gap])
def test_what_may_have_been_missed_is_neither_missing_nor_proven_absent(gap: Gap, rule: str) -> None:
    """The connection broke before the check-out, or a line did; it was noticed at the very end."""
    tape = good.stay()
    for event in [line for line in tape.lines if line["kind"] == "event"][4:]:
        tape.drop(event)
    call = next(line for line in tape.text() if '"check-out/happy"' in line)
    position = int(call.split('"seq": ')[1].split(",")[0])
    gap(tape, tape.lines[-1], since=(position - 1) * 0.01)
    assert verdicts(tape)[rule] == "inconclusive"
    assert "fail" not in verdicts(tape).values()


@pytest.mark.parametrize(("ends", "verdict"), [(True, "fail"), (False, "inconclusive")])
def test_a_gap_that_ended_before_the_call_excuses_nothing(ends: bool, verdict: str) -> None:
    tape = good.stay()
    file_gap(tape, tape.lines[0], since=0.0, until=0.01 if ends else None)
    tape.drop(tape.events("room_updated")[0])
    assert verdicts(tape)["events/check-in/nothing-missing"] == verdict


def test_an_event_that_is_two_calls_late_is_read_as_of_its_own_call() -> None:
    """The state it shows is a later one, also where the event that announces that one was lost."""
    tape = Tape()
    tape.arranged(NAME, "booking ready for check-in", STAY_BINDINGS)
    expected, in_house, departed = joint("expected"), joint("in_house"), joint("departed")
    (late, *first), (_, *second) = check_in_events(tape), check_out_events(tape)
    tape.call(
        NAME, "order/stay", "checkIn", before=expected, events=first, settle=False, reads=in_house, **CALL
    )
    tape.call(NAME, "order/stay", "checkOut", events=second, settle=False, reads=departed, **CALL)
    file_gap(tape, tape.lines[-1], since=0.0)
    dirty = departed["room"][ROOM_ID]
    cleaning = dirty | {"room_status": "CLEANING_IN_PROGRESS", "room_status_display": "Cleaning In Progress"}
    tape.call(
        NAME, "order/stay", "startCleaning", before=departed, after={"room": {ROOM_ID: cleaning}}, reads=departed | {"room": {ROOM_ID: cleaning}},
        events=[late, room_updated(tape, cleaning, "room_status", "room_status_display")], actor="housekeeping",
        hotel_slug=CALL["hotel_slug"], room_number=dirty["room_number"],
    )  # fmt: skip
    assert verdicts(tape)["order/after-commit"] == "pass"
    read = next(line for line in tape.lines if line.get("event") is late and line["kind"] == "probe")
    read["state"] = expected["booking"]
    assert verdicts(tape)["order/after-commit"] == "fail"


@pytest.mark.parametrize("gap", [gap, file_gap])
def test_what_was_proven_before_the_gap_stays_proven(gap: Gap) -> None:
    tape = good.stay()
    gap(tape, tape.lines[-1], since=1e6)
    assert set(verdicts(tape).values()) <= {"pass", "skipped"}
