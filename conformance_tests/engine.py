"""Judges a history: lines in, report out. Pure and deterministic: the same lines give the same report, byte for byte."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from conformance_tests.coverage import Coverage
from conformance_tests.cutting import cut
from conformance_tests.episode import History
from conformance_tests.rule import Finding, Inconclusive, Rule, Unreached, Violation, select
from conformance_tests.target import ACTORS
from conformance_tests.verdict import Verdict, exit_code, worst
from contract.clauses import Level, contract_version

MAX_VIOLATIONS = 50
"""Violations a report keeps per rule; the rest are counted in `reasons`."""

_RANK = {Level.MAY: 0, Level.SHOULD: 1, Level.MUST: 2}
_VOLATILE = re.compile(r"fp:[0-9a-f]+|\d+")
_NO_TARGET = {"name": "unknown", "url": "unknown"}

Progress = Callable[[str], None]


class NotAHistory(ValueError):
    """The file has no line of a history in it."""


@dataclass(slots=True)
class _Tally:
    """What one rule came to, while its findings come in."""

    judged: int = 0
    reasons: dict[str, None] = field(default_factory=dict)
    unreached: dict[str, None] = field(default_factory=dict)
    violations: list[tuple[Violation, str | None]] = field(default_factory=list)
    broke: str | None = None

    def verdict(self) -> Verdict:
        if self.broke:
            return Verdict.ERROR
        if self.violations:
            return Verdict.FAIL
        if self.reasons or (self.unreached and not self.judged):
            return Verdict.INCONCLUSIVE
        return Verdict.PASS if self.judged else Verdict.SKIPPED


def _run(rule: Rule, history: History) -> _Tally:
    """All findings of one rule. A rule that breaks is the suite's fault: verdict `error` with the reason."""
    tally = _Tally()
    try:
        if rule.judge_episode is not None:
            for episode in history.episodes:
                for finding in rule.judge_episode(episode):
                    _take(tally, finding, episode.scenario)
        if rule.judge_history is not None:
            for finding in rule.judge_history(history):
                _take(tally, finding, None)
    except Exception as broken:  # noqa: BLE001 - the one place where a broken rule must not take the others with it
        tally.broke = f"the rule broke: {type(broken).__name__}: {broken}"
    return tally


def _take(tally: _Tally, finding: Finding, scenario: str | None) -> None:
    if isinstance(finding, Inconclusive):
        tally.reasons.setdefault(finding.reason)
        return
    if isinstance(finding, Unreached):
        tally.unreached.setdefault(finding.reason)
        return
    tally.judged += 1
    if isinstance(finding, Violation):
        tally.violations.append((finding, scenario))


