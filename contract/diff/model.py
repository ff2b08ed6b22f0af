"""What a comparison of two contracts finds: changes, and what each means for the two sides of the contract.

*Consumers* are frontends: they write requests and read replies and events. *Providers* are backends: they read requests,
write replies and events, and are judged by the clauses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """What a change means for a side, worst last."""

    DOCS_ONLY = "docs-only"
    COMPATIBLE = "compatible"
    BREAKING = "breaking"

    @property
    def rank(self) -> int:
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change means for one side, and why, in a clause of a sentence without a full stop.

    `certain` is false where a break was not proven: it depends on what someone does, or cannot be decided.
    """

    level: Level
    why: str
    certain: bool = True

    @property
    def headline(self) -> str:
        """`breaking`, `may break`, `compatible` or `docs-only`."""
        return "may break" if self.level is Level.BREAKING and not self.certain else self.level.value


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `kind` is a slug such as `operation/added`; `document` the file, `places` where in it (a name or a
    JSON Pointer; several when the same was done in several places); `what` one sentence; `used_by` who refers to it."""

    kind: str
    document: str
    places: tuple[str, ...]
    what: str
    consumers: Impact
    providers: Impact
    used_by: tuple[str, ...] = ()

    @property
    def level(self) -> Level:
        """The worse of the two."""
        return max(self.consumers.level, self.providers.level, key=lambda one: one.rank)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes, those that break first, then by document and place. Empty when the contracts promise the same."""

    old_version: str
    new_version: str
    changes: tuple[Change, ...]

    def breaking(self, side: str | None = None) -> tuple[Change, ...]:
        """Those that break `consumers`, `providers`, or either side (None)."""
        sides = (side,) if side else ("consumers", "providers")
        return tuple(
            change
            for change in self.changes
            if any(getattr(change, one).level is Level.BREAKING for one in sides)
        )


def breaks(why: str, *, certain: bool = True) -> Impact:
    return Impact(Level.BREAKING, why, certain)


def fits(why: str) -> Impact:
    return Impact(Level.COMPATIBLE, why)


def words(why: str = "only the words changed") -> Impact:
    return Impact(Level.DOCS_ONLY, why)


UNDECIDED = "what it means cannot be decided from the documents"


@dataclass(slots=True)
class Findings:
    """Collects changes; the same change in several places of a document becomes one."""

    _found: dict[tuple[object, ...], list[Change]] = field(default_factory=dict)

    def add(
        self,
        kind: str,
        document: str,
        place: str,
        what: str,
        consumers: Impact,
        providers: Impact,
        used_by: Iterable[str] = (),
    ) -> None:
        change = Change(kind, document, (place,), what, consumers, providers, tuple(used_by))
        self._found.setdefault((kind, document, what, consumers, providers), []).append(change)

    def both(self, kind: str, document: str, place: str, what: str, impact: Impact) -> None:
        """A change that means the same for both sides."""
        self.add(kind, document, place, what, impact, impact)

    def documents(self) -> set[str]:
        return {change.document for found in self._found.values() for change in found}

    def merged(self) -> Iterator[Change]:
        for found in self._found.values():
            first = found[0]
            places = tuple(sorted({place for change in found for place in change.places}))
            used_by = tuple(sorted({name for change in found for name in change.used_by}))
            yield Change(
                first.kind, first.document, places, first.what, first.consumers, first.providers, used_by
            )

    def in_order(self) -> tuple[Change, ...]:
        return tuple(
            sorted(self.merged(), key=lambda c: (-c.level.rank, c.document, c.places, c.kind, c.what))
        )
