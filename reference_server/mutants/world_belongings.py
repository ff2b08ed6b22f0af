"""Lies of what goes with a guest: phone, orders, conversations, company; and what the portal remembers of the stay."""

from __future__ import annotations

from typing import Any

from reference_server.mutants.mutant import mutant
from reference_server.mutants.parts import Meddling, but
from simulator.draft import Draft
from simulator.world import Booking, Order, Room, World


@mutant("move-leaves-device", "assignment/move/belongings-follow", "simulator.assignments:replace")
def _(original: Any) -> Any:
    """The phone of a guest who is moved stays registered in the old room."""

    def lie(row: Any, **fields: Any) -> Any:
        fields.pop("guest_fcm_token", None)
        return original(row, **fields)

    return lie


@mutant("move-cancels-orders", "assignment/move/belongings-follow", "simulator.assignments:traces.carry_over")
def _(original: Any) -> Any:
    """A move clears the old room as a check-out does, orders and all."""

    def lie(draft: Draft, booking: Booking, room: Room) -> None:
        for order in draft.step.world.orders.values():
            if order.booking_id == booking.booking_id:
                draft.delete(order)
        original(Meddling(draft, lambda row: None if isinstance(row, Order) else row), booking, room)

    return lie


@mutant("move-leaves-walk-ins", "assignment/move/guests-follow", "simulator.assignments:occupants.put_all")
def _(original: Any) -> Any:
    """A move takes the party along and leaves who walked in later in the old room."""
    return lambda draft, booking, room: original(
        Meddling(draft, lambda row: None if room and getattr(row, "guest_type", None) == "WALKIN" else row),
        booking,
        room,
    )


@mutant(
    "move-closes-conversations",
    "assignment/move/belongings-follow",
    "simulator.assignments:traces.carry_over",
)
def _(original: Any) -> Any:
    """A move deletes the conversations of the old room."""

    def lie(draft: Draft, booking: Booking, room: Room) -> None:
        world = draft.step.world
        own = [row for row in world.conversations.values() if row.booking_id == booking.booking_id]
        gone = {row.id for row in own}
        for message in world.room_messages.values():
            if message.conversation_id in gone:
                draft.delete(message)
        for row in own:
            draft.delete(row)
        kept = Meddling(draft, lambda row: row if isinstance(row, Order) else None)
        original(kept, booking, room)

    return lie


@mutant(
    "portal-remembers-the-first-visit",
    "endpoints/guest-reads-agree-with-state",
    "simulator.guest_access:views",
)
def _(original: Any) -> Any:
    """The guest's booking is kept from the first time it was asked for."""
    kept: dict[str, Any] = {}
    return but(
        original,
        guest_booking=lambda world, booking: kept.setdefault(
            booking.booking_id, original.guest_booking(world, booking)
        ),
    )


@mutant(
    "portal-knows-no-arrival",
    "endpoints/guest-reads-agree-with-state",
    "reference_server.handlers.guests:views",
)
def _(original: Any) -> Any:
    """The guest's context says checked in by the booked date and not by the arrival."""

    def guest_context(world: World, booking: Booking, scopes: Any) -> Any:
        return {**original.guest_context(world, booking, scopes), "is_checked_in": False}

    return but(original, guest_context=guest_context)
