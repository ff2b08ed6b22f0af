"""Comparing recorded values: instants not strings, precision as coarse as the coarser side, numbers as numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from contract.timestamps import parse_timestamp

_LONGEST = 160
_QUARTER = timedelta(minutes=15)
_WIDEST_OFFSET = timedelta(hours=15)


def instant(value: Any) -> datetime | None:
    """The moment a string names; None when it is no timestamp with an offset."""
    if not isinstance(value, str):
        return None
    try:
        return parse_timestamp(value)
    except ValueError:
        return None


def moment(value: Any) -> datetime | None:
    """As `instant`, and also of a time without an offset; what its offset is, is not known then."""
    found = instant(value)
    if found is not None or not isinstance(value, str) or "T" not in value:
        return found
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _quarter_hours_apart(left: str, right: str) -> bool:
    """Two times of which one or both have no offset: they may be the same moment, read with the offset of some zone.

    That an offset is there is for the schema rules to say.
    """
    first, second = moment(left), moment(right)
    if first is None or second is None or (first.tzinfo and second.tzinfo):
        return False
    apart = abs(first.replace(tzinfo=None) - second.replace(tzinfo=None))
    rest = apart % _QUARTER
    step = timedelta(seconds=10.0 ** -min(_digits(left), _digits(right)))
    slack = step if _digits(left) != _digits(right) else timedelta(0)
    return apart < _WIDEST_OFFSET and (rest <= slack or _QUARTER - rest <= slack)


def _digits(text: str) -> int:
    """How many digits of a second a timestamp is written with."""
    _, dot, tail = text.partition(".")
    return len(tail.rstrip("Z").split("+")[0].split("-")[0]) if dot else 0


def same(left: Any, right: Any, *, coarse: bool = False) -> bool:
    """Deep equality in which timestamps are instants.

    With `coarse`, two timestamps are the same when they agree at the precision of the coarser one, truncated or rounded:
    one value in a reply and in a later read of a database that keeps milliseconds. A time without an offset then may have
    any, and a number may be written as text: how a value is written is for the schema rules to say.
    """
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if coarse and {type(left), type(right)} == {int, str}:
        return str(left) == str(right)
    if isinstance(left, str) and isinstance(right, str):
        if left == right:
            return True
        first, second = instant(left), instant(right)
        if first is None or second is None:
            return coarse and _quarter_hours_apart(left, right)
        if first == second:
            return True
        step = timedelta(seconds=10.0 ** -min(_digits(left), _digits(right)))
        return coarse and _digits(left) != _digits(right) and abs(first - second) < step
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key], coarse=coarse) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(
            same(a, b, coarse=coarse) for a, b in zip(left, right, strict=True)
        )
    return bool(left == right)


def same_set(left: Any, right: Any, *, coarse: bool = False) -> bool:
    """Two lists hold the same values, in any order. Anything that is no list is compared as it is."""
    if not (isinstance(left, list) and isinstance(right, list)):
        return same(left, right, coarse=coarse)
    rest = list(right)
    for value in left:
        for position, other in enumerate(rest):
            if same(value, other, coarse=coarse):
                del rest[position]
                break
        else:
            return False
    return not rest


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of two objects whose values differ, sorted. The order inside a list of guests is no difference."""
    keys = before.keys() | after.keys()
    return tuple(
        sorted(
            key for key in keys if (key in before) != (key in after) or not same_set(before[key], after[key])
        )
    )


def show(value: Any) -> str:
    """A value for a person: JSON, cut where it gets long."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def dig(value: Any, *path: str) -> Any:
    """The value at a path of object keys; None when a step is missing."""
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return value


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every (pointer, key, value) of an object at any depth; list members stand under the key of their list."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}/{key}", key, inner
            yield from leaves(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from leaves(inner, f"{path}/{position}")


def named(value: Any, keys: frozenset[str], path: str = "") -> Iterator[tuple[str, str, Any]]:
    """The (pointer, key, value) of `leaves` that stand under one of these keys, in less time."""
    found: list[tuple[str, str, Any]] = []
    _collect(value, keys, path, found)
    return iter(found)


def _collect(value: Any, keys: frozenset[str], path: str, found: list[tuple[str, str, Any]]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in keys:
                found.append((f"{path}/{key}", key, inner))
            if isinstance(inner, dict | list):
                _collect(inner, keys, f"{path}/{key}", found)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            if isinstance(inner, dict | list):
                _collect(inner, keys, f"{path}/{position}", found)


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every (pointer, text) of a value at any depth."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from strings(inner, f"{path}/{position}")
