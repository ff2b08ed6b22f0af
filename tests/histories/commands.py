"""Commands asked of bookings that must refuse them, and the lies about it."""

from __future__ import annotations

from typing import Any

from tests.histories.bad import lie
from tests.histories.builder import Tape
from tests.histories.facts import FREE_BINDINGS, FREE_ID, STAY_BINDINGS, booking, room
from tests.histories.good import CALL, error, joint

STAYS, COMMANDS = "booking/lifecycle/stays-refused", "booking/lifecycle/commands-refused"
MOVE = "booking/refuse/move-room-expected-confirmed"
COME = "booking/refuse/check-in-departed-completed"
LEAVE = "booking/refuse/check-out-expected-confirmed"


def refused() -> Tape:
    """A booking that is expected is moved and checked out, a departed one is checked in: nothing happens."""
    tape = Tape()
    tape.arranged("walk", "booking ready for check-in", STAY_BINDINGS | FREE_BINDINGS)
    expected, departed = joint("expected"), joint("departed")
    for states in (expected, departed):
        states["room"][FREE_ID] = room(room_id=FREE_ID)
        states["audit"][FREE_ID] = []

    def ask(case: str, operation: str, state: dict[str, Any], code: str, body: Any = None) -> None:
        tape.call("walk", case, operation, status=400, reply=error(code), before=state, after=state, body=body,
                  **CALL)  # fmt: skip

    ask(MOVE, "moveRoom", expected, "NOT_CHECKED_IN", {"to_room_id": FREE_ID})
    ask(LEAVE, "checkOut", expected, "NOT_CHECKED_IN")
    ask(COME, "checkIn", departed, "BOOKING_NOT_ELIGIBLE")
    return tape


COMMAND_HISTORIES = {"commands-refused": refused}


def _done(tape: Tape, case: str, detail: dict[str, Any], **more: Any) -> None:
    tape.reply(case).update(status=200, body={"message": "done"} | detail | more)


@lie(COMMANDS, base=refused)
def an_expected_booking_is_moved(tape: Tape) -> None:
    _done(tape, MOVE, booking("expected", room()))


@lie(STAYS, base=refused)
def a_departed_booking_is_let_in_again(tape: Tape) -> None:
    _done(tape, COME, booking("departed", room("CHECKOUT_DIRTY")), guest_token=None)


@lie(STAYS, base=refused)
def one_who_never_came_leaves(tape: Tape) -> None:
    _done(tape, LEAVE, booking("expected", room()))
