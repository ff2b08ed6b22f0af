"""Events that come after later calls have begun: late, and in order, or out of it."""

from __future__ import annotations

from tests.histories.bad import lie
from tests.histories.builder import Line, Tape, room_updated
from tests.histories.facts import ROOM_ID, SLUG, STAY_BINDINGS, audit
from tests.histories.good import CALL, IN, OUT, check_out_events, joint

STATUS = ("room_status", "room_status_display")
FLAGS = ("maintenance_required", "maintenance_priority")


def late_departure() -> Tape:
    """A check-out, and its room is marked for maintenance and put back: the first call and the last leave it in one status.

    The events of the first two calls come in during the third.
    """
    tape = Tape()
    tape.lines[0]["patience"] = 60.0
    tape.arranged("late", "in-house booking", STAY_BINDINGS)
    here, departed = joint("in_house"), joint("departed")
    dirty = departed["room"][ROOM_ID]
    broken = dirty | {
        "room_status": "MAINTENANCE_REQUIRED",
        "room_status_display": "Maintenance Required",
        "maintenance_required": True,
        "maintenance_priority": "HIGH",
    }
    again = broken | {name: dirty[name] for name in STATUS}
    steps = (IN, OUT, "CHECKOUT_DIRTY>MAINTENANCE_REQUIRED", "MAINTENANCE_REQUIRED>CHECKOUT_DIRTY")
    left, marked = check_out_events(tape), room_updated(tape, broken, *STATUS, *FLAGS)
    tape.call(
        "late", "check-out/happy", "checkOut", before=here, after=departed,
        reply={"message": "Checked out"} | departed["booking"], **CALL,
    )  # fmt: skip

    def put(to_status: str, was: Line, now: Line, rows: int, events: list[Line]) -> None:
        tape.call(
            "late", "housekeeping/setRoomStatus", "setRoomStatus", actor="manager", body={"to_status": to_status},
            before={"room": {ROOM_ID: was}, "audit": {ROOM_ID: audit(*steps[: rows - 1])}},
            after={"room": {ROOM_ID: now}, "audit": {ROOM_ID: audit(*steps[:rows])}},
            reads={"room": {ROOM_ID: now}, "booking": departed["booking"]}, events=events,
            reply={"message": "done", "room": now, "status_event": audit(*steps[:rows])[-1]},
            hotel_slug=SLUG, room_id=ROOM_ID,
        )  # fmt: skip

    put("MAINTENANCE_REQUIRED", dirty, broken, 3, [])
    put("CHECKOUT_DIRTY", broken, again, 4, [*left, marked, room_updated(tape, again, *STATUS)])
    tape.ended()
    return tape


def cut_short() -> Tape:
    """The recording ends while the events are still coming: the first call's is in, and says what the last one's would."""
    tape = late_departure()
    _, marked, last = tape.events("room_updated")
    for line in (marked, last):
        tape.drop(line)
    tape.lines.pop()
    tape.ended(complete=False)
    return tape


LATENESS = {"late-departure": late_departure}


@lie("order/per-channel", base=late_departure)
def late_and_the_last_first(tape: Tape) -> None:
    """The same status at both ends does not hide that the room's events came backwards."""
    left, marked, last = tape.events("room_updated")
    for line in (left, last):
        tape.drop(line)
    tape.insert_after(marked, left)
    tape.lines.insert(next(at for at, line in enumerate(tape.lines) if line is marked), last)
