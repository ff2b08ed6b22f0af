"""One lie of every layer of our own server, told twice: what a baseline made of one run says of another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance_tests.baseline import Baseline, updated
from conformance_tests.engine import judge_file, report_exit_code
from contract.clauses import Level
from staycheck.reference_runs import ReferenceRun, judge_run
from tests.reports.samples import DAY


def run(folder: Path, mutant: str, seed: int, *arguments: str) -> dict[str, Any]:
    kept = folder / f"{seed}.jsonl"
    judge_run(ReferenceRun(mutant, seed, 0, ("--mutant", mutant, *arguments), kept))
    return judge_file(kept, level=Level.MAY)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "mutant",
    ["party-size-as-text", "tokens-are-revoked-later", "room-number-as-text", "board-counts-one-less"],
)
def test_a_baseline_of_one_run_holds_for_another(mutant: str, tmp_path: Path) -> None:
    """With another seed, port, database, run and bookings."""
    first = run(tmp_path, mutant, 1)
    entries = updated(Baseline(), Baseline().apply(first, DAY), "known")
    again = Baseline(entries).apply(
        run(tmp_path, mutant, 7, "--db", str(tmp_path / "hotel.sqlite3")), DAY, strict=True
    )
    assert entries
    used = again["baseline"]
    assert ([], sorted({entry.rule for entry in entries})) == (used["vanished"], used["known_rules"])
    assert report_exit_code(again) in (0, 2)  # 2: races were left out
