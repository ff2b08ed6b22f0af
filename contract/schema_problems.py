"""What is wrong with an instance, in words: the explaining half of the schema store, on jsonschema.

Messages are short and name the place first: `payload/room_number is missing`. Of alternatives (`anyOf`, `oneOf`) the
one that was meant is explained, when it can be told.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from contract.formats import ASSERTED, python_pattern
from contract.redaction import is_sensitive

if TYPE_CHECKING:
    from jsonschema import TypeChecker, ValidationError

IterErrors = Callable[[Any], "Iterator[ValidationError]"]

_NAMES = {
    dict: "an object",
    list: "a list",
    tuple: "a list",
    str: "a string",
    bool: "a boolean",
    type(None): "null",
}
_WANTED = {
    "object": "an object",
    "array": "a list",
    "string": "a string",
    "boolean": "a boolean",
    "null": "null",
    "integer": "an integer",
    "number": "a number",
}


_FORMATS = {"date-time": "ISO 8601 timestamp with seconds and an offset", "date": "calendar date YYYY-MM-DD"}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong. `pointer` (JSON Pointer) is where in the instance, or where something is missing;
    `schema_pointer` is where in the schema, through its references; `keyword` is the keyword that was broken."""

    pointer: str
    keyword: str
    message: str
    schema_pointer: str


def explaining_validator(uri: str, retrieve: Callable[[str], Any]) -> IterErrors:
    """The errors of an instance against the schema at `uri`; documents come from `retrieve`, each once.

    The registry is complete before it is used: one that retrieves while it validates forgets what it has retrieved.
    """
    from jsonschema import Draft202012Validator, FormatChecker, validators
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    def resource(wanted: str) -> Resource[Any]:
        # A `$schema` would make jsonschema leave our class for its own at every reference into the document.
        contents = {key: value for key, value in retrieve(wanted).items() if key != "$schema"}
        return DRAFT202012.create_resource(contents)

    formats = FormatChecker(formats=())
    for name, holds in ASSERTED.items():
        formats.checks(name)(lambda text, holds=holds: not isinstance(text, str) or holds(text))
    cls = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"pattern": _pattern}, type_checker=_type_checker()
    )
    documents = ((name, resource(name)) for name in _documents(uri.partition("#")[0], retrieve))
    registry: Registry[Any] = Registry[Any]().with_resources(documents).crawl()
    return cls({"$ref": uri}, registry=registry, format_checker=formats).iter_errors  # type: ignore[no-any-return]


