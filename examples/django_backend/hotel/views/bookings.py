"""Bookings as staff work with them."""

from django.db.models import Q
from django.utils import timezone
from rest_framework.response import Response

from hotel import arrival
from hotel.errors import Refusal
from hotel.models import PENDING, Booking, BookingStatus
from hotel.serializers import (
    AssignForm,
    BookingSerializer,
    BookingsForm,
    MoveForm,
    RoomOfferSerializer,
    shown,
)
from hotel.services import assignment, stays
from hotel.snapshot import snapshot
from hotel.views.base import StaffView, page


class BookingView(StaffView):
    def booking(self, rows):
        found = rows.filter(hotel=self.hotel, reference=self.kwargs["reference"]).first()
        if found is None:
            raise Refusal("BOOKING_NOT_FOUND", "The hotel has no such booking.")
        return found


class Bookings(StaffView):
    def get(self, request, hotel_slug):
        form = self.form(BookingsForm, request.query_params)
        with snapshot():
            mine = Booking.objects.filter(hotel=self.hotel)
            buckets = self._buckets()
            rows = mine.filter(buckets[form["bucket"]]) if "bucket" in form else mine
            if "status" in form:
                rows = rows.filter(status=form["status"])
            if form.get("q"):
                rows = rows.filter(self._matching(form["q"])).distinct()
            counts = {name: mine.filter(bucket).count() for name, bucket in buckets.items()}
            return page(request, form, rows.whole(), BookingSerializer, bucket_counts=counts)

    def _buckets(self):
        today = arrival.local_now(self.hotel, timezone.now()).date()
        in_house = Q(checked_in_at__isnull=False, checked_out_at__isnull=True)
        confirmed = Q(status=BookingStatus.CONFIRMED, checked_in_at__isnull=True)
        gone = (BookingStatus.CANCELLED, BookingStatus.NO_SHOW, BookingStatus.DECLINED)
        return {
            "arrivals": confirmed & Q(arrives_on__lte=today),
            "in_house": in_house,
            "departures": in_house & Q(departs_on__lte=today),
            "pending": Q(status__in=PENDING),
            "checked_out": Q(status=BookingStatus.COMPLETED),
            "cancelled": Q(status__in=gone),
        }

    @staticmethod
    def _matching(text):
        names = ("reference", "confirmation_number", "booker_first_name", "booker_last_name")
        found = Q(party__role="PRIMARY", party__last_name__icontains=text)
        for name in names:
            found |= Q(**{f"{name}__icontains": text})
        return found


class BookingDetail(BookingView):
    def get(self, request, hotel_slug, reference):
        with snapshot():
            return Response(shown(BookingSerializer, self.booking(Booking.objects.whole())))


class RoomOffers(BookingView):
    def get(self, request, hotel_slug, reference):
        with snapshot():
            offers = assignment.offers(self.hotel, self.booking(Booking.objects))
            return Response({"available_rooms": [shown(RoomOfferSerializer, room) for room in offers]})


class RoomAssignments(StaffView):
    actions = {"POST": ("bookings.assign_room",)}

    def post(self, request, hotel_slug, reference):
        form = self.form(AssignForm)
        booking = assignment.assign(self.hotel, request.user, reference, form["room_id"], form.get("notes"))
        return Response({"message": "The booking has the room.", **booking})


class RoomReleases(StaffView):
    actions = {"POST": ("bookings.assign_room",)}

    def post(self, request, hotel_slug, reference):
        booking = assignment.release(self.hotel, request.user, reference)
        return Response({"message": "The booking has no room.", **booking})


class RoomMoves(StaffView):
    actions = {"POST": ("bookings.assign_room",)}

    def post(self, request, hotel_slug, reference):
        form = self.form(MoveForm)
        why = (form.get("reason"), form.get("notes"))
        booking = assignment.move(self.hotel, request.user, reference, form["to_room_id"], why)
        return Response({"message": "The booking is in the room.", **booking})


class CheckIns(StaffView):
    actions = {"POST": ("bookings.checkin",)}

    def post(self, request, hotel_slug, reference):
        booking, raw = stays.check_in(self.hotel, request.user, reference)
        message = "Already checked in." if raw is None else "Checked in."
        return Response({"message": message, "portal_token": raw, **booking})


class CheckOuts(StaffView):
    actions = {"POST": ("bookings.checkout",)}

    def post(self, request, hotel_slug, reference):
        booking = stays.check_out(self.hotel, request.user, reference)
        return Response({"message": "Checked out.", **booking})
