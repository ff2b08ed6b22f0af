"""Rooms, bookings and guests as they leave the house. Events carry the same serializations as answers.

The room and booking serializers expect rows of `Room.objects.whole()` and `Booking.objects.whole()`.
"""

from functools import cache

from rest_framework import serializers

from hotel.models import FINAL, Booking, BookingStatus, Guest, GuestKind, PartyMember, Room, RoomStatusChange


@cache
def _representer(serializer):
    return serializer()


def shown(serializer, row):
    """A row as the serializer shows it. The serializer is made once: building its fields costs more than using them."""
    return _representer(serializer).to_representation(row)


class RoomGuestSerializer(serializers.ModelSerializer):
    guest_type = serializers.CharField(source="kind")

    class Meta:
        model = Guest
        fields = ["id", "first_name", "last_name", "guest_type"]


class RoomSerializer(serializers.ModelSerializer):
    room_id = serializers.IntegerField(source="pk")
    hotel_slug = serializers.CharField(source="hotel.slug")
    status_label = serializers.CharField(source="get_status_display")
    room_type = serializers.CharField(source="type.name")
    room_type_name = serializers.CharField(source="type.name")
    room_type_info = serializers.SerializerMethodField()
    max_occupancy = serializers.IntegerField(source="type.max_occupancy")
    guests = RoomGuestSerializer(source="shown_guests", many=True)
    primary_guest = serializers.SerializerMethodField()
    current_booking_id = serializers.SerializerMethodField()

    class Meta:
        model = Room
        fields = [
            "id", "room_id", "hotel_slug", "number", "status", "status_label", "room_type", "room_type_name",
            "room_type_info", "max_occupancy", "is_occupied", "is_active", "out_of_order", "is_bookable",
            "maintenance_required", "maintenance_priority", "maintenance_notes", "last_cleaned_at",
            "cleaned_by_staff_name", "last_inspected_at", "inspected_by_staff_name", "turnover_notes", "guests",
            "primary_guest", "current_booking_id",
        ]  # fmt: skip

    def get_room_type_info(self, room):
        kind = room.type
        return {
            "id": kind.pk,
            "name": kind.name,
            "max_occupancy": kind.max_occupancy,
            "capacity": kind.capacity,
        }

    def get_primary_guest(self, room):
        primary = next((guest for guest in room.shown_guests if guest.kind == GuestKind.PRIMARY), None)
        return None if primary is None else shown(RoomGuestSerializer, primary)

    def get_current_booking_id(self, room):
        return next((stay.reference for stay in room.shown_stays), None)


class StatusChangeSerializer(serializers.ModelSerializer):
    number = serializers.IntegerField(source="room.number")

    class Meta:
        model = RoomStatusChange
        fields = [
            "id", "room_id", "number", "from_status", "to_status", "changed_by", "changed_by_name", "source", "note",
            "created_at",
        ]  # fmt: skip


class RoomOfferSerializer(serializers.ModelSerializer):
    room_type = serializers.CharField(source="type.name")

    class Meta:
        model = Room
        fields = ["id", "number", "room_type", "status", "is_bookable"]


class PartyMemberSerializer(serializers.ModelSerializer):
    full_name = serializers.SerializerMethodField()
    precheckin_payload = serializers.SerializerMethodField()

    class Meta:
        model = PartyMember
        fields = [
            "id", "role", "first_name", "last_name", "full_name", "email", "phone", "is_staying",
            "precheckin_payload", "created_at",
        ]  # fmt: skip

    def get_full_name(self, member):
        return f"{member.first_name} {member.last_name}".strip()

    def get_precheckin_payload(self, member):
        return {}


class InHouseGuestSerializer(serializers.ModelSerializer):
    full_name = serializers.SerializerMethodField()
    guest_type = serializers.CharField(source="kind")
    number = serializers.IntegerField(source="room.number", default=None)

    class Meta:
        model = Guest
        fields = [
            "id", "first_name", "last_name", "full_name", "guest_type", "id_pin", "number", "check_in_date",
            "check_out_date",
        ]  # fmt: skip

    def get_full_name(self, guest):
        return f"{guest.first_name} {guest.last_name}".strip()