def _documents(uri: str, retrieve: Callable[[str], Any]) -> set[str]:
    """The URIs of a document and of all that it refers to, and so on."""
    found, waiting = {uri}, [uri]
    while waiting:
        base = waiting.pop()
        named = {urljoin(base, ref).partition("#")[0] for ref in _references(retrieve(base))}
        waiting.extend(named - found)
        found |= named
    return found


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        ref = schema.get("$ref")
        if isinstance(ref, str):
            yield ref
        for inner in schema.values():
            yield from _references(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _references(inner)


def in_words(errors: Iterable[ValidationError]) -> list[Problem]:
    """Each error as one or more problems, without repeats: by depth, then by place."""
    told = {problem for error in errors for problem in _problems(error)}
    # A text that breaks its format mostly breaks its pattern too; saying so twice helps nobody.
    formats = {problem.pointer for problem in told if problem.keyword == "format"}
    told = {one for one in told if one.keyword != "pattern" or one.pointer not in formats}
    return sorted(told, key=lambda problem: (problem.pointer.count("/"), problem))


def pointer_of(steps: Iterable[str | int]) -> str:
    """A JSON Pointer."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


@cache
def _type_checker() -> TypeChecker:
    from jsonschema import Draft202012Validator

    def is_number(_checker: object, value: object) -> bool:
        if isinstance(value, float):
            return math.isfinite(value)
        return isinstance(value, int) and not isinstance(value, bool)

    def is_integer(_checker: object, value: object) -> bool:
        if isinstance(value, float):
            return value.is_integer()
        return isinstance(value, int) and not isinstance(value, bool)

    def is_array(_checker: object, value: object) -> bool:
        return isinstance(value, list | tuple)

    checks = {"number": is_number, "integer": is_integer, "array": is_array}
    checker: TypeChecker = Draft202012Validator.TYPE_CHECKER.redefine_many(checks)
    return checker


def _pattern(validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    from jsonschema import ValidationError

    if validator.is_type(instance, "string") and not python_pattern(pattern).search(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _problems(error: ValidationError) -> Iterator[Problem]:
    if error.context and error.validator in ("anyOf", "oneOf"):
        meant = _meant(error)
        if meant is not None:
            for inner in meant:
                yield from _problems(inner)
            return
    path = list(error.absolute_path)
    secret = bool(path) and is_sensitive(str(path[-1]))
    for step, message in _worded(error):
        where = [*path, step] if step is not None else path
        if secret:
            message = f"does not fit ({error.validator})"  # the sentence would quote the secret
        yield Problem(
            pointer_of(where),
            str(error.validator),
            f"{_place(where)} {message}",
            pointer_of(error.absolute_schema_path),
        )


def _meant(error: ValidationError) -> list[ValidationError] | None:
    """The errors of the one alternative that was meant, or None when it cannot be told.

    Not meant is an alternative of another type, and one whose constants (such as `kind`) say something else.
    """
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(inner)
    left = [found for found in branches.values() if not any(_tells_apart(inner) for inner in found)]
    return left[0] if len(left) == 1 else None


def _tells_apart(error: ValidationError) -> bool:
    if error.validator in ("type", "enum") and not error.path:
        return True
    return error.validator == "const" and len(error.path) <= 1


def _worded(error: ValidationError) -> Iterator[tuple[str | int | None, str]]:
    """(step below the place of the error or None, what is wrong) for every problem behind one error."""
    wanted: Any = error.validator_value
    value: Any = error.instance
    known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
    keyword: Any = error.validator
    match keyword:
        case "required":
            for name in wanted:
                if name not in value:
                    near = _nearest(name, [key for key in value if key not in known])
                    yield name, "is missing" + (f"; is it {near}?" if near else "")
        case "additionalProperties" if wanted is False:
            for name in value:
                if name not in known:
                    near = _nearest(str(name), [key for key in known if key not in value])
                    yield str(name), "is not allowed here" + (f"; did you mean {near}?" if near else "")
        case "type":
            names = [wanted] if isinstance(wanted, str) else wanted
            yield None, f"is {_name(value)}, not {' or '.join(_WANTED.get(name, name) for name in names)}"
        case "const":
            yield None, f"is {_short(value)}, not {_short(wanted)}"
        case "enum":
            yield None, _not_one_of(value, wanted)
        case "oneOf" | "anyOf":
            yield None, _no_alternative(value, wanted)
        case "format":
            yield None, f"is {_short(value)}, which is no {_FORMATS.get(wanted, wanted)}"
        case "pattern":
            yield None, f"is {_short(value)}, which does not match {wanted}"
        case "minLength":
            yield None, "is empty" if not value else f"is shorter than {wanted} characters"
        case "minItems":
            yield None, "is empty" if not value else f"has fewer than {wanted} items"
        case "minimum" | "exclusiveMinimum":
            yield None, f"is {_short(value)}, less than allowed ({wanted})"
        case "maximum" | "exclusiveMaximum":
            yield None, f"is {_short(value)}, more than allowed ({wanted})"
        case "uniqueItems":
            yield None, "has the same item twice"
        case None:
            yield None, "is not allowed here"
        case _:
            yield None, f"breaks {keyword} ({_short(wanted)})"


def _no_alternative(value: Any, alternatives: Iterable[Any]) -> str:
    constants = [one["const"] for one in alternatives if isinstance(one, Mapping) and "const" in one]
    if constants:
        return _not_one_of(value, constants)
    return f"is {_name(value)} that fits none of the alternatives"


def _not_one_of(value: Any, allowed: list[Any]) -> str:
    words = [one for one in allowed if isinstance(one, str)]
    near = _nearest(value, words) if isinstance(value, str) else None
    listed = ", ".join(_short(one) for one in allowed[:8]) + (", ..." if len(allowed) > 8 else "")
    return f"is {_short(value)}, not one of {listed}" + (f"; did you mean {near}?" if near else "")


def _nearest(word: str, among: Iterable[Any]) -> str | None:
    found = difflib.get_close_matches(word, [one for one in among if isinstance(one, str)], n=1, cutoff=0.7)
    return found[0] if found else None


def _place(steps: list[str | int]) -> str:
    return "/".join(str(step) for step in steps) or "the value"


def _name(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value!r}, which is not JSON"
    if type(value) in (int, float):
        return f"the number {_short(value)}"
    return _NAMES.get(type(value), f"a {type(value).__name__}")


def _short(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
