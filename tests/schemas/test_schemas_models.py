"""The generated models are what the schemas say, and can be worked with."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contract.generated import files, wire
from tools import generate_models
from tools.bundle import Bundle, NameClash
from tools.schema_files import SCHEMAS, example_paths, read_json, schema_paths

BUNDLE = Bundle(SCHEMAS, values=False)
for _path in schema_paths(SCHEMAS):
    if _path.split("/", 1)[0] in generate_models.WIRE:
        BUNDLE.add(_path)


def test_the_committed_models_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate_models.main(["--check"]) == 0, capsys.readouterr().out


def test_drift_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate_models, "GENERATED", tmp_path)
    (tmp_path / "wire.py").write_text("# stale\n")
    assert generate_models.main(["--check"]) == 1
    assert capsys.readouterr().out.count("is not what the schemas say") == 2
    assert not (tmp_path / "files.py").exists()
    assert generate_models.main([]) == 0
    assert generate_models.main(["--check"]) == 0


def fields_of(name: str) -> tuple[set[str], set[str]]:
    """All fields and the required fields of a definition, with those of what it extends."""
    definition = BUNDLE.definitions[name]
    fields, required = set(definition.get("properties", {})), set(definition.get("required", ()))
    for part in definition.get("allOf", ()):
        if "$ref" in part:
            more, needed = fields_of(part["$ref"].rsplit("/", 1)[1])
        else:
            more, needed = set(part["properties"]), set(part["required"])
        fields, required = fields | more, required | needed
    return fields, required


@pytest.mark.parametrize(
    "name", [n for n, d in BUNDLE.definitions.items() if {"properties", "allOf"} & set(d)]
)
def test_a_typed_dict_has_the_fields_of_its_schema(name: str) -> None:
    hints = typing.get_type_hints(getattr(wire, name), include_extras=True)
    optional = {field for field, hint in hints.items() if typing.get_origin(hint) is typing.NotRequired}
    assert (set(hints), set(hints) - optional) == fields_of(name)


@pytest.mark.parametrize(
    "path", [p for p in schema_paths(SCHEMAS) if p.split("/", 1)[0] in generate_models.WIRE]
)
def test_every_schema_has_a_type_of_its_title(path: str) -> None:
    assert hasattr(wire, read_json(SCHEMAS / path)["title"])


def test_an_extended_payload_is_what_it_extends() -> None:
    """A reader that takes a Room takes the payload of room_updated; mypy sees it as well."""
    assert set(wire.Room.__annotations__) < set(typing.get_type_hints(wire.RoomUpdatedPayload))


def test_a_narrowed_payload_says_what_it_narrows() -> None:
    hints = typing.get_type_hints(wire.StaffCheckedOutPayload)
    assert hints["status"] == typing.Literal["COMPLETED"]
    assert hints["checked_out_at"] is str
    assert typing.get_type_hints(wire.StaffCheckedOutPayloadTransition)["to"] == typing.Literal["departed"]


def model(path: str) -> TypeAdapter[Any]:
    return TypeAdapter(getattr(files, read_json(SCHEMAS / path)["title"]))


@pytest.mark.parametrize("path", generate_models.FILES)
def test_a_valid_file_goes_through_its_model_unchanged(path: str) -> None:
    for example in example_paths(SCHEMAS, path, "valid"):
        instance = read_json(example)
        parsed = model(path).validate_python(instance)
        dumped = model(path).dump_python(parsed, mode="json", by_alias=True, exclude_unset=True)
        assert dumped == instance, example.name


@pytest.mark.parametrize("path", generate_models.FILES)
def test_an_invalid_file_does_not_become_a_model(path: str) -> None:
    for example in example_paths(SCHEMAS, path, "invalid"):
        with pytest.raises(ValidationError):
            model(path).validate_python(read_json(example))


def test_a_password_is_not_shown() -> None:
    credentials = files.Credentials.model_validate({"username": "nora", "password": "an-example-password"})
    assert "an-example-password" not in repr(credentials)


def test_two_shapes_under_one_name_are_an_error(tmp_path: Path) -> None:
    for file in ("a", "b"):
        (tmp_path / f"{file}.schema.json").write_text('{"title": "Same", "type": "object", "properties": {}}')
    bundle = Bundle(tmp_path, values=False)
    bundle.add("a.schema.json")
    with pytest.raises(NameClash, match="Same"):
        bundle.add("b.schema.json")
