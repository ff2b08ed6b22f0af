"""One spoiled history per rule, at least: what is broken, in the good history it is broken in, and which rules say so.

Most lies break one promise. Where a lie must show in two places (a wrong room also makes an event wrong), the others are
declared in `also`, so that the test knows every alarm.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conformance_tests.rules.arrivals import EDGES
from conformance_tests.rules.facts import HOUSEKEEPING
from conformance_tests.rules.refusing import _codes, _groups
from conformance_tests.rules.shapes import _reply_schemas, _slug
from tests.histories import good
from tests.histories.builder import Line, Tape, room_updated
from tests.histories.facts import (
    BOOKING,
    CAME,
    DIRTY_ID,
    FREE,
    FREE_ID,
    LEFT,
    NEW_TOKEN,
    OLD_TOKEN,
    OTHER_BOOKING,
    ROOM_ID,
    audit,
    booking,
    guests,
    room,
    token,
)
from tests.histories.good import error
from tests.histories.refusals import by_case, example, refused

IN, OUT, IN_AGAIN, OUT_AGAIN = "check-in/happy", "check-out/happy", "check-in/repeat", "check-out/repeat"


@dataclass(frozen=True)
class Bad:
    """A lie: the rules that must catch it (the first is the one it is for) and the history."""

    name: str
    rules: tuple[str, ...]
    make: Callable[[], Tape] = field(repr=False)


BAD: list[Bad] = []


def lie(
    *rules: str, base: Callable[[], Tape] = good.stay
) -> Callable[[Callable[[Tape], Any]], Callable[[Tape], Any]]:
    """Register a function that spoils a good history."""

    def wrap(edit: Callable[[Tape], Any]) -> Callable[[Tape], Any]:
        def make() -> Tape:
            tape = base()
            edit(tape)
            return tape

        BAD.append(Bad(edit.__name__.replace("_", "-"), rules, make))
        return edit

    return wrap


def set_state(tape: Tape, case: str, when: str, probe: str, **fields: Any) -> None:
    """Change a snapshot after a call, and what later snapshots before their calls show stays as it was."""
    tape.state(case, when, probe).update(fields)


# --- check-in: room, booking, guests, tokens


@lie(
    "check-in/room/occupied",
    "events/content/agrees-with-state",
    "room/invariant/occupied-iff-in-house",
    "events/changed-fields/exact",
)
def room_stays_free(tape: Tape) -> None:
    tape.state(IN, "after", "room")["is_occupied"] = False


@lie(
    "check-in/room/status",
    "housekeeping/audit-row",
    "housekeeping/audit-chain",
    "events/content/agrees-with-state",
    "events/changed-fields/exact",
    "room/invariant/occupied-status",
)
def room_stays_ready(tape: Tape) -> None:
    tape.state(IN, "after", "room")["room_status"] = "READY_FOR_GUEST"


@lie(
    "check-in/booking/checked-in-at",
    "events/content/agrees-with-state",
    "events/content/canonical-booking",
    "room/invariant/occupied-iff-in-house",
    "replies/guest-reads-agree",
)
def no_arrival_time(tape: Tape) -> None:
    tape.state(IN, "after", "booking")["checked_in_at"] = None


@lie(
    "check-in/booking/status-unchanged",
    "events/content/agrees-with-state",
    "events/content/canonical-booking",
    "effects/booking",
    "replies/guest-reads-agree",
)
def status_changes_at_check_in(tape: Tape) -> None:
    tape.state(IN, "after", "booking")["status"] = "PENDING_APPROVAL"


@lie("check-in/guests/created", "check-in/guests/primary-linked")
def companion_without_record(tape: Tape) -> None:
    tape.probe(IN, "after", "guests")["state"] = guests("in_house")[1:]


@lie("check-in/guests/primary-linked")
def companion_not_linked(tape: Tape) -> None:
    tape.state(IN, "after", "guests")[1]["primary_guest_id"] = None


@lie("check-in/guests/one-each")
def guest_made_twice(tape: Tape) -> None:
    rows = tape.state(IN, "after", "guests")
    rows.append(rows[1] | {"id": 77})


@lie("check-in/guests/in-room")
def guest_in_no_room(tape: Tape) -> None:
    tape.state(IN, "after", "guests")[1]["room_id"] = None


@lie("check-in/token/issued")
def no_token_issued(tape: Tape) -> None:
    tape.probe(IN, "after", "tokens")["state"] = [token(41, active=False)]


@lie("check-in/token/issued")
def token_for_another_purpose(tape: Tape) -> None:
    tape.state(IN, "after", "tokens")[1]["purpose"] = "PRECHECKIN"


@lie("check-in/token/scopes")
def token_without_room_service(tape: Tape) -> None:
    tape.state(IN, "after", "tokens")[1]["scopes"] = ["STATUS_READ", "CHAT"]


@lie("check-in/token/earlier-revoked")
def earlier_token_stays_active(tape: Tape) -> None:
    tape.probe(IN, "after", "tokens")["state"] = [token(41, active=True), token(42, active=True)]


@lie("check-in/token/returned")
def token_not_returned(tape: Tape) -> None:
    tape.reply(IN)["body"]["guest_token"] = None


@lie("check-in/token/returned", "events/check-in/guest-token")
def old_token_returned(tape: Tape) -> None:
    tape.reply(IN)["body"]["guest_token"] = OLD_TOKEN


@lie("check-in/token/opens-portal", "errors/never-5xx")
def portal_broken_during_the_stay(tape: Tape) -> None:
    tape.reply("token/during").update(status=500, body=error("INTERNAL_ERROR"))


@lie("check-in/succeeds", "refusal/no-effect", "events/refusal/no-event", base=good.stay)
def check_in_answers_500_and_is_done(tape: Tape) -> None:
    tape.reply(IN).update(status=409, body=error("CHECKOUT_FAILED"))


@lie("check-in/succeeds", "refusal/no-effect", "events/refusal/no-event", base=good.stay)
def check_in_on_the_day_is_too_late(tape: Tape) -> None:
    tape.reply(IN).update(status=400, body=error("CHECKIN_TOO_LATE"))


@lie("check-out/succeeds", base=good.special)
def orphan_stops_the_check_out(tape: Tape) -> None:
    tape.reply("check-out/orphan").update(status=409, body=error("CHECKOUT_FAILED"))
    _undone(tape, "check-out/orphan")


@lie("check-out/succeeds", "errors/never-5xx", base=good.special)
def survey_mail_stops_the_check_out(tape: Tape) -> None:
    tape.reply("check-out/survey-fails").update(status=500, body=error("INTERNAL_ERROR"))
    _undone(tape, "check-out/survey-fails")


def _undone(tape: Tape, case: str) -> None:
    """The call left everything as it was, and published nothing."""
    call = tape.calls(case)["call"]
    for line in list(tape.lines):
        if line["kind"] == "probe" and line.get("call") == call and line["when"] == "after":
            line["state"] = copy.deepcopy(tape.state(case, "before", line["probe"]))
    position = next(
        i for i, line in enumerate(tape.lines) if line["kind"] == "reply" and line["call"] == call
    )
    for line in list(tape.lines[position + 1 : position + 9]):
        if line["kind"] == "event":
            tape.drop(line)


# --- check-out


@lie(
    "check-out/room/vacated",
    "events/content/agrees-with-state",
    "events/changed-fields/exact",
    "room/invariant/occupied-iff-in-house",
    "room/invariant/occupied-status",
)
def room_stays_occupied(tape: Tape) -> None:
    tape.state(OUT, "after", "room")["is_occupied"] = True


@lie(
    "check-out/room/status",
    "housekeeping/audit-row",
    "housekeeping/audit-chain",
    "housekeeping/lifecycle",
    "events/content/agrees-with-state",
)
def room_skips_housekeeping(tape: Tape) -> None:
    tape.state(OUT, "after", "room")["room_status"] = "READY_FOR_GUEST"


@lie("check-out/room/fcm-token-cleared")
def push_token_stays(tape: Tape) -> None:
    tape.state(OUT, "after", "device")["guest_fcm_token_set"] = True


@lie(
    "check-out/booking/checked-out-at",
    "events/content/agrees-with-state",
    "events/content/canonical-booking",
    "room/invariant/occupied-iff-in-house",
)
def no_departure_time(tape: Tape) -> None:
    tape.state(OUT, "after", "booking")["checked_out_at"] = None


@lie(
    "check-out/booking/status-completed",
    "events/content/agrees-with-state",
    "events/content/canonical-booking",
)
def booking_stays_confirmed(tape: Tape) -> None:
    tape.state(OUT, "after", "booking")["status"] = "CONFIRMED"


@lie(
    "check-out/booking/checked-in-at-kept",
    "events/content/agrees-with-state",
    "events/content/canonical-booking",
    "effects/booking",
)
def departure_rewrites_arrival(tape: Tape) -> None:
    tape.state(OUT, "after", "booking")["checked_in_at"] = LEFT


@lie("check-out/cleanup/conversations")
def messages_stay(tape: Tape) -> None:
    tape.state(OUT, "after", "cleanup")["room_messages"] = 2


@lie("check-out/cleanup/orders")
def breakfast_stays(tape: Tape) -> None:
    tape.state(OUT, "after", "cleanup")["breakfast_orders"] = 1


@lie("check-out/cleanup/turnover-note", "events/content/agrees-with-state", "events/changed-fields/exact")
def no_turnover_note(tape: Tape) -> None:
    tape.state(OUT, "after", "room")["turnover_notes"] = None


@lie("check-out/guests/detached", "check-out/guests/room-empty", "room/invariant/guests-of-booking")
def guest_left_in_the_room(tape: Tape) -> None:
    tape.state(OUT, "after", "guests")[1]["room_id"] = ROOM_ID


@lie("check-out/guests/booking-link-kept")
def guest_record_deleted(tape: Tape) -> None:
    tape.probe(OUT, "after", "guests")["state"] = guests("departed")[:1]


@lie("check-out/guests/orphans-detached", "check-out/guests/room-empty", base=good.special)
def orphan_left_in_the_room(tape: Tape) -> None:
    tape.state("check-out/orphan", "after", "guests")[2]["room_id"] = ROOM_ID


@lie("check-out/guests/room-empty", "room/invariant/guests-of-booking")
def stranger_left_in_the_room(tape: Tape) -> None:
    tape.state(OUT, "after", "guests").append(
        guests("in_house")[0] | {"id": 99, "booking_id": OTHER_BOOKING, "party_member_id": None}
    )


@lie("check-out/survey/failure-leaves-record", base=good.special)
def survey_failure_is_swallowed(tape: Tape) -> None:
    tape.probe("check-out/survey-fails", "after", "failures")["state"] = []


@lie("check-out/tokens/revoked", "room/invariant/departed-without-token")
def tokens_not_revoked(tape: Tape) -> None:
    tape.state(OUT, "after", "tokens")[1].update(token(42, active=True))


@lie("check-out/tokens/reason")
def revoked_without_reason(tape: Tape) -> None:
    tape.state(OUT, "after", "tokens")[1]["revoke_reason"] = None


def _door(tape: Tape, case: str, operation: str, **fields: Any) -> None:
    """Change the answer at one door."""
    call = next(line["call"] for line in tape.lines
                if line["kind"] == "call" and line["case"] == case and line["operation"] == operation)  # fmt: skip
    next(line for line in tape.lines if line["kind"] == "reply" and line["call"] == call).update(fields)


@lie("check-out/tokens/portal-closed", "replies/guest-reads-agree")
def portal_open_after_departure(tape: Tape) -> None:
    view = next(
        line for line in tape.lines if line["kind"] == "reply" and "party_size" in str(line.get("body"))
    )
    _door(tape, "token/after", "guestBookingStatus", status=200, body=copy.deepcopy(view["body"]))


@lie("check-out/tokens/channel-closed", "channels/guest/auth-refused")
def channel_open_after_departure(tape: Tape) -> None:
    _door(tape, "token/after", "channelAuth", status=200, body={"auth": "fp:0000000000ee"})


@lie("channels/guest/auth-same")
def channel_signed_for_another_socket(tape: Tape) -> None:
    _door(tape, "token/during", "channelAuth", body={"auth": "fp:0000000000ee"})


@lie("tokens/earlier/portal-closed")
def earlier_token_still_opens(tape: Tape) -> None:
    _door(tape, "token/earlier", "channelAuth", status=200, body={"auth": "fp:0000000000ee"})


@lie("tokens/foreign/portal-closed", "replies/guest-reads-agree")
def foreign_token_opens(tape: Tape) -> None:
    view = next(
        line for line in tape.lines if line["kind"] == "reply" and "party_size" in str(line.get("body"))
    )
    _door(tape, "token/foreign", "guestBookingStatus", status=200, body=copy.deepcopy(view["body"]))


@lie("channels/guest/auth-refused")
def foreign_token_signed(tape: Tape) -> None:
    _door(tape, "token/foreign", "channelAuth", status=200, body={"auth": "fp:0000000000ee"})


@lie("channels/guest/auth-refusal-status")
def foreign_token_is_nobody(tape: Tape) -> None:
    _door(tape, "token/foreign", "channelAuth", status=401, body=error("NOT_AUTHENTICATED"))


@lie("tokens/during/channel-open")
def channel_shut_during_the_stay(tape: Tape) -> None:
    _door(tape, "token/during", "channelAuth", status=403, body=error("PERMISSION_DENIED"))


@lie("tokens/before/portal-open")
def portal_shut_before_arrival(tape: Tape) -> None:
    _door(tape, "token/before", "guestBookingStatus", status=401, body=error("NOT_AUTHENTICATED"))


@lie("tokens/raw-nowhere-else", "tokens/raw-never-public")
def staff_see_the_token(tape: Tape) -> None:
    tape.payload("booking_checked_in", "staff")["guest_token"] = NEW_TOKEN


# --- privacy


@lie("privacy/guest-event", "events/schema/guest-booking")
def notes_leak_deep_inside(tape: Tape) -> None:
    tape.payload("booking_checked_in", "guest")["hotel"]["desk"] = {"internal_notes": "prefers cash"}


@lie("privacy/guest-event", "events/schema/guest-booking")
def pin_leaks_under_another_name(tape: Tape) -> None:
    tape.payload("booking_checked_out", "guest")["door"] = {"code": "4821"}


@lie("privacy/guest-event", "events/schema/guest-booking")
def companions_leak(tape: Tape) -> None:
    tape.payload("booking_checked_in", "guest")["travelling_with"] = ["Grace Hopper"]


@lie("privacy/guest-endpoint", "replies/guest-booking-status")
def payment_leaks_at_the_endpoint(tape: Tape) -> None:
    _body(tape, "token/before", "guestBookingStatus")["payment_reference"] = "pi_3N9secret77"


@lie("privacy/guest-endpoint")
def notes_leak_in_a_message(tape: Tape) -> None:
    _body(tape, "token/during", "guestContext")["allowed_actions"] = [
        "see: prefers to pay in cash; do not upgrade"
    ]


def _body(tape: Tape, case: str, operation: str) -> Line:
    call = next(line["call"] for line in tape.lines
                if line["kind"] == "call" and line["case"] == case and line["operation"] == operation)  # fmt: skip
    found: Line = next(line for line in tape.lines if line["kind"] == "reply" and line["call"] == call)[
        "body"
    ]
    return found


# --- events: missing, extra, doubled, elsewhere


@lie("events/check-in/nothing-missing")
def guest_never_told_of_the_check_in(tape: Tape) -> None:
    tape.drop(tape.events("booking_checked_in", "guest")[0])
    tape.ended()  # only the end of the run proves absence on a guest channel


@lie("events/check-out/nothing-missing")
def board_never_told_of_the_check_out(tape: Tape) -> None:
    tape.drop(tape.events("room_occupancy_updated", "rooms")[1])


@lie("events/housekeeping/nothing-missing", base=good.housekeeping)
def cleaning_not_announced(tape: Tape) -> None:
    tape.drop(tape.events("room_updated")[1])


@lie("events/assignment/nothing-missing", base=good.move)
def old_room_not_announced(tape: Tape) -> None:
    tape.drop(tape.events("room_updated")[0])


@lie("events/once")
def sent_twice_with_a_new_id(tape: Tape) -> None:
    tape.again(tape.events("room_updated", "rooms")[0], event_id="event-new")


@lie("events/nothing-extra")
def unasked_update(tape: Tape) -> None:
    line = tape.events("booking_checked_in", "staff")[0]
    copied = tape.again(line, event_id="event-new")
    copied["name"] = copied["data"]["type"] = copied["data"]["event_type"] = "booking_updated"
    copied["data"]["payload"]["transition"] = {"from": "in_house", "to": "in_house", "at": CAME}


def _event_in(tape: Tape, case: str) -> None:
    """An event about the room, just after the reply to a call that owes none."""
    position = tape.reply(case)
    tape.insert_after(position, room_updated(tape, room("OCCUPIED"), "is_occupied"))


@lie("events/refusal/no-event", base=lambda: refused(by_case("check-in/refuse/party-incomplete")))
def phantom_on_a_refusal(tape: Tape) -> None:
    _event_in(tape, "check-in/refuse/party-incomplete")


@lie("idempotency/check-in/no-event")
def repeat_announces_again(tape: Tape) -> None:
    _event_in(tape, IN_AGAIN)


@lie("idempotency/check-out/no-event")
def repeated_check_out_announces(tape: Tape) -> None:
    tape.insert_after(
        tape.reply(OUT_AGAIN), room_updated(tape, good.rooms_of_stay()["departed"], "is_occupied")
    )


def _booking_event_in(tape: Tape, case: str, phase: str) -> None:
    here = room("OCCUPIED", room_id=FREE_ID) if phase == "in_house" else None
    step = {"from": phase, "to": phase, "at": CAME}
    payload = booking(phase, here) | {"transition": step}
    tape.insert_after(tape.reply(case), tape.event("staff", "booking_updated", payload))


@lie("idempotency/assign-room/no-event", base=good.assignment)
def repeated_assignment_announces(tape: Tape) -> None:
    _booking_event_in(tape, "assign/repeat", "expected")


@lie("idempotency/unassign-room/no-event", base=good.assignment)
def repeated_unassignment_announces(tape: Tape) -> None:
    _booking_event_in(tape, "unassign/repeat", "expected")


@lie("idempotency/move-room/no-event", base=good.move)
def repeated_move_announces(tape: Tape) -> None:
    _booking_event_in(tape, "move/repeat", "in_house")


@lie("housekeeping/no-op/no-event", base=good.housekeeping)
def no_op_announces(tape: Tape) -> None:
    tape.insert_after(tape.reply("housekeeping/no-op"), room_updated(tape, room(), "room_status"))


def _rechannel(line: Line, channel: str) -> None:
    line["channel"] = channel


@lie(
    "channels/rooms/name",
    "events/check-in/nothing-missing",
    "channels/staff/events",
    "events/nothing-extra",
    "events/envelope/booking-category",
    "events/envelope/scope",
)
def room_event_on_the_staff_channel(tape: Tape) -> None:
    line = tape.events("room_updated", "rooms")[0]
    line["channel"] = "staff-hotel-7"
    line["data"]["payload"]["booking_id"] = BOOKING


@lie("channels/staff/name", "channels/hotel-isolation")
def staff_event_on_another_hotels_channel(tape: Tape) -> None:
    tape.arranged("elsewhere", "booking of another hotel", {"hotel_slug": "other-test", "hotel_id": 8})
    _rechannel(tape.events("booking_checked_in", "staff")[0], "staff-hotel-8")


@lie(
    "channels/guest/name",
    "events/check-in/nothing-missing",
    "events/nothing-extra",
    "tokens/raw-nowhere-else",
    "tokens/raw-never-public",
)
def guest_event_on_a_public_channel(tape: Tape) -> None:
    _rechannel(tape.events("booking_checked_in", "guest")[0], "grand-test.notes")
    tape.ended()  # only the end of the run proves absence on a guest channel


@lie("channels/guest/own-booking", "events/check-in/nothing-missing", "tokens/raw-nowhere-else")
def guest_event_on_another_guests_channel(tape: Tape) -> None:
    _rechannel(tape.events("booking_checked_in", "guest")[0], f"private-guest-booking.{OTHER_BOOKING}")
    tape.ended()  # only the end of the run proves absence on a guest channel


@lie("channels/hotel-isolation", "events/check-in/nothing-missing", "events/envelope/hotel-slug")
def room_event_on_another_hotels_channel(tape: Tape) -> None:
    _rechannel(tape.events("room_updated", "rooms")[0], "other-test.rooms")


@lie("channels/rooms/events")
def booking_event_on_the_rooms_channel(tape: Tape) -> None:
    line = tape.event(
        "rooms", "booking_updated", room("CLEANING_IN_PROGRESS", room_id=DIRTY_ID) | {"changed_fields": ["x"]}
    )
    tape.lines.append(line)


@lie("channels/staff/events", "events/envelope/booking-category", "events/envelope/scope")
def room_event_on_the_staff_channel_too(tape: Tape) -> None:
    line = tape.event("rooms", "room_updated", room(room_id=DIRTY_ID) | {"changed_fields": ["x"]})
    tape.lines.append(line | {"channel": "staff-hotel-7"})


@lie("channels/guest/events")
def update_on_a_guest_channel(tape: Tape) -> None:
    detail = {"booking_id": OTHER_BOOKING, "status": "CONFIRMED"}
    tape.lines.append(tape.event("guest", "booking_updated", detail))


# --- events: subject, content, changed_fields


@lie("events/subject/agrees", "events/content/agrees-with-state")
def two_rooms_numbers_swapped(tape: Tape) -> None:
    line = tape.events("room_updated", "rooms")[0]
    line["data"]["payload"]["room_number"] = FREE


@lie("events/content/agrees-with-state", "events/content/same-in-every-event")
def event_says_not_occupied(tape: Tape) -> None:
    tape.payload("room_updated", "rooms")["is_occupied"] = False


@lie("events/content/agrees-with-state")
def wrong_count_of_guests(tape: Tape) -> None:
    tape.payload("room_occupancy_updated", "rooms")["current_occupancy"] = 1


@lie("events/content/canonical-booking")
def staff_event_forgets_money(tape: Tape) -> None:
    tape.payload("booking_checked_in", "staff")["total_amount"] = "0.00"


@lie("events/content/same-in-every-event", "events/content/agrees-with-state")
def events_disagree(tape: Tape) -> None:
    tape.payload("booking_checked_out", "guest")["checked_out_at"] = CAME


@lie("events/changed-fields/documented", "events/changed-fields/complete")
def changed_fields_forgets_guests(tape: Tape) -> None:
    tape.payload("room_updated", "rooms")["changed_fields"].remove("guests_in_room")


@lie("events/changed-fields/complete")
def changed_fields_forgets_current_booking(tape: Tape) -> None:
    tape.payload("room_updated", "rooms")["changed_fields"].remove("current_booking_id")


@lie("events/changed-fields/exact")
def changed_fields_names_too_much(tape: Tape) -> None:
    tape.payload("room_updated", "rooms")["changed_fields"].append("maintenance_required")


@lie("events/check-in/current-booking", "events/content/agrees-with-state")
def occupancy_without_booking(tape: Tape) -> None:
    tape.payload("room_occupancy_updated", "rooms")["current_booking"] = None


@lie("events/check-out/occupancy-cleared", "events/content/agrees-with-state")
def occupancy_not_cleared(tape: Tape) -> None:
    payload = tape.payload("room_occupancy_updated", "rooms", 1)
    payload["current_booking"] = booking("in_house", room("OCCUPIED"))


@lie("events/check-out/room-dirty", "events/content/agrees-with-state", "events/content/same-in-every-event")
def stale_room_at_check_out(tape: Tape) -> None:
    tape.payload("room_updated", "rooms", 1)["room_status"] = "OCCUPIED"


@lie("events/check-in/whole-booking", "events/content/agrees-with-state", "events/content/canonical-booking")
def staff_event_without_guests(tape: Tape) -> None:
    tape.payload("booking_checked_in", "staff")["in_house"] = None


@lie("events/content/agrees-with-state", "events/content/canonical-booking")
def staff_event_without_the_companion_in_house(tape: Tape) -> None:
    tape.payload("booking_checked_in", "staff")["in_house"]["companions"] = []


@lie("events/content/agrees-with-state", "events/content/canonical-booking", base=good.move)
def moved_booking_without_guests(tape: Tape) -> None:
    tape.payload("booking_updated", "staff")["in_house"] = None


@lie("events/content/agrees-with-state")
def occupancy_names_a_guest_who_is_not_in_house(tape: Tape) -> None:
    told = tape.payload("room_occupancy_updated", "rooms")["current_booking"]
    told["in_house"]["primary"]["last_name"] = "Somebody"


@lie(
    "events/check-out/whole-booking",
    "events/payload/party",
    "events/schema/staff-booking",
    "events/content/canonical-booking",
)
def departure_as_a_patch(tape: Tape) -> None:
    payload = tape.payload("booking_checked_out", "staff")
    del payload["party"], payload["in_house"]


@lie(
    "events/check-out/whole-booking",
    "events/schema/staff-booking",
    "events/content/canonical-booking",
    "events/content/agrees-with-state",
    "events/content/same-in-every-event",
    "atomicity/no-torn-state",
)
def staff_event_without_departure(tape: Tape) -> None:
    tape.payload("booking_checked_out", "staff")["checked_out_at"] = None


@lie("events/check-in/guest-payload", "events/schema/guest-booking")
def guest_event_without_status(tape: Tape) -> None:
    del tape.payload("booking_checked_in", "guest")["status"]


@lie("events/check-in/guest-token")
def guest_gets_another_token(tape: Tape) -> None:
    tape.payload("booking_checked_in", "guest")["guest_token"] = "fp:0000000000ff"


@lie(
    "events/check-out/guest-payload",
    "events/schema/guest-booking",
    "events/content/agrees-with-state",
    "events/content/same-in-every-event",
)
def guest_event_stays_confirmed(tape: Tape) -> None:
    tape.payload("booking_checked_out", "guest")["status"] = "CONFIRMED"


@lie(
    "events/payload/room-assignment", "events/content/agrees-with-state", "events/content/same-in-every-event"
)
def guest_event_without_room(tape: Tape) -> None:
    tape.payload("booking_checked_out", "guest")["room_number"] = None


@lie("events/payload/party", "events/content/canonical-booking")
def staff_event_forgets_a_companion(tape: Tape) -> None:
    tape.payload("booking_checked_in", "staff")["party"]["companions"] = []


@lie("events/payload/transition", "order/transition-chain")
def transition_says_departed(tape: Tape) -> None:
    tape.payload("booking_checked_out", "staff")["transition"]["from"] = "expected"


@lie("order/transition-chain", "events/payload/transition")
def chain_is_broken(tape: Tape) -> None:
    tape.payload("booking_checked_out", "staff")["transition"]["from"] = "departed"


@lie("events/payload/full-room", "events/schema/room-updated")
def half_a_room(tape: Tape) -> None:
    del tape.payload("room_updated", "rooms")["max_occupancy"]


# --- events: envelope and payload keys


@lie("events/payload/room-number", "events/schema/room-updated", "events/payload/full-room")
def room_event_without_number(tape: Tape) -> None:
    del tape.payload("room_updated", "rooms")["room_number"]


@lie(
    "events/payload/room-state",
    "events/schema/room-occupancy-updated",
    "events/check-out/occupancy-cleared",
    "events/changed-fields/exact",
)
def room_event_without_occupied(tape: Tape) -> None:
    del tape.payload("room_occupancy_updated", "rooms", 1)["is_occupied"]


@lie("events/payload/maintenance-flags", "events/schema/room-occupancy-updated")
def room_event_without_flags(tape: Tape) -> None:
    del tape.payload("room_occupancy_updated", "rooms")["is_out_of_order"]


@lie(
    "events/payload/guests-in-room",
    "events/schema/room-updated",
    "events/content/agrees-with-state",
    "events/content/same-in-every-event",
)
def guests_as_a_count(tape: Tape) -> None:
    tape.payload("room_updated", "rooms")["guests_in_room"] = 2


@lie("events/payload/changed-fields", "events/schema/room-updated")
def no_changed_fields(tape: Tape) -> None:
    del tape.payload("room_updated", "rooms")["changed_fields"]


@lie(
    "events/payload/iso-timestamps",
    "events/schema/guest-booking",
    "events/content/agrees-with-state",
    "events/content/same-in-every-event",
)
def time_in_words(tape: Tape) -> None:
    tape.payload("booking_checked_in", "guest")["checked_in_at"] = "22 Nov 2026, 15:04"


@lie("events/payload/size")
def too_large(tape: Tape) -> None:
    tape.events("booking_checked_in", "staff")[0]["size"] = 10_241


@lie("events/envelope/event-id", "events/schema/room-updated")
def rooms_event_without_id(tape: Tape) -> None:
    del tape.events("room_updated")[0]["data"]["meta"]["event_id"]


@lie("events/envelope/booking-event-id", "events/schema/guest-booking")
def guest_event_without_id(tape: Tape) -> None:
    tape.events("booking_checked_out", "guest")[0]["data"]["meta"]["event_id"] = ""


@lie("events/envelope/category", "events/schema/room-occupancy-updated")
def another_category(tape: Tape) -> None:
    tape.events("room_occupancy_updated")[0]["data"]["category"] = "room_occupancy"


@lie("events/envelope/booking-category", "events/schema/staff-booking")
def another_booking_category(tape: Tape) -> None:
    tape.events("booking_checked_in", "staff")[0]["data"]["category"] = "booking"


@lie(
    "events/envelope/event-type",
    "events/envelope/event-type-is-name",
    "events/envelope/type",
    "events/schema/room-updated",
)
def no_event_type(tape: Tape) -> None:
    tape.events("room_updated")[0]["data"]["event_type"] = "room"


@lie("events/envelope/event-type-is-name", "events/envelope/type", "events/schema/room-occupancy-updated")
def event_type_of_another_event(tape: Tape) -> None:
    tape.events("room_occupancy_updated")[0]["data"]["event_type"] = "room_updated"


@lie("events/envelope/type", "events/schema/guest-booking")
def no_type(tape: Tape) -> None:
    del tape.events("booking_checked_in", "guest")[0]["data"]["type"]


@lie(
    "events/envelope/nested-payload",
    "events/schema/room-updated",
    "events/payload/room-number",
    "events/payload/room-state",
    "events/payload/maintenance-flags",
    "events/payload/guests-in-room",
    "events/payload/changed-fields",
    "events/payload/full-room",
)
def payload_at_the_root(tape: Tape) -> None:
    data = tape.events("room_updated")[0]["data"]
    data.update(data.pop("payload"))


@lie("events/envelope/hotel-slug", "channels/hotel-isolation")
def another_hotel_in_meta(tape: Tape) -> None:
    tape.events("room_updated")[0]["data"]["meta"]["hotel_slug"] = "other-test"


@lie("events/envelope/ts", "events/schema/staff-booking")
def ts_without_offset(tape: Tape) -> None:
    tape.events("booking_checked_in", "staff")[0]["data"]["meta"]["ts"] = "2026-11-22T15:04:05"


@lie("events/envelope/scope", "events/schema/guest-booking")
def no_scope(tape: Tape) -> None:
    tape.events("booking_checked_in", "guest")[0]["data"]["meta"]["scope"] = {}


@lie("events/dedup/event-id")
def one_id_for_two_events(tape: Tape) -> None:
    first, second = tape.events("room_updated")[0], tape.events("room_occupancy_updated")[0]
    second["data"]["meta"]["event_id"] = first["data"]["meta"]["event_id"]


@lie("events/dedup/event-id")
def one_id_on_two_channels(tape: Tape) -> None:
    first, second = tape.events("booking_checked_in")
    second["data"]["meta"]["event_id"] = first["data"]["meta"]["event_id"]


@lie("events/dedup/resend-keeps-body", "events/once")
def resend_is_another_event(tape: Tape) -> None:
    line = tape.events("room_updated")[0]
    copied = tape.again(line)
    copied["data"]["payload"]["changed_fields"] = ["room_status", "is_occupied"]


@lie("events/schema/room-updated", "events/content/agrees-with-state")
def room_type_cut_short(tape: Tape) -> None:
    tape.payload("room_updated", "rooms")["room_type_info"] = {"id": 3, "name": "Double"}


@lie("events/schema/room-occupancy-updated")
def occupancy_without_type(tape: Tape) -> None:
    del tape.payload("room_occupancy_updated", "rooms")["room_type"]


@lie("events/schema/staff-booking", "events/content/canonical-booking")
def staff_event_without_nights(tape: Tape) -> None:
    del tape.payload("booking_checked_out", "staff")["nights"]


@lie("events/schema/guest-booking")
def guest_event_with_more(tape: Tape) -> None:
    tape.payload("booking_checked_out", "guest")["loyalty_points"] = 12


# --- order


@lie("order/per-channel", base=good.quick)
def departure_before_arrival(tape: Tape) -> None:
    early, late = tape.events("room_updated")
    tape.drop(early)
    tape.insert_after(late, early)


def _ticking(tape: Tape) -> None:
    """Give every event the ts it has on the tape, so that moving a line does not move its time."""
    for position, line in enumerate(tape.lines):
        if line["kind"] == "event":
            line["data"]["meta"]["ts"] = f"2026-11-22T15:04:{10 + position // 10:02d}.{position % 10}00000Z"


@lie("order/meta-ts")
def clock_goes_backwards(tape: Tape) -> None:
    _ticking(tape)
    tape.events("room_updated")[1]["data"]["meta"]["ts"] = "2026-11-22T15:04:06Z"


@lie("order/after-commit")
def published_before_the_commit(tape: Tape) -> None:
    event = tape.events("room_updated")[0]
    read = next(line for line in tape.lines if line.get("event") is event and line["probe"] == "room")
    read["state"] = room()


@lie("order/after-commit")
def staff_told_before_the_commit(tape: Tape) -> None:
    event = tape.events("booking_checked_out", "staff")[0]
    read = next(line for line in tape.lines if line["kind"] == "probe" and line.get("event") is event)
    read["state"] = booking("in_house", room("OCCUPIED"))


@lie("order/event-follows-call")
def event_waits_for_the_next_call(tape: Tape) -> None:
    event = tape.events("room_updated")[0]
    tape.drop(event)
    tape.insert_after(tape.reply("token/foreign"), event)


# --- idempotency


@lie("idempotency/check-in/no-effect", "booking/lifecycle/phases")
def repeat_rewrites_arrival(tape: Tape) -> None:
    tape.state(IN_AGAIN, "after", "booking")["checked_in_at"] = LEFT


@lie("idempotency/check-out/no-effect")
def repeat_adds_a_note(tape: Tape) -> None:
    tape.state(OUT_AGAIN, "after", "room")["turnover_notes"] += "; left again"


@lie("idempotency/check-out/no-effect", "housekeeping/audit-row")
def repeat_writes_an_audit_row(tape: Tape) -> None:
    tape.probe(OUT_AGAIN, "after", "audit")["state"] = audit(
        good.IN, good.OUT, "CHECKOUT_DIRTY>CHECKOUT_DIRTY"
    )


@lie("idempotency/assign-room/no-effect", base=good.assignment)
def repeated_assignment_touches(tape: Tape) -> None:
    tape.state("assign/repeat", "after", "booking")["updated_at"] = LEFT


@lie("idempotency/unassign-room/no-effect", base=good.assignment)
def repeated_unassignment_touches(tape: Tape) -> None:
    tape.state("unassign/repeat", "after", "booking")["updated_at"] = LEFT


@lie("idempotency/move-room/no-effect", base=good.move)
def repeated_move_touches(tape: Tape) -> None:
    tape.state("move/repeat", "after", "room", 1)["turnover_notes"] = "moved"


@lie("housekeeping/no-op/no-effect", base=good.housekeeping)
def no_op_stamps(tape: Tape) -> None:
    tape.state("housekeeping/no-op", "after", "room")["last_inspected_at"] = LEFT


@lie("idempotency/check-out/next-guest-unharmed", "idempotency/check-out/no-effect", base=good.late_repeat)
def next_guest_is_thrown_out(tape: Tape) -> None:
    tape.state(OUT_AGAIN, "after", "room")["guests_in_room"] = []


@lie("idempotency/check-in/token-kept", "idempotency/check-in/no-effect")
def repeat_issues_a_token(tape: Tape) -> None:
    tape.state(IN_AGAIN, "after", "tokens").append(token(43, active=True))


@lie("idempotency/check-in/graceful", "idempotency/check-in/answer-200", "errors/never-5xx")
def repeat_crashes(tape: Tape) -> None:
    tape.reply(IN_AGAIN).update(status=500, body=error("INTERNAL_ERROR"))


@lie("idempotency/check-in/answer-200")
def repeat_is_refused(tape: Tape) -> None:
    tape.reply(IN_AGAIN).update(status=409, body=error("BOOKING_ALREADY_CHECKED_IN"))


@lie("idempotency/check-out/graceful", "idempotency/check-out/answer-200", "errors/structured")
def repeat_is_refused_without_a_code(tape: Tape) -> None:
    tape.reply(OUT_AGAIN).update(status=400, body={"detail": "no"})


@lie("idempotency/check-out/answer-200")
def repeated_check_out_is_refused(tape: Tape) -> None:
    tape.reply(OUT_AGAIN).update(status=400, body=error("NOT_CHECKED_IN"))


@lie("idempotency/check-in/guest-token-null", "tokens/raw-nowhere-else")
def repeat_shows_the_token(tape: Tape) -> None:
    tape.reply(IN_AGAIN)["body"]["guest_token"] = NEW_TOKEN


# --- housekeeping


@lie(
    "housekeeping/cleaning-flow",
    "housekeeping/audit-row",
    "housekeeping/audit-chain",
    "events/content/agrees-with-state",
    "events/changed-fields/exact",
    base=good.housekeeping,
)
def cleaning_does_not_start(tape: Tape) -> None:
    tape.state("housekeeping/startCleaning", "after", "room").update(
        room_status="CHECKOUT_DIRTY", room_status_display="Checkout Dirty"
    )


@lie(
    "housekeeping/inspection-failed",
    "housekeeping/audit-row",
    "housekeeping/audit-chain",
    "housekeeping/stamps",
    "housekeeping/maintenance-cleared",
    "events/content/agrees-with-state",
    base=good.housekeeping,
)
def failed_inspection_passes(tape: Tape) -> None:
    tape.state("housekeeping/inspectRoom-failed", "after", "room")["room_status"] = "READY_FOR_GUEST"


@lie(
    "housekeeping/maintenance-completed",
    "housekeeping/audit-row",
    "housekeeping/audit-chain",
    "housekeeping/maintenance-cleared",
    "housekeeping/stamps",
    "events/content/agrees-with-state",
    base=good.housekeeping,
)
def maintenance_skips_cleaning(tape: Tape) -> None:
    tape.state("housekeeping/completeMaintenance", "after", "room")["room_status"] = "READY_FOR_GUEST"


@lie("housekeeping/set-status/effect", base=good.housekeeping)
def legal_change_refused(tape: Tape) -> None:
    _refuse(tape, "housekeeping/setRoomStatus")


@lie("housekeeping/override/effect", base=good.housekeeping)
def override_refused(tape: Tape) -> None:
    _refuse(tape, "housekeeping/managerOverride")


def _stale_reply(case: str) -> Callable[[], Tape]:
    """A good cleaning whose answer to one call tells the status before as the status after, or the other way round."""

    def make() -> Tape:
        tape = good.housekeeping()
        body = tape.reply(case)["body"]
        if "room" in body:
            body["room"] = body["room"] | {"room_status": body["status_event"]["from_status"]}
        else:
            body["old_status"] = body["new_status"]
        return tape

    return make


for _name in HOUSEKEEPING:
    _rule = f"replies/{_slug(_name)}-agrees-with-state"
    BAD.append(Bad(f"stale-answer-to-{_slug(_name)}", (_rule,), _stale_reply(f"housekeeping/{_name}")))


@lie(
    "housekeeping/maintenance-flags",
    "events/content/agrees-with-state",
    "events/changed-fields/exact",
    base=good.housekeeping,
)
def priority_is_lost(tape: Tape) -> None:
    tape.state("housekeeping/markMaintenance", "after", "room")["maintenance_priority"] = None


@lie(
    "housekeeping/maintenance-cleared",
    "events/content/agrees-with-state",
    "events/changed-fields/exact",
    base=good.housekeeping,
)
def maintenance_notes_stay(tape: Tape) -> None:
    tape.state("housekeeping/managerOverride", "after", "room")["maintenance_notes"] = "the tap drips in here"


@lie(
    "housekeeping/stamps",
    "events/content/agrees-with-state",
    "events/changed-fields/exact",
    base=good.housekeeping,
)
def cleaning_not_stamped(tape: Tape) -> None:
    after = tape.state("housekeeping/markCleaned", "after", "room")
    after["last_cleaned_at"] = tape.state("housekeeping/markCleaned", "before", "room")["last_cleaned_at"]


@lie(
    "housekeeping/lifecycle",
    "housekeeping/cleaning-flow",
    "housekeeping/audit-row",
    "housekeeping/audit-chain",
    "events/content/agrees-with-state",
    base=good.housekeeping,
)
def inspected_room_is_out_of_order(tape: Tape) -> None:
    tape.state("housekeeping/inspectRoom", "after", "room")["room_status"] = "OUT_OF_ORDER"


@lie("housekeeping/audit-row")
def check_in_without_audit_row(tape: Tape) -> None:
    tape.probe(IN, "after", "audit")["state"] = []


@lie("housekeeping/audit-row", "housekeeping/audit-chain", base=good.housekeeping)
def wrong_from_status(tape: Tape) -> None:
    tape.state("housekeeping/markCleaned", "after", "audit")[1]["from_status"] = "CHECKOUT_DIRTY"


@lie("housekeeping/audit-chain", "housekeeping/audit-row", base=good.housekeeping)
def trail_ends_elsewhere(tape: Tape) -> None:
    tape.state("housekeeping/markCleaned", "after", "audit")[1]["to_status"] = "READY_FOR_GUEST"


@lie("housekeeping/audit-fields")
def nobody_changed_it(tape: Tape) -> None:
    tape.state(IN, "after", "audit")[0].update(changed_by=None, changed_by_name=None)


# --- assignment


@lie(
    "assignment/assign/room-set",
    "events/content/agrees-with-state",
    "events/content/canonical-booking",
    base=good.assignment,
)
def room_not_assigned(tape: Tape) -> None:
    tape.probe("assign/happy", "after", "booking")["state"] = booking("expected")


@lie("assignment/assign/succeeds", base=good.assignment)
def assignment_refused(tape: Tape) -> None:
    _refuse(tape, "assign/happy")


@lie("assignment/unassign/succeeds", base=good.assignment)
def unassignment_refused(tape: Tape) -> None:
    _refuse(tape, "unassign/happy")


@lie("assignment/move/succeeds", base=good.move)
def move_refused(tape: Tape) -> None:
    _refuse(tape, "move/happy")


def _refuse(tape: Tape, case: str) -> None:
    """The call is refused and leaves everything as it was; what comes after it is cut off."""
    tape.reply(case).update(status=409, body=error("ROOM_OVERLAP_CONFLICT"))
    call = tape.calls(case)["call"]
    position = next(
        i for i, line in enumerate(tape.lines) if line["kind"] == "reply" and line["call"] == call
    )
    before = [
        line
        for line in tape.lines
        if line["kind"] == "probe" and line.get("call") == call and line["when"] == "before"
    ]
    tape.lines = tape.lines[: position + 1]
    tape.fence()
    tape.lines.extend({**copy.deepcopy(line), "when": "after"} for line in before)


@lie(
    "assignment/unassign/room-cleared",
    "events/content/agrees-with-state",
    "events/content/canonical-booking",
    base=good.assignment,
)
def room_not_taken_away(tape: Tape) -> None:
    tape.probe("unassign/happy", "after", "booking")["state"] = booking("expected", room(room_id=FREE_ID))


@lie(
    "assignment/move/new-room-occupied",
    "events/content/agrees-with-state",
    "events/changed-fields/exact",
    "room/invariant/occupied-iff-in-house",
    base=good.move,
)
def new_room_not_occupied(tape: Tape) -> None:
    tape.state("move/happy", "after", "room", 1)["is_occupied"] = False


@lie(
    "assignment/move/old-room-dirty",
    "events/content/agrees-with-state",
    "events/changed-fields/exact",
    "room/invariant/occupied-status",
    base=good.move,
)
def old_room_keeps_guests(tape: Tape) -> None:
    tape.state("move/happy", "after", "room", 0)["guests_in_room"] = tape.state(
        "move/happy", "before", "room", 0
    )["guests_in_room"]


@lie("assignment/move/guests-follow", "room/invariant/guests-of-booking", base=good.move)
def companion_stays_behind(tape: Tape) -> None:
    tape.state("move/happy", "after", "guests")[1]["room_id"] = ROOM_ID


# --- invariants


@lie("atomicity/no-torn-state")
def torn_answer(tape: Tape) -> None:
    tape.reply(IN)["body"]["room"]["is_occupied"] = False


@lie("booking/lifecycle/completed-is-final", "idempotency/check-out/no-effect")
def completed_becomes_confirmed(tape: Tape) -> None:
    tape.state(OUT_AGAIN, "after", "booking")["status"] = "CONFIRMED"


@lie("booking/lifecycle/phases", "idempotency/check-in/no-effect", "room/invariant/occupied-iff-in-house")
def arrival_taken_back(tape: Tape) -> None:
    tape.state(IN_AGAIN, "after", "booking")["checked_in_at"] = None


@lie(
    "room/invariant/occupied-iff-in-house",
    "check-out/room/vacated",
    "events/content/agrees-with-state",
    "events/changed-fields/exact",
    "room/invariant/occupied-status",
)
def ghost_in_the_room(tape: Tape) -> None:
    tape.state(OUT, "after", "room")["is_occupied"] = True


@lie(
    "room/invariant/one-in-house-booking",
    "events/content/agrees-with-state",
    "room/invariant/guests-of-booking",
)
def two_bookings_in_one_room(tape: Tape) -> None:
    tape.state(IN, "after", "room")["current_booking_id"] = OTHER_BOOKING
    tape.state(IN, "after", "room")  # the guests of the first booking are in it all the same


@lie(
    "room/invariant/occupied-status",
    "idempotency/check-in/no-effect",
    "housekeeping/audit-row",
    "housekeeping/lifecycle",
)
def occupied_room_turns_ready(tape: Tape) -> None:
    tape.state(IN_AGAIN, "after", "room")["room_status"] = "READY_FOR_GUEST"


@lie("room/invariant/guests-of-booking", "idempotency/check-in/no-effect")
def stranger_moves_in(tape: Tape) -> None:
    tape.state(IN_AGAIN, "after", "guests").append(
        guests("in_house")[0] | {"id": 98, "booking_id": OTHER_BOOKING}
    )


@lie("room/invariant/departed-without-token", "idempotency/check-out/no-effect")
def token_comes_back(tape: Tape) -> None:
    tape.state(OUT_AGAIN, "after", "tokens")[1].update(token(42, active=True))


# --- refusals


def _cancelled() -> Tape:
    tape = refused(by_case("check-in/refuse/not-eligible-cancelled"))
    for when in ("before", "after"):
        tape.state("check-in/refuse/not-eligible-cancelled", when, "booking")["status"] = "CANCELLED"
    return tape


@lie("booking/lifecycle/terminal-statuses", "refusal/no-effect", base=_cancelled)
def cancelled_comes_back(tape: Tape) -> None:
    tape.state("check-in/refuse/not-eligible-cancelled", "after", "booking")["status"] = "CONFIRMED"


@lie("refusal/no-effect", base=lambda: refused(by_case("check-in/refuse/too-early")))
def refusal_changes_the_room(tape: Tape) -> None:
    tape.state("check-in/refuse/too-early", "after", "room")["turnover_notes"] = "tried to check in"


@lie("refusal/no-effect", base=lambda: refused(by_case("check-in/refuse/party-incomplete")))
def refusal_revokes_the_token(tape: Tape) -> None:
    tape.state("check-in/refuse/party-incomplete", "after", "tokens")[0].update(
        status="REVOKED", revoked_at=CAME
    )


@lie(
    "errors/structured",
    "errors/code/party-incomplete",
    base=lambda: refused(by_case("check-in/refuse/party-incomplete"), reply={"detail": "not complete"}),
)
def refusal_without_a_code(tape: Tape) -> None:
    del tape


@lie(
    "errors/envelope",
    base=lambda: refused(
        by_case("check-in/refuse/party-incomplete"), reply={"error": {"code": "PARTY_INCOMPLETE"}}
    ),
)
def refusal_without_a_message(tape: Tape) -> None:
    del tape


@lie(
    "errors/never-5xx",
    "check-in/refuse/party-complete",
    "errors/code/party-incomplete",
    base=lambda: refused(by_case("check-in/refuse/party-incomplete"), status=500),
)
def refusal_with_500(tape: Tape) -> None:
    del tape


@lie(
    "errors/never-html",
    "errors/structured",
    "errors/code/party-incomplete",
    base=lambda: refused(
        by_case("check-in/refuse/party-incomplete"),
        reply="<h1>Bad Request</h1>",
        content_type="text/html; charset=utf-8",
    ),
)
def refusal_as_a_page(tape: Tape) -> None:
    del tape


@lie(
    "housekeeping/turnover-required",
    "check-in/refuse/room-ready",
    base=lambda: refused(
        by_case("check-in/refuse/room-checkout-dirty"), status=200, reply=example("checkIn")
    ),
)
def dirty_room_taken(tape: Tape) -> None:
    del tape


def _accepted(case: str) -> Callable[[], Tape]:
    """A call that must be refused, carried out."""
    refusal = by_case(case)
    return lambda: refused(refusal, status=200, reply=example(refusal.operation))


for _rule_id, (_, _cases) in _groups().items():
    _others = (
        ("housekeeping/turnover-required",) if _cases[0] == "check-in/refuse/room-checkout-dirty" else ()
    )
    BAD.append(Bad(f"accepted-{_cases[0].replace('/', '-')}", (_rule_id, *_others), _accepted(_cases[0])))


def _other_code(case: str, code: str) -> Callable[[], Tape]:
    return lambda: refused(by_case(case), status=422, reply=error("METHOD_NOT_ALLOWED", f"not {code}"))


for _clause, (_code, _cases) in _codes().items():
    _case = next(case for case in _cases if not case.startswith(("login/", "guest/")))
    BAD.append(Bad(f"another-code-than-{_code.lower()}", (_clause,), _other_code(_case, _code)))


# --- answers


def answered(operation: str, body: Any) -> Tape:
    """A call outside of any case, and its answer."""
    tape = Tape()
    tape.call(
        "read", "read", operation, reply=body, settle=False, hotel_slug="grand-demo", booking_id=BOOKING
    )
    return tape


def _cut_short(operation: str) -> Callable[[], Tape]:
    body = copy.deepcopy(example(operation))
    body.pop(sorted(body)[0])
    return lambda: answered(operation, body)


for _operation in _reply_schemas():
    _rule = f"replies/{_slug(_operation)}"
    BAD.append(Bad(f"cut-short-{_slug(_operation)}", (_rule,), _cut_short(_operation)))


def _listed(operation: str) -> Callable[[], Tape]:
    return lambda: answered(operation, example(operation))


def _first_room(body: Line) -> Line:
    columns = body.get("rooms_by_status", body)
    for column in columns.values():
        rooms = column.get("rooms") if isinstance(column, dict) else column
        if isinstance(rooms, list) and rooms:
            found: Line = rooms[0]
            return found
    return {}


@lie("access/lists-of-own-hotel", base=_listed("roomsBoard"))
def room_of_another_hotel_on_the_board(tape: Tape) -> None:
    _first_room(tape.reply("read")["body"])["hotel_slug"] = "other-test"


@lie("lists/rooms-board", base=_listed("roomsBoard"))
def room_under_another_status(tape: Tape) -> None:
    found = _first_room(tape.reply("read")["body"])
    found["room_status"] = "OUT_OF_ORDER" if found["room_status"] != "OUT_OF_ORDER" else "OCCUPIED"


@lie("lists/dashboard", base=_listed("housekeepingDashboard"))
def total_does_not_add_up(tape: Tape) -> None:
    tape.reply("read")["body"]["total_rooms"] += 1


@lie("lists/booking-filters", base=lambda: answered("listBookings", example("listBookings")))
def another_status_in_the_list(tape: Tape) -> None:
    tape.calls("read")["params"]["status"] = "NO_SHOW"


@lie("lists/booking-page", base=lambda: answered("listBookings", example("listBookings")))
def one_booking_twice_on_a_page(tape: Tape) -> None:
    rows = tape.reply("read")["body"]["results"]
    rows.append(copy.deepcopy(rows[0]))
    tape.reply("read")["body"]["count"] += 1


def _page(count: int, **fields: Any) -> Callable[[], Tape]:
    """The first page of one booking, of `count`, as the contract's example shows it."""
    row = example("listBookings")["results"][0]

    def make() -> Tape:
        tape = answered(
            "listBookings", {**example("listBookings"), "results": [row], "count": count, **fields}
        )
        tape.calls("read")["params"] = {"hotel_slug": "grand-demo", "page": 1, "page_size": 1}
        return tape

    return make


