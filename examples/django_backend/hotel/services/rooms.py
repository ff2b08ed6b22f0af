"""The one place that changes the status of a room, and what housekeeping asks of it."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from hotel import lifecycle
from hotel.errors import Refusal
from hotel.events import Announcement, room_view
from hotel.models import Booking, Role, RoomStatus, RoomStatusChange
from hotel.services.locks import lock_room_numbered


@dataclass(frozen=True)
class Change:
    """What became of a room: as the API shows it, its status before and after, and the audit row if there is one."""

    shown: dict
    before: str
    after: str
    row: RoomStatusChange | None = None


def change_status(room, status, *, actor, source, note, now):
    """Save the (locked) room with the status and write the audit row. Whether it is legal the caller has asked."""
    row = RoomStatusChange.objects.create(
        room=room,
        from_status=room.status,
        to_status=status,
        changed_by=actor,
        changed_by_name=actor.name,
        source=source,
        note=note,
        created_at=now,
    )
    lifecycle.enter(room, status, actor, now)
    room.save()
    return row


def require_ready(room, booking):
    """Refusal unless the booking could be put into the (locked) room now."""
    taken = Booking.objects.in_house().filter(room=room).exclude(pk=booking.pk).exists()
    if taken or not room.is_bookable:
        raise Refusal("ROOM_NOT_READY", f"Room {room.number} cannot take a guest now.")


def set_by_hand(hotel, actor, number, status, *, source=None, note=None, adjust=None):
    """Housekeeping's change of status; nothing happens when the room has the status already.

    `adjust` changes further fields of the room before it is saved.
    """
    with transaction.atomic():
        room = lock_room_numbered(hotel, number)
        now, before = timezone.now(), room.status
        if before == status:
            return Change(room_view(room.pk), before, status)
        lifecycle.require_by_hand(actor.role, before, status)
        announcement = Announcement(hotel, now, rooms=[room])
        if adjust is not None:
            adjust(room)
        source = source or ("FRONT_DESK" if actor.role == Role.FRONT_DESK else "HOUSEKEEPING")
        row = change_status(room, status, actor=actor, source=source, note=note, now=now)
        announcement.tell(rooms=[room])
        return Change(room_view(room.pk), before, status, row)


def start_cleaning(hotel, actor, number):
    return set_by_hand(hotel, actor, number, RoomStatus.CLEANING_IN_PROGRESS)


def finish_cleaning(hotel, actor, number):
    return set_by_hand(hotel, actor, number, RoomStatus.CLEANED_UNINSPECTED)


def inspect(hotel, actor, number, *, passed, notes=None):
    status = RoomStatus.READY_FOR_GUEST if passed else RoomStatus.CHECKOUT_DIRTY
    return set_by_hand(hotel, actor, number, status, note=notes)


def request_maintenance(hotel, actor, number, *, priority, notes=None):
    def adjust(room):
        room.maintenance_priority, room.maintenance_notes = priority, notes

    return set_by_hand(hotel, actor, number, RoomStatus.MAINTENANCE_REQUIRED, note=notes, adjust=adjust)


def complete_maintenance(hotel, actor, number):
    """The repair is done; the room is cleaned before it takes a guest."""

    def adjust(room):
        room.maintenance_required = False
        room.maintenance_priority = room.maintenance_notes = None

    return set_by_hand(hotel, actor, number, RoomStatus.CHECKOUT_DIRTY, adjust=adjust)
