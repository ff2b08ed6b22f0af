"""What a document says about credentials, about refusals, and about fields under other names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from contract.dialect import AuthWords, DialectError, parse_dialect
from contract.dialect_paths import CHANNEL_AUTH
from contract.operations import operations
from contract.schema_files import BASE_URI
from contract.schema_store import schema_store
from staycheck.drafting.matching import Found
from staycheck.drafting.reading import Described, Reader
from staycheck.drafting.source import Placed

_TOKENS = ("token", "auth_token", "access_token", "access", "key", "jwt")
_USERS = ("email", "user", "user_name", "login", "identifier")
_DEPTH = 4

Fields = dict[str, dict[str, str]]
"""Schema title -> field of the contract -> field on the wire."""


@dataclass
class Shapes:
    """Parts of a dialect; `notes` (key -> sentences) are for the reader of the draft."""

    auth: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    fields: Fields = field(default_factory=dict)
    wrapper: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def note(self, key: str, sentence: str) -> None:
        """Say it once under a key: auth, errors, wrapper or fields."""
        said = self.notes.setdefault(key, [])
        if sentence not in said:
            said.append(sentence)


def read_shapes(reader: Reader, found: Mapping[str, Found]) -> Shapes:
    """The shapes of the operations that were found."""
    shapes = Shapes()
    _auth(reader, found, shapes)
    _login(reader, found, shapes)
    _errors(reader, found, shapes)
    _wrapper(reader, found, shapes)
    _fields(reader, found, shapes)
    return shapes


def _auth(reader: Reader, found: Mapping[str, Found], shapes: Shapes) -> None:
    schemes = reader.schemes()
    staff = _scheme_of(found, ("checkIn", "checkOut", "getBooking", "listBookings"), schemes)
    if staff is None:
        shapes.note("auth", "the document says no header that staff authenticate with; Token is assumed")
        return
    usual = AuthWords()
    header, scheme, note = staff
    if header != usual.header:
        shapes.auth["header"] = header
    if scheme is None:
        shapes.note(
            "auth", f"what stands before the token in {header} is not said; {usual.scheme} is assumed"
        )
    elif scheme != usual.scheme:
        shapes.auth["scheme"] = scheme
    if note:
        shapes.note("auth", note)
    guest = _scheme_of(found, ("guestContext", "guestBookingStatus"), schemes)
    if guest is not None and guest[0] == header and guest[1] not in (None, scheme, usual.guest_scheme):
        shapes.auth["guest_scheme"] = str(guest[1])
    elif guest is None or guest[1] in (None, scheme):
        shapes.note(
            "auth",
            f"how a guest shows a token is not said; guest_scheme is {usual.guest_scheme!r} unless you write it",
        )


def _scheme_of(
    found: Mapping[str, Found], names: tuple[str, ...], schemes: Mapping[str, Mapping[str, Any]]
) -> tuple[str, str | None, str] | None:
    """(header, what stands before the token if it is said, a note) of the first usable scheme of these operations."""
    for name in names:
        one = found.get(name)
        options = one.described.security if one is not None else None
        if options is None and one is not None:
            options = tuple((scheme,) for scheme in schemes)
        usable = [
            (scheme, told) for option in options or () for scheme in option
            if (told := _header(schemes.get(scheme, {}))) is not None
        ]  # fmt: skip
        if usable:
            scheme, (header, prefix) = usable[0]
            others = sorted({other for option in options or () for other in option} - {scheme})
            note = f"by {scheme}; the document also offers {', '.join(others)}" if others else ""
            return header, prefix, note
    return None


def _header(scheme: Mapping[str, Any]) -> tuple[str, str | None] | None:
    kind, told = scheme.get("type"), str(scheme.get("description") or "")
    if kind == "http" and str(scheme.get("scheme", "")).lower() == "bearer":
        return "Authorization", "Bearer"
    if kind in ("oauth2", "openIdConnect"):
        return "Authorization", "Bearer"
    if kind != "apiKey" or scheme.get("in") != "header":
        return None
    name = str(scheme.get("name") or "Authorization")
    if not re.fullmatch(r"[A-Za-z0-9-]+", name):
        return None
    if name.lower() != "authorization":
        return name, ""
    said = re.search(r"""(?:prefix|scheme)\W+([\w-]+)|["'`:]([\w-]+)\s+[<{\[*]""", told, re.IGNORECASE)
    return "Authorization", (said[1] or said[2]) if said else None