@lie("lists/booking-page", base=_page(3, next=None))
def no_next_page_although_rows_are_left(tape: Tape) -> None:
    del tape


@lie("lists/booking-page", base=_page(1, next="/api/staff/hotel/grand-demo/room-bookings/?page=2"))
def a_page_after_the_last(tape: Tape) -> None:
    del tape


@lie(
    "lists/booking-page", base=_page(3, results=[], next="/api/staff/hotel/grand-demo/room-bookings/?page=2")
)
def an_empty_page_before_the_last(tape: Tape) -> None:
    del tape


@lie("lists/room-page", base=_listed("listRooms"))
def one_room_twice_on_a_page(tape: Tape) -> None:
    rows = tape.reply("read")["body"]["results"]
    rows.append(copy.deepcopy(rows[0]))
    tape.reply("read")["body"]["count"] += 1


@lie("lists/booking-filters", base=lambda: answered("listBookings", example("listBookings")))
def departed_booking_among_the_arrivals(tape: Tape) -> None:
    tape.calls("read")["params"]["bucket"] = "arrivals"
    tape.reply("read")["body"]["results"][0]["status"] = "COMPLETED"


@lie("lists/bucket-counts", base=lambda: answered("listBookings", example("listBookings")))
def bucket_counts_of_the_page(tape: Tape) -> None:
    tape.calls("read")["params"]["bucket"] = "departures"
    body = tape.reply("read")["body"]
    body["count"] = 3 * body["bucket_counts"]["departures"] + 11


