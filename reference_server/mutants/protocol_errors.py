"""Lies in the form of a refusal: crashes, pages, plain words, a success that is none."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from contract.errors import ContractError
from reference_server.house import Answer, Call, House
from reference_server.mutants.answering import REFUSALS, ROUTE, Body, answered, edited, refused
from reference_server.mutants.mutant import mutant


@mutant("taken-room-crashes", "errors/never-5xx", *REFUSALS)
def _(original: Any) -> Any:
    """The constraint of the database against overlapping bookings is not caught: 500."""
    crash = ContractError("INTERNAL_ERROR")
    return refused(
        original, "ROOM_OVERLAP_CONFLICT", lambda send, status, body: send(crash.status, crash.body())
    )


@mutant("broken-json-crashes", "errors/never-5xx", "reference_server.binding:_json")
def _(original: Any) -> Any:
    """A body that is not JSON raises what nobody catches: 500."""

    def read(raw: bytes) -> Any:
        try:
            return original(raw)
        except ValueError as error:
            raise RuntimeError("no JSON") from error

    return read


@mutant("unknown-booking-is-a-page", "errors/never-html", *REFUSALS)
def _(original: Any) -> Any:
    """The framework's own page says that there is no such booking."""
    page = "<!doctype html><title>Not Found</title><h1>Not Found</h1>"
    return refused(
        original,
        "BOOKING_NOT_FOUND",
        lambda send, status, body: web.Response(status=404, text=page, content_type="text/html"),
    )


@mutant("incomplete-party-in-words", "errors/structured", *REFUSALS)
def _(original: Any) -> Any:
    """The refusal of an incomplete party is a sentence without a code."""
    return refused(
        original,
        "PARTY_INCOMPLETE",
        lambda send, status, body: send(status, {"error": body["error"]["message"]}),
    )


@mutant("too-early-in-plain-text", "errors/structured", *REFUSALS)
def _(original: Any) -> Any:
    """The refusal outside the arrival window is plain text."""
    return refused(
        original,
        "CHECKIN_TOO_LATE",
        lambda send, status, body: web.Response(status=status, text=body["error"]["message"]),
    )


@mutant("json-said-to-be-text", "errors/structured", *REFUSALS)
def _(original: Any) -> Any:
    """The refusal of a room that is not ready is JSON under the content type text/plain."""

    def respond(send: Any, status: int, body: Body) -> web.Response:
        response: web.Response = send(status, body)
        response.content_type = "text/plain"
        return response

    return refused(original, "ROOM_NOT_READY", respond)


@mutant("detail-is-no-number", "errors/structured", *REFUSALS)
def _(original: Any) -> Any:
    """The details of a refusal hold NaN, which is no JSON."""

    def respond(send: Any, status: int, body: Body) -> Any:
        body["error"]["details"] = {"free_share": msgspec.Raw(b"NaN")}
        return send(status, body)

    return refused(original, "ROOM_OVERLAP_CONFLICT", respond)


@mutant("error-without-message", "errors/envelope", *REFUSALS)
def _(original: Any) -> Any:
    """The refusal of a transition has a code and calls its message detail."""

    def respond(send: Any, status: int, body: Body) -> Any:
        body["error"]["detail"] = body["error"].pop("message")
        return send(status, body)

    return refused(original, "INVALID_TRANSITION", respond)


@mutant("refusal-is-a-200", "check-in/validation/room-ready", *REFUSALS)
def _(original: Any) -> Any:
    """A room that is not ready is refused with 200 and success false."""
    return refused(
        original, "ROOM_NOT_READY", lambda send, status, body: send(200, {"success": False, **body})
    )


@mutant("repeated-check-in-crashes", "idempotency/check-in/graceful", ROUTE)
def _(original: Any) -> Any:
    """A repeated check-in hits a unique constraint: 500."""

    def change(house: House, call: Call, status: int, body: Body) -> None:
        if status == 200 and body["guest_token"] is None:
            raise RuntimeError("duplicate key value violates unique constraint")

    return answered(original, change, "checkIn")


@mutant("repeated-check-in-is-409", "idempotency/check-in/answer-200", ROUTE)
def _(original: Any) -> Any:
    """A repeated check-in is refused with a code."""

    def change(house: House, call: Call, status: int, body: Body) -> None:
        if status == 200 and body["guest_token"] is None:
            raise ContractError("BOOKING_ALREADY_CHECKED_IN")

    return answered(original, change, "checkIn")


@mutant("repeated-check-out-is-409-in-words", "idempotency/check-out/graceful", ROUTE)
def _(original: Any) -> Any:
    """A repeated check-out is refused with a sentence and without a code."""

    def change(house: House, call: Call, status: int, body: Body) -> Answer | None:
        repeated = status == 200 and body["message"].startswith("Already")
        return Answer(409, {"detail": "Guest has left."}) if repeated else None

    return answered(original, change, "checkOut")


@mutant("repeated-check-out-is-400", "idempotency/check-out/answer-200", ROUTE)
def _(original: Any) -> Any:
    """A repeated check-out is refused as if the booking had never been in house."""

    def change(house: House, call: Call, status: int, body: Body) -> None:
        if status == 200 and body["message"].startswith("Already"):
            raise ContractError("NOT_CHECKED_IN")

    return answered(original, change, "checkOut")


@mutant("party-of-four-is-refused", "endpoints/check-in/path", ROUTE)
def _(original: Any) -> Any:
    """A check-in without a body is refused for four people: somebody wants their documents in it."""

    def change(house: House, call: Call, status: int, body: Body) -> None:
        if status == 200 and body["party"]["total_count"] > 3:
            raise ContractError("INVALID_INPUT", "documents: this field is required.")

    return answered(original, change, "checkIn")


@mutant("check-out-with-walk-ins-crashes", "endpoints/check-out/path", ROUTE)
def _(original: Any) -> Any:
    """The answer to a check-out cannot be serialized when there were walk-ins: 500, and the guest is gone."""

    def change(body: Body) -> None:
        if body["in_house"]["walkins"]:
            raise RuntimeError("walk-ins have no party member")

    return edited(original, change, "checkOut")