def _login(reader: Reader, found: Mapping[str, Found], shapes: Shapes) -> None:
    login = found.get("staffLogin")
    if login is None:
        return
    if login.described.is_form:
        shapes.note(
            "auth",
            f"{login.described} takes a form, and staycheck sends JSON: give each of the staff a token_env instead",
        )
    asked = set(reader.properties(login.described.request)) if login.described.request is not None else set()
    users = [name for name in _USERS if name in asked]
    if asked and "username" not in asked:
        if len(users) == 1:
            shapes.fields.setdefault("StaffLoginRequest", {})["username"] = users[0]
        else:
            shapes.note("auth", f"{login.described} takes no username but {', '.join(sorted(asked))}")
    reply = _reply(login.described)
    places = list(_strings(reader, reply, "", _DEPTH)) if reply is not None else []
    for name in _TOKENS:
        pointers = [pointer for pointer in places if pointer.rpartition("/")[2] == name]
        if len(pointers) == 1:
            if pointers != ["/token"]:
                shapes.auth["login_token"] = pointers[0]
            return
    shapes.note("auth", "where the token stands in the reply to a login is not said; /token is assumed")


def _reply(one: Described) -> Placed | None:
    return next((schema for status, schema in sorted(one.replies.items()) if 200 <= status < 300), None)


def _strings(reader: Reader, placed: Placed, pointer: str, depth: int) -> Iterator[str]:
    """Pointers to what may be a token."""
    for name, inner in reader.properties(placed).items() if depth else ():
        here = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if reader.type_of(inner) in ("string", None):
            yield here
        yield from _strings(reader, inner, here, depth - 1)


def _errors(reader: Reader, found: Mapping[str, Found], shapes: Shapes) -> None:
    seen: Counter[str] = Counter()
    unknown: set[str] = set()
    for one in found.values():
        for status, schema in one.described.replies.items():
            if not 400 <= status < 500 or status == 422:  # 422 is what FastAPI adds by itself
                continue
            names = reader.properties(schema)
            shape = _error_shape(reader, names)
            if shape is not None:
                seen[shape] += 1
            elif names:
                unknown.add(", ".join(sorted(names)))
    for fields in sorted(unknown)[:3]:
        shapes.note("errors", f"a refusal with {fields} has none of the shapes a dialect knows")
    if not seen:
        shapes.note(
            "errors", "the document describes no refusals that could be read; the contract's shape is assumed"
        )
    shapes.errors = [shape for shape, _ in sorted(seen.items(), key=lambda one: (-one[1], one[0]))]
    if "flat_error_detail" in seen:
        shapes.note(
            "errors", "a `detail` alone is a message without a code, and the contract asks for a code"
        )


def _error_shape(reader: Reader, names: Mapping[str, Placed]) -> str | None:
    if "error" in names:
        inner = reader.properties(names["error"])
        return "nested" if {"code", "message"} & set(inner) else "flat_error_detail" if not inner else None
    if "non_field_errors" in names:
        return "non_field_errors"
    if "code" in names and "message" in names:
        return "code_message"
    return "flat_error_detail" if "detail" in names else None


def _fields(reader: Reader, found: Mapping[str, Found], shapes: Shapes) -> None:
    """Names that differ only in their case, in objects that stand in the same places; nothing else is evident."""
    said: dict[tuple[str, str], Counter[str]] = {}
    for name, one in found.items():
        wanted = operations()[name]
        pairs = [
            (wanted.request_schema, one.described.request),
            (wanted.reply_schema(200), _unwrapped(reader, _reply(one.described), shapes)),
        ]
        for ref, theirs in pairs:
            if ref is not None and theirs is not None:
                _compare(reader, ref, theirs, said, _DEPTH)
    for (title, name), words in sorted(said.items()):
        if len(words) == 1 and (wire := next(iter(words))) != name:
            shapes.fields.setdefault(title, {})[name] = wire
        elif len(words) > 1:
            shapes.note("fields", f"{name} of {title} is {' and '.join(sorted(words))}, by operation")
    _keep_possible(shapes)


def _compare(
    reader: Reader, ref: str, theirs: Placed, said: dict[tuple[str, str], Counter[str]], depth: int
) -> None:
    have = reader.properties(theirs)
    plain = {_plain(name): name for name in have}
    for title, name, inner in _contract_fields(ref):
        wire = name if name in have else plain.get(_plain(name))
        if wire is not None:
            said.setdefault((title, name), Counter())[wire] += 1
            if depth:
                _compare(reader, inner, have[wire], said, depth - 1)
    items = reader.items(theirs)
    if items is not None and depth and "items" in (schema := _whole(ref)[1]) and isinstance(schema, Mapping):
        _compare(reader, f"{ref}{'' if '#' in ref else '#'}/items", items, said, depth - 1)