@lie("lists/status-history", base=_listed("roomStatusHistory"))
def history_oldest_first(tape: Tape) -> None:
    body = tape.reply("read")["body"]
    newer = copy.deepcopy(body["status_history"][0])
    newer.update(id=newer["id"] + 1, created_at="2031-01-01T00:00:00Z")
    body["status_history"].append(newer)
    body["total_events"] += 1


@lie("lists/status-history", base=_listed("roomStatusHistory"))
def history_longer_than_its_limit(tape: Tape) -> None:
    tape.calls("read")["params"]["limit"] = len(tape.reply("read")["body"]["status_history"]) - 1


@lie("lists/booking-page", base=_listed("listBookings"))
def count_of_the_page(tape: Tape) -> None:
    row = tape.reply("read")["body"]["results"][0]
    shown = {**example("listBookings"), "results": [row, {**row, "booking_id": "BK-2026-0077"}], "count": 2}
    tape.call("read", "first", "listBookings", reply=shown, settle=False, hotel_slug="grand-demo")
    tape.call(
        "read", "again", "listBookings", reply={**shown, "results": [row], "count": 1}, settle=False,
        hotel_slug="grand-demo",
    )  # fmt: skip


def _limited_history(limit: int, *positions: int) -> Callable[[Tape], None]:
    """The history again, whole and then with a limit: the rows at these positions, of four."""

    def edit(tape: Tape) -> None:
        body = copy.deepcopy(tape.reply("read")["body"])
        row = body["status_history"][0]
        rows = [row | {"id": 900 - n, "created_at": f"2026-11-22T15:0{9 - n}:00Z"} for n in range(4)]
        for case, answered, asked in (("whole", rows, 50), ("again", [rows[n] for n in positions], limit)):
            tape.call(
                "read", case, "roomStatusHistory", settle=False, hotel_slug="grand-demo", room_id=11, limit=asked,
                reply=body | {"status_history": answered, "total_events": 4},
            )  # fmt: skip

    return edit