class AssignedRoomSerializer(serializers.ModelSerializer):
    room_id = serializers.IntegerField(source="pk")
    room_type_id = serializers.IntegerField(source="type.pk")
    room_type_name = serializers.CharField(source="type.name")

    class Meta:
        model = Room
        fields = [
            "room_id", "number", "status", "is_occupied", "is_active", "out_of_order", "room_type_id",
            "room_type_name",
        ]  # fmt: skip


class StaySerializer(serializers.ModelSerializer):
    nights = serializers.SerializerMethodField()

    class Meta:
        model = Booking
        fields = ["arrives_on", "departs_on", "nights"]

    def get_nights(self, booking):
        return (booking.departs_on - booking.arrives_on).days


class PriceSerializer(serializers.ModelSerializer):
    amount = serializers.DecimalField(source="total_amount", max_digits=10, decimal_places=2)

    class Meta:
        model = Booking
        fields = ["amount", "currency"]


class BookingSerializer(serializers.ModelSerializer):
    """A booking as staff see it."""

    stay = StaySerializer(source="*")
    price = PriceSerializer(source="*")
    booker = serializers.SerializerMethodField()
    party = serializers.SerializerMethodField()
    party_complete = serializers.SerializerMethodField()
    party_missing_count = serializers.SerializerMethodField()
    in_house = serializers.SerializerMethodField()
    room = AssignedRoomSerializer(allow_null=True)
    assigned_room = AssignedRoomSerializer(source="room", allow_null=True)
    assigned_room_number = serializers.IntegerField(source="room.number", default=None)
    room_number = serializers.IntegerField(source="room.number", default=None)
    precheckin_submitted_at = serializers.SerializerMethodField(method_name="get_nothing")
    precheckin_payload = serializers.SerializerMethodField(method_name="get_empty")
    survey_sent = serializers.SerializerMethodField()
    survey_completed = serializers.SerializerMethodField(method_name="get_no")
    survey_rating = serializers.SerializerMethodField(method_name="get_nothing")
    survey_response = serializers.SerializerMethodField(method_name="get_nothing")
    flags = serializers.SerializerMethodField()

    class Meta:
        model = Booking
        fields = [
            "reference", "confirmation_number", "status", "stay", "adults", "children", "price", "special_requests",
            "promo_code", "payment_reference", "payment_provider", "paid_at", "checked_in_at", "checked_out_at",
            "created_at", "updated_at", "internal_notes", "precheckin_submitted_at", "precheckin_payload",
            "party_complete", "party_missing_count", "survey_sent", "survey_completed", "survey_rating",
            "survey_sent_at", "survey_response", "booker", "party", "in_house", "room", "assigned_room",
            "assigned_room_number", "room_number", "flags",
        ]  # fmt: skip

    def get_nothing(self, booking):
        return None

    def get_empty(self, booking):
        return {}

    def get_no(self, booking):
        return False

    def get_survey_sent(self, booking):
        return booking.survey_sent_at is not None

    def get_party_complete(self, booking):
        return booking.party_missing_count() == 0

    def get_party_missing_count(self, booking):
        return booking.party_missing_count()

    def get_booker(self, booking):
        return {
            "type": "SELF",
            "first_name": booking.booker_first_name,
            "last_name": booking.booker_last_name,
            "company": None,
            "email": booking.booker_email,
            "phone": booking.booker_phone,
        }

    def get_party(self, booking):
        members = [(member.role, shown(PartyMemberSerializer, member)) for member in booking.shown_party]
        return {
            "primary": next((one for role, one in members if role == "PRIMARY"), None),
            "companions": [one for role, one in members if role != "PRIMARY"],
            "total_count": len(members),
        }

    def get_in_house(self, booking):
        if booking.phase == "expected":
            return None
        guests = [(guest.kind, shown(InHouseGuestSerializer, guest)) for guest in booking.shown_guests]
        return {
            "primary": next((one for kind, one in guests if kind == GuestKind.PRIMARY), None),
            "companions": [one for kind, one in guests if kind == GuestKind.COMPANION],
            "walkins": [one for kind, one in guests if kind == GuestKind.WALKIN],
            "total_count": len(guests),
        }

    def get_flags(self, booking):
        expected, complete = booking.phase == "expected", booking.party_missing_count() == 0
        confirmed = booking.status == BookingStatus.CONFIRMED
        return {
            "is_checked_in": booking.phase == "in_house",
            "can_check_in": expected and confirmed and booking.room_id is not None and complete,
            "can_check_out": booking.phase == "in_house",
            "can_edit_party": expected and booking.status not in FINAL,
        }


