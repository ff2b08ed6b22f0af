"""The matrix mutant x rule: our own server, started once per mutant and judged as any backend is.

A mutant is killed when a rule finds a violation of the very clause it breaks; other rules may fail too, and are listed.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from conformance_tests import runner
from conformance_tests.engine import judge_file
from conformance_tests.rule import all_rules
from conformance_tests.subject import REFERENCE, open_subject
from conformance_tests.target import TargetError, UnreachableError
from contract.clauses import Level, contract_version
from reference_server.mutants import Mutant

SCENARIOS_AT_A_TIME = 16
_PATIENCE = 300.0
"""Seconds for one mutant, start to verdict; a server that hangs is a problem to show, not to wait for."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one run: `broken` has (rule id, clause) for every violation found."""

    verdict: str
    broken: frozenset[tuple[str, str]] = frozenset()
    problem: str | None = None

    @property
    def killed_by(self) -> list[str]:
        return sorted({rule for rule, _ in self.broken})


def judge_mutants(
    names: Sequence[str | None], *, seed: int, race_tries: int, jobs: int
) -> Iterator[tuple[str | None, Judged]]:
    """Judge the server with each mutant (None: without one), `jobs` at a time; results come as they are ready."""
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=min(jobs, len(names)), mp_context=spawning) as pool:
        running = {pool.submit(judge_mutant, name, seed, race_tries): name for name in names}
        try:
            for done in as_completed(running):
                yield running[done], done.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def judge_mutant(name: str | None, seed: int, race_tries: int) -> Judged:
    """One run of the whole suite against the reference server with one mutant."""
    with tempfile.TemporaryDirectory(prefix="staycheck-mutant-") as directory:
        history = Path(directory) / "history.jsonl"
        try:
            asyncio.run(_record(name, seed, race_tries, history))
        except (TargetError, UnreachableError) as error:
            return Judged("inconclusive", problem=str(error))
        except TimeoutError:
            return Judged("inconclusive", problem=f"not judged within {_PATIENCE:g} s")
        report = judge_file(history, level=Level.MAY)
    broken = {
        (rule["id"], violation["clause"]) for rule in report["rules"] for violation in rule["violations"]
    }
    errors = [f"{rule['id']}: {rule['reasons'][0]}" for rule in report["rules"] if rule["verdict"] == "error"]
    return Judged(report["verdict"], frozenset(broken), "; ".join(errors) or None)


async def _record(name: str | None, seed: int, race_tries: int, history: Path) -> None:
    arguments = () if name is None else ("--mutant", name)
    async with asyncio.timeout(_PATIENCE), open_subject(REFERENCE, arguments=arguments) as subject:
        await runner.run(
            subject.target,
            seed=seed,
            jobs=SCENARIOS_AT_A_TIME,
            only=(),
            record=history,
            race_tries=race_tries,
            sink_socket=subject.sink_socket,
        )


def matrix(
    mutants: Iterable[Mutant], results: dict[str | None, Judged], *, seed: int, whole: bool
) -> dict[str, Any]:
    """The matrix as `schemas/files/kill_matrix.schema.json` has it. `whole`: every mutant was run."""
    rows = [_row(each, results[each.name]) for each in mutants]
    killers = {rule for row in rows for rule in row["killed_by"]}
    control = results[None]
    return {
        "kill_matrix": 1,
        "staycheck": metadata.version("staycheck"),
        "contract": contract_version(),
        "seed": seed,
        "control": {"verdict": control.verdict, "failed": control.killed_by},
        "mutants": rows,
        "survivors": [row["name"] for row in rows if not row["killed"]],
        "rules_without_kill": [
            rule.id for rule in all_rules() if rule.level is Level.MUST and rule.id not in killers
        ]
        if whole
        else [],
    }


def _row(each: Mutant, judged: Judged) -> dict[str, Any]:
    return {
        "name": each.name,
        "layer": each.layer,
        "clause": each.clause,
        "summary": each.summary,
        "killed": any(clause == each.clause for _, clause in judged.broken),
        "killed_by": judged.killed_by,
        "verdict": judged.verdict,
        **({"problem": judged.problem} if judged.problem else {}),
    }
