"""The picture of a violation: lanes for the client, the backend, each channel at each observer, and the suite; on them calls
as bars, events and reads as marks, those that prove the violation told apart.

It is laid out here, in pixels, and drawn by `templates/timeline.html`. The horizontal order is exact, distances are not: see
`scale`.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from conformance_tests.cutting import channel_of
from conformance_tests.report.html.scale import Apart, Fold, Moment, scale_of
from conformance_tests.report.html.seen import Seen
from conformance_tests.report.html.windows import Window

AXIS, ROW, GAP, LEFT = 30, 26, 8, 14
"""Pixels: the height of the axis and of a row, between lanes, and left of the first moment."""
_CHARACTER, _BOLD, _MARK, _TICK = 6.7, 7.5, 30.0, 62.0
_LONGEST_LABEL = 30
_KINDS = ("rooms", "staff", "guest", "other")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Shape = Literal["call", "event", "refused", "read", "mark", "span"]


@dataclass(frozen=True, slots=True)
class Item:
    """Something in a picture: one line of the history or several. Times are in ms from the start of the picture.

    `key` numbers the items of a picture from 1; `x`, `end` and `y` are pixels.
    """

    shape: Shape
    lane: str
    lines: tuple[Seen, ...]
    label: str
    words: str
    begun: float
    ended: float | None
    key: int = 0
    x: float = 0
    end: float = 0
    y: float = 0

    @property
    def witness(self) -> bool:
        return bool(self.proof)

    @property
    def first(self) -> Moment:
        return (self.lines[0].begun, self.lines[0].seq)

    @property
    def last(self) -> Moment:
        return (self.lines[-1].t, self.lines[-1].seq)

    proof: tuple[Seen, ...] = ()
    """Those of `lines` that prove the violation."""

    @property
    def is_bar(self) -> bool:
        return self.shape in ("call", "span")

    @property
    def open(self) -> bool:
        """A call whose answer is not in the picture."""
        return self.shape == "call" and len(self.lines) == 1

    @property
    def label_width(self) -> float:
        return width_of(self.label, bold=self.witness) if self.label else 0.0

    @property
    def left(self) -> float:
        """Where what is drawn begins; a mark stands at its end."""
        return self.x if self.is_bar else self.end - 8

    @property
    def right(self) -> float:
        if not self.is_bar:
            return self.end + 12 + self.label_width
        return self.x + 24 + self.label_width if self.open else max(self.end, self.x + 14)


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
    """All that is drawn. `items` are in the order of their beginning; `start` is the time of the run at its left edge."""

    start: str
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


def width_of(text: str, *, bold: bool = False) -> float:
    """About how wide a label is, in pixels."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return (len(text) + wide) * (_BOLD if bold else _CHARACTER)


def milliseconds(seconds: float) -> str:
    """A time in ms as a reader wants it: tenths where they matter, thousands apart."""
    value = seconds * 1000
    if round(value, 1) == 0:
        return "0"
    return f"{value:.1f}" if abs(value) < 10 else f"{value:,.0f}".replace(",", "\u202f")


def picture_of(window: Window, *, letters: bool) -> Picture | None:
    """The picture of a window, None when nothing of it was found. With `letters` the calls that prove are named A, B, C."""
    items = _items(window)
    if not items or not window.witness:
        return None
    if letters:
        items = _lettered(items)
    lanes = _lanes(window, items)
    scale = scale_of((moment for item in items for moment in (item.first, item.last)), _apart(items), LEFT)
    placed = [
        replace(item, key=key, x=scale.places[item.first], end=scale.places[item.last])
        for key, item in enumerate(items, start=1)
    ]
    width = max(max(item.right for item in placed), scale.folds[-1].right if scale.folds else 0) + 12
    drawn, placed, height = _stacked(lanes, placed)
    start = min(item.first[0] for item in placed)
    return Picture(
        f"{start:.3f} s", round(max(width, 240), 1), height, drawn, tuple(placed), _ticks(placed, start), scale.folds,
        window.before, window.between, window.more,
    )  # fmt: skip


def _items(window: Window) -> list[Item]:
    """What the lines come to, in the order in which it began; times are counted from the first."""
    calls: dict[str, list[Seen]] = {}
    reads: dict[object, list[Seen]] = defaultdict(list)
    groups: list[tuple[Shape, list[Seen]]] = []
    for line in (line for unit in window.units for line in unit):
        if line.kind == "reply" and line.call in calls:
            calls[line.call].append(line)
            continue
        if line.kind == "probe" and line.seq not in window.witness:
            if line.group not in reads:
                groups.append(("read", reads[line.group]))
            reads[line.group].append(line)
            continue
        if line.kind == "call" and line.call:
            calls[line.call] = [line]
            groups.append(("call", calls[line.call]))
        else:
            groups.append((_shape(line), [line]))
    if not groups:
        return []
    start = min(line.begun for _, lines in groups for line in lines)
    found = [_item(shape, lines, window, start) for shape, lines in groups]
    return sorted(found, key=lambda item: item.first)


def _shape(line: Seen) -> Shape:
    match line.kind:
        case "event":
            return "event"
        case "refused":
            return "refused"
        case "probe":
            return "read"
        case "mark" if line.t > line.begun:
            return "span"
    return "mark"


def _item(shape: Shape, lines: Sequence[Seen], window: Window, start: float) -> Item:
    first, last = lines[0], lines[-1]
    proof = tuple(line for line in lines if line.seq in window.witness)
    words = first.words
    label = _short(first.name)
    match shape:
        case "call":
            answer = last.words.removeprefix("reply ") if len(lines) > 1 else "no answer in this picture"
            words = f"{first.words} → {answer}"
            label = f"{label} → {last.status or '?'}" if len(lines) > 1 else label
        case "read" if len(lines) > 1:
            words = f"{len(lines)} reads ({first.when}): {', '.join(line.name for line in lines)}"
            label = ""
        case "read":
            label = label if proof else ""
        case "span":
            label = "fence" if first.name == "fence" else label
            words = (
                "fence: a harmless operation whose events came in; what is missing by its end did not come"
            )
        case "mark" if not proof:
            label = "" if first.name == "arranged" else label
    ended = None if last.t == first.begun else (last.t - start) * 1000
    return Item(
        shape, _lane_of(first), tuple(lines), label, words, (first.begun - start) * 1000, ended, proof=proof
    )


def _lettered(items: Iterable[Item]) -> list[Item]:
    found, number = [], 0
    for item in items:
        if item.shape == "call" and item.witness and number < len(_LETTERS):
            letter, number = _LETTERS[number], number + 1
            item = replace(item, label=f"{letter} {item.label}", words=f"{letter}: {item.words}")
        found.append(item)
    return found


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"


def _lane_of(line: Seen) -> str:
    match line.kind:
        case "event" | "refused":
            return f"{line.channel}\n{line.observer}"
        case "probe":
            return "backend"
        case "mark":
            return "suite"
    return "client"


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
    found = [_Lane("client", "calls, from request to answer", {"client": "calls"})]
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
        drawn.append(
            Lane(lane.name, lane.whole, top, y - top, tuple(rows), empty and lane.whole.startswith("channel"))
        )
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
