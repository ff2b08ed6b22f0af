"""Calls side by side: is there one order of them that explains every answer, the state they left and the events?

Each race is searched on its own (`linearizability`), over the model the contract's tables give (`model`). A repeat that is
refused with a code is as good as a 200, and any structured refusal is: which code it has is judged call by call elsewhere. A
5xx is never explained.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance_tests.entries import RACE, Operation, mapping
from conformance_tests.episode import Episode
from conformance_tests.linearizability import Explained, Impossible, Undecided
from conformance_tests.race_order import Node, code_of, explained, token_of
from conformance_tests.racing import PROBES, Recorded, name_of, read_race
from conformance_tests.rule import OK, Finding, Inconclusive, Violation, rule
from conformance_tests.rules.facts import phase, target_status
from conformance_tests.rules.values import dig

_NO_EVENTS = "no observer could be trusted with the events of a race: give the target [realtime.sink] or [realtime.subscribe]"
_MAX_WITNESS = 24


def _judge(episode: Episode, slug: str, clause: str, what: str) -> Iterator[Finding]:
    calls = episode.race
    if not calls or calls[0].case.removeprefix(RACE).split("/")[0] != slug:
        return
    broken = [call for call in calls if call.status is not None and not _is_answer(call.status)]
    if broken:
        yield Violation(
            clause,
            f"{what}: a call broke with {broken[0].status}",
            ("2xx", "4xx with a code"),
            _history(calls),
            tuple(seq for call in calls for seq in call.witness),
        )
        return
    race = read_race(episode)
    if isinstance(race, str):
        yield Inconclusive(race)
        return
    found = explained(race)
    if isinstance(found, Undecided):
        yield Inconclusive(f"the search for an order of a race gave up after {found.steps} steps")
    elif isinstance(found, Impossible):
        yield _violation(clause, what, race, found)
    else:
        yield from _judged(episode, race, found)


def _is_answer(status: int) -> bool:
    return 200 <= status < 300 or 400 <= status < 500


def _judged(episode: Episode, race: Recorded, found: Explained[Node]) -> Iterator[Finding]:
    """In order, as far as it could be seen."""
    for name in PROBES:
        if name not in episode.capabilities.probes:
            yield Inconclusive(
                f"probe `{name}` is not offered: give the target a [probes] url or command that answers it, or paths.{name}"
            )
    for reason in race.blind:
        yield Inconclusive(reason)
    if not race.heard and not race.blind:
        yield Inconclusive(_NO_EVENTS)
    yield OK


def _violation(clause: str, what: str, race: Recorded, found: Impossible) -> Violation:
    names = " ".join(name_of(number) for number in found.closest) or "none of them placed"
    said = f"closest order: {names}; then the first that does not fit: {'; '.join(found.misfits[:3])}"
    kind = "an answer" if found.call is not None else "what was seen afterwards"
    read = tuple(probe.seq for probe in race.after if probe.name in PROBES)
    heard = tuple(event.seq for _, events in race.heard for _, event in events)
    called = tuple(seq for call in race.calls for seq in call.witness)
    return Violation(
        clause,
        f"{what}: no order of the calls explains {kind}",
        ("answers, state and events as some order of the calls, one after the other, would leave them",),
        f"{_history(race.calls)}; left: {_left(race)}; {said}",
        (*called, *(*read, *heard)[:_MAX_WITNESS]),
    )


def _history(calls: tuple[Operation, ...]) -> str:
    """Which calls overlapped, and what each said, in words."""
    return "; ".join(f"{name_of(number)} {_words(call)}" for number, call in enumerate(calls)) + _together(
        calls
    )


def _words(call: Operation) -> str:
    about = [str(call.params.get("booking_id", ""))]
    room = mapping(call.body).get("room_id")
    if room is not None:
        about.append(f"to room {room}")
    if "booking_id" not in call.params:
        about = [
            f"room {call.params.get('room_number', call.params.get('room_id'))} to {target_status(call)}"
        ]
    said = "no answer" if call.status is None else str(call.status)
    if code_of(call) is not None:
        said += f" {code_of(call)}"
    if token_of(call) is not None:
        said += f", token {token_of(call)}"
    until = f"{call.reply.t:.4f}" if call.reply is not None else "?"
    return f"{call.operation} {' '.join(about)} from {call.t:.4f} to {until} s: {said}"


def _together(calls: tuple[Operation, ...]) -> str:
    pairs = sum(
        1
        for position, call in enumerate(calls)
        for later in calls[position + 1 :]
        if call.reply is None or call.reply.seq > later.seq
    )
    return f" ({pairs} of {len(calls) * (len(calls) - 1) // 2} pairs overlapped)"


def _left(race: Recorded) -> str:
    told: list[str] = []
    for probe in race.after:
        state = mapping(probe.state)
        if probe.name == "booking":
            told.append(
                f"booking {state.get('booking_id')} {phase(probe.state)}, {state.get('status')},"
                f" room {dig(dict(state), 'room', 'room_id')}"
            )
        elif probe.name == "room":
            inside = state.get("current_booking_id")
            told.append(f"room {state.get('room_id')} {state.get('room_status')}, booking {inside} in it")
    return ", ".join(told)


_LOCK = "Take the lock on the booking, then on the room, before the first read the decision rests on, and keep it to commit."


def _register(slug: str, title: str, clause: str, what: str) -> None:
    @rule(f"races/{slug}", title, clause, hint=_LOCK)
    def judge(episode: Episode) -> Iterator[Finding]:
        return _judge(episode, slug, clause, what)


for _row in (
    ("duplicates-check-in", "Simultaneous check-ins of one booking come to one", "races/duplicates",
     "simultaneous check-ins of one booking"),
    ("duplicates-check-out", "Simultaneous check-outs of one booking come to one", "races/duplicates",
     "simultaneous check-outs of one booking"),
    ("one-room-two-bookings", "Of two bookings checked into one room at once one gets it", "races/one-room-two-bookings",
     "two bookings checked into one room"),
    ("check-in-against-check-out", "A check-in racing a check-out leaves what some order would",
     "races/check-in-against-check-out", "a check-in against a check-out"),
    ("assign-against-check-in", "An assignment racing a check-in leaves what some order would",
     "races/assign-against-check-in", "an assignment against a check-in"),
    ("assign-one-room", "Of two bookings assigned one room at once one gets it", "races/assign-one-room",
     "two bookings assigned one room"),
    ("move-one-room", "Of two bookings moved into one room at once one gets it", "races/move-one-room",
     "two bookings moved into one room"),
    ("status-against-check-in", "A status change racing a check-in leaves what some order would",
     "races/status-against-check-in", "a status change against a check-in"),
    ("one-change-twice", "A change of room status that several ask for at once is made once", "housekeeping/audit-row",
     "one change of room status asked for several times"),
):  # fmt: skip
    _register(*_row)
