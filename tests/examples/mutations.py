"""Mistakes a good Django team makes, as replacements in the text of the example, and the clause each one breaks.

Races are run only for mistakes that need them, and PostgreSQL is taken only where a missing row lock is the mistake: SQLite has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Change:
    """`old`, which stands exactly once in the file, becomes `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutation:
    """A mistake with a name. `clause` is one of those it breaks, the one that names the mistake best."""

    name: str
    clause: str
    changes: tuple[Change, ...]
    database: Literal["sqlite", "postgres"] = "sqlite"
    race_tries: int = 0

    def apply(self, backend: Path) -> None:
        """Make the mistake in a copy of the example. AssertionError when the text to be replaced is not there once."""
        for change in self.changes:
            path = backend / change.file
            text = path.read_text()
            assert text.count(change.old) == 1, f"{self.name}: {change.old!r} in {change.file}"
            path.write_text(text.replace(change.old, change.new))


def _at_end(file: str, last: str, code: str) -> Change:
    """Code after the last line of a file."""
    return Change(file, last, f"{last}\n\n{code}")


MUTATIONS = (
    Mutation(
        "published in the transaction instead of on_commit",
        "order/after-commit",
        (
            Change(
                "hotel/events.py",
                "        OutboxEvent.objects.bulk_create(events)\n",
                "        import pusher\n        from django.conf import settings\n\n"
                "        client = pusher.Pusher(**settings.PUSHER)\n"
                "        for event in events:\n"
                "            client.trigger(event.channel, event.name, event.body)\n",
            ),
        ),
    ),
    Mutation(
        "the booking is read before the transaction that locks it",
        "room/invariant/occupied-iff-in-house",
        (
            Change(
                "hotel/services/stays.py",
                '    """Put an expected booking into its room: (the booking as staff see it, the raw guest token or None for a repeat)."""\n'
                "    with transaction.atomic():\n        booking = lock_booking(hotel, reference)\n",
                "    booking = lock_booking(hotel, reference)\n    with transaction.atomic():\n",
            ),
        ),
        race_tries=4,
    ),
    Mutation(
        "select_for_update forgotten for the booking",
        "room/invariant/occupied-iff-in-house",
        (
            Change(
                "hotel/services/locks.py",
                "Booking.objects.select_for_update().filter",
                "Booking.objects.filter",
            ),
        ),
        database="postgres",
        race_tries=4,
    ),
    Mutation(
        "select_for_update forgotten for rooms",
        "races/one-room-two-bookings",
        (
            Change(
                "hotel/services/locks.py",
                "rooms = Room.objects.select_for_update().filter",
                "rooms = Room.objects.filter",
            ),
        ),
        database="postgres",
        race_tries=4,
    ),
    Mutation(
        "a post_save handler announces the room a second time",
        "events/once",
        (
            _at_end(
                "hotel/services/rooms.py",
                "    return set_by_hand(hotel, actor, number, RoomStatus.CHECKOUT_DIRTY, adjust=adjust)\n",
                "from django.db.models.signals import post_save\nfrom django.dispatch import receiver\nfrom hotel.models import Room\n\n\n"
                "@receiver(post_save, sender=Room)\n"
                "def keep_the_board_fresh(sender, instance, **kwargs):\n"
                "    Announcement(instance.hotel, timezone.now(), rooms=[instance]).tell(rooms=[instance])\n",
            ),
        ),
    ),
    Mutation(
        "serialized rows are cached, and model instances are equal by primary key",
        "check-in/booking/checked-in-at",
        (
            Change(
                "hotel/serializers.py", "def shown(serializer, row):", "@cache\ndef shown(serializer, row):"
            ),
        ),
    ),
    Mutation(
        "the phase is a cached_property, taken before the write",
        "events/payload/transition",
        (
            Change(
                "hotel/models.py",
                "    @property\n    def phase(self):",
                "    @__import__('functools').cached_property\n    def phase(self):",
            ),
            Change("hotel/events.py", '"to": row.phase', '"to": self._booking.phase'),
        ),
    ),
    Mutation(
        "the guests of the room are prefetched before they move in",
        "events/payload/agrees-with-state",
        (
            Change(
                "hotel/events.py",
                "        self._rooms = {room.pk: room_view(room.pk) for room in rooms}\n",
                "        self._rows = {room.pk: Room.objects.whole().get(pk=room.pk) for room in rooms}\n"
                "        self._rooms = {pk: shown(RoomSerializer, row) for pk, row in self._rows.items()}\n",
            ),
            Change(
                "hotel/events.py",
                "        after = {room_id: room_view(room_id) for room_id in self._rooms}\n",
                "        for stale in self._rows.values():\n            stale.refresh_from_db()\n"
                "        after = {pk: shown(RoomSerializer, row) for pk, row in self._rows.items()}\n",
            ),
        ),
    ),
    Mutation(
        "update_fields forgets the push token",
        "check-out/room/fcm-token-cleared",
        (
            Change(
                "hotel/services/rooms.py",
                "    room.save()\n",
                "    room.save(\n        update_fields=[\n"
                '            "status", "is_occupied", "out_of_order", "maintenance_required", "maintenance_priority",\n'
                '            "maintenance_notes", "last_cleaned_at", "cleaned_by_staff_name", "last_inspected_at",\n'
                '            "inspected_by_staff_name", "turnover_notes",\n        ]\n    )\n',
            ),
        ),
    ),
    Mutation(
        "the arrival date is compared with the date in UTC",
        "check-in/policy/arrival-day",
        (Change("hotel/arrival.py", "    local = local_now(hotel, now)\n", "    local = now\n"),),
    ),
    Mutation(
        "queryset.update sets the status past the service",
        "housekeeping/audit-row",
        (
            Change(
                "hotel/services/stays.py",
                '        change_status(room, RoomStatus.CHECKOUT_DIRTY, actor=actor, source="FRONT_DESK", note=note, now=now)\n',
                "        room.save()\n        type(room).objects.filter(pk=room.pk).update(status=RoomStatus.CHECKOUT_DIRTY)\n",
            ),
        ),
    ),
    Mutation(
        "a post_save handler gives every booking in the house a fresh token",
        "check-in/token/issued",
        (
            _at_end(
                "hotel/services/tokens.py",
                "        status=GuestToken.REVOKED, revoked_at=now, revoke_reason=reason\n    )\n",
                "from django.db.models.signals import post_save\nfrom django.dispatch import receiver\nfrom hotel.models import Booking\n\n\n"
                "@receiver(post_save, sender=Booking)\n"
                "def open_the_portal(sender, instance, **kwargs):\n"
                '    if instance.phase == "in_house":\n'
                "        issue(instance, instance.updated_at)\n",
            ),
        ),
    ),
    Mutation(
        "one view lost its permission",
        "access/role-permission",
        (
            Change(
                "hotel/views/bookings.py",
                'class RoomMoves(StaffView):\n    actions = {"POST": ("bookings.assign_room",)}\n',
                "class RoomMoves(StaffView):\n",
            ),
        ),
    ),
    Mutation(
        "a middleware that retries runs every view twice",
        "check-in/token/returned",
        (
            Change(
                "innkeeper/settings.py",
                "MIDDLEWARE = [",
                'MIDDLEWARE = ["hotel.errors.Retry", ',
            ),
            _at_end(
                "hotel/errors.py",
                '    return JsonResponse({"error": "INTERNAL_ERROR", "detail": "The server failed."}, status=500)\n',
                "class Retry:\n"
                "    def __init__(self, get_response):\n        self.get_response = get_response\n\n"
                "    def __call__(self, request):\n"
                "        self.get_response(request)\n"
                "        return self.get_response(request)\n",
            ),
        ),
    ),
    Mutation(
        "a repeated check-in saves the booking, and with it updated_at",
        "idempotency/check-in/no-effect",
        (
            Change(
                "hotel/services/stays.py",
                '        if booking.phase == "in_house":\n            return booking_view(booking.pk), None\n',
                '        if booking.phase == "in_house":\n            booking.updated_at = timezone.now()\n'
                "            booking.save()\n            return booking_view(booking.pk), None\n",
            ),
        ),
    ),
    Mutation(
        "on_commit(robust=True) without an outbox drops what Pusher does not take",
        "events/no-loss/publisher-down",
        (
            Change(
                "hotel/events.py",
                "        OutboxEvent.objects.bulk_create(events)\n"
                "        for lane in {event.lane for event in events}:\n"
                "            transaction.on_commit(partial(publisher.wake, lane))\n",
                "        for event in events:\n"
                "            transaction.on_commit(lambda event=event: publisher.send(event), robust=True)\n",
            ),
            _at_end(
                "hotel/publisher.py",
                "        Lane(lane, stop).start()\n",
                "_lock = threading.Lock()\n\n\n"
                "def send(event):\n"
                "    with _lock:\n"
                "        pusher.Pusher(**settings.PUSHER).trigger(event.channel, event.name, event.body)\n",
            ),
        ),
    ),
    Mutation(
        "the audit row is written by a signal that reads the room after it was saved",
        "housekeeping/audit-chain",
        (
            Change(
                "hotel/services/rooms.py",
                "    row = RoomStatusChange.objects.create(\n",
                "    lifecycle.enter(room, status, actor, now)\n    room.save()\n    row = RoomStatusChange.objects.create(\n",
            ),
        ),
    ),
    Mutation(
        "guest records are deleted at check-out instead of detached",
        "check-out/guests/booking-link-kept",
        (
            Change(
                "hotel/services/stays.py",
                "        booking.guests.update(room=None)\n",
                "        booking.guests.all().delete()\n",
            ),
        ),
    ),
    Mutation(
        "rooms looked up without their hotel",
        "access/room-of-other-hotel",
        (
            Change(
                "hotel/services/locks.py", "filter(hotel=hotel, pk__in=room_ids)", "filter(pk__in=room_ids)"
            ),
        ),
    ),
    Mutation(
        "local time kept as if it were UTC",
        "effects/times",
        (
            Change(
                "innkeeper/settings.py",
                "USE_TZ = True\n",
                "USE_TZ = True\n\nfrom datetime import UTC, datetime\nfrom zoneinfo import ZoneInfo\n\n"
                "from django.utils import timezone\n\n"
                'timezone.now = lambda: datetime.now(ZoneInfo("Asia/Kolkata")).replace(tzinfo=UTC)\n',
            ),
        ),
    ),
)
