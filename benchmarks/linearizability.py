"""How fast the search for an order of overlapping calls is, beside a plain Wing-Gong search (no memo) in the same run.

    python -m benchmarks.linearizability [--calls 2000] [--rounds 5]

Times of one machine mean nothing on another: read the ratio. Two kinds of work, both over the hotel of the contract's tables:

- `race`: what `check` judges, six duplicates of a check-in that all overlap, explained and not;
- `room`: one room's long history of status changes, three at a time.

The memo pays where no order fits, because then all of them are looked at. The plain search copies what is left at every
step, which is what it loses by in the long history.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence

from conformance_tests.linearizability import Explained, Interval, Misfit, search
from conformance_tests.model import Act, Booking, Effect, Room, World, step
from contract.lifecycle import room_lifecycle

Answers = Sequence[bool | None]
Advance = Callable[[World, int], "World | Misfit"]


def advance_by(acts: Sequence[Act], answers: Answers) -> Advance:
    """A step of the model that must fit the answers; the log of a room is left out, or every state were a new one."""

    def advance(world: World, number: int) -> World | Misfit:
        outcome = step(world, acts[number], number)
        if outcome.effect is not Effect.QUIET and answers[number] != (outcome.effect is Effect.DONE):
            return Misfit("another answer")
        if outcome.effect is not Effect.DONE:
            return world
        bookings = tuple(one._replace(checked_in_by=None) for one in outcome.world.bookings)
        return World(bookings, tuple(room._replace(log=()) for room in outcome.world.rooms))

    return advance


def wing_gong(
    calls: Sequence[Interval], start: World, advance: Advance, judge: Callable[[World], Sequence[str]]
) -> bool:
    """The search as Wing and Gong wrote it: every call that may come next, depth first, nothing remembered."""
    stack: list[tuple[World, tuple[int, ...]]] = [(start, tuple(range(len(calls))))]
    while stack:
        world, left = stack.pop()
        if not left:
            if not judge(world):
                return True
            continue
        first = min(calls[number].end or float("inf") for number in left[:64])
        for number in reversed(left[:64]):
            if calls[number].start <= first:
                after = advance(world, number)
                if not isinstance(after, Misfit):
                    stack.append((after, tuple(one for one in left if one != number)))
    return False


def race(explained: bool) -> tuple[list[Interval], World, Advance, Callable[[World], Sequence[str]], bool]:
    """Six check-ins of one booking at once; unexplained when the state says that none took place."""
    booking = Booking("A", "expected", "CONFIRMED", 1, ("2026-11-22", "2026-11-24"))
    start = World((booking,), (Room(1, "READY_FOR_GUEST", None),))
    wanted = "in_house" if explained else "expected"
    spans = [Interval(number, 100 + number) for number in range(6)]
    advance = advance_by([Act("checkIn", "A")] * 6, [True] * 6)
    return (
        spans,
        start,
        advance,
        lambda end: [] if end.bookings[0].phase == wanted else ["the state"],
        explained,
    )


def room(calls: int) -> tuple[list[Interval], World, Advance, Callable[[World], Sequence[str]], bool]:
    """A long history of one room: each call overlaps with about two others."""
    chance, statuses = random.Random(1), [one for one in room_lifecycle().states if one != "OCCUPIED"]
    start = world = World((), (Room(1, "READY_FOR_GUEST", None),))
    acts, answers, spans = [], [], []
    for number in range(calls):
        act = Act("setRoomStatus", None, 1, chance.choice(statuses))
        outcome = step(world, act, number)
        world = World((), tuple(one._replace(log=()) for one in outcome.world.rooms))
        acts.append(act)
        answers.append(outcome.effect is not Effect.REFUSED)
        spans.append(Interval(number - chance.random(), number + chance.random()))
    last = world
    return spans, start, advance_by(acts, answers), lambda end: [] if end == last else ["the state"], True


def rate(work: Callable[[], bool], calls: int, rounds: int, right: bool) -> float:
    """Calls judged per second, the best of the rounds."""
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        if work() is not right:
            sys.exit("the search is wrong, so its speed does not matter")
        best = min(best, time.perf_counter() - began)
    return calls / best


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--calls", type=int, default=2000, help="calls of the room's history")
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    works = {"race, explained": race(True), "race, unexplained": race(False), "room": room(asked.calls)}
    print(f"{'work':<20}{'calls':>8}{'search, calls/s':>18}{'plain, calls/s':>18}{'ratio':>8}")
    for name, (spans, start, advance, judge, right) in works.items():

        def ours(
            spans: list[Interval] = spans, start: World = start, advance: Advance = advance,
            judge: Callable[[World], Sequence[str]] = judge,
        ) -> bool:  # fmt: skip
            return isinstance(search(spans, start, advance, judge, bound=10_000_000), Explained)

        def plain(
            spans: list[Interval] = spans, start: World = start, advance: Advance = advance,
            judge: Callable[[World], Sequence[str]] = judge,
        ) -> bool:  # fmt: skip
            return wing_gong(spans, start, advance, judge)

        fast, slow = (rate(work, len(spans), asked.rounds, right) for work in (ours, plain))
        print(f"{name:<20}{len(spans):>8}{fast:>18,.0f}{slow:>18,.0f}{fast / slow:>8.2f}")


if __name__ == "__main__":
    main()
