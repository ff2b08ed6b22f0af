"""The lifecycles: states, transitions, who may carry them out, and what entering a state does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract.diff.documents import Contract
from contract.diff.fields import Judge, Section, came_and_went, changed, differing
from contract.diff.model import Findings, breaks, fits, words
from contract.diff.steps import told

_MORE = fits("nothing that was allowed is refused, and every status is known")
_LESS = breaks("who asks for it is refused")


def paths(old: Contract, new: Contract) -> list[str]:
    """The files of `lifecycles/`."""
    return sorted(one for one in {*old.files, *new.files} if one.startswith("lifecycles/"))


def compare(path: str, old: Contract, new: Contract, findings: Findings) -> None:
    """Adds the changes of one file of `lifecycles/`."""
    before, after = old.document(path), new.document(path)
    section = Section(findings, path, "document")
    if not before or not after:
        came = not before
        why = breaks("all its transitions are new" if came else "none of its transitions is promised")
        section.both("lifecycle/file", f"the lifecycle is {'new' if came else 'gone'}", why)
        return
    judges: dict[str, Judge] = {
        "states": lambda was, is_: _states(section, was or {}, is_ or {}),
        "phases": lambda was, is_: _phases(section, was or {}, is_ or {}),
        "transitions": lambda was, is_: _transitions(section, was or {}, is_ or {}),
        "on_enter": lambda was, is_: _on_enter(section, was or {}, is_ or {}),
    }
    section.fields("lifecycle", before, after, judges)


def _states(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for state in differing(old, new):
        one = section.at(state)
        if state not in old:
            one.add("state/added", f"state {state} is new", breaks("a frontend may get a status it does not know"), breaks("a backend has to know it"))  # fmt: skip
        elif state not in new:
            one.add("state/removed", f"state {state} is gone", breaks("who asks for it is refused"), breaks("a backend that uses it is wrong now"))  # fmt: skip
        else:
            _state(one, old[state], new[state])


def _state(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    def label(was: Any, is_: Any) -> None:
        section.both("state/label", f"label {changed(was, is_)}", words("the label is for people to read"))

    section.fields("state", old, new, {"label": label})


def _phases(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for phase in differing(old, new):
        what = f"phase {phase}: {changed(old.get(phase), new.get(phase))}"
        section.at(phase).add("phase/changed", what, breaks("a booking is in another phase than before"), breaks("a backend has to set other timestamps"))  # fmt: skip


def _transitions(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for state in differing(old, new):
        before, after = old.get(state) or {}, new.get(state) or {}
        if not before and not after:
            section.at(state).both("transition/words", f"the row {state} is {'new' if state in new else 'gone'}; nothing is allowed there", words("an empty row says what a missing one says"))  # fmt: skip
        for target in differing(before, after):
            one = section.at(f"{state} -> {target}")
            if target not in before:
                one.add("transition/added", f"{state} -> {target} is allowed", _MORE, breaks("a backend has to allow it"))  # fmt: skip
            elif target not in after:
                one.add("transition/removed", f"{state} -> {target} is not allowed any more", _LESS, breaks("a backend has to refuse it"))  # fmt: skip
            else:
                _transition(one, before[target], after[target])


def _transition(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    def who(key: str, told_: str) -> Any:
        def judge(was: Any, is_: Any) -> None:
            came, went = came_and_went(was or (), is_ or ())
            for one in sorted(came):
                section.add(f"transition/{key}-added", f"{told_} {one} may do it", _MORE, breaks("a backend has to allow it"))  # fmt: skip
            for one in sorted(went):
                section.add(f"transition/{key}-removed", f"{told_} {one} may no longer do it", _LESS, breaks("a backend has to refuse it"))  # fmt: skip
            if not came and not went and not (was and is_):
                section.both(f"transition/{key}", f"{key} {changed(was, is_)}", words("nobody is named in either"))  # fmt: skip

        return judge

    def leads_to(was: Any, is_: Any) -> None:
        section.add("transition/to", f"leads to {is_} instead of {was}", breaks("the booking is in another state afterwards"), breaks("a backend has to leave it in another state"))  # fmt: skip

    judges = {"roles": who("roles", "the role"), "via": who("via", "the way"), "to": leads_to}
    section.fields("transition", old, new, judges, described=("basis", "clause", "note"))


def _on_enter(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for state in differing(old, new):
        before, after = _effects(old.get(state) or {}), _effects(new.get(state) or {})
        one = section.at(f"entering {state}")
        for name in differing(before, after):
            if name not in before:
                one.add("effect/added", f"{name} becomes {told(after[name])}", fits("a field it reads is set where nothing was promised"), breaks("a backend has to set it"))  # fmt: skip
            elif name not in after:
                one.add("effect/removed", f"{name} is no longer set to {told(before[name])}", breaks("who relies on it finds something else"), fits("it may still set it"))  # fmt: skip
            else:
                one.add("effect/changed", f"{name} becomes {told(after[name])} instead of {told(before[name])}", breaks("who relies on it finds something else"), breaks("a backend has to set it otherwise"))  # fmt: skip
        if not before and not after:
            one.both("effect/words", "a row that does nothing came or went", words("an empty row says what a missing one says"))  # fmt: skip


def _effects(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What entering does, one entry per field; kinds of effects this does not know are entries of their own."""
    found = {f"the field {name}": value for name, value in entry.get("set", {}).items()}
    found |= {f"the stamp ({which})": name for which, name in entry.get("stamp", {}).items()}
    return found | {key: value for key, value in entry.items() if key not in ("set", "stamp")}
