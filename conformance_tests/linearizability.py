"""Is there one order of overlapping calls that explains what was seen? A search after Wing and Gong, with a memo as in Porcupine.

The search knows nothing of hotels. A call is an interval: nobody may put it before a call that had returned when it
started. `advance` says what a call does in a state, or why its answer does not fit there; `judge` says what of the final
observations a state leaves unexplained. States are hashable: the same calls done, in whatever order, with the same state
are looked at once. A call without an answer may have taken effect at any time after its start, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

S = TypeVar("S", bound=Hashable)

BOUND = 50_000
"""Steps after which a search gives up. Six calls that all differ take at most some 2,000."""


@dataclass(frozen=True, slots=True)
class Interval:
    """When a call was under way: any numbers that grow with time. `end` None: no answer came."""

    start: float
    end: float | None


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a call's answer does not fit where it was tried."""

    why: str


@dataclass(frozen=True, slots=True)
class Explained(Generic[S]):
    """An order that explains everything; calls without an answer that took no effect are not in it."""

    order: tuple[int, ...]
    state: S
    steps: int


@dataclass(frozen=True, slots=True)
class Impossible:
    """No order does. `closest` is the order that came furthest, `call` what it could not place (None: the calls all fit,
    the final observations do not), `misfits` the first things that do not fit."""

    closest: tuple[int, ...]
    call: int | None
    misfits: tuple[str, ...]
    steps: int


@dataclass(frozen=True, slots=True)
class Undecided:
    """The bound was hit first."""

    steps: int


Advance = Callable[[S, int], "S | Misfit"]
Judge = Callable[[S], Sequence[str]]


Trail: TypeAlias = "tuple[Trail, int] | None"
"""An order from its end: the order before, and the last call. Shared, so that a step costs no copy."""


def search(
    calls: Sequence[Interval], start: S, advance: Advance[S], judge: Judge[S], *, bound: int = BOUND
) -> Explained[S] | Impossible | Undecided:
    """Look for an order; deterministic: of several the one whose calls start first is found."""
    ranked = sorted(range(len(calls)), key=lambda number: calls[number].start)
    queue = [(calls[number].start, calls[number].end, number) for number in ranked]
    needed = sum(1 << place for place, (_, end, _) in enumerate(queue) if end is not None)
    seen: set[tuple[int, S]] = set()
    stack: list[tuple[int, S, int, Trail]] = [(0, start, 0, None)]
    rank = (-1, 0)
    closest: Trail = None
    stuck: int | None = None
    misfits: tuple[str, ...] = ()
    steps = 0
    while stack:
        done, state, depth, trail = stack.pop()
        if (done, state) in seen:
            continue
        seen.add((done, state))
        if needed & ~done == 0:
            unfit = tuple(judge(state))
            if not unfit:
                return Explained(_order(trail), state, steps)
            if (len(calls) + 1, -len(unfit)) > rank:
                rank, closest, stuck, misfits = (len(calls) + 1, -len(unfit)), trail, None, unfit
        following: list[tuple[int, S, int, Trail]] = []
        for place in _next(queue, done):
            steps += 1
            if steps > bound:
                return Undecided(bound)
            number = queue[place][2]
            after = advance(state, number)
            if not isinstance(after, Misfit):
                following.append((done | 1 << place, after, depth + 1, (trail, number)))
            elif (depth, 0) > rank:
                rank, closest, stuck, misfits = (depth, 0), trail, number, (after.why,)
        stack.extend(reversed(following))
    return Impossible(_order(closest), stuck, misfits, steps)


def _next(queue: Sequence[tuple[float, float | None, int]], done: int) -> list[int]:
    """The places that may come next: none of the calls left had returned before they started. `queue` is by start."""
    found: list[int] = []
    first: float | None = None
    place = (~done & (done + 1)).bit_length() - 1  # the lowest place that is left
    while place < len(queue):
        start, end, _ = queue[place]
        if first is not None and start > first:
            break
        if not done >> place & 1:
            found.append(place)
            if end is not None and (first is None or end < first):
                first = end
        place += 1
    return [place for place in found if first is None or queue[place][0] <= first]


def _order(trail: Trail) -> tuple[int, ...]:
    found: list[int] = []
    while trail is not None:
        trail, number = trail
        found.append(number)
    return tuple(reversed(found))
