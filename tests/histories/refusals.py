"""One history per refusal of the table, kept and broken: the states before and after are the same, and nothing is published."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from conformance_tests.refusals import REFUSALS, Refusal
from contract.errors import status_of
from tests.histories.builder import Tape
from tests.histories.facts import (
    BOOKING,
    FREE_BINDINGS,
    ROOM,
    ROOM_ID,
    SLUG,
    STAY_BINDINGS,
    audit,
    booking,
    room,
    tokens,
)
from tests.histories.good import error

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples" / "replies"


def snake(operation: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in operation)


def example(operation: str) -> Any:
    """The typical answer of an operation, as the contract's examples show it."""
    path = EXAMPLES / snake(operation) / "valid-typical.json"
    return json.loads(path.read_text(encoding="utf-8"))


def refused(refusal: Refusal, *, status: int | None = None, reply: Any = None, **fields: Any) -> Tape:
    """The call of a refusal and its answer; by default the one that is due."""
    tape = Tape()
    if refusal.state is not None:
        tape.arranged("refused", refusal.state, STAY_BINDINGS | FREE_BINDINGS, **dict(refusal.params))
    here = room()
    states = {
        "booking": booking("expected", here),
        "room": {ROOM_ID: here},
        "audit": {ROOM_ID: audit()},
        "guests": [],
        "tokens": tokens("expected"),
    }
    if refusal.state is not None and "in-house" in refusal.state:
        here = room("OCCUPIED")
        states |= {
            "room": {ROOM_ID: here},
            "booking": booking("in_house", here),
            "tokens": tokens("in_house"),
        }
    params = {"hotel_slug": SLUG, "booking_id": BOOKING, "room_id": ROOM_ID, "room_number": ROOM}
    tape.call(
        "refused", refusal.case, refusal.operation, actor=refusal.actor, body=refusal.body, before=states,
        after=copy.deepcopy(states), status=status or status_of(refusal.code),
        reply=error(refusal.code) if reply is None else reply, **params, **fields,
    )  # fmt: skip
    return tape


def by_case(case: str) -> Refusal:
    return next(refusal for refusal in REFUSALS if refusal.case == case)
