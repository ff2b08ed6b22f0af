"""The report as GitHub-flavoured Markdown, for the summary of a CI job: verdict first, failures, counts, open questions.

Whatever a backend sent is text in it and nothing else: prose is escaped, and what is quoted stands in code.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance_tests.report import words
from conformance_tests.verdict import Verdict

SHOWN = 50
"""Rules shown with their details: a summary has its limit at a megabyte, and nobody reads more."""
_KINDS = 3
_LONG = 2000
"""Characters of one quoted text."""
_MARKS = {"pass": "✅", "skipped": "⚪", "inconclusive": "⚠️", "fail": "❌", "error": "💥"}
_SPECIAL = re.compile(r"[\\`*_\[\]<>#.|~&:@$]|^[+-]|(?<=\d)\)")
_RUNS = re.compile("`+")


def to_markdown(report: Mapping[str, Any]) -> str:
    """Deterministic, and without trailing spaces."""
    return "\n".join(_blocks(report)) + "\n"


def text(raw: str) -> str:
    """Prose as Markdown in one line: it renders as itself."""
    line = " ".join(words.visible(raw).split())
    return _SPECIAL.sub(lambda found: _ENTITIES.get(found[0], "\\" + found[0]), line)


_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;", ":": "&#58;", "$": "&#36;"}
"""Where a backslash is not enough: HTML, mentions, addresses that become links, and formulas."""


def summary_text(raw: str) -> str:
    """Prose inside `<summary>`, where Markdown is not read and HTML is."""
    return html.escape(" ".join(words.visible(raw).split()), quote=False)


def code(raw: str) -> str:
    """A code span in one line that shows the text, whatever backticks are in it."""
    line = " ".join(words.visible(raw).split())[:_LONG] or " "
    fence = "`" * (1 + max((len(run) for run in _RUNS.findall(line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def block(lines: Sequence[str]) -> list[str]:
    """A fenced block of lines that nothing in them ends."""
    shown = [" ".join(words.visible(line).split())[:_LONG] for line in lines]
    longest = max((len(run) for line in shown for run in _RUNS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *shown, fence]


def _blocks(report: Mapping[str, Any]) -> Iterator[str]:
    target = report["target"]
    verdict = report["verdict"]
    yield f"## {_MARKS[verdict]} staycheck: {text(target['name'])} {words.VERDICTS[verdict]}"
    yield ""
    yield from _summary(report)
    failing, known = words.failing(report), words.known(report)
    counting = [rule for rule in failing if words.counts(rule, report)]
    below = [rule for rule in failing if not words.counts(rule, report)]
    for title, rules in (
        ("Failures", counting),
        ("Failures below the gate", below),
        ("Known failures", known),
    ):
        yield from _failures(title, rules)
    yield from _errors(report)
    yield from _open(report)
    yield from _baseline(report)
    yield from _groups(report)


def _summary(report: Mapping[str, Any]) -> Iterator[str]:
    summary, history, target = report["summary"], report["history"], report["target"]
    shown = [verdict for verdict in Verdict if summary[verdict] or verdict is Verdict.PASS]
    known = len(report.get("baseline", {}).get("known_rules", ()))
    heads = [f"{_MARKS[verdict]} {verdict}" for verdict in shown]
    cells = [
        str(summary[verdict]) + (f" ({known} known)" if known and verdict is Verdict.FAIL else "")
        for verdict in shown
    ]
    yield "| rules | " + " | ".join(heads) + " |"
    yield "| --- |" + " ---: |" * len(shown)
    yield f"| {len(report['rules'])} | " + " | ".join(cells) + " |"
    yield ""
    tries = f", race tries {report['race_tries']}" if "race_tries" in report else ""
    yield (
        f"{code(target['url'])}, contract {text(report['contract'])}, seed {report['seed']}{tries}; {report['level']} is the "
        f"gate; {history['calls']} calls, {history['events']} events, {history['probes']} probes."
    )  # fmt: skip
    yield ""
    for sentence in words.unfinished(report):
        yield f"> **Not whole.** {text(sentence)}"
        yield ""


def _failures(title: str, rules: Sequence[words.Rule]) -> Iterator[str]:
    if not rules:
        return
    yield f"### {title} ({len(rules)})"
    yield ""
    for rule in rules[:SHOWN]:
        yield from _failure(rule)
    for rule in rules[SHOWN:]:
        yield f"- {code(rule['id'])} {rule['level']}: {text(rule['violations'][0]['message'])}"
    if len(rules) > SHOWN:
        yield ""


def _failure(rule: words.Rule) -> Iterator[str]:
    yield f"#### {code(rule['id'])} {rule['level']}"
    yield ""
    # what is new first: a known failure of the same rule must not push it out of sight
    ordered = sorted(words.kinds(rule["violations"]), key=lambda alike: "known" in alike[0])
    told: set[str] = set()
    for alike in ordered[:_KINDS]:
        first = alike[0]
        if first["clause"] not in told:
            told.add(first["clause"])
            yield f"{code(first['clause'])}: {text(words.promise(first['clause']))}"
            yield ""
        where = f" (in {code(first['scenario'])})" if first["scenario"] else ""
        yield f"- **{text(first['message'])}**{where}"
        yield f"  - expected {' or '.join(code(right) for right in first['expected'])}"
        yield f"  - actual {code(first['actual'])}"
        if note := words.accepted(first):
            yield f"  - {text(note)}"
        if more := words.more_like_it(alike):
            yield f"  - {more}"
        yield ""
        yield f"<details><summary>Witness, fingerprint {first['fingerprint']}</summary>"
        yield ""
        yield from block([f"#{witness['seq']} {witness['line']}" for witness in first["witness"]])
        yield ""
        yield "</details>"
        yield ""
    hidden = len(ordered) - _KINDS
    if hidden > 0:
        yield f"And {hidden} more kinds of violation; the JSON report has them."
        yield ""
    if cut := words.unlisted(rule):
        yield f"{cut[0].upper()}{cut[1:]}."
        yield ""
    yield f"Hint: {text(rule['violations'][0]['hint'])} Next: {code('staycheck explain ' + rule['id'])}"
    yield ""


def _errors(report: Mapping[str, Any]) -> Iterator[str]:
    broken = [rule for rule in report["rules"] if rule["verdict"] == "error"]
    if broken:
        yield f"### Rules that broke ({len(broken)})"
        yield ""
        for rule in broken:
            yield f"- {code(rule['id'])}: {text('; '.join(rule['reasons']))}"
        yield ""


def _open(report: Mapping[str, Any]) -> Iterator[str]:
    for verdict, title in (("inconclusive", "Could not be judged"), ("skipped", "Had nothing to judge")):
        rules = [rule for rule in report["rules"] if rule["verdict"] == verdict]
        if not rules:
            continue
        yield f"### {title} ({len(rules)})"
        yield ""
        for reason, ids in words.by_reason(rules):
            yield f"<details><summary>{summary_text(reason)} ({words.number(len(ids), 'rule')})</summary>"
            yield ""
            yield ", ".join(code(name) for name in ids)
            yield ""
            yield "</details>"
            yield ""


def _baseline(report: Mapping[str, Any]) -> Iterator[str]:
    baseline = report.get("baseline")
    if baseline is None:
        return
    yield f"### Baseline on {baseline['today']}"
    yield ""
    gone = "gone; that fails the build" if baseline["strict"] else "gone"
    for key, title in (
        ("known", "known, not counted"), ("expired", "over; counted again"), ("vanished", gone),
        ("not_judged", "not judged in this run"),
    ):  # fmt: skip
        yield f"- {len(baseline[key])} {title}"
        if key in ("expired", "vanished"):
            for entry in baseline[key]:
                yield f"  - {code(entry['rule'])} {code(entry['fingerprint'])}: {text(entry['reason'])}"
    yield ""


def _groups(report: Mapping[str, Any]) -> Iterator[str]:
    """The counts of every group; an empty cell is a zero."""
    groups: dict[str, Counter[str]] = {}
    for rule in report["rules"]:
        groups.setdefault(words.group_of(rule), Counter())[rule["verdict"]] += 1
    shown = [verdict for verdict in Verdict if report["summary"][verdict]]
    yield "<details><summary>Rules by group</summary>"
    yield ""
    yield "| group | " + " | ".join(shown) + " |"
    yield "| --- |" + " ---: |" * len(shown)
    for name, found in groups.items():
        yield f"| {text(name)} | " + " | ".join(str(found[verdict] or "") for verdict in shown) + " |"
    yield ""
    yield "</details>"
