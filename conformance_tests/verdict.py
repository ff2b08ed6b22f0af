"""Five ordered verdicts, merged by the worst, and the exit codes they come to."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """pass < skipped < inconclusive < fail < error. `error` means that the suite broke, not the subject."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    SKIPPED = "skipped"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"
    ERROR = "error"


_ORDER = {verdict: rank for rank, verdict in enumerate(Verdict)}

EXIT_CONFORMS = 0
EXIT_VIOLATES = 1
EXIT_COULD_NOT_JUDGE = 2
EXIT_USAGE = 64

_EXITS = {
    Verdict.PASS: EXIT_CONFORMS,
    Verdict.SKIPPED: EXIT_COULD_NOT_JUDGE,  # of a whole report: nothing was judged, so nothing conforms
    Verdict.INCONCLUSIVE: EXIT_COULD_NOT_JUDGE,
    Verdict.FAIL: EXIT_VIOLATES,
    Verdict.ERROR: EXIT_COULD_NOT_JUDGE,
}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of the verdicts; of none, `skipped`: where nothing was judged, nothing passed.

    `skipped` is worse than `pass` rule by rule, but a run in which one rule passed and another had nothing to do passed.
    """
    present = set(verdicts)
    if not present:
        return Verdict.SKIPPED
    if present <= {Verdict.PASS, Verdict.SKIPPED}:
        return Verdict.PASS if Verdict.PASS in present else Verdict.SKIPPED
    return max(present, key=_ORDER.__getitem__)


def exit_code(verdict: Verdict) -> int:
    """0 conforms, 1 violates, 2 could not judge."""
    return _EXITS[verdict]
