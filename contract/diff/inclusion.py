"""Is every instance of one JSON Schema (2020-12) an instance of another? By structure: yes, no, or not decided.

`yes` is certain. `no` is said where nothing was found that would make it true. What is not understood is *unknown*, with the reason,
and is never taken for yes. Values that are listed (`enum`, `const`, null, booleans) are tried on the real validator.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from contract.diff import branches as b
from contract.diff.nodes import Node, Undecidable
from contract.formats import ASSERTED

_BUDGET = 20_000


class Verdict(IntEnum):
    YES = 0
    UNKNOWN = 1
    NO = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """`reason` says why it was not decided."""

    verdict: Verdict
    reason: str = ""


YES = Answer(Verdict.YES)
NO = Answer(Verdict.NO)


def unknown(reason: str) -> Answer:
    return Answer(Verdict.UNKNOWN, reason)


def includes(wide: Node, narrow: Node) -> Answer:
    """Does `wide` let through everything that `narrow` lets through?"""
    try:
        return _Question().included([narrow], wide)
    except (Undecidable, RecursionError) as why:
        return unknown(str(why) if isinstance(why, Undecidable) else "it is nested too deep")


def _every(answers: Iterable[Answer]) -> Answer:
    """The worst of several things that must all be so."""
    worst = YES
    for answer in answers:
        if answer.verdict > worst.verdict:
            worst = answer
        if worst is NO:
            break
    return worst


def _if(holds: bool) -> Answer:
    return YES if holds else NO


class _Question:
    def __init__(self) -> None:
        self._open: set[tuple[tuple[str, ...], str]] = set()
        self._left = _BUDGET

    def included(self, narrow: Sequence[Node], wide: Node) -> Answer:
        """Every instance that keeps all of `narrow` keeps `wide`."""
        if wide.schema is True or wide.canonical == "{}" or any(one.canonical == wide.canonical for one in narrow):  # fmt: skip
            return YES
        self._spend()
        key = (tuple(sorted(one.canonical for one in narrow)), wide.canonical)
        if key in self._open:
            return YES  # asked again deeper in the instance: what would speak against it is found there
        self._open.add(key)
        try:
            return _every(self._branch(branch, wide) for branch in b.branches(narrow))
        finally:
            self._open.discard(key)

    def _spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Undecidable("the schemas are too large to compare")

    def _branch(self, branch: b.Branch, wide: Node) -> Answer:
        listed = b.values(branch)
        if listed is not None:
            return _if(all(wide.reading.valid(wide, one) for one in listed))
        return _every(self._covers(branch, kind, wide) for kind in sorted(b.types(branch)))

    def _covers(self, branch: b.Branch, kind: str, wide: Node) -> Answer:
        """The instances of one type that the branch lets through keep `wide`."""
        self._spend()
        schema = wide.schema
        if not isinstance(schema, dict):
            return _if(schema is not False)
        if any(node.canonical == wide.canonical for node in branch):
            return YES
        if kind in ("null", "boolean"):
            every: list[Any] = [None] if kind == "null" else [True, False]
            left = [one for one in every if all(node.reading.valid(node, one) for node in branch)]
            return _if(all(wide.reading.valid(wide, one) for one in left))
        return _every(self._parts(branch, kind, wide))

    def _parts(self, branch: b.Branch, kind: str, wide: Node) -> Iterable[Answer]:
        schema = wide.schema
        yield _if(kind in b.own_types({key: schema[key] for key in ("type",) if key in schema}))
        if "const" in schema or "enum" in schema:
            yield NO  # the values of the branch are not listed, or they would have been tried
        if "$ref" in schema:
            yield self._covers(branch, kind, wide.target())
        for part in schema.get("allOf", ()):
            yield self._covers(branch, kind, wide.inner(part))
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                yield self._alternatives(branch, kind, wide, keyword)
        if "not" in schema and not self._same(branch, wide, ("not",)):
            apart = self._apart(branch, kind, wide.inner(schema["not"]))
            yield YES if apart else unknown("`not` is not understood")
        if "if" in schema and not self._same(branch, wide, ("if", "then", "else")):
            yield unknown("`if` is not understood")
        yield from self._not_understood(branch, wide)
        if kind in ("integer", "fraction"):
            yield from self._numbers(branch, kind, schema)
        elif kind == "string":
            yield from self._strings(branch, schema)
        elif kind == "array":
            yield from self._arrays(branch, wide)
        elif kind == "object":
            yield from self._objects(branch, wide)

    def _not_understood(self, branch: b.Branch, wide: Node) -> Iterable[Answer]:
        for keyword in ("unevaluatedProperties", "unevaluatedItems", "$dynamicRef"):
            if wide.schema.get(keyword, True) is not True:
                yield unknown(f"`{keyword}` is not understood")
        if "dependentSchemas" in wide.schema and not self._same(branch, wide, ("dependentSchemas",)):
            yield unknown("`dependentSchemas` is not understood")

    @staticmethod
    def _same(branch: b.Branch, wide: Node, keywords: tuple[str, ...]) -> bool:
        """A schema of the branch says the very same under these keywords."""

        def part(node: Node) -> str:
            return node.inner({key: node.schema[key] for key in keywords if key in node.schema}).canonical

        wanted = part(wide)
        return any(part(node) == wanted for node in branch)

    def _alternatives(self, branch: b.Branch, kind: str, wide: Node, keyword: str) -> Answer:
        if self._same(branch, wide, (keyword,)):
            return YES
        every = [wide.inner(part) for part in wide.schema[keyword]]
        meant = [one for one in every if not self._apart(branch, kind, one)]
        if not meant:
            return NO
        if len(meant) == 1:
            return self._covers(branch, kind, meant[0])
        answers = [self._covers(branch, kind, one) for one in meant]
        if keyword == "anyOf" and YES in answers:
            return YES
        if all(answer is NO for answer in answers) and keyword == "anyOf":
            return NO
        return unknown(f"several alternatives of `{keyword}` may be meant")

    def _apart(self, branch: b.Branch, kind: str, other: Node) -> bool:
        """No instance of this type that keeps the branch keeps `other`; False when that was not found out."""
        try:
            return all(self._disjoint(branch, kind, theirs) for theirs in b.branches([other]))
        except Undecidable:
            return False

    def _disjoint(self, branch: b.Branch, kind: str, theirs: b.Branch) -> bool:
        self._spend()
        if kind not in b.types(theirs):
            return True
        listed = b.values(theirs)
        if listed is not None:
            alike = [one for one in listed if b.types_of(one) == kind]
            return not any(all(node.reading.valid(node, one) for node in branch) for one in alike)
        if kind != "object":
            return False
        for name in b.required(branch) & b.required(theirs):
            mine, others = b.member(branch, name), b.member(theirs, name)
            if not any(b.values(one) != [] for one in b.branches([*mine, *others])):
                return True
        return False

    def _numbers(self, branch: b.Branch, kind: str, schema: dict[str, Any]) -> Iterable[Answer]:
        whole = kind == "integer"
        for which in ("minimum", "maximum"):
            if which not in schema and f"exclusive{which.capitalize()}" not in schema:
                continue
            mine, asked = b.edge(branch, which, integers=whole), self._edge(schema, which, whole)
            if mine is None:
                yield NO
            elif which == "minimum":
                yield _if(mine >= asked)
            else:
                yield _if((mine.at, not mine.open) <= (asked.at, not asked.open))
        if "multipleOf" in schema:
            asked_step = b.fraction(schema["multipleOf"])
            steps = [b.fraction(node.schema["multipleOf"]) for node in branch if "multipleOf" in node.schema]
            steps += [b.fraction(1)] if whole else []
            yield _if(any((step / asked_step).denominator == 1 for step in steps))

    @staticmethod
    def _edge(schema: dict[str, Any], which: str, whole: bool) -> b.Edge:
        found = b.edge((Node(schema, "", None),), which, integers=whole)  # type: ignore[arg-type]
        assert found is not None
        return found

    def _strings(self, branch: b.Branch, schema: dict[str, Any]) -> Iterable[Answer]:
        if "minLength" in schema:
            yield _if(b.most(branch, "minLength") >= schema["minLength"])
        if "maxLength" in schema:
            yield _if(b.least(branch, "maxLength") <= schema["maxLength"])
        for keyword, what in (("pattern", "patterns"), ("format", "formats")):
            asked = schema.get(keyword)
            if asked is None or (keyword == "format" and asked not in ASSERTED):
                continue
            mine = {node.schema[keyword] for node in branch if keyword in node.schema}
            if asked not in mine:
                yield unknown(f"two {what} cannot be compared") if mine else NO

    def _arrays(self, branch: b.Branch, wide: Node) -> Iterable[Answer]:
        schema = wide.schema
        longest = b.least(branch, "maxItems")
        if "minItems" in schema:
            yield _if(b.most(branch, "minItems") >= schema["minItems"])
        if "maxItems" in schema:
            yield _if(longest <= schema["maxItems"])
        if schema.get("uniqueItems"):
            yield _if(longest <= 1 or any(node.schema.get("uniqueItems") for node in branch))
        asked = schema.get("prefixItems", [])
        named = max([len(asked), *(len(node.schema.get("prefixItems", ())) for node in branch)])
        for index in range(named):
            if index >= longest:
                break
            inner = asked[index] if index < len(asked) else schema.get("items", True)
            yield self.included(b.element(branch, index), wide.inner(inner))
        if "items" in schema and longest > named:
            yield self.included(b.element(branch, None), wide.inner(schema["items"]))
        if "contains" in schema and not self._same(branch, wide, ("contains", "minContains", "maxContains")):
            yield self._contains(branch, wide)

    def _contains(self, branch: b.Branch, wide: Node) -> Answer:
        schema = wide.schema
        if "maxContains" in schema:
            return unknown("`maxContains` is not understood")
        asked = schema.get("minContains", 1)
        for node in branch:
            if "contains" in node.schema and node.schema.get("minContains", 1) >= asked:
                answer = self.included([node.inner(node.schema["contains"])], wide.inner(schema["contains"]))
                if answer.verdict is Verdict.YES:
                    return YES
        return _if(asked == 0)

    def _objects(self, branch: b.Branch, wide: Node) -> Iterable[Answer]:
        schema = wide.schema
        always = b.required(branch)
        if "required" in schema:
            yield _if(always >= set(schema["required"]))
        if "minProperties" in schema:
            yield _if(max(b.most(branch, "minProperties"), len(always)) >= schema["minProperties"])
        if "maxProperties" in schema:
            yield _if(b.least(branch, "maxProperties") <= schema["maxProperties"])
        for name, needed in schema.get("dependentRequired", {}).items():
            theirs = {
                one for node in branch for one in node.schema.get("dependentRequired", {}).get(name, ())
            }
            yield _if(theirs | always >= set(needed))
        asked = schema.get("properties", {})
        for name, inner in asked.items():
            yield self.included(b.member(branch, name), wide.inner(inner))
        yield from self._other_members(branch, wide, asked)
        if "propertyNames" in schema:
            yield self._property_names(branch, wide)

    def _other_members(self, branch: b.Branch, wide: Node, asked: dict[str, Any]) -> Iterable[Answer]:
        """`patternProperties` and `additionalProperties`: for the names the branch knows, then for all others."""
        schema = wide.schema
        patterns: dict[str, Any] = schema.get("patternProperties", {})
        known = sorted(b.names(branch))
        for pattern, inner in patterns.items():
            for name in known:
                if b.matches(pattern, name):
                    yield self.included(b.member(branch, name), wide.inner(inner))
            theirs = [
                node.inner(node.schema["patternProperties"][pattern])
                for node in branch
                if pattern in node.schema.get("patternProperties", {})
            ]
            yield self.included([*theirs, *self._others(branch, frozenset())], wide.inner(inner))
        if schema.get("additionalProperties", True) is True:
            return
        rest = wide.inner(schema["additionalProperties"])
        for name in known:
            if name not in asked and not any(b.matches(pattern, name) for pattern in patterns):
                yield self.included(b.member(branch, name), rest)
        yield self.included(self._others(branch, frozenset(patterns)), rest)

    @staticmethod
    def _others(branch: b.Branch, excluded: frozenset[str]) -> list[Node]:
        """What holds of a property that no schema of the branch names, and that matches none of the excluded patterns."""
        return [
            node.inner(node.schema["additionalProperties"])
            for node in branch
            if "additionalProperties" in node.schema
            and excluded >= set(node.schema.get("patternProperties", {}))
        ]

    def _property_names(self, branch: b.Branch, wide: Node) -> Answer:
        asked = wide.inner(wide.schema["propertyNames"])
        if any(one.schema is False for one in self._others(branch, frozenset())):
            return _if(all(asked.reading.valid(asked, name) for name in b.names(branch)))
        theirs = [
            node.inner(node.schema["propertyNames"]) for node in branch if "propertyNames" in node.schema
        ]
        text = wide.inner({"type": "string"})
        return self.included([*theirs, text], asked)
