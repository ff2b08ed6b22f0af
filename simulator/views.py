"""The world in the words of the contract: every resource as a plain dict in canonical wire form."""

from __future__ import annotations

from simulator.booking_views import (
    assigned_room,
    booking_detail,
    guest_booking,
    guest_context,
    in_house_guest,
    party_member,
    party_missing_count,
)
from simulator.room_views import (
    available_room,
    is_bookable,
    occupancy_payload,
    room,
    room_guest,
    room_status_event,
)
from simulator.wire import timestamp

__all__ = [
    "assigned_room",
    "available_room",
    "booking_detail",
    "guest_booking",
    "guest_context",
    "in_house_guest",
    "is_bookable",
    "occupancy_payload",
    "party_member",
    "party_missing_count",
    "room",
    "room_guest",
    "room_status_event",
    "timestamp",
]
