"""Finds, for each operation of the contract, the operation of a document that does the same.

Three things speak for a pair: the path is the contract's own, the operationId is, or every word of the path says the operation.
A pair is *found* when it is the only one, its path can be written in a dialect, and nothing speaks for another pair; everything
else is a guess, told with what stands in its way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contract.dialect import DialectError
from contract.dialect_paths import CHANNEL_AUTH, PathWords
from contract.operations import Operation, operations
from staycheck.drafting.reading import Described, Reader
from staycheck.drafting.words import Reading, read_path, unified, wanted_method, wanted_thing, words

_SHOWN = 3
_SOCKET = {"socket_id", "channel_name"}
_PASSWORDS = {"password", "pass", "passwd", "pin"}


@dataclass(frozen=True)
class Found:
    """The operation that does the same; `template` is its path in the contract's parameters, `basis` what speaks for it."""

    described: Described
    template: str
    basis: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Guess:
    """No operation that surely does the same: why, and which come nearest, the nearest first, with a template if one can be written."""

    why: str
    nearest: tuple[tuple[Described, str | None], ...] = ()


@dataclass(frozen=True)
class Matches:
    """`base_path` stands before every found path that is otherwise the contract's own. All in the order of the contract."""

    base_path: str
    found: Mapping[str, Found]
    guesses: Mapping[str, Guess]

    def templates(self) -> dict[str, str]:
        """operationId -> path behind the base path, where it is not the contract's own."""
        templates = {name: one.template.removeprefix(self.base_path) for name, one in self.found.items()}
        return {name: path for name, path in templates.items() if path != operations()[name].path}

    def methods(self) -> dict[str, str]:
        """operationId -> method, where it is not the contract's."""
        return _methods(self.found)


@dataclass(frozen=True)
class _Pair:
    described: Described
    reading: Reading
    evidence: tuple[str, ...]


def match_operations(reader: Reader) -> Matches:
    """Every operation of the contract, found or guessed."""
    described = reader.operations()
    shared = _shared_segments([one.path for one in described])
    read = [(one, read_path(one, shared)) for one in described]
    pairs = {
        wanted.id: [
            _Pair(one, reading, evidence)
            for one, reading in read
            if (evidence := _evidence(wanted, one, reading, reader))
        ]
        for wanted in operations().values()
    }
    for name, mine in pairs.items():  # another method counts where the contract's own is not there
        pairs[name] = [pair for pair in mine if pair.described.method == operations()[name].method] or mine
    found: dict[str, Found] = {}
    guesses: dict[str, Guess] = {}
    for wanted in operations().values():
        decided = _decide(wanted, pairs, read)
        if isinstance(decided, Found):
            found[wanted.id] = decided
        else:
            guesses[wanted.id] = decided
    base_path = _base_path(found)
    _without_collisions(base_path, found, guesses)
    ordered = {name: found[name] for name in operations() if name in found}
    return Matches(base_path, ordered, guesses)


def _evidence(wanted: Operation, one: Described, reading: Reading, reader: Reader) -> tuple[str, ...]:
    if one.method not in _possible_methods(wanted):
        return ()
    evidence = []
    if reading.template is not None and _prefix(reading.template, wanted.path) is not None:
        evidence.append("path")
    if _plain(one.operation_id) == wanted.id.lower() and reading.thing == wanted_thing(wanted.id):
        evidence.append("operationId")
    says = reading.means(wanted.id, wanted.method)
    if wanted.id == "channelAuth":
        says = says or _asked(reader, one) >= _SOCKET
    elif wanted.id == "staffLogin":
        says = says and bool(_asked(reader, one) & _PASSWORDS)
    return (*evidence, "words") if says else tuple(evidence)


def _possible_methods(wanted: Operation) -> tuple[str, ...]:
    """What surely does the same: a DELETE of a check-in undoes it, and a POST to a list adds to it."""
    if wanted.method == "GET" or wanted.id == CHANNEL_AUTH:
        return (wanted.method,)
    return ("POST", "PUT", "PATCH", "DELETE") if wanted.id == "unassignRoom" else ("POST", "PUT", "PATCH")


def _methods(found: Mapping[str, Found]) -> dict[str, str]:
    return {
        name: one.described.method
        for name, one in found.items()
        if one.described.method != operations()[name].method
    }


def _asked(reader: Reader, one: Described) -> set[str]:
    """The fields of the body an operation takes."""
    return set(reader.properties(one.request)) if one.request is not None else set()


