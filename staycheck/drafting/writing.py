"""The draft as TOML: the commented target file, with what was found in place and what was not as comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from conformance_tests.target_hosts import is_loopback
from contract.dialect import DialectError, parse_dialect
from contract.errors import ContractError
from contract.operations import operations
from staycheck.drafting.matching import Found, Guess, Matches, match_operations
from staycheck.drafting.reading import Described, Reader
from staycheck.drafting.shapes import Shapes, read_shapes
from staycheck.drafting.source import read_document

DIALECT_LINES = """\
# If the backend keeps the promises in other words (paths, methods, names, a wrapper around replies), a dialect translates them.
# dialect = "dialect.toml"

"""
"""What the drafted dialect stands in the place of; the commented target file has these lines."""

_LONGEST = 300
_BASE_URL = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Draft:
    """A target file as text, and which operations of the contract the document has (`found`) or may have (`open`)."""

    text: str
    title: str
    found: tuple[str, ...]
    open: tuple[str, ...]


def draft_target(address: str, template: str) -> Draft:
    """Draft from the document at a path or URL, by filling the commented target file. Raises SourceError."""
    reader = Reader(read_document(address))
    matches = match_operations(reader)
    shapes = read_shapes(reader, matches.found)
    title = _plain(reader.title) or "my backend"
    text = _fill(template, title, *_base_url(reader, address))
    dialect = _possible(_dialect(title, matches, shapes), shapes)
    lines = [
        f"# Drafted from {_plain(reader.document.shown)} (OpenAPI {_plain(reader.document.version)}): "
        f"{len(matches.found)} of the contract's {len(operations())} operations found.",
        "# Check every line that was drafted; what a document describes and what a backend does may differ.",
    ]
    unfollowed = len(reader.document.unfollowed)
    if unfollowed:
        lines.append(
            f"# {unfollowed} references of the document lead nowhere or out of reach, and were left out."
        )
    text = text.replace(DIALECT_LINES, "\n".join(_written(dialect, matches, shapes)) + "\n")
    return Draft("\n".join(lines) + "\n" + text, title, tuple(matches.found), tuple(matches.guesses))


def _base_url(reader: Reader, address: str) -> tuple[str, str]:
    """(the base URL, what to note): that of the document's server if it is this machine, else that of the document's own address."""
    told = reader.server()
    for url in (told, address):
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and is_loopback(host):
            shown = f"[{host}]" if ":" in host else host
            return f"{parts.scheme}://{shown}" + (f":{port}" if port else ""), ""
    elsewhere = next((url for url in (told, address) if re.match(r"https?://", url)), "")
    if not elsewhere:
        return _BASE_URL, ""
    return _BASE_URL, (
        f"the document is about {_plain(_host_of(elsewhere))}; a check writes into what it judges: to judge it, write it here and under allow"
    )


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or "another host"
    except ValueError:
        return "another host"


def _fill(template: str, title: str, base_url: str, note: str) -> str:
    named = template.replace('name = "my backend"', f"name = {_string(title)}")
    line = f"base_url = {_string(base_url)}" + (f"   # {note}" if note else "")
    return re.sub(rf'(?m)^base_url = "{re.escape(_BASE_URL)}".*$', lambda _: line, named)


def _dialect(title: str, matches: Matches, shapes: Shapes) -> dict[str, Any]:
    """The dialect document, with only what differs from the contract's words."""
    found: dict[str, Any] = {}
    if matches.base_path:
        found["base_path"] = matches.base_path
    if shapes.errors and shapes.errors != ["nested"]:
        found["errors"] = shapes.errors
    if shapes.auth:
        found["auth"] = shapes.auth
    if matches.templates():
        found["paths"] = matches.templates()
    if matches.methods():
        found["methods"] = matches.methods()
    if shapes.wrapper:
        found["wrapper"] = shapes.wrapper
    if shapes.fields:
        found["fields"] = shapes.fields
    return {"name": title, **found} if found else {}


def _possible(dialect: dict[str, Any], shapes: Shapes) -> dict[str, Any]:
    """Without the renames, if they cannot be together."""
    if not dialect:
        return dialect
    try:
        parse_dialect(dialect)
    except (DialectError, ContractError) as error:
        shapes.note("fields", f"the names found cannot be together, and were left out: {error}")
        return {key: value for key, value in dialect.items() if key != "fields"}
    return dialect


