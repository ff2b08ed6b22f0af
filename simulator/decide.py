"""`decide`: what a command does to a world. Pure: the clock and the identities are arguments.

The same world, command, actor, time and ids give the same Decision. A refusal and a repeat have neither changes nor
events. `now` must not lie before an earlier operation on the same booking or room: events are stamped with it.

A world may be a slice. What a command reads, beside the hotel, the room types of its rooms and every row it names:

- a booking: its party members, guests, tokens, conversations with their messages, and orders; its room, and every
  other room one of its guests is registered in; guest records made from its party members, whatever they belong to
- a room that is entered or left: its guests and their bookings, the bookings that have the room, its conversations,
  messages and orders, and the full rows (as above) of the booking in house in it, because events show it
- `UseGuestToken`: the token, its booking with party members and room
"""

from __future__ import annotations

from datetime import datetime

from contract.errors import ContractError
from simulator.assignments import assign_room, move_room, unassign_room
from simulator.commands import (
    Actor,
    AssignRoom,
    CheckIn,
    CheckOut,
    Command,
    Decision,
    Ids,
    MoveRoom,
    Reply,
    SetRoomStatus,
    UnassignRoom,
    UseGuestToken,
)
from simulator.guest_access import use_guest_token
from simulator.rooms import change_by_housekeeping
from simulator.stays import check_in, check_out
from simulator.world import World


def decide(world: World, command: Command, actor: Actor | None, now: datetime, ids: Ids) -> Decision:
    """Changes, events and reply of `command`. A refusal is a Decision too: a 4xx with the Error envelope."""
    try:
        return _decide(world, command, actor, now, ids)
    except ContractError as refusal:
        return Decision(Reply(refusal.status, refusal.body(), refusal.code))


def _decide(world: World, command: Command, actor: Actor | None, now: datetime, ids: Ids) -> Decision:
    match command:
        case CheckIn():
            return check_in(world, command, actor, now, ids)
        case CheckOut():
            return check_out(world, command, actor, now, ids)
        case AssignRoom():
            return assign_room(world, command, actor, now, ids)
        case UnassignRoom():
            return unassign_room(world, command, actor, now, ids)
        case MoveRoom():
            return move_room(world, command, actor, now, ids)
        case SetRoomStatus():
            return change_by_housekeeping(world, command, actor, now, ids)
        case UseGuestToken():
            return use_guest_token(world, command, now)
