"""The `x-` fields of an operation: permission, refusals, events, repeats, what it changes, further clauses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract.diff.fields import Judge, Section, came_and_went, changed, differing
from contract.diff.model import UNDECIDED, breaks, fits, words

_REFUSED = "who relies on the refusal does not get it"


class ExtensionChanges:
    """Adds the changes of an operation's extensions to its section."""

    def __init__(self, section: Section) -> None:
        self._section = section

    def judges(self) -> Mapping[str, Judge]:
        """The judge of each extension by its field."""
        return {
            "x-permission": self._permission,
            "x-refusals": self._refusals,
            "x-events": self._events,
            "x-idempotent": self._idempotent,
            "x-changes": self._changes,
            "x-clauses": self._clauses,
        }

    def _permission(self, old: Any, new: Any) -> None:
        before, after = _any_of(old), _any_of(new)
        if before == after:
            return
        if not before or not after:
            what = f"permission: {changed(' or '.join(before) or None, ' or '.join(after) or None)}"
            if after:
                self._section.add("operation/permission", what, breaks("staff without it are refused"), breaks("a backend has to refuse staff without it"))  # fmt: skip
            else:
                self._section.add("operation/permission", what, fits("nobody who was allowed is refused"), breaks("a backend has to allow all staff of the hotel"))  # fmt: skip
            return
        for action in sorted(after - before):
            self._section.add("operation/permission", f"permission {action} is enough now", fits("nobody who was allowed is refused"), breaks("a backend has to allow who has it"))  # fmt: skip
        for action in sorted(before - after):
            self._section.add("operation/permission", f"permission {action} is not enough any more", breaks("staff with nothing else are refused"), breaks("a backend has to refuse staff with nothing else"))  # fmt: skip

    def _refusals(self, old: Any, new: Any) -> None:
        before, after = [_code(entry) for entry in old or ()], [_code(entry) for entry in new or ()]
        for code in sorted(set(after)):
            if (more := after.count(code) - before.count(code)) > 0:
                what = f"refuses with {code}" + (f" in {after.count(code)} cases" if code in before else "")
                self._section.add("refusal/added", what, breaks("a call that succeeded may be refused, or with another code"), breaks("a backend has to refuse it"))  # fmt: skip
            elif more < 0:
                what = f"refuses with {code} in {after.count(code)} cases instead of {before.count(code)}"
                self._section.add("refusal/removed", what, breaks(_REFUSED), breaks("a backend that refuses it is wrong now"))  # fmt: skip
        for code in sorted(set(before) - set(after)):
            self._section.add("refusal/removed", f"no longer refuses with {code}", breaks(_REFUSED), breaks("a backend that refuses it is wrong now"))  # fmt: skip
        if [code for code in before if code in after] != [
            code for code in after if code in before
        ] and sorted(code for code in before if code in after) == sorted(
            code for code in after if code in before
        ):
            self._section.add("refusal/order", f"looks for its refusals in the order {', '.join(after)}", breaks("a call that fails for several reasons gets another code"), breaks("a backend has to look in another order"))  # fmt: skip
        elif before == after:
            for was, is_ in zip(old, new, strict=True):
                for key in differing(was, is_):
                    known = key == "when"
                    what = f"{was.get('code')}: " + ("the words of when it is refused changed" if known else f"{key} {changed(was.get(key), is_.get(key))}")  # fmt: skip
                    self._section.both("refusal/words" if known else f"refusal/{key}", what, words() if known else breaks(UNDECIDED, certain=False))  # fmt: skip
        else:
            self._reworded(old or (), new or ())

    def _reworded(self, old: Any, new: Any) -> None:
        """Words of the codes that stand once in both, when other codes came or went."""
        before, after = _once(old), _once(new)
        for code in sorted(before.keys() & after.keys()):
            if before[code] != after[code]:
                self._section.both("refusal/words", f"{code}: the words of when it is refused changed", words())  # fmt: skip

    def _events(self, old: Any, new: Any) -> None:
        before, after = _events(old), _events(new)
        for key in sorted(after.keys() - before.keys()):
            self._section.add("event/added", f"publishes {key} too", fits("an event that nobody listens for changes nothing"), breaks("a backend has to publish it"))  # fmt: skip
        for key in sorted(before.keys() - after.keys()):
            self._section.add("event/removed", f"no longer publishes {key}", breaks("who waits for it waits in vain"), fits("no MUST forbids it to publish more"))  # fmt: skip
        for key in sorted(before.keys() & after.keys()):
            for one in differing(before[key], after[key]):
                what = f"{key}: {one} {changed(before[key].get(one), after[key].get(one))}"
                if one == "clause":
                    self._section.both("event/words", what, words("the clause that says so is another"))
                elif one in ("schema", "message", "per", "rooms"):
                    self._section.add(f"event/{one}", what, breaks("it comes in another shape or number"), breaks("a backend has to publish it in another shape or number"))  # fmt: skip
                else:
                    self._section.both(f"event/{one}", what, breaks(UNDECIDED, certain=False))

    def _idempotent(self, old: Any, new: Any) -> None:
        if old is None:
            self._section.add("repeat/added", f"a call is a repeat, without effect, when {new.get('when')}", fits("a call may be repeated"), breaks("a backend has to answer a repeat without effect"))  # fmt: skip
            return
        if new is None:
            self._section.add("repeat/removed", "a repeat is no longer without effect", breaks("a call that is repeated may be refused, or have effects"), fits("it may still answer as before"))  # fmt: skip
            return
        for key in differing(old, new):
            what = f"repeat: {key} {changed(old.get(key), new.get(key))}"
            if key in ("when", "clause"):
                self._section.both("repeat/words", what, words())
            elif key == "after":
                self._section.add("repeat/after", what, breaks("a repeat may get a refusal it did not get, or the other way round"), breaks("a backend has to look in another order"))  # fmt: skip
            else:
                self._section.both(f"repeat/{key}", what, breaks(UNDECIDED, certain=False))

    def _changes(self, old: Any, new: Any) -> None:
        if old is None or new is None:
            if old is None:
                self._section.add("effect/named", "what it may change is named", fits("it changes no more than before"), breaks("a backend that changes more is wrong now"))  # fmt: skip
            else:
                self._section.add("effect/unnamed", "what it may change is no longer named", breaks("it may change anything"), fits("it may change what it changed"))  # fmt: skip
            return
        for key in differing(old, new):
            came, went = came_and_went(old.get(key, ()), new.get(key, ()))
            for name in sorted(came):
                self._section.add("effect/may-change", f"may change {key}.{name}", breaks("what was safe from this operation is not any more"), fits("it may leave it as it is"))  # fmt: skip
            for name in sorted(went):
                self._section.add("effect/may-not-change", f"may no longer change {key}.{name}", fits("it changes no more than before"), breaks("a backend that changes it is wrong now"))  # fmt: skip
            if not came and not went and (old.get(key) is None or new.get(key) is None):
                self._section.both("effect/words", f"{key}: none is {'no longer ' if new.get(key) is None else ''}written out", words())  # fmt: skip

    def _clauses(self, old: Any, new: Any) -> None:
        came, went = came_and_went(old or (), new or ())
        for clause in sorted(came):
            self._section.both("operation/words", f"names the clause {clause}", words("clauses are compared where they stand"))  # fmt: skip
        for clause in sorted(went):
            self._section.both("operation/words", f"no longer names the clause {clause}", words("clauses are compared where they stand"))  # fmt: skip


def _any_of(said: Any) -> set[str]:
    return {said} if isinstance(said, str) else set(said or ())


def _code(entry: Mapping[str, Any]) -> str:
    return str(entry.get("code"))


def _once(listed: Any) -> dict[str, Any]:
    codes = [_code(entry) for entry in listed]
    return {_code(entry): entry.get("when") for entry in listed if codes.count(_code(entry)) == 1}


def _events(listed: Any) -> dict[str, Mapping[str, Any]]:
    """By event and channel; a second of the same name and channel is numbered."""
    found: dict[str, Mapping[str, Any]] = {}
    for entry in listed or ():
        key = name = f"{entry.get('event')} on the {entry.get('channel')} channel"
        number = 1
        while key in found:
            number += 1
            key = f"{name} ({number})"
        found[key] = {one: said for one, said in entry.items() if one not in ("event", "channel")}
    return found
