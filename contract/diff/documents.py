"""A contract as it lies in a folder or a revision: its files as text, read into one value.

Formatting and the order of keys are gone once a file is read, so they are no change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

import yaml

from contract.schema_files import BASE_URI, read_yaml

DOCUMENTS = ("openapi.yaml", "asyncapi.yaml", "clauses.yaml")
"""What makes a folder a contract: at least one of these."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SUFFIXES = (".json", ".yaml", ".yml")


class UnreadableContract(ValueError):
    """A file of a contract cannot be read. The message is one sentence that names the file and the way out."""


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """The parsed files of a contract by their path below its folder (`openapi.yaml`, `resources/room.schema.json`).

    `examples` has the text of the examples; they promise nothing, so only whether they changed is of interest.
    """

    files: Mapping[str, Any]
    examples: Mapping[str, str]

    def document(self, path: str) -> Any:
        """The content of a file; an empty mapping when the contract has none."""
        return self.files.get(path, {})

    @property
    def schema_paths(self) -> tuple[str, ...]:
        return tuple(sorted(path for path in self.files if path.endswith(".schema.json")))

    @property
    def version(self) -> str:
        for path in ("clauses.yaml", "openapi.yaml", "asyncapi.yaml"):
            found = self.document(path)
            said = found.get("version") or (found.get("info") or {}).get("version")
            if said:
                return str(said)
        return "unknown"


def is_contract_file(path: str) -> bool:
    """Whether a file below a contract's folder is a part of it."""
    return path.endswith(_SUFFIXES) and not path.startswith("metaschemas/")


def read_contract(texts: Mapping[str, str], name: str) -> Contract:
    """The contract in these files. `name` says where they come from, for the message.

    Raises: UnreadableContract.
    """
    if not any(path in texts for path in DOCUMENTS):
        raise UnreadableContract(
            f"{name} holds no contract: none of {', '.join(DOCUMENTS)} is there; name the folder that they are in."
        )
    files: dict[str, Any] = {}
    examples: dict[str, str] = {}
    for path in sorted(filter(is_contract_file, texts)):
        if path.startswith("examples/"):
            examples[path] = texts[path]
            continue
        try:
            files[path] = json.loads(texts[path]) if path.endswith(".json") else read_yaml(texts[path])
        except (ValueError, yaml.YAMLError, RecursionError) as error:
            raise UnreadableContract(
                f"{path} in {name} cannot be read ({_reason(error)}); mend it, or compare another revision."
            ) from None
        if not isinstance(files[path], dict):
            raise UnreadableContract(f"{path} in {name} is not a mapping; mend it, or compare another revision.")  # fmt: skip
    contract = Contract(files, examples)
    check(contract, name)
    return contract


def check(contract: Contract, name: str) -> None:
    """UnreadableContract when a schema is none, or a file refers to something that is not there."""
    for path in contract.schema_paths:
        if not is_schema(contract.files[path]):
            raise UnreadableContract(
                f"{path} in {name} is not a JSON Schema 2020-12; mend it, or compare another revision."
            )
    for path, ref in _references(contract):
        try:
            lookup(contract, path, ref)
        except LookupError:
            raise UnreadableContract(
                f"{path} in {name} refers to {ref}, which is not there; mend it, or compare another revision."
            ) from None


def is_schema(value: Any) -> bool:
    """Is it a JSON Schema, by the metaschema of 2020-12?"""
    import jsonschema_rs

    return isinstance(value, bool) or (
        isinstance(value, dict) and jsonschema_rs.meta.is_valid({**value, "$schema": _DIALECT})
    )


def lookup(contract: Contract, path: str, ref: str) -> tuple[str, str, Any]:
    """What a `$ref` in the file `path` refers to: its file, its pointer, its content. LookupError when it is not there."""
    uri, fragment = urldefrag(urljoin(BASE_URI + path, ref))
    target = uri.removeprefix(BASE_URI)
    found = contract.files[target]
    for step in fragment.split("/")[1:]:
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(key)] if isinstance(found, list) else found[key]
        except (KeyError, ValueError, IndexError, TypeError):
            raise LookupError(ref) from None
    if fragment and not fragment.startswith("/"):
        raise LookupError(ref)  # an anchor; the contract has none
    return target, "".join(f"/{escaped(unescaped(step))}" for step in fragment.split("/")[1:]), found


def unescaped(step: str) -> str:
    return unquote(step).replace("~1", "/").replace("~0", "~")


def escaped(key: object) -> str:
    """A key as a step of a JSON Pointer."""
    return str(key).replace("~", "~0").replace("/", "~1")


def _references(contract: Contract) -> Iterator[tuple[str, str]]:
    for path, content in contract.files.items():
        # every file of our own that has references lies at the root, so they are relative to where it lies
        for ref in _refs(content):
            yield path, ref


def _refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref" and isinstance(inner, str):
                yield inner
            elif key not in ("const", "enum", "default", "examples", "example"):
                yield from _refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _refs(inner)


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return str(error).splitlines()[0]
