"""States of one small hotel, written by hand from the contract's schemas: one booking of two, three rooms.

Nothing here is computed by the simulator or the server: what a room looks like after a check-in is said here once more, by
somebody who read the contract.
"""

from __future__ import annotations

import copy
from typing import Any

SLUG, HOTEL_ID = "grand-test", 7
BOOKING, OTHER_BOOKING = "BK-2026-0001", "BK-2026-0002"
ROOM_ID, ROOM = 11, 101
FREE_ID, FREE = 12, 102
DIRTY_ID, DIRTY = 13, 103
OLD_TOKEN, NEW_TOKEN, OTHER_TOKEN = "fp:0000000000aa", "fp:0000000000bb", "fp:0000000000cc"
CAME, LEFT = "2026-11-22T15:04:05.123456Z", "2026-11-22T15:04:10.654321Z"
EARLIER = "2026-11-20T09:00:00.000000Z"
NUMBERS = {ROOM_ID: ROOM, FREE_ID: FREE, DIRTY_ID: DIRTY}


def person(guest_id: int) -> dict[str, Any]:
    first, last, kind = {21: ("Ada", "Lovelace", "PRIMARY"), 22: ("Grace", "Hopper", "COMPANION")}[guest_id]
    return {"id": guest_id, "first_name": first, "last_name": last, "guest_type": kind}


def member(role: str) -> dict[str, Any]:
    primary = role == "PRIMARY"
    first, last = ("Ada", "Lovelace") if primary else ("Grace", "Hopper")
    return {
        "id": 31 if primary else 32,
        "role": role,
        "first_name": first,
        "last_name": last,
        "full_name": f"{first} {last}",
        "email": f"{first.lower()}@mail.example",
        "phone": "+353 1 555 0101" if primary else "+353 1 555 0102",
        "is_staying": True,
        "precheckin_payload": {},
        "created_at": EARLIER,
    }


def room(status: str = "READY_FOR_GUEST", room_id: int = ROOM_ID, **fields: Any) -> dict[str, Any]:
    """A Room; OCCUPIED has the booking's two guests in it."""
    occupied = status == "OCCUPIED"
    found = {
        "id": room_id,
        "room_id": room_id,
        "hotel_slug": SLUG,
        "room_number": NUMBERS[room_id],
        "room_status": status,
        "room_status_display": status.replace("_", " ").title(),
        "room_type": "Double",
        "room_type_name": "Double",
        "room_type_info": {"id": 3, "name": "Double", "max_occupancy": 3, "capacity": 2},
        "max_occupancy": 3,
        "is_occupied": occupied,
        "is_active": True,
        "is_out_of_order": status == "OUT_OF_ORDER",
        "is_bookable": status == "READY_FOR_GUEST",
        "maintenance_required": status == "MAINTENANCE_REQUIRED",
        "maintenance_priority": None,
        "maintenance_notes": None,
        "last_cleaned_at": "2026-11-21T11:00:00Z",
        "cleaned_by_staff_name": "Hanna Kowalczyk",
        "last_inspected_at": "2026-11-21T12:00:00Z",
        "inspected_by_staff_name": "Maeve Byrne",
        "turnover_notes": None,
        "guests_in_room": [person(21), person(22)] if occupied else [],
        "primary_guest": person(21) if occupied else None,
        "current_booking_id": BOOKING if occupied else None,
    }
    return found | fields


def short_room(full: dict[str, Any]) -> dict[str, Any]:
    """The AssignedRoom of a booking."""
    names = (
        "room_id",
        "room_number",
        "room_status",
        "is_occupied",
        "is_active",
        "is_out_of_order",
        "room_type_name",
    )
    return {name: full[name] for name in names} | {"room_type_id": full["room_type_info"]["id"]}


