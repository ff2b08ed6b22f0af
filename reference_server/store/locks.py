"""Which locks an operation takes, and in which order: the booking, then rooms by id. Nobody locks in another order.

What a lock protects (docs/decisions/0004):
- a booking's lock: its row, its party, its tokens, its phase
- a room's lock: its row and its audit trail; which guests are in it; which bookings have it, and their phases

So whoever changes a booking holds the locks of the booking, of its room, of the room it is about to get, and of every
room one of its guests is in; and whoever decides about a room by who is in it, or by who has it, needs the room's lock only.
"""

from __future__ import annotations

from reference_server.store.transaction import Transaction
from simulator.commands import AssignRoom, CheckIn, CheckOut, Command, MoveRoom, SetRoomStatus, UnassignRoom
from simulator.world import Booking


class LocksMoved(Exception):
    """While the locks were waited for, the booking's guests went into a room that is not locked: begin again."""


def lock_for(tx: Transaction, command: Command) -> None:
    """Take every lock under which `decide` may be asked about `command`. Rows are to be read after this.

    Raises: `LocksMoved`, for which the store runs the transaction again.
    """
    match command:
        case CheckIn() | CheckOut() | UnassignRoom():
            _lock_stay(tx, command.booking_id)
        case AssignRoom():
            _lock_stay(tx, command.booking_id, command.room_id)
        case MoveRoom():
            _lock_stay(tx, command.booking_id, command.to_room_id)
        case SetRoomStatus():
            tx.lock_rooms([command.room_id])


def _lock_stay(tx: Transaction, booking_id: str, *more_rooms: int) -> None:
    tx.lock_bookings([booking_id])
    rooms = _rooms_of(tx, booking_id)
    tx.lock_rooms(rooms | set(more_rooms))
    # The booking's own row stands still now. Its guests may have been moved by the booking they also belong to.
    if not _rooms_of(tx, booking_id) <= rooms | set(more_rooms):
        raise LocksMoved


def _rooms_of(tx: Transaction, booking_id: str) -> set[int]:
    booking = tx.one(Booking, "booking_by_id", booking_id=booking_id)
    if booking is None:
        return set()
    rooms = {int(room_id) for (room_id,) in tx.tuples("rooms_of_guests", booking_id=booking_id)}
    return rooms if booking.room_id is None else rooms | {booking.room_id}
