"""The report on a terminal: failures first, then what could not be judged, then every rule's verdict, then the totals.

Fits 80 columns. Rich leaves out colour in a pipe and under NO_COLOR by itself.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from contract.clauses import clause

WIDTH = 100
SHOWN = 3
"""Violations shown per rule; the JSON report has the rest."""

_STYLES = {
    "pass": "green",
    "skipped": "dim",
    "inconclusive": "yellow",
    "fail": "bold red",
    "error": "bold magenta",
}
_MARKS = {"pass": ".", "skipped": "s", "inconclusive": "?", "fail": "F", "error": "E"}
_RANK = {"MUST": 0, "SHOULD": 1, "MAY": 2}
_REASONS = 4


def console(*, stderr: bool = False) -> Console:
    """A console no wider than is good to read, without markup or guessing at what to colour."""
    found = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    found.width = min(found.width, WIDTH)
    return found


def print_report(report: dict[str, Any], out: Console, *, every_rule: bool = False) -> None:
    """The whole report; with `every_rule` a line for each rule in place of a mark."""
    rules = sorted(report["rules"], key=lambda rule: (_RANK[rule["level"]], rule["id"]))
    for rule in rules:
        if rule["verdict"] == "fail":
            _failure(rule, report["level"], out)
    for rule in rules:
        if rule["verdict"] == "error":
            _line(out, Text.assemble(("ERROR ", _STYLES["error"]), (rule["id"], "bold")))
            _inside(out, "; ".join(rule["reasons"]))
    _broken(report["history"], out)
    driven = report["history"]["complete"] is not None
    unjudged = ("inconclusive", "skipped") if driven else ("inconclusive",)
    _inconclusive([rule for rule in rules if rule["verdict"] in unjudged], out)
    if not report["history"]["calls"]:
        _without_calls([rule for rule in rules if rule["verdict"] == "skipped"], out)
    (_list if every_rule else _table)(report["rules"], out)
    _totals(report, out)


def _line(out: Console, text: Text | str) -> None:
    out.print(text, soft_wrap=False)


def _inside(out: Console, text: Text | str, indent: int = 2) -> None:
    out.print(Padding(Text(text) if isinstance(text, str) else text, (0, 0, 0, indent), expand=False))


def _failure(rule: dict[str, Any], gate: str, out: Console) -> None:
    counts = _RANK[rule["level"]] <= _RANK[gate]
    head = Text.assemble(
        ("FAIL " if counts else "fail ", _STYLES["fail"] if counts else "red"), (rule["id"], "bold")
    )
    head.append(f"  {rule['level']}", "bold" if counts else "dim")
    if not counts:
        head.append("  (below the gate)", "dim")
    _line(out, head)
    told: set[str] = set()
    for violation in rule["violations"][:SHOWN]:
        if violation["clause"] not in told:
            told.add(violation["clause"])
            _inside(out, Text(f"{violation['clause']}: {clause(violation['clause']).text}", "italic"))
        _violation(violation, out)
    hidden = len(rule["violations"]) - SHOWN
    if hidden > 0:
        _inside(out, Text(f"and {hidden} more; --json has them all", "dim"))
    _inside(out, Text.assemble(("hint ", "cyan"), rule["violations"][0]["hint"]))
    out.print()


def _violation(violation: dict[str, Any], out: Console) -> None:
    where = f" in {violation['scenario']}" if violation["scenario"] else ""
    _inside(out, Text.assemble(("- ", "red"), violation["message"], (where, "dim")))
    _inside(out, Text.assemble(("expected  ", "dim"), " or ".join(violation["expected"])), 4)
    _inside(out, Text.assemble(("actual    ", "dim"), violation["actual"]), 4)
    for witness in violation["witness"]:
        _inside(out, Text(f"#{witness['seq']:<6} {witness['line']}", "dim"), 4)


def _inconclusive(rules: list[dict[str, Any]], out: Console) -> None:
    """By reason, because one missing capability leaves many rules open."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        for reason in rule["reasons"][:_REASONS]:
            by_reason[reason].append(rule["id"])
    for reason, ids in by_reason.items():
        _line(out, Text.assemble(("INCONCLUSIVE ", _STYLES["inconclusive"]), reason))
        _inside(out, Text(", ".join(ids), "dim"))
    if by_reason:
        out.print()


