"""How one schema becomes another, keyword by keyword: a list of *steps*, each a small change with what came out of it.

Children that stand in both (a property, an alternative, `items`) are left as they were: they are compared on their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contract.diff.nodes import ANNOTATIONS, LISTS, MAPS, SINGLES
from contract.formats import ASSERTED

Schema = dict[str, Any]
GONE = object()
"""No value: `const: null` has one."""
HANDLED_ELSEWHERE = ANNOTATIONS | {
    "$defs",
    "$id",
    "default",
    "properties",
    "required",
    "additionalProperties",
}
ASSERTIONS = frozenset({
    "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
    "maxLength", "pattern", "format", "minItems", "maxItems", "uniqueItems", "minContains", "maxContains", "minProperties",
    "maxProperties", "dependentRequired", "$ref", "$dynamicRef",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """`kind` is the keyword; `after` the schema that came out; `note` what a break hangs on."""

    kind: str
    what: str
    after: Schema
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A child that stands in both, by the steps to it."""

    old_steps: tuple[str | int, ...]
    new_steps: tuple[str | int, ...]
    old: Any
    new: Any


def exact(value: Any) -> str:
    """Equal for equal JSON values, whatever the order of their keys; 1 and true differ."""
    return json.dumps(value, sort_keys=True)


def steps(old: Schema, new: Schema) -> tuple[list[Step], list[Pair]]:
    """The steps from one schema to another, and the children to compare on their own."""
    made = _Steps(old, new)
    pairs: list[Pair] = []
    pairs += made.members()
    made.required()
    made.additional()
    for keyword in sorted((old.keys() | new.keys()) - HANDLED_ELSEWHERE):
        if exact(old.get(keyword)) == exact(new.get(keyword)) and (keyword in old) == (keyword in new):
            continue
        both = keyword in old and keyword in new
        if keyword in MAPS and both:
            pairs += made.map(keyword)
        elif keyword in LISTS and both:
            pairs += made.prefix() if keyword == "prefixItems" else made.alternatives(keyword)
        elif keyword in SINGLES and both:
            pairs.append(Pair((keyword,), (keyword,), old[keyword], new[keyword]))
        elif keyword == "format" and not {old.get(keyword), new.get(keyword)} & ASSERTED.keys():
            continue  # only describes
        elif keyword in ASSERTIONS or keyword in MAPS or keyword in LISTS or keyword in SINGLES:
            made.whole(keyword)
    both_additional = "additionalProperties" in old and "additionalProperties" in new
    if both_additional and all(isinstance(one["additionalProperties"], dict) for one in (old, new)):
        key = ("additionalProperties",)
        pairs.append(Pair(key, key, old[key[0]], new[key[0]]))
    return made.steps, [pair for pair in pairs if exact(pair.old) != exact(pair.new)]


