"""The Django example conforms through its target file, as its README says, and mistakes made in it are found."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg import sql

from tests import postgres
from tests.examples.django_backend import Judged, copy_to, judge
from tests.examples.mutations import MUTATIONS, Mutation

pytest.importorskip("django", reason="Django is in the dev extra: pip install -e '.[dev]'")
pytestmark = pytest.mark.timeout(300)


def _conforms(judged: Judged) -> None:
    assert judged.failed == {}
    assert judged.unjudged == {}
    assert (judged.exit_code, judged.report["verdict"]) == (0, "pass")


@pytest.mark.slow  # half a minute; CI runs both
def test_it_conforms_on_sqlite(tmp_path: Path) -> None:
    _conforms(judge(copy_to(tmp_path), f"sqlite:///{tmp_path / 'hotel.sqlite3'}", "--race-tries", "1"))


@pytest.mark.slow  # a minute
@pytest.mark.postgres
def test_it_conforms_on_postgresql(tmp_path: Path) -> None:
    with postgres.new_schema() as db:
        _conforms(judge(copy_to(tmp_path), _django_url(db), "--race-tries", "2"))


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name.replace(" ", "-"))
def test_a_mistake_is_found_by_a_rule_of_its_clause(tmp_path: Path, mutation: Mutation) -> None:
    backend = copy_to(tmp_path)
    mutation.apply(backend)
    arguments = ("--race-tries", str(mutation.race_tries))
    if mutation.database == "sqlite":
        judged = judge(backend, f"sqlite:///{tmp_path / 'hotel.sqlite3'}", *arguments)
    else:
        with postgres.new_schema() as db:
            judged = judge(backend, _django_url(db), *arguments)
    assert mutation.clause in judged.failed, sorted(judged.failed)


def test_every_mistake_can_be_made_in_the_example_as_it_is(tmp_path: Path) -> None:
    """The slow tests above would be the first to notice a replacement that no longer fits."""
    for number, mutation in enumerate(MUTATIONS):
        mutation.apply(copy_to(tmp_path / str(number)))


def _django_url(db: str) -> str:
    """The address of a schema (which is made here) in the words of dj-database-url."""
    address, schema = db.partition("?")[0], postgres.schema_of(db)
    with postgres.connect(db) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    return f"{address}?options=-c%20search_path%3D{schema}"