def limited_history() -> Tape:
    """The two newest of four rows."""
    tape = answered("roomStatusHistory", example("roomStatusHistory"))
    _limited_history(2, 0, 1)(tape)
    return tape


@lie("lists/status-history", base=_listed("roomStatusHistory"))
def limit_leaves_the_oldest_rows(tape: Tape) -> None:
    _limited_history(2, 2, 3)(tape)


@lie("lists/status-history", base=_listed("roomStatusHistory"))
def limit_leaves_out_a_row_in_between(tape: Tape) -> None:
    _limited_history(2, 0, 2)(tape)


@lie("lists/status-history", base=_listed("roomStatusHistory"))
def limit_is_not_used_up(tape: Tape) -> None:
    _limited_history(3, 0, 1)(tape)


@lie("lists/status-history", base=_listed("roomStatusHistory"))
def limit_is_ignored(tape: Tape) -> None:
    _limited_history(2, 0, 1, 2, 3)(tape)


@lie("lists/status-history", base=_listed("roomStatusHistory"))
def history_counts_what_it_shows(tape: Tape) -> None:
    body = copy.deepcopy(tape.reply("read")["body"])
    body.update(status_history=body["status_history"][:1], total_events=1)
    tape.call(
        "read", "again", "roomStatusHistory", reply=body, settle=False, hotel_slug="grand-demo", limit=1
    )


