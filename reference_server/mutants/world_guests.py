"""Lies about guest records: the third companion, the walk-in, the record kept and the record lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reference_server.mutants.mutant import mutant
from reference_server.mutants.parts import Meddling, but
from simulator.draft import Draft
from simulator.world import Booking, Guest, Room, Row, World

_REGISTER = "simulator.stays:occupants.register"
_PUT_ALL = "simulator.stays:occupants.put_all"


def _changing(original: Any, change: Any) -> Any:
    """The function on guest records, with every record it writes passed through `change(guest)`."""

    def changed(row: Row) -> Row | None:
        found: Row | None = change(row) if isinstance(row, Guest) else row
        return found

    return lambda draft, booking, room: original(Meddling(draft, changed), booking, room)


@mutant("check-in-stops-at-three", "check-in/guests/created", _REGISTER)
def _(original: Any) -> Any:
    """Check-in makes three guest records at most, as many as the registration form has lines."""

    def lie(draft: Draft, booking: Booking, room: Room) -> None:
        made: list[int] = []

        def few(row: Row) -> Row | None:
            made.append(1)
            return row if len(made) <= 3 else None

        original(Meddling(draft, few), booking, room)

    return lie


@mutant("check-in-takes-companions-for-walk-ins", "check-in/guests/created", _REGISTER)
def _(original: Any) -> Any:
    """Whoever is not the primary guest is registered as a walk-in."""
    return _changing(
        original,
        lambda guest: replace(guest, guest_type="WALKIN") if guest.guest_type == "COMPANION" else guest,
    )


@mutant("check-in-chains-companions", "check-in/guests/primary-linked", _REGISTER)
def _(original: Any) -> Any:
    """Every companion is linked to the guest registered before, instead of to the primary one."""

    def lie(draft: Draft, booking: Booking, room: Room) -> None:
        last: list[int] = []

        def chained(row: Row) -> Row:
            if isinstance(row, Guest):
                last.append(row.id)
                if row.guest_type != "PRIMARY":
                    return replace(row, primary_guest_id=last[-2])
            return row

        original(Meddling(draft, chained), booking, room)

    return lie


@mutant("third-guest-overwrites-first", "check-in/guests/created", _REGISTER)
def _(original: Any) -> Any:
    """The second companion overwrites the primary guest's record, which was looked up by booking and not by member."""

    def lie(draft: Draft, booking: Booking, room: Room) -> None:
        ids: list[int] = []

        def by_booking(row: Row) -> Row:
            if isinstance(row, Guest):
                ids.append(row.id)
                if len(ids) == 3:
                    return replace(row, id=ids[0])
            return row

        original(Meddling(draft, by_booking), booking, room)

    return lie


@mutant("companions-belong-to-nobody", "room/invariant/guests-of-booking", _REGISTER)
def _(original: Any) -> Any:
    """Companions are put into the room without the booking they came with."""
    return _changing(
        original, lambda guest: replace(guest, booking_id=None) if guest.guest_type == "COMPANION" else guest
    )


@mutant("check-out-deletes-companions", "check-out/guests/booking-link-kept", _PUT_ALL)
def _(original: Any) -> Any:
    """Check-out deletes the records of companions, whose data nobody needs any more."""

    def lie(draft: Draft, booking: Booking, room: Room | None) -> Any:
        if room is None:
            for guest in draft.step.world.guests_of(booking.booking_id):
                if guest.guest_type == "COMPANION":
                    draft.delete(guest)
        kept = Meddling(draft, lambda row: None if room is None and _is_companion(row) else row)
        return original(kept, booking, room)

    return lie


def _is_companion(row: Row) -> bool:
    return isinstance(row, Guest) and row.guest_type == "COMPANION"


@mutant("check-out-detaches-two", "check-out/guests/detached", _PUT_ALL)
def _(original: Any) -> Any:
    """Check-out takes two guests out of the room, because rooms were doubles when it was written."""

    def lie(draft: Draft, booking: Booking, room: Room | None) -> Any:
        seen: list[int] = []

        def two(row: Row) -> Row | None:
            seen.append(1)
            return row if room is not None or len(seen) <= 2 else None

        return original(Meddling(draft, two), booking, room)

    return lie


@mutant("check-out-detaches-by-party", "check-out/guests/room-empty", _PUT_ALL)
def _(original: Any) -> Any:
    """Check-out goes through the party, so a guest of the booking who is in no party stays in the room."""
    return lambda draft, booking, room: original(
        Meddling(draft, lambda row: None if room is None and _is_unlisted(row) else row), booking, room
    )


def _is_unlisted(row: Row) -> bool:
    return isinstance(row, Guest) and row.party_member_id is None


@mutant(
    "orphans-join-the-booking", "check-out/guests/orphans-detached", "simulator.stays:occupants._others_in"
)
def _(original: Any) -> Any:
    """Guests without a booking are taken for the room's own by a null comparison, and stay."""

    def lie(world: World, booking: Booking, room: Room) -> Any:
        return [guest for guest in original(world, booking, room) if guest.booking_id is not None]

    return lie


@mutant(
    "move-clears-the-room-link", "assignment/move/guests-follow", "simulator.assignments:occupants.put_all"
)
def _(original: Any) -> Any:
    """A move takes the guests out of the old room and puts nobody into the new one."""
    return lambda draft, booking, room: original(draft, booking, None)


@mutant("dirty-room-lists-departed", "events/payload/agrees-with-state", "simulator.draft:views")
def _(original: Any) -> Any:
    """room_updated of a check-out lists the primary guest who has just left the room."""

    def room(world: World, row: Room) -> Any:
        found = original.room(world, row)
        if row.room_status != "CHECKOUT_DIRTY":
            return found
        left = [
            guest
            for guest in world.guests.values()
            if guest.room_id is None and guest.guest_type == "PRIMARY"
        ]
        return {**found, "guests_in_room": [*found["guests_in_room"], *map(original.room_guest, left)]}

    return but(original, room=room)
