"""Hotels, their rooms and bookings, who stays in them, and what is to be told about it."""

from django.conf import settings
from django.db import models
from django.db.models import Prefetch, Q


class RoomStatus(models.TextChoices):
    READY_FOR_GUEST = "READY_FOR_GUEST", "Ready for guest"
    OCCUPIED = "OCCUPIED", "Occupied"
    CHECKOUT_DIRTY = "CHECKOUT_DIRTY", "Checkout dirty"
    CLEANING_IN_PROGRESS = "CLEANING_IN_PROGRESS", "Cleaning in progress"
    CLEANED_UNINSPECTED = "CLEANED_UNINSPECTED", "Cleaned, uninspected"
    MAINTENANCE_REQUIRED = "MAINTENANCE_REQUIRED", "Maintenance required"
    OUT_OF_ORDER = "OUT_OF_ORDER", "Out of order"


class BookingStatus(models.TextChoices):
    PENDING_PAYMENT = "PENDING_PAYMENT"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    CONFIRMED = "CONFIRMED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    NO_SHOW = "NO_SHOW"
    DECLINED = "DECLINED"


FINAL = (BookingStatus.COMPLETED, BookingStatus.CANCELLED, BookingStatus.NO_SHOW, BookingStatus.DECLINED)
PENDING = (BookingStatus.PENDING_PAYMENT, BookingStatus.PENDING_APPROVAL)


class Role(models.TextChoices):
    MANAGER = "manager"
    FRONT_DESK = "front_desk"
    HOUSEKEEPING = "housekeeping"


class GuestKind(models.TextChoices):
    PRIMARY = "PRIMARY"
    COMPANION = "COMPANION"
    WALKIN = "WALKIN"


class Hotel(models.Model):
    """`early_checkin_from` and `late_arrival_cutoff` are wall-clock times in the hotel's own `timezone`."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    phone = models.CharField(max_length=40, null=True)
    timezone = models.CharField(max_length=60, default="Europe/Dublin")
    early_checkin_from = models.TimeField(default="08:00")
    late_arrival_cutoff = models.TimeField(default="02:00")


class StaffMember(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="staff")
    role = models.CharField(max_length=20, choices=Role.choices)
    hotel = models.ForeignKey(Hotel, on_delete=models.CASCADE, related_name="staff")
    also_works_in = models.ManyToManyField(Hotel, related_name="helpers")

    @property
    def name(self):
        return self.user.get_full_name() or self.user.username

    def hotel_called(self, slug):
        """The hotel of that slug, if this person works there."""
        if self.hotel.slug == slug:
            return self.hotel
        return self.also_works_in.filter(slug=slug).first()


class RoomType(models.Model):
    hotel = models.ForeignKey(Hotel, on_delete=models.CASCADE, related_name="room_types")
    name = models.CharField(max_length=60)
    max_occupancy = models.PositiveSmallIntegerField()
    capacity = models.PositiveSmallIntegerField()


class RoomQuerySet(models.QuerySet):
    def whole(self):
        """With everything a room is shown with, in a fixed number of queries."""
        stays = Booking.objects.in_house().only("reference", "room_id")
        return self.select_related("hotel", "type").prefetch_related(
            Prefetch("guests", Guest.objects.in_order(), to_attr="shown_guests"),
            Prefetch("bookings", stays, to_attr="shown_stays"),
        )


class Room(models.Model):
    hotel = models.ForeignKey(Hotel, on_delete=models.CASCADE, related_name="rooms")
    type = models.ForeignKey(RoomType, on_delete=models.PROTECT)
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=24, choices=RoomStatus.choices, default=RoomStatus.READY_FOR_GUEST)
    is_occupied = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    out_of_order = models.BooleanField(default=False)
    maintenance_required = models.BooleanField(default=False)
    maintenance_priority = models.CharField(max_length=4, null=True)
    maintenance_notes = models.TextField(null=True)
    last_cleaned_at = models.DateTimeField(null=True)
    cleaned_by_staff_name = models.CharField(max_length=150, null=True)
    last_inspected_at = models.DateTimeField(null=True)
    inspected_by_staff_name = models.CharField(max_length=150, null=True)
    turnover_notes = models.TextField(null=True)
    guest_fcm_token = models.CharField(max_length=200, null=True)

    objects = RoomQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["hotel", "number"], name="one_room_per_number")]

    @property
    def is_bookable(self):
        """Whether a guest could be put in now."""
        return (
            self.status == RoomStatus.READY_FOR_GUEST
            and self.is_active
            and not (self.out_of_order or self.maintenance_required or self.is_occupied)
        )


class RoomStatusChange(models.Model):
    """The audit row of one change of `Room.status`."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="status_changes")
    from_status = models.CharField(max_length=24)
    to_status = models.CharField(max_length=24)
    changed_by = models.ForeignKey(StaffMember, on_delete=models.SET_NULL, null=True)
    changed_by_name = models.CharField(max_length=150, null=True)
    source = models.CharField(max_length=20)
    note = models.TextField(null=True)
    created_at = models.DateTimeField()


class BookingQuerySet(models.QuerySet):
    def in_house(self):
        return self.filter(checked_in_at__isnull=False, checked_out_at__isnull=True)

    def expected(self):
        return self.filter(checked_in_at__isnull=True)

    def holding(self, room, arrives_on, departs_on):
        """Bookings that have the room in one of these nights and are not over."""
        return self.exclude(status__in=FINAL).filter(
            room=room, arrives_on__lt=departs_on, departs_on__gt=arrives_on
        )

    def whole(self):
        """With everything a booking is shown with, in a fixed number of queries."""
        return self.select_related("hotel", "room__type").prefetch_related(
            Prefetch("party", PartyMember.objects.order_by("pk"), to_attr="shown_party"),
            Prefetch("guests", Guest.objects.in_order().select_related("room"), to_attr="shown_guests"),
        )


