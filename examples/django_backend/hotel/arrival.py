"""The arrival window of a hotel, on the wall clock of the hotel."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from hotel.errors import Refusal


def local_now(hotel, now):
    return now.astimezone(ZoneInfo(hotel.timezone))


def require_open(hotel, arrives_on, now):
    """Refusal unless a guest who is due on that date may come in now."""
    local = local_now(hotel, now)
    today, clock = local.date(), local.time().replace(second=0, microsecond=0)
    if today < arrives_on:
        raise Refusal("CHECKIN_WRONG_DATE", "The arrival date has not come.")
    if today == arrives_on and clock < hotel.early_checkin_from:
        raise Refusal("CHECKIN_TOO_EARLY", f"Check-in opens at {hotel.early_checkin_from:%H:%M}.")
    if today > arrives_on + timedelta(days=1) or (today > arrives_on and clock > hotel.late_arrival_cutoff):
        raise Refusal("CHECKIN_TOO_LATE", "The arrival window has closed.")
