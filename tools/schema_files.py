"""The schema directory as it lies on disk: its files, a registry over them, and why an instance is invalid.

Reads only; everything takes the directory as an argument, so that a broken copy can be checked as well as the real one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT202012

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where there is one
BASE_URI = "https://staycheck.dev/schemas/"
SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
SUFFIX = ".schema.json"
EXAMPLES = "examples"
WITH_EXAMPLES = ("resources", "requests", "replies", "events", "files", "probes")
"""The directories of which every schema has examples; common.schema.json is only definitions."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One reason why an instance is invalid: the keyword that fails, and where in the instance (a JSON Pointer)."""

    keyword: str
    pointer: str
    message: str


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def read_yaml(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a SafeLoader


def repeated_keys(path: Path) -> Iterator[tuple[int, str]]:
    """Keys that stand twice in one mapping of a YAML file, with the line; a reader would silently take the last."""
    open_nodes = [yaml.compose(path.read_text(encoding="utf-8"), Loader=_LOADER)]
    while open_nodes:
        node = open_nodes.pop()
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if key.value in seen:
                    yield key.start_mark.line + 1, key.value
                seen.add(key.value)
                open_nodes.append(value)
        elif isinstance(node, yaml.SequenceNode):
            open_nodes.extend(node.value)


def schema_paths(root: Path) -> list[str]:
    """Every schema file, as a path relative to the directory, sorted; examples and metaschemas are not schemas."""
    found = (path.relative_to(root) for path in root.rglob(f"*{SUFFIX}"))
    return sorted(str(path) for path in found if path.parts[0] not in (EXAMPLES, "metaschemas"))


def registry(root: Path) -> Registry[Any]:
    """All schemas under the URIs their paths give them (`$id` is checked elsewhere)."""
    return Registry().with_resources(
        (BASE_URI + path, DRAFT202012.create_resource(read_json(root / path))) for path in schema_paths(root)
    )


def validator(reg: Registry[Any], path: str) -> Draft202012Validator:
    """The explaining validator of one schema file."""
    return Draft202012Validator({"$ref": BASE_URI + path}, registry=reg)


def references(document: Any) -> Iterator[str]:
    """Every `$ref` of a document, also below extensions."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from references(value)
    elif isinstance(document, list):
        for item in document:
            yield from references(item)


def example_paths(root: Path, schema: str, kind: str) -> list[Path]:
    """The examples of a schema (`resources/room.schema.json`) that are `valid` or `invalid`."""
    return sorted((root / EXAMPLES / schema.removesuffix(SUFFIX)).glob(f"{kind}-*.json"))


def pointer(parts: Any) -> str:
    """A JSON Pointer from a path of keys and indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def leaves(validator_: Draft202012Validator, instance: Any) -> list[Leaf]:
    """Why the instance is invalid, each reason once; empty when it is valid.

    Below anyOf and oneOf only the branch that was meant counts.
    """
    return list(dict.fromkeys(leaf for error in validator_.iter_errors(instance) for leaf in _leaves(error)))


def _leaves(error: ValidationError) -> list[Leaf]:
    here = Leaf(str(error.validator), pointer(error.absolute_path), error.message)
    if error.validator not in ("anyOf", "oneOf") or not error.context:
        return [here]
    branches: dict[Any, list[ValidationError]] = {}
    for child in error.context:
        branches.setdefault(child.schema_path[0], []).append(child)
    meant = [b for b in branches.values() if not _misses_the_kind(b, error)]
    if not meant:
        return [here]
    closest = min(meant, key=lambda b: (len(b), -max(len(e.absolute_path) for e in b)))
    return [leaf for child in closest for leaf in _leaves(child)]


def _misses_the_kind(branch: list[ValidationError], error: ValidationError) -> bool:
    """Whether the instance is not even of the type (or not the constant) that a branch is about."""
    return any(
        e.validator in ("type", "const") and len(e.absolute_path) == len(error.absolute_path) for e in branch
    )
