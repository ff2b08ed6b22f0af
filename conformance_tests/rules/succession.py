"""Stays that follow each other in one room: every event and every read names the booking whose stay it is.

Who is in the room is told by the calls alone, in the order they were made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance_tests.entries import Operation
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Violation, rule
from conformance_tests.rules.due import due_events
from conformance_tests.rules.facts import (
    CHECK_IN,
    CHECK_OUT,
    HOUSEKEEPING,
    Kind,
    booking_of,
    kind,
    rooms_of,
    seqs,
)
from conformance_tests.rules.values import dig, leaves, show

_BOOKINGS = ("booking_id", "other_booking_id", "third_booking_id")


def _stays(episode: Episode) -> tuple[str, ...]:
    """The bookings that share the episode's room; nothing unless there are several, one after the other."""
    bindings = episode.bindings
    found = [bindings[name] for name in _BOOKINGS if isinstance(bindings.get(name), str)]
    if len(found) < 2 or episode.race or any(operation.overlaps for operation in episode.operations):
        return ()
    return tuple(found)


def _occupants(episode: Episode) -> Mapping[str, str | None]:
    """Call id -> the booking in the room after it, from the first call on that tells; a call left open ends the tale."""
    found: dict[str, str | None] = {}
    for operation in episode.operations:
        became = kind(episode, operation)
        if became in (Kind.UNKNOWN, Kind.BROKEN):
            break
        if became is Kind.CARRIED_OUT and operation.operation == CHECK_IN:
            found[operation.id] = booking_of(operation)
        elif became is Kind.CARRIED_OUT and operation.operation == CHECK_OUT:
            found[operation.id] = None
        elif found and operation.operation in (CHECK_IN, CHECK_OUT, *HOUSEKEEPING):
            found[operation.id] = list(found.values())[-1]
        elif found:
            break
    return found


def _named(booking: str | None) -> str:
    return f"current booking {booking}" if booking is not None else "no current booking"


@rule(
    "events/succession/current-booking", "In stays that follow each other, a room's events name the stay they are of",
    "events/payload/agrees-with-state",
    hint="Look for the current booking by who is in the house now, not by the newest or first booking of the room.",
)  # fmt: skip
def current_booking(episode: Episode) -> Iterator[Finding]:
    if not _stays(episode):
        return
    occupants = _occupants(episode)
    for debt, event in due_events(episode, CHECK_IN, CHECK_OUT, *HOUSEKEEPING):
        if event.kind != "rooms" or debt.operation.id not in occupants:
            continue
        if event.name == "room_updated" and "current_booking_id" in event.payload:
            told = event.payload["current_booking_id"]
        elif event.name == "room_occupancy_updated" and "current_booking" in event.payload:
            told = dig(event.payload["current_booking"], "booking_id")
        else:
            continue
        wanted = occupants[debt.operation.id]
        if told == wanted:
            yield OK
        else:
            yield Violation(
                "events/payload/agrees-with-state",
                f"{event.name} of {debt.operation.operation} names another stay than the one in the room",
                (_named(wanted),),
                _named(told),
                (*debt.operation.witness, event.seq),
            )


@rule(
    "room/succession/current-booking", "In stays that follow each other, a room shows the stay that is in it",
    "room/invariant/occupied-iff-in-house",
    hint="A room's current booking is the one that came and has not left; a booking that waits or has left is not it.",
)  # fmt: skip
def room_shows(episode: Episode) -> Iterator[Finding]:
    if not _stays(episode):
        return
    occupants = _occupants(episode)
    for operation in episode.operations:
        if operation.id not in occupants:
            continue
        for probe in operation.after:
            if (
                probe.name != "room"
                or not isinstance(probe.state, dict)
                or not _is_its_room(episode, operation, probe.state)
            ):
                continue
            if "current_booking_id" not in probe.state:
                continue
            told, wanted = probe.state["current_booking_id"], occupants[operation.id]
            if told == wanted:
                yield OK
            else:
                yield Violation(
                    "room/invariant/occupied-iff-in-house",
                    f"after {operation.operation} the room shows another stay than the one in it",
                    (_named(wanted),),
                    _named(told),
                    seqs(operation, "room"),
                )


def _is_its_room(episode: Episode, operation: Operation, room: Mapping[str, object]) -> bool:
    return any(known.number == room.get("room_number") for known in rooms_of(episode, operation))


@rule(
    "channels/succession/nobody-elses", "A guest channel says nothing of the guests before and after",
    "channels/guest/own-booking",
    hint="Build the guest's event from the booking of the operation alone, and send it on that booking's channel.",
)  # fmt: skip
def nobody_elses(episode: Episode) -> Iterator[Finding]:
    stays = _stays(episode)
    names = {booking: _telling(episode, booking) for booking in stays}
    for event in episode.events:
        if event.kind != "guest" or event.key not in names:
            continue
        others = {name for booking, own in names.items() if booking != event.key for name in own} - names[
            event.key
        ]
        found = [
            where for where, _, value in leaves(event.data) if isinstance(value, str) and value in others
        ]
        if not found:
            yield OK
            continue
        yield Violation(
            "channels/guest/own-booking",
            f"{event.name} on a guest's channel names another stay in the room",
            (f"nothing but booking {event.key}",),
            f"{found[0]} is {show(next(value for where, _, value in leaves(event.data) if where == found[0]))}",
            (event.seq,),
        )


def _telling(episode: Episode, booking: str) -> set[str]:
    """What is of one booking alone: its id, and its confirmation number as answers tell it."""
    found = {booking}
    for operation in episode.operations:
        number = operation.answered.get("confirmation_number")
        if booking_of(operation) == booking and isinstance(number, str) and number:
            found.add(number)
    return found
