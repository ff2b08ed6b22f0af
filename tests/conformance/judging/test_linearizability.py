"""The search finds an order where there is one and none where there is none: by hand, and against trying every order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations, permutations
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance_tests.linearizability import Explained, Impossible, Interval, Misfit, Undecided, search
from conformance_tests.model import Act, Announced, Booking, Effect, Room, World, step

NIGHTS = ("2026-11-22", "2026-11-24")
READY, OCCUPIED, DIRTY = "READY_FOR_GUEST", "OCCUPIED", "CHECKOUT_DIRTY"


class Log(NamedTuple):
    world: World
    events: tuple[tuple[int, tuple[Announced, ...]], ...] = ()


class Seen(NamedTuple):
    """What was observed: was each call answered with success (None: not at all), the last world, the events in order."""

    answers: tuple[bool | None, ...]
    world: World
    events: tuple[Announced, ...]


def world(*bookings: Booking, rooms: Sequence[Room] = (Room(1, READY, None),)) -> World:
    return World(bookings, tuple(rooms))


def plain(of: World) -> World:
    """Without what no reader sees: which call checked a booking in."""
    return of._replace(bookings=tuple(one._replace(checked_in_by=None) for one in of.bookings))


def fits(outcome_effect: Effect, answered: bool | None) -> bool:
    if answered is None or outcome_effect is Effect.QUIET:
        return True
    return answered == (outcome_effect is Effect.DONE)


def advance_with(acts: Sequence[Act], seen: Seen):  # type: ignore[no-untyped-def]
    def advance(log: Log, number: int) -> Log | Misfit:
        outcome = step(log.world, acts[number], number)
        if not fits(outcome.effect, seen.answers[number]):
            return Misfit(f"{number} is {outcome.effect} there")
        if outcome.effect is not Effect.DONE:
            return log
        return Log(outcome.world, (*log.events, (number, outcome.events)))

    return advance


def misfits(log: Log, seen: Seen) -> list[str]:
    told = [event for _, events in log.events for event in events]
    found = [] if plain(log.world) == plain(seen.world) else ["the state"]
    return found if Counter(told) == Counter(seen.events) else [*found, "the events"]


def found(start: World, acts: Sequence[Act], spans: Sequence[Interval], seen: Seen):  # type: ignore[no-untyped-def]
    return search(spans, Log(start), advance_with(acts, seen), lambda log: misfits(log, seen))


def by_trying_all(start: World, acts: Sequence[Act], spans: Sequence[Interval], seen: Seen) -> bool:
    """Every order of every choice of the unanswered calls, one after the other."""
    advance = advance_with(acts, seen)
    sure = [number for number, span in enumerate(spans) if span.end is not None]
    open_calls = [number for number, span in enumerate(spans) if span.end is None]
    for size in range(len(open_calls) + 1):
        for extra in combinations(open_calls, size):
            for order in permutations([*sure, *extra]):
                late = any(
                    spans[after].end is not None and spans[after].end < spans[before].start  # type: ignore[operator]
                    for position, before in enumerate(order)
                    for after in order[position + 1 :]
                )
                if late:
                    continue
                log: Log | Misfit = Log(start)
                for number in order:
                    if isinstance(log, Misfit):
                        break
                    log = advance(log, number)
                if not isinstance(log, Misfit) and not misfits(log, seen):
                    return True
    return False


def overlapping(count: int) -> list[Interval]:
    return [Interval(number, 100 + number) for number in range(count)]


EXPECTED = Booking("A", "expected", "CONFIRMED", 1, NIGHTS)
OTHER = Booking("B", "expected", "CONFIRMED", 1, NIGHTS)
IN = Act("checkIn", "A")
OUT = Act("checkOut", "A")


def after(start: World, *acts: Act) -> tuple[World, tuple[Announced, ...]]:
    events: list[Announced] = []
    for number, act in enumerate(acts):
        outcome = step(start, act, number)
        start, events = outcome.world, [*events, *outcome.events]
    return start, tuple(events)


def test_of_duplicates_one_is_carried_out_and_the_others_repeat() -> None:
    final, events = after(world(EXPECTED), IN)
    seen = Seen((True,) * 6, final, events)
    result = found(world(EXPECTED), [IN] * 6, overlapping(6), seen)
    assert isinstance(result, Explained)
    assert len(result.order) == 6


def test_a_refusal_with_a_code_is_a_repeat_too() -> None:
    final, events = after(world(EXPECTED), IN)
    assert isinstance(
        found(world(EXPECTED), [IN] * 3, overlapping(3), Seen((False, True, False), final, events)), Explained
    )


def test_all_duplicates_refused_is_not_explained() -> None:
    start = world(EXPECTED)
    result = found(start, [IN] * 3, overlapping(3), Seen((False,) * 3, start, ()))
    assert isinstance(result, Impossible)
    assert result.misfits == ("0 is carried out there",)


def test_duplicates_that_publish_twice_are_not_explained() -> None:
    final, events = after(world(EXPECTED), IN)
    result = found(world(EXPECTED), [IN] * 2, overlapping(2), Seen((True, True), final, (*events, *events)))
    assert isinstance(result, Impossible)
    assert (result.call, result.misfits, len(result.closest)) == (None, ("the events",), 2)


def test_a_lost_event_is_not_explained() -> None:
    final, events = after(world(EXPECTED), IN)
    assert isinstance(
        found(world(EXPECTED), [IN] * 2, overlapping(2), Seen((True, True), final, events[1:])), Impossible
    )


def test_both_bookings_in_one_room_is_not_explained() -> None:
    acts = [IN, Act("checkIn", "B")]
    final, events = after(world(EXPECTED, OTHER), IN)
    good = Seen((True, False), final, events)
    both = final.put(final.bookings[1]._replace(phase="in_house"))
    assert isinstance(found(world(EXPECTED, OTHER), acts, overlapping(2), good), Explained)
    bad = Seen((True, True), both, (*events, *events))
    assert isinstance(found(world(EXPECTED, OTHER), acts, overlapping(2), bad), Impossible)


def test_a_phantom_that_nobody_asked_for_is_not_explained() -> None:
    final, _ = after(world(EXPECTED), IN, OUT)
    start = world(EXPECTED)
    assert isinstance(found(start, [OUT], overlapping(1), Seen((False,), final, ())), Impossible)


def test_who_returned_before_another_started_comes_first() -> None:
    final, events = after(world(EXPECTED), IN, OUT)
    seen = Seen((True, True), final, events)
    assert isinstance(found(world(EXPECTED), [OUT, IN], [Interval(0, 5), Interval(3, 6)], seen), Explained)
    result = found(world(EXPECTED), [OUT, IN], [Interval(0, 2), Interval(3, 6)], seen)
    assert isinstance(result, Impossible)
    assert (result.closest, result.call) == ((), 0)


@pytest.mark.parametrize("took_effect", [True, False])
def test_an_unanswered_call_may_or_may_not_have_taken_effect(took_effect: bool) -> None:
    start = world(EXPECTED)
    final, events = after(start, IN) if took_effect else (start, ())
    result = found(start, [IN], [Interval(0, None)], Seen((None,), final, events))
    assert isinstance(result, Explained)
    assert result.order == ((0,) if took_effect else ())


def test_an_unanswered_call_may_take_effect_long_after_its_start() -> None:
    final, events = after(world(EXPECTED), IN, OUT)
    seen = Seen((None, False, True), final, events)
    spans = [Interval(0, None), Interval(1, 2), Interval(5, 6)]
    assert isinstance(found(world(EXPECTED), [IN, OUT, OUT], spans, seen), Explained)
    before = [Interval(7, None), Interval(1, 2), Interval(5, 6)]
    assert isinstance(found(world(EXPECTED), [IN, OUT, OUT], before, seen), Impossible)


def test_a_search_that_takes_too_long_says_so() -> None:
    start = world(EXPECTED)
    result = search(overlapping(9), (), lambda state, number: (*state, number), lambda _: ["no"], bound=500)
    assert result == Undecided(500)
    assert isinstance(found(start, [OUT] * 12, overlapping(12), Seen((False,) * 12, start, ())), Explained)


ACTS = st.sampled_from(
    [
        IN, OUT, Act("checkIn", "B"), Act("checkOut", "B"), Act("assignRoom", "B", 2), Act("assignRoom", "A", 2),
        Act("moveRoom", "A", 2), Act("unassignRoom", "B"), Act("setRoomStatus", None, 1, "MAINTENANCE_REQUIRED"),
        Act("setRoomStatus", None, 1, READY), Act("startCleaning", None, 1, "CLEANING_IN_PROGRESS", "housekeeping"),
    ]
)  # fmt: skip
STARTS = st.sampled_from(
    [
        world(EXPECTED, OTHER, rooms=(Room(1, READY, None), Room(2, READY, None))),
        world(EXPECTED, OTHER._replace(room=None), rooms=(Room(1, READY, None), Room(2, READY, None))),
        world(
            EXPECTED._replace(phase="in_house"), OTHER, rooms=(Room(1, OCCUPIED, "A"), Room(2, DIRTY, None))
        ),
    ]
)
SPAN = st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans())


def execution(
    start: World, acts: Sequence[Act], spans: Sequence[tuple[int, int, bool]]
) -> tuple[list[Interval], Seen]:
    """The acts one after the other, stretched into intervals around the moment each took effect; some unanswered."""
    answers: list[bool | None] = []
    events: list[Announced] = []
    intervals: list[Interval] = []
    for number, (act, (early, late, lost)) in enumerate(zip(acts, spans, strict=True)):
        outcome = step(start, act, number)
        start = outcome.world
        events += outcome.events
        answers.append(None if lost else outcome.effect is not Effect.REFUSED)
        intervals.append(Interval(number - early - 0.25, None if lost else number + late + 0.25))
    return intervals, Seen(tuple(answers), start, tuple(events))


@settings(max_examples=150, deadline=None)
@given(STARTS, st.lists(st.tuples(ACTS, SPAN), min_size=1, max_size=8))
def test_what_happened_in_some_order_is_explained(
    start: World, calls: list[tuple[Act, tuple[int, int, bool]]]
) -> None:
    acts = [act for act, _ in calls]
    intervals, seen = execution(start, acts, [span for _, span in calls])
    assert isinstance(found(start, acts, intervals, seen), Explained)


@settings(max_examples=120, deadline=None)
@given(STARTS, st.lists(st.tuples(ACTS, SPAN), min_size=1, max_size=5), st.data())
def test_what_was_spoiled_is_judged_as_by_trying_every_order(
    start: World, calls: list[tuple[Act, tuple[int, int, bool]]], data: st.DataObject
) -> None:
    acts = [act for act, _ in calls]
    intervals, seen = execution(start, acts, [span for _, span in calls])
    spoil = data.draw(st.sampled_from(["answer", "event", "extra", "state"]))
    if spoil == "answer":
        turned = data.draw(st.integers(0, len(acts) - 1))
        answers = [
            not said if number == turned and said is not None else said
            for number, said in enumerate(seen.answers)
        ]
        seen = seen._replace(answers=tuple(answers))
    elif spoil == "event":
        seen = seen._replace(events=seen.events[1:])
    elif spoil == "extra":
        seen = seen._replace(events=(*seen.events, *seen.events[:1]))
    else:
        seen = seen._replace(world=start)
    explained = isinstance(found(start, acts, intervals, seen), Explained)
    assert explained == by_trying_all(start, acts, intervals, seen)


@settings(max_examples=100, deadline=None)
@given(STARTS, st.lists(st.tuples(ACTS, SPAN), min_size=1, max_size=8))
def test_an_event_that_no_call_can_owe_is_never_explained(
    start: World, calls: list[tuple[Act, tuple[int, int, bool]]]
) -> None:
    acts = [act for act, _ in calls]
    intervals, seen = execution(start, acts, [span for _, span in calls])
    seen = seen._replace(events=(*seen.events, Announced("rooms", "room_updated", 99, READY)))
    assert isinstance(found(start, acts, intervals, seen), Impossible)
