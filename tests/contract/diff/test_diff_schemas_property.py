"""The promise of the comparison of schemas, by chance: a change called compatible never makes a formerly valid instance invalid.

The comparison is asked as a user asks it, with whole contracts; a validator that shares no code with it (jsonschema) decides.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any
from urllib.parse import urljoin

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from contract.diff import Comparison, Contract, Level, UnreadableContract, compare, loops
from contract.diff.documents import check
from contract.diff.nodes import Reading
from contract.diff.steps import steps
from contract.formats import ASSERTED
from contract.schema_files import BASE_URI, document, schema_paths
from tests.contract.diff import generated
from tests.contract.instances import make, spoil

RANDOMS = st.integers(0, 2**40).map(Random)
QUICK = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow], derandomize=False
)
REAL = [path for path in schema_paths() if path.split("/")[0] in ("replies", "requests", "events")]

formats = FormatChecker(formats=())
for name, holds in ASSERTED.items():
    formats.checks(name)(lambda text, holds=holds: not isinstance(text, str) or holds(text))


def validator(files: dict[str, Any], path: str) -> Callable[[Any], bool]:
    registry: Registry[Any] = Registry().with_resources(
        (BASE_URI + name, DRAFT202012.create_resource({key: value for key, value in content.items() if key != "$id"}))
        for name, content in files.items()
        if name.endswith(".json")
    )  # fmt: skip
    return Draft202012Validator({"$ref": BASE_URI + path}, registry=registry, format_checker=formats).is_valid


def breaks(found: Comparison, side: str) -> bool:
    return bool(found.breaking(side))


def judged(
    old: dict[str, Any], new: dict[str, Any], path: str, instances: list[Any], role: str
) -> tuple[bool, bool]:
    """Fails when something called compatible was not; says what broke."""
    found = compare(Contract(old, {}), Contract(new, {}))
    writer, reader = ("providers", "consumers") if role == "reply" else ("consumers", "providers")
    before, after = validator(old, path), validator(new, path)
    for one in instances:
        was, is_ = before(one), after(one)
        told = f"{json.dumps(one)}\nold {json.dumps(old)}\nnew {json.dumps(new)}\n{found.changes}"
        assert breaks(found, writer) or not was or is_, f"was right, is wrong: {told}"
        assert breaks(found, reader) or not is_ or was, f"was wrong, is right: {told}"
    return breaks(found, writer), breaks(found, reader)


def random_pair(random: Random) -> tuple[dict[str, Any], dict[str, Any], str, str]:
    """Two contracts of a schema and the definitions it refers to, the schema's file, and what it is for."""
    while True:
        found = _any_pair(random)
        try:
            loops.check(Contract(found[0], {}))
            loops.check(Contract(found[1], {}))
        except UnreadableContract:
            continue  # a definition that is nothing but itself
        return found


def _any_pair(random: Random) -> tuple[dict[str, Any], dict[str, Any], str, str]:
    role = random.choice(["reply", "request"])
    path = "replies/x.schema.json" if role == "reply" else "requests/x.schema.json"
    shared, one = generated.definitions(random), generated.schema(random)
    if not isinstance(one, dict):
        one = {"anyOf": [one]}
    other = generated.edited(one, random) if random.random() < 0.8 else one
    if not isinstance(other, dict):
        other = {"allOf": [other]}
    changed = copy.deepcopy(shared)
    if random.random() < 0.4:
        name = random.choice(generated.DEFINITIONS)
        changed["$defs"][name] = generated.edited(changed["$defs"][name], random)
    return {path: one, "common.schema.json": shared}, {path: other, "common.schema.json": changed}, path, role


@QUICK
@given(RANDOMS)
def test_what_is_called_compatible_is_so_for_schemas_made_by_chance(random: Random) -> None:
    old, new, path, role = random_pair(random)
    judged(old, new, path, generated.instances(random, 40), role)


@pytest.mark.slow
@settings(QUICK, max_examples=5000)
@given(RANDOMS)
def test_what_is_called_compatible_is_so_for_many_schemas(random: Random) -> None:
    old, new, path, role = random_pair(random)
    judged(old, new, path, generated.instances(random, 60), role)