@lie(
    "login/refused-status",
    base=lambda: refused(by_case("login/refuse/unknown-user"), status=404, reply=error("NOT_FOUND")),
)
def unknown_user_with_404(tape: Tape) -> None:
    del tape


@lie(
    "tokens/invalid/status",
    base=lambda: refused(by_case("guest/refuse/unknown-token"), status=403, reply=error("PERMISSION_DENIED")),
)
def unknown_guest_token_with_403(tape: Tape) -> None:
    del tape


@lie(
    "errors/structured",
    base=lambda: refused(by_case("check-in/refuse/party-incomplete"), content_type="text/plain"),
)
def refusal_said_to_be_text(tape: Tape) -> None:
    del tape


@lie("replies/money", "replies/get-booking", base=lambda: answered("getBooking", example("getBooking")))
def money_as_a_float(tape: Tape) -> None:
    tape.reply("read")["body"]["total_amount"] = 240.0


@lie("replies/times", "replies/get-booking", base=lambda: answered("getBooking", example("getBooking")))
def time_without_offset(tape: Tape) -> None:
    tape.reply("read")["body"]["created_at"] = "2026-11-20 09:00"


@lie("events/dedup/resend-only-in-need")
def the_same_event_delivered_again(tape: Tape) -> None:
    line = tape.events("room_updated")[0]
    line["data"]["meta"]["ts"] = "2026-11-22T15:04:05.200000Z"
    tape.again(line)


