"""How a comparison is told: JSON for programs, Markdown for a summary of CI, text for a terminal or a pipe."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import metadata
from itertools import zip_longest
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from contract.diff import Change, Comparison, Impact, Level

_SHOWN = 4
_SIDES = {"consumers": "frontends", "providers": "backends"}
_STYLES = {Level.BREAKING: "bold red", Level.COMPATIBLE: "green", Level.DOCS_ONLY: "dim"}
_STEPS = {"properties", "$defs", "patternProperties"}


def as_json(found: Comparison, old: str, new: str) -> dict[str, Any]:
    """The comparison by `schemas/files/contract_diff.schema.json`. `old` and `new` are the sources as they were named."""
    return {
        "contract_diff": 1,
        "staycheck": metadata.version("staycheck"),
        "old": {"source": old, "contract": found.old_version},
        "new": {"source": new, "contract": found.new_version},
        "summary": {side: _counts(found, side) for side in _SIDES},
        "changes": [_change(change) for change in found.changes],
    }


def _counts(found: Comparison, side: str) -> dict[str, int]:
    levels = [getattr(change, side).level for change in found.changes]
    return {level.value: levels.count(level) for level in (Level.BREAKING, Level.COMPATIBLE, Level.DOCS_ONLY)}


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "document": change.document,
        "places": list(change.places),
        "what": change.what,
        "consumers": _impact(change.consumers),
        "providers": _impact(change.providers),
        "used_by": list(change.used_by),
    }


def _impact(impact: Impact) -> dict[str, Any]:
    return {"level": impact.level.value, "certain": impact.certain, "why": impact.why}


def headline(found: Comparison, old: str, new: str) -> str:
    """One or two sentences that say it all."""
    versions = f"{found.old_version} -> {found.new_version}"
    if not found.changes:
        return f"The contract did not change between {old} and {new} ({versions})."
    counts = {side: _counts(found, side) for side in _SIDES}
    broken = [
        f"{_number(counts[side]['breaking'], 'break', 'breaks')} {side} ({who})"
        for side, who in _SIDES.items()
    ]
    total = "1 change" if len(found.changes) == 1 else f"{len(found.changes)} changes"
    return f"{total} from {old} to {new} ({versions}): {broken[0]}, {broken[1]}."


def _number(count: int, many: str, one: str) -> str:
    return f"{count or 'none'} {one if count <= 1 else many}"


def sections(found: Comparison) -> list[tuple[str, list[Change]]]:
    """The changes under headings, worst first; empty headings are left out."""
    headings: dict[str, list[Change]] = {
        "Breaks consumers and providers": [],
        "Breaks consumers": [],
        "Breaks providers": [],
        "Compatible": [],
        "Only documentation": [],
    }
    for change in found.changes:
        broken = [side for side in _SIDES if getattr(change, side).level is Level.BREAKING]
        if broken:
            headings[f"Breaks {' and '.join(broken)}"].append(change)
        else:
            headings["Compatible" if change.level is Level.COMPATIBLE else "Only documentation"].append(
                change
            )
    return [(heading, changes) for heading, changes in headings.items() if changes]


def place_in_words(place: str) -> str:
    """A JSON Pointer below `#` as a path people read (`party.primary.role`, `guests[]`); a name as it is."""
    if not place.startswith("#"):
        return place
    steps = [step.replace("~1", "/").replace("~0", "~") for step in place.split("/")[1:]]
    out = ""
    while steps:
        step = steps.pop(0)
        if step in _STEPS and steps:
            out += f".{steps.pop(0)}"
        elif step == "items":
            out += "[]"
        elif steps and steps[0].isdigit():
            out += f".{step}[{steps.pop(0)}]"
        else:
            out += f".{step}"
    return out.lstrip(".")


def where(change: Change) -> str:
    """Document and places, the first few of them."""
    places = [place_in_words(place) for place in change.places if place != "document"]
    told = _some([place for place in places if place])
    return f"{change.document}  {told}" if told else change.document


def _some(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more


def print_text(found: Comparison, old: str, new: str, out: Console) -> None:
    """For people: what breaks first, each with why for either side; then a line for each of the rest."""
    for heading, changes in sections(found):
        breaking = changes[0].level is Level.BREAKING
        out.print(Text(f"{heading} ({len(changes)})", "bold red" if breaking else "bold"))
        for change in changes:
            out.print(Padding(Text.assemble((where(change), "bold" if breaking else "")), (0, 0, 0, 2), expand=False))  # fmt: skip
            out.print(Padding(Text(change.what), (0, 0, 0, 4), expand=False))
            if change.level is not Level.DOCS_ONLY:
                same = change.consumers == change.providers
                for side, impact in (
                    (("both", change.consumers),)
                    if same
                    else (("consumers", change.consumers), ("providers", change.providers))
                ):
                    line = Text.assemble((f"{side:<10}", "dim"), (f"{impact.headline}: ", _STYLES[impact.level]), impact.why)  # fmt: skip
                    out.print(Padding(line, (0, 0, 0, 4), expand=False))
            if change.used_by:
                out.print(Padding(Text(f"in {_some(change.used_by)}", "dim"), (0, 0, 0, 4), expand=False))
        out.print()
    out.print(headline(found, old, new))


def as_markdown(found: Comparison, old: str, new: str) -> str:
    """For a pull request or the summary of a CI job: a table for each heading, the harmless ones folded."""
    lines = ["## Contract changes", "", _escaped(headline(found, old, new)), ""]
    for heading, changes in sections(found):
        folded = changes[0].level is not Level.BREAKING
        lines += (
            [f"<details><summary>{heading} ({len(changes)})</summary>", ""]
            if folded
            else [f"### {heading} ({len(changes)})", ""]
        )
        lines += [
            "| where | what | consumers (frontends) | providers (backends) |",
            "| --- | --- | --- | --- |",
        ]
        lines += [_row(change) for change in changes]
        lines += ["", "</details>", ""] if folded else [""]
    return "\n".join(lines).rstrip() + "\n"


def _row(change: Change) -> str:
    used = f" (in {_some(change.used_by)})" if change.used_by else ""
    cells = [_escaped(where(change)), _escaped(change.what + used)]
    for side in _SIDES:
        impact: Impact = getattr(change, side)
        mark = f"**{impact.headline}**" if impact.level is Level.BREAKING else impact.headline
        cells.append(f"{mark}: {_escaped(impact.why)}")
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Text that Markdown and HTML leave alone. Names between backquotes are code, where nothing but a table's bar counts."""
    parts = " ".join(text.split()).split("`")
    if len(parts) % 2 == 0:  # a backquote of the contract's own
        parts = ["'".join(parts)]
    plain = [re.sub(r"([\\|<>*\[\]])", r"\\\1", part.replace("&", "&amp;")) for part in parts[::2]]
    code = [part.replace("|", r"\|") for part in parts[1::2]]
    return "".join(a + (f"`{b}`" if b else "") for a, b in zip_longest(plain, code, fillvalue=""))
