"""Compares schemas place by place: each change is found where it was made, judged there, and told with who refers to the place.

A place is judged with its old references read in the new contract (`Reading`). So the whole follows from the parts: where every
change below a schema lets more through, the schema does, because places are signed by how they count (`contract.diff.usage`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from contract.diff.documents import Contract, escaped, is_schema
from contract.diff.fields import changed
from contract.diff.impacts import Effect, default_impacts, impacts
from contract.diff.inclusion import Verdict, includes
from contract.diff.model import UNDECIDED, Findings, breaks, fits, words
from contract.diff.nodes import ANNOTATIONS, Node, Reading
from contract.diff.steps import ASSERTIONS, HANDLED_ELSEWHERE, Step, exact, steps, told
from contract.diff.usage import Use, Uses, uses
from contract.formats import ASSERTED

_KNOWN_EXTENSIONS = {
    "x-status": "the HTTP status of the code",
    "x-code": "the code it is refused with",
}
_MEMBERS = ("property-added", "property-removed", "required", "additional-properties")
"""Steps that each stand for themselves."""
Merge = Callable[[Effect, list[Effect]], bool]
_KEYWORDS = ASSERTIONS | HANDLED_ELSEWHERE | {
    "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "items", "prefixItems", "contains", "patternProperties",
    "propertyNames", "dependentSchemas", "unevaluatedItems", "unevaluatedProperties",
}  # fmt: skip


class SchemaChanges:
    """Compares the schemas of two contracts and adds what it finds to `findings`."""

    def __init__(self, old: Contract, new: Contract, findings: Findings) -> None:
        self._findings = findings
        self._old_reading, self._new_reading = Reading(new, old), Reading(new)
        self._seen: set[tuple[str, str]] = set()
        self._old, self._new = old, new

    def compare(self, path: str, pointer: str, old: Any, new: Any) -> None:
        """The schema at a place of a file, in the old contract and in the new one."""
        if not path.endswith(".json") and not all(is_schema(one) for one in (old, new)):
            raise ValueError(f"{pointer} is not a JSON Schema 2020-12")
        if (path, pointer) not in self._seen:
            self._seen.add((path, pointer))
            self._place(path, pointer, pointer, old, new)

    def files(self, old: Contract, new: Contract) -> None:
        """Every schema file."""
        for path in sorted({*old.schema_paths, *new.schema_paths}):
            if path in old.files and path in new.files:
                self.compare(path, "", old.files[path], new.files[path])
                continue
            folder, _, name = path.rpartition("/")
            what = "a schema that is new" if path in new.files else "a schema that is gone"
            why = fits("what refers to it is a change of its own")
            self._findings.both("schema/file", f"{folder}/" if folder else path, name, what, why)

    def _place(self, path: str, old_pointer: str, new_pointer: str, old: Any, new: Any) -> None:
        if exact(old) == exact(new):
            return
        found = self._uses(path, old_pointer, new_pointer)
        if not isinstance(old, dict) or not isinstance(new, dict):
            what = f"{_said(old)} becomes {_said(new)}"
            self._judged(path, new_pointer, [Step("schema", what, new)], old, new, found)
            return
        self._words(path, new_pointer, old, new, found)
        made, pairs = steps(old, new)
        self._judged(path, new_pointer, made, old, new, found)
        for pair in pairs:
            old_place, new_place = (
                base + "".join(f"/{escaped(step)}" for step in way)
                for base, way in ((old_pointer, pair.old_steps), (new_pointer, pair.new_steps))
            )
            self._place(path, old_place, new_place, pair.old, pair.new)
        self._definitions(path, old_pointer, new_pointer, old.get("$defs", {}), new.get("$defs", {}))

    def _definitions(self, path: str, old_pointer: str, new_pointer: str, old: Any, new: Any) -> None:
        for name in sorted(old.keys() | new.keys()):
            there = f"/$defs/{escaped(name)}"
            if name in old and name in new:
                self._place(path, old_pointer + there, new_pointer + there, old[name], new[name])
                continue
            what = f"definition `{name}` is {'new' if name in new else 'gone'}"
            why = fits("what refers to it is a change of its own")
            self._findings.both("schema/definition", path, f"#{new_pointer}{there}", what, why)

    def _judged(self, path: str, pointer: str, made: list[Step], old: Any, new: Any, found: set[Use]) -> None:
        before = Node(old, path, self._old_reading)
        effects: list[Effect] = []
        for step in made:
            after = Node(step.after, path, self._old_reading)
            effects.append(Effect(includes(after, before), includes(before, after), step.note))
            before = after
        made, effects = self._together(made, effects, 0, path, old, merge=_better)
        plain = next((index for index, step in enumerate(made) if step.kind not in _MEMBERS), len(made))
        made, effects = self._together(made, effects, plain, path, old, merge=_reworded)
        for step, effect in zip(made, effects, strict=True):
            consumers, providers = impacts(effect, found)
            self._add(f"schema/{step.kind}", path, pointer, step.what, consumers, providers, found)

    def _together(
        self, made: list[Step], effects: list[Effect], first: int, path: str, old: Any, *, merge: Merge
    ) -> tuple[list[Step], list[Effect]]:
        """The steps from `first` on as one, where only together they show what they mean: what was said one way is said another."""
        rest = made[first:]
        if len(rest) < 2:
            return made, effects
        before = Node(made[first - 1].after if first else old, path, self._old_reading)
        after = Node(rest[-1].after, path, self._old_reading)
        whole = Effect(includes(after, before), includes(before, after))
        if not merge(whole, effects[first:]):
            return made, effects
        one = Step(rest[0].kind, "; ".join(step.what for step in rest), rest[-1].after)
        return [*made[:first], one], [*effects[:first], whole]

    def _words(self, path: str, pointer: str, old: Any, new: Any, found: set[Use]) -> None:
        """What no validator looks at: descriptions, defaults, extensions."""
        for keyword in sorted(old.keys() | new.keys()):
            if exact(old.get(keyword)) == exact(new.get(keyword)) and (keyword in old) == (keyword in new):
                continue
            what = f"{keyword} {'changed' if keyword in old and keyword in new else 'is new' if keyword in new else 'is gone'}"
            if keyword in ANNOTATIONS or keyword == "$id":
                self._add("schema/words", path, pointer, what, words(), words(), found)
            elif keyword == "default":
                what = f"default {changed(old.get(keyword), new.get(keyword))}"
                consumers, providers = default_impacts(found)
                self._add("schema/default", path, pointer, what, consumers, providers, found)
            elif keyword == "format" and not {old.get(keyword), new.get(keyword)} & ASSERTED.keys():
                why = words("this format only describes, the contract does not check it")
                self._add("schema/words", path, pointer, what, why, why, found)
            elif keyword in _KNOWN_EXTENSIONS:
                what = f"{keyword} {changed(old.get(keyword), new.get(keyword))}"
                told_ = _KNOWN_EXTENSIONS[keyword]
                self._add("schema/extension", path, pointer, what, breaks(f"{told_} is another"), breaks(f"{told_} has to be another"), found)  # fmt: skip
            elif keyword not in _KEYWORDS:
                why = breaks(UNDECIDED, certain=False)
                self._add("schema/extension", path, pointer, what, why, why, found)

    @cached_property
    def _all_uses(self) -> tuple[Uses, Uses]:
        return uses(self._old), uses(self._new)

    def _uses(self, path: str, old_pointer: str, new_pointer: str) -> set[Use]:
        nobody: set[Use] = set()
        old, new = self._all_uses
        return old.get((path, old_pointer), nobody) | new.get((path, new_pointer), nobody)

    def _add(
        self,
        kind: str,
        path: str,
        pointer: str,
        what: str,
        consumers: Any,
        providers: Any,
        found: Iterable[Use],
    ) -> None:
        labels = sorted({use.label for use in found if use.label != path})
        self._findings.add(kind, path, f"#{pointer}", what, consumers, providers, labels)


def _better(whole: Effect, parts: list[Effect]) -> bool:
    """Taken together less is broken than step by step."""
    if whole.none:
        return True
    for side in ("kept", "known"):
        worst = max(getattr(part, side).verdict for part in parts)
        if getattr(whole, side).verdict is Verdict.YES and worst is not Verdict.YES:
            return True
    return False


def _reworded(whole: Effect, parts: list[Effect]) -> bool:
    """A step that changes nothing makes room for another, or takes it back."""
    return any(part.none for part in parts)


def _said(schema: Any) -> str:
    return {"true": "anything", "false": "nothing"}.get(exact(schema), told(schema))
