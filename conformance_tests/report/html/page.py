"""A report as a page: what broke, with the picture of each failure, what could not be judged, and every verdict."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from conformance_tests.report.html.collector import Wanted
from conformance_tests.report.html.items import milliseconds
from conformance_tests.report.html.text import policy_source, visible
from conformance_tests.report.html.timeline import Picture, picture_of
from conformance_tests.report.html.windows import windows
from contract.clauses import Clause, load_clauses

PICTURES = 3
"""Different violations of a rule that are shown at length, each with its picture; the others are told in short."""
MOST_PICTURES = 200
"""Pictures of a report. Past them rules have one each, and past twice as many none."""
OPEN = 6
"""Failures that are open when the page is; with more, the first so many, and the rest at a touch."""

_RANK = {"MUST": 0, "SHOULD": 1, "MAY": 2}
_REASONS = 4
"""Reasons told per rule."""
_VERDICTS = ("fail", "error", "inconclusive", "skipped", "pass")
_PATH = resources.files("conformance_tests.report.html") / "templates"


@dataclass(frozen=True, slots=True)
class Case:
    """Violations of one rule that say the same: the first with its picture, the others told in short."""

    violation: Mapping[str, Any]
    others: tuple[Mapping[str, Any], ...]
    picture: Picture | None
    why_none: str

    @property
    def number(self) -> int:
        return 1 + len(self.others)

    @property
    def proof(self) -> list[tuple[int, str, str | None]]:
        """The witness lines: seq, in a few words, and in full where the picture has it. Times are those of the picture."""
        items = self.picture.items if self.picture else ()
        drawn = {line.seq: (item, line) for item in items for line in item.proof}
        found: list[tuple[int, str, str | None]] = []
        for line in self.violation["witness"]:
            if line["seq"] not in drawn:
                found.append((line["seq"], line["line"], None))
                continue
            item, whole = drawn[line["seq"]]
            at = item.begun + (whole.t - item.lines[0].begun) * 1000
            found.append((line["seq"], f"{milliseconds(at / 1000)} ms {whole.words}", whole.json))
        return found


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that is broken, with its clauses in the order in which its violations name them."""

    rule: Mapping[str, Any]
    clauses: tuple[Clause, ...]
    cases: tuple[Case, ...]
    more: tuple[Mapping[str, Any], ...]
    """The violations that are told in short."""
    counts: bool
    known: bool


def to_html(report: Mapping[str, Any], history: Path) -> str:
    """The page. Deterministic: the same report and history give the same text. Raises `OSError` when the history cannot be read."""
    rules = sorted(report["rules"], key=lambda rule: (_RANK[rule["level"]], rule["id"]))
    failures = _failures([rule for rule in rules if rule["verdict"] == "fail"], report["level"], history)
    style, script = _file("report.css"), _file("report.js")
    return _environment().get_template("report.html").render(
        report=report,
        rules=rules,
        failures=failures,
        errors=[rule for rule in rules if rule["verdict"] == "error"],
        unjudged=_unjudged(rules, driven=report["history"]["complete"] is not None),
        groups=_groups(report["rules"]),
        verdicts=_VERDICTS,
        clauses=load_clauses(),
        opened=OPEN,
        style=style,
        script=script,
        style_source=policy_source(style),
        script_source=policy_source(script),
    )  # fmt: skip


def _failures(rules: Sequence[Mapping[str, Any]], gate: str, history: Path) -> list[Failure]:
    cases = {rule["id"]: _cases(rule["violations"]) for rule in rules}
    drawn: list[tuple[str, int]] = []
    for rank in range(PICTURES):
        for rule in rules:
            if rank < len(cases[rule["id"]]) and len(drawn) < (
                2 * MOST_PICTURES if rank == 0 else MOST_PICTURES
            ):
                drawn.append((rule["id"], rank))
    wanted = [_wanted(cases[rule_id][number][0]) for rule_id, number in drawn]
    found = windows(history, wanted)
    pictures = {
        place: picture_of(window, letters=place[0].startswith("races/"))
        for place, window in zip(drawn, found, strict=True)
    }
    failures = [_failure(rule, cases[rule["id"]], pictures, gate) for rule in rules]
    return sorted(failures, key=lambda failure: failure.known)  # what is new first


def _failure(
    rule: Mapping[str, Any],
    cases: Sequence[Sequence[Mapping[str, Any]]],
    pictures: Mapping[tuple[str, int], Picture | None],
    gate: str,
) -> Failure:
    told = []
    for number, (first, *others) in enumerate(cases[:PICTURES]):
        place = (rule["id"], number)
        why = f"No picture: this report has its {MOST_PICTURES} already."
        if place in pictures:
            why = (
                "No picture: the violation is about the history as a whole, or its lines are not in the file."
            )
        told.append(Case(first, tuple(others), pictures.get(place), why))
    known = load_clauses()
    named = dict.fromkeys(violation["clause"] for violation in rule["violations"])
    return Failure(
        rule,
        tuple(known[name] for name in named if name in known),
        tuple(told),
        tuple(violation for case in cases[PICTURES:] for violation in case),
        _RANK[rule["level"]] <= _RANK[gate],
        all(violation.get("known") for violation in rule["violations"]),
    )


def _wanted(violation: Mapping[str, Any]) -> Wanted:
    return Wanted(tuple(line["seq"] for line in violation["witness"]), violation["scenario"])


def _cases(violations: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Violations with one fingerprint together, in the order in which they are told."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for violation in violations:
        found[violation["fingerprint"]].append(violation)
    return list(found.values())


def _unjudged(rules: Sequence[Mapping[str, Any]], *, driven: bool) -> Mapping[str, list[str]]:
    """By reason, because one missing capability leaves many rules open. What a log of events skips is no gap of a run."""
    verdicts = ("inconclusive", "skipped") if driven else ("inconclusive",)
    found: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        if rule["verdict"] in verdicts:
            for reason in rule["reasons"][:_REASONS]:
                found[reason].append(rule["id"])
    return found


def _groups(rules: Iterable[Mapping[str, Any]]) -> Mapping[str, list[Mapping[str, Any]]]:
    """By the first part of their ids, in the order of the report."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for rule in rules:
        found[rule["id"].split("/")[0]].append(rule)
    return found


def _file(name: str) -> str:
    return (_PATH / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("conformance_tests.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters["ms"] = lambda value: milliseconds(value / 1000)
    found.filters["moment"] = lambda value: re.sub(r"\.\d+", "", value).replace("T", " ")
    found.filters["parts"] = _parts
    return found


def _parts(text: str) -> list[str]:
    """A long text that lists things, one to a line."""
    return text.split("; ") if len(text) > 160 else [text]