def _wrapper(reader: Reader, found: Mapping[str, Found], shapes: Shapes) -> None:
    """What stands around every reply, when several show it and none shows another; else what to look at."""
    seen: dict[str | None, list[str]] = {}
    for name, one in found.items():
        ref, theirs = operations()[name].reply_schema(200), _reply(one.described)
        if ref is not None and theirs is not None and name != CHANNEL_AUTH:
            key, is_told = _wrapper_key(reader, ref, theirs)
            if is_told:
                seen.setdefault(key, []).append(name)
    (key, *others) = seen or (None,)
    if key is not None and not others and len(seen[key]) > 1:
        shapes.wrapper["key"] = key
        constants = [_constants(reader, found[name], key) for name in seen[key]]
        shared = {
            name: value
            for name, value in constants[0].items()
            if all(name in one and one[name] == value for one in constants)
        }
        if shared:
            shapes.wrapper["constants"] = shared
        shapes.note(
            "wrapper",
            f'the replies of {", ".join(seen[key][:3])} stand inside "{key}"; all others are taken to',
        )
        return
    for wrapper, names in seen.items():
        if wrapper is not None:
            shapes.note(
                "wrapper",
                f'the reply of {names[0]} stands inside "{wrapper}"; if every reply does: key = "{wrapper}" under [dialect.wrapper]',
            )


def _wrapper_key(reader: Reader, ref: str, theirs: Placed) -> tuple[str | None, bool]:
    """(the key a reply stands whole under, None for one that stands bare; whether the document tells)."""
    wanted = {_plain(field_name) for _, field_name, _ in _contract_fields(ref)}
    have = reader.properties(theirs)
    if len(wanted) < 3 or not have:
        return None, False
    if len(wanted & {_plain(one) for one in have}) * 3 >= len(wanted):
        return None, True
    for wrapper, inner in have.items():
        if len(wanted & {_plain(one) for one in reader.properties(inner)}) * 2 >= len(wanted):
            return wrapper, True
    return None, False


def _constants(reader: Reader, one: Found, key: str) -> dict[str, Any]:
    """What always stands beside the reply: properties that can have one value only."""
    reply, constants = _reply(one.described), dict[str, Any]()
    for name, placed in reader.properties(reply).items() if reply is not None else ():
        for _, schema in reader.parts(placed) if name != key else ():
            values = [schema["const"]] if "const" in schema else schema.get("enum")
            if (
                isinstance(values, list)
                and len(values) == 1
                and isinstance(values[0], str | bool | int | float)
            ):
                constants[name] = values[0]
    return constants


def _unwrapped(reader: Reader, reply: Placed | None, shapes: Shapes) -> Placed | None:
    """What stands in the wrapper of a reply, if it is in one."""
    if reply is None or not shapes.wrapper:
        return reply
    return reader.properties(reply).get(shapes.wrapper["key"], reply)


def _whole(ref: str) -> tuple[str, Any]:
    """(where it really stands, the schema) behind the references of a schema of the contract."""
    schema = schema_store().schema(ref)
    for _ in range(10):
        if not isinstance(schema, Mapping) or "$ref" not in schema:
            break
        ref = _joined(ref, schema["$ref"])
        schema = schema_store().schema(ref)
    return ref, schema


def _joined(base: str, ref: str) -> str:
    return urljoin(schema_store().uri(base), ref).removeprefix(BASE_URI)


def _contract_fields(ref: str) -> Iterator[tuple[str, str, str]]:
    """(title, field, ref of the field's schema) of the objects a schema of the contract may be."""
    waiting, seen = [ref], set[str]()
    while waiting:
        where, schema = _whole(waiting.pop(0))
        if where in seen or not isinstance(schema, Mapping):
            continue
        seen.add(where)
        here = where if "#" in where else f"{where}#"
        for name in schema.get("properties", {}) if "title" in schema else ():
            yield schema["title"], name, f"{here}/properties/{name}"
        for keyword in ("allOf", "anyOf", "oneOf"):
            waiting += [f"{here}/{keyword}/{index}" for index in range(len(schema.get(keyword, ())))]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _keep_possible(shapes: Shapes) -> None:
    """Leave out what no dialect can say, with its reason: the rest must still load."""
    for title in list(shapes.fields):
        try:
            parse_dialect({"name": "draft", "fields": {title: shapes.fields[title]}})
        except DialectError as error:
            shapes.note("fields", f"{title}: {error}")
            del shapes.fields[title]
