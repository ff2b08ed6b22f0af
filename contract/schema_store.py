"""One store of all schemas: a fast yes or no (jsonschema-rs) and a slow explanation (jsonschema) that agree.

A schema is named by its path (`resources/room.schema.json`), by its `$id`, or by a place in either with a fragment
(`common.schema.json#/$defs/date`); a YAML document of the contract is a schema resource too
(`probes.yaml#/probes/audit/state`). A schema from elsewhere is taken in with `inline`.

Instances are JSON values as `json.loads` makes them. NaN and the infinities are of no type. A tuple counts as an array.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin

from contract.errors import ContractError
from contract.formats import ASSERTED, UNASSERTED
from contract.schema_files import BASE_URI, document, schema_paths
from contract.schema_problems import Problem, explaining_validator, in_words

if TYPE_CHECKING:
    import jsonschema_rs

__all__ = ["Problem", "SchemaStore", "SchemaViolation", "UnknownSchemaError", "schema_store"]

_MAX_TOLD = 20


class UnknownSchemaError(LookupError):
    """No schema of the contract has this name."""


class SchemaViolation(ContractError):
    """An instance is not what its schema asks for: INVALID_INPUT, with the problems as details."""

    __slots__ = ("problems", "ref")

    def __init__(self, ref: str, problems: list[Problem]) -> None:
        self.ref = ref
        self.problems = tuple(problems)
        told = [{"pointer": p.pointer, "message": p.message} for p in problems[:_MAX_TOLD]]
        super().__init__("INVALID_INPUT", "; ".join(p.message for p in problems[:3]), {"problems": told})


class SchemaStore:
    """Compiles each schema once, on first use. Safe to share: it only ever grows, and by equal values."""

    def __init__(self) -> None:
        self._contents: dict[str, Any] = {}
        self._fast: dict[str, Callable[[Any], bool]] = {}
        self._explaining: dict[str, Callable[[Any], list[Problem]]] = {}
        self._registry: jsonschema_rs.Registry | None = None
        self._registered: frozenset[str] = frozenset()

    def valid(self, ref: str, instance: Any) -> bool:
        """Does the instance keep the schema? The fast path, 100 and more times faster than `problems`."""
        check = self._fast.get(ref)
        if check is None:
            check = self._fast[ref] = self._compile(ref)
        try:
            return check(instance)
        except ValueError:
            # A string with a lone surrogate, or a value that is not JSON: the fast library cannot read it.
            return not self.problems(ref, instance)

    def problems(self, ref: str, instance: Any) -> list[Problem]:
        """Everything wrong with the instance, nearest to the root first; empty exactly when `valid`."""
        explain = self._explaining.get(ref)
        if explain is None:
            iter_errors = explaining_validator(self.uri(ref), self._resource)
            explain = self._explaining[ref] = lambda found: in_words(iter_errors(found))
        return explain(instance)

    def require(self, ref: str, instance: Any) -> None:
        """SchemaViolation when the instance does not keep the schema."""
        if not self.valid(ref, instance):
            raise SchemaViolation(ref, self.problems(ref, instance))

    def schema(self, ref: str) -> Any:
        """The schema itself, as data; `$ref`s inside it are not followed. UnknownSchemaError when there is none."""
        uri, _, fragment = self.uri(ref).partition("#")
        found = self._resource(uri)
        for step in fragment.split("/")[1:]:
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            try:
                found = found[int(key)] if isinstance(found, list) else found[key]
            except (KeyError, ValueError, IndexError, TypeError):
                raise UnknownSchemaError(f"no schema {ref!r}") from None
        return found

    def inline(self, schema: Mapping[str, Any], base: str = "") -> str:
        """Take in a schema that stands elsewhere; answers its ref.

        Its relative `$ref`s resolve as if it stood in the file `base` (`openapi.yaml`, `requests/x.json`). Equal
        schemas get equal refs.
        """
        text = json.dumps(schema, sort_keys=True)
        name = f"inline-{hashlib.sha256(f'{base} {text}'.encode()).hexdigest()[:16]}.json"
        uri = urljoin(self.uri(base), name)
        if uri not in self._contents:
            self._contents[uri] = schema
        return uri.removeprefix(BASE_URI)

    def uri(self, ref: str) -> str:
        """The absolute URI of a ref."""
        return ref if ref.startswith("https://") else BASE_URI + ref

    def _resource(self, uri: str) -> Any:
        """The document at an absolute URI without a fragment."""
        found = self._contents.get(uri)
        if found is None:
            if not uri.startswith(BASE_URI):
                raise UnknownSchemaError(f"no schema {uri!r}")
            try:
                found = self._contents[uri] = document(uri.removeprefix(BASE_URI))
            except (FileNotFoundError, IsADirectoryError):
                raise UnknownSchemaError(f"no schema {uri.removeprefix(BASE_URI)!r}") from None
        return found

    def _compile(self, ref: str) -> Callable[[Any], bool]:
        import jsonschema_rs

        uri = self.uri(ref)
        self.schema(ref)  # names a missing schema better than the library does
        if self._registry is None or uri.partition("#")[0] not in self._registered:
            for path in schema_paths():
                self._resource(BASE_URI + path)
            resources = dict(self._contents)
            self._registry = jsonschema_rs.Registry(list(resources.items()))
            self._registered = frozenset(resources)
        unasserted: dict[str, Callable[[str], bool]] = dict.fromkeys(UNASSERTED, _anything)
        validator = jsonschema_rs.Draft202012Validator(
            {"$ref": uri},
            registry=self._registry,
            formats={**unasserted, **ASSERTED},
            validate_formats=True,
        )
        return validator.is_valid


def _anything(_text: str) -> bool:
    return True


@cache
def schema_store() -> SchemaStore:
    """The store of the contract's own schemas, one per process."""
    return SchemaStore()
