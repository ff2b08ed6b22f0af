"""Rooms of another hotel, named under the hotel of the run: refused, carried out, and met by a room of the same id."""

from __future__ import annotations

import copy
from typing import Any

from conformance_tests.refusal import Refusal
from conformance_tests.refusals import BY_CASE
from conformance_tests.room_scope_refusals import CLAUSE, ROOM_ELSEWHERE, case_of
from contract.errors import status_of
from tests.histories.bad import lie
from tests.histories.builder import Line, Tape
from tests.histories.facts import BOOKING, FREE_BINDINGS, SLUG, audit, booking, room, tokens
from tests.histories.good import error
from tests.histories.refusals import example

RULE = "access/refuse/room-of-other-hotel"
THEIR_ID, THEIR_NUMBER, THEIR_SLUG = 99, 909, "other-test"
THEIRS: Line = {"hotel_slug": THEIR_SLUG, "hotel_id": 8, "room_id": THEIR_ID, "room_number": THEIR_NUMBER}
HISTORY, ASSIGN = case_of("roomStatusHistory"), case_of("assignRoom")


def their_room(**fields: Any) -> Line:
    names = {"id": THEIR_ID, "room_id": THEIR_ID, "room_number": THEIR_NUMBER, "hotel_slug": THEIR_SLUG}
    return room("CHECKOUT_DIRTY", **fields) | names


def _named(refusal: Refusal) -> Line:
    """The call's parameters and body."""
    params: Line = {"hotel_slug": SLUG}
    if refusal.operation in ("assignRoom", "moveRoom"):
        assert isinstance(refusal.body, dict)
        return params | {"booking_id": BOOKING, "body": dict.fromkeys(refusal.body, THEIR_ID)}
    params |= {"room_number": THEIR_NUMBER} if refusal.guard == "getRoom" else {"room_id": THEIR_ID}
    if refusal.operation == "getRoom":
        params = {"hotel_slug": SLUG, "room_number": THEIR_NUMBER}
    return params | {"body": refusal.body}


def refused() -> Tape:
    """Every case, each in a scenario of its own."""
    tape = Tape()
    for refusal in (one for one in BY_CASE.values() if one.clause == CLAUSE):
        tape.arranged(refusal.case, ROOM_ELSEWHERE, THEIRS)
        states: Line = {"room": {THEIR_ID: their_room()}, "audit": {THEIR_ID: audit()}}
        if refusal.beside is not None:
            tape.arranged(refusal.case, "booking without a room", FREE_BINDINGS)
            states |= {"booking": booking("expected", None), "tokens": tokens("expected"), "guests": []}
        tape.call(
            refusal.case, refusal.case, refusal.operation, actor=refusal.actor, before=states,
            after=copy.deepcopy(states), status=status_of(refusal.code), reply=error(refusal.code), **_named(refusal),
        )  # fmt: skip
    return tape


def _answer(tape: Tape, case: str, body: Line) -> None:
    tape.reply(case).update(status=200, body=body)


def _history(of: Line) -> Line:
    body: Line = copy.deepcopy(example("roomStatusHistory")) | {"room": of}
    for row in body["status_history"]:
        row |= {"room_id": of["room_id"], "room_number": of["room_number"]}
    return body


def one_of_ours_has_the_id() -> Tape:
    """Ids are counted in every hotel: the history that is read is that of another room. Nothing is said of it."""
    tape = refused()
    _answer(tape, HISTORY, _history(their_room() | {"room_number": 101, "hotel_slug": SLUG}))
    return tape


ROOM_SCOPE = {"room-of-another-hotel": refused, "a-room-of-ours-has-its-id": one_of_ours_has_the_id}


@lie(RULE, base=refused)
def history_of_their_room_is_shown(tape: Tape) -> None:
    _answer(tape, HISTORY, _history(their_room()))


@lie(RULE, base=refused)
def their_room_is_shown_as_one_of_ours(tape: Tape) -> None:
    _answer(tape, case_of("getRoom"), their_room() | {"hotel_slug": SLUG})


@lie(RULE, "errors/never-5xx", "errors/code/room-not-found", base=refused)
def their_room_breaks_the_inspection(tape: Tape) -> None:
    tape.reply(case_of("inspectRoom")).update(status=500)


@lie(RULE, base=refused)
def their_room_is_given_away(tape: Tape) -> None:
    after = booking("expected", their_room())
    tape.probe(ASSIGN, "after", "booking")["state"] = after
    _answer(tape, ASSIGN, {"message": "done"} | after)


@lie(RULE, base=refused)
def nothing_is_given_and_it_says_done(tape: Tape) -> None:
    _answer(tape, ASSIGN, {"message": "done"} | copy.deepcopy(tape.state(ASSIGN, "after", "booking")))


@lie("errors/code/room-not-found", base=refused)
def their_room_is_a_wrong_hotel(tape: Tape) -> None:
    tape.reply(case_of("setRoomStatus")).update(status=403, body=error("HOTEL_MISMATCH"))
