"""Lies about what is not there, not yours, or not of the right form."""

from __future__ import annotations

from typing import Any

from contract.errors import ContractError
from contract.schema_store import SchemaViolation
from reference_server.house import Answer, Call, House
from reference_server.mutants.answering import ROUTE, Body, answered
from reference_server.mutants.mutant import mutant
from simulator.draft import Step
from simulator.world import Booking

_CRASH = {"error": {"code": "INTERNAL_ERROR", "message": "Something went wrong."}}


def _crashing(original: Any, status: int, *operations: str) -> Any:
    def change(house: House, call: Call, told: int, body: Body) -> Answer | None:
        return Answer(500, _CRASH) if told == status else None

    return answered(original, change, *operations)


@mutant("unknown-room-crashes-its-detail", "errors/never-5xx", ROUTE)
def _(original: Any) -> Any:
    """The detail of a room that does not exist is a 500: nobody catches DoesNotExist."""
    return _crashing(original, 404, "getRoom")


@mutant("unknown-room-crashes-the-buttons", "errors/never-5xx", ROUTE)
def _(original: Any) -> Any:
    """The workflow's buttons for a room that does not exist are a 500."""
    return _crashing(original, 404, "startCleaning", "markCleaned", "inspectRoom", "markMaintenance")


@mutant("move-without-a-room-crashes", "errors/never-5xx", ROUTE)
def _(original: Any) -> Any:
    """A move whose body names no room is a KeyError, and that a 500."""

    def change(house: House, call: Call, told: int, body: Body) -> Answer | None:
        return Answer(500, _CRASH) if told == 400 and "to_room_id" not in call.body else None

    return answered(original, change, "moveRoom")


@mutant("wrong-page-crashes", "errors/never-5xx", ROUTE)
def _(original: Any) -> Any:
    """A page_size that is no number is a 500."""
    return _crashing(original, 400, "listBookings", "listRooms")


@mutant("inspection-takes-any-word", "errors/code/invalid-input", "reference_server.binding:_body")
def _(original: Any) -> Any:
    """passed may be any text, and every text is true: an inspection that says "perhaps" makes the room ready."""

    async def body(request: Any, operation: Any) -> Any:
        try:
            return await original(request, operation)
        except SchemaViolation:
            if operation.id != "inspectRoom":
                raise
            told = await request.json()
            return {**told, "passed": bool(told.get("passed"))}

    return body


@mutant("refusal-names-the-neighbours-guest", "access/booking-of-other-hotel", "simulator.guards:booking_of")
def _(original: Any) -> Any:
    """A booking of another hotel is refused with 404, and the details say whose it is."""

    def booking_of(step: Step, booking_id: str) -> Booking:
        found = step.world.bookings.get(booking_id)
        if found is not None and found.hotel_id != step.hotel.id:
            name = f"{found.booker_first_name} {found.booker_last_name}"
            raise ContractError(
                "BOOKING_NOT_FOUND", details={"guest": name, "confirmation": found.confirmation_number}
            )
        booking: Booking = original(step, booking_id)
        return booking

    return booking_of
