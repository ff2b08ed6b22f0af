"""The clause catalogue is well-formed, quotes the seed verbatim and leaves no line of the seed unaccounted for."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from contract import clauses as clauses_module
from contract.clauses import Basis, Level, UnknownClause, clause, contract_version, load_clauses

SEED = Path(__file__).parents[2] / "docs" / "contract" / "seed.md"
TABLE_RULE = re.compile(r"\|[-| ]+\|")
MARKUP = re.compile(r"^(?:- |\d+\. |✅ )")
SENTENCE_END = re.compile(r"(?<=\.)\s+(?=[A-Z])")


def read_catalogue() -> Any:
    return yaml.safe_load(resources.files("schemas").joinpath("clauses.yaml").read_text(encoding="utf-8"))


def validator() -> jsonschema.Draft202012Validator:
    source = resources.files("schemas").joinpath("files", "clauses.schema.json").read_text(encoding="utf-8")
    schema = json.loads(source)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def statements(markdown: str) -> Iterator[tuple[int, str]]:
    """(line number, text) of every bullet, numbered item, table body row, fenced line and sentence.

    Headings, rules, table heads and the fences themselves state nothing and are left out.
    """
    lines = [line.strip() for line in markdown.splitlines()]
    fenced = False
    for number, line in enumerate(lines, start=1):
        if line.startswith("```"):
            fenced = not fenced
            continue
        if not line or line == "---" or TABLE_RULE.fullmatch(line) or (line.startswith("#") and not fenced):
            continue
        is_table_head = line.startswith("|") and number < len(lines) and TABLE_RULE.fullmatch(lines[number])
        if is_table_head:
            continue
        for sentence in SENTENCE_END.split(MARKUP.sub("", line)):
            yield number, sentence


def covers(quote: str, statement: str) -> bool:
    """Only a quote of the whole statement covers it: half a row can promise half of what the row promises."""
    return statement in quote


ALL = list(load_clauses().values())


def test_catalogue_validates_against_its_schema() -> None:
    errors = [f"{error.json_path}: {error.message}" for error in validator().iter_errors(read_catalogue())]
    assert errors == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"id": "Check-in/Room"}, "does not match"),
        ({"id": "lonely"}, "does not match"),
        ({"level": "must"}, "is not one of"),
        ({"text": "no sentence"}, "does not match"),
        ({"surplus": 1}, "Additional properties"),
        ({"quotes": []}, "non-empty"),
        ({"seed": None}, "is not of type"),
        ({"seed": "9"}, "is not one of"),
        ({"basis": "chosen", "seed": None}, "'note' is a required property"),
        ({"basis": "observed", "level": "SHOULD"}, "is not of type"),
        ({"observable": False}, "'unobservable_reason' is a required property"),
        ({"unobservable_reason": "none"}, "False schema"),
        ({"unjudged": "too hard"}, "False schema"),
    ],
)
def test_schema_refuses_a_broken_clause(change: dict[str, object], complaint: str) -> None:
    """Each conditional and pattern of the schema bites, so that a green catalogue means something."""
    good = {
        "id": "check-in/room/occupied",
        "level": "MUST",
        "text": "A check-in sets is_occupied to true.",
        "seed": "1",
        "basis": "documented",
        "quotes": ["| `is_occupied` |"],
        "observable": True,
    }
    catalogue = {"version": "1.0.0", "clauses": [good], "not_promises": []}
    assert validator().is_valid(catalogue)
    catalogue["clauses"] = [{**good, **change}]
    assert any(complaint in error.message for error in validator().iter_errors(catalogue))


def test_ids_are_unique() -> None:
    counts = Counter(entry["id"] for entry in read_catalogue()["clauses"])
    assert [clause_id for clause_id, n in counts.items() if n > 1] == []


def test_no_id_is_a_path_prefix_of_another() -> None:
    """A prefix selects a group; an id that were also a group could not be selected alone."""
    ids = load_clauses().keys()
    groups = {"/".join(parts[:n]) for parts in (i.split("/") for i in ids) for n in range(1, len(parts))}
    assert sorted(groups & ids) == []


def test_every_text_is_one_sentence() -> None:
    assert [entry.id for entry in ALL if len(SENTENCE_END.split(entry.text)) != 1] == []


def test_every_documented_clause_quotes_the_seed() -> None:
    assert [entry.id for entry in ALL if entry.basis is Basis.DOCUMENTED and not entry.quotes] == []


def test_quotes_are_verbatim_pieces_of_one_line_of_the_seed() -> None:
    lines = SEED.read_text(encoding="utf-8").splitlines()
    quotes = [(entry.id, quote) for entry in ALL for quote in entry.quotes]
    assert [found for found in quotes if not any(found[1] in line for line in lines)] == []


def test_an_undocumented_must_says_why() -> None:
    musts = [entry for entry in ALL if entry.basis is not Basis.DOCUMENTED and entry.level is Level.MUST]
    assert [entry.id for entry in musts if not (entry.note or "").startswith("MUST although chosen: ")] == []


def test_not_promises_are_verbatim_and_promise_nothing_elsewhere() -> None:
    lines = SEED.read_text(encoding="utf-8").splitlines()
    promised = {quote for entry in ALL for quote in entry.quotes}
    for entry in read_catalogue()["not_promises"]:
        assert any(entry["quote"] in line for line in lines), entry
        assert entry["quote"] not in promised


def test_every_statement_of_the_seed_is_a_clause_or_promises_nothing() -> None:
    quotes = {quote for entry in ALL for quote in entry.quotes}
    quotes |= {entry["quote"] for entry in read_catalogue()["not_promises"]}
    missing = [
        f"seed.md:{number}: {statement}"
        for number, statement in statements(SEED.read_text(encoding="utf-8"))
        if not any(covers(quote, statement) for quote in quotes)
    ]
    assert missing == []


def test_statements_sees_every_kind_of_line() -> None:
    """The completeness test is only as good as this parser: it must drop headings and table heads, nothing else."""
    markdown = "# H\n\nOne. Two\n- b\n1. n\n\n| A | B |\n|---|---|\n| a | b |\n---\n```\n# code\n```\n"
    assert [text for _, text in statements(markdown)] == ["One.", "Two", "b", "n", "| a | b |", "# code"]
    assert len(list(statements(SEED.read_text(encoding="utf-8")))) > 120


def test_clause_returns_a_frozen_value() -> None:
    found = clause("check-in/room/occupied")
    assert found.level is Level.MUST
    assert found.basis is Basis.DOCUMENTED
    assert found.seed == "1"
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.level = Level.MAY  # type: ignore[misc]


def test_catalogue_is_read_only_and_read_once() -> None:
    assert load_clauses() is load_clauses()
    with pytest.raises(TypeError):
        load_clauses()["x/y"] = ALL[0]  # type: ignore[index]


def test_unknown_clause_names_the_nearest_ids() -> None:
    with pytest.raises(UnknownClause, match="did you mean 'check-in/room/occupied'") as caught:
        clause("check-in/room/ocupied")
    assert isinstance(caught.value, LookupError)
    assert caught.value.clause_id == "check-in/room/ocupied"
    assert caught.value.suggestions[0] == "check-in/room/occupied"


def test_unknown_clause_without_a_near_one_suggests_nothing() -> None:
    with pytest.raises(UnknownClause) as caught:
        clause("0123456789")
    assert caught.value.suggestions == ()
    assert "did you mean" not in str(caught.value)


def test_a_duplicate_id_fails_when_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    doubled = read_catalogue()
    doubled["clauses"].append(doubled["clauses"][0])
    monkeypatch.setattr(clauses_module, "_catalogue", lambda: doubled)
    with pytest.raises(ValueError, match="occurs twice"):
        load_clauses.__wrapped__()


def test_contract_version_is_the_catalogues() -> None:
    assert contract_version() == read_catalogue()["version"]
