"""What a recorded race was, in the words of the model, and what it left: replies, state, events.

Only what was seen is held against an order of the calls (`race_order`): a probe that is not there says nothing, and an
observer that cannot be trusted is left out and named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from conformance_tests.entries import Event, Operation, Probe, mapping
from conformance_tests.episode import Episode
from conformance_tests.model import STAY_OPERATIONS, Act, Announced, Booking, Room, World
from conformance_tests.rules.due import once
from conformance_tests.rules.facts import phase, target_status
from conformance_tests.rules.values import dig

PROBES = ("booking", "room", "guests", "tokens", "audit")
_NAMES = frozenset(
    ("room_updated", "room_occupancy_updated", "booking_checked_in", "booking_checked_out", "booking_updated",
     "booking_room_assigned")
)  # fmt: skip
_ROOM_OF = {"assignRoom": "room_id", "moveRoom": "to_room_id"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A race: its calls with what they ask for, the world before it, the reads after it, and each observer's events.

    `blind` are the reasons for which an observer was left out.
    """

    calls: tuple[Operation, ...]
    acts: tuple[Act, ...]
    world: World
    before: tuple[Probe, ...]
    after: tuple[Probe, ...]
    heard: tuple[tuple[str, tuple[tuple[Announced, Event], ...]], ...]
    sees: Mapping[str, frozenset[tuple[str, str | None]]]
    blind: tuple[str, ...]

    @property
    def unanswered(self) -> bool:
        return any(call.status is None for call in self.calls)


def name_of(number: int) -> str:
    """What a call of the race is called: A, B, C ... by the order they were started in."""
    return chr(ord("A") + number) if number < 26 else f"call {number + 1}"


def read_race(episode: Episode) -> Recorded | str:
    """The race of an episode, or why it cannot be told."""
    calls = episode.race
    before = tuple(probe for call in calls for probe in call.before if probe.missing is None)
    after = tuple(probe for call in calls for probe in call.after if probe.missing is None)
    rooms = {room.id: room for room in _rooms(before)}
    bookings = tuple(_bookings(before))
    numbers = {
        probe.state["room_number"]: probe.state["room_id"]
        for probe in before
        if probe.name == "room" and isinstance(probe.state, dict) and probe.state.get("room_id") in rooms
    }
    acts = tuple(_act(call, numbers) for call in calls)
    known = {booking.id for booking in bookings}
    for act in acts:
        if act.operation in STAY_OPERATIONS and act.booking not in known:
            return "no `booking` snapshot was taken before the race: give the target paths.booking"
        if act.room is not None and act.room not in rooms:
            return "no `room` snapshot was taken before the race: give the target paths.room"
    if not after:
        return "nothing was read after the race"
    heard, blind = _heard(episode, calls, numbers)
    sees = {
        observer: frozenset(_seen_kinds(episode, observer)) for observer in episode.capabilities.observers
    }
    return Recorded(
        calls, acts, World(bookings, tuple(rooms.values())), before, after, tuple(heard), sees, tuple(blind)
    )


def _bookings(probes: tuple[Probe, ...]) -> Iterator[Booking]:
    for probe in probes:
        found, where = probe.state, phase(probe.state)
        if probe.name == "booking" and isinstance(found, dict) and where is not None:
            yield Booking(
                str(found.get("booking_id", probe.subject.get("booking_id"))), where, str(found.get("status")),
                dig(found, "room", "room_id"), (str(found.get("check_in")), str(found.get("check_out"))),
            )  # fmt: skip


def _rooms(probes: tuple[Probe, ...]) -> Iterator[Room]:
    for probe in probes:
        found = mapping(probe.state)
        if probe.name == "room" and isinstance(found.get("room_id"), int):
            occupant = found.get("current_booking_id")
            if occupant is None and found.get("is_occupied") is True:
                occupant = "somebody"
            yield Room(found["room_id"], str(found.get("room_status")), occupant, _closed(found))


def _closed(room: Mapping[str, Any]) -> bool:
    flagged = room.get("maintenance_required") is True or room.get("is_out_of_order") is True
    return flagged or room.get("is_active") is False


def _act(call: Operation, numbers: Mapping[Any, int]) -> Act:
    if call.operation in STAY_OPERATIONS:
        wanted = mapping(call.body).get(_ROOM_OF.get(call.operation, ""))
        booking_id = call.params.get("booking_id")
        return Act(call.operation, str(booking_id), wanted if isinstance(wanted, int) else None)
    number = call.params.get("room_number")
    room = call.params.get("room_id", numbers.get(number))
    return Act(call.operation, None, room if isinstance(room, int) else -1, target_status(call), call.actor)


def _seen_kinds(episode: Episode, observer: str) -> Iterator[tuple[str, str | None]]:
    """Which channels an observer sees: (kind, the booking of the only guest channel it is on, or None for all)."""
    for kind in episode.capabilities.channels.get(observer, ()):
        only = episode.bindings.get("booking_id") if kind == "guest" and observer == "subscribe" else None
        yield kind, only


def _heard(
    episode: Episode, calls: tuple[Operation, ...], numbers: Mapping[Any, int]
) -> tuple[list[tuple[str, tuple[tuple[Announced, Event], ...]]], list[str]]:
    """Each observer's events, and why an observer is left out: without a fence after the race nothing is proven missing."""
    found, blind = [], []
    replied = max((call.reply.t for call in calls if call.reply is not None), default=None)
    answers = [call.reply for call in calls if call.reply is not None]
    last = max(answers, key=lambda reply: reply.t) if len(answers) == len(calls) else None
    whole = replace(calls[0], reply=last, until=calls[-1].until)
    channels = [event.channel for event in episode.events] + [None]
    for observer in episode.capabilities.observers:
        lost = next((why for name in channels if (why := episode.blind(observer, name, whole))), None)
        if lost is not None:
            blind.append(f"{observer}: {lost}")
            continue
        kinds = episode.capabilities.channels.get(observer, ())
        unproven = next((why for kind in kinds if (why := episode.unproven(replied, observer, kind))), None)
        if unproven is not None:
            blind.append(unproven)
        else:
            events = once(tuple(event for event in episode.events if event.observer == observer))
            known = (event for event in events if event.name in _NAMES and event.kind != "other")
            found.append((observer, tuple((_announced(event, numbers), event) for event in known)))
    return found, blind


def _announced(event: Event, numbers: Mapping[Any, int]) -> Announced:
    if event.kind == "rooms":
        room = event.room_id if event.room_id is not None else numbers.get(event.room_number, -1)
        return Announced(event.kind, event.name, room, event.payload.get("room_status"))
    assigns = event.name in ("booking_updated", "booking_room_assigned")
    number = event.payload.get("room_number") if assigns else None
    content = numbers.get(number, number) if number is not None else None
    return Announced(event.kind, event.name, event.booking_id or "", content)
