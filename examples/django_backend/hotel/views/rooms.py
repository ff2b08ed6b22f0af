"""Rooms as staff see them."""

from rest_framework.response import Response

from hotel.errors import Refusal
from hotel.models import Room, RoomStatus
from hotel.serializers import PageForm, RoomSerializer, shown
from hotel.snapshot import snapshot
from hotel.views.base import StaffView, page


class Rooms(StaffView):
    def get(self, request, hotel_slug):
        form = self.form(PageForm, request.query_params)
        with snapshot():
            return page(request, form, Room.objects.whole().filter(hotel=self.hotel), RoomSerializer)


class RoomDetail(StaffView):
    def get(self, request, hotel_slug, number):
        with snapshot():
            return Response(shown(RoomSerializer, self.room(Room.objects.whole())))

    def room(self, rows):
        found = rows.filter(hotel=self.hotel, number=self.kwargs["number"]).first()
        if found is None:
            raise Refusal("ROOM_NOT_FOUND", "The hotel has no such room.")
        return found


def by_status(hotel):
    """The active rooms of the hotel under each of the seven statuses."""
    rooms = [shown(RoomSerializer, room) for room in Room.objects.whole().filter(hotel=hotel, is_active=True)]
    return {status: [room for room in rooms if room["status"] == status] for status in RoomStatus.values}


class Board(StaffView):
    def get(self, request, hotel_slug):
        with snapshot():
            columns = by_status(self.hotel)
        return Response(
            {
                status: {"label": RoomStatus(status).label, "count": len(rooms), "rooms": rooms}
                for status, rooms in columns.items()
            }
        )