def fingerprint(rule_id: str, clause: str, message: str) -> str:
    """What a violation is known by from run to run: numbers and token fingerprints in the message do not count."""
    text = "|".join((rule_id, clause, _VOLATILE.sub("#", message)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _violation(rule: Rule, violation: Violation, scenario: str | None, history: History) -> dict[str, Any]:
    seqs = [seq for seq in dict.fromkeys(violation.witness) if seq in history.lines]
    witness = [{"seq": seq, "line": history.lines[seq]} for seq in sorted(seqs)]
    return {
        "clause": violation.clause,
        "message": violation.message,
        "expected": list(violation.expected),
        "actual": violation.actual,
        "witness": witness or [{"seq": 0, "line": "the history as a whole"}],
        "hint": rule.hint,
        "fingerprint": fingerprint(rule.id, violation.clause, violation.message),
        "scenario": scenario,
    }


def _why_nothing(rule: Rule, history: History) -> str:
    if not history.calls and not history.events:
        return "the history has neither calls nor events"
    if history.header.get("race_tries") == 0 and rule.id.startswith("races/"):
        return "races were left out: --race-tries 0"
    if history.complete is not None and not history.capabilities.states:
        return "no state was arranged: give the target [states], as a url, a command or a pool"
    absent = [actor for actor in ACTORS if actor not in history.capabilities.actors]
    if history.header and absent:
        return f"nothing in the history exercised it; nobody could log in as {', '.join(absent)}"
    if history.unsupported:
        return "nothing in the history exercised it; states not offered: " + ", ".join(
            sorted(history.unsupported)
        )
    return "nothing in the history exercised it"


def _rule_report(rule: Rule, tally: _Tally, history: History) -> dict[str, Any]:
    verdict = tally.verdict()
    reasons = (
        [tally.broke] if tally.broke else list(tally.reasons or (() if tally.judged else tally.unreached))
    )
    if verdict is Verdict.SKIPPED:
        reasons = [_why_nothing(rule, history)]
    dropped = len(tally.violations) - MAX_VIOLATIONS
    if dropped > 0:
        reasons.append(f"{dropped} more violations of this rule are not listed")
    return {
        "id": rule.id,
        "title": rule.title,
        "level": str(rule.level),
        "verdict": str(verdict),
        "clauses": list(rule.clauses),
        "judged": tally.judged,
        "reasons": reasons,
        "violations": [
            _violation(rule, violation, scenario, history)
            for violation, scenario in tally.violations[:MAX_VIOLATIONS]
        ],
    }


def judge_lines(
    raw: Iterable[str],
    *,
    only: Sequence[str] = (),
    level: Level = Level.MUST,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The report on a history (`schemas/files/report.schema.json`).

    `level` is the gate: rules below it are judged and shown, and do not count for the overall verdict. Raises
    `UnknownRule` for a prefix without rules, `NotAHistory` when no line can be read.
    """
    rules = select(only)
    history = cut(raw)
    if history.counts["lines"] == history.counts["unreadable"]:
        raise NotAHistory("no line of a recorded history in it: is this a file that `check --record` wrote?")
    reports: list[dict[str, Any]] = []
    verdicts: list[Verdict] = []
    for rule in rules:
        if progress:
            progress(rule.id)
        report = _rule_report(rule, _run(rule, history), history)
        reports.append(report)
        if _RANK[rule.level] >= _RANK[level]:
            verdicts.append(Verdict(report["verdict"]))
    header = history.header
    found = [report["verdict"] for report in reports]
    return {
        "report": 1,
        "staycheck": metadata.version("staycheck"),
        "contract": header.get("contract", contract_version()),
        "run": header.get("run", "unknown"),
        "seed": header.get("seed", 0),
        **({"race_tries": header["race_tries"]} if "race_tries" in header else {}),
        "target": dict(header.get("target", _NO_TARGET)),
        "dialect": header.get("dialect"),
        "started_at": header.get("wall", "1970-01-01T00:00:00Z"),
        "level": str(level),
        "only": list(only),
        "verdict": str(_overall(verdicts, history)),
        "summary": {str(verdict): found.count(str(verdict)) for verdict in Verdict},
        "history": {
            **history.counts,
            "complete": history.complete,
            "broken": [{"line": broken.lineno, "reason": broken.reason} for broken in history.broken],
        },
        "coverage": _coverage(history),
        "rules": reports,
    }


def _coverage(history: History) -> dict[str, Any]:
    coverage = Coverage()
    for episode in history.episodes:
        coverage.take(episode)
    return coverage.report()


def _overall(verdicts: Sequence[Verdict], history: History) -> Verdict:
    """The worst of the rules at or above the gate.

    In a run of the suite, what was not exercised did not pass: a skipped rule leaves the whole inconclusive. So do lines
    that could not be read, and a run that was interrupted: they might have said more. Of a log from elsewhere no more
    is asked than it has.
    """
    driven = history.complete is not None
    if (driven and Verdict.SKIPPED in verdicts) or history.broken or history.complete is False:
        verdicts = [*verdicts, Verdict.INCONCLUSIVE]
    return worst(verdicts)


def judge_file(
    path: Path, *, only: Sequence[str] = (), level: Level = Level.MUST, progress: Progress | None = None
) -> dict[str, Any]:
    """`judge_lines` on a file. Raises `OSError` when it cannot be read."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        return judge_lines(lines, only=only, level=level, progress=progress)


def report_exit_code(report: dict[str, Any]) -> int:
    """The exit code of a report: by its overall verdict."""
    return exit_code(Verdict(report["verdict"]))
