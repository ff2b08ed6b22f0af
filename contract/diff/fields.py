"""Comparing mappings so that nothing is overlooked: what nobody knows how to judge is said to be undecided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contract.diff.model import UNDECIDED, Findings, Impact, breaks, words
from contract.diff.steps import exact, told

Judge = Callable[[Any, Any], None]
"""Called with the old and the new value of a field; None stands for absent."""


def differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """The keys whose values differ, or that are in one only, sorted."""
    for key in sorted(old.keys() | new.keys()):
        if (key in old) != (key in new) or exact(old[key]) != exact(new[key]):
            yield key


def came_and_went(old: Iterable[Any], new: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    """What is in the new list only, what is in the old one only, each in its order."""
    before, after = list(old), list(new)
    return [one for one in after if one not in before], [one for one in before if one not in after]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document: where it is, and where its changes go."""

    findings: Findings
    document: str
    place: str

    def at(self, place: str) -> Section:
        return Section(self.findings, self.document, place)

    def add(self, kind: str, what: str, consumers: Impact, providers: Impact) -> None:
        self.findings.add(kind, self.document, self.place, what, consumers, providers)

    def both(self, kind: str, what: str, impact: Impact) -> None:
        self.add(kind, what, impact, impact)

    def fields(
        self,
        kind: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        judges: Mapping[str, Judge],
        described: Iterable[str] = (),
    ) -> None:
        """Every differing field by its judge; those in `described` are words; all others are undecided."""
        docs = frozenset(described)
        for key in differing(old, new):
            if key in judges:
                judges[key](old.get(key), new.get(key))
            elif key in docs:
                self.both(f"{kind}/words", f"{key} {_turned(key, old, new)}", words())
            else:
                what = f"{key}: {changed(old.get(key), new.get(key))}" if key in old and key in new and _short(old[key], new[key]) else f"{key} {_turned(key, old, new)}"  # fmt: skip
                self.both(f"{kind}/{key}", what, breaks(UNDECIDED, certain=False))


def changed(old: Any, new: Any) -> str:
    """`was 1, is 2`; absent values are `nothing`."""
    return f"was {'nothing' if old is None else told(old)}, is {'nothing' if new is None else told(new)}"


def _short(old: Any, new: Any) -> bool:
    return not any(isinstance(one, dict | list) for one in (old, new))


def _turned(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    return "changed" if key in old and key in new else "is new" if key in new else "is gone"
