"""The formats a report is written in, by the names `--report FORMAT=PATH` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from conformance_tests.report.json_report import to_json
from conformance_tests.report.junit import to_junit
from conformance_tests.report.markdown import to_markdown
from conformance_tests.report.sarif import to_sarif

Render: TypeAlias = Callable[[Mapping[str, Any], Path], str]
"""The text of a report, and of the history it was made from: for what a report does not hold, such as the lines around a
witness. Deterministic: the same report and history give the same text."""


def _html(report: Mapping[str, Any], history: Path) -> str:
    from conformance_tests.report.html import to_html  # its template engine is loaded for it alone

    return to_html(report, history)


FORMATS: Mapping[str, Render] = {
    "json": lambda report, _: to_json(report),
    "html": _html,
    "junit": lambda report, _: to_junit(report),
    "markdown": lambda report, _: to_markdown(report),
    "sarif": to_sarif,
}


def write_report(name: str, report: Mapping[str, Any], history: Path, path: Path) -> None:
    """Write the report to a file in the format of that name. Raises `OSError`, KeyError for a name that is none."""
    path.write_text(FORMATS[name](report, history), encoding="utf-8", newline="\n")
