"""What is announced: rendered from the rows as the transaction leaves them, and written to the outbox with them.

An event is a row of the transaction before it is a message. Whatever happens to the process or to Pusher after the commit, the row is
there; what is rolled back never was. `hotel.publisher` sends it.
"""

import uuid
import zlib
from functools import partial

from django.db import transaction

from hotel import publisher
from hotel.models import Booking, OutboxEvent, Room
from hotel.serializers import BookingSerializer, GuestBookingSerializer, RoomSerializer, shown

BOOKING, ROOMS, OCCUPANCY = "room_booking", "rooms", "room_occupancy"


def rooms_channel(hotel):
    return f"{hotel.slug}.rooms"


def staff_channel(hotel):
    return f"{hotel.slug}.room-bookings"


def guest_channel(booking):
    return f"private-stay-{booking.reference}"


def room_view(room_id):
    """A room as the API shows it, read now."""
    return shown(RoomSerializer, Room.objects.whole().get(pk=room_id))


def booking_view(booking_id):
    """A booking as the API shows it to staff, read now."""
    return shown(BookingSerializer, Booking.objects.whole().get(pk=booking_id))


def occupancy_view(room, booking):
    """Who is in a room, and for which booking; room and the booking of the operation as the API shows them."""
    names = ("room_id", "number", "status", "is_occupied", "out_of_order", "maintenance_required")
    return {
        **{name: room[name] for name in (*names, "room_type", "max_occupancy", "guests")},
        "current_occupancy": len(room["guests"]),
        "booking": booking if room["current_booking_id"] == booking["reference"] else None,
    }


class Announcement:
    """The events of one operation on a hotel's rooms, and on a booking if it is about one.

    Made before the first write, it remembers how things were. `tell` comes after the last: it reads everything once more, so that
    all events say the same, and is committed with the operation or not at all.
    """

    def __init__(self, hotel, now, *, rooms=(), booking=None):
        self._hotel, self._now, self._booking = hotel, now, booking
        self._came_from = booking and booking.phase
        self._rooms = {room.pk: room_view(room.pk) for room in rooms}
        self._stay = booking_view(booking.pk) if booking and rooms else None

    def tell(self, *, rooms=(), occupancy=(), staff=None, guest=None, portal_token=None):
        """Announce the rooms that were updated or whose guests changed, and to staff and guest the event of that name.

        Returns the booking as staff see it now; None when the operation is about none.
        """
        row = self._booking and Booking.objects.whole().get(pk=self._booking.pk)
        booking = row and shown(BookingSerializer, row)
        after = {room_id: room_view(room_id) for room_id in self._rooms}
        events = []
        if staff is not None:
            step = {"from": self._came_from, "to": row.phase, "at": self._now.isoformat()}
            events.append(
                self._of_booking(staff, staff_channel(self._hotel), {**booking, "transition": step})
            )
        for room in occupancy:
            was = occupancy_view(self._rooms[room.pk], self._stay)
            now = occupancy_view(after[room.pk], booking)
            events.append(self._of_room("room_occupancy_updated", OCCUPANCY, room, was, now))
        for room in rooms:
            events.append(self._of_room("room_updated", ROOMS, room, self._rooms[room.pk], after[room.pk]))
        if guest is not None:
            payload = dict(shown(GuestBookingSerializer, row))
            if portal_token is not None:
                payload["portal_token"] = portal_token
            events.append(self._of_booking(guest, guest_channel(row), payload))
        OutboxEvent.objects.bulk_create(events)
        for lane in {event.lane for event in events}:
            transaction.on_commit(partial(publisher.wake, lane))
        return booking

    def _of_room(self, name, category, room, before, after):
        changed = [field for field, value in after.items() if before[field] != value]
        scope = {"room_id": room.pk, "room_number": room.number}
        payload = {**after, "changed_fields": changed}
        return self._event(name, category, rooms_channel(self._hotel), payload, scope, f"room {room.pk}")

    def _of_booking(self, name, channel, payload):
        scope, key = {"booking_id": self._booking.reference}, f"booking {self._booking.pk}"
        return self._event(name, BOOKING, channel, payload, scope, key)

    def _event(self, name, category, channel, payload, scope, key):
        body = {
            "type": name,
            "category": category,
            "payload": payload,
            "meta": {
                "event_id": str(uuid.uuid4()),
                "hotel_slug": self._hotel.slug,
                "ts": self._now.isoformat(),
                "scope": scope,
            },
        }
        lane = zlib.crc32(f"{channel} {key}".encode()) % publisher.LANES
        return OutboxEvent(lane=lane, channel=channel, name=name, body=body)
