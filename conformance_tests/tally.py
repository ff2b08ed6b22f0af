"""What the rules come to, while their findings come in: counts, reasons, and the first violations of each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation
from conformance_tests.verdict import Verdict

MAX_VIOLATIONS = 50
"""Violations a report keeps per rule; the rest are counted in `reasons`."""
MAX_REASONS = 200
"""Different reasons a report keeps per rule."""

Place = tuple[int, ...]
"""Where a finding stands among those of its rule; places sort as findings are told."""

_VOLATILE = re.compile(r"fp:[0-9a-f]+|\d+")


@dataclass(slots=True)
class Tally:
    """What one rule came to. Bounded: of violations beyond `MAX_VIOLATIONS` only the number is kept."""

    judged: int = 0
    violated: int = 0
    reasons: dict[str, None] = field(default_factory=dict)
    unreached: dict[str, None] = field(default_factory=dict)
    violations: list[tuple[Place, Violation, str | None]] = field(default_factory=list)
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
        self.violations.append((place, violation, scenario))
        if len(self.violations) >= 2 * MAX_VIOLATIONS:
            self.trim()

    def trim(self) -> None:
        """Keep the violations that are told, in order."""
        self.violations.sort(key=lambda kept: kept[0])
        del self.violations[MAX_VIOLATIONS:]

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


def fingerprint(rule_id: str, clause: str, message: str) -> str:
    """What a violation is known by from run to run: numbers and token fingerprints in the message do not count."""
    text = "|".join((rule_id, clause, _VOLATILE.sub("#", message)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
