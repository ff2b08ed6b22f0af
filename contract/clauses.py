"""The clause catalogue: every promise of the contract under a stable id.

The catalogue is data, ``schemas/clauses.yaml``, in the shape of ``schemas/files/clauses.schema.json``. This module
reads it once per process and hands out frozen values; it judges nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import NotRequired, TypedDict, cast

from contract.schema_files import document


class Level(StrEnum):
    """How binding a clause is, in the words of RFC 2119."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Basis(StrEnum):
    """Where a clause comes from.

    ``documented``: the seed says so. ``observed``: backends and frontends of this family do it so. ``chosen``: the
    seed leaves it open and this contract decides.
    """

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise of the contract.

    ``id`` is a path slug such as ``check-in/room/occupied``; ``text`` one sentence that stands alone; ``seed`` the
    section of the seed, ``"1"`` to ``"8"``, or ``None`` when the seed does not promise it; ``quotes`` verbatim pieces
    of the seed. ``unobservable_reason`` is set exactly when ``observable`` is false; ``unjudged`` says why no rule judges
    a clause that could be observed, which is never a MUST.
    """

    id: str
    level: Level
    text: str
    seed: str | None
    basis: Basis
    quotes: tuple[str, ...]
    note: str | None
    observable: bool
    unobservable_reason: str | None
    unjudged: str | None


class UnknownClause(LookupError):
    """The catalogue has no clause with this id.

    ``clause_id`` is what was asked for, ``suggestions`` the nearest ids that exist, best first, at most three.
    """

    def __init__(self, clause_id: str, suggestions: tuple[str, ...]) -> None:
        self.clause_id = clause_id
        self.suggestions = suggestions
        hint = f"; did you mean {' or '.join(repr(s) for s in suggestions)}?" if suggestions else ""
        super().__init__(f"no clause {clause_id!r} in the catalogue{hint}")


class _Entry(TypedDict):
    id: str
    level: str
    text: str
    seed: str | None
    basis: str
    quotes: list[str]
    note: NotRequired[str]
    observable: bool
    unobservable_reason: NotRequired[str]
    unjudged: NotRequired[str]


class _Catalogue(TypedDict):
    version: str
    clauses: list[_Entry]


@cache
def _catalogue() -> _Catalogue:
    return cast(_Catalogue, document("clauses.yaml"))


@cache
def load_clauses() -> Mapping[str, Clause]:
    """All clauses by id, in the order of the catalogue, read-only.

    Raises ``ValueError`` when an id occurs twice: a clause that hides another would never be judged.
    """
    clauses: dict[str, Clause] = {}
    for entry in _catalogue()["clauses"]:
        if entry["id"] in clauses:
            raise ValueError(f"clause id {entry['id']!r} occurs twice in schemas/clauses.yaml")
        clauses[entry["id"]] = Clause(
            id=entry["id"],
            level=Level(entry["level"]),
            text=entry["text"],
            seed=entry["seed"],
            basis=Basis(entry["basis"]),
            quotes=tuple(entry["quotes"]),
            note=entry.get("note"),
            observable=entry["observable"],
            unobservable_reason=entry.get("unobservable_reason"),
            unjudged=entry.get("unjudged"),
        )
    return MappingProxyType(clauses)


def clause(clause_id: str) -> Clause:
    """The clause with this id. Raises ``UnknownClause``, which names the nearest ids."""
    clauses = load_clauses()
    found = clauses.get(clause_id)
    if found is None:
        raise UnknownClause(clause_id, tuple(difflib.get_close_matches(clause_id, clauses, n=3)))
    return found


def contract_version() -> str:
    """The version of the contract as ``MAJOR.MINOR.PATCH``; independent of the package's version."""
    return _catalogue()["version"]
