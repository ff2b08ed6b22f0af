"""Lies of what an operation announces: an event forgotten, one too many, or of another shape than promised."""

from __future__ import annotations

from typing import Any

from reference_server.mutants.mutant import mutant
from reference_server.mutants.parts import but
from simulator.draft import Draft
from simulator.world import Booking, Put, World

_STAFF = "simulator.draft:Draft.announce_to_staff"
_GUEST = "simulator.draft:Draft.announce_to_guest"
_ROOM = "simulator.draft:Draft.announce_room"
_OCCUPANCY = "simulator.draft:Draft.announce_occupancy"


def _goes(draft: Draft, start: str, end: str) -> bool:
    """The operation takes a booking from one phase to the other; both `in_house`: it moves it."""
    before = draft.step.world.bookings
    return any(
        isinstance(change, Put)
        and isinstance(change.row, Booking)
        and (before[change.row.booking_id].phase, change.row.phase) == (start, end)
        for change in draft._changes
    )


def _arrives(draft: Draft) -> bool:
    return _goes(draft, "expected", "in_house")


def _departs(draft: Draft) -> bool:
    return _goes(draft, "in_house", "departed")


def _unless(original: Any, when: Any) -> Any:
    """The announcement, left out when `when(draft, *what)`."""
    return lambda draft, *what: None if when(draft, *what) else original(draft, *what)


@mutant("check-in-forgets-the-board", "events/check-in/room-updated", _ROOM)
def _(original: Any) -> Any:
    """A check-in changes the room and tells the rooms board of the occupancy only."""
    return _unless(original, lambda draft, room_id: _arrives(draft))


@mutant("check-in-forgets-occupancy", "events/check-in/room-occupancy-updated", _OCCUPANCY)
def _(original: Any) -> Any:
    """A check-in publishes no occupancy."""
    return _unless(original, lambda draft, room_id: _arrives(draft))


@mutant("check-out-forgets-the-board", "events/check-out/room-updated", _ROOM)
def _(original: Any) -> Any:
    """A room that is left is not announced: housekeeping sees it when the board is loaded again."""
    return _unless(original, lambda draft, room_id: _departs(draft))


@mutant("check-out-forgets-occupancy", "events/check-out/room-occupancy-updated", _OCCUPANCY)
def _(original: Any) -> Any:
    """A check-out publishes no occupancy."""
    return _unless(original, lambda draft, room_id: _departs(draft))


@mutant("check-out-forgets-the-desk", "events/check-out/booking-checked-out/staff", _STAFF)
def _(original: Any) -> Any:
    """A check-out is announced to the guest and not to the staff."""
    return _unless(original, lambda draft, name, booking: name == "booking_checked_out")


@mutant("assignment-forgets-the-guest", "events/assign-room/booking-room-assigned", _GUEST)
def _(original: Any) -> Any:
    """A guest does not hear of the room that was assigned before arrival."""
    return _unless(
        original,
        lambda draft, name, *_: name == "booking_room_assigned" and _goes(draft, "expected", "expected"),
    )


@mutant("move-forgets-the-guest", "events/move-room/booking-room-assigned", _GUEST)
def _(original: Any) -> Any:
    """A guest who is moved does not hear of the new room."""
    return _unless(
        original,
        lambda draft, name, *_: name == "booking_room_assigned" and _goes(draft, "in_house", "in_house"),
    )


@mutant("assignment-forgets-the-desk", "events/assign-room/booking-updated", _STAFF)
def _(original: Any) -> Any:
    """An assignment is announced to the guest and not to the staff."""
    return _unless(
        original,
        lambda draft, name, booking: (
            name == "booking_updated" and booking.phase == "expected" and booking.room_id is None
        ),
    )


@mutant("move-forgets-the-desk", "events/move-room/booking-updated", _STAFF)
def _(original: Any) -> Any:
    """A move is announced to the guest and not to the staff."""
    return _unless(
        original, lambda draft, name, booking: name == "booking_updated" and booking.phase == "in_house"
    )


@mutant("check-out-updates-the-booking-too", "events/nothing-extra", _STAFF)
def _(original: Any) -> Any:
    """A save handler publishes booking_updated beside booking_checked_out."""

    def lie(draft: Draft, name: str, booking: Booking) -> None:
        original(draft, name, booking)
        if name == "booking_checked_out":
            original(draft, "booking_updated", booking)

    return lie


@mutant("cleaning-announces-occupancy", "events/nothing-extra", _ROOM)
def _(original: Any) -> Any:
    """Every room_updated, also of a cleaning, comes with an occupancy that did not change."""

    def lie(draft: Draft, room_id: int) -> None:
        original(draft, room_id)
        if not any(isinstance(change, Put) and isinstance(change.row, Booking) for change in draft._changes):
            draft.announce_occupancy(room_id)

    return lie


@mutant("party-size-as-text", "events/schema/guest-booking", "simulator.draft:views")
def _(original: Any) -> Any:
    """The party size in a guest event is a text."""

    def guest_booking(world: World, booking: Booking) -> Any:
        found = original.guest_booking(world, booking)
        return {**found, "party_size": str(found["party_size"])}

    return but(original, guest_booking=guest_booking)


@mutant("occupancy-of-nobody-is-null", "events/schema/room-occupancy-updated", "simulator.draft:views")
def _(original: Any) -> Any:
    """The occupancy of an empty room is null, because the sum over no guests is."""

    def occupancy_payload(world: World, row: Any) -> Any:
        found = original.occupancy_payload(world, row)
        return {**found, "current_occupancy": found["current_occupancy"] or None}

    return but(original, occupancy_payload=occupancy_payload)


@mutant("nights-as-duration", "events/schema/staff-booking", "simulator.draft:views")
def _(original: Any) -> Any:
    """The nights of a booking in staff events are a duration in words."""

    def booking_detail(world: World, booking: Booking) -> Any:
        found = original.booking_detail(world, booking)
        return {**found, "nights": f"{found['nights']} days, 0:00:00"}

    return but(original, booking_detail=booking_detail)
