"""A part of the campaign of `tools/false_alarms.py`: our own server, seed after seed, under load, and no verdict but pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.postgres import ADDRESS, available
from tools.false_alarms import campaign

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

_SEEDS = range(9000, 9006)


@pytest.mark.parametrize("db", ["memory", pytest.param(ADDRESS, marks=pytest.mark.postgres, id="postgresql")])
def test_the_unmutated_server_passes_everything(db: str, tmp_path: Path) -> None:
    if db == ADDRESS:
        available()
    found = {
        seed: (judged.verdict, judged.failed, judged.unjudged, judged.problem)
        for seed, judged in campaign(_SEEDS, db, load=1, jobs=2, keep=tmp_path)
    }
    assert found == {seed: ("pass", [], (), None) for seed in _SEEDS}
