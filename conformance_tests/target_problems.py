"""What is wrong with a target or dialect document, in one sentence with the line and the nearest right key."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contract.dialect import DialectError, parse_dialect
from contract.schema_store import Problem, schema_store

_SECRETS = frozenset({"password", "token", "secret"})


def describe_problem(document: Any, schema: str, source: str, text: str | None) -> str | None:
    """The first problem of a document by `schemas/files/<schema>.schema.json` as a sentence; None when there is none.

    `text` is what the document was read from: with it, the sentence names the line.
    """
    ref = f"files/{schema}.schema.json"
    if schema_store().valid(ref, document):
        return None
    problems = schema_store().problems(ref, document)
    # a mistyped key explains the missing one, so it is told first
    problem = next((found for found in problems if found.keyword == "additionalProperties"), problems[0])
    path = _steps(problem)
    line = None if text is None else line_of(text, path[:-1], path[-1] if path else "")
    where = source if line is None else f"{source}, line {line}"
    told = _told(problem, path)
    return f"{where}: {told}" + ("" if told.endswith("?") else ".")


def describe_dialect(
    document: Mapping[str, Any],
    source: str,
    text: str | None,
    *above: str,
    use: Callable[[Mapping[str, Any]], object] = parse_dialect,
) -> str | None:
    """Why a dialect that has its schema's form cannot be used, as a sentence; None when it can.

    `above` is the key it stands under; `use` raises DialectError for what it is of no use for.
    """
    try:
        use(document)
    except DialectError as error:
        path = [*above, *error.place]
        line = None if text is None or not error.place else line_of(text, path[:-1], path[-1])
        where = source if line is None else f"{source}, line {line}"
        return f"{where}: the dialect cannot be used: {error}."
    return None


def _steps(problem: Problem) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in problem.pointer.split("/")[1:]]


def _told(problem: Problem, path: Sequence[str]) -> str:
    if path and path[-1] in _SECRETS:
        return f"{'.'.join(path)} has the wrong form"  # the usual words would print it
    slashed = "/".join(path)
    return problem.message.replace(slashed, ".".join(path), 1) if slashed else problem.message


def line_of(text: str, path: Sequence[str], key: str) -> int | None:
    """The line (from 1) of a key in TOML or JSON text: under its table when the text has one, else its first mention.

    The tables of an array, `[[known]]`, are counted from 0 in `path`: `known`, `2`. A key that is missing in one of them is
    looked for at its head.
    """
    if not key:
        return None
    mention = re.compile(rf"""(^|[\s{{,."'\[]){re.escape(key)}["']?\s*[=:\].]""")
    table = ".".join(path)
    current, first, head = "", None, None
    counts: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("["):
            current = stripped.partition("#")[0].strip("[] ").replace('"', "")
            if stripped.startswith("[["):
                counts[current] += 1
                current = f"{current}.{counts[current] - 1}"
                head = number if current == table else head
        if stripped.startswith("#") or mention.search(line) is None:
            continue
        first = first or number
        if current in (table, ".".join([*path, key])):
            return number
    return head or first
