"""One JSON Schema with every named shape in `$defs`, as a model generator can read it.

The schema files are written to be read and to be held against instances: they refer to each other across files, extend
with allOf, and narrow what they extend. A generator needs every shape once, under its name. So every titled schema
and every nested object becomes a definition, references point at definitions, plain scalars are put in their place,
and what is extended *and* narrowed is merged. Titles are the names; two shapes under one name are an error.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from tools.schema_files import BASE_URI, read_json

Schema = dict[str, Any]

_ABOUT_VALUES = (
    "additionalProperties",
    "description",
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
    "uniqueItems",
)
_NO_CONCERN = ("$schema", "$id", "$defs", "default", "examples", "x-status")
_SCALARS = ("string", "integer", "number", "boolean")


class NameClash(Exception):
    """Two different shapes have the same title."""


class Bundle:
    """Collects definitions. `values=False` leaves out what types cannot say: patterns, bounds, closedness, texts."""

    def __init__(self, root: Path, *, values: bool) -> None:
        self._root = root
        self._values = values
        self._files: dict[str, Any] = {}
        self._origins: dict[str, str] = {}
        self.definitions: dict[str, Schema] = {}

    def add(self, path: str) -> None:
        """Take in a schema file (a path relative to the schema directory) and all it refers to."""
        self._reference(BASE_URI + path)

    def schema(self) -> Schema:
        """The bundle, definitions by name."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$defs": dict(sorted(self.definitions.items())),
        }

    def _load(self, uri: str) -> tuple[Schema, str]:
        """The schema behind an absolute URI, and the URI of its file."""
        file, _, fragment = uri.partition("#")
        if file not in self._files:
            self._files[file] = read_json(self._root / file.removeprefix(BASE_URI))
        schema = self._files[file]
        for part in fragment.split("/")[1:]:
            schema = schema[part]
        return schema, file

    def _reference(self, uri: str) -> Schema:
        """What stands where something refers to `uri`: a reference to a definition, or the scalar itself."""
        schema, file = self._load(uri)
        name = schema.get("title")
        if name is None:
            return self._normal(schema, file, "")
        if _is_scalar(schema) and self._values:
            # its constraints stand where it is used; a name for it would only be in the way
            return {key: value for key, value in self._normal(schema, file, name).items() if key != "title"}
        if self._origins.setdefault(name, uri) != uri:
            raise NameClash(f"{uri}: {name} is also the title of {self._origins[name]}")
        if name not in self.definitions:
            self.definitions[name] = {}  # a promise, for schemas that contain themselves
            self.definitions[name] = self._normal(schema, file, name) | _description(schema)
        return {"$ref": f"#/$defs/{name}"}

    def _normal(self, schema: Schema, file: str, name: str) -> Schema:
        """A schema with its references, extensions and nested objects normalised."""
        if "$ref" in schema:
            return self._reference(urljoin(file, schema["$ref"]))
        if "oneOf" in schema and all("const" in choice for choice in schema["oneOf"]):
            schema = {
                "type": "string",
                "enum": [choice["const"] for choice in schema["oneOf"]],
                "title": name,
            }
        if "allOf" in schema:
            return self._extended(schema, file, name)
        out: Schema = {}
        for key, value in schema.items():
            if key == "format" and not (self._values and value == "password"):
                continue  # the patterns say it; a password is hidden wherever a model is shown
            if key in _NO_CONCERN or (not self._values and key in _ABOUT_VALUES):
                continue
            match key:
                case "properties":
                    out[key] = {k: self._nested(v, file, name + _camel(k)) for k, v in value.items()}
                case "items":
                    out[key] = _loose(self._nested(value, file, name.removesuffix("s")))
                case "additionalProperties" if isinstance(value, dict):
                    out[key] = _loose(self._nested(value, file, name + "Value"))
                case "propertyNames":
                    out[key] = self._nested(value, file, name + "Name")
                case "anyOf" | "oneOf":
                    out["anyOf"] = [self._nested(v, file, name) for v in value]
                case _:
                    out[key] = value
        return out

    def _nested(self, schema: Any, file: str, name: str) -> Any:
        """A schema below another one: an object with fields becomes a definition of its own."""
        if not isinstance(schema, dict):
            return {} if schema is True else schema
        if "properties" not in schema and "allOf" not in schema:
            return self._normal(schema, file, name)
        nullable = isinstance(schema.get("type"), list)
        if nullable:
            schema = {**schema, "type": "object"}
        name = schema.get("title", name)
        normal = {**self._normal(schema, file, name), "title": name}
        normal.pop("description", None)
        if self.definitions.setdefault(name, normal) != normal:
            raise NameClash(f"{file}: {name} is the title of two shapes")
        reference = {"$ref": f"#/$defs/{name}"}
        return {"anyOf": [reference, {"type": "null"}]} if nullable else reference

    def _extended(self, schema: Schema, file: str, name: str) -> Schema:
        """allOf with one base: kept when it only adds fields, merged when it narrows fields of the base."""
        (base,) = schema["allOf"]
        own = {key: value for key, value in schema.items() if key != "allOf"}
        fields, required = self._fields(base, file)
        if not set(fields) & set(own.get("properties", {})):
            return {"title": name, "allOf": [self._normal(base, file, name), self._normal(own, file, name)]}
        # the fields of the base are read in the file of the base; relative references mean something else there
        merged = {k: v for k, v in own.items() if k not in ("properties", "required")} | {"properties": {}}
        for key, (field, home) in fields.items():
            narrowed = own["properties"].get(key)
            merged["properties"][key] = field if narrowed is None else self._narrowed(field, home, narrowed)
            merged["properties"][key] = _absolute(merged["properties"][key], home)
        new = {k: _absolute(v, file) for k, v in own["properties"].items() if k not in fields}
        merged["properties"] |= new
        merged["required"] = list(dict.fromkeys([*required, *own.get("required", ())]))
        return self._normal(merged, file, name)

    def _fields(self, schema: Schema, file: str) -> tuple[dict[str, tuple[Schema, str]], list[str]]:
        """The fields of an object with the file each is written in, through references and extensions; and the required ones."""
        if "$ref" in schema:
            return self._fields(*self._load(urljoin(file, schema["$ref"])))
        fields: dict[str, tuple[Schema, str]] = {}
        required: list[str] = []
        for base in schema.get("allOf", ()):
            inherited, needed = self._fields(base, file)
            fields |= inherited
            required += needed
        fields |= {key: (field, file) for key, field in schema.get("properties", {}).items()}
        return fields, [*required, *schema.get("required", ())]

    def _narrowed(self, field: Schema, file: str, narrower: Schema) -> Schema:
        """What is left of a field when a narrower schema holds as well: a constant, one type of several, nested fields."""
        if "const" in narrower:
            return narrower
        if "properties" in narrower:
            fields, required = self._fields(field, file)
            inner = {
                key: narrower["properties"].get(key, _absolute(schema, home))
                for key, (schema, home) in fields.items()
            }
            return {"type": "object", "properties": inner, "required": required}
        for choice in field.get("anyOf", ()):
            resolved = self._load(urljoin(file, choice["$ref"]))[0] if "$ref" in choice else choice
            if resolved.get("type") == narrower["type"]:
                return copy.deepcopy(choice)
        return {**field, **narrower}


def _is_scalar(schema: Schema) -> bool:
    """A string, number or boolean without a list of values."""
    return (
        "enum" not in schema
        and "oneOf" not in schema
        and schema.get("type") in (*_SCALARS, ["string", "null"])
    )


def _loose(schema: Any) -> Any:
    """A scalar inside a list or a mapping without its bounds: a generator would make each a type with a made-up name."""
    if isinstance(schema, dict) and schema.get("type") in _SCALARS and "enum" not in schema:
        return {"type": schema["type"]}
    return schema


def _description(schema: Schema) -> Schema:
    return (
        {"description": schema["description"]} if "description" in schema and not _is_scalar(schema) else {}
    )


def _absolute(schema: Any, file: str) -> Any:
    """The schema with its references made absolute, so that it can stand in another file."""
    if isinstance(schema, dict):
        return {k: urljoin(file, v) if k == "$ref" else _absolute(v, file) for k, v in schema.items()}
    return [_absolute(item, file) for item in schema] if isinstance(schema, list) else schema


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.replace("-", "_").split("_"))
