"""What is in a picture: the lines of a window, a call with its answer and the reads of one moment together."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from conformance_tests.report.html.collector import Window
from conformance_tests.report.html.scale import Moment
from conformance_tests.report.html.seen import Seen

_CHARACTER, _BOLD = 6.7, 7.5
_LONGEST_LABEL = 30
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
    proof: tuple[Seen, ...]
    """Those of `lines` that prove the violation."""
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


def items_of(window: Window, *, letters: bool) -> list[Item]:
    """What the lines come to, in the order in which it is drawn: a bar by its beginning, a mark by its end.

    Times are counted from the first.

    With `letters` the calls that prove are named A, B, C, as the rules on races name them.
    """
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
    found.sort(key=lambda item: item.first if item.is_bar else item.last)
    return _lettered(found) if letters else found


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
    words = first.words.removeprefix(f"{first.kind} ")
    label = _short(first.name)
    match shape:
        case "call":
            answer = last.words.removeprefix("reply ") if len(lines) > 1 else "no answer in this picture"
            words = f"{words} → {answer}"
            label = f"{label} → {last.status or '?'}" if len(lines) > 1 else label
        case "read" if len(lines) > 1:
            words = f"{len(lines)} reads ({first.when}): {', '.join(line.name for line in lines)}"
            label = ""
        case "read":
            label = label if proof else ""
        case "mark" if not proof:
            label = "" if first.name == "arranged" else label
    ended = None if last.t == first.begun else (last.t - start) * 1000
    return Item(
        shape, _lane_of(first), tuple(lines), label, words, (first.begun - start) * 1000, ended, proof
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
