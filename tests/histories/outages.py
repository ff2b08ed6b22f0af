"""A stay while the Pusher endpoint is down, as a backend with an outbox lives through it, and the lies about it."""

from __future__ import annotations

import copy
from typing import Any

from conformance_tests.entries import OUTAGE
from tests.histories.bad import lie
from tests.histories.builder import Line, Tape
from tests.histories.facts import NEW_TOKEN, STAY_BINDINGS
from tests.histories.good import CALL, check_in_events, check_out_events, error, joint

IN, OUT = f"{OUTAGE}check-in", f"{OUTAGE}check-out"
NAME = f"{OUTAGE}stay"
PUBLISH, LOSS = "atomicity/publish-failure", "events/no-loss/publisher-down"
ORDER, KEEPS = "order/after-outage", "events/dedup/attempts-keep-id"
RECOVERY = 0.1


def refused(event: Line, mode: str = "unavailable") -> Line:
    """The mark of one attempt to deliver an event. Its `meta.ts` is that of the event, whenever it is sent."""
    told = {"mode": mode, "channel": event["channel"], "name": event["name"], "data": event["data"]}
    return {
        "kind": "mark",
        "mark": "refused",
        "scenario": NAME,
        "observer": "sink",
        "refused": copy.deepcopy(told),
    }


def mark(state: str, **more: Any) -> Line:
    return {"kind": "mark", "mark": "outage", "scenario": NAME, "outage": {"state": state, **more}}


def down() -> Tape:
    """Check-in and check-out while the sink refuses; the oldest event of each channel is tried, in every way it can fail."""
    tape = Tape()
    tape.arranged(NAME, "booking ready for check-in", STAY_BINDINGS)
    first, second = check_in_events(tape), check_out_events(tape)
    for position, event in enumerate((*first, *second)):
        event["data"]["meta"]["ts"] = f"2026-11-22T15:04:05.{position:06d}Z"
    expected, in_house, departed = joint("expected"), joint("in_house"), joint("departed")
    tape.lines.append(mark("down"))
    tape.call(NAME, IN, "checkIn", before=expected, after=in_house, settle=False,
              reply={"message": "in", "guest_token": NEW_TOKEN} | in_house["booking"], **CALL)  # fmt: skip
    tape.lines += [refused(first[0]), refused(first[1], "dropped"), refused(first[3], "silent")]
    tape.call(NAME, OUT, "checkOut", before=in_house, after=departed, settle=False,
              reply={"message": "out"} | departed["booking"], **CALL)  # fmt: skip
    tape.lines += [refused(first[0], "silent"), refused(first[0])]
    tape.lines.append(mark("up", recovery=RECOVERY))
    tape.lines += [*first, *second]
    tape.fence()
    tape.lines.append({**mark("waited"), "t": 5.0})
    return tape


def sent_at_once() -> Tape:
    """A backend that sends within the call and keeps what was refused for later."""
    tape = down()
    attempts = [line for line in tape.lines if line.get("mark") == "refused"]
    for line in attempts:
        tape.drop(line)
    for line in attempts[:3]:
        tape.insert_after(tape.calls(IN), line)
    return tape


OUTAGES = {"down": down, "sent-at-once": sent_at_once}


@lie(PUBLISH, "errors/never-5xx", "errors/envelope", base=sent_at_once)
def the_check_in_fails_with_its_publish(tape: Tape) -> None:
    tape.reply(IN).update(status=500, body=error("INTERNAL"))
    call = tape.calls(OUT)["call"]
    tape.lines = [line for line in tape.lines if line["kind"] != "event" and line.get("call") != call]


@lie(PUBLISH, "errors/never-5xx", "errors/envelope", base=down)
def the_check_out_fails_for_what_the_check_in_could_not_publish(tape: Tape) -> None:
    tape.reply(OUT).update(status=500, body=error("INTERNAL"))
    call, left = tape.calls(OUT)["call"], ("booking_checked_out",)
    second = {
        id(event) for event in (*tape.events("room_updated")[1:], *tape.events("room_occupancy_updated")[1:])
    }
    for line in [line for line in tape.lines if id(line) in second or line.get("name") in left]:
        tape.drop(line)
    for line in tape.lines:
        if line["kind"] == "probe" and line.get("call") == call and line["when"] == "after":
            line["state"] = copy.deepcopy(tape.state(OUT, "before", line["probe"]))


@lie(PUBLISH, base=down)
def the_check_out_is_rolled_back_with_its_publish(tape: Tape) -> None:
    tape.state(OUT, "after", "booking").update(tape.state(OUT, "before", "booking"))


@lie(LOSS, base=down)
def one_event_is_given_up(tape: Tape) -> None:
    tape.drop(tape.events("booking_checked_in", "staff")[0])


@lie(LOSS, base=down)
def what_was_behind_it_is_never_sent(tape: Tape) -> None:
    tape.drop(tape.events("room_updated")[1])


@lie(ORDER, base=down)
def the_rooms_channel_is_sent_backwards(tape: Tape) -> None:
    first, second = tape.events("room_updated")
    tape.drop(first)
    tape.insert_after(second, first)
    first["data"]["meta"]["ts"] = second["data"]["meta"]["ts"]


@lie(KEEPS, base=down)
def every_attempt_has_an_id_of_its_own(tape: Tape) -> None:
    for number, line in enumerate([line for line in tape.lines if line.get("mark") == "refused"]):
        line["refused"]["data"]["meta"]["event_id"] = f"attempt-{number}"


@lie(KEEPS, base=down)
def the_payload_is_made_again_for_every_attempt(tape: Tape) -> None:
    tape.events("booking_checked_in", "staff")[0]["data"]["payload"]["updated_at"] = (
        "2026-11-22T15:09:00.000000Z"
    )
