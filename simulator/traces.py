"""What a stay leaves in a room: conversations, their messages, orders and breakfast orders."""

from __future__ import annotations

from dataclasses import replace

from simulator.draft import Draft
from simulator.world import Booking, Room


def clear(draft: Draft, booking: Booking, room: Room) -> None:
    """Delete what the next guest must not see (clauses check-out/cleanup/*); no other room loses anything."""
    world = draft.step.world
    conversations = [
        row
        for row in world.conversations.values()
        if row.room_id == room.id or row.booking_id == booking.booking_id
    ]
    gone = {row.id for row in conversations}
    for message in world.room_messages.values():
        if message.room_id == room.id or message.conversation_id in gone:
            draft.delete(message)
    for conversation in conversations:
        draft.delete(conversation)
    for order in world.orders.values():
        if order.room_id == room.id or order.booking_id == booking.booking_id:
            draft.delete(order)


def carry_over(draft: Draft, booking: Booking, room: Room) -> None:
    """What is the booking's follows it into another room, so that check-out finds it there."""
    world = draft.step.world
    theirs = set()
    for conversation in world.conversations.values():
        if conversation.booking_id == booking.booking_id:
            theirs.add(conversation.id)
            draft.put(replace(conversation, room_id=room.id))
    for message in world.room_messages.values():
        if message.conversation_id in theirs:
            draft.put(replace(message, room_id=room.id))
    for order in world.orders.values():
        if order.booking_id == booking.booking_id:
            draft.put(replace(order, room_id=room.id))
