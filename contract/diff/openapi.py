"""The HTTP half: which operations there are and what their document says beside the schemas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from contract.diff.documents import Contract, escaped
from contract.diff.fields import Section, changed, differing
from contract.diff.model import Findings, breaks, fits, words
from contract.diff.operations import OperationChanges
from contract.diff.schema_changes import SchemaChanges
from contract.diff.usage import METHODS

FILE = "openapi.yaml"


def compare(old: Contract, new: Contract, findings: Findings, schemas: SchemaChanges) -> None:
    """Adds the changes of `openapi.yaml`."""
    before, after = old.document(FILE), new.document(FILE)
    if not before and not after:
        return
    whole = Section(findings, FILE, "document")
    judges = {
        "paths": lambda _old, _new: None,
        "components": lambda _old, _new: None,
        "info": lambda was, is_: _info(whole, was or {}, is_ or {}),
        "security": lambda _was, _is: None,  # each operation is compared with it
        "x-cors": lambda was, is_: _cors(whole.at("x-cors"), was or {}, is_ or {}),
    }
    # x-error-content holds a YAML anchor: what it says stands again wherever it is used
    whole.fields("document", before, after, judges, described=("openapi", "jsonSchemaDialect", "x-error-content", "servers", "tags", "externalDocs"))  # fmt: skip
    _Operations(before, after, findings, schemas).compare()
    _components(before.get("components", {}), after.get("components", {}), findings, schemas)


def _info(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    section.fields("info", old, new, {}, described=("title", "version", "summary", "description", "license", "contact", "termsOfService"))  # fmt: skip


def _cors(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    def headers(was: Any, is_: Any) -> None:
        for name in sorted(set(is_ or ()) - set(was or ())):
            section.add(
                "cors/header-added", f"a frontend on another origin may send `{name}`",
                fits("nothing it sends is refused"), breaks("a backend has to allow the header"),
            )  # fmt: skip
        for name in sorted(set(was or ()) - set(is_ or ())):
            section.add(
                "cors/header-removed", f"a frontend on another origin may no longer send `{name}`",
                breaks("the browser refuses the request if the header is not allowed"), fits("it may still allow the header"),
            )  # fmt: skip

    section.fields("cors", old, new, {"allow_headers": headers})


class _Operations:
    def __init__(
        self, old: Mapping[str, Any], new: Mapping[str, Any], findings: Findings, schemas: SchemaChanges
    ) -> None:
        self._old, self._new, self._findings, self._schemas = old, new, findings, schemas

    def compare(self) -> None:
        old, new = _listed(self._old), _listed(self._new)
        for name in [name for name in new if name not in old]:
            # an operation that is called the same way under another name is the same operation
            called = next((key for key in old if key not in new and old[key][:2] == new[name][:2]), None)
            if called is not None:
                why = breaks("generated clients and dialects name operations", certain=False)
                self._at(name).both("operation/renamed", f"operation {called} is called {name} now", why)
                old[name] = old.pop(called)
        for name in sorted(new.keys() - old.keys()):
            method, path, _, _ = new[name]
            self._at(name).add(
                "operation/added", f"operation {method.upper()} {path} is new",
                fits("nothing that was there has changed"), breaks("a backend has to offer it"),
            )  # fmt: skip
        for name in sorted(old.keys() - new.keys()):
            method, path, _, _ = old[name]
            self._at(name).add(
                "operation/removed", f"operation {method.upper()} {path} is gone",
                breaks("a call of it is answered by nobody"), fits("nobody asks a backend for it"),
            )  # fmt: skip
        for name in sorted(old.keys() & new.keys()):
            self._same(name, old[name], new[name])
        self._items()

    def _at(self, name: str) -> Section:
        return Section(self._findings, FILE, name)

    def _same(self, name: str, old: Any, new: Any) -> None:
        section = self._at(name)
        if old[0] != new[0]:
            section.add("operation/method", f"method {old[0].upper()} becomes {new[0].upper()}", breaks("calls with the old method are answered by nobody"), breaks("a backend has to answer another method"))  # fmt: skip
        if old[1] != new[1]:
            if _unnamed(old[1]) == _unnamed(new[1]):
                section.both("operation/path", f"path {old[1]} is written {new[1]}", fits("the URLs are the same"))  # fmt: skip
            else:
                section.add("operation/path", f"path {old[1]} becomes {new[1]}", breaks("calls of the old path are answered by nobody"), breaks("a backend has to answer another path"))  # fmt: skip
        changes = OperationChanges(section, self._old, self._new, self._schemas)
        changes.compare(old[2], new[2], old[3], new[3], (old[0], old[1]), (new[0], new[1]))

    def _items(self) -> None:
        """What a path says for all its operations, beside the parameters."""
        old, new = self._old.get("paths", {}), self._new.get("paths", {})
        for path in sorted(old.keys() & new.keys()):
            skipped = dict.fromkeys((*METHODS, "parameters"), lambda _old, _new: None)
            self._at(path).fields("path", old[path], new[path], skipped, described=("summary", "description"))


def _listed(document: Mapping[str, Any]) -> dict[str, tuple[str, str, Any, Any]]:
    """Method, path, operation, path item by name."""
    found = {}
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                name = item[method].get("operationId", f"{method.upper()} {path}")
                found[name] = (method, path, item[method], item)
    return found


def _unnamed(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def _components(
    old: Mapping[str, Any], new: Mapping[str, Any], findings: Findings, schemas: SchemaChanges
) -> None:
    section = Section(findings, FILE, "components")
    ignored = dict.fromkeys(("parameters", "requestBodies", "responses", "headers"), lambda _old, _new: None)
    judges = {
        **ignored,  # compared where an operation refers to them
        "securitySchemes": lambda was, is_: security_schemes(section, was or {}, is_ or {}),
        "schemas": lambda was, is_: _schemas(section, was or {}, is_ or {}, schemas),
    }
    section.fields("components", old, new, judges, described=("examples",))


def _schemas(
    section: Section, old: Mapping[str, Any], new: Mapping[str, Any], schemas: SchemaChanges
) -> None:
    for name in differing(old, new):
        if name in old and name in new:
            schemas.compare(FILE, f"/components/schemas/{escaped(name)}", old[name], new[name])
        else:
            what = f"schema {name} is {'new' if name in new else 'gone'}"
            section.both("schema/definition", what, fits("what refers to it is a change of its own"))


def security_schemes(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """How callers show who they are; which operation asks for it is said there."""
    for name in differing(old, new):
        if name not in old or name not in new:
            what = f"security scheme {name} is {'new' if name in new else 'gone'}"
            section.both("security/scheme", what, fits("the operations that ask for it are changes of their own"))  # fmt: skip
            continue
        for key in differing(old[name], new[name]):
            was, is_ = old[name].get(key), new[name].get(key)
            if key == "description":
                section.both("security/words", f"security scheme {name}: description changed", words())
                continue
            what = f"security scheme {name}: {key} {changed(was, is_)}"
            section.add("security/scheme", what, breaks("callers have to show who they are in another way"), breaks("a backend has to read it in another way"))  # fmt: skip
