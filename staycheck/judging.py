"""`staycheck check` and `staycheck judge`: record a history and judge it, or judge one that was recorded."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from conformance_tests import runner
from conformance_tests.engine import NotAHistory, judge_file, report_exit_code
from conformance_tests.report.json_report import to_json
from conformance_tests.report.progress import run_progress
from conformance_tests.report.terminal import console, print_report
from conformance_tests.rule import UnknownRule, select
from conformance_tests.scenarios.races import TRIES
from conformance_tests.subject import open_subject
from conformance_tests.target import TargetError, UnreachableError
from conformance_tests.verdict import EXIT_COULD_NOT_JUDGE
from contract.clauses import Level
from staycheck.gate import (
    BaselineFile,
    Reports,
    Strict,
    Today,
    Update,
    parse_reports,
    read_gate,
    write_reports,
)
from staycheck.usage import could_not_judge, say, wrong_usage

_LARGE = 64 << 20
"""Bytes from which a history is judged by several processes: each takes a second to start."""

Only = Annotated[
    list[str] | None,
    typer.Option("--only", help="Judge only rules under this prefix, such as check-in/; repeatable."),
]
Tries = Annotated[int, typer.Option("--race-tries", help="How often every race is run; 0: no races.", min=0)]
Lowest = Annotated[Level, typer.Option("--level", help="The lowest level that counts.", case_sensitive=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Every failure in full, and a line for every rule.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing; the exit code says it.")]


def check(
    target: Annotated[
        str, typer.Argument(help="A target file, a URL, `spawn:COMMAND`, or `reference`.", metavar="TARGET")
    ],
    only: Only = None,
    level: Lowest = Level.MUST,
    seed: Annotated[int, typer.Option(help="What the plan of the run is made from.", min=0)] = 1,
    jobs: Annotated[int, typer.Option(help="Scenarios at a time.", min=1, max=256)] = 16,
    race_tries: Tries = TRIES,
    record: Annotated[Path | None, typer.Option(help="Keep the recorded history in this file.")] = None,
    as_json: AsJson = False,
    report: Reports = None,
    baseline: BaselineFile = None,
    strict_baseline: Strict = False,
    baseline_update: Update = False,
    today: Today = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> None:
    """Drive a backend through the contract's scenarios and judge what it did.

    Exit code 0: it conforms; 1: it violates the contract; 2: that could not be judged; 64: wrong usage.
    """
    prefixes = _prefixes(only)
    gate = read_gate(baseline, strict=strict_baseline, update=baseline_update, day=today, quiet=quiet)
    reports = parse_reports(report, beside=[path for path in (record, baseline) if path])
    with _history_file(record) as path:
        _drive(
            target, seed, jobs, race_tries, prefixes, path, silent=quiet or as_json, keeps=record is not None
        )
        found = _judge(path, prefixes, level)
        found = gate.apply(found) if gate else found
        written = write_reports(found, path, reports)
        if not written:
            _keep(path, record)
    _tell(found, written=written, as_json=as_json, verbose=verbose, quiet=quiet, history=record)


def judge(
    history: Annotated[
        Path,
        typer.Argument(
            help="A recorded history (JSON Lines), or a log of events, one {channel, name, data} a line; - for stdin.",
            metavar="HISTORY",
        ),
    ],
    only: Only = None,
    level: Lowest = Level.MUST,
    jobs: Annotated[
        int | None,
        typer.Option(
            help="Processes; the report is the same. Without it: one, or one per core where the file is large.",
            min=1,
            max=64,
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    report: Reports = None,
    baseline: BaselineFile = None,
    strict_baseline: Strict = False,
    baseline_update: Update = False,
    today: Today = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> None:
    """Judge a recorded history; no backend is needed. Exit codes as for `check`.

    A log of events without calls is judged as far as events allow: rules that judge calls are skipped and say so, and the
    exit code follows from those that had something to judge. With a line that cannot be read nothing passes (exit code 2),
    for it might have said more.
    """
    prefixes = _prefixes(only)
    gate = read_gate(baseline, strict=strict_baseline, update=baseline_update, day=today, quiet=quiet)
    reports = parse_reports(report, beside=[path for path in (history, baseline) if path])
    with _readable(history) as path:
        found = _judge(path, prefixes, level, jobs=jobs, name=str(history), silent=quiet or as_json)
        found = gate.apply(found) if gate else found
        written = write_reports(found, path, reports)
    stays = history if history.is_file() else None
    _tell(found, written=written, as_json=as_json, verbose=verbose, quiet=quiet, history=stays)


def demo(race_tries: Tries = TRIES) -> None:
    """Start the reference server on its embedded database, judge it, print every rule's verdict, stop it.

    The demo hotel's arrival window is open around the clock, so it works at any hour.
    """
    console(stderr=True).print(
        "Starting the reference server on SQLite; its arrival window is open around the clock, so that today's "
        "arrivals can check in."
    )
    check("reference", race_tries=race_tries, verbose=True)


def _prefixes(only: list[str] | None) -> tuple[str, ...]:
    prefixes = tuple(only or ())
    try:
        select(prefixes)
    except UnknownRule as unknown:
        wrong_usage(f"--only: {unknown}; `staycheck rules` lists them all.")
    return prefixes


@contextmanager
def _history_file(record: Path | None) -> Iterator[Path]:
    if record is not None:
        yield record
        return
    with tempfile.TemporaryDirectory(prefix="staycheck-") as directory:
        yield Path(directory) / "history.jsonl"


def _drive(
    address: str,
    seed: int,
    jobs: int,
    race_tries: int,
    only: tuple[str, ...],
    path: Path,
    *,
    silent: bool,
    keeps: bool,
) -> None:
    """Record a run. What is wrong with the target or the way to it leaves with a sentence."""
    out = console(stderr=True)
    shows = out.is_terminal and not silent
    with run_progress(out, shows=shows) as told:

        async def drive() -> None:
            async with open_subject(address) as subject:
                await runner.run(
                    subject.target, seed=seed, jobs=jobs, only=only, record=path, race_tries=race_tries,
                    progress=told, sink_socket=subject.sink_socket,
                )  # fmt: skip

        try:
            asyncio.run(drive())
        except TargetError as wrong:
            wrong_usage(str(wrong))
        except OSError as error:
            could_not_judge(f"The history cannot be written to {path}: {error.strerror or error}.")
        except UnreachableError as silent_backend:
            could_not_judge(str(silent_backend))
        except (KeyboardInterrupt, asyncio.CancelledError):
            kept = f" What was recorded is in {path}." if keeps else ""
            could_not_judge(f"The run was interrupted; nothing was judged.{kept}")


@contextmanager
def _readable(history: Path) -> Iterator[Path]:
    """A file that can be read twice: the history itself, or what comes through stdin or a pipe, in a temporary one."""
    if history.is_file():
        yield history
        return
    if str(history) != "-" and (history.is_dir() or not history.exists()):
        wrong_usage(f"There is no history file {history}; `staycheck check TARGET --record FILE` writes one.")
    with tempfile.NamedTemporaryFile(prefix="staycheck-stdin-") as spool:
        try:
            if str(history) == "-":
                shutil.copyfileobj(sys.stdin.buffer, spool)
            else:
                with history.open("rb") as stream:
                    shutil.copyfileobj(stream, spool)
            spool.flush()
        except OSError as error:
            could_not_judge(f"{history} cannot be read: {error.strerror or error}.")
        except KeyboardInterrupt:
            could_not_judge("Interrupted; nothing was judged.")
        yield Path(spool.name)


def _judge(
    path: Path,
    only: tuple[str, ...],
    level: Level,
    *,
    jobs: int | None = 1,
    name: str | None = None,
    silent: bool = True,
) -> dict[str, Any]:
    """The report on a file. What is wrong with it leaves with a sentence; `name` is what the user called it."""
    name = name or str(path)
    out = console(stderr=True)
    columns = (TextColumn("judging"), BarColumn(), TaskProgressColumn())
    try:
        large = path.stat().st_size >= _LARGE
        with Progress(
            *columns, TimeElapsedColumn(), console=out, transient=True, disable=silent or not out.is_terminal
        ) as bar:
            task = bar.add_task("judging", total=None)

            def told(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            return judge_file(
                path,
                only=only,
                level=level,
                jobs=jobs or ((os.cpu_count() or 1) if large else 1),
                progress=told,
            )
    except NotAHistory as nothing:
        could_not_judge(f"{name}: {nothing}")
    except OSError as error:
        could_not_judge(f"{name} cannot be judged: {error.strerror or error}.")
    except BrokenProcessPool:
        could_not_judge(
            "A process that judged a part of the history was ended; `--jobs 1` takes less memory."
        )
    except KeyboardInterrupt:
        could_not_judge("Interrupted; nothing was judged.")


def _keep(history: Path, record: Path | None) -> None:
    """What took a run to record is not lost with a report that could not be written."""
    kept = record or Path(tempfile.mkdtemp(prefix="staycheck-kept-")) / history.name
    if record is None:
        try:
            shutil.copyfile(history, kept)
        except OSError as error:
            say(f"The history cannot be kept in {kept}: {error.strerror or error}.")
            return
    say(f"The history is in {kept}; `staycheck judge {kept}` reports on it again.")


def _tell(
    report: dict[str, Any], *, written: bool, as_json: bool, verbose: bool, quiet: bool, history: Path | None
) -> None:
    if as_json:
        typer.echo(to_json(report), nl=False)
    elif not quiet:
        print_report(report, console(), every_rule=verbose, history=history)
    raise typer.Exit(report_exit_code(report) if written else EXIT_COULD_NOT_JUDGE)
