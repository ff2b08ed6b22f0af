"""Rooms between two guests."""

from rest_framework.response import Response

from hotel.models import Room
from hotel.serializers import (
    HistoryForm,
    InspectionForm,
    MaintenanceForm,
    OverrideForm,
    RoomSerializer,
    StatusChangeSerializer,
    StatusForm,
    shown,
)
from hotel.services import rooms as service
from hotel.snapshot import snapshot
from hotel.views.base import StaffView
from hotel.views.rooms import RoomDetail, by_status


class Dashboard(StaffView):
    def get(self, request, hotel_slug):
        with snapshot():
            columns = by_status(self.hotel)
        counts = {status: len(rooms) for status, rooms in columns.items()}
        return Response({"counts": counts, "rooms_by_status": columns, "total_rooms": sum(counts.values())})


def _with_row(change):
    row = None if change.row is None else shown(StatusChangeSerializer, change.row)
    return Response({"message": "The status is set.", "room": change.shown, "status_event": row})


def _before_and_after(change):
    return Response({"message": "Done.", "old_status": change.before, "new_status": change.after})


class StatusChanges(RoomDetail):
    actions = {"POST": ("housekeeping.status_transition", "housekeeping.status_front_desk")}

    def get(self, request, hotel_slug, number):
        form = self.form(HistoryForm, request.query_params)
        with snapshot():
            room = self.room(Room.objects.whole())
            rows = room.status_changes.select_related("room").order_by("-pk")
            return Response(
                {
                    "room": shown(RoomSerializer, room),
                    "status_history": [shown(StatusChangeSerializer, row) for row in rows[: form["limit"]]],
                    "total_events": rows.count(),
                }
            )

    def post(self, request, hotel_slug, number):
        form = self.form(StatusForm)
        change = service.set_by_hand(
            self.hotel, request.user, number, form["status"], source=form.get("source"), note=form.get("note")
        )
        return _with_row(change)


class StatusOverrides(StaffView):
    actions = {"POST": ("housekeeping.status_override",)}
    note_required = True

    def post(self, request, hotel_slug, number):
        form = self.form(OverrideForm)
        change = service.set_by_hand(
            self.hotel, request.user, number, form["status"], source="MANAGER_OVERRIDE", note=form["note"]
        )
        return _with_row(change)


class Cleanings(StaffView):
    actions = {"POST": ("housekeeping.status_transition",)}

    def post(self, request, hotel_slug, number):
        return _before_and_after(service.start_cleaning(self.hotel, request.user, number))


class CleaningCompletions(StaffView):
    actions = {"POST": ("housekeeping.status_transition",)}

    def post(self, request, hotel_slug, number):
        return _before_and_after(service.finish_cleaning(self.hotel, request.user, number))


class Inspections(StaffView):
    actions = {"POST": ("rooms.inspect",)}

    def post(self, request, hotel_slug, number):
        form = self.form(InspectionForm)
        return _before_and_after(service.inspect(self.hotel, request.user, number, **form))


class MaintenanceRequests(StaffView):
    actions = {"POST": ("rooms.maintenance_flag",)}

    def post(self, request, hotel_slug, number):
        form = self.form(MaintenanceForm)
        return _before_and_after(service.request_maintenance(self.hotel, request.user, number, **form))


class MaintenanceCompletions(StaffView):
    actions = {"POST": ("rooms.maintenance_clear",)}

    def post(self, request, hotel_slug, number):
        return _before_and_after(service.complete_maintenance(self.hotel, request.user, number))
