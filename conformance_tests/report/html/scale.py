"""Where moments stand in a picture: in their order, apart from each other by what has to fit between them, idle time folded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FOLD = 0.15
"""Seconds in which nothing happens after which a stretch is folded."""
_PER_SECOND = 1200.0
_FOLDED = 54.0

Moment = tuple[float, int]
"""Seconds since the run began, and the seq of the line: what orders lines of one time."""


@dataclass(frozen=True, slots=True)
class Apart:
    """`later` stands at least `distance` pixels after `earlier`."""

    earlier: Moment
    later: Moment
    distance: float


@dataclass(frozen=True, slots=True)
class Fold:
    """A stretch from `left` to `right`, in pixels, that stands for so many seconds."""

    left: float
    right: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Scale:
    """The place of every moment, in pixels from the left."""

    places: Mapping[Moment, float]
    folds: tuple[Fold, ...]


def scale_of(moments: Iterable[Moment], apart: Iterable[Apart], left: float) -> Scale:
    """The narrowest scale from `left` on that keeps the order and the distances."""
    asked: dict[Moment, list[Apart]] = defaultdict(list)
    for one in apart:
        asked[one.later].append(one)
    places: dict[Moment, float] = {}
    folds: list[Fold] = []
    last: Moment | None = None
    for moment in sorted(set(moments)):
        place = left
        if last is not None:
            gap = moment[0] - last[0]
            place = places[last] + (_FOLDED if gap > FOLD else gap * _PER_SECOND)
            for one in asked[moment]:
                if one.earlier in places:
                    place = max(place, places[one.earlier] + one.distance)
            if gap > FOLD:
                folds.append(Fold(places[last], place, gap))
        places[moment] = round(place, 1)
        last = moment
    return Scale(places, tuple(folds))
