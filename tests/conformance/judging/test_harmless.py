"""What a correct backend may do: none of it raises an alarm."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance_tests.engine import judge_lines
from tests.histories import good
from tests.histories.builder import Line, Tape, room_updated
from tests.histories.facts import BOOKING, DIRTY_ID, OTHER_BOOKING, booking, room
from tests.histories.good import error

IN, OUT = "check-in/happy", "check-out/happy"
HARMLESS: dict[str, Callable[[], Tape]] = {}


def harmless(edit: Callable[[Tape], None]) -> Callable[[Tape], None]:
    """Register a change to the good stay that keeps every promise."""

    def make() -> Tape:
        tape = good.stay()
        edit(tape)
        return tape

    HARMLESS[edit.__name__.replace("_", "-")] = make
    return edit


def judged(lines: list[str]) -> dict[str, Any]:
    """Every rule that does not pass or skip, with what it says."""
    report = judge_lines(lines)
    return {
        rule["id"]: [*rule["reasons"], *(f"{v['message']}: {v['actual']}" for v in rule["violations"])]
        for rule in report["rules"]
        if rule["verdict"] in ("fail", "inconclusive", "error")
    }


@harmless
def every_event_is_delivered_twice(tape: Tape) -> None:
    for position, line in enumerate([line for line in tape.lines if line["kind"] == "event"]):
        line["data"]["meta"]["ts"] = f"2026-11-22T15:04:1{position}Z"
        tape.insert_after(line, copy.deepcopy(line))


@harmless
def a_resend_comes_two_calls_later(tape: Tape) -> None:
    line = copy.deepcopy(tape.events("room_updated")[0])
    line["data"]["meta"]["ts"] = tape.events("room_updated")[0]["data"]["meta"]["ts"] = (
        "2026-11-22T15:04:05.200000Z"
    )
    tape.insert_after(tape.reply("check-in/repeat"), line)


@harmless
def events_come_in_another_order_across_channels(tape: Tape) -> None:
    events = [line for line in tape.lines if line["kind"] == "event"][:4]
    reads = {id(event): [line for line in tape.lines if line.get("event") is event] for event in events}
    position = next(i for i, line in enumerate(tape.lines) if line is events[0])
    for event in events:
        tape.lines = [line for line in tape.lines if line is not event and line.get("event") is not event]
    for event in events:  # reversed by inserting each at the same place
        tape.lines[position:position] = [event, *reads[id(event)]]


@harmless
def events_come_before_the_reply(tape: Tape) -> None:
    for case in (IN, OUT):
        reply = tape.reply(case)
        tape.lines = [line for line in tape.lines if line is not reply]
        last = max(
            i for i, line in enumerate(tape.lines)
            if line.get("event") is not None and _window(tape, i) == tape.calls(case)["call"]
        )  # fmt: skip
        tape.lines.insert(last + 1, reply)


def _window(tape: Tape, position: int) -> str:
    found = ""
    for line in tape.lines[:position]:
        if line["kind"] == "call":
            found = line["call"]
    return found


@harmless
def repeats_are_refused_with_a_code(tape: Tape) -> None:
    """A MUST allows it; the SHOULD about 200 is judged apart."""
    tape.reply("check-in/repeat").update(status=409, body=error("BOOKING_ALREADY_CHECKED_IN"))
    tape.reply("check-out/repeat").update(status=409, body=error("BOOKING_NOT_ELIGIBLE"))


@harmless
def times_are_written_in_another_offset(tape: Tape) -> None:
    text = json.dumps(tape.payload("booking_checked_in", "staff"))
    moved = json.loads(text.replace("15:04:05.123456Z", "16:04:05.123456+01:00"))
    tape.payload("booking_checked_in", "staff").update(moved)
    tape.payload("booking_checked_out", "guest")["checked_out_at"] = "2026-11-22T10:04:10.654321-05:00"


@harmless
def the_database_keeps_milliseconds(tape: Tape) -> None:
    for line in tape.lines:
        if line["kind"] == "probe":
            line["state"] = json.loads(
                json.dumps(line["state"]).replace("05.123456Z", "05.123Z").replace("10.654321Z", "10.655Z")
            )


@harmless
def staff_payloads_have_more_fields(tape: Tape) -> None:
    for line in tape.lines:
        if line["kind"] == "event" and not line["channel"].startswith("private-"):
            line["data"]["payload"]["internal_version"] = 7
            line["data"]["sent_by"] = "worker-2"


@harmless
def others_are_busy_in_the_same_hotel(tape: Tape) -> None:
    foreign = booking("in_house", room("OCCUPIED", room_id=DIRTY_ID), booking_id=OTHER_BOOKING)
    step = {"from": "in_house", "to": "in_house", "at": "2026-11-22T15:04:06Z"}
    for case in (IN, "check-in/repeat", OUT, "check-out/repeat"):
        tape.insert_after(
            tape.reply(case),
            room_updated(tape, room("CLEANING_IN_PROGRESS", room_id=DIRTY_ID), "room_status"),
        )
        tape.insert_after(
            tape.reply(case), tape.event("staff", "booking_updated", foreign | {"transition": step})
        )


@harmless
def a_repeat_gets_no_answer(tape: Tape) -> None:
    reply = tape.reply("check-in/repeat")
    for name in ("status", "body", "content_type"):
        del reply[name]
    reply.update(outcome="indeterminate", reason="timed out")


@harmless
def the_survey_mail_goes_out_after_the_event(tape: Tape) -> None:
    for when, case in (("after", OUT), ("before", "check-out/repeat"), ("after", "check-out/repeat")):
        tape.state(case, when, "booking").update(
            survey_sent=True, survey_sent_at="2026-11-22T15:06:12Z", updated_at="2026-11-22T15:06:12Z"
        )


@harmless
def lists_of_guests_come_in_any_order(tape: Tape) -> None:
    tape.payload("room_updated", "rooms")["guests_in_room"].reverse()
    tape.state("check-in/repeat", "after", "guests").reverse()


@harmless
def two_observers_see_the_same(tape: Tape) -> None:
    capabilities = tape.lines[0]["capabilities"]
    capabilities["observers"] = ["sink", "subscribe"]
    capabilities["channels"]["subscribe"] = ["rooms", "staff", "guest"]
    for line in [line for line in tape.lines if line["kind"] == "event"]:
        tape.insert_after(line, copy.deepcopy(line) | {"observer": "subscribe"})
    for line in tape.lines:
        if line.get("mark") == "fence":
            line["fence"]["arrived"]["subscribe"] = ["rooms"]


@harmless
def arranging_is_heard_too(tape: Tape) -> None:
    """What the backend publishes while the state is arranged is none of the call's."""
    tape.insert_after(tape.lines[0], room_updated(tape, room("CLEANED_UNINSPECTED"), "room_status"))
    tape.insert_after(tape.lines[2], room_updated(tape, room(), "room_status"))


