"""Runs of the whole suite against our own server, many of them, each in a process of a pool: for mutants and campaigns."""

from __future__ import annotations

import asyncio
import multiprocessing
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance_tests import runner
from conformance_tests.engine import judge_file
from conformance_tests.subject import REFERENCE, open_subject
from conformance_tests.target import TargetError, UnreachableError
from conformance_tests.workers import end_with_parent
from contract.clauses import Level

_SCENARIOS_AT_A_TIME = 16
_PATIENCE = 300.0
"""Seconds for one run, start to verdict; a server that hangs is a problem to show, not to wait for."""


@dataclass(frozen=True, slots=True)
class ReferenceRun:
    """What is to be run: `name` is for whoever asked, `arguments` are added to those of `staycheck serve`.

    `keep` is where the history of a run that did not pass is left.
    """

    name: str
    seed: int
    race_tries: int
    arguments: tuple[str, ...] = ()
    keep: Path | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a run: the verdict over all levels, and (rule id, clause) for every violation."""

    verdict: str
    broken: frozenset[tuple[str, str]] = frozenset()
    unjudged: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def failed(self) -> list[str]:
        """The rules that found a violation."""
        return sorted({rule for rule, _ in self.broken})


def judge_runs(runs: Sequence[ReferenceRun], *, jobs: int) -> Iterator[tuple[ReferenceRun, Judged]]:
    """Make the runs, `jobs` at a time; results come as they are ready."""
    if not runs:
        return
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        max_workers=min(jobs, len(runs)), mp_context=spawning, initializer=end_with_parent
    ) as pool:
        running = {pool.submit(judge_run, run): run for run in runs}
        try:
            for done in as_completed(running):
                yield running[done], done.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def judge_run(run: ReferenceRun) -> Judged:
    """One run, start to verdict."""
    with tempfile.TemporaryDirectory(prefix="staycheck-run-") as directory:
        history = Path(directory) / "history.jsonl"
        try:
            asyncio.run(_record(run, history))
        except (TargetError, UnreachableError) as error:
            return Judged("inconclusive", problem=str(error))
        except TimeoutError:
            return Judged("inconclusive", problem=f"not judged within {_PATIENCE:g} s")
        judged = _judged(judge_file(history, level=Level.MAY))
        if run.keep is not None and judged.verdict != "pass":
            shutil.copy(history, run.keep)
        return judged


def _judged(report: dict[str, Any]) -> Judged:
    rules = report["rules"]
    broken = {(rule["id"], violation["clause"]) for rule in rules for violation in rule["violations"]}
    errors = [f"{rule['id']}: {rule['reasons'][0]}" for rule in rules if rule["verdict"] == "error"]
    unjudged = (rule["id"] for rule in rules if rule["verdict"] in ("inconclusive", "skipped"))
    return Judged(report["verdict"], frozenset(broken), tuple(unjudged), "; ".join(errors) or None)


async def _record(run: ReferenceRun, history: Path) -> None:
    async with asyncio.timeout(_PATIENCE), open_subject(REFERENCE, arguments=run.arguments) as subject:
        await runner.run(
            subject.target,
            seed=run.seed,
            jobs=_SCENARIOS_AT_A_TIME,
            only=(),
            record=history,
            race_tries=run.race_tries,
            sink_socket=subject.sink_socket,
        )
