"""Check that the contract holds together: `python -m tools.check_schemas`; one line per problem, exit 1 if there is any.

Every document against its own metaschema, every reference, every example, and every name that one file says of another.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from jsonschema import Draft7Validator, Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Specification
from referencing.exceptions import Unresolvable

from tools import check_documents
from tools.schema_files import (
    BASE_URI,
    EXAMPLES,
    SCHEMAS,
    WITH_EXAMPLES,
    example_paths,
    leaves,
    pointer,
    read_json,
    read_yaml,
    references,
    registry,
    repeated_keys,
    schema_paths,
    validator,
)

OWN_FILES = {
    "arrival.yaml": "files/arrival.schema.json",
    "clauses.yaml": "files/clauses.schema.json",
    "lifecycles/booking.yaml": "files/lifecycle.schema.json",
    "lifecycles/room_status.yaml": "files/lifecycle.schema.json",
    "probes.yaml": "files/probes.schema.json",
    "provider_states.yaml": "files/provider_states.schema.json",
    "roles.yaml": "files/roles.schema.json",
}
"""Our YAML files and the schema of each."""
DOCUMENTS = ("openapi.yaml", "asyncapi.yaml")


def schemas_are_schemas(root: Path) -> Iterator[str]:
    """JSON Schema 2020-12, an `$id` that follows from the path, a title for the generated model."""
    for path in schema_paths(root):
        schema = read_json(root / path)
        for error in Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema):
            yield f"{path}: not a JSON Schema 2020-12 at {pointer(error.absolute_path) or '/'}: {error.message}"
        if schema.get("$id") != BASE_URI + path:
            yield f"{path}: $id is {schema.get('$id')}, should be {BASE_URI + path}"
        if not schema.get("title"):
            yield f"{path}: has no title"


def keys_are_unique(root: Path) -> Iterator[str]:
    """No mapping of a YAML file has a key twice."""
    for path in (*DOCUMENTS, *OWN_FILES):
        for line, key in repeated_keys(root / path):
            yield f"{path}: line {line} has {key} a second time"


def references_resolve(root: Path) -> Iterator[str]:
    """Every `$ref` of every schema, document and own file points at something."""
    reg = registry(root)
    yaml_files = (*DOCUMENTS, *OWN_FILES)
    contents = {path: read_json(root / path) for path in schema_paths(root)}
    contents |= {path: read_yaml(root / path) for path in yaml_files}
    for path, content in contents.items():
        if path in yaml_files:
            # the documents are not schemas, but their pointers are looked up in the same way
            reg = reg.with_contents([(BASE_URI + path, content)], default_specification=Specification.OPAQUE)
        # our own files name schemas relative to the root, wherever they lie
        base = BASE_URI if path in OWN_FILES else BASE_URI + path
        resolver = reg.resolver(base_uri=base)
        for ref in sorted(set(references(content))):
            try:
                resolver.lookup(ref)
            except Unresolvable:
                yield f"{path}: $ref {ref} points at nothing"


def documents_are_valid(root: Path) -> Iterator[str]:
    """openapi.yaml as OpenAPI 3.1, asyncapi.yaml as AsyncAPI 3.0, our own YAML files against their schemas."""
    openapi = root / "openapi.yaml"
    for error in OpenAPIV31SpecValidator(
        read_yaml(openapi), base_uri=openapi.resolve().as_uri()
    ).iter_errors():
        yield f"openapi.yaml: {pointer(error.absolute_path) or '/'}: {error.message}"
    metaschema = read_json(root / "metaschemas" / "asyncapi-3.0.0.json")
    for error in Draft7Validator(metaschema).iter_errors(read_yaml(root / "asyncapi.yaml")):
        yield f"asyncapi.yaml: {pointer(error.absolute_path) or '/'}: {error.message}"
    reg = registry(root)
    for path, schema in OWN_FILES.items():
        for leaf in leaves(validator(reg, schema), read_yaml(root / path)):
            yield f"{path}: {leaf.pointer or '/'}: {leaf.message}"


def examples_hold(root: Path) -> Iterator[str]:
    """Each schema has valid and invalid examples; an invalid one has exactly the flaw that flaws.yaml names."""
    reg = registry(root)
    flaws: dict[str, dict[str, str]] = read_yaml(root / EXAMPLES / "flaws.yaml")
    seen: set[Path] = set()
    for path in schema_paths(root):
        if path.split("/", 1)[0] not in WITH_EXAMPLES:
            continue
        valid, invalid = (example_paths(root, path, kind) for kind in ("valid", "invalid"))
        seen.update(valid, invalid)
        if not valid:
            yield f"{path}: has no valid example"
        if not invalid:
            yield f"{path}: has no invalid example"
        check = validator(reg, path)
        for example in valid:
            for leaf in leaves(check, read_json(example)):
                yield f"{example.relative_to(root)}: should be valid, but at {leaf.pointer or '/'}: {leaf.message}"
        for example in invalid:
            name = str(example.relative_to(root / EXAMPLES))
            found = [(leaf.keyword, leaf.pointer) for leaf in leaves(check, read_json(example))]
            flaw = flaws.pop(name, None)
            if flaw is None:
                yield f"{EXAMPLES}/{name}: is not in flaws.yaml"
            elif found != [(flaw["keyword"], flaw["pointer"])]:
                yield f"{EXAMPLES}/{name}: should fail {flaw['keyword']} at {flaw['pointer'] or '/'} only, but fails {found}"
    for name in sorted(flaws):
        yield f"{EXAMPLES}/flaws.yaml: names {name}, which is not there"
    for stray in sorted(set((root / EXAMPLES).rglob("*.json")) - seen):
        yield f"{stray.relative_to(root)}: is an example of no schema"


CHECKS: tuple[Callable[[Path], Iterator[str]], ...] = (
    schemas_are_schemas,
    keys_are_unique,
    references_resolve,
    documents_are_valid,
    examples_hold,
    *check_documents.CHECKS,
)


def problems(root: Path = SCHEMAS) -> list[str]:
    """Everything that is wrong with the contract in a directory, one line each; empty when nothing is."""
    return [problem for check in CHECKS for problem in check(root)]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.check_schemas", description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, default=SCHEMAS)
    found = problems(parser.parse_args(arguments).directory)
    for problem in found:
        sys.stdout.write(problem + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
