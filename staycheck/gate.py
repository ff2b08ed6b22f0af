"""What `check` and `judge` have in common around a report: the files it is written to, and the baseline it is held against."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from conformance_tests.baseline import Baseline, counted, updated
from conformance_tests.report.formats import FORMATS, write_report
from staycheck.usage import could_not_judge, say, wrong_usage

if TYPE_CHECKING:
    from conformance_tests.baseline import Key

Reports = Annotated[
    list[str] | None,
    typer.Option("--report", help=f"Write the report too: FORMAT=PATH ({', '.join(FORMATS)}); repeatable."),
]
BaselineFile = Annotated[
    Path | None,
    typer.Option(
        "--baseline", help="Known failures, which do not count.", metavar="FILE", show_default=False
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict-baseline", help="A known failure that is gone fails the build too.")
]
Update = Annotated[
    bool,
    typer.Option("--baseline-update", help="Write the baseline: add what is new, take out what is gone."),
]
Today = Annotated[
    datetime | None,
    typer.Option(
        "--today", help="The day that expiry dates are held against; without it today, in UTC.", metavar="YYYY-MM-DD",
        formats=["%Y-%m-%d"], envvar="STAYCHECK_TODAY", show_default=False, show_envvar=False,
    ),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gate:
    """A baseline as it was read, and how it is used. `text` is None where there is no file yet."""

    path: Path
    baseline: Baseline
    text: str | None
    today: date
    strict: bool
    update: bool
    quiet: bool

    def apply(self, report: Mapping[str, Any]) -> dict[str, Any]:
        """The report held against the baseline; with `update` the baseline is written first, and the one written counts.

        Leaves with exit code 2 when the file cannot be written.
        """
        found = self.baseline.apply(report, self.today, strict=self.strict)
        return self._updated(report, found) if self.update else found

    def _updated(self, report: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
        from conformance_tests.baseline_file import BaselineError, write_baseline

        reason = f"Known since {self.today.isoformat()}; why it is accepted, nobody has written down yet."
        entries = updated(self.baseline, found, reason)
        messages: dict[Key, str] = {}
        for rule, violation in counted(report):
            messages.setdefault((rule["id"], violation["fingerprint"]), violation["message"])
        try:
            _replace(self.path, write_baseline(self.text, entries, messages))
        except BaselineError as wrong:
            wrong_usage(str(wrong))
        except OSError as error:
            could_not_judge(f"The baseline cannot be written to {self.path}: {error.strerror or error}.")
        before = {entry.key for entry in self.baseline.entries}
        after = {entry.key for entry in entries}
        if not self.quiet:
            told = f"{len(after - before)} added, {len(before - after)} taken out, {len(entries)} known"
            say(f"{self.path}: {told}.")
        return Baseline(entries).apply(report, self.today, strict=self.strict)


def today() -> date:
    """The day, in UTC: the only place where a clock decides what a baseline excuses."""
    return datetime.now(UTC).date()


def read_gate(
    path: Path | None, *, strict: bool, update: bool, day: datetime | None, quiet: bool = False
) -> Gate | None:
    """The baseline of a command line, None without one. Leaves with exit code 64 when it is none."""
    if path is None:
        if strict or update:
            wrong_usage("--strict-baseline and --baseline-update need a --baseline FILE.")
        return None
    from conformance_tests.baseline_file import BaselineError, read_baseline

    found, text = Baseline(), None
    try:
        found, text = read_baseline(path)
    except BaselineError as wrong:
        wrong_usage(str(wrong))
    except FileNotFoundError:
        if not update:
            wrong_usage(f"There is no baseline {path}; --baseline-update writes one.")
        if not path.absolute().parent.is_dir():
            wrong_usage(f"--baseline: there is no directory {path.absolute().parent}.")
    except OSError as error:
        wrong_usage(f"The baseline {path} cannot be read: {error.strerror or error}.")
    return Gate(path, found, text, day.date() if day else today(), strict, update, quiet)


def _replace(path: Path, text: str) -> None:
    """Whole or not at all: people have written into it."""
    path = path.resolve()  # a link stays a link
    growing = path.with_name(f".{path.name}.new")
    try:
        growing.write_text(text, encoding="utf-8", newline="\n")
        growing.replace(path)
    except OSError:
        with suppress(OSError):
            growing.unlink(missing_ok=True)
        raise


def parse_reports(wanted: list[str] | None, *, beside: Sequence[Path] = ()) -> list[tuple[str, Path]]:
    """(format, path) of every `--report`. Leaves with exit code 64 where one cannot be written, or would overwrite another
    file of the command line, `beside`."""
    found: list[tuple[str, Path]] = []
    taken = {path.resolve() for path in beside}
    for value in wanted or ():
        name, equals, given = value.partition("=")
        if not equals or not given or name not in FORMATS:
            wrong_usage(f"--report takes FORMAT=PATH with FORMAT one of {', '.join(FORMATS)}, not {value!r}.")
        path = Path(given)
        if given == "-":
            wrong_usage(
                "--report writes files; /dev/stdout is one too, and --json prints the report as JSON."
            )
        if not path.absolute().parent.is_dir():
            wrong_usage(f"--report: there is no directory {path.absolute().parent}.")
        if path.is_dir():
            wrong_usage(f"--report: {path} is a directory, not a file.")
        if path.resolve() in taken and not _is_stream(path):
            wrong_usage(f"--report: {path} is named twice; the one would overwrite the other.")
        if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
            wrong_usage(f"--report: {path} cannot be written.")
        taken.add(path.resolve())
        found.append((name, path))
    return found


def _is_stream(path: Path) -> bool:
    return path.exists() and not path.is_file()


def write_reports(report: Mapping[str, Any], history: Path, reports: Sequence[tuple[str, Path]]) -> bool:
    """Write them all; whether that worked. What did not is said, and takes no other along."""
    written = True
    for name, path in reports:
        try:
            write_report(name, report, history, path)
        except OSError as error:
            say(f"The {name} report cannot be written to {path}: {error.strerror or error}.")
            written = False
    return written
