"""The picture of a violation: lanes for the client, the backend, each channel at each observer, and the suite; on them calls
as bars, events and reads as marks, those that prove the violation told apart.

It is laid out here, in pixels, and drawn by `templates/timeline.html`. The horizontal order is exact, distances are not: see
`scale`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from conformance_tests.cutting import channel_of
from conformance_tests.report.html.collector import Window
from conformance_tests.report.html.items import Item, items_of, milliseconds
from conformance_tests.report.html.scale import Apart, Fold, scale_of

AXIS, ROW, GAP, LEFT = 30, 26, 8, 14
"""Pixels: the height of the axis and of a row, between lanes, and left of the first moment."""
_MARK, _TICK = 30.0, 62.0
_KINDS = ("rooms", "staff", "guest", "other")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a lane: an observer of a channel, or a row of calls that do not overlap."""

    label: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Lane:
    """`name` in a word, `whole` in full, for who wants to know which channel."""

    name: str
    whole: str
    y: float
    height: float
    rows: tuple[Row, ...]
    empty: bool


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    text: str
    witness: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn. `items` are in the order of the picture, from left to right; `start` is the time of the run at its left edge."""

    start: str
    timed: bool
    """A log of events may have no times; then the order is all that is shown."""
    width: float
    height: float
    lanes: tuple[Lane, ...]
    items: tuple[Item, ...]
    ticks: tuple[Tick, ...]
    folds: tuple[Fold, ...]
    before: int
    between: int
    more: bool

    @property
    def proof(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.witness)

    @property
    def shapes(self) -> frozenset[str]:
        return frozenset(item.shape for item in self.items)


def picture_of(window: Window, *, letters: bool) -> Picture | None:
    """The picture of a window, None when nothing of it was found. With `letters` the calls that prove are named A, B, C."""
    items = items_of(window, letters=letters)
    if not items or not window.witness:
        return None
    lanes = _lanes(window, items)
    scale = scale_of((moment for item in items for moment in (item.first, item.last)), _apart(items), LEFT)
    placed = [
        replace(item, key=key, x=scale.places[item.first], end=scale.places[item.last])
        for key, item in enumerate(items, start=1)
    ]
    width = max(max(item.right for item in placed), scale.folds[-1].right if scale.folds else 0) + 12
    drawn, placed, height = _stacked(lanes, placed)
    start = min(item.first[0] for item in placed)
    timed = any(item.last[0] > start for item in placed)
    ticks = _ticks(placed, start) if timed else ()
    return Picture(
        f"{start:.3f} s", timed, round(max(width, 240), 1), height, drawn, tuple(placed), ticks, scale.folds,
        window.before, window.between, window.more,
    )  # fmt: skip


@dataclass(slots=True)
class _Lane:
    """A lane before it is laid out: its rows by the lane of their items."""

    name: str
    whole: str
    rows: dict[str, str] = field(default_factory=dict)


def _lanes(window: Window, items: Sequence[Item]) -> list[_Lane]:
    """In a fixed order: client, backend, channels by kind, suite. A channel on which nothing came is a lane too."""
    seen: dict[str, set[str]] = {channel: set() for channel in window.channels}
    for item in items:
        if item.shape in ("event", "refused"):
            seen.setdefault(item.lines[0].channel, set()).add(item.lines[0].observer)
    found: list[_Lane] = []
    if any(item.lane == "client" for item in items):
        found.append(_Lane("client", "calls, from request to answer", {"client": "calls"}))
    if any(item.lane == "backend" for item in items):
        found.append(_Lane("backend", "its state, as the suite read it", {"backend": "state read"}))
    kinds = {channel: channel_of(channel) for channel in seen}
    for channel in sorted(seen, key=lambda name: (_KINDS.index(kinds[name][0]), name)):
        kind, key = kinds[channel]
        alone = sum(other[0] == kind for other in kinds.values()) == 1
        observers = sorted({*window.capabilities.observers_of(kind), *seen[channel]})
        if not observers:
            continue
        name = f"{kind} events" if alone else f"{kind} …{key[-5:]}"
        found.append(_Lane(name, f"channel {channel}", {f"{channel}\n{one}": one for one in observers}))
    if any(item.lane == "suite" for item in items):
        found.append(_Lane("suite", "what the suite did besides", {"suite": "arranges, waits"}))
    return found


def _apart(items: Sequence[Item]) -> list[Apart]:
    """Bars are as long as what stands on them; marks of a row leave room for what stands beside them."""
    found = [
        Apart(item.first, item.last, max(item.label_width + 18, 16))
        for item in items
        if item.is_bar and item.first != item.last
    ]
    previous: dict[str, Item] = {}
    for item in sorted((one for one in items if not one.is_bar), key=lambda one: one.last):
        before = previous.get(item.lane)
        if before is not None:
            found.append(Apart(before.last, item.last, before.label_width + _MARK))
        previous[item.lane] = item
    return found


def _stacked(lanes: Sequence[_Lane], items: Sequence[Item]) -> tuple[tuple[Lane, ...], list[Item], float]:
    """The lanes below each other, each item in the first row of its lane in which it overlaps nothing."""
    y = float(AXIS)
    drawn: list[Lane] = []
    placed: list[Item] = []
    for lane in lanes:
        rows: list[Row] = []
        top = y
        empty = True
        for key, label in lane.rows.items():
            ends: list[float] = []
            for item in sorted((one for one in items if one.lane == key), key=lambda one: one.left):
                empty = False
                # Marks of a lane have been set apart, but for a pixel of rounding.
                at = next((row for row, end in enumerate(ends) if end <= item.left + 2), len(ends))
                ends[at : at + 1] = [item.right]
                placed.append(replace(item, y=y + at * ROW + ROW / 2))
            height = max(len(ends), 1) * ROW
            rows.append(Row(label, y, height))
            y += height
        drawn.append(Lane(lane.name, lane.whole, top, y - top, tuple(rows), empty))
        y += GAP
    return tuple(drawn), sorted(placed, key=lambda item: item.key), y


def _ticks(items: Sequence[Item], start: float) -> tuple[Tick, ...]:
    """Times at the axis, as many as fit: of the first moment, of the witnesses, of the calls, of the rest."""
    moments: list[tuple[int, float, float, bool]] = []
    for item in items:
        rank = 1 if item.witness else 2 if item.is_bar else 3
        moments.append((rank, item.end, item.last[0], item.witness))
        if item.is_bar:
            moments.append((rank, item.x, item.first[0], item.witness))
    first = min(moments, key=lambda moment: moment[1])
    found: list[Tick] = []
    for _, x, t, witness in [(0, *first[1:]), *sorted(moments, key=lambda moment: moment[:2])]:
        text = f"{milliseconds(t - start)} ms"
        if all(abs(x - tick.x) >= _TICK and text != tick.text for tick in found):
            found.append(Tick(x, text, witness))
    return tuple(sorted(found, key=lambda tick: tick.x))
