"""One guest leaves, the room is cleaned, the next comes: and the lies that mix them up."""

from __future__ import annotations

import json
from typing import Any

from tests.histories.bad import lie
from tests.histories.builder import Line, Tape
from tests.histories.facts import BOOKING, NEW_TOKEN, OTHER_BOOKING, ROOM_ID, STAY_BINDINGS, audit, room
from tests.histories.good import CALL, IN, OUT, check_in_events, check_out_events, joint, room_call

CLEAN = "CHECKOUT_DIRTY>READY_FOR_GUEST"
NAME = "three"
EVENTS, ROOM, CHANNELS = (
    "events/succession/current-booking",
    "room/succession/current-booking",
    "channels/succession/nobody-elses",
)


def of_next(value: Any) -> Any:
    """A value of the first stay, as it is of the second."""
    text = json.dumps(value).replace(BOOKING, OTHER_BOOKING).replace("CONF-77301", "CONF-77302")
    found = json.loads(text)
    if isinstance(found, dict):  # JSON has no numbers for keys
        for probe in ("room", "audit", "device"):
            if probe in found and isinstance(found[probe], dict) and str(ROOM_ID) in found[probe]:
                found[probe] = {ROOM_ID: found[probe][str(ROOM_ID)]}
    return found


def next_one() -> Tape:
    tape = Tape()
    tape.arranged(NAME, "two bookings on one room", STAY_BINDINGS | {"other_booking_id": OTHER_BOOKING})
    in_house, departed = joint("in_house"), joint("departed")
    tape.call(NAME, "check-out/happy", "checkOut", before=in_house, after=departed, events=check_out_events(tape),
              reply={"message": "out"} | departed["booking"], **CALL)  # fmt: skip
    dirty = departed["room"][ROOM_ID]
    ready = room(last_inspected_at="2026-11-22T15:04:50Z", turnover_notes=dirty["turnover_notes"])
    room_call(
        tape, "managerOverride", dirty, ready, (IN, OUT, CLEAN), "room_status", "room_status_display", "is_bookable",
        "last_inspected_at", actor="manager", scenario=NAME, body={"to_status": "READY_FOR_GUEST", "note": "seen"},
    )  # fmt: skip
    before, after = of_next(joint("expected")), of_next(joint("in_house"))
    before["audit"], after["audit"] = {ROOM_ID: audit(IN, OUT, CLEAN)}, {ROOM_ID: audit(IN, OUT, CLEAN, IN)}
    events: list[Line] = [of_next(event) for event in check_in_events(tape)]
    tape.call(NAME, "check-in/happy", "checkIn", before=before, after=after, events=events,
              reply={"message": "in", "guest_token": NEW_TOKEN} | after["booking"],
              **(CALL | {"booking_id": OTHER_BOOKING}))  # fmt: skip
    return tape


SUCCESSION = {"next-one": next_one}


@lie(EVENTS, "events/content/agrees-with-state", base=next_one)
def a_clean_room_is_announced_with_the_next_booking(tape: Tape) -> None:
    tape.payload("room_updated", "rooms", 1)["current_booking_id"] = OTHER_BOOKING


@lie(
    ROOM, "events/changed-fields/complete", "events/content/agrees-with-state", "room/invariant/occupied-iff-in-house",
    "effects/room", base=next_one,
)  # fmt: skip
def a_clean_room_shows_the_next_booking(tape: Tape) -> None:
    state = tape.state("housekeeping/managerOverride", "after", "room")
    state["current_booking_id"] = OTHER_BOOKING


@lie(CHANNELS, base=next_one)
def the_next_guest_reads_the_confirmation_number_of_the_last(tape: Tape) -> None:
    tape.payload("booking_checked_in", "guest")["confirmation_number"] = "CONF-77301"