def booking(phase: str = "expected", in_room: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A BookingDetail in a phase, with the room as it is then."""
    house = None
    if phase != "expected":
        number = in_room["room_number"] if in_room and phase == "in_house" else None
        people = [
            {
                **person(guest_id),
                "full_name": f"{person(guest_id)['first_name']} {person(guest_id)['last_name']}",
                "id_pin": f"48{guest_id}",
                "room_number": number,
                "check_in_date": "2026-11-22",
                "check_out_date": "2026-11-24",
            }
            for guest_id in (21, 22)
        ]
        house = {"primary": people[0], "companions": [people[1]], "walkins": [], "total_count": 2}
    assigned = short_room(in_room) if in_room else None
    number = in_room["room_number"] if in_room else None
    found = {
        "booking_id": BOOKING,
        "confirmation_number": "CONF-77301",
        "status": "COMPLETED" if phase == "departed" else "CONFIRMED",
        "check_in": "2026-11-22",
        "check_out": "2026-11-24",
        "nights": 2,
        "adults": 2,
        "children": 0,
        "total_amount": "240.00",
        "currency": "EUR",
        "special_requests": "a quiet room",
        "promo_code": None,
        "payment_reference": "pi_3N9secret77",
        "payment_provider": "stripe",
        "paid_at": EARLIER,
        "checked_in_at": None if phase == "expected" else CAME,
        "checked_out_at": LEFT if phase == "departed" else None,
        "created_at": EARLIER,
        "updated_at": {"expected": EARLIER, "in_house": CAME, "departed": LEFT}[phase],
        "internal_notes": "prefers to pay in cash; do not upgrade",
        "precheckin_submitted_at": None,
        "precheckin_payload": {},
        "party_complete": True,
        "party_missing_count": 0,
        "survey_sent": False,
        "survey_completed": False,
        "survey_rating": None,
        "survey_sent_at": None,
        "survey_response": None,
        "booker": {
            "type": "SELF",
            "first_name": "Ada",
            "last_name": "Lovelace",
            "company": None,
            "email": "ada@mail.example",
            "phone": "+353 1 555 0101",
        },
        "party": {"primary": member("PRIMARY"), "companions": [member("COMPANION")], "total_count": 2},
        "in_house": house,
        "room": assigned,
        "assigned_room": copy.deepcopy(assigned),
        "assigned_room_number": number,
        "room_number": number,
        "flags": {
            "is_checked_in": phase == "in_house",
            "can_check_in": phase == "expected",
            "can_check_out": phase == "in_house",
            "can_edit_party": phase == "expected",
        },
    }
    return found | fields


def guest_view(detail: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The GuestBooking of a BookingDetail."""
    names = ("booking_id", "confirmation_number", "status", "check_in", "check_out", "nights", "checked_in_at",
             "checked_out_at", "room_number")  # fmt: skip
    found = {name: detail[name] for name in names}
    found["room_type"] = "Double" if detail["room_number"] is not None else None
    found["hotel"] = {
        "name": "Grand Test",
        "slug": SLUG,
        "phone": "+353 1 555 0000",
        "timezone": "Europe/Dublin",
    }
    found["guest"] = {"first_name": "Ada"}
    found["party_size"] = 2
    return found | fields


def guests(phase: str, room_id: int | None = ROOM_ID) -> list[dict[str, Any]]:
    """The guest records: none before arrival, in the room during the stay, in none after it."""
    if phase == "expected":
        return []
    where = room_id if phase == "in_house" else None
    return [
        {
            **person(21),
            "booking_id": BOOKING,
            "room_id": where,
            "party_member_id": 31,
            "primary_guest_id": None,
        },
        {
            **person(22),
            "booking_id": BOOKING,
            "room_id": where,
            "party_member_id": 32,
            "primary_guest_id": 21,
        },
    ]


def token(token_id: int, *, active: bool, reason: str = "superseded by check-in") -> dict[str, Any]:
    return {
        "id": token_id,
        "booking_id": BOOKING,
        "purpose": "CHAT",
        "scopes": ["STATUS_READ", "CHAT", "ROOM_SERVICE"],
        "status": "ACTIVE" if active else "REVOKED",
        "created_at": EARLIER if token_id == 41 else CAME,
        "revoked_at": None if active else CAME,
        "revoke_reason": None if active else reason,
    }


def tokens(phase: str) -> list[dict[str, Any]]:
    """The earlier token until check-in, the fresh one during the stay, none active after it."""
    if phase == "expected":
        return [token(41, active=True)]
    return [token(41, active=False), token(42, active=phase == "in_house", reason="checked out")]


def audit(*steps: str, room_id: int = ROOM_ID) -> list[dict[str, Any]]:
    """Audit rows from `FROM>TO` steps, oldest first."""
    return [
        {
            "id": 100 * room_id + position,
            "room_id": room_id,
            "room_number": NUMBERS[room_id],
            "from_status": step.split(">")[0],
            "to_status": step.split(">")[1],
            "changed_by": 5,
            "changed_by_name": "Fiona Walsh",
            "source": "FRONT_DESK",
            "note": None,
            "created_at": CAME,
        }
        for position, step in enumerate(steps)
    ]


def cleanup(count: int = 0) -> dict[str, Any]:
    return {"conversations": count, "room_messages": count, "orders": count, "breakfast_orders": count}


STAY_BINDINGS = {
    "hotel_slug": SLUG,
    "hotel_id": HOTEL_ID,
    "booking_id": BOOKING,
    "room_id": ROOM_ID,
    "room_number": ROOM,
    "guest_token": OLD_TOKEN,
}
FREE_BINDINGS = {"free_room_id": FREE_ID, "free_room_number": FREE}
