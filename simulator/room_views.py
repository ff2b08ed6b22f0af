"""Rooms as the contract shows them: Room, its audit rows, and who is in it.

Every function answers a new dict in the canonical wire form of the schema it names (schemas/resources/ and events/).
"""

from __future__ import annotations

from typing import Any, cast

from contract.generated import wire
from contract.lifecycle import room_lifecycle
from simulator.booking_views import booking_detail, in_order
from simulator.wire import optional_timestamp, timestamp
from simulator.world import AuditRow, Guest, Room, World


def is_bookable(room: Room) -> bool:
    """True when a guest could be put in now: ready, active, in order, no maintenance, not occupied."""
    return (
        room.room_status == "READY_FOR_GUEST"
        and room.is_active
        and not room.is_out_of_order
        and not room.maintenance_required
        and not room.is_occupied
    )


def room_guest(guest: Guest) -> wire.RoomGuest:
    """RoomGuest (resources/room_guest)."""
    return {
        "id": guest.id,
        "first_name": guest.first_name,
        "last_name": guest.last_name,
        "guest_type": cast("wire.GuestType", guest.guest_type),
    }


def room(world: World, row: Room) -> wire.Room:
    """Room (resources/room)."""
    kind = world.room_types[row.room_type_id]
    guests = in_order(world.guests_in(row.id))
    primary = next((guest for guest in guests if guest.guest_type == "PRIMARY"), None)
    stay = world.in_house_booking_of(row.id)
    return {
        "id": row.id,
        "room_id": row.id,
        "hotel_slug": world.hotels[row.hotel_id].slug,
        "room_number": row.room_number,
        "room_status": cast("wire.RoomStatus", row.room_status),
        "room_status_display": room_lifecycle().label(row.room_status),
        "room_type": kind.name,
        "room_type_name": kind.name,
        "room_type_info": {
            "id": kind.id,
            "name": kind.name,
            "max_occupancy": kind.max_occupancy,
            "capacity": kind.capacity,
        },
        "max_occupancy": kind.max_occupancy,
        "is_occupied": row.is_occupied,
        "is_active": row.is_active,
        "is_out_of_order": row.is_out_of_order,
        "is_bookable": is_bookable(row),
        "maintenance_required": row.maintenance_required,
        "maintenance_priority": cast("wire.MaintenancePriority | None", row.maintenance_priority),
        "maintenance_notes": row.maintenance_notes,
        "last_cleaned_at": optional_timestamp(row.last_cleaned_at),
        "cleaned_by_staff_name": row.cleaned_by_staff_name,
        "last_inspected_at": optional_timestamp(row.last_inspected_at),
        "inspected_by_staff_name": row.inspected_by_staff_name,
        "turnover_notes": row.turnover_notes,
        "guests_in_room": [room_guest(guest) for guest in guests],
        "primary_guest": None if primary is None else room_guest(primary),
        "current_booking_id": None if stay is None else stay.booking_id,
    }


def occupancy_payload(world: World, row: Room) -> dict[str, Any]:
    """The payload of `room_occupancy_updated` (events/room_occupancy_payload) but for its `changed_fields`."""
    kind = world.room_types[row.room_type_id]
    guests = in_order(world.guests_in(row.id))
    stay = world.in_house_booking_of(row.id)
    return {
        "room_id": row.id,
        "room_number": row.room_number,
        "room_status": cast("wire.RoomStatus", row.room_status),
        "is_occupied": row.is_occupied,
        "is_out_of_order": row.is_out_of_order,
        "maintenance_required": row.maintenance_required,
        "room_type": kind.name,
        "max_occupancy": kind.max_occupancy,
        "current_occupancy": len(guests),
        "guests_in_room": [room_guest(guest) for guest in guests],
        "current_booking": None if stay is None else booking_detail(world, stay),
    }


def room_status_event(world: World, row: AuditRow) -> wire.RoomStatusEvent:
    """RoomStatusEvent (resources/room_status_event): one audit row."""
    return {
        "id": row.id,
        "room_id": row.room_id,
        "room_number": world.rooms[row.room_id].room_number,
        "from_status": cast("wire.RoomStatus", row.from_status),
        "to_status": cast("wire.RoomStatus", row.to_status),
        "changed_by": row.changed_by,
        "changed_by_name": row.changed_by_name,
        "source": cast("wire.StatusSource", row.source),
        "note": row.note,
        "created_at": timestamp(row.created_at),
    }


def available_room(world: World, row: Room) -> wire.AvailableRoom:
    """AvailableRoom (resources/available_room)."""
    return {
        "id": row.id,
        "room_number": row.room_number,
        "room_type": world.room_types[row.room_type_id].name,
        "room_status": cast("wire.RoomStatus", row.room_status),
        "is_bookable": is_bookable(row),
    }
