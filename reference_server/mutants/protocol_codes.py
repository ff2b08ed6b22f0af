"""Lies in the code or the status of a refusal: one for each code of the contract that a frontend acts upon."""

from __future__ import annotations

from typing import Any

from aiohttp.web import Request

from contract.errors import ContractError, status_of
from contract.operations import Operation
from reference_server.mutants.answering import REFUSALS, Body, refused
from reference_server.mutants.mutant import mutant

_WRONG = (
    # (mutant, the code it is about, the code or the status that is answered instead, what is wrong)
    ("unknown-booking-is-400", "BOOKING_NOT_FOUND", 400, "A booking that does not exist is answered with 400"),
    ("unknown-room-is-an-unknown-booking", "ROOM_NOT_FOUND", "BOOKING_NOT_FOUND",
     "Whatever is not found is said to be a booking"),
    ("other-hotel-is-404", "HOTEL_MISMATCH", 404, "Staff who work in another hotel are answered with 404"),
    ("nobody-is-403", "NOT_AUTHENTICATED", 403, "A call without credentials is answered with 403, as some frameworks do"),
    ("wrong-role-is-401", "PERMISSION_DENIED", 401, "A role that may not is answered with 401, so the frontend logs out"),
    ("wrong-status-is-403", "BOOKING_NOT_ELIGIBLE", 403, "A booking in the wrong status is answered with 403"),
    ("room-not-ready-is-409", "ROOM_NOT_READY", 409, "A room that is not ready is answered with 409"),
    ("party-incomplete-is-not-eligible", "PARTY_INCOMPLETE", "BOOKING_NOT_ELIGIBLE",
     "An incomplete party has the code of a booking in the wrong status"),
    ("wrong-date-is-too-early", "CHECKIN_WRONG_DATE", "CHECKIN_TOO_EARLY", "Days too early has the code of hours too early"),
    ("too-early-is-wrong-date", "CHECKIN_TOO_EARLY", "CHECKIN_WRONG_DATE", "Hours too early has the code of another day"),
    ("too-late-is-wrong-date", "CHECKIN_TOO_LATE", "CHECKIN_WRONG_DATE", "Too late has the code of another day"),
    ("not-checked-in-is-409", "NOT_CHECKED_IN", 409, "A check-out before the check-in is answered with 409"),
    ("aborted-check-out-is-400", "CHECKOUT_FAILED", 400, "A check-out that was aborted is answered with 400"),
    ("overlap-is-400", "ROOM_OVERLAP_CONFLICT", 400, "An assignment of a room that is taken is answered with 400"),
    ("in-house-is-not-eligible", "BOOKING_ALREADY_CHECKED_IN", "BOOKING_NOT_ELIGIBLE",
     "An assignment of a booking in house has the code of a booking in the wrong status"),
    ("wrong-transition-is-409", "INVALID_TRANSITION", 409, "A room status change that is not legal is answered with 409"),
    ("invalid-input-is-422", "INVALID_INPUT", 422, "A body outside its schema is answered with 422"),
    ("missing-note-is-invalid-input", "NOTE_REQUIRED", "INVALID_INPUT", "A missing note has the code of any other bad input"),
)  # fmt: skip


def _register(name: str, code: str, wrong: int | str, summary: str) -> None:
    def lie(original: Any) -> Any:
        def respond(original: Any, status: int, body: Body) -> Any:
            if isinstance(wrong, int):
                return original(wrong, body)
            body["error"]["code"] = wrong
            return original(status_of(wrong), body)

        return refused(original, code, respond)

    lie.__doc__ = summary
    mutant(name, f"errors/code/{code.lower().replace('_', '-')}", *REFUSALS)(lie)


for _row in _WRONG:
    _register(*_row)


@mutant("override-needs-no-note", "errors/code/note-required", "reference_server.binding:_body")
def _(original: Any) -> Any:
    """A manager's override is accepted without a note: a form that has none sends a word of its own."""

    async def body(request: Request, operation: Operation) -> Any:
        try:
            return await original(request, operation)
        except ContractError as refusal:
            if refusal.code != "NOTE_REQUIRED":
                raise
            return {**await request.json(), "note": "override"}

    return body
