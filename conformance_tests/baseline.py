"""Known failures: what of a report they excuse, and what is to be said of them. Pure; the day is an argument.

A failure is known by its rule and its fingerprint (`tally.fingerprint`). A known failure stays a failure of the report, and
does not count for its verdict. One whose last day is over counts again. One that is not there any more has vanished; but
where the run could not have seen it, it has not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from conformance_tests.verdict import RANK, Verdict, overall
from contract.clauses import Level

Report = Mapping[str, Any]
Key = tuple[str, str]
"""Rule id and fingerprint."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A known failure. `expires` is the last day on which it is accepted."""

    rule: str
    fingerprint: str
    reason: str
    expires: date | None = None

    @property
    def key(self) -> Key:
        return self.rule, self.fingerprint

    def is_over(self, today: date) -> bool:
        """Whether its last day was before `today`."""
        return self.expires is not None and self.expires < today

    def accepted(self) -> dict[str, Any]:
        """What a report says of it beside a violation."""
        return {"reason": self.reason, "expires": self.expires.isoformat() if self.expires else None}

    def told(self) -> dict[str, Any]:
        """What a report says of it by itself."""
        return {"rule": self.rule, "fingerprint": self.fingerprint, **self.accepted()}


@dataclass(frozen=True, slots=True)
class Baseline:
    """Known failures; no two of the same rule and fingerprint."""

    entries: tuple[Entry, ...] = ()

    def apply(self, report: Report, today: date, *, strict: bool = False) -> dict[str, Any]:
        """A copy of the report that says of every violation whether it is known, with the verdict that leaves.

        With `strict` an entry that has vanished fails the build (`engine.report_exit_code`).
        """
        known = {entry.key: entry for entry in self.entries}
        rules = [_noted(rule, known, today) for rule in report["rules"]]
        level = Level(report["level"])
        counting = [standing(rule) for rule in rules if RANK[Level(rule["level"])] >= RANK[level]]
        history = report["history"]
        verdict = overall(counting, complete=history["complete"], broken=bool(history["broken"]))
        there = {key for rule in rules for key in _keys(rule)}
        seen = set(vanishing(report))
        entries = sorted(self.entries, key=lambda entry: entry.key)
        gone = [entry for entry in entries if entry.key not in there]
        used = {
            "today": today.isoformat(),
            "strict": strict,
            "known": [entry.told() for entry in entries if entry.key in there and not entry.is_over(today)],
            "known_rules": [rule["id"] for rule in rules if is_known(rule)],
            "expired": [entry.told() for entry in entries if entry.key in there and entry.is_over(today)],
            "vanished": [entry.told() for entry in gone if entry.rule in seen],
            "not_judged": [entry.told() for entry in gone if entry.rule not in seen],
        }
        noted: dict[str, Any] = {}
        for name, value in report.items():
            noted[name] = value
            if name == "summary":
                noted["baseline"] = used
        return {**noted, "verdict": str(verdict), "rules": rules}


def _noted(rule: Report, known: Mapping[Key, Entry], today: date) -> dict[str, Any]:
    violations = []
    for violation in rule["violations"]:
        entry = known.get((rule["id"], violation["fingerprint"]))
        if entry is not None:
            violation = {**violation, "expired" if entry.is_over(today) else "known": entry.accepted()}
        violations.append(violation)
    return {**rule, "violations": violations}


def _keys(rule: Report) -> Iterator[Key]:
    return ((rule["id"], violation["fingerprint"]) for violation in rule["violations"])


def is_known(rule: Report) -> bool:
    """Whether the rule fails, and every one of its violations is known."""
    if rule["verdict"] != Verdict.FAIL or rule.get("unlisted", {}).get("kinds"):
        return False
    return all("known" in violation for violation in rule["violations"])


def open_questions(rule: Report) -> list[str]:
    """The reasons of a rule for which something of it could not be judged."""
    reasons: list[str] = rule["reasons"]
    return reasons[:-1] if "unlisted" in rule else reasons


def standing(rule: Report) -> Verdict:
    """What a rule comes to when its known failures do not count: what is left may be open, and no failure hides that."""
    if not is_known(rule):
        return Verdict(rule["verdict"])
    return Verdict.INCONCLUSIVE if open_questions(rule) else Verdict.PASS


def vanishing(report: Report) -> Iterator[str]:
    """The rules of which the run would have seen any failure: judged wholly, in a history that is whole."""
    history = report["history"]
    if history["complete"] is False or history["broken"]:
        return
    for rule in report["rules"]:
        judged = rule["verdict"] in (Verdict.PASS, Verdict.FAIL) and not open_questions(rule)
        if judged and not rule.get("unlisted", {}).get("kinds"):
            yield rule["id"]


def updated(baseline: Baseline, report: Report, reason: str) -> tuple[Entry, ...]:
    """The entries a baseline has after a run: what has vanished is left out, and what is new and counts is added.

    `report` was held against `baseline`. Entries that stay are as they were, those that are over included: who wants to
    accept a failure for longer gives it another day by hand.
    """
    gone = {(told["rule"], told["fingerprint"]) for told in report["baseline"]["vanished"]}
    entries = {entry.key: entry for entry in baseline.entries if entry.key not in gone}
    for rule, violation in counted(report):
        entry = Entry(rule["id"], violation["fingerprint"], reason)
        entries.setdefault(entry.key, entry)
    return tuple(entries[key] for key in sorted(entries))


def counted(report: Report) -> Iterator[tuple[Report, Report]]:
    """Rule and violation of every listed failure that is at or above the gate, known ones included."""
    gate = RANK[Level(report["level"])]
    for rule in report["rules"]:
        if RANK[Level(rule["level"])] >= gate:
            yield from ((rule, violation) for violation in rule["violations"])
