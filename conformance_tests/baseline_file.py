"""The baseline as a TOML file: read with errors that name the line, written anew with what people wrote into it kept."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Comment, Item, Key

from conformance_tests.baseline import Baseline, Entry
from conformance_tests.baseline import Key as Known
from conformance_tests.rule import all_rules, nearest
from conformance_tests.target_problems import describe_problem, line_of

_HEADER = """\
# Failures that are known and do not fail the build, by rule and fingerprint. `--baseline-update` keeps this file sorted,
# adds what is new, takes out what is gone, and leaves reasons, dates and comments as they are.
# A comment right above a [[known]] belongs to it. `expires = 2027-01-31` accepts a failure up to that day.
version = 1
"""
Body = list[tuple[Key | None, Item]]


class BaselineError(ValueError):
    """The file is no baseline. The message is one sentence for its author."""


def read_baseline(path: Path) -> tuple[Baseline, str]:
    """The known failures of a file, and its text. Raises BaselineError, and OSError when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BaselineError(f"{path} is no TOML: {error}.") from None
    return parse_baseline(document, str(path), text), text


def parse_baseline(document: Mapping[str, Any], source: str, text: str) -> Baseline:
    """The known failures of a document that was read from `text`. Raises BaselineError."""
    plain = _plain(document)
    problem = describe_problem(plain, "baseline", source, text)
    if problem is not None:
        raise BaselineError(problem)
    rules = all_rules()
    ids = {rule.id for rule in rules}
    entries: dict[Known, Entry] = {}
    for number, known in enumerate(plain.get("known", ())):
        line = line_of(text, ["known", str(number)], "rule")
        where = source if line is None else f"{source}, line {line}"
        if known["rule"] not in ids:
            near = nearest(known["rule"], rules)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise BaselineError(f"{where}: there is no rule {known['rule']}{hint}")
        expires = date.fromisoformat(known["expires"]) if "expires" in known else None
        entry = Entry(known["rule"], known["fingerprint"], known["reason"], expires)
        if entry.key in entries:
            raise BaselineError(f"{where}: this rule and fingerprint stand there twice.")
        entries[entry.key] = entry
    return Baseline(tuple(entries.values()))


def _plain(value: Any) -> Any:
    """The document as JSON has it: a date is a text."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


@dataclass(frozen=True, slots=True)
class _Written:
    """A `[[known]]` of the file: the comments right above it, what stands behind it on its line, and what is in it."""

    above: str
    beside: str
    inside: str


@dataclass(slots=True)
class _Layout:
    """A file, taken apart: what stands before the entries, and the entries."""

    head: str = _HEADER
    entries: dict[Known, _Written] = field(default_factory=dict)


def write_baseline(text: str | None, entries: Iterable[Entry], messages: Mapping[Known, str]) -> str:
    """The text of a file with these entries, in their order; those that `text` has as they were written there.

    `messages` are what new failures say. Raises BaselineError when the file has its entries in another form.
    """
    layout = _Layout() if text is None else _taken_apart(text)
    pieces = [layout.head.rstrip("\n") + "\n"] if layout.head.strip() else []
    for entry in entries:
        written = layout.entries.get(entry.key) or _new(entry, messages.get(entry.key))
        pieces.append(f"{written.above}[[known]]{written.beside}\n{written.inside.rstrip()}\n")
    return "\n".join(pieces)


def _new(entry: Entry, message: str | None) -> _Written:
    table = tomlkit.table()
    table["rule"], table["fingerprint"] = entry.rule, entry.fingerprint
    if message:
        table["message"] = message
    table["reason"] = entry.reason
    if entry.expires is not None:
        table["expires"] = entry.expires
    return _Written("", "", table.as_string())


def _taken_apart(text: str) -> _Layout:
    # One form of line end throughout, so that entries of any origin can stand side by side.
    document = tomlkit.parse(text.replace("\r\n", "\n"))
    found = document.get("known", [])
    if not isinstance(found, AoT):
        if found:
            raise BaselineError("--baseline-update needs the entries of the file as [[known]] tables.")
        document.pop("known", None)
        return _Layout(document.as_string())
    body: Body = list(document.body)
    before = body[: next(index for index, (_, item) in enumerate(body) if isinstance(item, AoT))]
    document.remove("known")
    head, above = _parted(document.as_string(), before)
    layout = _Layout(head)
    for table in found.body:
        last = table is found.body[-1]  # what stands at the end of the file is above nothing
        inside, below = _parted(table.as_string(), [] if last else list(table.value.body))
        key = str(table["rule"]), str(table["fingerprint"])
        layout.entries[key] = _Written(above, table.trivia.comment_ws + table.trivia.comment, inside)
        above = below
    return layout


def _parted(text: str, body: Body) -> tuple[str, str]:
    """The text without the comments at its end, which belong to the table that follows, and these comments.

    tomlkit takes them for a part of what stands before them. Each is a line.
    """
    comments = 0
    for key, item in reversed(body):
        if key is not None or not isinstance(item, Comment):
            break
        comments += 1
    lines = text.splitlines(keepends=True)
    cut = len(lines) - comments
    return "".join(lines[:cut]), "".join(lines[cut:])
