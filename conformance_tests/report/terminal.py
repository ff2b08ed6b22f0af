"""The report on a terminal: failures first, then what could not be judged, then every rule's verdict, then the totals.

Fits 80 columns. Rich leaves out colour in a pipe and under NO_COLOR by itself.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from conformance_tests.baseline import is_known
from conformance_tests.report import words

WIDTH = 100
SHOWN = 3
"""Kinds of violation shown per rule; the JSON report has the rest."""
LINES = 8
"""Lines shown of what proves a violation."""
FULL = 10
"""Failing rules told in full; where more fail, the first ones are to be found again."""

_STYLES = {
    "pass": "green",
    "skipped": "dim",
    "inconclusive": "yellow",
    "fail": "bold red",
    "error": "bold magenta",
    "known": "yellow",
}
_MARKS = {"pass": ".", "skipped": "s", "inconclusive": "?", "fail": "F", "error": "E", "known": "K"}
_REASONS = 4


def console(*, stderr: bool = False) -> Console:
    """A console no wider than is good to read, without markup or guessing at what to colour."""
    found = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    found.width = min(found.width, WIDTH)
    return found


def print_report(
    report: Mapping[str, Any], out: Console, *, every_rule: bool = False, history: Path | None = None
) -> None:
    """The whole report; with `every_rule` every failure in full, and a line for each rule in place of a mark.

    `history` is the file that can be judged again, if there is one that stays.
    """
    rules = words.by_weight(report["rules"])
    failing = words.failing(report)
    full = FULL if len(failing) > FULL + 1 and not every_rule else len(failing)
    for rule in failing[:full]:
        _failure(rule, report, out)
    _briefly(failing[full:], report, out)
    for rule in rules:
        if rule["verdict"] == "error":
            _line(out, Text.assemble(("ERROR ", _STYLES["error"]), (rule["id"], "bold")))
            _inside(out, words.visible("; ".join(rule["reasons"])))
    _known(words.known(report), out)
    _baseline(report.get("baseline"), out)
    _broken(report["history"], out)
    driven = report["history"]["complete"] is not None
    unjudged = ("inconclusive", "skipped") if driven else ("inconclusive",)
    _inconclusive([rule for rule in rules if rule["verdict"] in unjudged], out)
    if not report["history"]["calls"]:
        _without_calls([rule for rule in rules if rule["verdict"] == "skipped"], out)
    (_list if every_rule else _table)(report["rules"], out)
    if failing and history is not None:
        _again(words.visible(shlex.quote(str(history))), failing[0]["id"], out)
    _totals(report, out)


def _again(history: str, rule_id: str, out: Console) -> None:
    """How to judge the first failing rule again; a command that is broken over lines cannot be pasted."""
    command = f"staycheck judge {history} --only {rule_id}"
    if len(command) + len("again ") > out.width:
        command = f"staycheck judge FILE --only {rule_id}"
    out.print(Text.assemble(("again ", "cyan"), command), soft_wrap=True)


def _line(out: Console, text: Text | str) -> None:
    _hang(out, Text(), text)


def _inside(out: Console, text: Text | str, indent: int = 2) -> None:
    _hang(out, Text(" " * indent), text)


def _hang(out: Console, lead: Text, text: Text | str) -> None:
    """The text behind its lead, wrapped to the console, every further line below the first; no line ends in a space."""
    body = Text(text) if isinstance(text, str) else text
    room = max(out.width - lead.cell_len, 20)
    for line in body.wrap(out, room):
        line.rstrip()
        out.print(Text.assemble(lead, line), soft_wrap=True)
        lead = Text(" " * lead.cell_len)


def _head(rule: words.Rule, report: Mapping[str, Any]) -> Text:
    counts = words.counts(rule, report)
    head = Text.assemble(
        ("FAIL " if counts else "fail ", _STYLES["fail"] if counts else "red"), (rule["id"], "bold")
    )
    head.append(f"  {rule['level']}", "bold" if counts else "dim")
    if not counts:
        head.append("  (below the gate)", "dim")
    return head


def _failure(rule: words.Rule, report: Mapping[str, Any], out: Console) -> None:
    _line(out, _head(rule, report))
    told: set[str] = set()
    # what is new first: a known failure of the same rule must not push it out of sight
    kinds = sorted(words.kinds(rule["violations"]), key=lambda alike: "known" in alike[0])
    for alike in kinds[:SHOWN]:
        clause_id = alike[0]["clause"]
        if clause_id not in told:
            told.add(clause_id)
            _inside(out, Text(f"{clause_id}: {words.promise(clause_id)}", "italic"))
        _violation(alike, out)
    hidden = len(kinds) - SHOWN
    if hidden > 0:
        _inside(out, Text(f"and {hidden} more kinds of violation; --report json=FILE has them all", "dim"))
    if cut := words.unlisted(rule):
        _inside(out, Text(cut, "dim"))
    _hang(out, Text.assemble("  ", ("hint ", "cyan")), rule["violations"][0]["hint"])
    _inside(out, Text.assemble(("next ", "cyan"), f"staycheck explain {rule['id']}"))
    out.print()


def _violation(alike: Sequence[words.Violation], out: Console) -> None:
    first = alike[0]
    aside = [f"in {first['scenario']}"] if first["scenario"] else []
    aside += [words.more_like_it(alike)] if len(alike) > 1 else []
    where = f" ({', '.join(aside)})" if aside else ""
    _hang(
        out,
        Text.assemble("  ", ("- ", "red")),
        Text.assemble(words.visible(first["message"]), (where, "dim")),
    )
    _hang(out, Text.assemble("    ", ("expected  ", "dim")), words.expected(first))
    _hang(out, Text.assemble("    ", ("actual    ", "dim")), words.visible(first["actual"]))
    if note := words.accepted(first):
        _inside(out, Text(note, "yellow"), 4)
    for witness in first["witness"][:LINES]:
        _hang(out, Text(f"    #{witness['seq']:<8} ", "dim"), Text(words.visible(witness["line"]), "dim"))
    hidden = len(first["witness"]) - LINES
    if hidden > 0:
        _inside(out, Text(f"and {hidden} more lines; --report json=FILE has them all", "dim"), 4)


def _briefly(rules: Sequence[words.Rule], report: Mapping[str, Any], out: Console) -> None:
    """What is left where many rules fail: enough to see the pattern, without scrolling the first ones away."""
    for rule in rules:
        _line(out, _head(rule, report))
        _inside(
            out, words.visible(words.new(rule)[0]["message"] if words.new(rule) else words.unlisted(rule))
        )
    if rules:
        _inside(out, Text(f"These {len(rules)} in short; --verbose tells them in full.", "dim"))
        out.print()


def _known(rules: Sequence[words.Rule], out: Console) -> None:
    for rule in rules:
        _line(out, Text.assemble(("KNOWN ", "yellow"), (rule["id"], "bold"), f"  {rule['level']}"))
        for note in dict.fromkeys(words.accepted(violation) for violation in rule["violations"]):
            _inside(out, Text(note, "dim"))
    if rules:
        out.print()


def _baseline(baseline: Mapping[str, Any] | None, out: Console) -> None:
    if baseline is None:
        return
    gone = Text("GONE ", _STYLES["fail"] if baseline["strict"] else "green")
    open_too = Text("OPEN ", _STYLES["inconclusive"])
    for entry in baseline["expired"]:
        _line(out, Text.assemble(("OVER ", _STYLES["fail"]), words.entry_words(entry)))
        _inside(out, "The last day on which this failure was accepted is over: it counts again.")
    for entry in baseline["vanished"]:
        _line(out, Text.assemble(gone, words.entry_words(entry)))
    if baseline["vanished"]:
        strict = " Under --strict-baseline that fails the build." if baseline["strict"] else ""
        _inside(
            out, f"Not seen any more: take it out of the baseline, or run with --baseline-update.{strict}"
        )
    if baseline["not_judged"]:
        ids = dict.fromkeys(entry["rule"] for entry in baseline["not_judged"])
        _line(
            out, Text.assemble(open_too, "known failures that this run could not judge, and that stay known:")
        )
        _inside(out, Text(", ".join(ids), "dim"))
    if baseline["expired"] or baseline["vanished"] or baseline["not_judged"]:
        out.print()


def _inconclusive(rules: Sequence[words.Rule], out: Console) -> None:
    """By reason, because one missing capability leaves many rules open."""
    by_reason = list(words.by_reason(rules, _REASONS))
    for reason, ids in by_reason:
        _line(out, Text.assemble(("INCONCLUSIVE ", _STYLES["inconclusive"]), reason))
        _inside(out, Text(", ".join(ids), "dim"))
    if by_reason:
        out.print()


def _without_calls(rules: Sequence[words.Rule], out: Console) -> None:
    """Of a log of events most rules are skipped: how many, and why; `every_rule` and the JSON report have which."""
    for reason in dict.fromkeys(reason for rule in rules for reason in rule["reasons"][:1]):
        number = sum(reason in rule["reasons"] for rule in rules)
        _line(out, Text.assemble((f"NOT JUDGED {number} rules ", _STYLES["skipped"]), reason))
        out.print()


def _broken(history: Mapping[str, Any], out: Console) -> None:
    for broken in history["broken"]:
        _line(
            out,
            Text.assemble(
                ("SKIPPED ", _STYLES["inconclusive"]),
                words.visible(f"line {broken['line']}: {broken['reason']}"),
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


def _told_as(rule: words.Rule) -> str:
    """The verdict, or `known` when it is a failure that the baseline knows."""
    return "known" if is_known(rule) else rule["verdict"]


def _table(rules: Sequence[words.Rule], out: Console) -> None:
    """One mark per rule, one row per group."""
    groups: dict[str, list[words.Rule]] = defaultdict(list)
    for rule in rules:
        groups[words.group_of(rule)].append(rule)
    width = max((len(name) for name in groups), default=0)
    room = max(out.width - width - 6, 20)
    for name, members in groups.items():
        marks = Text()
        for rule in members:
            marks.append(_MARKS[_told_as(rule)], _STYLES[_told_as(rule)])
        for start in range(0, len(members), room):
            label = name if start == 0 else ""
            tail = f" {len(members)}" if start + room >= len(members) else ""
            _line(out, Text.assemble(label.ljust(width + 1), marks[start : start + room], (tail, "dim")))
    anything_known = any(is_known(rule) for rule in rules)
    shown = [verdict for verdict in _MARKS if verdict != "known" or anything_known]
    legend = "  ".join(f"{_MARKS[verdict]} {verdict}" for verdict in shown)
    _line(out, Text(legend, "dim"))
    out.print()


def _list(rules: Sequence[words.Rule], out: Console) -> None:
    """One line per rule: verdict, level, id, and how often there was something to judge."""
    for rule in rules:
        verdict = _told_as(rule)
        line = Text.assemble((f"{verdict:<13}", _STYLES[verdict]), (f"{rule['level']:<7}", "dim"), rule["id"])
        line.append(f"  {rule['judged']}x", "dim")
        _line(out, line)
    out.print()


def _seed(report: Mapping[str, Any]) -> str:
    """What a run is repeated with."""
    tries = report.get("race_tries")
    return f"seed {report['seed']}" + (f", race tries {tries}" if tries is not None else "")


def _coverage(coverage: Mapping[str, Any]) -> str:
    """How much of the lifecycles the run has shown; what was not is in the JSON."""
    told = []
    for name, plain in (("room_status", "room status"), ("booking", "booking")):
        steps, refusals = coverage[name]["transitions"], coverage[name]["refusals"]
        told.append(
            f"{plain} {steps['seen']}/{steps['total']} transitions, {refusals['seen']}/{refusals['total']} refusals"
        )
    return f"Covered: {'; '.join(told)}"


def _totals(report: Mapping[str, Any], out: Console) -> None:
    history = report["history"]
    read = f"{history['calls']} calls, {history['events']} events, {history['probes']} probes"
    if history["unreadable"]:
        read += f", {history['unreadable']} of {history['lines']} lines unreadable"
    known = len(report.get("baseline", {}).get("known_rules", ()))
    counts = ", ".join(
        f"{count} {verdict}" + (f" ({known} known)" if known and verdict == "fail" else "")
        for verdict, count in report["summary"].items()
        if count
    )
    target = report["target"]
    _line(
        out,
        words.visible(
            f"{target['name']} at {target['url']}, contract {report['contract']}, {_seed(report)}: {read}"
        ),
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
