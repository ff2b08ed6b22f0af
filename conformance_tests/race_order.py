"""Which order of the calls of a race explains what was seen of it, and what every other order leaves unexplained.

An order must fit every answer, the state the reads show afterwards, and per observer, channel and booking or room the events
of the calls it carries out, each once and in that order. Within one call no order of its events is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from conformance_tests.entries import Event, Operation, Probe, mapping
from conformance_tests.linearizability import Explained, Impossible, Interval, Misfit, Undecided, search
from conformance_tests.model import Announced, Booking, Effect, Outcome, World, step
from conformance_tests.racing import Recorded, name_of
from conformance_tests.rules.facts import phase, room_of_booking
from conformance_tests.rules.values import dig, show

_PHASES = ("expected", "in_house", "departed")


class Node(NamedTuple):
    """Where a search is: the world, and which calls were carried out so far, with the events they owe."""

    world: World
    committed: tuple[tuple[int, tuple[Announced, ...]], ...] = ()


def explained(race: Recorded) -> Explained[Node] | Impossible | Undecided:
    """An order of the calls that explains everything that was seen, or that there is none."""
    intervals = [
        Interval(call.seq, call.reply.seq if call.reply is not None and call.status is not None else None)
        for call in race.calls
    ]

    def advance(node: Node, number: int) -> Node | Misfit:
        outcome = step(node.world, race.acts[number], number)
        why = _reply_misfit(race, node, number, outcome)
        if why is not None:
            return Misfit(f"{name_of(number)} {why}")
        if outcome.effect is not Effect.DONE:
            return node
        return Node(outcome.world, (*node.committed, (number, outcome.events)))

    return search(
        intervals,
        Node(race.world),
        advance,
        lambda node: [*_state_misfits(race, node.world), *_event_misfits(race, node)],
    )


def code_of(call: Operation) -> str | None:
    """The code of a structured refusal."""
    code = dig(dict(call.answered), "error", "code")
    return code if isinstance(code, str) and code else None


def token_of(call: Operation) -> str | None:
    """The guest token an answer shows."""
    token = call.answered.get("guest_token")
    return token if isinstance(token, str) and token else None


def _reply_misfit(race: Recorded, node: Node, number: int, outcome: Outcome) -> str | None:
    """Why the answer to a call cannot be the answer there; None when it can, or when there is none."""
    call, act = race.calls[number], race.acts[number]
    if call.status is None:
        return None
    if call.status >= 400:
        if outcome.effect is Effect.DONE:
            return f"must be carried out there, and was refused with {call.status} {code_of(call)}"
        return None if code_of(call) else f"was refused with {call.status} and no code"
    if outcome.effect is Effect.REFUSED:
        return f"must be refused there ({outcome.why}), and was answered {call.status}"
    booking = outcome.world.booking(act.booking)
    if booking is None:
        return None
    told = phase(dict(call.answered))
    if told is not None and _PHASES.index(told) < _PHASES.index(booking.phase):
        return f"answers a booking that is {told}, and it is {booking.phase} there"
    if act.operation != "checkIn":
        return None
    room = (room_of_booking(dict(call.answered)) or {}).get("room_id")
    if outcome.effect is Effect.DONE:
        different = room is not None and room != booking.room
        return f"answers room {room}, and the booking has room {booking.room} there" if different else None
    return _second_token(race, call, booking)


def _second_token(race: Recorded, call: Operation, booking: Booking) -> str | None:
    token = token_of(call)
    if token is None:
        return None
    if booking.checked_in_by is not None:
        first = race.calls[booking.checked_in_by]
        if first.status is None or token_of(first) == token:
            return None
    return "is a repeat there, and shows a guest token that no call before it issued"


def _reads(race: Recorded, when: str, name: str, **subject: Any) -> Any:
    """The state a probe showed; None when there is none."""
    probes = race.before if when == "before" else race.after
    for probe in probes:
        if probe.name == name and all(
            mapping(probe.state).get(key, probe.subject.get(key)) == value for key, value in subject.items()
        ):
            return probe.state
    return None


def _state_misfits(race: Recorded, world: World) -> Iterator[str]:
    """What the reads after the race show otherwise than the world at the end of an order."""
    for booking in world.bookings:
        yield from _booking_misfits(race, booking)
    for room in world.rooms:
        found = mapping(_reads(race, "after", "room", room_id=room.id))
        pairs = [
            ("room_status", room.status),
            ("is_occupied", room.occupant is not None),
            ("current_booking_id", room.occupant if room.occupant != "somebody" else None),
        ]
        for field, value in pairs:
            if field in found and found[field] != value and room.occupant != "somebody":
                yield f"the room has {field} {show(found[field])}, and would have {show(value)}"
        rows = _new_rows(race, "audit", room_id=room.id)
        changes = tuple((row.get("from_status"), row.get("to_status")) for row in rows or ())
        if rows is not None and changes != room.log:
            yield f"the audit trail has gained {_changes(changes)}, and would have gained {_changes(room.log)}"


def _booking_misfits(race: Recorded, booking: Booking) -> Iterator[str]:
    found = _reads(race, "after", "booking", booking_id=booking.id)
    if isinstance(found, dict):
        seen = (phase(found), found.get("status"), dig(found, "room", "room_id"))
        if seen != (booking.phase, booking.status, booking.room):
            yield (
                f"the booking is {seen[0]}, {seen[1]}, in room {seen[2]},"
                f" and would be {booking.phase}, {booking.status}, in room {booking.room}"
            )
    rows = _reads(race, "after", "guests", booking_id=booking.id)
    if isinstance(rows, list):
        own = [row for row in rows if row.get("booking_id") == booking.id]
        members = Counter(row.get("party_member_id") for row in own if row.get("party_member_id") is not None)
        if any(count > 1 for count in members.values()):
            yield f"a member of the party has {max(members.values())} guest records"
        where = booking.room if booking.phase == "in_house" else None
        strayed = [row for row in own if row.get("room_id") != where]
        if strayed:
            yield f"{len(strayed)} guest records are in room {strayed[0].get('room_id')}, and would be in {where}"
    yield from _token_misfits(race, booking)


def _token_misfits(race: Recorded, booking: Booking) -> Iterator[str]:
    rows = _reads(race, "after", "tokens", booking_id=booking.id)
    new = _new_rows(race, "tokens", booking_id=booking.id)
    if not isinstance(rows, list) or new is None:
        return
    issued = int(booking.checked_in_by is not None)
    active = sum(1 for row in rows if row.get("status") == "ACTIVE")
    if len(new) > issued:
        yield f"{len(new)} guest tokens were issued, and would be {issued}"
    if booking.phase == "departed" and active:
        yield f"{active} guest tokens are active, and the booking would have departed"
    if issued and booking.phase == "in_house" and active != 1:
        yield f"{active} guest tokens are active, and would be 1"


def _new_rows(race: Recorded, name: str, **subject: Any) -> list[Mapping[str, Any]] | None:
    """The rows of a list probe that were not there before; None when it was not read twice."""
    old, now = _list(race.before, name, subject), _list(race.after, name, subject)
    if old is None or now is None:
        return None
    known = {row.get("id") for row in old}
    return [row for row in now if row.get("id") not in known]


def _list(probes: tuple[Probe, ...], name: str, subject: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    for probe in probes:
        fits = all(probe.subject.get(key) == value for key, value in subject.items())
        if probe.name == name and fits and isinstance(probe.state, list):
            return [mapping(row) for row in probe.state]
    return None


def _changes(rows: tuple[tuple[Any, Any], ...]) -> str:
    return ", ".join(f"{start} to {end}" for start, end in rows) or "nothing"


def _event_misfits(race: Recorded, node: Node) -> Iterator[str]:
    """What the observers heard otherwise than the order would have it, per channel and booking or room."""
    subjects = {*(one.id for one in race.world.bookings), *(one.id for one in race.world.rooms)}
    read_at = min((probe.seq for probe in race.after), default=0)
    for observer, heard in race.heard:
        streams: dict[tuple[str, str | int], list[Announced]] = {}
        for told, event in heard:
            late = race.unanswered and event.seq > read_at  # of a call that took effect after the last look
            if told.subject in subjects and not late:
                streams.setdefault((told.kind, told.subject), []).append(told)
        owed: dict[tuple[str, str | int], list[tuple[int, list[Announced]]]] = {}
        for number, events in node.committed:
            for event_due in events:
                if not _is_seen(race, observer, event_due):
                    continue
                groups = owed.setdefault((event_due.kind, event_due.subject), [])
                if not groups or groups[-1][0] != number:
                    groups.append((number, []))
                groups[-1][1].append(event_due)
        for stream in sorted({*streams, *owed}, key=str):
            for misfit in _stream_misfits(race, streams.get(stream, []), owed.get(stream, [])):
                yield f"{misfit} at the {observer} observer"
        yield from _token_told(race, node, heard)


def _is_seen(race: Recorded, observer: str, event: Announced) -> bool:
    return any(
        kind == event.kind and only in (None, event.subject) for kind, only in race.sees.get(observer, ())
    )


def _stream_misfits(
    race: Recorded, heard: list[Announced], owed: list[tuple[int, list[Announced]]]
) -> Iterator[str]:
    position = 0
    for number, events in owed:
        left = Counter(events)
        while position < len(heard) and left[heard[position]] > 0:
            left[heard[position]] -= 1
            position += 1
        if race.calls[number].status is None:
            continue  # nobody knows when it took effect: its events may still be under way
        for event in +left:
            how = "comes out of turn" if event in heard[position:] else "is missing"
            yield f"{_told(event)} of {name_of(number)} {how}"
    for event in heard[position:]:
        known = any(event in events for _, events in owed)
        yield f"{_told(event)} {'is told once more' if known else 'is told by no call carried out'}"


def _told(event: Announced) -> str:
    content = f" ({event.content})" if event.kind == "rooms" else ""
    return f"{event.name}{content} on the {event.kind} channel"


def _token_told(race: Recorded, node: Node, heard: tuple[tuple[Announced, Event], ...]) -> Iterator[str]:
    """The guest's event must carry the token that the answer shows, or two were issued."""
    for told, event in heard:
        booking = node.world.booking(str(told.subject))
        if told.kind != "guest" or told.name != "booking_checked_in" or booking is None:
            continue
        if booking.checked_in_by is None:
            continue
        answered = token_of(race.calls[booking.checked_in_by])
        shown = event.payload.get("guest_token")
        if answered is not None and isinstance(shown, str) and shown != answered:
            yield f"the guest's event shows another token than the answer to {name_of(booking.checked_in_by)}"
