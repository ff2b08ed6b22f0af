"""Check-in and check-out: every effect of sections 1 and 2 of the seed, all of it or none."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from contract.arrival import ArrivalPolicy, judge_arrival
from contract.errors import ContractError
from contract.lifecycle import booking_lifecycle
from simulator import guards, occupants, rooms, tokens, traces, views
from simulator.booking_views import state_of
from simulator.commands import Actor, CheckIn, CheckOut, Decision, Ids, Reply
from simulator.draft import Draft, Step
from simulator.notes import appended
from simulator.world import Booking, Hotel, Job, Room, World

SURVEY_MAIL = "survey_email"


def check_in(world: World, command: CheckIn, actor: Actor | None, now: datetime, ids: Ids) -> Decision:
    """Take an expected booking into its room.

    Refusals in this order: entry (guards), BOOKING_NOT_FOUND, (already in house: 200, unchanged),
    BOOKING_NOT_ELIGIBLE for the status and then for a missing room, PARTY_INCOMPLETE, ROOM_NOT_READY,
    CHECKIN_WRONG_DATE, CHECKIN_TOO_EARLY, CHECKIN_TOO_LATE (clause refusal/order/check-in).
    """
    step = guards.enter(world, command.hotel_slug, actor, "checkIn", now, ids)
    booking = guards.booking_of(step, command.booking_id)
    if booking.phase == "in_house":
        detail = views.booking_detail(world, booking)
        return Decision(Reply(200, {"message": "Already checked in.", "guest_token": None, **detail}))
    room = _arrival_room(step, booking)

    draft = Draft(step)
    draft.announce_to_staff("booking_checked_in", booking)
    draft.put(replace(booking, checked_in_at=now, updated_at=now))
    draft.announce_occupancy(room.id)
    rooms.set_room_status(
        draft,
        replace(room, is_occupied=True),
        "OCCUPIED",
        via="stay",
        source="FRONT_DESK",
        note=f"Check-in of {booking.booking_id}",
    )
    occupants.register(draft, booking, room)
    raw = tokens.issue(draft, booking)
    draft.announce_to_guest("booking_checked_in", booking.booking_id, raw)
    return draft.decide(
        lambda after: {
            "message": f"Checked in to room {room.room_number}.",
            "guest_token": raw,
            **views.booking_detail(after, after.bookings[booking.booking_id]),
        }
    )


def check_out(world: World, command: CheckOut, actor: Actor | None, now: datetime, ids: Ids) -> Decision:
    """Let an in-house booking depart and leave the room to housekeeping.

    Refusals in this order: entry (guards), BOOKING_NOT_FOUND, (already departed: 200, unchanged), NOT_CHECKED_IN,
    CHECKOUT_FAILED when guests of another in-house booking are in the room or the room's status cannot change.
    """
    step = guards.enter(world, command.hotel_slug, actor, "checkOut", now, ids)
    booking = guards.booking_of(step, command.booking_id)
    if booking.phase == "departed":
        detail = views.booking_detail(world, booking)
        return Decision(Reply(200, {"message": "Already checked out.", **detail}))
    if booking.phase == "expected":
        raise ContractError("NOT_CHECKED_IN")
    status, room = _departure(step, booking)

    draft = Draft(step)
    draft.announce_to_staff("booking_checked_out", booking)
    draft.put(replace(booking, status=status, checked_out_at=now, updated_at=now, survey_sent_at=now))
    draft.announce_occupancy(room.id)
    try:
        rooms.set_room_status(
            draft,
            replace(
                room,
                is_occupied=False,
                guest_fcm_token=None,
                turnover_notes=appended(room.turnover_notes, _turnover_note(step, booking)),
            ),
            "CHECKOUT_DIRTY",
            via="stay",
            source="FRONT_DESK",
            note=f"Check-out of {booking.booking_id}",
        )
    except ContractError as refusal:
        raise ContractError(
            "CHECKOUT_FAILED", "The status of the room cannot change.", {"cause": refusal.code}
        ) from refusal
    occupants.put_all(draft, booking, None)
    occupants.detach_orphans(draft, booking, room)
    tokens.revoke(draft, booking, "checked out")
    traces.clear(draft, booking, room)
    draft.put(Job(ids.number(Job.table), SURVEY_MAIL, booking.booking_id, now))
    draft.announce_to_guest("booking_checked_out", booking.booking_id)
    return draft.decide(
        lambda after: {
            "message": f"Checked out of room {room.room_number}.",
            **views.booking_detail(after, after.bookings[booking.booking_id]),
        }
    )


def _arrival_room(step: Step, booking: Booking) -> Room:
    """The room a check-in may use now; ContractError for the first reason why not."""
    if not booking_lifecycle().legal(state_of(booking), "check_in"):
        raise ContractError(
            "BOOKING_NOT_ELIGIBLE",
            f"A booking that is {booking.status} cannot be checked in.",
            {"status": booking.status, "phase": booking.phase},
        )
    if booking.room_id is None:
        raise ContractError("BOOKING_NOT_ELIGIBLE", "The booking has no room.")
    missing = views.party_missing_count(step.world, booking)
    if missing:
        raise ContractError("PARTY_INCOMPLETE", details={"party_missing_count": missing})
    room = step.world.rooms[booking.room_id]
    rooms.require_ready(step.world, room, booking)
    judgement = judge_arrival(_policy(step.hotel), booking.check_in, step.now)
    if judgement != "allowed":
        raise ContractError(judgement)
    return room


def _departure(step: Step, booking: Booking) -> tuple[str, Room]:
    """The status a check-out gives the booking, and the room it leaves; ContractError for why it may not."""
    if not booking_lifecycle().legal(state_of(booking), "check_out"):
        raise ContractError("CHECKOUT_FAILED", f"The booking is in house and {booking.status}.")
    if booking.room_id is None:
        raise ContractError("CHECKOUT_FAILED", "The booking is in house without a room.")
    room = step.world.rooms[booking.room_id]
    if occupants.strangers_in(step.world, booking, room):
        raise ContractError(
            "CHECKOUT_FAILED",
            "Guests of another booking are registered in the room.",
            {"room_number": room.room_number},
        )
    return booking_lifecycle().step(state_of(booking), "check_out").status, room


def _policy(hotel: Hotel) -> ArrivalPolicy:
    return ArrivalPolicy(
        hotel.timezone, hotel.check_in_time, hotel.early_checkin_from, hotel.late_arrival_cutoff
    )


def _turnover_note(step: Step, booking: Booking) -> str:
    guests = sum(1 for guest in step.world.guests_of(booking.booking_id) if guest.room_id is not None)
    local = step.now.astimezone(ZoneInfo(step.hotel.timezone))
    people = "1 guest" if guests == 1 else f"{guests} guests"
    return f"{local:%Y-%m-%d %H:%M} check-out of {booking.booking_id}, {people}; turnover needed."
