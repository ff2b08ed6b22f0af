"""What `format` and `pattern` mean, once, for both schema libraries.

The explaining validator (jsonschema) and the fast one (jsonschema-rs) must agree on every instance, so both call the
same format functions, and the patterns, which the fast one reads as ECMA-262, are rewritten for Python's `re`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache

from contract.timestamps import parse_date, parse_timestamp


def is_timestamp(text: str) -> bool:
    """`format: date-time`: a real calendar date, seconds, at most six digits after them, and an offset."""
    return _parses(parse_timestamp, text)


def is_date(text: str) -> bool:
    """`format: date`: a real calendar date, YYYY-MM-DD."""
    return _parses(parse_date, text)


def _parses(parse: Callable[[str], date | datetime], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


ASSERTED: Mapping[str, Callable[[str], bool]] = {"date-time": is_timestamp, "date": is_date}
"""The formats that are checked; every other one only describes."""

UNASSERTED = (
    "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri",
    "iri-reference", "uuid", "uri-template", "json-pointer", "relative-json-pointer", "regex",
)  # fmt: skip
"""The formats jsonschema-rs would check on its own, each a little differently from everybody else."""

_CLASSES = {
    "d": "0-9",
    "w": "A-Za-z0-9_",
    "s": r"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
}


@cache
def python_pattern(pattern: str) -> re.Pattern[str]:
    r"""An ECMA-262 pattern for `re`.

    `$` is the very end (Python's also matches before a last newline), `\d` and `\w` are ASCII, `\s` is ECMA's.
    """
    out: list[str] = []
    in_class = False
    position = 0
    while position < len(pattern):
        char = pattern[position]
        position += 1
        if char == "\\":
            escaped = pattern[position]
            position += 1
            out.append(_escape(escaped, in_class))
            continue
        if char == "$" and not in_class:
            char = r"\Z"
        elif char == "[" and not in_class:
            in_class = True
        elif char == "]":
            in_class = False
        out.append(char)
    return re.compile("".join(out))


def _escape(char: str, in_class: bool) -> str:
    if char in _CLASSES:
        return _CLASSES[char] if in_class else f"[{_CLASSES[char]}]"
    if char in "DWS":
        if in_class:
            raise ValueError(f"a pattern of the contract has no \\{char} inside brackets")
        return f"[^{_CLASSES[char.lower()]}]"
    return "\\" + char
