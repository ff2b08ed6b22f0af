"""Is there one order of overlapping calls that explains what was seen? A search after Wing and Gong, with a memo as in Porcupine.

The search knows nothing of hotels. A call is an interval: nobody may put it before a call that had returned when it
started. `advance` says what a call does in a state, or why its answer does not fit there; `judge` says what of the final
observations a state leaves unexplained. States are hashable: the same calls done, in whatever order, with the same state
are looked at once. A call without an answer may have taken effect at any time after its start, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

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


def search(
    calls: Sequence[Interval], start: S, advance: Advance[S], judge: Judge[S], *, bound: int = BOUND
) -> Explained[S] | Impossible | Undecided:
    """Look for an order; deterministic: of several the one whose calls come first in `calls` is found."""
    needed = sum(1 << number for number, call in enumerate(calls) if call.end is not None)
    seen: set[tuple[int, S]] = set()
    stack: list[tuple[int, S, tuple[int, ...]]] = [(0, start, ())]
    closest = Impossible((), None, (), 0)
    rank = (-1, 0)
    steps = 0
    while stack:
        done, state, order = stack.pop()
        if (done, state) in seen:
            continue
        seen.add((done, state))
        if needed & ~done == 0:
            misfits = tuple(judge(state))
            if not misfits:
                return Explained(order, state, steps)
            if (len(calls) + 1, -len(misfits)) > rank:
                rank = (len(calls) + 1, -len(misfits))
                closest = Impossible(order, None, misfits, 0)
        following: list[tuple[int, S, tuple[int, ...]]] = []
        for number in _next(calls, done):
            steps += 1
            if steps > bound:
                return Undecided(bound)
            after = advance(state, number)
            if not isinstance(after, Misfit):
                following.append((done | 1 << number, after, (*order, number)))
            elif (len(order), 0) > rank:
                rank = (len(order), 0)
                closest = Impossible(order, number, (after.why,), 0)
        stack.extend(reversed(following))
    return Impossible(closest.closest, closest.call, closest.misfits, steps)


def _next(calls: Sequence[Interval], done: int) -> list[int]:
    """The calls that may come next: none of those left had returned before they started."""
    left = [number for number in range(len(calls)) if not done >> number & 1]
    first = min((end for number in left if (end := calls[number].end) is not None), default=None)
    return [number for number in left if first is None or calls[number].start <= first]