@cache
def _below(path: str) -> tuple[str, ...]:
    """A schema's file, and those it refers to."""
    found = [path]
    for one in found:
        refs = re.findall(r'"\$ref": "([^"#]+)', json.dumps(document(one)))
        for target in (urljoin(BASE_URI + one, ref).removeprefix(BASE_URI) for ref in refs):
            if target not in found:
                found.append(target)
    return tuple(dict.fromkeys([*found, "common.schema.json"]))


def real_pair(random: Random) -> tuple[dict[str, Any], dict[str, Any], str, str]:
    path = random.choice(REAL)
    below = _below(path)
    old = {name: document(name) for name in below}
    edit = random.choice([path, random.choice(below)])
    changed = generated.edited(old[edit], random)
    return old, {**old, edit: changed if isinstance(changed, dict) else {"allOf": [changed]}}, path, "request" if path.startswith("requests/") else "reply"  # fmt: skip


@settings(QUICK, max_examples=25)
@given(RANDOMS)
def test_what_is_called_compatible_is_so_for_edits_of_the_contract(random: Random) -> None:
    old, new, path, role = real_pair(random)
    try:
        check(Contract(new, {}), "new")
        loops.check(Contract(new, {}))
    except UnreadableContract:
        reject()
    made = [make(path, random) for _ in range(4)]
    judged(old, new, path, [*made, *(spoiled for one in made for spoiled in _spoiled(one, random))], role)


def _spoiled(instance: Any, random: Random) -> list[Any]:
    """Copies with one thing changed each that are still JSON."""
    found = []
    for _ in range(6):
        one = spoil(instance, random)
        try:
            found.append(json.loads(json.dumps(one, allow_nan=False)))
        except (TypeError, ValueError):
            continue
    return found


def test_the_comparison_does_not_call_everything_breaking() -> None:
    """Or the properties above would hold of a comparison that says no to all."""
    verdicts = []
    for seed in range(150):
        old, new, path, role = random_pair(Random(seed))
        verdicts.append(judged(old, new, path, [], role))
    one_side = sum(writer != reader for writer, reader in verdicts)
    assert one_side > 30
    assert sum(not writer and not reader for writer, reader in verdicts) > 15


@settings(QUICK, max_examples=50)
@given(RANDOMS)
def test_a_comparison_is_repeatable_and_sees_no_change_in_order(random: Random) -> None:
    old, new, _, _ = random_pair(random)
    assert compare(Contract(old, {}), Contract(new, {})) == compare(Contract(copy.deepcopy(old), {}), Contract(new, {}))  # fmt: skip
    assert compare(Contract(old, {}), Contract(_shuffled(old, random), {})).changes == ()


def _shuffled(value: Any, random: Random) -> Any:
    if isinstance(value, dict):
        items = list(value.items())
        random.shuffle(items)
        return {key: _shuffled(inner, random) for key, inner in items}
    return [_shuffled(one, random) for one in value] if isinstance(value, list) else value


@QUICK
@given(RANDOMS)
def test_the_steps_lead_to_the_new_schema(random: Random) -> None:
    """What the last step leaves is the new schema, but for the children that are compared on their own."""
    one = generated.schema(random)
    old = one if isinstance(one, dict) else {}
    new = generated.edited(old, random)
    if not isinstance(new, dict):
        reject()
    made, pairs = steps(old, new)
    after = json.loads(json.dumps(made[-1].after if made else old))
    for pair in pairs:
        *way, last = pair.old_steps
        place = after
        for step in way:
            place = place[step]
        if way and isinstance(place, list):
            place[place.index(pair.old)] = pair.new
        else:
            place[last] = pair.new
    assert _unordered(after) == _unordered(new)


def _unordered(schema: Any) -> str:
    """Without what steps leave to words, and the order and emptiness that mean nothing."""
    return Reading(Contract({}, {})).canonical(schema, "x.json")


def test_levels_are_ordered() -> None:
    assert sorted(Level, key=lambda level: level.rank)[-1] is Level.BREAKING