class GuestBookingSerializer(serializers.ModelSerializer):
    """The same booking as its guest sees it. What is not listed here does not go out."""

    stay = StaySerializer(source="*")
    room_number = serializers.IntegerField(source="room.number", default=None)
    room_type = serializers.CharField(source="room.type.name", default=None)
    hotel = serializers.SerializerMethodField()
    guest = serializers.SerializerMethodField()

    class Meta:
        model = Booking
        fields = [
            "reference", "confirmation_number", "status", "stay", "checked_in_at", "checked_out_at", "room_number",
            "room_type", "hotel", "guest", "party_size",
        ]  # fmt: skip

    def get_hotel(self, booking):
        hotel = booking.hotel
        return {"name": hotel.name, "slug": hotel.slug, "phone": hotel.phone, "timezone": hotel.timezone}

    def get_guest(self, booking):
        primary = next((member for member in booking.shown_party if member.role == "PRIMARY"), None)
        return {"first_name": primary.first_name if primary else booking.booker_first_name}


# What requests may say


class StrictSerializer(serializers.Serializer):
    """Refuses what it does not know: a misspelt field is a mistake of the caller, not a default."""

    def to_internal_value(self, data):
        unknown = set(data) - set(self.fields) if isinstance(data, dict) else set()
        if unknown:
            raise serializers.ValidationError({name: ["There is no such field."] for name in sorted(unknown)})
        return super().to_internal_value(data)


class FreeText(serializers.CharField):
    def __init__(self, **kwargs):
        super().__init__(max_length=2000, **{"required": False, "allow_blank": True, **kwargs})


class LoginForm(StrictSerializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=128, trim_whitespace=False)


class AssignForm(StrictSerializer):
    room_id = serializers.IntegerField(min_value=1, max_value=2**53)
    notes = FreeText()


class MoveForm(StrictSerializer):
    to_room_id = serializers.IntegerField(min_value=1, max_value=2**53)
    reason = FreeText()
    notes = FreeText()


class StatusForm(StrictSerializer):
    status = serializers.ChoiceField(choices=Room._meta.get_field("status").choices)
    source = serializers.ChoiceField(
        choices=["FRONT_DESK", "HOUSEKEEPING", "SYSTEM", "MANAGER_OVERRIDE"], required=False
    )
    note = FreeText()


class OverrideForm(StrictSerializer):
    status = serializers.ChoiceField(choices=Room._meta.get_field("status").choices)
    note = FreeText(required=True, allow_blank=False)


class InspectionForm(StrictSerializer):
    passed = serializers.BooleanField()
    notes = FreeText()


class MaintenanceForm(StrictSerializer):
    priority = serializers.ChoiceField(choices=["LOW", "MED", "HIGH"])
    notes = FreeText()


class ChannelForm(StrictSerializer):
    socket_id = serializers.RegexField(r"^\d+\.\d+\Z", max_length=64)
    channel_name = serializers.RegexField(r"^[-A-Za-z0-9_=@,.;]{1,164}\Z")
    token = serializers.CharField(max_length=256, required=False)


class PageForm(StrictSerializer):
    page = serializers.IntegerField(min_value=1, max_value=100_000, default=1)
    page_size = serializers.IntegerField(min_value=1, max_value=100, default=20)


class BookingsForm(PageForm):
    bucket = serializers.ChoiceField(
        choices=["arrivals", "in_house", "departures", "pending", "checked_out", "cancelled"], required=False
    )
    status = serializers.ChoiceField(choices=BookingStatus.values, required=False)
    q = serializers.CharField(max_length=100, required=False, allow_blank=True)


class HistoryForm(StrictSerializer):
    limit = serializers.IntegerField(min_value=1, max_value=500, default=50)
