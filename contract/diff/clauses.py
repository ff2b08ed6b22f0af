"""The clauses: which promises came, went, became stricter or weaker. Their words are for people, and compared as words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract.diff.documents import Contract
from contract.diff.fields import Section, changed
from contract.diff.model import Findings, Impact, breaks, fits, words

FILE = "clauses.yaml"
_WORDS = words("only the words changed; whether they mean the same is for a person to say")
_DESCRIBED = ("seed", "basis", "quotes", "note", "unobservable_reason", "unjudged")


def compare(old: Contract, new: Contract, findings: Findings) -> None:
    """Adds the changes of `clauses.yaml`."""
    before, after = old.document(FILE), new.document(FILE)
    if not before and not after:
        return
    whole = Section(findings, FILE, "document")
    listed = {"clauses": lambda was, is_: _clauses(whole, _by_id(was), _by_id(is_))}
    whole.fields("catalogue", before, after, listed, described=("version", "not_promises"))


def _by_id(entries: Any) -> dict[str, Mapping[str, Any]]:
    return {str(entry.get("id")): entry for entry in entries or ()}


def _clauses(section: Section, old: dict[str, Mapping[str, Any]], new: dict[str, Mapping[str, Any]]) -> None:
    for name in sorted(new.keys() - old.keys()):
        called = next((key for key in sorted(old.keys() - new.keys()) if _promise(old[key]) == _promise(new[name])), None)  # fmt: skip
        if called is not None:
            why = fits("the promise is the same; baselines and --only that name the clause have to follow")
            section.at(name).both("clause/renamed", f"{called} is called {name} now", why)
            old = {**{key: value for key, value in old.items() if key != called}, name: old[called]}
            continue
        level = new[name].get("level")
        stricter = breaks("a backend that conformed may fail it") if level == "MUST" else fits("a backend that fails it conforms all the same")  # fmt: skip
        section.at(name).add("clause/added", f"a new {level}: {_text(new[name])}", fits("it is promised more than before"), stricter)  # fmt: skip
    for name in sorted(old.keys() - new.keys()):
        level = old[name].get("level")
        weaker = breaks("who relies on it is promised it no longer") if level == "MUST" else fits("nobody could rely on it")  # fmt: skip
        section.at(name).add("clause/removed", f"a {level} is gone: {_text(old[name])}", weaker, fits("it is held to less than before"))  # fmt: skip
    for name in sorted(old.keys() & new.keys()):
        _clause(section.at(name), old[name], new[name])


def _clause(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    def level(was: Any, is_: Any) -> None:
        section.add("clause/level", f"{was} becomes {is_}", *_of_levels(was, is_))

    def observable(_was: Any, is_: Any) -> None:
        if is_:
            section.both("clause/observable", "is judged from now on", fits("the promise is the same, but a run judges it now"))  # fmt: skip
        else:
            section.both("clause/observable", "is no longer judged", fits("the promise is the same, but no run judges it"))  # fmt: skip

    judges = {
        "level": level,
        "observable": observable,
        "text": lambda _was, is_: section.both("clause/text", f"the text is now: {' '.join(str(is_).split())}", _WORDS),
        "id": lambda _was, _is: None,
    }  # fmt: skip
    section.fields("clause", old, new, judges, described=_DESCRIBED)


def _of_levels(was: Any, is_: Any) -> tuple[Impact, Impact]:
    if is_ == "MUST":
        return fits("it is promised more than before"), breaks("a backend that conformed may fail it")
    if was == "MUST":
        return breaks("who relies on it is promised it no longer"), fits("it is held to less than before")
    weaker = fits(f"neither of {changed(was, is_)} decides whether a backend conforms")
    return weaker, weaker


def _promise(entry: Mapping[str, Any]) -> tuple[Any, Any]:
    return entry.get("level"), _text(entry)


def _text(entry: Mapping[str, Any]) -> str:
    return " ".join(str(entry.get("text")).split())
