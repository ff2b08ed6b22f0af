"""What the rules come to, while their findings come in: counts, reasons, and the first violations of each."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation
from conformance_tests.verdict import Verdict

MAX_VIOLATIONS = 50
"""Violations a report lists per rule, whatever they are; besides them it lists the first of every kind."""
MAX_KINDS = 200
"""Kinds of violation, by fingerprint, of which a report lists the first per rule."""
MAX_REASONS = 200
"""Different reasons a report keeps per rule."""

Place = tuple[int, ...]
"""Where a finding stands among those of its rule; places sort as findings are told."""

_VOLATILE = re.compile(
    r"""fp:[0-9a-f]+
    | \d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?
    | [^\s/,;:()'"]*\d[^\s/,;:()'"]*""",
    re.VERBOSE,
)
"""A fingerprint of a secret, a time, and any word with a digit in it: an id, a number, a status."""
_OBSERVER = re.compile(r"\b(?:subscribe|sink|file) observer\b")

Kind = tuple[str, str, str]
Kept = tuple[Place, Violation, str | None]


@dataclass(slots=True)
class Tally:
    """What one rule came to. Bounded: of violations beyond `MAX_VIOLATIONS`, and beyond the first of each of `MAX_KINDS`
    kinds, only the number is kept."""

    judged: int = 0
    violated: int = 0
    reasons: dict[str, None] = field(default_factory=dict)
    unreached: dict[str, None] = field(default_factory=dict)
    violations: list[Kept] = field(default_factory=list)
    kinds: dict[Kind, Kept] = field(default_factory=dict)
    kinds_cut: bool = False
    broke: str | None = None

    def take(
        self,
        judge: Callable[..., Iterable[Finding]],
        what: tuple[Any, ...],
        place: Place,
        scenario: str | None,
    ) -> None:
        """The findings of `judge(*what)`. A rule that breaks is the suite's fault: it is told, and judges no more."""
        try:
            for number, finding in enumerate(judge(*what)):
                if finding is OK:
                    self.judged += 1
                    continue
                if isinstance(finding, Inconclusive):
                    _keep(self.reasons, finding.reason)
                elif isinstance(finding, Unreached):
                    _keep(self.unreached, finding.reason)
                else:
                    self.judged += 1
                    if isinstance(finding, Violation):
                        self._violate((*place, number), finding, scenario)
        except Exception as broken:  # noqa: BLE001 - the one place where a broken rule must not take the others with it
            self.broke = f"the rule broke: {type(broken).__name__}: {broken}"

    def _violate(self, place: Place, violation: Violation, scenario: str | None) -> None:
        self.violated += 1
        kept = (place, violation, scenario)
        self.violations.append(kept)
        self._keep_kind(kept)
        if len(self.violations) >= 2 * MAX_VIOLATIONS or len(self.kinds) >= 2 * MAX_KINDS:
            self.trim()

    def _keep_kind(self, kept: Kept) -> None:
        kind = kind_of(kept[1])
        if (known := self.kinds.get(kind)) is None or kept[0] < known[0]:
            self.kinds[kind] = kept

    def trim(self) -> None:
        """Keep the violations that are told, in order: the same ones however a history was cut up."""
        self.violations.sort(key=_place)
        del self.violations[MAX_VIOLATIONS:]
        if len(self.kinds) > MAX_KINDS:
            self.kinds_cut = True
            first = sorted(self.kinds.items(), key=lambda item: item[1][0])
            self.kinds = dict(first[:MAX_KINDS])

    def listed(self) -> list[Kept]:
        """The violations a report lists, in order."""
        self.trim()
        listed = dict.fromkeys((*self.violations, *self.kinds.values()))
        return sorted(listed, key=_place)

    def add(self, later: Tally) -> None:
        """Join what the same rule came to in a later part of the history."""
        if self.broke:
            return
        self.judged += later.judged
        self.violated += later.violated
        for reason in later.reasons:
            _keep(self.reasons, reason)
        for reason in later.unreached:
            _keep(self.unreached, reason)
        self.violations.extend(later.violations)
        self.kinds_cut = self.kinds_cut or later.kinds_cut
        for kept in later.kinds.values():
            self._keep_kind(kept)
        self.trim()
        self.broke = later.broke

    def verdict(self) -> Verdict:
        if self.broke:
            return Verdict.ERROR
        if self.violated:
            return Verdict.FAIL
        if self.reasons or (self.unreached and not self.judged):
            return Verdict.INCONCLUSIVE
        return Verdict.PASS if self.judged else Verdict.SKIPPED

    def told(self) -> list[str]:
        """The reasons a report gives for the verdict, but for that of a skipped rule."""
        if self.broke:
            return [self.broke]
        return list(self.reasons or (() if self.judged else self.unreached))


def _keep(reasons: dict[str, None], reason: str) -> None:
    if len(reasons) < MAX_REASONS:
        reasons.setdefault(reason)


def _place(kept: Kept) -> Place:
    return kept[0]


@lru_cache(maxsize=4096)
def _steady(text: str) -> str:
    """The text without what differs between runs, machines and observers of one and the same failure."""
    return _VOLATILE.sub("#", _OBSERVER.sub("observer", text))


def kind_of(violation: Violation) -> Kind:
    """What violations of one rule share when they are the same failure."""
    return violation.clause, _steady(violation.message), _steady(violation.about)


def fingerprint(rule_id: str, violation: Violation) -> str:
    """What a violation is known by from run to run, 16 hex digits (docs/decisions/0011)."""
    text = json.dumps((rule_id, *kind_of(violation)), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]