@harmless
def broken_lines_are_counted(tape: Tape) -> None:
    tape.lines.append({"kind": "mark", "mark": "note", "text": "the end"})


@harmless
def the_backend_publishes_events_of_its_own_on_the_same_channels(tape: Tape) -> None:
    """A notification among the events of the contract: another name, another shape, no id."""
    for line in [line for line in tape.lines if line["kind"] == "event"]:
        own = copy.deepcopy(line) | {"name": "notification_created", "data": {"text": "hi", "booking": 3}}
        tape.insert_after(line, own)


@harmless
def an_audit_log_gets_a_copy_of_every_event(tape: Tape) -> None:
    for line in [line for line in tape.lines if line["kind"] == "event"]:
        if "guest_token" not in line["data"]["payload"]:
            tape.insert_after(line, copy.deepcopy(line) | {"channel": "private-audit-log"})


@harmless
def the_guest_event_counts_heads(tape: Tape) -> None:
    tape.payload("booking_checked_in", "guest")["party"] = {"adults": 2, "children": 0}
    tape.payload("booking_checked_out", "guest")["companions"] = 1


@harmless
def times_of_events_have_no_offset(tape: Tape) -> None:
    for line in [line for line in tape.lines if line["kind"] == "event"]:
        text = json.dumps(line["data"]["payload"])
        line["data"]["payload"] = json.loads(
            text.replace("05.123456Z", "05.123456").replace("10.654321Z", "10.654321")
        )


@harmless
def the_guest_event_writes_the_room_number_as_text(tape: Tape) -> None:
    for name in ("booking_checked_in", "booking_checked_out"):
        payload = tape.payload(name, "guest")
        payload["room_number"] = str(payload["room_number"])


