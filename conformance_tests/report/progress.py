"""How far a run is, on a terminal, while it runs; in a pipe nothing is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from conformance_tests.report.words import visible
from conformance_tests.runner import Progress as Reached

_ROOM = 80 - 48
"""Columns for the name of a scenario beside the others, on the narrowest terminal."""


class _Scenario(ProgressColumn):
    """The scenario that has just ended, cut in the middle to what there is room for."""

    def render(self, task: Task) -> Text:
        name = task.fields["scenario"]
        if len(name) > _ROOM:
            name = f"{name[: _ROOM // 2 - 1]}…{name[-(_ROOM // 2) :]}"
        return Text(name, "dim", no_wrap=True)


@contextmanager
def run_progress(out: Console, *, shows: bool) -> Iterator[Callable[[Reached], None]]:
    """Gives what a run is to tell of its progress; the line is gone at the end."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=12),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        _Scenario(),
    )
    with Progress(*columns, console=out, transient=True, disable=not shows) as bar:
        task = bar.add_task("starting", total=None, scenario="")

        def told(reached: Reached) -> None:
            bar.update(
                task, description=reached.phase, completed=reached.done, total=reached.total,
                scenario=visible(reached.scenario),
            )  # fmt: skip

        yield told
