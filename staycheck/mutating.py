"""`staycheck mutants`: is the checker any good? Every lie our server can tell, and which rules found it."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from conformance_tests.report.json_report import to_json
from conformance_tests.report.terminal import console
from conformance_tests.scenarios.races import TRIES
from conformance_tests.verdict import EXIT_COULD_NOT_JUDGE
from reference_server.mutants import Mutant, UnknownMutant, all_mutants, get_mutant
from staycheck.kill_matrix import CONTROL, Row, judge_mutants, matrix, recorded_matrix, row_of, standing
from staycheck.reference_runs import Judged
from staycheck.usage import wrong_usage

_SHOWN = 4


def mutants(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Mutants to run; all of them when none is named.", metavar="NAME"),
    ] = None,
    layer: Annotated[
        list[str] | None, typer.Option(help="Run those of a layer: world, transaction, publisher, protocol.")
    ] = None,
    list_only: Annotated[bool, typer.Option("--list", help="Name them and stop.")] = False,
    seed: Annotated[int, typer.Option(help="What the plan of every run is made from.", min=0)] = 1,
    race_tries: Annotated[
        int, typer.Option("--race-tries", help="How often every race is run.", min=0)
    ] = TRIES,
    jobs: Annotated[
        int,
        typer.Option(
            help="Mutants at a time; 0: two per core, since a run waits as long as it works.", min=0, max=64
        ),
    ] = 0,
    record: Annotated[
        Path | None,
        typer.Option(
            help="Write the matrix to this file as it grows; kills that stand there are not run again."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the matrix, or with --list the list, as JSON.")
    ] = False,
) -> None:
    """Judge our own server once per mutant, a switch that breaks one promise, and print which rules found it.

    Exit code 0: every mutant is killed by a rule of its clause, every MUST rule kills one (when all are run), and the
    server without a mutant passes; 1: not so; 2: a run could not be made; 64: wrong usage.
    """
    chosen = _chosen(names or [], layer or [])
    out = console()
    if list_only:
        _list(chosen, out, as_json=as_json)
        return
    found = _run(chosen, seed, race_tries, jobs or 2 * (os.cpu_count() or 1), record, silent=as_json)
    if as_json:
        typer.echo(to_json(found), nl=False)
    else:
        _print(found, out)
    if any("problem" in row for row in found["mutants"]):
        raise typer.Exit(EXIT_COULD_NOT_JUDGE)
    if found["survivors"] or found["rules_without_kill"] or found["control"]["verdict"] != "pass":
        raise typer.Exit(1)


def _list(chosen: list[Mutant], out: Console, *, as_json: bool) -> None:
    if as_json:
        rows = [
            {key: getattr(each, key) for key in ("name", "layer", "clause", "summary")} for each in chosen
        ]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for each in chosen:
        out.print(Text.assemble((f"{each.layer:<12}", "dim"), (each.name, "bold"), f"  {each.clause}"))
        out.print(Padding(Text(each.summary, "dim"), (0, 0, 0, 12), expand=False))


def _chosen(names: list[str], layers: list[str]) -> list[Mutant]:
    known = all_mutants()
    for layer in layers:
        if layer not in {each.layer for each in known}:
            wrong_usage(
                f"--layer: there is no layer {layer}; it is world, transaction, publisher or protocol."
            )
    try:
        wanted = {get_mutant(name).name for name in names}
    except UnknownMutant as unknown:
        wrong_usage(f"{str(unknown)[0].upper()}{str(unknown)[1:]}")
    return [
        each for each in known if (not wanted or each.name in wanted) and (not layers or each.layer in layers)
    ]


def _run(
    chosen: list[Mutant], seed: int, race_tries: int, jobs: int, record: Path | None, *, silent: bool
) -> dict[str, Any]:
    rows = _standing(chosen, record)
    by_name = {each.name: each for each in chosen}
    asked = [each for each in chosen if each.name not in rows]
    control = Judged("skipped")
    err = console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
    )
    shows = err.is_terminal and not silent
    with Progress(*columns, TimeElapsedColumn(), console=err, transient=True, disable=not shows) as bar:
        task = bar.add_task("judging mutants", total=len(asked) + 1)
        for name, judged in judge_mutants(asked, seed=seed, race_tries=race_tries, jobs=jobs):
            if name == CONTROL:
                control = judged
            else:
                rows[name] = row_of(by_name[name], judged)
            if record is not None:
                _write(record, matrix(chosen, rows, control, seed=seed))
            bar.advance(task)
    return matrix(chosen, rows, control, seed=seed)


def _standing(chosen: list[Mutant], record: Path | None) -> dict[str, Row]:
    if record is None or not record.exists():
        return {}
    try:
        return standing(chosen, recorded_matrix(record))
    except (OSError, ValueError, KeyError, TypeError) as error:
        wrong_usage(f"--record: {record} holds no matrix to go on from ({error}); remove it to begin anew.")


def _write(path: Path, found: dict[str, Any]) -> None:
    """Whole or not at all: the run may be interrupted at any time."""
    growing = path.with_suffix(".tmp")
    try:
        growing.write_text(to_json(found), encoding="utf-8", newline="\n")
        growing.replace(path)
    except OSError as error:
        wrong_usage(f"--record: {path} cannot be written: {error.strerror}.")


def _print(found: dict[str, Any], out: Console) -> None:
    for row in sorted(found["mutants"], key=lambda row: row["killed"]):
        mark = ("killed   ", "green") if row["killed"] else ("SURVIVED ", "bold red")
        out.print(Text.assemble(mark, (row["name"], "bold"), f"  {row['layer']}"))
        out.print(Padding(Text(f"{row['summary']}. ({row['clause']})", "dim"), (0, 0, 0, 9), expand=False))
        by = row["killed_by"]
        more = f" and {len(by) - _SHOWN} more" if len(by) > _SHOWN else ""
        out.print(Padding(Text("by " + ", ".join(by[:_SHOWN]) + more if by else "by nobody"), (0, 0, 0, 9), expand=False))  # fmt: skip
        if "problem" in row:
            out.print(Padding(Text(row["problem"], "yellow"), (0, 0, 0, 9), expand=False))
    layers = Counter(row["layer"] for row in found["mutants"])
    counts = ", ".join(f"{count} {layer}" for layer, count in layers.items())
    killed = len(found["mutants"]) - len(found["survivors"])
    out.print(f"\n{killed} of {len(found['mutants'])} mutants killed by a rule of their clause ({counts}).")
    if found["survivors"]:
        out.print(Text("Survivors: " + ", ".join(found["survivors"]), "red"))
    if found["rules_without_kill"]:
        out.print(Text("MUST rules that killed nothing: " + ", ".join(found["rules_without_kill"]), "red"))
    control = found["control"]
    failed = f": {', '.join(control['failed'])}" if control["failed"] else ""
    out.print(f"The server without a mutant: {control['verdict']}{failed}.")
