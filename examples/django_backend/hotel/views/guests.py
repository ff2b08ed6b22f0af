"""What guests see, with a guest token."""

from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.response import Response
from rest_framework.views import APIView

from hotel.access import guest_token, raw_guest_token
from hotel.models import Booking
from hotel.serializers import GuestBookingSerializer, shown
from hotel.snapshot import snapshot


class GuestView(APIView):
    """Asks for the token before anything else: nobody learns which bookings there are."""

    authentication_classes = []
    permission_classes = []

    def token(self, request):
        token = guest_token(raw_guest_token(request))
        if token is None:
            raise NotAuthenticated
        return token


class GuestBookingView(GuestView):
    def get(self, request, hotel_slug, reference):
        with snapshot():
            token = self.token(request)
            booking = Booking.objects.whole().get(pk=token.booking_id)
            if booking.reference != reference or booking.hotel.slug != hotel_slug:
                raise PermissionDenied
            return Response(shown(GuestBookingSerializer, booking))


class GuestContext(GuestView):
    def get(self, request):
        with snapshot():
            token = self.token(request)
            booking = Booking.objects.whole().get(pk=token.booking_id)
        primary = next((member for member in booking.shown_party if member.role == "PRIMARY"), None)
        first = primary.first_name if primary else booking.booker_first_name
        last = primary.last_name if primary else booking.booker_last_name
        return Response(
            {
                "booking_id": booking.reference,
                "hotel_slug": booking.hotel.slug,
                "room_number": booking.room.number if booking.room else None,
                "guest_name": f"{first} {last}".strip(),
                "status": booking.status,
                "is_checked_in": booking.phase == "in_house",
                "is_checked_out": booking.phase == "departed",
                "allowed_actions": token.scopes,
            }
        )
