"""Races that some order of their calls explains, from the contract's text. The bad ones are these with one thing spoiled."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.histories import good
from tests.histories.builder import Line, Tape, guest, room_updated, staff, transition
from tests.histories.facts import (
    BOOKING,
    CAME,
    FREE,
    FREE_BINDINGS,
    FREE_ID,
    NEW_TOKEN,
    OTHER_BOOKING,
    ROOM_ID,
    SLUG,
    STAY_BINDINGS,
    audit,
    booking,
    guests,
    room,
    tokens,
)
from tests.histories.good import error, joint

States = list[tuple[str, Line, Any]]
"""Probe, what it is about beside the hotel, and what it showed."""


@dataclass(frozen=True)
class Run:
    """One call of a race; `status` None: no answer."""

    operation: str
    status: int | None
    reply: Any = None
    booking_id: str | None = BOOKING
    actor: str = "front_desk"
    body: Any = None


def race(
    tape: Tape, slug: str, *runs: Run, before: States, after: States, events: Iterable[Line], script: str = ""
) -> None:
    """The calls as `script` has them: a letter starts that call, and ends it when it comes again. By default all overlap."""
    letters = "ABCDEFGHIJ"[: len(runs)]
    ids = [f"r{number}" for number in range(len(runs))]
    _snapshot(tape, slug, "before", ids[0], before)
    started: set[str] = set()
    for letter in script or letters * 2:
        number = letters.index(letter)
        run = runs[number]
        params: Line = {"hotel_slug": SLUG} | (
            {"booking_id": run.booking_id} if run.booking_id else {"room_number": 101}
        )
        if letter not in started:
            started.add(letter)
            line = {"kind": "call", "call": ids[number], "operation": run.operation, "scenario": f"race/{slug}/1",
                    "case": f"race/{slug}", "actor": run.actor, "params": params, "method": "POST", "path": "/"}  # fmt: skip
            tape.lines.append(line if run.body is None else line | {"body": run.body})
        elif run.status is None:
            tape.lines.append(
                {"kind": "reply", "call": ids[number], "outcome": "indeterminate", "reason": "timed out"}
            )
        else:
            tape.lines.append({"kind": "reply", "call": ids[number], "outcome": "replied", "status": run.status,
                               "content_type": "application/json", "body": copy.deepcopy(run.reply)})  # fmt: skip
    tape.lines += events
    tape.fence()
    _snapshot(tape, slug, "after", ids[0], after)
    tape.ended()


def _snapshot(tape: Tape, slug: str, when: str, call: str, states: States) -> None:
    for name, subject, state in states:
        tape.lines.append(
            {"kind": "probe", "probe": name, "scenario": f"race/{slug}/1", "subject": {"hotel_slug": SLUG} | subject,
             "when": when, "call": call, "state": copy.deepcopy(state)}
        )  # fmt: skip


def states(shown: Line) -> States:
    """What `good.joint` shows, probe by probe."""
    found: States = []
    for name, state in shown.items():
        if name in ("room", "audit", "device"):
            for room_id, one in state.items():
                found.append(
                    (
                        name,
                        {"room_number": one["room_number"]} if name == "room" else {"room_id": room_id},
                        one,
                    )
                )
        else:
            found.append((name, {"booking_id": state["booking_id"] if name == "booking" else BOOKING}, state))
    return found


def answered(phase: str, **fields: Any) -> Line:
    return {"message": "So it is"} | fields | joint(phase)["booking"]


def seen(tape: Tape, probe: str, when: str = "after", position: int = 0) -> Any:
    """The state of a snapshot of the race; change it in place."""
    lines = [
        line
        for line in tape.lines
        if line["kind"] == "probe" and line["probe"] == probe and line["when"] == when
    ]
    return lines[position]["state"]


def reply(tape: Tape, letter: str) -> Line:
    """The reply line of a call."""
    call = f"r{'ABCDEFGHIJ'.index(letter)}"
    return next(line for line in tape.lines if line["kind"] == "reply" and line["call"] == call)


def begun(slug: str, state: str, bindings: Line) -> Tape:
    tape = Tape()
    tape.arranged(f"race/{slug}/1", state, bindings)
    return tape


REPEAT = Run("checkIn", 200, answered("in_house", guest_token=None))
REFUSED_REPEAT = Run("checkIn", 409, error("BOOKING_ALREADY_CHECKED_IN"))
FIRST = Run("checkIn", 200, answered("in_house", guest_token=NEW_TOKEN))
LEAVES = Run("checkOut", 200, answered("departed"))


def check_ins() -> Tape:
    """Three check-ins: one carried out, one answered again, one refused with a code."""
    tape = begun("duplicates-check-in", "booking ready for check-in", STAY_BINDINGS)
    race(tape, "duplicates-check-in", REPEAT, FIRST, REFUSED_REPEAT, before=states(joint("expected")),
         after=states(joint("in_house")), events=good.check_in_events(tape))  # fmt: skip
    return tape


def check_in_without_answer() -> Tape:
    """The check-in that was carried out is the one that was not answered."""
    tape = begun("duplicates-check-in", "booking ready for check-in", STAY_BINDINGS)
    race(tape, "duplicates-check-in", Run("checkIn", None), REPEAT, before=states(joint("expected")),
         after=states(joint("in_house")), events=good.check_in_events(tape))  # fmt: skip
    return tape


def check_outs() -> Tape:
    tape = begun("duplicates-check-out", "in-house booking", STAY_BINDINGS)
    race(tape, "duplicates-check-out", LEAVES, LEAVES, Run("checkOut", 400, error("NOT_CHECKED_IN")),
         before=states(joint("in_house")), after=states(joint("departed")), events=good.check_out_events(tape))  # fmt: skip
    return tape


def one_room() -> Tape:
    """Two bookings on room 101; the first gets it."""
    tape = begun(
        "one-room-two-bookings",
        "two bookings on one room",
        STAY_BINDINGS | {"other_booking_id": OTHER_BOOKING},
    )
    other = ("booking", {"booking_id": OTHER_BOOKING}, booking("expected", room(), booking_id=OTHER_BOOKING))
    still = (
        "booking",
        {"booking_id": OTHER_BOOKING},
        booking("expected", room("OCCUPIED"), booking_id=OTHER_BOOKING),
    )
    race(
        tape, "one-room-two-bookings", FIRST, Run("checkIn", 400, error("ROOM_NOT_READY"), OTHER_BOOKING), REPEAT,
        before=[*states(joint("expected")), other], after=[*states(joint("in_house")), still],
        events=good.check_in_events(tape),
    )  # fmt: skip
    return tape


def in_and_out() -> Tape:
    """A check-out that finds the check-in it overlaps with done."""
    tape = begun("check-in-against-check-out", "booking ready for check-in", STAY_BINDINGS)
    race(tape, "check-in-against-check-out", FIRST, LEAVES, before=states(joint("expected")),
         after=states(joint("departed")), events=[*good.check_in_events(tape), *good.check_out_events(tape)])  # fmt: skip
    return tape


def without_room(detail: Line, *, other: Line | None = None) -> States:
    found: States = [
        ("booking", {"booking_id": BOOKING}, detail),
        ("room", {"room_number": FREE}, room(room_id=FREE_ID)),
        ("audit", {"room_id": FREE_ID}, audit(room_id=FREE_ID)),
        ("guests", {"booking_id": BOOKING}, guests("expected")),
        ("tokens", {"booking_id": BOOKING}, tokens("expected")),
    ]
    return found if other is None else [*found, ("booking", {"booking_id": OTHER_BOOKING}, other)]


ASSIGN_BINDINGS = {
    name: value for name, value in STAY_BINDINGS.items() if not name.startswith("room_")
} | FREE_BINDINGS
TO_FREE = {"room_id": FREE_ID}


def assigned_events(tape: Tape) -> list[Line]:
    chosen = booking("expected", room(room_id=FREE_ID))
    return [
        staff(tape, "booking_updated", chosen, transition("expected", "expected", CAME)),
        guest(tape, "booking_room_assigned", chosen),
    ]


def assign_and_check_in() -> Tape:
    """The check-in comes first, and is refused for want of a room."""
    tape = begun("assign-against-check-in", "booking without a room", ASSIGN_BINDINGS)
    chosen = booking("expected", room(room_id=FREE_ID))
    race(
        tape, "assign-against-check-in", Run("assignRoom", 200, {"message": "Assigned"} | chosen, body=TO_FREE),
        Run("checkIn", 400, error("BOOKING_NOT_ELIGIBLE")), before=without_room(booking("expected")),
        after=without_room(chosen), events=assigned_events(tape),
    )  # fmt: skip
    return tape


def two_assigned() -> Tape:
    """Two bookings for one room; the first gets it."""
    tape = begun(
        "assign-one-room", "booking without a room", ASSIGN_BINDINGS | {"other_booking_id": OTHER_BOOKING}
    )
    chosen, other = booking("expected", room(room_id=FREE_ID)), booking("expected", booking_id=OTHER_BOOKING)
    race(
        tape, "assign-one-room", Run("assignRoom", 200, {"message": "Assigned"} | chosen, body=TO_FREE),
        Run("assignRoom", 409, error("ROOM_OVERLAP_CONFLICT"), OTHER_BOOKING, body=TO_FREE),
        before=without_room(booking("expected"), other=other), after=without_room(chosen, other=other),
        events=assigned_events(tape),
    )  # fmt: skip
    return tape


def maintenance() -> Tape:
    """Housekeeping flags the room first, so the check-in is refused."""
    tape = begun("status-against-check-in", "booking ready for check-in", STAY_BINDINGS)
    flagged = room("MAINTENANCE_REQUIRED")
    told = {"message": "Flagged", "old_status": "READY_FOR_GUEST", "new_status": "MAINTENANCE_REQUIRED"}
    left = joint("expected") | {
        "booking": booking("expected", flagged),
        "room": {ROOM_ID: flagged},
        "audit": {ROOM_ID: audit("READY_FOR_GUEST>MAINTENANCE_REQUIRED")},
    }
    fields = ("room_status", "room_status_display", "is_bookable", "maintenance_required")
    race(
        tape, "status-against-check-in", Run("checkIn", 400, error("ROOM_NOT_READY")),
        Run("markMaintenance", 200, told, None, "housekeeping", {"priority": "LOW"}),
        before=states(joint("expected")), after=states(left), events=[room_updated(tape, flagged, *fields)],
    )  # fmt: skip
    return tape


RACES = {
    "check-ins": check_ins,
    "check-in-without-answer": check_in_without_answer,
    "check-outs": check_outs,
    "one-room": one_room,
    "in-and-out": in_and_out,
    "assign-and-check-in": assign_and_check_in,
    "two-assigned": two_assigned,
    "maintenance": maintenance,
}