class Booking(models.Model):
    """A stay: expected, in house, then departed, as `checked_in_at` and `checked_out_at` tell."""

    reference = models.CharField(max_length=64, unique=True)
    hotel = models.ForeignKey(Hotel, on_delete=models.CASCADE, related_name="bookings")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, related_name="bookings")
    confirmation_number = models.CharField(max_length=30)
    status = models.CharField(max_length=20, choices=BookingStatus.choices)
    arrives_on = models.DateField()
    departs_on = models.DateField()
    adults = models.PositiveSmallIntegerField()
    children = models.PositiveSmallIntegerField(default=0)
    total_amount = models.DecimalField(max_digits=10, decimal_places=2)
    currency = models.CharField(max_length=3, default="EUR")
    special_requests = models.TextField(null=True)
    promo_code = models.CharField(max_length=30, null=True)
    payment_reference = models.CharField(max_length=60, null=True)
    payment_provider = models.CharField(max_length=30, null=True)
    paid_at = models.DateTimeField(null=True)
    checked_in_at = models.DateTimeField(null=True)
    checked_out_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    internal_notes = models.TextField(null=True)
    survey_sent_at = models.DateTimeField(null=True)
    booker_first_name = models.CharField(max_length=100)
    booker_last_name = models.CharField(max_length=100)
    booker_email = models.EmailField(null=True)
    booker_phone = models.CharField(max_length=40, null=True)

    objects = BookingQuerySet.as_manager()

    class Meta:
        ordering = ["arrives_on", "reference"]
        constraints = [
            models.UniqueConstraint(
                fields=["room"],
                condition=Q(checked_in_at__isnull=False, checked_out_at__isnull=True),
                name="one_stay_per_room",
            )
        ]

    @property
    def phase(self):
        if self.checked_in_at is None:
            return "expected"
        return "in_house" if self.checked_out_at is None else "departed"

    @property
    def party_size(self):
        return self.adults + self.children

    def party_missing_count(self):
        """How many people of the booking have no name yet: announced but not listed, or listed without one."""
        party = self.shown_party if hasattr(self, "shown_party") else self.party.all()
        return self.party_size - sum(1 for member in party if member.is_staying and member.is_named)


class PartyMember(models.Model):
    """A person the booking announces."""

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="party")
    role = models.CharField(max_length=10)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    email = models.EmailField(null=True)
    phone = models.CharField(max_length=40, null=True)
    is_staying = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    @property
    def is_named(self):
        return bool(self.first_name.strip() and self.last_name.strip())


class GuestQuerySet(models.QuerySet):
    def in_order(self):
        """The primary guest, then companions, then walk-ins."""
        rank = models.Case(
            models.When(kind=GuestKind.PRIMARY, then=0),
            models.When(kind=GuestKind.COMPANION, then=1),
            default=2,
        )
        return self.order_by(rank, "pk")


class Guest(models.Model):
    """A person in the house; `room` is empty once they have left, `booking` stays."""

    hotel = models.ForeignKey(Hotel, on_delete=models.CASCADE)
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, null=True, related_name="guests")
    room = models.ForeignKey(Room, on_delete=models.SET_NULL, null=True, related_name="guests")
    party_member = models.OneToOneField(PartyMember, on_delete=models.CASCADE, null=True)
    primary = models.ForeignKey("self", on_delete=models.SET_NULL, null=True)
    kind = models.CharField(max_length=10, choices=GuestKind.choices)
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    id_pin = models.CharField(max_length=8)
    check_in_date = models.DateField()
    check_out_date = models.DateField()

    objects = GuestQuerySet.as_manager()


class GuestToken(models.Model):
    """What opens the guest portal. Only the SHA-256 of the token is kept."""

    ACTIVE, REVOKED = "ACTIVE", "REVOKED"

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=20)
    scopes = models.JSONField(default=list)
    status = models.CharField(max_length=10, default=ACTIVE)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoke_reason = models.CharField(max_length=60, null=True)


class Conversation(models.Model):
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE)
    room = models.ForeignKey(Room, on_delete=models.CASCADE)


class RoomMessage(models.Model):
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE)
    room = models.ForeignKey(Room, on_delete=models.CASCADE)
    text = models.TextField()


class Order(models.Model):
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE)
    room = models.ForeignKey(Room, on_delete=models.CASCADE)
    is_breakfast = models.BooleanField(default=False)


class OutboxEvent(models.Model):
    """An event that is committed and not yet published. It is deleted when Pusher has taken it.

    One lane is published in the order of the primary key. Whoever writes about a booking or a room holds its lock, so within a
    lane that is the order of commits; other keys of the lane may come a moment later, which no order was promised for.
    """

    lane = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=164)
    name = models.CharField(max_length=100)
    body = models.JSONField()
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(null=True)

    class Meta:
        indexes = [models.Index(fields=["lane", "id"])]


class FailedTask(models.Model):
    """Work after a commit that did not succeed, for staff to see; `retry_tasks` tries it again."""

    kind = models.CharField(max_length=30)
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="failed_tasks")
    attempts = models.PositiveIntegerField(default=1)
    last_error = models.TextField(null=True)
