"""The lines of a recorded history: frozen values, read from and written to JSON Lines.

The shape is `schemas/files/history_line.schema.json`. One value has one text: keys in a fixed order, nested ones sorted,
compact, ASCII, so that a history can be compared byte by byte. `ABSENT` is a body or state that is not there, which is
something else than one that is null.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, ClassVar, Final, Literal, NoReturn, TypeAlias

from contract.schema_store import schema_store

Observer = Literal["sink", "subscribe", "file"]
MarkName = Literal[
    "scenario-start", "arranged", "scenario-end", "fence", "observer", "run-end", "note", "outage", "refused"
]

SCHEMA = "files/history_line.schema.json"


class Absent(Enum):
    """The one value for "there is none"."""

    ABSENT = "absent"

    def __bool__(self) -> Literal[False]:
        return False


ABSENT: Final = Absent.ABSENT


class BrokenLine(ValueError):
    """A line of a history that cannot be read; `lineno` counts from 1, `reason` is a sentence."""

    def __init__(self, lineno: int, reason: str) -> None:
        self.lineno = lineno
        self.reason = reason
        super().__init__(f"line {lineno}: {reason}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BrokenLine) and (self.lineno, self.reason) == (other.lineno, other.reason)

    def __hash__(self) -> int:
        return hash((self.lineno, self.reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stamped:
    """`seq` is the place in the history, `t` seconds on a monotonic clock since the run began, `wall` a timestamp."""

    kind: ClassVar[str]
    seq: int
    t: float
    wall: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header(_Stamped):
    """What was judged, with what, and what could be seen. The first line."""

    kind: ClassVar[str] = "header"
    history: int = 1
    contract: str
    run: str
    seed: int
    race_tries: int | None = None
    target: Mapping[str, str]
    dialect: str | None
    capabilities: Mapping[str, Any]
    patience: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(_Stamped):
    """Something about the run itself: a scenario begins or ends, a state is arranged, a fence is through."""

    kind: ClassVar[str] = "mark"
    mark: MarkName
    scenario: str | None = None
    state: str | None = None
    params: Mapping[str, Any] | None = None
    bindings: Mapping[str, Any] | None = None
    unsupported: str | None = None
    fence: Mapping[str, Any] | None = None
    observer: Observer | None = None
    text: str | None = None
    complete: bool | None = None
    outage: Mapping[str, Any] | None = None
    refused: Mapping[str, Any] | None = None
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(_Stamped):
    """A request, at the moment it is sent. `case` is the check it was made for, `actor` who makes it."""

    kind: ClassVar[str] = "call"
    call: str
    operation: str
    scenario: str | None = None
    case: str | None = None
    actor: str
    params: Mapping[str, Any]
    body: Any = ABSENT
    method: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(_Stamped):
    """The answer to a call, or that there was none in time (`indeterminate`: it may have had its effect)."""

    kind: ClassVar[str] = "reply"
    call: str
    outcome: Literal["replied", "indeterminate"]
    status: int | None = None
    content_type: str | None = None
    headers: Mapping[str, str] | None = None
    body: Any = ABSENT
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine(_Stamped):
    """A realtime event, as one observer saw it."""

    kind: ClassVar[str] = "event"
    observer: Observer
    channel: str
    name: str
    data: Any
    size: int | None = None
    connection: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeLine(_Stamped):
    """A read of the suite: sent at `begun`, in at `t`. `event` is the seq of the event that triggered it.

    `answer` is a read that was sent as soon as the answer to the call was in, `after` one when all had come to rest.
    """

    kind: ClassVar[str] = "probe"
    probe: str
    scenario: str | None = None
    subject: Mapping[str, Any]
    when: Literal["before", "after", "event", "answer"]
    call: str | None = None
    event: int | None = None
    begun: float
    state: Any = ABSENT
    missing: str | None = None


Line: TypeAlias = Header | Mark | Call | Reply | EventLine | ProbeLine

_KINDS: Mapping[str, type[Line]] = {
    cls.kind: cls for cls in (Header, Mark, Call, Reply, EventLine, ProbeLine)
}
_REFS = {kind: f"{SCHEMA}#/$defs/{kind}" for kind in _KINDS}
_STAMPS = ("seq", "t", "wall")
# To a schema 1 and 1.0 are one number; here each field has one type, so that equal lines have equal texts.
_NUMBERS: Mapping[str, type[int] | type[float]] = {
    **dict.fromkeys(("t", "begun", "since", "until"), float),
    **dict.fromkeys(("seq", "history", "seed", "status", "size", "connection", "event"), int),
}
_FIELDS = {
    kind: tuple((one.name, one.default) for one in fields(cls) if one.name not in _STAMPS)
    for kind, cls in _KINDS.items()
}
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def read_line(text: str, lineno: int = 1) -> Line:
    """The line a text holds. BrokenLine says what is wrong with it, and where."""
    try:
        data = _decode(text)
    except RecursionError:
        raise BrokenLine(lineno, "the JSON is nested too deeply.") from None
    except ValueError as error:
        raise BrokenLine(lineno, f"this is not JSON: {error}.") from None
    kind = data.get("kind") if isinstance(data, dict) else None
    cls = _KINDS.get(kind) if isinstance(kind, str) else None
    if cls is None or kind is None:
        raise BrokenLine(lineno, f"a line is an object whose kind is one of {', '.join(_KINDS)}.")
    if not schema_store().valid(_REFS[kind], data):
        first, *more = schema_store().problems(_REFS[kind], data)
        others = f", and {len(more)} more" if more else ""
        raise BrokenLine(lineno, f"this is no {kind} line: {first.message}{others}.")
    del data["kind"]
    for name in data.keys() & _NUMBERS.keys():
        data[name] = _NUMBERS[name](data[name])
    return cls(**data)


def write_line(line: Line) -> str:
    """The text of a line, without a newline; the same for equal lines. ValueError for what JSON cannot say (NaN)."""
    parts = [
        f'{{"seq":{line.seq},"kind":"{line.kind}","t":{_encode(float(line.t))},"wall":{_encode(line.wall)}'
    ]
    for name, default in _FIELDS[line.kind]:
        value = getattr(line, name)
        if value is not ABSENT and (value is not None or default is not None):
            parts.append(f'"{name}":{_encode(value)}')
    return ",".join(parts) + "}"


def read_history(lines: Iterable[str]) -> Iterator[Line | BrokenLine]:
    """Each line of a history as it comes, a broken one as its BrokenLine; blank lines are passed over."""
    for lineno, text in enumerate(lines, start=1):
        if text.strip():
            try:
                yield read_line(text, lineno)
            except BrokenLine as broken:
                yield broken


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is too large a number")
    return number


_decode = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite).decode
