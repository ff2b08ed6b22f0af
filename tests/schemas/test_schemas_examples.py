"""Every example is what its name says, for the validator that explains and for the one that is fast."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from tools.schema_files import (
    BASE_URI,
    EXAMPLES,
    SCHEMAS,
    WITH_EXAMPLES,
    example_paths,
    leaves,
    read_json,
    read_yaml,
    registry,
    schema_paths,
    validator,
)

PATHS = [path for path in schema_paths(SCHEMAS) if path.split("/", 1)[0] in WITH_EXAMPLES]
REGISTRY = registry(SCHEMAS)
FAST_REGISTRY = jsonschema_rs.Registry(
    [(BASE_URI + path, read_json(SCHEMAS / path)) for path in schema_paths(SCHEMAS)]
)
FLAWS: dict[str, dict[str, str]] = read_yaml(SCHEMAS / EXAMPLES / "flaws.yaml")


def fast(path: str) -> Any:
    return jsonschema_rs.Draft202012Validator({"$ref": BASE_URI + path}, registry=FAST_REGISTRY)


@pytest.mark.parametrize("path", PATHS)
def test_valid_examples_are_valid(path: str) -> None:
    explaining, quick = validator(REGISTRY, path), fast(path)
    examples = example_paths(SCHEMAS, path, "valid")
    assert examples
    for example in examples:
        instance = read_json(example)
        assert leaves(explaining, instance) == [], example.name
        assert quick.is_valid(instance), example.name


@pytest.mark.parametrize("path", PATHS)
def test_invalid_examples_have_the_one_flaw_they_are_named_for(path: str) -> None:
    explaining, quick = validator(REGISTRY, path), fast(path)
    examples = example_paths(SCHEMAS, path, "invalid")
    assert examples
    for example in examples:
        instance = read_json(example)
        flaw = FLAWS[str(example.relative_to(SCHEMAS / EXAMPLES))]
        found = [{"keyword": leaf.keyword, "pointer": leaf.pointer} for leaf in leaves(explaining, instance)]
        assert found == [flaw], example.name
        assert not quick.is_valid(instance), example.name
