"""What is nearly right: lists read after a call, pages that add up, tokens without their end, and the lies about them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

from contract.lifecycle import room_lifecycle
from tests.histories import good
from tests.histories.bad import lie
from tests.histories.builder import Line, Tape, guest, occupancy, room_updated, staff, transition
from tests.histories.facts import (
    BOOKING,
    DIRTY_ID,
    FREE_BINDINGS,
    FREE_ID,
    OTHER_BOOKING,
    ROOM,
    ROOM_ID,
    SLUG,
    STAY_BINDINGS,
    audit,
    booking,
    room,
)
from tests.histories.good import CALL, IN, error, joint
from tests.histories.races import Run, begun, race, reply, seen, states
from tests.histories.refusals import by_case, refused

SPOILED = "fp:0000000000ee"
REFUSED = "access/refuse/other-hotels-booking-unassign-room"


def board(*rooms: Line) -> Line:
    columns: Line = {
        status: {"label": room_lifecycle().label(status), "count": 0, "rooms": []}
        for status in room_lifecycle().states
    }
    for one in rooms:
        columns[one["room_status"]]["rooms"].append(copy.deepcopy(one))
        columns[one["room_status"]]["count"] += 1
    return columns


def shown() -> Tape:
    """A check-in, and then everything that shows its room and its booking; nothing changes while it is read."""
    tape = Tape()
    tape.arranged("shown", "booking ready for check-in", STAY_BINDINGS)
    expected, here = joint("expected"), joint("in_house")
    tape.call(
        "shown", "check-in/happy", "checkIn", before=expected, after=here, events=good.check_in_events(tape),
        reply={"message": "Checked in", "guest_token": good.NEW_TOKEN} | here["booking"], **CALL,
    )  # fmt: skip
    states = {"booking": here["booking"], "room": here["room"]}
    seen_room = here["room"][ROOM_ID]

    def look(operation: str, reply: Any, before: Line | None = None, **params: Any) -> None:
        tape.call(
            "shown", f"read/{operation}", operation, actor="manager", reply=reply, before=before, settle=False,
            hotel_slug=SLUG, **params,
        )  # fmt: skip

    look("roomsBoard", board(seen_room, room(room_id=FREE_ID)), states)
    trail = {"room": seen_room, "status_history": audit(IN), "total_events": 1}
    look("roomStatusHistory", trail, room_id=ROOM_ID, limit=50)
    look("getBooking", here["booking"], booking_id=BOOKING)
    look("getRoom", seen_room, states, room_number=ROOM)
    return tape


def nearly() -> Tape:
    """The stay, and in it tokens that nobody gave out and that are nearly those that somebody did."""
    tape = good.stay()
    after = next(line for line in tape.lines if line.get("case") == "check-in/repeat")
    own = {"socket_id": "1.2", "channel_name": f"private-guest-booking.{BOOKING}"}
    tail = tape.lines[tape.lines.index(after) :]
    del tape.lines[tape.lines.index(after) :]
    for operation, params, code, status, actor in (
        ("guestBookingStatus", CALL, "NOT_AUTHENTICATED", 401, "guest"),
        ("channelAuth", {}, "PERMISSION_DENIED", 403, "guest"),
        ("getBooking", CALL, "NOT_AUTHENTICATED", 401, "anonymous"),
    ):
        tape.call(
            "stay", "token/spoiled", operation, actor=actor, status=status, reply=error(code), settle=False,
            token=SPOILED, body=own if operation == "channelAuth" else None, **params,
        )  # fmt: skip
    tape.call(
        "stay", "token/staff", "guestBookingStatus", actor="manager", status=401, reply=error("NOT_AUTHENTICATED"),
        settle=False, **CALL,
    )  # fmt: skip
    tape.call(
        "next", "token/during", "channelAuth", actor="guest", reply={"auth": "fp:0000000000ff"}, settle=False,
        token=good.OTHER_TOKEN, body=own | {"channel_name": f"private-guest-booking.{OTHER_BOOKING}"},
    )  # fmt: skip
    calls = [line for line in tape.lines if line["kind"] == "call" and line["case"] == "token/during"]
    told = {line["call"]: line["body"] for line in tape.lines if line["kind"] == "reply"}
    for line in calls[1:3]:
        tape.call(
            "stay", "token/other-way", line["operation"], actor="guest", reply=copy.deepcopy(told[line["call"]]),
            settle=False, token=good.NEW_TOKEN, body=line.get("body"),
        )  # fmt: skip
    tape.lines += tail
    return tape


_ROWS: dict[str, tuple[Line, Line]] = {
    "listBookings": (booking(), booking(booking_id=OTHER_BOOKING)),
    "listRooms": (room(), room(room_id=FREE_ID)),
}


def pages(operation: str) -> Tape:
    """Two rows on one page, then on two, then on one again, twice."""
    tape = Tape()
    tape.arranged("pages", "booking ready for check-in", STAY_BINDINGS)
    rows = _ROWS[operation]
    counts = dict.fromkeys(("arrivals", "in_house", "departures", "pending", "checked_out", "cancelled"), 0)
    for page, size in ((1, 2), (1, 1), (2, 1), (1, 2), (1, 2)):
        body: Line = {
            "count": 2, "previous": None, "next": f"?page={page + 1}&page_size=1" if page * size < len(rows) else None,
            "results": copy.deepcopy(list(rows[(page - 1) * size : page * size])),
        }  # fmt: skip
        if operation == "listBookings":
            body["bucket_counts"] = counts
        tape.call(
            "pages", "read/pages", operation, actor="manager", reply=body, settle=False, hotel_slug=SLUG, page=page,
            page_size=size,
        )  # fmt: skip
    return tape


def pressed_twice() -> Tape:
    """Two start to clean one room: it is begun once, and the other hears that it is."""
    slug = "one-change-twice"
    tape = begun(slug, "room in status", STAY_BINDINGS)
    step = "CHECKOUT_DIRTY>CLEANING_IN_PROGRESS"
    cleaning = room("CLEANING_IN_PROGRESS")
    told = {"message": "Begun", "new_status": "CLEANING_IN_PROGRESS"}
    before = {"room": {ROOM_ID: room("CHECKOUT_DIRTY")}, "audit": {ROOM_ID: []}}
    race(
        tape, slug,
        Run("startCleaning", 200, told | {"old_status": "CHECKOUT_DIRTY"}, None, "housekeeping"),
        Run("startCleaning", 200, told | {"old_status": "CLEANING_IN_PROGRESS"}, None, "housekeeping"),
        before=states(before), after=states({"room": {ROOM_ID: cleaning}, "audit": {ROOM_ID: audit(step)}}),
        events=[room_updated(tape, cleaning, "room_status", "room_status_display")],
    )  # fmt: skip
    return tape


def moved_at_once() -> Tape:
    """Two bookings in house want one room; the first gets it, and the other stays where it is."""
    slug = "move-one-room"
    tape = begun(slug, "in-house booking and a free room", STAY_BINDINGS | FREE_BINDINGS)
    old, new, left = room("OCCUPIED"), room("OCCUPIED", room_id=FREE_ID), room("CHECKOUT_DIRTY")
    theirs = room("OCCUPIED", room_id=DIRTY_ID, current_booking_id=OTHER_BOOKING)
    here, there = booking("in_house", old), booking("in_house", new)
    other = ("booking", {"booking_id": OTHER_BOOKING}, booking("in_house", theirs, booking_id=OTHER_BOOKING))
    rooms = {ROOM_ID: old, FREE_ID: room(room_id=FREE_ID), DIRTY_ID: theirs}
    trail: Line = {ROOM_ID: audit(good.OUT), FREE_ID: audit(IN, room_id=FREE_ID), DIRTY_ID: []}
    before = {"booking": here, "room": rooms, "audit": {room_id: [] for room_id in rooms}}
    after = {"booking": there, "room": rooms | {ROOM_ID: left, FREE_ID: new}, "audit": trail}
    fields = [name for name in good.STAY_FIELDS if name != "is_bookable"]
    events = [
        staff(tape, "booking_updated", there, transition("in_house", "in_house", good.LEFT)),
        guest(tape, "booking_room_assigned", there),
        room_updated(tape, left, *fields),
        room_updated(tape, new, *good.STAY_FIELDS),
        occupancy(tape, left, None, *good.OCCUPANCY_FIELDS),
        occupancy(tape, new, there, *good.OCCUPANCY_FIELDS),
    ]
    body = {"to_room_id": FREE_ID}
    race(
        tape, slug, Run("moveRoom", 200, {"message": "Moved"} | there, body=body),
        Run("moveRoom", 400, error("ROOM_NOT_READY"), OTHER_BOOKING, body=body),
        before=[*states(before), other], after=[*states(after), other], events=events,
    )  # fmt: skip
    return tape


def passed_on() -> Tape:
    """A room is given to a booking, taken from it, and given to another."""
    tape = good.assignment()
    named = {
        "hotel_slug": SLUG,
        "hotel_id": good.HOTEL_ID,
        "booking_id": OTHER_BOOKING,
        "guest_token": good.OTHER_TOKEN,
    }
    tape.arranged("assign", "booking without a room", named | FREE_BINDINGS)
    tape.lines.insert(2, tape.lines.pop())
    given = booking("expected", room(room_id=FREE_ID), booking_id=OTHER_BOOKING)
    step = transition("expected", "expected", good.CAME)
    states = {"room": {FREE_ID: room(room_id=FREE_ID)}, "audit": {FREE_ID: []}}
    tape.call(
        "assign", "assign/happy", "assignRoom", before=states | {"booking": booking(booking_id=OTHER_BOOKING)},
        after=states | {"booking": given}, body={"room_id": FREE_ID}, reply={"message": "done"} | given,
        events=[staff(tape, "booking_updated", given, step), guest(tape, "booking_room_assigned", given)],
        hotel_slug=SLUG, booking_id=OTHER_BOOKING,
    )  # fmt: skip
    return tape


NEARLY: dict[str, Callable[[], Tape]] = {
    "shown": shown,
    "nearly": nearly,
    "pages-of-bookings": partial(pages, "listBookings"),
    "pages-of-rooms": partial(pages, "listRooms"),
    "pressed-twice": pressed_twice,
    "moved-at-once": moved_at_once,
    "passed-on": passed_on,
    "refused-next-door": lambda: refused(by_case(REFUSED)),
}


def _replies(tape: Tape, operation: str) -> list[Line]:
    calls = [line["call"] for line in tape.lines if line["kind"] == "call" and line["operation"] == operation]
    return [line for line in tape.lines if line["kind"] == "reply" and line["call"] in calls]


@lie("order/reads-after-call", base=shown)
def the_board_was_kept(tape: Tape) -> None:
    _replies(tape, "roomsBoard")[0]["body"] = board(room(), room(room_id=FREE_ID))


@lie("order/reads-after-call", base=shown)
def the_booking_was_kept(tape: Tape) -> None:
    _replies(tape, "getBooking")[0]["body"] = booking("expected", room())


@lie("lists/rooms-board-whole", base=shown)
def the_board_has_an_end(tape: Tape) -> None:
    _replies(tape, "roomsBoard")[0]["body"] = board(room(room_id=FREE_ID))


@lie("housekeeping/audit-shown", base=shown)
def the_history_lacks_the_newest_row(tape: Tape) -> None:
    rows = [{**audit(IN)[0], "id": 1, "from_status": "CLEANED_UNINSPECTED", "to_status": "READY_FOR_GUEST"}]
    _replies(tape, "roomStatusHistory")[0]["body"]["status_history"] = rows


@lie("lists/status-history", base=shown)
def the_history_has_a_neighbours_row(tape: Tape) -> None:
    body = _replies(tape, "roomStatusHistory")[0]["body"]
    body["status_history"] = [
        *body["status_history"],
        {**body["status_history"][0], "id": 1, "room_id": FREE_ID},
    ]
    body["total_events"] = 2


@lie("effects/reads", base=shown)
def who_looks_leaves_a_mark(tape: Tape) -> None:
    tape.state("read/getRoom", "before", "booking")["precheckin_submitted_at"] = good.LEFT


@lie("tokens/spoiled/portal-closed", base=nearly)
def the_beginning_of_a_token_opens_the_portal(tape: Tape) -> None:
    _spoil(tape, "guestBookingStatus", "token/spoiled", "guestBookingStatus")


@lie("tokens/spoiled/portal-closed", base=nearly)
def staff_need_no_guest_token(tape: Tape) -> None:
    _spoil(tape, "guestBookingStatus", "token/staff", "guestBookingStatus")


@lie("channels/guest/auth-differs", base=nearly)
def one_signature_is_good_for_every_channel(tape: Tape) -> None:
    signed = [line for line in _replies(tape, "channelAuth") if line["status"] == 200]
    next(line for line in signed if line["body"]["auth"] == "fp:0000000000ff")["body"]["auth"] = signed[0][
        "body"
    ]["auth"]


@lie("tokens/other-way/context", base=nearly)
def the_context_reads_no_link(tape: Tape) -> None:
    tape.reply("token/other-way").update(status=401, body=error("NOT_AUTHENTICATED"))


@lie("tokens/other-way/channel-auth", base=nearly)
def the_channel_auth_reads_no_json(tape: Tape) -> None:
    calls = [line["call"] for line in tape.lines if line.get("case") == "token/other-way"]
    told = next(line for line in tape.lines if line["kind"] == "reply" and line["call"] == calls[1])
    told.update(status=400, body=error("INVALID_INPUT"))


@lie("tokens/spoiled/desk-closed", base=nearly)
def the_beginning_of_a_token_opens_the_desk(tape: Tape) -> None:
    call = next(
        line
        for line in tape.lines
        if line.get("case") == "token/spoiled" and line["operation"] == "getBooking"
    )
    told = next(line for line in tape.lines if line["kind"] == "reply" and line["call"] == call["call"])
    told.update(status=200, body=booking("in_house", room("OCCUPIED")))


@lie("channels/guest/auth-refused", base=nearly)
def the_beginning_of_a_token_is_signed(tape: Tape) -> None:
    _spoil(tape, "channelAuth", "token/spoiled", "channelAuth")


def _spoil(tape: Tape, operation: str, case: str, like: str) -> None:
    """The call of this case is answered as that of the stay was."""
    calls = {line["call"]: line for line in tape.lines if line["kind"] == "call"}
    replies = [line for line in tape.lines if line["kind"] == "reply"]
    right = next(
        line for line in replies
        if calls[line["call"]]["operation"] == like and calls[line["call"]]["case"] == "token/during"
    )  # fmt: skip
    wrong = next(
        line for line in replies
        if calls[line["call"]]["operation"] == operation and calls[line["call"]]["case"] == case
    )  # fmt: skip
    wrong.update(status=200, body=copy.deepcopy(right["body"]))


@lie("lists/booking-page-walk", base=NEARLY["pages-of-bookings"])
def the_second_page_begins_with_the_last_row_of_the_first(tape: Tape) -> None:
    replies = _replies(tape, "listBookings")
    replies[2]["body"]["results"] = [booking(booking_id="BK-2026-0003")]


@lie("lists/booking-page-walk", base=NEARLY["pages-of-bookings"])
def a_page_has_no_order(tape: Tape) -> None:
    replies = _replies(tape, "listBookings")
    for position, other in ((3, "BK-2026-0003"), (4, "BK-2026-0004")):
        replies[position]["body"]["results"][0]["booking_id"] = other


@lie("lists/room-page-walk", base=NEARLY["pages-of-rooms"])
def a_room_is_on_no_page(tape: Tape) -> None:
    _replies(tape, "listRooms")[2]["body"]["results"] = [room(room_id=13)]


@lie("lists/booking-page", base=NEARLY["pages-of-bookings"])
def next_leads_to_the_page_it_stands_on(tape: Tape) -> None:
    _replies(tape, "listBookings")[1]["body"]["next"] = "?page=1&page_size=1"


@lie("lists/booking-page", base=NEARLY["pages-of-bookings"])
def next_leads_to_the_whole_list(tape: Tape) -> None:
    call = next(line for line in tape.lines if line["kind"] == "call" and line["params"]["page_size"] == 1)
    call["params"]["status"] = "CONFIRMED"


@lie("lists/booking-filters", base=NEARLY["pages-of-bookings"])
def who_has_not_come_is_in_house(tape: Tape) -> None:
    for line in tape.lines:
        if line["kind"] == "call":
            line["params"]["bucket"] = "in_house"
    for line in _replies(tape, "listBookings"):
        line["body"]["next"] = line["body"]["next"] and f"{line['body']['next']}&bucket=in_house"
        line["body"]["bucket_counts"] = {**line["body"]["bucket_counts"], "in_house": 2}


@lie("races/one-change-twice", base=pressed_twice)
def each_of_two_wrote_a_row(tape: Tape) -> None:
    rows = seen(tape, "audit")
    rows.append(rows[0] | {"id": 999})


@lie("races/move-one-room", "room/invariant/one-in-house-booking", base=moved_at_once)
def two_moved_into_one_room(tape: Tape) -> None:
    detail = booking("in_house", room("OCCUPIED", room_id=FREE_ID), booking_id=OTHER_BOOKING)
    reply(tape, "B").update(status=200, body={"message": "Moved"} | detail)
    seen(tape, "booking", position=1).update(detail)


@lie("assignment/unassign/room-free", "assignment/assign/succeeds", base=passed_on)
def the_room_stays_reserved(tape: Tape) -> None:
    call = next(
        line
        for line in tape.lines
        if line["kind"] == "call" and line["params"]["booking_id"] == OTHER_BOOKING
    )
    told = next(line for line in tape.lines if line["kind"] == "reply" and line["call"] == call["call"])
    told.update(status=409, body=error("ROOM_OVERLAP_CONFLICT"))
    for line in tape.lines:
        if line["kind"] == "probe" and line.get("call") == call["call"] and line["probe"] == "booking":
            line["state"] = booking(booking_id=OTHER_BOOKING)
    for line in (tape.events("booking_updated")[-1], tape.events("booking_room_assigned")[-1]):
        tape.drop(line)


@lie("access/refusal-shows-nothing", base=NEARLY["refused-next-door"])
def the_refusal_says_whose_booking_it_is(tape: Tape) -> None:
    tape.reply(REFUSED)["body"]["error"]["details"] = {"guest": "Ada Lovelace"}


@lie("idempotency/check-in/answer-200")
def a_repeat_answers_as_it_was(tape: Tape) -> None:
    tape.reply("check-in/repeat")["body"]["checked_in_at"] = good.LEFT


@lie("idempotency/check-out/answer-200")
def a_repeated_departure_answers_as_it_was(tape: Tape) -> None:
    tape.reply("check-out/repeat")["body"]["status"] = "CONFIRMED"