@harmless
def rooms_events_leave_out_what_is_null(tape: Tape) -> None:
    for line in tape.lines:
        if line["kind"] == "event" and line["channel"].endswith(".rooms"):
            payload = line["data"]["payload"]
            line["data"]["payload"] = {name: value for name, value in payload.items() if value is not None}


SHAPES = "events/schema/"
"""What only differs in its form is for the schema rules to say, at a SHOULD."""
ONLY_IN_FORM = {
    "the-guest-event-counts-heads": {"guest-booking"},
    "times-of-events-have-no-offset": {"guest-booking", "staff-booking", "room-occupancy-updated"},
    "the-guest-event-writes-the-room-number-as-text": {"guest-booking"},
    "rooms-events-leave-out-what-is-null": {"room-updated", "room-occupancy-updated"},
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_a_correct_backend_may_do_raises_no_alarm(name: str) -> None:
    found = judged(HARMLESS[name]().text())
    if name == "repeats-are-refused-with-a-code":
        assert set(found) == {"idempotency/check-in/answer-200", "idempotency/check-out/answer-200"}
    elif name == "a-repeat-gets-no-answer":
        assert set(found) == {"idempotency/check-in/graceful", "idempotency/check-in/answer-200"}
    elif name in ONLY_IN_FORM:
        assert set(found) == {SHAPES + schema for schema in ONLY_IN_FORM[name]}
    elif name == "an-audit-log-gets-a-copy-of-every-event":
        assert set(found) == {"events/nothing-extra"}
    elif name in ("every-event-is-delivered-twice", "a-resend-comes-two-calls-later"):
        assert set(found) == {"events/dedup/resend-only-in-need"}, (
            "at least once is allowed; only a SHOULD asks for once"
        )
    else:
        assert found == {}


def test_a_missing_fence_leaves_absence_unproven() -> None:
    tape = good.stay()
    tape.drop(tape.events("room_updated")[0])
    tape.lines = [line for line in tape.lines if line.get("mark") != "fence"]
    report = judge_lines(tape.text())
    verdicts = {rule["id"]: rule["verdict"] for rule in report["rules"]}
    assert verdicts["events/check-in/nothing-missing"] == "inconclusive"
    assert verdicts["idempotency/check-in/no-event"] == "inconclusive"
    assert report["verdict"] == "inconclusive"


def test_a_run_that_ended_well_but_had_no_fence_proves_no_absence() -> None:
    tape = good.stay()
    tape.lines = [line for line in tape.lines if line.get("mark") != "fence"]
    tape.ended(complete=True)
    rules = {rule["id"]: rule for rule in judge_lines(tape.text())["rules"]}
    for silent in ("idempotency/check-in/no-event", "events/nothing-extra"):
        assert rules[silent]["verdict"] == "inconclusive"
        assert "offer the state `fence`" in rules[silent]["reasons"][0]


def test_a_missing_probe_is_named_with_what_to_configure() -> None:
    tape = good.stay()
    tape.lines[0]["capabilities"]["probes"] = ["booking", "room", "audit"]
    hidden = ("guests", "tokens", "cleanup", "device", "failures")
    tape.lines = [line for line in tape.lines if line.get("probe") not in hidden]
    report = judge_lines(tape.text())
    rules = {rule["id"]: rule for rule in report["rules"]}
    assert rules["check-out/tokens/revoked"]["verdict"] == "inconclusive"
    assert "paths.tokens" in rules["check-out/tokens/revoked"]["reasons"][0]
    assert rules["check-in/room/status"]["verdict"] == "pass"
    assert not [rule["id"] for rule in report["rules"] if rule["verdict"] in ("fail", "error")]


def test_what_was_left_out_is_named_with_what_to_give() -> None:
    tape = good.stay()
    tape.ended(complete=True)
    tape.lines[0]["race_tries"] = 0
    reasons = {rule["id"]: rule["reasons"] for rule in judge_lines(tape.text())["rules"]}
    assert reasons["races/one-room-two-bookings"] == ["races were left out: --race-tries 0"]
    tape.lines[0]["capabilities"]["states"] = []
    reasons = {rule["id"]: rule["reasons"] for rule in judge_lines(tape.text())["rules"]}
    assert "give the target [states]" in reasons["housekeeping/override/effect"][0]


def test_a_log_of_events_alone_is_judged_as_far_as_it_goes() -> None:
    tape = good.stay()
    tape.lines = [line for line in tape.lines if line["kind"] in ("header", "event")]
    clean = judge_lines(tape.text())
    assert clean["verdict"] == "pass"
    tape.payload("booking_checked_out", "guest")["hotel"]["internal_notes"] = "prefers to pay in cash"
    tape.payload("booking_checked_out", "staff")["transition"]["from"] = "expected"
    tape.events("room_updated")[1]["data"]["meta"]["ts"] = "2026-11-22T15:00:00Z"
    spoiled = {rule["id"] for rule in judge_lines(tape.text())["rules"] if rule["verdict"] == "fail"}
    assert spoiled == {
        "privacy/guest-event", "events/schema/guest-booking", "order/transition-chain", "order/meta-ts",
    }  # fmt: skip


def test_an_observer_that_lost_its_connection_is_no_proof() -> None:
    tape = good.stay()
    event = tape.events("room_updated")[0]
    lost: Line = {
        "kind": "mark",
        "mark": "observer",
        "observer": "sink",
        "text": "The connection was lost; events may be missing.",
    }
    tape.insert_after(event, lost)
    tape.drop(event)
    rules = {rule["id"]: rule["verdict"] for rule in judge_lines(tape.text())["rules"]}
    assert rules["events/check-in/nothing-missing"] == "inconclusive"


def test_each_observer_is_judged_for_itself() -> None:
    tape = HARMLESS["two-observers-see-the-same"]()
    tape.drop(next(line for line in tape.events("room_updated") if line["observer"] == "subscribe"))
    report = judge_lines(tape.text())
    rule = next(rule for rule in report["rules"] if rule["id"] == "events/check-in/nothing-missing")
    assert [violation["message"].endswith("(subscribe observer)") for violation in rule["violations"]] == [
        True
    ]
    assert BOOKING


def test_a_recording_that_ended_too_early_leaves_absence_unproven() -> None:
    tape = good.stay()
    tape.drop(tape.events("booking_checked_in", "guest")[0])
    for complete, verdict in ((False, "inconclusive"), (True, "fail")):
        ended = copy.deepcopy(tape)
        ended.ended(complete=complete)
        verdicts = {rule["id"]: rule["verdict"] for rule in judge_lines(ended.text())["rules"]}
        assert verdicts["events/check-in/nothing-missing"] == verdict


def test_a_fence_on_one_channel_proves_nothing_on_another() -> None:
    tape = good.stay()
    tape.drop(tape.events("room_updated")[0])
    for line in tape.lines:
        if line.get("mark") == "fence":
            line["fence"]["arrived"] = {"sink": ["staff"]}
    verdicts = {rule["id"]: rule["verdict"] for rule in judge_lines(tape.text())["rules"]}
    assert verdicts["events/check-in/nothing-missing"] == "inconclusive"


def test_one_observer_is_the_only_place_an_event_is_seen() -> None:
    """A second observer is nobody's duty: without one the rule that compares them is not left unexercised."""
    verdicts = {rule["id"]: rule["verdict"] for rule in judge_lines(good.stay().text())["rules"]}
    assert verdicts["events/dedup/same-id-everywhere"] == "pass"


def test_a_late_event_accuses_nobody_where_every_read_was_late_too() -> None:
    """A starved machine is late with all it does; the same event beside prompt reads is a finding."""

    def verdict(read_takes: float, *, own_reads: bool = True) -> str:
        tape = good.stay()
        event = tape.events("room_updated")[0]
        tape.drop(event)
        tape.insert_after(tape.reply("token/foreign"), event)
        own = tape.calls("check-in/happy")["call"]
        for line in list(tape.lines):
            if line.get("mark") == "fence" or (
                line["kind"] == "probe" and line.get("call") == own and not own_reads
            ):
                tape.drop(line)
        lines = [json.loads(text) for text in tape.text()]
        for line in lines:
            if line["kind"] == "probe":
                line["begun"] = line["t"] - read_takes
        report = judge_lines([json.dumps(line) for line in lines])
        return str(
            next(rule["verdict"] for rule in report["rules"] if rule["id"] == "order/event-follows-call")
        )

    assert (verdict(0.01), verdict(1.0)) == ("fail", "pass")
    # A call in a quick succession has no reads of its own: those that others made meanwhile tell.
    assert (verdict(0.01, own_reads=False), verdict(1.0, own_reads=False)) == ("fail", "pass")
