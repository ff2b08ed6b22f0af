"""The matrix mutant x rule: our own server, started once per mutant and judged as any backend is.

A mutant is killed when a rule finds a violation of the very clause it breaks; other rules may fail too, and are listed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import metadata, resources
from pathlib import Path
from typing import Any, TypeAlias

from conformance_tests.rule import all_rules
from contract.clauses import Level, contract_version
from reference_server.mutants import Mutant, all_mutants
from staycheck.reference_runs import Judged, ReferenceRun, judge_runs

Row: TypeAlias = dict[str, Any]

CONTROL = "without a mutant"


def judge_mutants(
    mutants: Sequence[Mutant], *, seed: int, race_tries: int, jobs: int
) -> Iterator[tuple[str, Judged]]:
    """Judge the server without a mutant (`CONTROL`) and with each, `jobs` at a time; results come as they are ready.

    Races are most of a run's work, and few mutants need them: the others are run without races first, and again with
    them if nothing of their clause was found.
    """
    racing = {each.name for each in mutants if each.clause.startswith("races/")}
    tries = {each.name: race_tries if each.name in racing else 0 for each in mutants}
    runs = [ReferenceRun(name, seed, count, ("--mutant", name)) for name, count in tries.items()]
    by_name = {each.name: each for each in mutants}
    again: list[ReferenceRun] = []
    for run, judged in judge_runs([ReferenceRun(CONTROL, seed, race_tries), *runs], jobs=jobs):
        if run.name == CONTROL or run.race_tries == race_tries or killed(by_name[run.name], judged):
            yield run.name, judged
        else:
            again.append(replace(run, race_tries=race_tries))
    for run, judged in judge_runs(again, jobs=jobs):
        yield run.name, judged


def killed(each: Mutant, judged: Judged) -> bool:
    """Whether a rule found a violation of the very clause the mutant breaks."""
    return any(clause == each.clause for _, clause in judged.broken)


def recorded_matrix(path: Path | None = None) -> Any:
    """A matrix that was written down: the one of this version when no path is given. Raises OSError and ValueError."""
    source = resources.files("staycheck") / "kill_matrix.json" if path is None else path
    return json.loads(source.read_text(encoding="utf-8"))


def standing(mutants: Iterable[Mutant], recorded: Mapping[str, Any]) -> dict[str, Row]:
    """The rows of a recorded matrix that are still of these mutants, and were kills: they need not be run again."""
    known = {each.name: (each.layer, each.clause, each.summary) for each in mutants}
    return {
        row["name"]: row
        for row in recorded["mutants"]
        if row["killed"] and known.get(row["name"]) == (row["layer"], row["clause"], row["summary"])
    }


def matrix(
    mutants: Iterable[Mutant], rows: Mapping[str, Row], control: Judged, *, seed: int
) -> dict[str, Any]:
    """The matrix as `schemas/files/kill_matrix.schema.json` has it, of the mutants that there are rows of."""
    known = all_mutants()
    found = [rows[each.name] for each in mutants if each.name in rows]
    killers = {rule for row in found for rule in row["killed_by"]}
    return {
        "kill_matrix": 1,
        "staycheck": metadata.version("staycheck"),
        "contract": contract_version(),
        "seed": seed,
        "control": {"verdict": control.verdict, "failed": control.failed},
        "mutants": found,
        "survivors": [row["name"] for row in found if not row["killed"]],
        "rules_without_kill": [
            rule.id for rule in all_rules() if rule.level is Level.MUST and rule.id not in killers
        ]
        if len(found) == len(known)
        else [],
    }


def row_of(each: Mutant, judged: Judged) -> Row:
    """What came of one mutant."""
    return {
        "name": each.name,
        "layer": each.layer,
        "clause": each.clause,
        "summary": each.summary,
        "killed": killed(each, judged),
        "killed_by": judged.failed,
        "verdict": judged.verdict,
        **({"problem": judged.problem} if judged.problem else {}),
    }
