"""Check-in and check-out: each one transaction, each once however often it is asked for."""

import logging
import secrets

from django.db import transaction
from django.utils import timezone

from hotel import arrival, lifecycle, mail
from hotel.errors import Refusal
from hotel.events import Announcement, booking_view
from hotel.models import (
    Booking,
    BookingStatus,
    Conversation,
    Guest,
    GuestKind,
    Order,
    RoomMessage,
    RoomStatus,
)
from hotel.services import tokens
from hotel.services.locks import lock_booking, lock_rooms
from hotel.services.rooms import change_status, require_ready

log = logging.getLogger(__name__)


def check_in(hotel, actor, reference):
    """Put an expected booking into its room: (the booking as staff see it, the raw guest token or None for a repeat)."""
    with transaction.atomic():
        booking = lock_booking(hotel, reference)
        if booking.phase == "in_house":
            return booking_view(booking.pk), None
        if booking.phase == "departed" or booking.status != BookingStatus.CONFIRMED:
            raise Refusal("BOOKING_NOT_ELIGIBLE", f"A booking that is {booking.status} cannot be checked in.")
        if booking.room_id is None:
            raise Refusal("BOOKING_NOT_ELIGIBLE", "The booking has no room.")
        if booking.party_missing_count():
            raise Refusal("PARTY_INCOMPLETE", "Somebody in the party has no name yet.")
        (room,) = lock_rooms(hotel, booking.room_id)
        now = timezone.now()
        require_ready(room, booking)
        arrival.require_open(hotel, booking.arrives_on, now)

        announcement = Announcement(hotel, now, rooms=[room], booking=booking)
        booking.checked_in_at = booking.updated_at = now
        booking.save(update_fields=["checked_in_at", "updated_at"])
        room.is_occupied = True
        lifecycle.require_by_stay(room.status, RoomStatus.OCCUPIED)
        note = f"Check-in of {booking.reference}"
        change_status(room, RoomStatus.OCCUPIED, actor=actor, source="FRONT_DESK", note=note, now=now)
        _register_party(booking, room)
        raw = tokens.issue(booking, now)

        name = "booking_checked_in"
        shown = announcement.tell(rooms=[room], occupancy=[room], staff=name, guest=name, portal_token=raw)
        return shown, raw


def check_out(hotel, actor, reference):
    """Let a booking in the house depart, and leave the room to housekeeping: the booking as staff see it."""
    with transaction.atomic():
        booking = lock_booking(hotel, reference)
        if booking.phase == "departed":
            return booking_view(booking.pk)
        if booking.phase == "expected":
            raise Refusal("NOT_CHECKED_IN", "The booking was never checked in.")
        (room,) = lock_rooms(hotel, booking.room_id)
        now = timezone.now()
        if strangers_in(room, booking).exists():
            raise Refusal("CHECKOUT_FAILED", "Guests of another booking are registered in the room.")
        try:
            lifecycle.require_by_stay(room.status, RoomStatus.CHECKOUT_DIRTY)
        except Refusal as refusal:
            raise Refusal("CHECKOUT_FAILED", refusal.detail) from refusal

        announcement = Announcement(hotel, now, rooms=[room], booking=booking)
        booking.status = BookingStatus.COMPLETED
        booking.checked_out_at = booking.updated_at = now
        booking.save(update_fields=["status", "checked_out_at", "updated_at"])
        room.is_occupied = False
        room.guest_fcm_token = None
        line = f"{arrival.local_now(hotel, now):%Y-%m-%d %H:%M} check-out of {booking.reference}; turnover needed."
        room.turnover_notes = "\n".join(filter(None, [room.turnover_notes, line]))
        note = f"Check-out of {booking.reference}"
        change_status(room, RoomStatus.CHECKOUT_DIRTY, actor=actor, source="FRONT_DESK", note=note, now=now)
        booking.guests.update(room=None)
        detach_orphans(room)
        tokens.revoke_all(booking, "checked out", now)
        _clear_traces(booking, room)

        name = "booking_checked_out"
        shown = announcement.tell(rooms=[room], occupancy=[room], staff=name, guest=name)
        # Not a partial: to log what a robust callback raises, Django asks it for its __qualname__.
        transaction.on_commit(lambda: mail.send_survey(booking.pk), robust=True)
        return shown


def strangers_in(room, booking):
    """Guests of other bookings in the house who are registered in the room."""
    others = Booking.objects.in_house().exclude(pk=booking.pk)
    return Guest.objects.filter(room=room, booking__in=others)


def detach_orphans(room):
    """Whoever is left in the room belongs to no stay any more; they are taken out, and staff can read who it was."""
    orphans = list(Guest.objects.filter(room=room).values_list("pk", flat=True))
    if orphans:
        log.warning("Guests %s were left in room %s and are detached.", orphans, room.number)
        Guest.objects.filter(pk__in=orphans).update(room=None)


def _register_party(booking, room):
    """One guest record per member of the party who stays; a record from before is taken up again."""
    known = {guest.party_member_id: guest for guest in Guest.objects.filter(party_member__booking=booking)}
    staying = booking.party.filter(is_staying=True)
    primary = None
    for member in sorted(staying, key=lambda member: (member.role != "PRIMARY", member.pk)):
        is_primary = member.role == "PRIMARY"
        guest = known.get(member.pk) or Guest(
            party_member=member, hotel_id=booking.hotel_id, id_pin=new_pin()
        )
        guest.booking, guest.room, guest.primary = booking, room, primary
        guest.kind = GuestKind.PRIMARY if is_primary else GuestKind.COMPANION
        guest.first_name, guest.last_name = member.first_name, member.last_name
        guest.check_in_date, guest.check_out_date = booking.arrives_on, booking.departs_on
        guest.save()
        primary = primary or (guest if is_primary else None)


def new_pin():
    """What a guest says at the door of the pool."""
    return f"{secrets.randbelow(10_000):04d}"


def _clear_traces(booking, room):
    """What the next guest must not find."""
    RoomMessage.objects.filter(room=room).delete()
    Conversation.objects.filter(room=room).delete()
    Order.objects.filter(room=room).delete()