def _without_calls(rules: list[dict[str, Any]], out: Console) -> None:
    """Of a log of events most rules are skipped: how many, and why; `every_rule` and the JSON report have which."""
    for reason in dict.fromkeys(reason for rule in rules for reason in rule["reasons"][:1]):
        number = sum(reason in rule["reasons"] for rule in rules)
        _line(out, Text.assemble((f"NOT JUDGED {number} rules ", _STYLES["skipped"]), reason))
        out.print()


def _broken(history: dict[str, Any], out: Console) -> None:
    for broken in history["broken"]:
        _line(
            out,
            Text.assemble(
                ("SKIPPED ", _STYLES["inconclusive"]), f"line {broken['line']}: {broken['reason']}"
            ),
        )
    if history["complete"] is False:
        _line(
            out,
            Text.assemble(
                ("CUT SHORT ", _STYLES["inconclusive"]),
                "the run was interrupted, or events were still coming in: what is missing may only be late.",
            ),
        )
        out.print()
    if history["broken"]:
        _inside(out, "Without these lines nothing passes: record again, or take them out of the file.")
        out.print()


def _table(rules: list[dict[str, Any]], out: Console) -> None:
    """One mark per rule, one row per group."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for rule in rules:
        groups[rule["id"].split("/")[0]].append(rule)
    width = max((len(name) for name in groups), default=0)
    room = max(out.width - width - 6, 20)
    for name, members in groups.items():
        marks = Text()
        for rule in members:
            marks.append(_MARKS[rule["verdict"]], _STYLES[rule["verdict"]])
        for start in range(0, len(members), room):
            label = name if start == 0 else ""
            tail = f" {len(members)}" if start + room >= len(members) else ""
            _line(out, Text.assemble(label.ljust(width + 1), marks[start : start + room], (tail, "dim")))
    legend = "  ".join(f"{mark} {verdict}" for verdict, mark in _MARKS.items())
    _line(out, Text(legend, "dim"))
    out.print()


def _list(rules: list[dict[str, Any]], out: Console) -> None:
    """One line per rule: verdict, level, id, and how often there was something to judge."""
    for rule in rules:
        verdict = rule["verdict"]
        line = Text.assemble((f"{verdict:<13}", _STYLES[verdict]), (f"{rule['level']:<7}", "dim"), rule["id"])
        line.append(f"  {rule['judged']}x", "dim")
        _line(out, line)
    out.print()


def _seed(report: dict[str, Any]) -> str:
    """What a run is repeated with."""
    tries = report.get("race_tries")
    return f"seed {report['seed']}" + (f", race tries {tries}" if tries is not None else "")


def _coverage(coverage: dict[str, Any]) -> str:
    """How much of the lifecycles the run has shown; what was not is in the JSON."""
    told = []
    for name, words in (("room_status", "room status"), ("booking", "booking")):
        steps, refusals = coverage[name]["transitions"], coverage[name]["refusals"]
        told.append(
            f"{words} {steps['seen']}/{steps['total']} transitions, {refusals['seen']}/{refusals['total']} refusals"
        )
    return f"Covered: {'; '.join(told)}"


def _totals(report: dict[str, Any], out: Console) -> None:
    history = report["history"]
    read = f"{history['calls']} calls, {history['events']} events, {history['probes']} probes"
    if history["unreadable"]:
        read += f", {history['unreadable']} of {history['lines']} lines unreadable"
    counts = ", ".join(f"{count} {verdict}" for verdict, count in report["summary"].items() if count)
    target = report["target"]
    _line(
        out,
        f"{target['name']} at {target['url']}, contract {report['contract']}, {_seed(report)}: {read}",
    )
    if history["complete"] is not None:
        _line(out, Text(_coverage(report["coverage"]), "dim"))
    verdict = report["verdict"]
    _line(
        out,
        Text.assemble(
            (verdict.upper(), _STYLES[verdict]), f"  {counts or 'no rules'}; {report['level']} is the gate"
        ),
    )
