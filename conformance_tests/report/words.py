"""What the formats of a report share: its violations by kind, its open questions by reason, and text that cannot do harm."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance_tests.baseline import is_known, open_questions
from conformance_tests.verdict import RANK
from contract.clauses import Level, clause

Rule = Mapping[str, Any]
Violation = Mapping[str, Any]
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
VERDICTS = {
    "pass": "conforms",
    "skipped": "nothing was judged",
    "inconclusive": "could not be judged",
    "fail": "violates the contract",
    "error": "the suite broke",
}


def visible(text: str) -> str:
    """The text with characters that are not to be seen, or that no XML may hold, written as `\\u001b`; tab and line feed stay.

    What a backend sends stands in a report: it must not move a cursor or turn the order of letters round.
    """
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def group_of(rule: Rule) -> str:
    """The first segment of the rule's id."""
    return str(rule["id"]).split("/", 1)[0]


def counts(rule: Rule, report: Mapping[str, Any]) -> bool:
    """Whether the rule is at or above the gate."""
    return RANK[Level(rule["level"])] >= RANK[Level(report["level"])]


def by_weight(rules: Sequence[Rule]) -> list[Rule]:
    """MUST before SHOULD before MAY, then by id."""
    return sorted(rules, key=lambda rule: (-RANK[Level(rule["level"])], rule["id"]))


def failing(report: Mapping[str, Any]) -> list[Rule]:
    """The rules with a failure that no baseline knows, those that count first."""
    found = [rule for rule in report["rules"] if rule["verdict"] == "fail" and not is_known(rule)]
    return by_weight(found)


def known(report: Mapping[str, Any]) -> list[Rule]:
    """The rules of whose failures the baseline knows every one."""
    return by_weight([rule for rule in report["rules"] if is_known(rule)])


def kinds(violations: Sequence[Violation]) -> list[list[Violation]]:
    """The violations of a rule, those of one fingerprint together, in the order of their first."""
    found: dict[str, list[Violation]] = {}
    for violation in violations:
        found.setdefault(violation["fingerprint"], []).append(violation)
    return list(found.values())


def new(rule: Rule) -> list[Violation]:
    """The violations of a rule that count, as far as a baseline goes."""
    return [violation for violation in rule["violations"] if "known" not in violation]


def accepted(violation: Violation) -> str:
    """Why a violation is known, or was, and until when; empty when the baseline does not have it."""
    note = violation.get("known") or violation.get("expired")
    if note is None:
        return ""
    if "expired" in violation:
        return f"was known until {note['expires']}: {visible(note['reason'])}"
    until = f" until {note['expires']}" if note["expires"] else ""
    return f"known{until}: {visible(note['reason'])}"


def number(count: int, noun: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def promise(clause_id: str) -> str:
    """The clause's text."""
    return clause(clause_id).text


def expected(violation: Violation) -> str:
    """Every right answer."""
    return visible(" or ".join(violation["expected"]))


def more_like_it(alike: Sequence[Violation]) -> str:
    """How many of a kind are listed behind the first; empty when there are none."""
    return f"and {len(alike) - 1} more like it" if len(alike) > 1 else ""


def unlisted(rule: Rule) -> str:
    """What the report does not list of a rule; empty when it lists everything."""
    cut = rule.get("unlisted")
    if cut is None:
        return ""
    other = ", of other kinds too" if cut["kinds"] else ""
    listed = "is not listed" if cut["violations"] == 1 else "are not listed"
    return f"{number(cut['violations'], 'more violation')} {listed}{other}"


def by_reason(rules: Sequence[Rule], most: int | None = None) -> Iterator[tuple[str, list[str]]]:
    """(reason, ids of its rules): one missing capability leaves many rules open. At most so many reasons of a rule."""
    found: dict[str, list[str]] = {}
    for rule in rules:
        for reason in open_questions(rule)[:most]:
            found.setdefault(visible(reason), []).append(rule["id"])
    yield from found.items()


def unfinished(report: Mapping[str, Any]) -> list[str]:
    """Why the history as a whole leaves questions open, each a sentence."""
    history = report["history"]
    told = [f"Line {broken['line']}: {visible(broken['reason'])}." for broken in history["broken"]]
    if history["unreadable"]:
        told.append(f"{history['unreadable']} of {history['lines']} lines could not be read.")
    if history["complete"] is False:
        told.append(
            "The run was interrupted, or events were still coming in: what is missing may only be late."
        )
    return told


def entry_words(entry: Mapping[str, Any]) -> str:
    """An entry of a baseline in a line."""
    until = f", until {entry['expires']}" if entry["expires"] else ""
    return f"{entry['rule']} {entry['fingerprint']} ({visible(entry['reason'])}{until})"
