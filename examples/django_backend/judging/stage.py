"""The hands that arrange: rooms, bookings, guests and tokens of one run, written straight into the tables."""

import itertools
import secrets
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Max
from django.utils import timezone

from hotel import arrival
from hotel.access import digest
from hotel.models import (
    Booking,
    BookingStatus,
    Guest,
    GuestKind,
    GuestToken,
    Hotel,
    PartyMember,
    Room,
    RoomStatus,
    RoomStatusChange,
    StaffMember,
)
from hotel.services.stays import new_pin
from hotel.services.tokens import SCOPES
from judging.hotels import ELSEWHERE, HOME, far_zone, make_hotel
from judging.models import Arranged

_NAMES = ("Aoife", "Bram", "Chiara", "Darragh", "Elif", "Femke")
_CAME_FROM = {
    RoomStatus.CHECKOUT_DIRTY: RoomStatus.OCCUPIED,
    RoomStatus.CLEANING_IN_PROGRESS: RoomStatus.CHECKOUT_DIRTY,
    RoomStatus.CLEANED_UNINSPECTED: RoomStatus.CLEANING_IN_PROGRESS,
    RoomStatus.MAINTENANCE_REQUIRED: RoomStatus.READY_FOR_GUEST,
    RoomStatus.OUT_OF_ORDER: RoomStatus.READY_FOR_GUEST,
}


