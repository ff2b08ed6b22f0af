"""Whether a server can speak a dialect: what it hears must mean one thing only, and what it sends must be sendable.

To read a backend takes less: whoever asks knows what it asks for. A dialect may be readable and not speakable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from contract.channels import KEY_FIELDS, Channel
from contract.dialect import Dialect, DialectError
from contract.operations import Operation, operations
from contract.pusher.names import channel_name_problem, event_name_problem

_SAMPLE: Final[Mapping[str, Any]] = {
    "hotel_slug": "grand-demo",
    "hotel_id": 1,
    "booking_id": "BK-2026-0001",
    "room_id": 7,
    "room_number": 101,
}
_BRACES = re.compile(r"\{(\w*)\}")


def check_speakable(dialect: Dialect, taken: Sequence[str] = ()) -> None:
    """DialectError for what a server could not speak. `taken` are prefixes of paths that are the server's own."""
    for one in operations().values():
        _check_template(dialect, one, taken)
    for one in operations().values():
        _check_read_back(dialect, one)
    for kind, field in KEY_FIELDS.items():
        name = dialect.to_wire_channel(Channel(kind, str(_SAMPLE[field])).name, _SAMPLE)
        problem = channel_name_problem(name)
        if problem is not None:
            raise DialectError(f"channels: {_inside(problem)}", ("channels", kind))
        if name.startswith("private-encrypted-"):
            raise DialectError(
                "channels: a server that speaks a dialect has no key for encrypted channels",
                ("channels", kind),
            )
    for name, said in dialect.event_names.items():
        problem = event_name_problem(said)
        if problem is not None:
            raise DialectError(f"event_names: {_inside(problem)}", ("event_names", name))


def _check_template(dialect: Dialect, one: Operation, taken: Sequence[str]) -> None:
    template, place = _written(dialect, one)
    if not template.startswith("/") or "?" in template or "#" in template:
        raise DialectError(
            f"paths: {template!r} of {one.id} must be a path that begins with a slash, without a query, to be served",
            place,
        )
    names = _BRACES.findall(template)
    given = set(names)
    if len(given) != len(names):
        raise DialectError(f"paths: {template!r} of {one.id} has a parameter twice", place)
    for name in one.path_parameters:
        same = {"room_id", "room_number"} if name.startswith("room_") else {name}
        if not given & same:
            raise DialectError(
                f"paths: {template!r} of {one.id} has no {{{name}}}, so a server could not know which one is meant",
                place,
            )
    for prefix in taken:
        if template.startswith(prefix):
            raise DialectError(
                f"paths: {template!r} of {one.id} stands below {prefix}, which is the server's own", place
            )


def _check_read_back(dialect: Dialect, one: Operation) -> None:
    template, place = _written(dialect, one)
    said = dialect.to_wire_path(one.id, _SAMPLE)
    read = dialect.to_canonical_path(dialect.to_wire_method(one.id), said)
    if read is None or read[0] != one:
        other = "nothing" if read is None else read[0].id
        raise DialectError(f"paths: {template!r} of {one.id} would be taken for {other}", place)
    for name, value in read[1].items():
        if value != str(_SAMPLE[name]):
            raise DialectError(f"paths: {template!r} of {one.id} leaves open where {{{name}}} ends", place)


def _written(dialect: Dialect, one: Operation) -> tuple[str, tuple[str, ...]]:
    """The template of an operation, and where the document says it."""
    own = one.id in dialect.path_words.templates
    return dialect.path_words.template(one), ("paths", one.id) if own else ("base_path",)


def _inside(sentence: str) -> str:
    """A sentence as a part of another."""
    return sentence[:1].lower() + sentence[1:]
