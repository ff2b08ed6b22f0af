"""Histories and their reports for the tests of the formats; the browser and axe are those of the board."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from conformance_tests.engine import judge_file
from tests.board.conftest import axe, browser  # noqa: F401 - fixtures
from tests.histories import bad_races  # noqa: F401 - adds its lies
from tests.histories.bad import BAD

Judged: TypeAlias = tuple[dict[str, Any], Path]
Judge: TypeAlias = Callable[..., Judged]


def lines_of_lie(name: str) -> list[str]:
    return next(bad for bad in BAD if bad.name == name).make().text()


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Judge lines: the report, and the file they are in."""

    def judge(lines: Iterable[str], only: tuple[str, ...] = ()) -> Judged:
        path = tmp_path_factory.mktemp("history") / "run.jsonl"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return judge_file(path, only=only), path

    return judge
