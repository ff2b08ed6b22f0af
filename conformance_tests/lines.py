"""Reads the lines of a history from bytes: each with its place in the file, or what is wrong with it.

A file holds the lines of a recorded history, or it is an export: one event a line, `{channel, name, data}` as a Pusher
server or client logs it. What its first readable line is decides; lines of the other sort are foreign. Nothing is ever
fatal: a line that is no line of the file is told as a `BrokenLine` and passed over. Lines are bounded by `LONGEST`, so one
without an end takes no more memory than that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import msgspec

from conformance_tests.json_text import read_data
from contract.history import BrokenLine, read_line
from contract.redaction import Redactor
from contract.schema_store import schema_store

LONGEST = 32 << 20
"""Bytes of the longest line that is read. A longer one is no line of a history: replies and events are kilobytes."""

_SCHEMA = "files/history_line.schema.json"
_SKIPPED_AT_ONCE = 1 << 20
_BOM = b"\xef\xbb\xbf"
_decode = msgspec.json.Decoder().decode


@dataclass(slots=True)
class Found:
    """A line and where it stands: `offset` and `size` in bytes, `lineno` from 1; `value` is its object."""

    value: dict[str, Any]
    offset: int
    size: int
    lineno: int
    marked: bool
    """The text holds a fingerprint, that of a secret."""


def read_lines(stream: IO[bytes], longest: int = LONGEST) -> Iterator[Found | BrokenLine]:
    """Every line of a file. Empty ones are passed over, as is a byte order mark."""
    offset = lineno = 0
    sort: _Sort | None = None
    last_seq = -1
    while text := stream.readline(longest + 1):
        lineno += 1
        start, offset = offset, offset + len(text)
        if len(text) > longest:
            offset += _skip_line(stream, text)
            yield BrokenLine(
                lineno, f"it has {offset - start} bytes, more than the {longest} a line may have."
            )
            continue
        if lineno == 1 and text.startswith(_BOM):
            text, start = text[len(_BOM) :], start + len(_BOM)
        value = _parse(text)
        if value is None:
            if text.strip():
                yield _broken(text, lineno)
            continue
        if sort is None:
            sort = EXPORT if _is_export(value) else HISTORY
        read = sort.read(value, lineno)
        if read is None:
            yield _foreign(text, lineno, sort)
        elif read["seq"] <= last_seq:
            told = f"its seq is {read['seq']}, and that of the line before it {last_seq}: are these two histories in one file?"
            yield BrokenLine(lineno, told)
        else:
            last_seq = read["seq"]
            yield Found(read, start, len(text), lineno, b"fp:" in text)


def read_again(text: bytes, lineno: int) -> dict[str, Any]:
    """A line that `read_lines` has read, once more from its bytes."""
    value: dict[str, Any] | None = _parse(text)
    if value is not None and "kind" not in value:
        value = EXPORT.read(value, lineno)
    if value is None:
        raise OSError("the history was changed while it was judged")
    return value


@dataclass(frozen=True, slots=True)
class _Sort:
    """What the lines of a file are."""

    name: str
    export: bool

    def read(self, value: Any, lineno: int) -> dict[str, Any] | None:
        """The history line of an object; None when it is no line of such a file."""
        if self.export:
            return _of_export(value, lineno) if _is_export(value) else None
        return value if schema_store().valid(_SCHEMA, value) else None


HISTORY = _Sort("a recorded history", export=False)
EXPORT = _Sort("a log of events", export=True)


def _parse(text: bytes) -> Any:
    """The JSON value of a line; None when there is none that is an object."""
    try:
        value = _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # The fast reader refuses half a surrogate pair, which JSON allows.
        if b"\\u" not in text:
            return None
        try:
            value = json.loads(text.decode(), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return None
    except RecursionError:
        return None
    return value if isinstance(value, dict) else None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _is_export(value: Any) -> bool:
    if not isinstance(value, dict) or "kind" in value:
        return False
    channel, name = value.get("channel"), value.get("name", value.get("event"))
    return isinstance(channel, str) and bool(channel) and isinstance(name, str) and bool(name)


def _of_export(value: dict[str, Any], lineno: int) -> dict[str, Any]:
    data, size = read_data(value.get("data"))
    return {
        "seq": lineno,
        "kind": "event",
        "t": 0.0,
        "observer": "file",
        "channel": value["channel"],
        "name": value.get("name", value.get("event")),
        "data": Redactor().clean(data),
        "size": size,
    }


def _foreign(text: bytes, lineno: int, sort: _Sort) -> BrokenLine:
    if sort.export:
        return BrokenLine(lineno, "it is no event: a line of a log of events is {channel, name, data}.")
    return _broken(text, lineno)


def _broken(text: bytes, lineno: int) -> BrokenLine:
    """The line once more, by the slower path that can say what is wrong with it."""
    try:
        told = text.decode()
    except UnicodeDecodeError as wrong:
        return BrokenLine(lineno, f"it is not UTF-8: byte {text[wrong.start]:#04x} at {wrong.start}.")
    try:
        read_line(told.rstrip("\r\n"), lineno)
    except BrokenLine as broken:
        brace = text.find(b"{")
        if brace > 0 and text[:brace].strip() and _parse(text[brace:]) is not None:
            return BrokenLine(lineno, "it has text before its JSON, such as a log puts there: cut that off.")
        if not text.endswith(b"\n") and _parse(text) is None:
            return BrokenLine(lineno, "the file ends in the middle of it.")
        return broken
    return BrokenLine(lineno, "it is not what files/history_line.schema.json describes.")


def _skip_line(stream: IO[bytes], text: bytes) -> int:
    """Read to the end of a line that is too long; how many bytes that were."""
    skipped = 0
    while text and not text.endswith(b"\n"):
        text = stream.readline(_SKIPPED_AT_ONCE)
        skipped += len(text)
    return skipped
