"""Races as they are read: who is believed, what is said of an impossible one, and that no other rule judges their calls."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from conformance_tests.engine import cut, judge_lines
from conformance_tests.race_order import explained
from conformance_tests.racing import Recorded, read_race
from tests.histories import bad_races, good, races
from tests.histories.bad import BAD
from tests.histories.builder import Line, Tape
from tests.histories.facts import STAY_BINDINGS
from tests.histories.good import CALL, error, joint

assert bad_races


def verdict(tape: Tape, rule: str) -> dict[str, Any]:
    (found,) = judge_lines(tape.text(), only=[rule])["rules"]
    return found


def order_of(tape: Tape) -> Any:
    (episode,) = [found for found in cut(tape.text()) if found.race]
    race = read_race(episode)
    assert isinstance(race, Recorded)
    return explained(race)


def test_the_order_found_is_one_that_explains() -> None:
    assert order_of(races.check_ins()).order == (1, 0, 2)  # the second call was carried out
    assert order_of(races.in_and_out()).order == (0, 1)
    assert order_of(races.maintenance()).order == (1, 0)


def test_a_violation_tells_the_impossible_history_in_words() -> None:
    bad = next(bad for bad in BAD if bad.name == "both-bookings-are-in-the-room")
    (violation,) = verdict(bad.make(), "races/one-room-two-bookings")["violations"]
    assert (
        violation["message"] == "two bookings checked into one room: no order of the calls explains an answer"
    )
    for words in (
        "A checkIn BK-2026-0001 from",
        "B checkIn BK-2026-0002 from",
        "3 of 3 pairs overlapped",
        "left: booking BK-2026-0001 in_house",
        "closest order: A C",
        "B must be refused there (the room is OCCUPIED), and was answered 200",
    ):
        assert words in violation["actual"]
    lines = " ".join(witness["line"] for witness in violation["witness"])
    assert "call checkIn BK-2026-0002" in lines
    assert "reply 400" not in lines
    assert "probe room" in lines
    assert "event booking_checked_in" in lines


def test_the_numbers_of_a_run_do_not_change_the_fingerprint() -> None:
    bad = next(bad for bad in BAD if bad.name == "both-bookings-are-in-the-room")
    later = bad.make()
    later.lines.insert(1, {"kind": "mark", "mark": "note", "text": "everything a line later"})
    prints = {
        verdict(tape, "races/one-room-two-bookings")["violations"][0]["fingerprint"]
        for tape in (bad.make(), later)
    }
    assert len(prints) == 1


@pytest.mark.parametrize("probe", ["guests", "tokens", "audit"])
def test_a_race_without_a_probe_is_inconclusive_and_names_it(probe: str) -> None:
    tape = races.check_ins()
    tape.lines[0]["capabilities"]["probes"].remove(probe)
    tape.lines = [line for line in tape.lines if line.get("probe") != probe]
    found = verdict(tape, "races/duplicates-check-in")
    assert found["verdict"] == "inconclusive"
    assert f"probe `{probe}` is not offered" in found["reasons"][0]


def test_without_a_fence_a_lost_event_is_not_proven() -> None:
    tape = races.check_ins()
    tape.drop(tape.events("room_updated")[0])
    assert verdict(tape, "races/duplicates-check-in")["verdict"] == "fail"
    tape.lines = [line for line in tape.lines if line.get("mark") not in ("fence", "run-end")]
    assert verdict(tape, "races/duplicates-check-in")["verdict"] == "inconclusive"


@pytest.mark.parametrize(("after", "verdict_there"), [("A", "inconclusive"), ("C", "fail")])
def test_a_gap_that_begins_before_the_last_answer_proves_nothing(after: str, verdict_there: str) -> None:
    """A fence between the answers brought in what the first call published, and not what the second did."""
    tape = races.check_ins()
    tape.drop(tape.events("room_updated")[0])
    fence: Line = {"kind": "mark", "mark": "fence", "fence": {"arrived": {"sink": ["rooms", "staff"]}}}
    tape.insert_after(races.reply(tape, after), fence)
    ended = next(json.loads(line)["t"] for line in tape.text() if '"mark": "fence"' in line)
    gap: Line = {
        "kind": "mark",
        "mark": "observer",
        "observer": "sink",
        "text": "a line was cut",
        "since": ended + 0.001,
    }
    tape.insert_after(tape.lines[-2], gap)
    assert verdict(tape, "races/duplicates-check-in")["verdict"] == verdict_there


def test_without_an_observer_a_race_is_inconclusive_and_what_can_be_seen_still_counts() -> None:
    def deaf(tape: Tape) -> Tape:
        tape.lines = [line for line in tape.lines if line["kind"] != "event"]
        tape.lines[0]["capabilities"] |= {"observers": [], "channels": {}}
        return tape

    assert verdict(deaf(races.one_room()), "races/one-room-two-bookings")["verdict"] == "inconclusive"
    bad = next(bad for bad in BAD if bad.name == "both-bookings-are-in-the-room").make()
    assert verdict(deaf(bad), "races/one-room-two-bookings")["verdict"] == "fail"


def test_the_same_event_delivered_again_is_no_second_event() -> None:
    tape = races.check_ins()
    line = tape.events("room_updated")[0]
    line["data"]["meta"]["ts"] = "2026-11-22T15:04:05.200000Z"
    tape.again(line)
    assert verdict(tape, "races/duplicates-check-in")["verdict"] == "pass"


def test_a_history_without_races_leaves_their_rules_skipped() -> None:
    report = judge_lines(good.stay().text(), only=["races"])
    assert {rule["verdict"] for rule in report["rules"]} == {"skipped"}


@pytest.mark.parametrize("name", sorted(races.RACES))
def test_calls_of_a_race_are_judged_by_its_rule_alone(name: str) -> None:
    """Without any of its events, with all of them doubled: no rule for calls in sequence says a word about it."""
    lost = races.RACES[name]()
    lost.lines = [line for line in lost.lines if line["kind"] != "event"]
    doubled = races.RACES[name]()
    for number, line in enumerate(one for one in list(doubled.lines) if one["kind"] == "event"):
        doubled.again(line, event_id=f"once-more-{number}")
    for tape in (lost, doubled):
        report = judge_lines(tape.text())
        failed = {rule["id"] for rule in report["rules"] if rule["verdict"] == "fail"}
        assert {rule.split("/")[0] for rule in failed - {"order/transition-chain"}} <= {"races"}
        assert any(rule.startswith("races/") for rule in failed) or name == "check-in-without-answer"


def test_overlapping_calls_of_any_history_are_left_out_of_delivery() -> None:
    """Two check-ins that overlap outside a race, as in somebody's own recording: no event is missing or surplus for them."""
    tape = Tape()
    tape.arranged("stay", "booking ready for check-in", STAY_BINDINGS)
    tape.call(
        "stay",
        "check-in/happy",
        "checkIn",
        before=joint("expected"),
        after=joint("in_house"),
        reply={},
        **CALL,
    )
    first = tape.reply("check-in/happy")
    twin = copy.deepcopy(tape.calls("check-in/happy")) | {"call": "c9", "case": "check-in/again"}
    tape.insert_after(tape.calls("check-in/happy"), twin)
    tape.insert_after(
        first,
        {"kind": "reply", "call": "c9", "outcome": "replied", "status": 409, "body": error("ROOM_NOT_READY")},
    )
    report = judge_lines(tape.text(), only=["events", "order", "idempotency", "refusal"])
    assert [rule["id"] for rule in report["rules"] if rule["verdict"] == "fail"] == []
