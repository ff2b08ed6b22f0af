"""The operations of an OpenAPI or Swagger document in one form, and what its schemas say of objects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from staycheck.drafting.source import Document, Placed

_METHODS = ("get", "post", "put", "patch", "delete")
_JSON = re.compile(r"application/([\w.+-]+\+)?json", re.IGNORECASE)


@dataclass(frozen=True)
class PathParameter:
    """A parameter in a path: its name there, and the JSON type its schema gives it."""

    name: str
    type: str | None


@dataclass(frozen=True)
class Described:
    """An operation the document describes. `path` is whole: with the path of the server before it."""

    method: str
    path: str
    operation_id: str
    summary: str
    tags: tuple[str, ...]
    parameters: Mapping[str, PathParameter]
    request: Placed | None
    is_form: bool
    replies: Mapping[int, Placed]
    """Status -> schema of the JSON body."""
    security: tuple[tuple[str, ...], ...] | None
    """The alternatives, each the names of schemes that go together; None when nothing is said."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Reader:
    """Reads one document."""

    def __init__(self, document: Document) -> None:
        self.document, self._root = document, document.root
        self._is_swagger = document.version == "2.0"

    @property
    def title(self) -> str:
        info = self._root.get("info")
        return str(info.get("title", "")) if isinstance(info, Mapping) else ""

    def server(self) -> str:
        """The URL of the first server, or only its path; without variables it could not fill."""
        if self._is_swagger:
            host, base = self._root.get("host"), str(self._root.get("basePath") or "")
            schemes = self._root.get("schemes")
            scheme = schemes[0] if isinstance(schemes, list) and schemes else "http"
            return f"{scheme}://{host}{base}" if host else base
        servers = self._root.get("servers")
        first = servers[0] if isinstance(servers, list) and servers else {}
        if not isinstance(first, Mapping):
            return ""
        variables = first.get("variables")
        filled = variables if isinstance(variables, Mapping) else {}

        def default(found: re.Match[str]) -> str:
            variable = filled.get(found[1])
            return str(variable.get("default", "")) if isinstance(variable, Mapping) else ""

        return re.sub(r"\{(\w+)\}", default, str(first.get("url") or ""))

    def schemes(self) -> dict[str, Mapping[str, Any]]:
        """The security schemes by name."""
        parts = self._root.get("components")
        found = (
            self._root.get("securityDefinitions")
            if self._is_swagger
            else parts.get("securitySchemes")
            if isinstance(parts, Mapping)
            else None
        )
        read = {name: self.document.placed(one)[1] for name, one in _mapping(found).items()}
        return {name: one for name, one in read.items() if isinstance(one, Mapping)}

    def operations(self) -> list[Described]:
        """Every operation, in the order of the document."""
        return list(self._operations())

    def _operations(self) -> Iterator[Described]:
        try:
            prefix = urlsplit(self.server()).path.rstrip("/")
        except ValueError:
            prefix = ""
        for path, item in self._root["paths"].items():
            where, fields = self.document.placed(item)
            if not isinstance(path, str) or not path.startswith("/") or not isinstance(fields, Mapping):
                continue
            for method in _METHODS:
                if isinstance(fields.get(method), Mapping):
                    yield self._operation(method, prefix + path, (where, fields), fields[method])

    def _operation(self, method: str, path: str, item: Placed, one: Mapping[str, Any]) -> Described:
        where, fields = item
        parameters = [
            self.document.follow((where, entry))
            for entry in (*_sequence(fields.get("parameters")), *_sequence(one.get("parameters")))
        ]
        request, is_form = self._request(where, one, parameters)
        tags = tuple(str(tag) for tag in _sequence(one.get("tags")))
        return Described(
            method=method.upper(),
            path=path,
            operation_id=str(one.get("operationId") or ""),
            summary=str(one.get("summary") or ""),
            tags=tags,
            parameters=self._path_parameters(path, parameters),
            request=request,
            is_form=is_form,
            replies=self._replies(where, one),
            security=_security(one.get("security", self._root.get("security"))),
        )

    def _path_parameters(self, path: str, parameters: Sequence[Placed]) -> dict[str, PathParameter]:
        types: dict[str, str | None] = {}
        for where, entry in parameters:
            if isinstance(entry, Mapping) and entry.get("in") == "path":
                schema = entry if self._is_swagger else entry.get("schema")
                types[str(entry.get("name"))] = self.type_of((where, schema))
        return {name: PathParameter(name, types.get(name)) for name in re.findall(r"\{([^{}]+)\}", path)}

    def _request(
        self, where: Any, one: Mapping[str, Any], parameters: Sequence[Placed]
    ) -> tuple[Placed | None, bool]:
        if not self._is_swagger:
            place, body = self.document.follow((where, one.get("requestBody")))
            return self._content(place, body)
        for place, entry in parameters:
            if isinstance(entry, Mapping) and entry.get("in") == "body":
                return (place, entry.get("schema")), False
        form = {
            str(entry.get("name")): entry
            for _, entry in parameters
            if isinstance(entry, Mapping) and entry.get("in") == "formData"
        }
        return ((where, {"type": "object", "properties": form}), True) if form else (None, False)

    def _replies(self, where: Any, one: Mapping[str, Any]) -> dict[int, Placed]:
        found: dict[int, Placed] = {}
        for status, reply in _mapping(one.get("responses")).items():
            if not re.fullmatch(r"[1-5]\d\d", str(status)):
                continue
            place, body = self.document.follow((where, reply))
            if self._is_swagger:
                schema = (place, body["schema"]) if isinstance(body, Mapping) and "schema" in body else None
            else:
                schema = self._content(place, body)[0]
            if schema is not None:
                found[int(status)] = schema
        return found

    @staticmethod
    def _content(place: Any, body: Any) -> tuple[Placed | None, bool]:
        content = _mapping(body.get("content")) if isinstance(body, Mapping) else {}
        kinds = sorted(content, key=lambda kind: _JSON.match(str(kind)) is None)
        for kind in kinds:
            if isinstance(content[kind], Mapping) and "schema" in content[kind]:
                return (place, content[kind]["schema"]), _JSON.match(str(kind)) is None
        return None, False

    # Schemas

    def parts(self, placed: Placed) -> Iterator[Placed]:
        """Every schema that may apply to a value, each once: references followed, alternatives opened."""
        waiting, seen = [placed], set[int]()
        while waiting:
            where, schema = self.document.follow(waiting.pop(0))
            if not isinstance(schema, Mapping) or id(schema) in seen:
                continue
            seen.add(id(schema))
            yield where, schema
            for keyword in ("allOf", "anyOf", "oneOf"):
                waiting += [(where, inner) for inner in _sequence(schema.get(keyword))]

    def properties(self, placed: Placed) -> dict[str, Placed]:
        """The fields an object may have."""
        found: dict[str, Placed] = {}
        for where, schema in self.parts(placed):
            for name, inner in _mapping(schema.get("properties")).items():
                found.setdefault(str(name), (where, inner))
        return found

    def items(self, placed: Placed) -> Placed | None:
        """The schema of the elements of a list."""
        return next(((where, one["items"]) for where, one in self.parts(placed) if "items" in one), None)

    def type_of(self, placed: Placed) -> str | None:
        """The JSON type, null left aside; None when it is not said or there are several."""
        types: set[str] = set()
        for _, schema in self.parts(placed):
            said = schema.get("type")
            types.update(map(str, said) if isinstance(said, list) else [str(said)] if said else ())
        types.discard("null")
        return types.pop() if len(types) == 1 else None


def _security(said: Any) -> tuple[tuple[str, ...], ...] | None:
    if not isinstance(said, list):
        return None
    return tuple(tuple(map(str, option)) for option in said if isinstance(option, Mapping))


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