# --- what only shows when somebody else looks


@lie("channels/guest/auth-refused")
def channel_auth_signs_for_staff(tape: Tape) -> None:
    _ask_for_the_channel(tape, "token/staff", "manager", status=200, reply={"auth": "fp:0000000000ee"})


@lie("channels/guest/auth-refused")
def channel_auth_signs_for_nobody(tape: Tape) -> None:
    _ask_for_the_channel(tape, "token/none", "anonymous", status=200, reply={"auth": "fp:0000000000ee"})


@lie("channels/guest/auth-refusal-status")
def nobody_is_answered_403(tape: Tape) -> None:
    _ask_for_the_channel(tape, "token/none", "anonymous", status=403, reply=error("PERMISSION_DENIED"))


@lie("privacy/guest-endpoint")
def channel_refusal_names_the_guest(tape: Tape) -> None:
    message = "This is the channel of Ada Lovelace."
    _ask_for_the_channel(
        tape, "token/staff", "manager", status=403, reply=error("PERMISSION_DENIED", message)
    )


def _ask_for_the_channel(tape: Tape, case: str, actor: str, **answer: Any) -> None:
    tape.call(
        "stay", case, "channelAuth", actor=actor, settle=False,
        body={"socket_id": "1.2", "channel_name": f"private-guest-booking.{BOOKING}"}, **answer,
    )  # fmt: skip
    tape.fence()