class _Steps:
    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new, self._now = old, new, dict(old)
        self.steps: list[Step] = []

    def _step(self, kind: str, what: str, changed: Schema, note: str = "") -> None:
        """A step to `changed`; GONE takes a keyword away."""
        after = {**self._now, **changed}
        self._now = {key: value for key, value in after.items() if value is not GONE}
        self.steps.append(Step(kind, what, self._now, note))

    def members(self) -> Iterator[Pair]:
        """Properties that came and went, with their being required."""
        old, new = self._old.get("properties", {}), self._new.get("properties", {})
        must, shall = self._old.get("required", []), self._new.get("required", [])
        for name in sorted(new.keys() - old.keys()):
            joins = name in shall and name not in must
            required = self._required_now() | ({name} if joins else set())
            is_open = self._old.get("additionalProperties", True) is True
            fresh = is_open and not joins
            self._step(
                "property-added",
                f"{'required' if name in shall else 'optional'} property `{name}` is new",
                {
                    "properties": {**self._now.get("properties", {}), name: new[name]},
                    "required": sorted(required) or GONE,
                },
                "but only where this name is in use already for something else" if fresh else "",
            )
        for name in sorted(old.keys() - new.keys()):
            leaves = name in must and name not in shall
            properties = {key: value for key, value in self._now["properties"].items() if key != name}
            self._step(
                "property-removed",
                f"{'required' if name in must else 'optional'} property `{name}` is gone",
                {
                    "properties": properties,
                    "required": sorted(self._required_now() - ({name} if leaves else set())) or GONE,
                },
            )
        for name in sorted(old.keys() & new.keys()):
            yield Pair(("properties", name), ("properties", name), old[name], new[name])

    def _required_now(self) -> set[str]:
        return set(self._now.get("required", []))

    def required(self) -> None:
        shall = set(self._new.get("required", []))
        for name in sorted(shall - self._required_now()):
            self._step(
                "required", f"`{name}` is required now", {"required": sorted(self._required_now() | {name})}
            )
        for name in sorted(self._required_now() - shall):
            left = sorted(self._required_now() - {name})
            self._step("required", f"`{name}` is no longer required", {"required": left or GONE})

    def additional(self) -> None:
        keyword = "additionalProperties"
        old, new = self._old.get(keyword, True), self._new.get(keyword, True)
        alike = exact(old) == exact(new) and (keyword in self._old) == (keyword in self._new)
        if alike or (isinstance(old, dict) and isinstance(new, dict)):
            return
        what = {
            "false": "no other properties are allowed any more",
            "true": "other properties are allowed now",
        }.get(exact(new), f"other properties have to be {told(new)} now")
        self._step("additional-properties", what, {keyword: self._new.get(keyword, GONE)})

    def map(self, keyword: str) -> Iterator[Pair]:
        old, new = self._old[keyword], self._new[keyword]
        for name in sorted(new.keys() - old.keys()):
            self._step(
                keyword, f"{keyword} `{name}` is new", {keyword: {**self._now[keyword], name: new[name]}}
            )
        for name in sorted(old.keys() - new.keys()):
            left = {key: value for key, value in self._now[keyword].items() if key != name}
            self._step(keyword, f"{keyword} `{name}` is gone", {keyword: left})
        for name in sorted(old.keys() & new.keys()):
            yield Pair((keyword, name), (keyword, name), old[name], new[name])

    def prefix(self) -> Iterator[Pair]:
        old, new = self._old["prefixItems"], self._new["prefixItems"]
        both = min(len(old), len(new))
        if len(old) != len(new):
            self._step("prefixItems", f"prefixItems has {len(new)} schemas instead of {len(old)}", {"prefixItems": [*old[:both], *new[both:]]})  # fmt: skip
        for index in range(both):
            yield Pair(("prefixItems", index), ("prefixItems", index), old[index], new[index])

    def alternatives(self, keyword: str) -> Iterator[Pair]:
        """Alternatives in any order: equal ones are the same, then those of one name; one that is left on either side was edited."""
        old, new = list(enumerate(self._old[keyword])), list(enumerate(self._new[keyword]))
        matched: list[tuple[int, int]] = []
        for key in (exact, _name):
            for here in list(old):
                there = next((one for one in new if key(one[1]) == key(here[1])), None)
                if there is not None and key(here[1]):
                    matched.append((here[0], there[0]))
                    old.remove(here)
                    new.remove(there)
        if len(old) == len(new) == 1:
            matched.append((old.pop()[0], new.pop()[0]))
        if old or new:
            kept = [self._old[keyword][index] for index, _ in sorted(matched)]
            what = _came_and_went([told(one) for _, one in new], [told(one) for _, one in old])
            self._step(keyword, f"{keyword}: {what}", {keyword: [*kept, *(one for _, one in new)]})
        for index, other in sorted(matched):
            yield Pair(
                (keyword, index), (keyword, other), self._old[keyword][index], self._new[keyword][other]
            )

    def whole(self, keyword: str) -> None:
        old, new = self._old.get(keyword), self._new.get(keyword)
        if keyword == "enum" and isinstance(old, list) and isinstance(new, list):
            before, after = [exact(one) for one in old], [exact(one) for one in new]
            came = [one for one in after if one not in before]
            went = [one for one in before if one not in after]
            if not came and not went:
                return
            what = f"values: {_came_and_went(came, went)}"
        elif keyword == "type" and keyword in self._old and keyword in self._new:
            if isinstance(old, list) and isinstance(new, list) and sorted(old) == sorted(new):
                return
            what = f"type {told(old)} becomes {told(new)}"
        elif keyword not in self._old:
            what = f"{keyword} {told(new)} is new"
        elif keyword not in self._new:
            what = f"{keyword} {told(old)} is gone"
        else:
            what = f"{keyword} {told(old)} becomes {told(new)}"
        self._step(keyword, what, {keyword: self._new.get(keyword, GONE)})


def _came_and_went(came: list[str], went: list[str]) -> str:
    parts = ([f"{', '.join(came)} added"] if came else []) + ([f"{', '.join(went)} removed"] if went else [])
    return "; ".join(parts)


def _name(schema: Any) -> str:
    """What an alternative is known by, if by anything."""
    if not isinstance(schema, dict):
        return ""
    for key in ("const", "$ref", "title"):
        if key in schema:
            return f"{key} {exact(schema[key])}"
    return exact(schema["type"]) if "type" in schema else ""


def told(value: Any) -> str:
    """A schema or a value in a few words."""
    if isinstance(value, dict):
        for key in ("title", "const", "$ref", "enum", "type"):
            if key in value:
                said = value[key]
                if key == "type" and isinstance(said, list):
                    return " or ".join(said)
                return said if isinstance(said, str) and key != "const" else exact(said)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = " or ".join(value) or "nothing"
    text = value if isinstance(value, str) else exact(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
