"""Which room a booking has: given, taken away, and changed during the stay."""

from django.db import transaction
from django.utils import timezone

from hotel import lifecycle
from hotel.errors import Refusal
from hotel.events import Announcement, booking_view
from hotel.models import FINAL, Booking, Conversation, Order, Room, RoomMessage, RoomStatus
from hotel.services.locks import lock_booking, lock_rooms
from hotel.services.rooms import change_status, require_ready
from hotel.services.stays import detach_orphans, strangers_in


def assign(hotel, actor, reference, room_id, notes=None):
    """Give an expected booking a room; the room itself does not change. The booking as staff see it."""
    with transaction.atomic():
        booking = lock_booking(hotel, reference)
        _require_expected(booking)
        (room,) = lock_rooms(hotel, room_id)
        if room is None:
            raise Refusal("ROOM_NOT_FOUND", "The hotel has no such room.")
        now = timezone.now()
        if booking.room_id == room.pk:
            return booking_view(booking.pk)
        if not room.is_active or room.out_of_order:
            raise Refusal("ROOM_NOT_READY", f"Room {room.number} is not in use.")
        _require_free_nights(room, booking)
        announcement = Announcement(hotel, now, booking=booking)
        booking.room, booking.updated_at = room, now
        if notes and notes.strip():
            _note(booking, f"Room {room.number} assigned: {notes}")
        booking.save(update_fields=["room", "updated_at", "internal_notes"])
        return announcement.tell(staff="booking_updated", guest="booking_room_assigned")


def release(hotel, actor, reference):
    """Take the room of an expected booking away. The booking as staff see it."""
    with transaction.atomic():
        booking = lock_booking(hotel, reference)
        _require_expected(booking)
        if booking.room_id is None:
            return booking_view(booking.pk)
        now = timezone.now()
        announcement = Announcement(hotel, now, booking=booking)
        booking.room, booking.updated_at = None, now
        booking.save(update_fields=["room", "updated_at"])
        return announcement.tell(staff="booking_updated")


def move(hotel, actor, reference, to_room_id, why=()):
    """Move a booking in the house, its guests and all that is theirs to another room. The booking as staff see it."""
    with transaction.atomic():
        booking = lock_booking(hotel, reference)
        if booking.phase != "in_house" or booking.room_id is None:
            raise Refusal("NOT_CHECKED_IN", "The booking is not in the house.")
        old, new = lock_rooms(hotel, booking.room_id, to_room_id)
        if new is None:
            raise Refusal("ROOM_NOT_FOUND", "The hotel has no such room.")
        if old.pk == new.pk:
            return booking_view(booking.pk)
        now = timezone.now()
        require_ready(new, booking)
        _require_free_nights(new, booking)
        lifecycle.require_by_stay(old.status, RoomStatus.CHECKOUT_DIRTY)
        if strangers_in(old, booking).exists():
            raise Refusal("INVALID_TRANSITION", "Guests of another booking are registered in the room.")
        announcement = Announcement(hotel, now, rooms=[old, new], booking=booking)
        booking.room, booking.updated_at = new, now
        _note(booking, "; ".join([f"Moved from room {old.number} to {new.number}", *filter(None, why)]))
        booking.save(update_fields=["room", "updated_at", "internal_notes"])
        note = f"Move of {booking.reference}"
        old.is_occupied, new.is_occupied = False, True
        old.guest_fcm_token, new.guest_fcm_token = None, old.guest_fcm_token
        change_status(old, RoomStatus.CHECKOUT_DIRTY, actor=actor, source="FRONT_DESK", note=note, now=now)
        change_status(new, RoomStatus.OCCUPIED, actor=actor, source="FRONT_DESK", note=note, now=now)
        booking.guests.filter(room__isnull=False).update(room=new)
        detach_orphans(old)
        for model in (Conversation, Order):
            model.objects.filter(booking=booking).update(room=new)
        RoomMessage.objects.filter(conversation__booking=booking).update(room=new)
        both = [old, new]
        return announcement.tell(
            rooms=both, occupancy=both, staff="booking_updated", guest="booking_room_assigned"
        )


def offers(hotel, booking):
    """The rooms `assign` would give to the booking now, by number."""
    if booking.phase != "expected" or booking.status in FINAL:
        return Room.objects.none()
    taken = Booking.objects.exclude(pk=booking.pk).exclude(status__in=FINAL).filter(room__isnull=False)
    taken = taken.filter(arrives_on__lt=booking.departs_on, departs_on__gt=booking.arrives_on)
    free = hotel.rooms.filter(is_active=True, out_of_order=False).exclude(pk__in=taken.values("room_id"))
    return free.select_related("type")


def _require_expected(booking):
    if booking.phase == "in_house":
        raise Refusal("BOOKING_ALREADY_CHECKED_IN", "The booking is in the house.")
    if booking.phase == "departed" or booking.status in FINAL:
        raise Refusal(
            "BOOKING_NOT_ELIGIBLE", f"The room of a booking that is {booking.status} does not change."
        )


def _require_free_nights(room, booking):
    """Refusal when another booking has the (locked) room in one of the nights."""
    others = Booking.objects.holding(room, booking.arrives_on, booking.departs_on).exclude(pk=booking.pk)
    if others.exists():
        raise Refusal("ROOM_OVERLAP_CONFLICT", f"Room {room.number} is taken in these nights.")


def _note(booking, line):
    booking.internal_notes = "\n".join(filter(None, [booking.internal_notes, line]))