@lie("privacy/guest-endpoint")
def foreign_refusal_names_the_guest(tape: Tape) -> None:
    message = "This booking is of Ada Lovelace, CONFIRMED."
    _door(tape, "token/foreign", "guestBookingStatus", body=error("PERMISSION_DENIED", message))


@lie("privacy/guest-endpoint", "replies/guest-booking-status")
def guest_endpoint_names_the_companion(tape: Tape) -> None:
    body = copy.deepcopy(next(line for line in tape.lines if "party_size" in str(line.get("body")))["body"])
    _door(tape, "token/before", "guestBookingStatus", body=body | {"with": ["Grace"]})


@lie("privacy/guest-event", "events/schema/guest-booking")
def note_beside_the_hotels_phone(tape: Tape) -> None:
    hotel = tape.payload("booking_checked_in", "guest")["hotel"]
    hotel["remark"] = "prefers to pay in cash; do not upgrade"


@lie("privacy/guest-event", "events/schema/guest-booking")
def staff_named_in_meta(tape: Tape) -> None:
    tape.events("booking_checked_out", "guest")[0]["data"]["meta"]["debug"] = {"by": "Fiona Walsh"}


@lie("check-in/guests/created")
def companion_recorded_as_primary(tape: Tape) -> None:
    for row in tape.state(IN, "after", "guests"):
        row["guest_type"] = "PRIMARY"


@lie("check-out/cleanup/turnover-note", "effects/room")
def turnover_note_overwrites(tape: Tape) -> None:
    for line in tape.lines:  # up to the check-out the room has a note, which is gone after it
        if line["kind"] == "probe" and line["probe"] == "room" and not line["state"]["turnover_notes"]:
            line["state"]["turnover_notes"] = "the window does not close"
    for line in (*tape.events("room_updated")[:1],):
        line["data"]["payload"]["turnover_notes"] = "the window does not close"


@lie("order/audit-row-with-event")
def audit_row_comes_after_the_event(tape: Tape) -> None:
    read = next(line for line in tape.lines if line.get("probe") == "audit" and line["when"] == "event")
    read["state"] = []