def _decide(
    wanted: Operation, pairs: Mapping[str, Sequence[_Pair]], read: Sequence[tuple[Described, Reading]]
) -> Found | Guess:
    mine = pairs[wanted.id]
    if not mine:
        return Guess(*_nothing(wanted, read))
    exact = [pair for pair in mine if "path" in pair.evidence]
    best = exact or [pair for pair in mine if len(pair.evidence) > 1] or mine
    named = [pair for pair in mine if "operationId" in pair.evidence]
    if named and not all(pair in named for pair in best):
        return Guess("the operationId and the path speak for different operations", _shown(mine))
    if len(best) > 1:
        return Guess(f"{len(best)} operations say the same; keep the right one", _shown(best))
    pair = best[0]
    for other, theirs in pairs.items():
        rival = next((one for one in theirs if one.described is pair.described), None)
        if other != wanted.id and rival is not None and "path" not in pair.evidence[:1]:
            return Guess(f"it may as well be {other}", _shown([pair]))
        if other != wanted.id and rival is not None and "operationId" in rival.evidence:
            return Guess(f"its path says so, but its operationId says {other}", _shown([pair]))
    if pair.reading.template is None:
        return Guess(pair.reading.why, _shown([pair]))
    if not pair.reading.sure:
        return Guess("; ".join(pair.reading.notes), _shown([pair]))
    missing = [
        name for name in wanted.path_parameters
        if name != "hotel_slug" and not name.startswith("room_") and f"{{{name}}}" not in pair.reading.template
    ]  # fmt: skip
    if missing:
        return Guess(f"its path does not name {missing[0]}", _shown([pair]))
    notes = list(pair.reading.notes)
    if "hotel_slug" in wanted.path_parameters and "{hotel_slug}" not in pair.reading.template:
        notes.append("its path names no hotel: the rules about other hotels read it as the caller's own")
    basis = {
        "path": "the contract's own path",
        "operationId": "by its operationId",
        "words": "by the words of its path",
    }
    return Found(pair.described, pair.reading.template, basis[pair.evidence[0]], tuple(notes))


def _nothing(
    wanted: Operation, read: Sequence[tuple[Described, Reading]]
) -> tuple[str, tuple[tuple[Described, str | None], ...]]:
    """Why there is nothing, and what comes nearest: first by another method, then by common words."""
    method = wanted_method(wanted.id)
    meant = [(one, reading) for one, reading in read if reading.means(wanted.id, method)]
    mine_by_words = tuple((one, reading.template) for one, reading in meant if one.method == method)
    if mine_by_words:  # only a login is asked for more than the words of its path
        return "its path says so, but no password is in the body it takes", mine_by_words[:_SHOWN]
    if meant:
        return (
            f"the contract says {method}; if it is the same, name its method under [dialect.methods]",
            tuple((one, reading.template) for one, reading in meant[:_SHOWN]),
        )
    mine = _telling(f"{wanted.id} {wanted.path.rpartition('}')[2]}")
    scored = []
    for index, (one, reading) in enumerate(read):
        common = len(mine & _telling(f"{one.path} {one.operation_id} {one.summary} {' '.join(one.tags)}"))
        if common:
            same = (one.method == method) + (reading.thing == wanted_thing(wanted.id))
            scored.append((-4 * common - same, index, one))
    nearest = sorted(scored, key=lambda row: row[:2])[:_SHOWN]
    return "not found", tuple((one, None) for _, _, one in nearest)


def _telling(text: str) -> set[str]:
    """The words that tell operations apart."""
    return set(unified(words(text)).split()) - {
        "room",
        "booking",
        "hotel",
        "get",
        "list",
        "guest",
        "staff",
        "api",
    }


def _shown(pairs: Sequence[_Pair]) -> tuple[tuple[Described, str | None], ...]:
    return tuple((pair.described, pair.reading.template) for pair in pairs[: 2 * _SHOWN])


def _prefix(template: str, path: str) -> str | None:
    """What stands before the contract's own path; None when the template is not it."""
    prefix = template.removesuffix(path)
    return prefix if prefix != template and "{" not in prefix else None


def _base_path(found: Mapping[str, Found]) -> str:
    """What stands before all paths, if those that are the contract's own behind it agree; else nothing."""
    prefixes = {_prefix(one.template, operations()[name].path) for name, one in found.items()} - {None}
    if len(prefixes) != 1:
        return ""
    (prefix,) = prefixes
    return prefix if prefix and all(one.template.startswith(f"{prefix}/") for one in found.values()) else ""


def _without_collisions(base_path: str, found: dict[str, Found], guesses: dict[str, Guess]) -> None:
    """Two operations with one path: neither is known to be it."""
    while True:
        templates = {name: one.template.removeprefix(base_path) for name, one in found.items()}
        try:
            PathWords(base_path, templates, _methods(found))
        except DialectError as error:
            told = re.findall(r"\w+", str(error))
            out = [name for name in found if name in told]
            if not out:
                raise
            for name in out:
                one = found.pop(name)
                guesses[name] = Guess(f"it would collide: {error}", ((one.described, one.template),))
        else:
            return


def _shared_segments(paths: Sequence[str]) -> int:
    """How many leading segments without parameters all paths share; the last of a path always says something."""
    split = [path.strip("/").split("/") for path in paths]
    count = 0
    while split and all(
        len(segments) > count + 1 and segments[count] == split[0][count] and "{" not in segments[count]
        for segments in split
    ):
        count += 1
    return count


def _plain(operation_id: str) -> str:
    return re.sub(r"[^a-z0-9]", "", operation_id.lower())
