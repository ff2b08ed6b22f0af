"""Probes: reads of what no public endpoint shows (schemas/probes.yaml). Raw tokens are never among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from contract.errors import ContractError
from reference_server.jobs import MOST_ATTEMPTS
from reference_server.store import Transaction
from reference_server.store.slices import Slice
from simulator import views
from simulator.world import (
    AuditRow,
    Booking,
    Conversation,
    Guest,
    GuestToken,
    Hotel,
    Job,
    Order,
    Room,
    RoomMessage,
    World,
)

Subject = Mapping[str, Any]
Probe = Callable[[Transaction, Subject], Any]

_ALL = 1_000_000


def _hotel(tx: Transaction, subject: Subject) -> Hotel:
    hotel = tx.one(Hotel, "hotel_by_slug", slug=subject["hotel_slug"])
    if hotel is None:
        raise ContractError("NOT_FOUND", f"There is no hotel {subject['hotel_slug']}.")
    return hotel


def _world(
    tx: Transaction, subject: Subject, booking_id: str | None = None, room: Room | None = None
) -> World:
    part = Slice(tx)
    part.hotel(subject["hotel_slug"])
    if booking_id is not None:
        part.shown_booking(booking_id)
    if room is not None:
        part.shown_room(room.id)
    return part.world()


def _booking(tx: Transaction, subject: Subject) -> Any:
    booking = tx.one(Booking, "booking_by_id", booking_id=subject["booking_id"])
    if booking is None:
        raise ContractError("BOOKING_NOT_FOUND")
    return views.booking_detail(_world(tx, subject, booking.booking_id), booking)


def _room(tx: Transaction, subject: Subject) -> Any:
    hotel = _hotel(tx, subject)
    room = tx.one(Room, "room_by_number", hotel_id=hotel.id, room_number=subject["room_number"])
    if room is None:
        raise ContractError("ROOM_NOT_FOUND")
    return views.room(_world(tx, subject, room=room), room)


def _audit(tx: Transaction, subject: Subject) -> Any:
    room = tx.one(Room, "room_by_id", id=subject["room_id"])
    if room is None:
        raise ContractError("ROOM_NOT_FOUND")
    world = _world(tx, subject, room=room)
    rows = tx.all(AuditRow, "status_events_of_room", room_id=room.id, limit=_ALL)
    return [views.room_status_event(world, row) for row in reversed(rows)]


def _guests(tx: Transaction, subject: Subject) -> Any:
    found = {g.id: g for g in tx.all(Guest, "guests_of_booking", booking_id=subject["booking_id"])}
    found |= {g.id: g for g in tx.all(Guest, "guests_in_room", room_id=subject["room_id"])}
    return [
        {
            "id": g.id,
            "booking_id": g.booking_id,
            "room_id": g.room_id,
            "guest_type": g.guest_type,
            "first_name": g.first_name,
            "last_name": g.last_name,
            "party_member_id": g.party_member_id,
            "primary_guest_id": g.primary_guest_id,
        }
        for g in sorted(found.values(), key=lambda g: g.id)
    ]


def _tokens(tx: Transaction, subject: Subject) -> Any:
    return [
        {
            "id": t.id,
            "booking_id": t.booking_id,
            "purpose": t.purpose,
            "scopes": list(t.scopes),
            "status": t.status,
            "created_at": views.timestamp(t.created_at),
            "revoked_at": views.timestamp(t.revoked_at) if t.revoked_at else None,
            "revoke_reason": t.revoke_reason,
        }
        for t in tx.all(GuestToken, "tokens_of_booking", booking_id=subject["booking_id"])
    ]


def _cleanup(tx: Transaction, subject: Subject) -> Any:
    booking_id = subject["booking_id"]
    orders = tx.all(Order, "orders_of_booking", booking_id=booking_id)
    return {
        "conversations": len(tx.all(Conversation, "conversations_of_booking", booking_id=booking_id)),
        "room_messages": len(tx.all(RoomMessage, "messages_in_room", room_id=subject["room_id"])),
        "orders": sum(order.kind == "ORDER" for order in orders),
        "breakfast_orders": sum(order.kind == "BREAKFAST" for order in orders),
    }


def _device(tx: Transaction, subject: Subject) -> Any:
    room = tx.one(Room, "room_by_id", id=subject["room_id"])
    if room is None:
        raise ContractError("ROOM_NOT_FOUND")
    return {"guest_fcm_token_set": room.guest_fcm_token is not None}


def _failures(tx: Transaction, subject: Subject) -> Any:
    booking_id = subject["booking_id"]
    failures = [
        {
            "kind": job.kind,
            "booking_id": booking_id,
            "attempts": job.attempts,
            "last_error": job.last_error,
            "will_retry": job.attempts < MOST_ATTEMPTS,
        }
        for job in tx.all(Job, "jobs_of_booking", booking_id=booking_id)
        if job.done_at is None
    ]
    for _, _, attempts, error, _, dead in tx.tuples("failed_events_of_booking", booking_id=booking_id):
        failures.append(
            {
                "kind": "publish",
                "booking_id": booking_id,
                "attempts": attempts,
                "last_error": error,
                "will_retry": not dead,
            }
        )
    return failures


PROBES: Mapping[str, Probe] = MappingProxyType(
    {
        "booking": _booking,
        "room": _room,
        "audit": _audit,
        "guests": _guests,
        "tokens": _tokens,
        "cleanup": _cleanup,
        "device": _device,
        "failures": _failures,
    }
)
