"""The hotel that is judged, the one beside it, and who works there."""

import os
from datetime import UTC, datetime, time

from django.contrib.auth.models import User

from hotel.models import Hotel, Role, RoomType, StaffMember

HOME, ELSEWHERE = "judge-inn", "other-inn"
PASSWORD_VARIABLE = "INNKEEPER_DEMO_PASSWORD"  # noqa: S105 - the name of a variable
_STAFF = (
    ("mara", "Mara", "Manager", Role.MANAGER, HOME),
    ("fred", "Fred", "Frontdesk", Role.FRONT_DESK, HOME),
    ("hana", "Hana", "Housekeeper", Role.HOUSEKEEPING, HOME),
    ("otto", "Otto", "Outsider", Role.MANAGER, ELSEWHERE),
)


def far_zone(now=None):
    """A zone where the date is not UTC's now, and midnight is hours away."""
    hour = (now or datetime.now(UTC)).hour
    return "Pacific/Kiritimati" if hour >= 10 else "Etc/GMT+12"


def seed():
    """Make the hotels and their staff, or bring them up to date."""
    password = os.environ.get(PASSWORD_VARIABLE)
    if not password:
        raise SystemExit(f"Set {PASSWORD_VARIABLE}: the staff of the judged hotel log in with it.")
    for slug, name in ((HOME, "Judge Inn"), (ELSEWHERE, "Other Inn")):
        make_hotel(slug, name, far_zone(), open_all_day=True)
    for username, first, last, role, slug in _STAFF:
        user, made = User.objects.get_or_create(
            username=username, defaults={"first_name": first, "last_name": last}
        )
        if made or not user.check_password(password):
            user.set_password(password)
            user.save()
        StaffMember.objects.update_or_create(
            user=user, defaults={"role": role, "hotel": Hotel.objects.get(slug=slug)}
        )


def make_hotel(slug, name, zone, *, open_all_day):
    """A hotel with one type of room. The judged one takes arrivals all day, so that a check can run at any hour, and none after it,
    so that whoever takes UTC's date for the hotel's refuses them all."""
    window = (time(0, 0), time(0, 0)) if open_all_day else (time(8, 0), time(2, 0))
    facts = {
        "name": name,
        "phone": "+353 1 555 0199",
        "timezone": zone,
        "early_checkin_from": window[0],
        "late_arrival_cutoff": window[1],
    }
    hotel, made = Hotel.objects.update_or_create(slug=slug, defaults=facts)
    if made:
        RoomType.objects.create(hotel=hotel, name="Double", max_occupancy=6, capacity=6)
    return hotel
