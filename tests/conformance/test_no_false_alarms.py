"""A part of the campaign of `tools/false_alarms.py`: our own server, seed after seed, under load, and no verdict but pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from staycheck.reference_runs import Judged
from tests.postgres import ADDRESS, available
from tools.false_alarms import add, campaign, passed

pytestmark = pytest.mark.timeout(900)

_SEEDS = range(9000, 9006)


@pytest.mark.slow
@pytest.mark.parametrize("db", ["memory", pytest.param(ADDRESS, marks=pytest.mark.postgres, id="postgresql")])
def test_the_unmutated_server_passes_everything(db: str, tmp_path: Path) -> None:
    if db == ADDRESS:
        available()
    found = {
        seed: (judged.verdict, judged.failed, judged.unjudged, judged.problem)
        for seed, judged in campaign(_SEEDS, db, load=1, jobs=2, keep=tmp_path)
    }
    assert found == {seed: ("pass", [], (), None) for seed in _SEEDS}


def test_a_seed_that_passed_on_a_database_stands_for_that_database_only(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    broken = frozenset({("order/after-commit", "order/after-commit")})
    add(record, 1, "memory", Judged("pass"), commit="abc")
    add(record, 2, "memory", Judged("fail", broken), commit="abc")
    add(record, 3, ADDRESS, Judged("pass"), commit="abc")
    assert passed(record, "memory") == {1}
    assert passed(record, "postgresql://elsewhere/hotel") == {3}


def test_a_line_that_is_of_no_record_is_named(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    add(record, 1, "memory", Judged("pass"))
    record.write_text(record.read_text() + "not a line\n")
    with pytest.raises(ValueError, match=r"record\.jsonl, line 2"):
        passed(record, "memory")
