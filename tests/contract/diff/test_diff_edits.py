"""Every kind of edit is found, once, and called what it is for either side; nothing of the contract can change unnoticed."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from contract.diff import Contract, UnreadableContract, compare, read_contract
from contract.diff.documents import check
from contract.schema_files import read_yaml
from tests.contract.diff.edits import EDITS, Edit, Files, contract_files, edited, texts


@pytest.fixture(scope="module")
def files() -> Files:
    return contract_files()


@pytest.fixture(scope="module")
def committed(files: Files) -> Contract:
    return Contract(files, {})


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_is_called_what_it_is(edit: Edit, files: Files, committed: Contract) -> None:
    found = compare(committed, edited(files, edit)).changes
    told = [(change.kind, change.consumers.headline, change.providers.headline) for change in found]
    assert told == [(edit.kind, edit.consumers, edit.providers)], found


def test_all_edits_at_once_are_each_told(files: Files) -> None:
    """One edit does not hide another; those that undo each other's place are left out."""
    documents: dict[str, Edit] = {}
    for edit in EDITS:
        documents.setdefault(next(iter(_touched(files, edit))), edit)
    chosen = list(documents.values())
    assert len(chosen) >= 10
    found = compare(Contract(files, {}), edited(files, *chosen)).changes
    told = [(change.kind, change.consumers.headline, change.providers.headline) for change in found]
    assert sorted(told) == sorted((edit.kind, edit.consumers, edit.providers) for edit in chosen)


def _touched(files: Files, edit: Edit) -> list[str]:
    new = edited(files, edit)
    return [path for path in files if files[path] != new.files[path]]


def test_a_contract_does_not_differ_from_itself(files: Files) -> None:
    assert compare(Contract(files, {}), Contract(copy.deepcopy(files), {})).changes == ()


def test_layout_is_no_change() -> None:
    """The same contract written as JSON, keys in another order, in the files that are YAML, and without indentation in the others."""
    old = read_contract(texts(), "old")
    new = {}
    for path, text in texts().items():
        if path.startswith("examples/"):
            new[path] = text
            continue
        content = read_yaml(text) if path.endswith(".yaml") else json.loads(text)
        new[path] = json.dumps(_turned(content))
    assert compare(old, read_contract(new, "new")).changes == ()


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(value)}
    return [_turned(one) for one in value] if isinstance(value, list) else value


def single_edits(files: Files) -> Iterator[tuple[str, tuple[Any, ...], str]]:
    """Every single edit of every document: a value replaced, a key or an element dropped, a key added."""
    for path, content in files.items():
        open_: list[tuple[tuple[Any, ...], Any]] = [((), content)]
        while open_:
            way, value = open_.pop()
            if isinstance(value, dict):
                open_.extend(((*way, key), inner) for key, inner in value.items())
                yield path, way, "add"
            elif isinstance(value, list):
                open_.extend(((*way, index), inner) for index, inner in enumerate(value))
            else:
                yield path, way, "replace"
            if way:
                yield path, way, "drop"


def make(files: Files, path: str, way: tuple[Any, ...], kind: str) -> Files:
    """A copy with the edit; only the file that is edited is copied."""
    content = copy.deepcopy(files[path])
    place = content
    for step in way[: -1 if kind != "add" else None]:
        place = place[step]
    if kind == "add":
        place["something-new"] = {"type": "string"}
    elif kind == "drop":
        del place[way[-1]]
    else:
        value = place[way[-1]]
        place[way[-1]] = (
            not value
            if isinstance(value, bool)
            else value + 1
            if isinstance(value, int | float)
            else f"{value or ''}x"
        )
    return {**files, path: content}


SAYS_NOTHING = {"required": [], "properties": {}}
"""An empty `required` may go, or come, and nothing is said."""


def unnoticed(files: Files, edits: list[tuple[str, tuple[Any, ...], str]]) -> list[str]:
    old = Contract(files, {})
    found = []
    for path, way, kind in edits:
        new = Contract(make(files, path, way, kind), {})
        try:
            if path != "clauses.yaml":  # is no schema, and refers to nothing
                check(new, "new")
            if compare(old, new).changes:
                continue
        except UnreadableContract:
            continue
        value: Any = files[path]
        for step in way:
            value = value[step]
        if kind == "drop" and way[-1] in SAYS_NOTHING and value == SAYS_NOTHING[way[-1]]:
            continue
        found.append(f"{kind} {path} {'/'.join(map(str, way))}")
    return found


def test_no_single_edit_goes_unnoticed(files: Files) -> None:
    """A few of all the single edits there are, others after every change of the contract; the slow test makes thousands."""
    edits = list(single_edits(files))
    assert len(edits) > 10_000
    assert unnoticed(files, Random(len(edits)).sample(edits, 25)) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_single_edit_of_thousands_goes_unnoticed(files: Files) -> None:
    edits = list(single_edits(files))
    assert unnoticed(files, Random().sample(edits, 3000)) == []


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("openapi.yaml", "paths: [", "openapi.yaml in new cannot be read (line "),
        ("resources/room.schema.json", '{"a": ', "resources/room.schema.json in new cannot be read"),
        ("clauses.yaml", "- 1", "clauses.yaml in new is not a mapping"),
        ("arrival.yaml", '{"$ref": "nowhere.json"}', "arrival.yaml in new refers to nowhere.json"),
        ("openapi.yaml", "paths: 7", "openapi.yaml"),
        ("clauses.yaml", "clauses: {a: 1}", "clauses.yaml"),
        ("asyncapi.yaml", "channels: {a: null}", "asyncapi.yaml"),
        ("roles.yaml", "roles: [1]", "roles.yaml"),
        ("resources/error.schema.json", '{"anyOf": [{"$ref": "error.schema.json"}, {}]}', "refers to itself in a circle"),
        ("probes.yaml", "probes: {room: 1}", "probes.yaml"),
        ("probes.yaml", "probes: {room: {state: {type: text}}}", "probes.yaml"),
        ("lifecycles/booking.yaml", "transitions: {a: [b]}", "lifecycles/booking.yaml"),
        ("resources/room.schema.json", '{"properties": 1, "required": 2, "type": {}}', "resources/room.schema.json"),
    ],
)  # fmt: skip
def test_a_contract_that_cannot_be_read_says_which_file(path: str, text: str, said: str) -> None:
    old = texts()
    with pytest.raises(UnreadableContract) as error:
        compare(read_contract(old, "old"), read_contract({**old, path: text}, "new"))
    assert said in str(error.value)
    assert str(error.value).endswith((".", "revision."))
