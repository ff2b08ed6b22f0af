"""Calls side by side: duplicates, two who want one room, and operations that do not agree with each other.

A race is run several times, because it is won and lost by milliseconds: the first try starts all calls at once, later ones
spread them further, and every call leads in its turn. Who begins and when the others follow comes from the seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

from conformance_tests.entries import RACE
from conformance_tests.refusals import IN_HOUSE, NO_ROOM, READY, ROOM
from conformance_tests.scenarios.scenario import Race, Scenario, Step, Wanted

TRIES = 5
DUPLICATES = 6
_SPREAD = 0.003
"""Seconds the starts of the second try are spread over; the third takes twice as long, and so on."""

_OTHER = {"booking_id": "{other_booking_id}"}
_TO_FREE = {"room_id": "{free_room_id}"}


def races(seed: int, tries: int) -> Iterable[Scenario]:
    """Every race `tries` times, each time a scenario of its own."""
    for name, states, calls in _RACES:
        for attempt in range(tries):
            yield _try(seed, f"{RACE}{name}", states, calls, attempt)


def _try(seed: int, race: str, states: tuple[Wanted, ...], calls: tuple[Step, ...], attempt: int) -> Scenario:
    order, name = list(calls), f"{race}/{attempt + 1}"
    random.Random(f"{seed}/{race}").shuffle(order)  # noqa: S311 - an order, not a secret
    leads = attempt % len(order)
    chance, spread = random.Random(f"{seed}/{name}"), _SPREAD * attempt  # noqa: S311 - a delay, not a secret
    delays = sorted(round(chance.uniform(0.0, spread), 6) for _ in order)
    return Scenario(name, "races", states, (Race((*order[leads:], *order[:leads]), tuple(delays)),))


def _calls(slug: str, *steps: Step) -> tuple[Step, ...]:
    """The calls of the race that the rule `races/<slug>` judges."""
    return tuple(replace(step, case=f"{RACE}{slug}{step.case}") for step in steps)


_CHECK_IN, _CHECK_OUT = Step("", "checkIn"), Step("", "checkOut")
_CHECK_IN_AGAIN = Step("/repeat", "checkIn")
_ASSIGN = Step("", "assignRoom", body=_TO_FREE)
_MOVE = Step("", "moveRoom", body={"to_room_id": "{free_room_id}"})

_RACES: tuple[tuple[str, tuple[Wanted, ...], tuple[Step, ...]], ...] = (
    (
        "duplicates-check-in",
        (Wanted(READY),),
        _calls("duplicates-check-in", *(_CHECK_IN,) * DUPLICATES),
    ),
    (
        "duplicates-check-out",
        (Wanted(IN_HOUSE),),
        _calls("duplicates-check-out", *(_CHECK_OUT,) * DUPLICATES),
    ),
    (
        "one-room-two-bookings",
        (Wanted("two bookings on one room"),),
        _calls("one-room-two-bookings", *(_CHECK_IN, replace(_CHECK_IN, params=_OTHER)) * 2),
    ),
    (
        "check-in-against-check-out/expected",
        (Wanted(READY),),
        _calls("check-in-against-check-out", _CHECK_IN, _CHECK_OUT),
    ),
    (
        "check-in-against-check-out/in-house",
        (Wanted(IN_HOUSE),),
        _calls("check-in-against-check-out", _CHECK_IN_AGAIN, _CHECK_OUT),
    ),
    (
        "check-in-against-check-out/again",
        (Wanted(IN_HOUSE),),
        _calls("check-in-against-check-out", *(_CHECK_IN_AGAIN,) * 3, *(_CHECK_OUT,) * 2),
    ),
    (
        "assign-against-check-in/no-room",
        (Wanted(NO_ROOM),),
        _calls("assign-against-check-in", _ASSIGN, _CHECK_IN),
    ),
    (
        "assign-against-check-in/other-room",
        (Wanted(READY), Wanted("room in status", {"room_status": "READY_FOR_GUEST"}, prefix="free_")),
        _calls("assign-against-check-in", _ASSIGN, _CHECK_IN),
    ),
    (
        "assign-one-room",
        (Wanted(NO_ROOM), Wanted(NO_ROOM, prefix="other_")),
        _calls("assign-one-room", _ASSIGN, replace(_ASSIGN, params=_OTHER)),
    ),
    (
        "status-against-check-in/maintenance",
        (Wanted(READY),),
        _calls(
            "status-against-check-in",
            Step("", "markMaintenance", actor="housekeeping", body={"priority": "LOW"}),
            _CHECK_IN,
        ),
    ),
    (
        "status-against-check-in/out-of-order",
        (Wanted(READY),),
        _calls(
            "status-against-check-in",
            Step("", "setRoomStatus", actor="manager", body={"to_status": "OUT_OF_ORDER"}),
            _CHECK_IN,
        ),
    ),
    (
        "move-one-room",
        (Wanted("in-house booking and a free room"), Wanted(IN_HOUSE, prefix="beside_")),
        _calls("move-one-room", _MOVE, replace(_MOVE, params={"booking_id": "{beside_booking_id}"})),
    ),
    (
        "one-change-twice",
        (Wanted(ROOM, {"room_status": "CHECKOUT_DIRTY"}),),
        _calls("one-change-twice", *(Step("", "startCleaning", actor="housekeeping"),) * 4),
    ),
)
