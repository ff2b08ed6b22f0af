"""Five ordered verdicts, merged by the worst, and the exit codes they come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from contract.clauses import Level

RANK: Mapping[Level, int] = {Level.MAY: 0, Level.SHOULD: 1, Level.MUST: 2}
"""How binding a level is: a rule counts when its level ranks no lower than that of the gate."""


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


def overall(counting: Iterable[Verdict], *, complete: bool | None, broken: bool) -> Verdict:
    """The worst of the rules that count, of a history that a run of the suite finished (None: that it did not drive).

    In a run of the suite, what was not exercised did not pass: a skipped rule leaves the whole inconclusive. So do lines
    that could not be read (`broken`), and a run that was interrupted: they might have said more. Of a log from elsewhere
    no more is asked than it has.
    """
    verdicts = list(counting)
    driven = complete is not None
    if (driven and Verdict.SKIPPED in verdicts) or broken or complete is False:
        verdicts.append(Verdict.INCONCLUSIVE)
    return worst(verdicts)


def exit_code(verdict: Verdict) -> int:
    """0 conforms, 1 violates, 2 could not judge."""
    return _EXITS[verdict]