@lie("events/content/agrees-with-state")
def booking_in_the_occupancy_is_stale(tape: Tape) -> None:
    tape.payload("room_occupancy_updated", "rooms")["current_booking"]["checked_in_at"] = None


def _two_observers() -> Tape:
    tape = good.stay()
    capabilities = tape.lines[0]["capabilities"]
    capabilities["observers"] = ["sink", "subscribe"]
    capabilities["channels"]["subscribe"] = ["rooms", "staff", "guest"]
    for line in [line for line in tape.lines if line["kind"] == "event"]:
        tape.insert_after(line, copy.deepcopy(line) | {"observer": "subscribe"})
    for line in tape.lines:
        if line.get("mark") == "fence":
            line["fence"]["arrived"]["subscribe"] = ["rooms"]
    return tape


@lie("events/dedup/same-id-everywhere", base=_two_observers)
def another_id_for_each_observer(tape: Tape) -> None:
    heard = [line for line in tape.events("room_updated") if line["observer"] == "subscribe"]
    heard[0]["data"]["meta"]["event_id"] = "event-of-the-other-observer"


@lie("events/envelope/ts", "effects/times")
def ts_of_another_year(tape: Tape) -> None:
    tape.events("booking_checked_in", "staff")[0]["data"]["meta"]["ts"] = "2022-11-22T15:04:05Z"


@lie("tokens/raw-never-public", "tokens/raw-nowhere-else")
def token_in_a_link_for_staff(tape: Tape) -> None:
    link = f"https://guest.example/portal?token={NEW_TOKEN}"
    tape.payload("booking_checked_in", "staff")["portal_url"] = link


@lie("channels/hotel-isolation", "events/nothing-extra", "events/dedup/event-id")
def another_hotels_staff_hears_it_too(tape: Tape) -> None:
    tape.arranged("elsewhere", "booking of another hotel", {"hotel_slug": "other-test", "hotel_id": 8})
    line = tape.events("booking_checked_in", "staff")[0]
    tape.insert_after(line, copy.deepcopy(line) | {"channel": "staff-hotel-8"})


@lie("replies/agree-with-state", "atomicity/no-torn-state")
def answer_from_before_the_check_out(tape: Tape) -> None:
    tape.reply(OUT)["body"].update(status="CONFIRMED", checked_out_at=None)


# --- arrivals, and calls with several reasons to refuse them


def _turned_away(case: str) -> Callable[[], Tape]:
    """The guest of one edge of the window is refused, and nothing changes."""

    def make() -> Tape:
        tape = good.edge(case.removeprefix("check-in/edge-").replace("-", "_"))
        tape.reply(case).update(status=400, body=error("CHECKIN_WRONG_DATE"))
        _undone(tape, case)
        return tape

    return make


for _case, (_clause, _) in EDGES.items():
    BAD.append(Bad(f"refused-at-{_case.split('/')[1]}", (_clause,), _turned_away(_case)))


@lie(
    "refusal/order/authentication-first",
    base=lambda: refused(
        by_case("order-of-refusals/refuse/anonymous-check-in"), status=404, reply=error("BOOKING_NOT_FOUND")
    ),
)
def nobody_learns_that_a_booking_is_not_there(tape: Tape) -> None:
    del tape


@lie(
    "refusal/order/scope-before-existence",
    base=lambda: refused(
        by_case("order-of-refusals/refuse/outsider-set-room-status"),
        status=404,
        reply=error("ROOM_NOT_FOUND"),
    ),
)
def outsider_learns_that_a_room_is_not_there(tape: Tape) -> None:
    del tape


@lie(
    "refusal/order/check-in",
    base=lambda: refused(
        by_case("order-of-refusals/refuse/check-in-party-and-room"), reply=error("ROOM_NOT_READY")
    ),
)
def the_room_before_the_party(tape: Tape) -> None:
    del tape


# --- what a call must not do, and when


@lie("effects/booking", "events/content/canonical-booking", base=good.neighbours)
def arrival_rewrites_the_wishes(tape: Tape) -> None:
    tape.state(IN, "after", "booking")["special_requests"] = None
    tape.state(IN, "answer", "booking")["special_requests"] = None


@lie("effects/room", "events/changed-fields/complete", base=good.neighbours)
def arrival_wipes_the_notes_of_the_room(tape: Tape) -> None:
    tape.state(IN, "before", "room")["turnover_notes"] = "the window does not close"


@lie("effects/others", "room/invariant/occupied-status", base=good.neighbours)
def arrival_opens_the_room_next_door(tape: Tape) -> None:
    tape.state(IN, "after", "room", 1)["room_status"] = "READY_FOR_GUEST"


@lie("effects/others", base=good.neighbours)
def departure_revokes_the_neighbours_token(tape: Tape) -> None:
    tape.state(OUT, "after", "tokens", 1)[0].update(
        status="REVOKED", revoked_at=LEFT, revoke_reason="checked out"
    )


@lie("effects/own-room-only", base=good.neighbours)
def departure_takes_the_neighbours_breakfast(tape: Tape) -> None:
    tape.state(OUT, "after", "cleanup", 1)["breakfast_orders"] = 0


@lie("effects/done-when-answered", base=good.neighbours)
def conversations_go_after_the_answer(tape: Tape) -> None:
    tape.state(OUT, "answer", "cleanup").update(conversations=2, room_messages=2)


@lie("effects/done-when-answered", base=good.neighbours)
def audit_row_comes_after_the_answer(tape: Tape) -> None:
    tape.state(IN, "answer", "audit").clear()


@lie("effects/times", base=good.neighbours)
def revoked_long_ago(tape: Tape) -> None:
    tape.state(OUT, "after", "tokens")[1]["revoked_at"] = "1970-01-01T00:00:00Z"
    tape.state(OUT, "answer", "tokens")[1]["revoked_at"] = "1970-01-01T00:00:00Z"


@lie("effects/times", base=good.neighbours)
def transition_at_the_booking(tape: Tape) -> None:
    tape.payload("booking_checked_in", "staff")["transition"]["at"] = "2026-11-20T09:00:00Z"


@lie("housekeeping/audit-caller", base=good.neighbours)
def somebody_else_did_it(tape: Tape) -> None:
    for case in (IN, OUT):
        for when in ("answer", "after"):
            tape.state(case, when, "audit")[-1]["changed_by"] = 1


@lie("housekeeping/audit-source", base=good.housekeeping)
def override_looks_like_routine(tape: Tape) -> None:
    tape.state("housekeeping/managerOverride", "after", "audit")[-1]["source"] = "HOUSEKEEPING"


@lie("housekeeping/audit-source", base=good.housekeeping)
def override_forgets_why(tape: Tape) -> None:
    tape.state("housekeeping/managerOverride", "after", "audit")[-1]["note"] = None


@lie("check-in/guests/only-staying", base=good.neighbours)
def who_stays_away_is_a_guest(tape: Tape) -> None:
    for when in ("answer", "after"):
        rows = tape.state(IN, when, "guests")
        rows.append(
            rows[1] | {"id": 23, "first_name": "Mary", "last_name": "Somerville", "party_member_id": 33}
        )


@lie("replies/guest-reads-agree", base=good.neighbours)
def guest_still_expected(tape: Tape) -> None:
    tape.reply("token/during")["body"].update(checked_in_at=None)


@lie("assignment/move/belongings-follow", base=good.move)
def orders_stay_behind(tape: Tape) -> None:
    tape.state("move/happy", "after", "cleanup")["orders"] = 0


@lie("assignment/move/belongings-follow", base=good.move)
def push_token_stays_behind(tape: Tape) -> None:
    tape.state("move/happy", "after", "device", 0)["guest_fcm_token_set"] = True
    tape.state("move/happy", "after", "device", 1)["guest_fcm_token_set"] = False


@lie("login/rbac", "replies/staff-login", base=good.browser)
def login_leaves_an_action_open(tape: Tape) -> None:
    del tape.reply("login/happy")["body"]["rbac"]["bookings"]["actions"]["checkout"]


@lie("login/rbac", base=good.browser)
def login_gives_a_right_too_many(tape: Tape) -> None:
    rights = tape.reply("login/happy")["body"]["rbac"]["housekeeping"]["actions"]
    rights["status_override"] = not rights["status_override"]


@lie("endpoints/cors", base=good.browser)
def preflight_forgets_a_header(tape: Tape) -> None:
    tape.reply("read/cors-preflight")["headers"]["access-control-allow-headers"] = (
        "authorization, content-type"
    )


@lie("endpoints/cors", base=good.browser)
def answer_without_an_origin(tape: Tape) -> None:
    del tape.reply("read/cors-page")["headers"]["access-control-allow-origin"]


@lie("order/event-follows-call", base=good.neighbours)
def event_waits_for_any_call(tape: Tape) -> None:
    """It comes only with the fence, which begins long after the answer."""
    event = tape.events("room_updated")[0]
    fence = next(line for line in tape.lines if line.get("mark") == "fence")
    tape.lines[0]["patience"] = 0.05
    fence["fence"] |= {"begun": (position := tape.lines.index(fence)) * 0.01 - 0.045}
    tape.drop(event)
    tape.lines.insert(position - 2, event)