class Stage:
    """Arranges for `run`. Everything it makes is written down, so that it can be taken away."""

    def __init__(self, run, slug=HOME):
        self.run, self.now = run, timezone.now()
        Hotel.objects.filter(slug=slug).exclude(timezone=far_zone()).update(timezone=far_zone())
        self.hotel = Hotel.objects.get(slug=slug)
        self._raw = {}
        self._serial = itertools.count(Booking.objects.aggregate(last=Max("pk"))["last"] or 0)
        self._numbers = itertools.count((Room.objects.aggregate(last=Max("number"))["last"] or 100) + 1)

    def elsewhere(self):
        self.hotel = Hotel.objects.get(slug=ELSEWHERE)
        return self

    def where_it_is(self, hour):
        """A hotel of the run's own, open from 08:00 to 02:00, where it is that hour now: the staff of the judged one work there too."""
        zones = [f"Etc/GMT{offset:+d}" for offset in range(-11, 13)]
        zone = next(zone for zone in zones if self.now.astimezone(ZoneInfo(zone)).hour == hour)
        slug = f"hour-{hour}-{self.run}"
        known = Hotel.objects.filter(slug=slug).exists()
        hotel = make_hotel(slug, f"Hour {hour}", zone, open_all_day=False)
        if not known:
            self._made(hotel)
            for member in StaffMember.objects.filter(hotel=self.hotel):
                member.also_works_in.add(hotel)
        self.hotel = hotel
        return self

    def _made(self, row):
        Arranged.objects.create(run=self.run, model=row._meta.model_name, row_id=row.pk)
        return row

    def room(self, status=RoomStatus.READY_FOR_GUEST, **fields):
        """A new room, with the flags and the audit row that its status comes with."""
        flags = {
            RoomStatus.MAINTENANCE_REQUIRED: {"maintenance_required": True},
            RoomStatus.OUT_OF_ORDER: {"out_of_order": True},
        }.get(status, {})
        kind = self.hotel.room_types.get()
        room = Room(
            hotel=self.hotel, type=kind, number=next(self._numbers), status=status, **{**flags, **fields}
        )
        room.save()
        if status in _CAME_FROM:
            self.trail(room, _CAME_FROM[status], status, days_ago=3)
        return self._made(room)

    def trail(self, room, came_from, status, *, days_ago):
        RoomStatusChange.objects.create(
            room=room, from_status=came_from, to_status=status, source="SYSTEM", note="arranged",
            created_at=self.now - timedelta(days=days_ago),
        )  # fmt: skip

    def booking(
        self, room=None, *, party_size=2, unnamed=0, not_staying=0, status=BookingStatus.CONFIRMED, days_ago=0,
        nights=2, email="guest@example.com",
    ):  # fmt: skip
        """A booking that arrives `days_ago` days ago (negative: ahead), with its party and an active token."""
        arrives_on = arrival.local_now(self.hotel, self.now).date() - timedelta(days=days_ago)
        number, made = next(self._serial), self.now - timedelta(days=30)
        booking = Booking.objects.create(
            reference=f"INN-{self.run}-{number:05d}",
            hotel=self.hotel,
            room=room,
            confirmation_number=f"C{number:07d}",
            status=status,
            arrives_on=arrives_on,
            departs_on=arrives_on + timedelta(days=max(nights, days_ago + 1)),
            adults=party_size,
            total_amount=Decimal(120 * nights),
            payment_reference=f"pi_{number:08d}",
            payment_provider="stripe",
            paid_at=made,
            created_at=made,
            updated_at=made,
            internal_notes="arranged",
            booker_first_name=_NAMES[number % len(_NAMES)],
            booker_last_name="Murphy",
            booker_email=email,
            booker_phone="+353 1 555 0100",
        )
        self._made(booking)
        for index in range(party_size + not_staying):
            named = index < party_size - unnamed or index >= party_size
            PartyMember.objects.create(
                booking=booking,
                role="PRIMARY" if index == 0 else "COMPANION",
                first_name=_NAMES[(number + index) % len(_NAMES)] if named else "",
                last_name="Murphy" if named else "",
                email=f"guest{index}@example.com" if named else None,
                is_staying=index < party_size,
                created_at=made,
            )
        self.token(booking, purpose="PRE_ARRIVAL", scopes=["STATUS_READ"])
        return booking

    def token(self, booking, *, purpose="CHAT", scopes=SCOPES, **fields):
        """A further guest token of the booking. The bindings name the last one."""
        raw = secrets.token_urlsafe(32)
        made = {"created_at": self.now - timedelta(hours=20), **fields}
        GuestToken.objects.create(booking=booking, digest=digest(raw), purpose=purpose, scopes=scopes, **made)
        self._raw[booking.pk] = raw

    def in_house(self, room, **fields):
        """A booking that came into the room yesterday afternoon."""
        booking = self.booking(room, days_ago=1, **fields)
        self.move_in(booking, room)
        return booking

    def move_in(self, booking, room):
        zone = ZoneInfo(self.hotel.timezone)
        came = datetime.combine(booking.arrives_on, time(16), zone).astimezone(UTC)
        booking.checked_in_at = booking.updated_at = min(came, self.now - timedelta(hours=1))
        booking.save()
        self.register(booking, room)
        room.is_occupied, room.status, room.guest_fcm_token = True, RoomStatus.OCCUPIED, f"fcm-{room.pk}"
        room.save()
        self.trail(room, RoomStatus.READY_FOR_GUEST, RoomStatus.OCCUPIED, days_ago=1)
        booking.tokens.update(
            status=GuestToken.REVOKED, revoked_at=booking.checked_in_at, revoke_reason="replaced"
        )
        self.token(booking)

    def register(self, booking, room):
        """A guest record for everybody of the party who stays; in no room, if they have not come yet."""
        primary = None
        for member in booking.party.filter(is_staying=True).order_by("pk"):
            guest = self.guest(booking, room, member=member, primary=primary)
            primary = primary or guest

    def guest(self, booking, room, *, member=None, primary=None):
        kind = GuestKind.WALKIN if member is None else member.role
        guest = Guest.objects.create(
            hotel=self.hotel,
            booking=booking,
            room=room,
            party_member=member,
            primary=primary,
            kind=kind,
            first_name="Wanda" if member is None else member.first_name,
            last_name="Walker" if member is None else member.last_name,
            id_pin=new_pin(),
            check_in_date=booking.arrives_on,
            check_out_date=booking.departs_on,
        )
        return self._made(guest)

    def move_out(self, booking, room):
        """The booking left an hour ago."""
        booking.checked_out_at = booking.updated_at = self.now - timedelta(hours=1)
        booking.status, booking.survey_sent_at = BookingStatus.COMPLETED, booking.checked_out_at
        booking.save()
        booking.guests.update(room=None)
        booking.tokens.filter(status=GuestToken.ACTIVE).update(
            status=GuestToken.REVOKED, revoked_at=booking.checked_out_at, revoke_reason="checked out"
        )
        room.is_occupied, room.status, room.guest_fcm_token = False, RoomStatus.CHECKOUT_DIRTY, None
        room.save()
        self.trail(room, RoomStatus.OCCUPIED, RoomStatus.CHECKOUT_DIRTY, days_ago=0)

    def made_ready(self, room):
        """A room that was left is ready for the next guest."""
        room.status = RoomStatus.READY_FOR_GUEST
        room.save()
        self.trail(room, RoomStatus.CHECKOUT_DIRTY, RoomStatus.READY_FOR_GUEST, days_ago=0)

    def bindings(self, booking=None, room=None, free=None, **beside):
        """What the suite needs to know of what was arranged."""
        bound = {"hotel_slug": self.hotel.slug, "hotel_id": self.hotel.pk, **beside}
        if booking is not None:
            bound |= {"booking_id": booking.reference, "guest_token": self._raw[booking.pk]}
        if room is not None:
            bound |= {"room_id": room.pk, "room_number": room.number}
        if free is not None:
            bound |= {"free_room_id": free.pk, "free_room_number": free.number}
        return bound
