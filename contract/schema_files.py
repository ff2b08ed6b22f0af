"""Reads the data under `schemas/`: each file once per process, by its path such as `lifecycles/booking.yaml`.

Nothing is read at import. What is handed out is shared, so it is treated as frozen: copy before changing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any

import yaml

BASE_URI = "https://staycheck.dev/schemas/"
"""`$id` of every schema is this and its path; relative references resolve against it."""

if TYPE_CHECKING:
    _SafeLoader = yaml.SafeLoader
else:
    # The C loader is about ten times faster; PyYAML is not always built with it.
    _SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):
    """YAML as JSON people mean it: dates stay strings, only `true` and `false` are booleans, keys are strings."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        return {str(key): value for key, value in super().construct_mapping(node, deep).items()}


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, regexp)
        for tag, regexp in resolvers
        if tag != "tag:yaml.org,2002:timestamp" and (tag != "tag:yaml.org,2002:bool" or first in "tTfF")
    ]
    for first, resolvers in _SafeLoader.yaml_implicit_resolvers.items()
}


def root() -> Traversable:
    """The directory of the data, inside a wheel or a checkout."""
    return resources.files("schemas")


def read_yaml(text: str) -> Any:
    """YAML as JSON people mean it (see `_Loader`). Raises: `yaml.YAMLError`, ValueError, RecursionError."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader


@cache
def document(path: str) -> Any:
    """The parsed content of one file; `.yaml` or JSON. FileNotFoundError when there is none."""
    text = root().joinpath(*path.split("/")).read_text(encoding="utf-8")
    return read_yaml(text) if path.endswith((".yaml", ".yml")) else json.loads(text)


@cache
def schema_paths() -> tuple[str, ...]:
    """The paths of all `*.schema.json` files, sorted; examples are not schemas."""
    return tuple(sorted(_walk(root(), "")))


def _walk(folder: Traversable, prefix: str) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "examples":
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".schema.json"):
            yield prefix + entry.name
