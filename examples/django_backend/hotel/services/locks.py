"""One order of locks everywhere: the booking first, then rooms by id. Without it two operations could wait for each other."""

from hotel.errors import Refusal
from hotel.models import Booking, Room


def lock_booking(hotel, reference):
    booking = Booking.objects.select_for_update().filter(hotel=hotel, reference=reference).first()
    if booking is None:
        raise Refusal("BOOKING_NOT_FOUND", "The hotel has no such booking.")
    return booking


def lock_rooms(hotel, *room_ids):
    """The rooms in the order asked for; those the hotel does not have are None."""
    rooms = Room.objects.select_for_update().filter(hotel=hotel, pk__in=room_ids).order_by("pk")
    found = {room.pk: room for room in rooms}
    return [found.get(room_id) for room_id in room_ids]


def lock_room_numbered(hotel, number):
    room = Room.objects.select_for_update().filter(hotel=hotel, number=number).first()
    if room is None:
        raise Refusal("ROOM_NOT_FOUND", "The hotel has no such room.")
    return room
