"""Gets an OpenAPI document from a file or a URL, and follows its references. Nothing here trusts what it reads.

A document is at most `MAX_BYTES` large and comes within `SECONDS`; its references lead to the directory of the file, or to the
server of the URL, and to `MAX_REFERRED` documents in all. A reference that leads elsewhere is not followed, and counted.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp
import yaml
from referencing import Registry, Resource, Specification
from referencing.exceptions import Unresolvable

MAX_BYTES = 16 << 20
MAX_REFERRED = 300
MAX_DEPTH = 200
SECONDS = 20.0
_MAX_REDIRECTS = 5
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Placed = tuple[Any, Any]
"""(a resolver for the references that stand in it, a value of a document)"""


class SourceError(Exception):
    """The document cannot be used; the message is one sentence that says why. 64: what was given is wrong; 2: it does not answer."""

    def __init__(self, sentence: str, exit_code: int = 64) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


@dataclass
class Document:
    """An OpenAPI document. `shown` is its address without credentials; `version` is that of OpenAPI, such as 3.0.3."""

    root: Mapping[str, Any]
    shown: str
    version: str
    _resolver: Any
    unfollowed: set[str] = field(default_factory=set)
    """References that lead to nothing, or out of reach."""

    def placed(self, value: Any) -> Placed:
        """A value of the document itself, with all references followed that stand in its place."""
        return self.follow((self._resolver, value))

    def follow(self, placed: Placed) -> Placed:
        """What stands at the end of a chain of references; an empty object when it leads to nothing."""
        resolver, value = placed
        for _ in range(30):
            if not isinstance(value, Mapping) or not isinstance(value.get("$ref"), str):
                return resolver, value
            try:
                found = resolver.lookup(value["$ref"])
            except (Unresolvable, ValueError):
                self.unfollowed.add(value["$ref"])
                break
            resolver, value = found.resolver, found.contents
        return resolver, {}


def read_document(address: str) -> Document:
    """The OpenAPI 3 or Swagger 2.0 document at a path or an http URL. Raises SourceError."""
    is_url = address.startswith(("http://", "https://"))
    uri = address if is_url else Path(address).absolute().as_uri()
    shown = _without_credentials(address) if is_url else address
    root = _parse(_fetch(uri, shown), shown)
    version = _version(root, shown)
    reach = _Reach(uri)
    resource = Specification.OPAQUE.create_resource(root)
    registry: Registry[Any] = Registry(retrieve=reach.retrieve).with_resource(uri, resource)  # type: ignore[call-arg]
    return Document(root, shown, version, registry.resolver(base_uri=uri))


class _Reach:
    """Which other documents a reference may lead to: those beside the document."""

    def __init__(self, uri: str) -> None:
        self._home = uri.rpartition("/")[0] + "/" if uri.startswith("file:") else None
        self._origin = _origin(uri)
        self._tried: dict[str, Resource[Any] | None] = {}

    def retrieve(self, uri: str) -> Resource[Any]:
        if uri not in self._tried and len(self._tried) < MAX_REFERRED:
            self._tried[uri] = None
            near = uri.startswith(self._home) if self._home is not None else _origin(uri) == self._origin
            if near and "/../" not in uri:
                contents = _parse(_fetch(uri, uri), uri)
                self._tried[uri] = Specification.OPAQUE.create_resource(contents)
        found = self._tried.get(uri)
        if found is None:
            raise LookupError(uri)
        return found


def _origin(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.scheme, parts.netloc


def _without_credentials(url: str) -> str:
    return re.sub(r"^(https?://)[^/?#]*@", r"\1", url)


def _fetch(uri: str, shown: str) -> bytes:
    if uri.startswith("file:"):
        return _read_file(Path(unquote(urlsplit(uri).path)), shown)
    return asyncio.run(_download(uri, shown))


def _read_file(path: Path, shown: str) -> bytes:
    try:
        with path.open("rb") as stream:
            found = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SourceError(f"There is no file {shown}.") from None
    except OSError as error:
        raise SourceError(f"{shown} cannot be read: {error.strerror}.") from None
    return _bounded(found, shown)


async def _download(url: str, shown: str) -> bytes:
    headers = {"Accept": "application/json, application/yaml, application/vnd.oai.openapi, */*;q=0.5"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session,
            session.get(url, headers=headers, max_redirects=_MAX_REDIRECTS) as reply,
        ):
            if reply.status != 200:
                why = "it asks for credentials; save the document and name the file" if reply.status in (401, 403) else (
                    "there is no document there"
                )  # fmt: skip
                raise SourceError(f"{shown} answered {reply.status}: {why}.")
            found = bytearray()
            async for chunk in reply.content.iter_chunked(1 << 16):
                found += chunk
                if len(found) > MAX_BYTES:
                    break
    except TimeoutError:
        raise SourceError(f"{shown} did not answer within {SECONDS:g} s.", 2) from None
    except aiohttp.TooManyRedirects:
        raise SourceError(f"{shown} redirects more than {_MAX_REDIRECTS} times.") from None
    except (aiohttp.InvalidURL, ValueError):
        raise SourceError(f"{shown} is not a URL.") from None
    except (aiohttp.ClientError, OSError):
        raise SourceError(f"Nothing answers at {shown}; is the backend running?", 2) from None
    return _bounded(bytes(found), shown)


def _bounded(found: bytes, shown: str) -> bytes:
    if len(found) > MAX_BYTES:
        raise SourceError(f"{shown} is larger than {MAX_BYTES >> 20} MiB, and no OpenAPI document is.")
    return found


def _parse(raw: bytes, shown: str) -> Any:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SourceError(f"{shown} is not text in UTF-8, so neither JSON nor YAML.") from None
    if text.lstrip().startswith("<"):
        raise SourceError(
            f"{shown} is an HTML page; give the document that it shows, such as /openapi.json or /api/schema/."
        )
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        _check_depth(text, shown)
        return yaml.load(text, _LOADER)  # noqa: S506 - the loader is the safe one, in C where there is one
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f", line {mark.line + 1}"
        raise SourceError(f"{shown}{where}: this is neither JSON nor YAML.") from None


def _check_depth(text: str, shown: str) -> None:
    """The C loader recurses without asking: what is nested too deep must not reach it."""
    depth = 0
    for event in yaml.parse(text, _LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise SourceError(f"{shown} is nested more than {MAX_DEPTH} deep, and no OpenAPI document is.")


def _version(root: Any, shown: str) -> str:
    if not isinstance(root, Mapping):
        raise SourceError(f"{shown} is not an OpenAPI document: it is not an object.")
    said = root.get("openapi", root.get("swagger"))
    if said is None:
        raise SourceError(f"{shown} is not an OpenAPI document: it has neither `openapi` nor `swagger`.")
    version = str(said)
    if not version.startswith("3.") and version != "2.0":
        raise SourceError(f"{shown} is OpenAPI {version[:20]}; 3.0, 3.1 and Swagger 2.0 can be read.")
    if not isinstance(root.get("paths"), Mapping) or not root["paths"]:
        raise SourceError(f"{shown} describes no paths, so there is nothing to draft from.")
    return version
