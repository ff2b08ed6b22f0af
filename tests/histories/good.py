"""Histories that keep every promise. The bad ones are these with one thing spoiled."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from tests.histories.builder import Tape, guest, occupancy, room_updated, staff, transition
from tests.histories.facts import (
    BOOKING,
    CAME,
    FREE,
    FREE_BINDINGS,
    FREE_ID,
    HOTEL_ID,
    LEFT,
    NEW_TOKEN,
    NUMBERS,
    OLD_TOKEN,
    OTHER_BOOKING,
    OTHER_TOKEN,
    ROOM,
    ROOM_ID,
    SLUG,
    STAY_BINDINGS,
    audit,
    booking,
    cleanup,
    guest_view,
    guests,
    member,
    room,
    token,
    tokens,
)

STAY_FIELDS = ("room_status", "room_status_display", "is_occupied", "is_bookable", "guests_in_room", "primary_guest",
               "current_booking_id")  # fmt: skip
OCCUPANCY_FIELDS = ("room_status", "is_occupied", "guests_in_room", "current_occupancy", "current_booking")
REPLIES = Path(__file__).parents[2] / "schemas" / "examples" / "replies"
NOTE = "Ada Lovelace left; towels"
IN, OUT = "READY_FOR_GUEST>OCCUPIED", "OCCUPIED>CHECKOUT_DIRTY"
CALL = {"hotel_slug": SLUG, "booking_id": BOOKING}


def rooms_of_stay() -> dict[str, dict[str, Any]]:
    return {
        "expected": room(),
        "in_house": room("OCCUPIED"),
        "departed": room("CHECKOUT_DIRTY", turnover_notes=NOTE),
    }


def joint(phase: str, *, leftovers: int = 0, device: bool = False) -> dict[str, Any]:
    """Every probe, in a phase of the stay."""
    here = rooms_of_stay()[phase]
    steps = {"expected": (), "in_house": (IN,), "departed": (IN, OUT)}[phase]
    return {
        "booking": booking(phase, here),
        "room": {ROOM_ID: here},
        "audit": {ROOM_ID: audit(*steps)},
        "guests": guests(phase),
        "tokens": tokens(phase),
        "cleanup": cleanup(leftovers),
        "device": {ROOM_ID: {"guest_fcm_token_set": device}},
        "failures": [],
    }


def check_in_events(tape: Tape) -> list[dict[str, Any]]:
    here = rooms_of_stay()["in_house"]
    detail = booking("in_house", here)
    return [
        staff(tape, "booking_checked_in", detail, transition("expected", "in_house", CAME)),
        occupancy(tape, here, detail, *OCCUPANCY_FIELDS),
        room_updated(tape, here, *(name for name in STAY_FIELDS)),
        guest(tape, "booking_checked_in", detail, guest_token=NEW_TOKEN),
    ]


def check_out_events(tape: Tape) -> list[dict[str, Any]]:
    here = rooms_of_stay()["departed"]
    detail = booking("departed", here)
    fields = [name for name in STAY_FIELDS if name != "is_bookable"] + ["turnover_notes"]
    return [
        staff(tape, "booking_checked_out", detail, transition("in_house", "departed", LEFT)),
        occupancy(tape, here, None, *OCCUPANCY_FIELDS),
        room_updated(tape, here, *fields),
        guest(tape, "booking_checked_out", detail),
    ]


def stay() -> Tape:
    """Check-in, again, check-out, again; with leftovers that check-out removes, and tokens tried at every door."""
    tape = Tape()
    tape.arranged("stay", "booking ready for check-in", STAY_BINDINGS)
    expected, in_house, departed = joint("expected"), joint("in_house"), joint("departed")
    doors(tape, "token/before", OLD_TOKEN, opens=True)
    tape.call(
        "stay", "check-in/happy", "checkIn", before=expected, after=in_house, events=check_in_events(tape),
        reply={"message": "Checked in", "guest_token": NEW_TOKEN} | in_house["booking"], **CALL,
    )  # fmt: skip
    doors(tape, "token/during", NEW_TOKEN, opens=True, phase="in_house")
    doors(tape, "token/earlier", OLD_TOKEN, opens=False)
    doors(tape, "token/foreign", OTHER_TOKEN, opens=False)
    tape.call(
        "stay", "check-in/repeat", "checkIn", before=in_house, after=in_house,
        reply={"message": "Already checked in", "guest_token": None} | in_house["booking"], **CALL,
    )  # fmt: skip
    full = joint("in_house", leftovers=2, device=True)
    tape.call(
        "stay", "check-out/happy", "checkOut", before=full, after=departed, events=check_out_events(tape),
        reply={"message": "Checked out"} | departed["booking"], **CALL,
    )  # fmt: skip
    doors(tape, "token/after", NEW_TOKEN, opens=False)
    tape.call(
        "stay", "check-out/repeat", "checkOut", before=departed, after=departed,
        reply={"message": "Already checked out"} | departed["booking"], **CALL,
    )  # fmt: skip
    return tape


def doors(
    tape: Tape, case: str, token: str, *, opens: bool, phase: str = "expected", scenario: str = "stay"
) -> None:
    """A guest token at the three doors."""
    detail = booking(phase, rooms_of_stay()[phase])
    foreign = case == "token/foreign"
    refusal = error("PERMISSION_DENIED" if foreign else "NOT_AUTHENTICATED")
    shut = 403 if foreign else 401
    context = {
        "booking_id": BOOKING, "hotel_slug": SLUG, "room_number": detail["room_number"], "guest_name": "Ada Lovelace",
        "status": detail["status"], "is_checked_in": phase == "in_house", "is_checked_out": False,
        "allowed_actions": [],
    }  # fmt: skip
    signed = {"auth": "fp:0000000000dd"}
    uses: tuple[tuple[str, Any, dict[str, Any], Any, int], ...] = (
        ("guestBookingStatus", guest_view(detail), dict(CALL), None, shut),
        ("guestContext", context, {}, None, shut),
        (
            "channelAuth",
            signed,
            {},
            {"socket_id": "1.2", "channel_name": f"private-guest-booking.{BOOKING}"},
            403,
        ),
    )
    for operation, reply, params, body, refused in uses:
        if foreign and operation == "guestContext":
            continue
        tape.call(
            scenario, case, operation, actor="guest", body=body, token=token, settle=False,
            status=200 if opens else refused, reply=reply if opens else refusal, **params,
        )  # fmt: skip


def error(code: str, message: str = "no") -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def special() -> Tape:
    """A check-out with an orphan in the room, and one whose survey mail fails: both succeed."""
    tape = Tape()
    orphan = {"id": 29, "booking_id": None, "room_id": ROOM_ID, "guest_type": "WALKIN", "first_name": "No",
              "last_name": "Body", "party_member_id": None, "primary_guest_id": None}  # fmt: skip
    tape.arranged("orphan", "in-house booking with an orphan in the room", STAY_BINDINGS)
    before, after = joint("in_house"), joint("departed")
    before["guests"] = [*before["guests"], orphan]
    after["guests"] = [*after["guests"], orphan | {"room_id": None}]
    tape.call("orphan", "check-out/orphan", "checkOut", before=before, after=after, events=check_out_events(tape),
              reply={"message": "Checked out"} | after["booking"], **CALL)  # fmt: skip
    tape.arranged("survey", "in-house booking", STAY_BINDINGS, survey_mail="fails")
    before, after = joint("in_house"), joint("departed")
    after["failures"] = [{"kind": "survey_email", "booking_id": BOOKING, "attempts": 1, "last_error": "refused",
                          "will_retry": True}]  # fmt: skip
    tape.call("survey", "check-out/survey-fails", "checkOut", before=before, after=after,
              events=check_out_events(tape), reply={"message": "Checked out"} | after["booking"], **CALL)  # fmt: skip
    return tape


def edge(name: str) -> Tape:
    """A guest who comes `early`, `late` in the night after, or where it is an `other_date` than in UTC."""
    tape = Tape()
    case = f"check-in/edge-{name.replace('_', '-')}"
    tape.arranged("edge", "booking at the edge of its arrival window", STAY_BINDINGS, edge=name)
    after = joint("in_house")
    tape.call("edge", case, "checkIn", before=joint("expected"), after=after, events=check_in_events(tape),
              reply={"message": "Checked in", "guest_token": NEW_TOKEN} | after["booking"], **CALL)  # fmt: skip
    return tape


def neighbours() -> Tape:
    """A check-in with a companion who stays away, then the check-out: each done when it is answered, next to a stay in another room."""
    tape = Tape()
    tape.lines[0]["capabilities"]["staff"] = {"front_desk": 5}
    tape.arranged("neighbours", "booking ready for check-in", STAY_BINDINGS, not_staying=1)
    next_door = room("OCCUPIED", room_id=FREE_ID, current_booking_id=OTHER_BOOKING)
    theirs = {
        "booking": booking("in_house", next_door, booking_id=OTHER_BOOKING),
        "room": {FREE_ID: next_door},
        "guests": [],
        "tokens": [token(51, active=True) | {"booking_id": OTHER_BOOKING}],
        "cleanup": cleanup(2),
    }
    away = member("COMPANION") | {"id": 33, "first_name": "Mary", "last_name": "Somerville",
                                  "full_name": "Mary Somerville", "is_staying": False}  # fmt: skip

    def states(phase: str) -> dict[str, Any]:
        found = joint(phase)
        found["booking"]["party"]["companions"].append(away)
        return found

    def stay_event(line: dict[str, Any]) -> dict[str, Any]:
        payload = line["data"]["payload"]
        for detail in (payload, payload.get("current_booking") or {}):
            if "party" in detail and away not in detail["party"]["companions"]:
                detail["party"]["companions"].append(away)
        return line

    expected, in_house, departed = states("expected"), states("in_house"), states("departed")
    tape.call(
        "neighbours", "check-in/happy", "checkIn", before=expected, after=in_house, at_answer=in_house,
        beside=(theirs, theirs), events=map(stay_event, check_in_events(tape)),
        reply={"message": "Checked in", "guest_token": NEW_TOKEN} | in_house["booking"], **CALL,
    )  # fmt: skip
    doors(tape, "token/during", NEW_TOKEN, opens=True, phase="in_house", scenario="neighbours")
    tape.call(
        "neighbours", "check-out/happy", "checkOut", before=in_house, after=departed, at_answer=departed,
        beside=(theirs, theirs), events=map(stay_event, check_out_events(tape)),
        reply={"message": "Checked out"} | departed["booking"], **CALL,
    )  # fmt: skip
    return tape


def browser() -> Tape:
    """A login, then a page of another origin: the preflight of its browser, and the call itself."""
    tape = Tape()
    tape.lines[0]["capabilities"]["frontend_origin"] = "https://desk.example"
    body = json.loads((REPLIES / "staff_login" / "valid-typical.json").read_text(encoding="utf-8"))
    tape.call("login", "login/happy", "staffLogin", actor="anonymous", reply=body, settle=False)
    tape.arranged("browser", "booking ready for check-in", STAY_BINDINGS)
    detail = booking("expected", room())
    tape.call("browser", "read/cors-preflight", "preflight", status=204, settle=False, **CALL)
    tape.call("browser", "read/cors-page", "getBooking", reply=detail, settle=False, **CALL)
    for case in ("read/cors-preflight", "read/cors-page"):
        tape.reply(case)["headers"] = {"access-control-allow-origin": "https://desk.example"}
    wanted = "Authorization, Content-Type, X-Hotel-Id, X-Hotel-Slug, X-Guest-Chat-Session, Idempotency-Key"
    tape.reply("read/cors-preflight")["headers"]["access-control-allow-headers"] = wanted
    return tape


def late_repeat() -> Tape:
    """The next guest is in the room when the first booking is checked out once more."""
    tape = Tape()
    tape.arranged("turnover", "two bookings on one room", STAY_BINDINGS | {"other_booking_id": OTHER_BOOKING})
    here = room("OCCUPIED", current_booking_id=OTHER_BOOKING)
    states = joint("departed") | {"room": {ROOM_ID: here}}
    states["booking"] = booking("departed", here)
    states["guests"] = [*guests("departed"), *({**g, "id": g["id"] + 50, "booking_id": OTHER_BOOKING, "room_id": ROOM_ID,
                        "party_member_id": None, "primary_guest_id": None} for g in guests("in_house"))]  # fmt: skip
    tape.call("turnover", "check-out/repeat", "checkOut", before=states, after=states,
              reply={"message": "Already checked out"} | states["booking"], **CALL)  # fmt: skip
    return tape


def quick() -> Tape:
    """Check-in and check-out one right after the other; the events come in order, some of them late."""
    tape = Tape()
    tape.arranged("quick", "booking ready for check-in", STAY_BINDINGS)
    first, second = check_in_events(tape), check_out_events(tape)
    expected, in_house, departed = joint("expected"), joint("in_house"), joint("departed")
    tape.call("quick", "order/quick", "checkIn", before=expected, events=first[:1], settle=False,
              reads=in_house, reply={"message": "in", "guest_token": NEW_TOKEN} | in_house["booking"], **CALL)  # fmt: skip
    tape.call("quick", "order/quick", "checkOut", after=departed, events=[*first[1:], *second], reads=departed,
              reply={"message": "out"} | departed["booking"], **CALL)  # fmt: skip
    return tape


def room_call(
    tape: Tape, operation: str, before: dict[str, Any], after: dict[str, Any], steps: tuple[str, ...], *fields: str,
    case: str = "", body: Any = None, actor: str = "housekeeping", scenario: str = "rooms",
) -> None:  # fmt: skip
    """One housekeeping call on the first room, with its event."""
    by_number = operation not in ("setRoomStatus", "managerOverride")
    params: dict[str, Any] = {"hotel_slug": SLUG} | (
        {"room_number": ROOM} if by_number else {"room_id": ROOM_ID}
    )
    rows = audit(*steps)
    if operation == "managerOverride":
        rows[-1] |= {"source": "MANAGER_OVERRIDE", "note": body["note"]}
    reply: dict[str, Any] = {"message": "done"}
    if by_number:
        reply |= {"old_status": before["room_status"], "new_status": after["room_status"]}
    else:
        reply |= {"room": after, "status_event": rows[-1] if fields else None}
    events = [room_updated(tape, after, *fields)] if fields else []
    tape.call(
        scenario, case or f"housekeeping/{operation}", operation, actor=actor, body=body, reply=reply, events=events,
        before={"room": {ROOM_ID: before}, "audit": {ROOM_ID: rows[: len(steps) - (1 if fields else 0)]}},
        after={"room": {ROOM_ID: after}, "audit": {ROOM_ID: rows}}, **params,
    )  # fmt: skip


def housekeeping() -> Tape:
    """A dirty room is cleaned and passed, set to what it is, marked for maintenance, completed, cleaned and failed, overridden."""
    tape = Tape()
    tape.arranged(
        "rooms", "room in status", {name: STAY_BINDINGS[name] for name in ("hotel_slug", "hotel_id", "room_id", "room_number")},
        room_status="CHECKOUT_DIRTY",
    )  # fmt: skip
    dirty = room("CHECKOUT_DIRTY")
    cleaning = room("CLEANING_IN_PROGRESS")
    cleaned = room("CLEANED_UNINSPECTED", last_cleaned_at=CAME)
    ready = room(last_cleaned_at=CAME, last_inspected_at=CAME)
    broken = room("MAINTENANCE_REQUIRED", last_cleaned_at=CAME, last_inspected_at=CAME, maintenance_priority="HIGH",
                  maintenance_notes="the tap drips in here")  # fmt: skip
    fixed = broken | {"room_status": "CHECKOUT_DIRTY", "room_status_display": "Checkout Dirty"}
    status = ("room_status", "room_status_display")
    steps = [
        "CHECKOUT_DIRTY>CLEANING_IN_PROGRESS", "CLEANING_IN_PROGRESS>CLEANED_UNINSPECTED",
        "CLEANED_UNINSPECTED>READY_FOR_GUEST", "READY_FOR_GUEST>MAINTENANCE_REQUIRED",
        "MAINTENANCE_REQUIRED>CHECKOUT_DIRTY", "CHECKOUT_DIRTY>CLEANED_UNINSPECTED",
        "CLEANED_UNINSPECTED>CHECKOUT_DIRTY", "CHECKOUT_DIRTY>READY_FOR_GUEST",
    ]  # fmt: skip

    def upto(count: int) -> tuple[str, ...]:
        return tuple(steps[:count])

    room_call(tape, "startCleaning", dirty, cleaning, upto(1), *status)
    room_call(tape, "markCleaned", cleaning, cleaned, upto(2), *status, "last_cleaned_at")
    room_call(tape, "inspectRoom", cleaned, ready, upto(3), *status, "last_inspected_at", "is_bookable",
              body={"passed": True})  # fmt: skip
    room_call(tape, "setRoomStatus", ready, ready, upto(3), case="housekeeping/no-op", actor="manager",
              body={"to_status": "READY_FOR_GUEST"})  # fmt: skip
    room_call(tape, "markMaintenance", ready, broken, upto(4), *status, "is_bookable", "maintenance_required",
              "maintenance_priority", "maintenance_notes",
              body={"priority": "HIGH", "notes": "the tap drips in here"})  # fmt: skip
    room_call(tape, "completeMaintenance", broken, fixed, upto(5), *status, actor="manager")
    again = fixed | {"room_status": "CLEANED_UNINSPECTED", "room_status_display": "Cleaned Uninspected",
                     "last_cleaned_at": LEFT}  # fmt: skip
    room_call(tape, "setRoomStatus", fixed, again, upto(6), *status, "last_cleaned_at", actor="manager",
              body={"to_status": "CLEANED_UNINSPECTED"})  # fmt: skip
    failed = again | {"room_status": "CHECKOUT_DIRTY", "room_status_display": "Checkout Dirty"}
    room_call(tape, "inspectRoom", again, failed, upto(7), *status, body={"passed": False},
              case="housekeeping/inspectRoom-failed")  # fmt: skip
    over = room(last_cleaned_at=LEFT, last_inspected_at=LEFT)
    room_call(tape, "managerOverride", failed, over, upto(8), *status, "last_inspected_at", "is_bookable",
              "maintenance_required", "maintenance_priority", "maintenance_notes", actor="manager",
              body={"to_status": "READY_FOR_GUEST", "note": "seen"})  # fmt: skip
    return tape


def assignment() -> Tape:
    """Assign and unassign, twice each."""
    tape = Tape()
    bindings = {name: STAY_BINDINGS[name] for name in ("hotel_slug", "hotel_id", "booking_id", "guest_token")}
    tape.arranged("assign", "booking without a room", bindings | FREE_BINDINGS)
    free = room(room_id=FREE_ID)
    without, given = booking("expected"), booking("expected", free)
    step = transition("expected", "expected", CAME)

    def states(detail: dict[str, Any]) -> dict[str, Any]:
        return {
            "booking": detail,
            "room": {FREE_ID: free},
            "audit": {FREE_ID: []},
            "tokens": tokens("expected"),
        }

    def make(
        case: str, operation: str, before: dict[str, Any], after: dict[str, Any], events: Any, body: Any
    ) -> None:
        tape.call("assign", case, operation, before=states(before), after=states(after), events=events, body=body,
                  reply={"message": "done"} | after, **CALL)  # fmt: skip

    chosen = {"room_id": FREE_ID}
    make("assign/happy", "assignRoom", without, given,
         [staff(tape, "booking_updated", given, step), guest(tape, "booking_room_assigned", given)], chosen)  # fmt: skip
    make("assign/repeat", "assignRoom", given, given, [], chosen)
    make(
        "unassign/happy",
        "unassignRoom",
        given,
        without,
        [staff(tape, "booking_updated", without, step)],
        None,
    )
    make("unassign/repeat", "unassignRoom", without, without, [], None)
    return tape


def move() -> Tape:
    """A booking in house moves to the free room, and is asked to once more."""
    tape = Tape()
    tape.arranged("move", "in-house booking and a free room", STAY_BINDINGS | FREE_BINDINGS)
    old, new = room("OCCUPIED"), room("OCCUPIED", room_id=FREE_ID)
    left, free = room("CHECKOUT_DIRTY"), room(room_id=FREE_ID)
    here, there = booking("in_house", old), booking("in_house", new)

    def states(
        detail: dict[str, Any], first: Any, second: Any, steps: tuple[str, str] | None
    ) -> dict[str, Any]:
        return {
            "booking": detail,
            "room": {ROOM_ID: first, FREE_ID: second},
            "audit": {ROOM_ID: audit(steps[0]) if steps else [],
                      FREE_ID: audit(steps[1], room_id=FREE_ID) if steps else []},
            "guests": guests("in_house", FREE_ID if steps else ROOM_ID),
            "tokens": tokens("in_house"),
            "cleanup": cleanup(1),
            "device": {ROOM_ID: {"guest_fcm_token_set": steps is None},
                       FREE_ID: {"guest_fcm_token_set": steps is not None}},
        }  # fmt: skip

    moved = states(there, left, new, (OUT, IN))
    fields = [name for name in STAY_FIELDS if name != "is_bookable"]
    events = [
        staff(tape, "booking_updated", there, transition("in_house", "in_house", LEFT)),
        guest(tape, "booking_room_assigned", there),
        room_updated(tape, left, *fields),
        room_updated(tape, new, *STAY_FIELDS),
        occupancy(tape, left, None, *OCCUPANCY_FIELDS),
        occupancy(tape, new, there, *OCCUPANCY_FIELDS),
    ]
    body = {"to_room_id": FREE_ID, "reason": "noise"}
    tape.call("move", "move/happy", "moveRoom", before=states(here, old, free, None), after=moved, events=events,
              body=body, reply={"message": "Moved"} | there, **CALL)  # fmt: skip
    tape.call("move", "move/repeat", "moveRoom", before=moved, after=moved, body=body,
              reply={"message": "Already there"} | there, **CALL)  # fmt: skip
    return tape


GOOD = {
    "stay": stay,
    "special": special,
    **{f"edge-{name}": partial(edge, name) for name in ("early", "late", "other_date")},
    "neighbours": neighbours,
    "browser": browser,
    "late-repeat": late_repeat,
    "quick": quick,
    "housekeeping": housekeeping,
    "assignment": assignment,
    "move": move,
}
__all__ = ["FREE", "GOOD", "HOTEL_ID", "NUMBERS", "Tape"]