def _written(dialect: Mapping[str, Any], matches: Matches, shapes: Shapes) -> Iterator[str]:
    """The lines of the dialect."""
    if not dialect and not matches.guesses and not shapes.notes:
        yield "# The document speaks the contract's own words: no dialect is needed."
        yield ""
        return
    yield "# A dialect says in which words the backend keeps the promises. It translates and never excuses: what is missing stays"
    yield "# missing. A line that begins with # is a guess, or something the document does not say: fill it in, or leave it out if"
    yield "# the backend uses the contract's own word. Channels and events are not in an OpenAPI document."
    yield "[dialect]"
    yield f"name = {_string(dialect.get('name', 'drafted'))}"
    if "base_path" in dialect:
        yield f"base_path = {_string(dialect['base_path'])}"
    yield from _notes(shapes, "errors")
    if "errors" in dialect:
        yield f"errors = [{', '.join(map(_string, dialect['errors']))}]"
    yield ""
    yield "[dialect.auth]"
    yield from _notes(shapes, "auth")
    for key, value in dialect.get("auth", {}).items():
        yield f"{key} = {_string(value)}"
    if "scheme" not in dialect.get("auth", {}):
        yield '# scheme = "Token"          # before the token: Authorization: Token abc'
    if "guest_scheme" not in dialect.get("auth", {}):
        yield '# guest_scheme = "GuestToken"'
    if "login_token" not in dialect.get("auth", {}):
        yield '# login_token = "/token"    # where the token stands in the reply to a login'
    yield ""
    yield "[dialect.paths]"
    paths = dialect.get("paths", {})
    for note in dict.fromkeys(note for one in matches.found.values() for note in one.notes):
        yield f"# {_plain(note)}."
    for name in operations():
        if name in matches.found:
            yield from _found(name, matches.found[name], paths.get(name))
        else:
            yield from _guess(name, matches.guesses[name], matches.base_path)
    yield ""
    if dialect.get("methods"):
        yield "[dialect.methods]"
        for name, method in dialect["methods"].items():
            yield f"{name} = {_string(method)}   # {operations()[name].method} in the contract"
        yield ""
    yield from _notes(shapes, "wrapper")
    if dialect.get("wrapper"):
        yield "[dialect.wrapper]"
        yield f"key = {_string(dialect['wrapper']['key'])}   # every reply stands under it"
        for name, value in dialect["wrapper"].get("constants", {}).items():
            yield f"constants.{_string(name)} = {_string(value) if isinstance(value, str) else json.dumps(value)}"
        yield ""
    yield from _notes(shapes, "fields")
    if dialect.get("fields"):
        yield "# Names that differ only in their spelling. They are looked for in replies and in events alike."
    for title, fields in dialect.get("fields", {}).items():
        yield f"[dialect.fields.{title}]"
        for name, wire in fields.items():
            yield f"{name} = {_string(wire)}"
        yield ""
    yield "# The templates of the channels, with {hotel_slug}, {hotel_id} and {booking_id}; these are the contract's own."
    yield "# [dialect.channels]"
    yield '# rooms = "{hotel_slug}.rooms"'
    yield '# staff = "staff-hotel-{hotel_id}"'
    yield '# guest = "private-guest-booking.{booking_id}"'
    yield ""


def _found(name: str, one: Found, path: str | None) -> Iterator[str]:
    method = one.described.method
    if path is None:
        yield f"# {name}: {method}, the contract's own path"
    else:
        yield f"{name} = {_string(path)}   # {method}, {_plain(one.basis)}"


def _guess(name: str, guess: Guess, base_path: str) -> Iterator[str]:
    wanted = operations()[name]
    yield f"# {name} ({wanted.method}): {_plain(guess.why)}."
    templates = [template for _, template in guess.nearest if template]
    for one, _ in guess.nearest:
        yield f"#   nearest: {_shown(one)}"
    first = templates[0].removeprefix(base_path) if templates else wanted.path
    yield f"# {name} = {_string(first)}"


def _shown(one: Described) -> str:
    return _plain(
        f"{one}" + (f"   {one.summary or one.operation_id}" if one.summary or one.operation_id else "")
    )


def _notes(shapes: Shapes, key: str) -> Iterator[str]:
    for note in shapes.notes.get(key, ()):
        yield f"# {_plain(note)}."


def _plain(text: str) -> str:
    """A text of the document as it may stand in a comment: one line, no control characters, not too long."""
    line = " ".join(re.sub(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", " ", text).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."


def _string(value: Any) -> str:
    """A TOML string. JSON writes them alike, but for DEL and lone surrogates."""
    cleaned = re.sub(r"[\x7f\ud800-\udfff]", " ", str(value))
    return json.dumps(cleaned, ensure_ascii=False)
