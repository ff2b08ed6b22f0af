"""What is true of every world that operations have made, whatever they were (contract-facts section 3).

Each invariant is a function that yields one sentence per violation; `violations` runs them all. A world arranged to
be broken (a stranger in a room, say) violates some of them on purpose.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise

from simulator.world import AuditRow, Conversation, Order, World

Invariant = Callable[[World], Iterator[str]]


def violations(world: World) -> tuple[str, ...]:
    """Every violated invariant in a sentence; empty for a world in order."""
    return tuple(sentence for invariant in INVARIANTS for sentence in invariant(world))


def occupied_iff_in_house(world: World) -> Iterator[str]:
    """A room is occupied exactly when one in-house booking has it, and never more than one has it."""
    stays = Counter(b.room_id for b in world.bookings.values() if b.phase == "in_house")
    for room in world.rooms.values():
        count = stays[room.id]
        if count > 1:
            yield f"room {room.room_number} has {count} in-house bookings"
        if room.is_occupied != (count == 1):
            yield f"room {room.room_number}: is_occupied is {room.is_occupied} with {count} in-house bookings"
    if stays[None]:
        yield f"{stays[None]} in-house bookings have no room"


def occupied_status(world: World) -> Iterator[str]:
    """A room is OCCUPIED exactly when it is occupied, so a room with guests is OCCUPIED."""
    for room in world.rooms.values():
        if room.is_occupied != (room.room_status == "OCCUPIED"):
            yield f"room {room.room_number}: is_occupied is {room.is_occupied} in status {room.room_status}"


def guests_of_booking(world: World) -> Iterator[str]:
    """The guests in a room belong to its in-house booking."""
    stays = {b.room_id: b.booking_id for b in world.bookings.values() if b.phase == "in_house"}
    for guest in world.guests.values():
        if guest.room_id is None:
            continue
        if guest.booking_id is None or stays.get(guest.room_id) != guest.booking_id:
            number = world.rooms[guest.room_id].room_number
            yield f"guest {guest.id} of {guest.booking_id} is in room {number}, which is not theirs"


def one_guest_per_member(world: World) -> Iterator[str]:
    """A party member has at most one guest record, of the same booking; a companion's primary shares the booking."""
    records = Counter(g.party_member_id for g in world.guests.values() if g.party_member_id is not None)
    for member_id, count in records.items():
        if count > 1:
            yield f"party member {member_id} has {count} guest records"
    for guest in world.guests.values():
        if guest.primary_guest_id is None:
            continue
        primary = world.guests.get(guest.primary_guest_id)
        if primary is None or primary.booking_id != guest.booking_id:
            yield f"guest {guest.id} is linked to primary guest {guest.primary_guest_id} of another booking"


def departed_without_token(world: World) -> Iterator[str]:
    """A departed booking has no active guest token; a revoked token has a time and a reason."""
    for token in world.guest_tokens.values():
        booking = world.bookings[token.booking_id]
        if token.status == "ACTIVE" and booking.phase == "departed":
            yield f"{booking.booking_id} has departed and its token {token.id} is active"
        if (token.status == "REVOKED") != (token.revoked_at is not None and token.revoke_reason is not None):
            yield f"token {token.id} is {token.status}, revoked_at {token.revoked_at}, {token.revoke_reason}"


def one_token_per_stay(world: World) -> Iterator[str]:
    """An in-house booking has at most one active token: its check-in revoked the earlier ones."""
    active = Counter(t.booking_id for t in world.guest_tokens.values() if t.status == "ACTIVE")
    for booking_id, count in active.items():
        if count > 1 and world.bookings[booking_id].phase == "in_house":
            yield f"{booking_id} is in house with {count} active tokens"


def phase_and_status(world: World) -> Iterator[str]:
    """CONFIRMED through the stay, COMPLETED after it; times in their order."""
    for booking in world.bookings.values():
        name = booking.booking_id
        if booking.phase == "in_house" and booking.status != "CONFIRMED":
            yield f"{name} is in house and {booking.status}"
        if booking.phase == "departed" and booking.status != "COMPLETED":
            yield f"{name} has departed and is {booking.status}"
        if booking.checked_out_at is not None:
            if booking.checked_in_at is None:
                yield f"{name} was checked out and never checked in"
            elif booking.checked_out_at < booking.checked_in_at:
                yield f"{name} was checked out before it was checked in"


def audit_chain(world: World) -> Iterator[str]:
    """Audit rows of a room link from_status to the row before, rise in time, and end at the room's status."""
    chains: defaultdict[int, list[AuditRow]] = defaultdict(list)
    for row in sorted(world.room_status_events.values(), key=lambda row: row.id):
        chains[row.room_id].append(row)
    for room_id, chain in chains.items():
        room = world.rooms[room_id]
        for row in chain:
            if row.from_status == row.to_status:
                yield f"room {room.room_number}: audit row {row.id} changes nothing"
        for before, after in pairwise(chain):
            if after.from_status != before.to_status or after.created_at < before.created_at:
                yield f"room {room.room_number}: audit row {after.id} does not follow row {before.id}"
        if chain[-1].to_status != room.room_status:
            yield f"room {room.room_number} is {room.room_status}, its last audit row says {chain[-1].to_status}"


def nothing_left_behind(world: World) -> Iterator[str]:
    """Conversations and orders belong to in-house bookings and are in their rooms."""
    traces: list[Conversation | Order] = [*world.conversations.values(), *world.orders.values()]
    for row in traces:
        booking = world.bookings[row.booking_id]
        if booking.phase != "in_house" or booking.room_id != row.room_id:
            yield f"{row.table} {row.id} of {row.booking_id} is in room {row.room_id}, the booking is not"
    for message in world.room_messages.values():
        conversation = world.conversations.get(message.conversation_id)
        if conversation is None or conversation.room_id != message.room_id:
            yield f"room message {message.id} has no conversation in room {message.room_id}"


INVARIANTS: tuple[Invariant, ...] = (
    occupied_iff_in_house,
    occupied_status,
    guests_of_booking,
    one_guest_per_member,
    departed_without_token,
    one_token_per_stay,
    phase_and_status,
    audit_chain,
    nothing_left_behind,
)
