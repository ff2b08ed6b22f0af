"""Races that no order of their calls explains: what a lock that is missing, late or dropped leaves behind."""

from __future__ import annotations

import copy

from tests.histories import good, races
from tests.histories.bad import lie
from tests.histories.builder import Tape, room_updated
from tests.histories.facts import CAME, FREE_ID, OTHER_BOOKING, booking, room, token
from tests.histories.good import check_in_events, error
from tests.histories.races import reply, seen

IN, OUT = "races/duplicates-check-in", "races/duplicates-check-out"


@lie(IN, base=races.check_ins)
def every_duplicate_issued_a_token(tape: Tape) -> None:
    reply(tape, "A")["body"]["guest_token"] = "fp:0000000000dd"
    seen(tape, "tokens").append(token(43, active=True))


@lie(IN, base=races.check_ins)
def a_duplicate_left_a_second_active_token(tape: Tape) -> None:
    seen(tape, "tokens").append(token(43, active=True))


@lie(IN, base=races.check_ins)
def every_duplicate_was_refused(tape: Tape) -> None:
    for letter in "AB":
        reply(tape, letter).update(status=409, body=error("BOOKING_ALREADY_CHECKED_IN"))


@lie(IN, base=races.check_ins)
def a_duplicate_published_once_more(tape: Tape) -> None:
    line = tape.events("room_occupancy_updated")[0]
    tape.again(line, event_id="event-again")


@lie(IN, base=races.check_ins)
def an_event_of_the_race_was_lost(tape: Tape) -> None:
    tape.drop(tape.events("booking_checked_in", "staff")[0])


@lie(IN, "errors/envelope", "errors/never-5xx", base=races.check_ins)
def a_duplicate_broke(tape: Tape) -> None:
    reply(tape, "C").update(status=500, body=error("INTERNAL"))


@lie(IN, "errors/structured", base=races.check_ins)
def a_duplicate_was_refused_without_a_code(tape: Tape) -> None:
    reply(tape, "C").update(status=409, body={"message": "no"})


@lie(IN, base=races.check_ins)
def a_duplicate_left_a_second_audit_row(tape: Tape) -> None:
    rows = seen(tape, "audit")
    rows.append(rows[0] | {"id": 999})


@lie(IN, base=races.check_in_without_answer)
def an_unanswered_check_in_came_to_half(tape: Tape) -> None:
    seen(tape, "room").update(good.joint("expected")["room"][11])


@lie(OUT, "order/transition-chain", base=races.check_outs)
def every_duplicate_published_the_departure(tape: Tape) -> None:
    for name in ("booking_checked_out", "room_updated"):
        for number, line in enumerate(list(tape.events(name))):
            tape.again(line, event_id=f"{name}-again-{number}")


@lie("races/one-room-two-bookings", "room/invariant/one-in-house-booking", base=races.one_room)
def both_bookings_are_in_the_room(tape: Tape) -> None:
    detail = booking("in_house", room("OCCUPIED"), booking_id=OTHER_BOOKING)
    reply(tape, "B").update(status=200, body={"message": "In", "guest_token": "fp:0000000000dd"} | detail)
    seen(tape, "booking", position=1).update(detail)


@lie("races/one-room-two-bookings", base=races.one_room)
def nobody_gets_the_room(tape: Tape) -> None:
    for letter in "AC":
        reply(tape, letter).update(status=400, body=error("ROOM_NOT_READY"))
    for line in list(check_in_lines(tape)):
        tape.drop(line)
    fresh = good.joint("expected")
    seen(tape, "booking").update(fresh["booking"])
    seen(tape, "room").update(fresh["room"][11])
    for probe in ("audit", "guests"):
        seen(tape, probe).clear()
    seen(tape, "tokens")[:] = fresh["tokens"]


def check_in_lines(tape: Tape) -> list[dict[str, object]]:
    return [line for line in tape.lines if line["kind"] == "event"]


@lie("races/check-in-against-check-out", "room/invariant/departed-without-token", base=races.in_and_out)
def a_token_outlived_the_race(tape: Tape) -> None:
    seen(tape, "tokens")[-1].update(status="ACTIVE", revoked_at=None, revoke_reason=None)


@lie("races/check-in-against-check-out", base=races.in_and_out)
def the_departure_was_told_first(tape: Tape) -> None:
    arrived, left = (
        tape.events("booking_checked_in", "guest")[0],
        tape.events("booking_checked_out", "guest")[0],
    )
    tape.drop(left)
    position = tape.lines.index(arrived)
    tape.lines.insert(position, left)


@lie("races/check-in-against-check-out", base=races.in_and_out)
def a_check_out_that_had_returned_before_the_check_in_began(tape: Tape) -> None:
    calls = [line for line in tape.lines if line["kind"] == "call"]
    left = reply(tape, "B")
    tape.lines.remove(left)
    tape.lines.remove(calls[1])
    position = tape.lines.index(calls[0])
    tape.lines[position:position] = [calls[1], left]


@lie("races/assign-against-check-in", "room/invariant/occupied-iff-in-house", base=races.assign_and_check_in)
def refused_for_want_of_a_room_it_went_into(tape: Tape) -> None:
    seen(tape, "booking").update(checked_in_at=CAME)


@lie("races/assign-one-room", base=races.two_assigned)
def both_bookings_were_given_the_room(tape: Tape) -> None:
    detail = booking("expected", room(room_id=FREE_ID), booking_id=OTHER_BOOKING)
    reply(tape, "B").update(status=200, body={"message": "Assigned"} | detail)
    seen(tape, "booking", position=1).update(copy.deepcopy(detail))


@lie("races/status-against-check-in", "room/invariant/occupied-iff-in-house", base=races.maintenance)
def a_guest_in_a_room_under_maintenance(tape: Tape) -> None:
    there = good.joint("in_house")["booking"]
    reply(tape, "A").update(status=200, body={"message": "In", "guest_token": "fp:0000000000bb"} | there)
    seen(tape, "booking").update(there)
    for line in check_in_events(tape):
        tape.insert_after(tape.events("room_updated")[0], line)


@lie("races/status-against-check-in", base=races.maintenance)
def a_refused_check_in_published(tape: Tape) -> None:
    extra = room_updated(tape, good.joint("in_house")["room"][11], *good.STAY_FIELDS)
    tape.insert_after(tape.events("room_updated")[0], extra)
