"""What a run of the suite arranged, so that it can be torn down without a trace."""

from __future__ import annotations

from collections.abc import Iterable

from reference_server.store import Transaction
from simulator.world import Booking, Put, Row, key_of

_BOOKING_ROWS = (
    "delete_messages_of_booking",
    "delete_conversations_of_booking",
    "delete_orders_of_booking",
    "delete_jobs_of_booking",
    "delete_tokens_of_booking",
    "delete_guests_of_booking",
    "delete_party_of_booking",
    "delete_booking",
)
_ROOM_ROWS = ("delete_guests_of_room", "delete_status_events_of_room", "release_room", "delete_room")
_HOTEL_ROWS = ("delete_staff_hotels_of_hotel", "delete_room_types_of_hotel", "delete_hotel")


def add(tx: Transaction, run: str, rows: Iterable[Row]) -> None:
    """Write rows and remember the bookings, rooms and hotels among them as the run's own."""
    rows = list(rows)
    tx.write(Put(row) for row in rows)
    for row in rows:
        if row.table in ("bookings", "rooms", "hotels"):
            tx.run("add_arranged", run=run, table_name=row.table, key=str(key_of(row)))


def tear_down(tx: Transaction, run: str) -> int:
    """Delete everything the run arranged, with whatever has come to hang on it. Answers how much that was."""
    tx.lock_name(f"run/{run}")
    mine = tx.tuples("arranged_of_run", run=run)
    keys = {table: [key for name, key in mine if name == table] for table in ("bookings", "rooms", "hotels")}
    _lock(tx, keys["bookings"], [int(key) for key in keys["rooms"]])
    for booking_id in keys["bookings"]:
        for query in _BOOKING_ROWS:
            tx.run(query, booking_id=booking_id)
    for room_id in keys["rooms"]:
        for query in _ROOM_ROWS:
            tx.run(query, room_id=int(room_id))
    for hotel_id in keys["hotels"]:
        for query in _HOTEL_ROWS:
            tx.run(query, hotel_id=int(hotel_id))
    tx.run("forget_run", run=run)
    return len(mine)


def _lock(tx: Transaction, booking_ids: list[str], room_ids: list[int]) -> None:
    """Everything that will go, and the bookings of others that will lose their room with it."""
    losing = {b.booking_id for room in room_ids for b in tx.all(Booking, "bookings_of_room", room_id=room)}
    tx.lock_bookings([*booking_ids, *losing])
    tx.lock_rooms(room_ids)
