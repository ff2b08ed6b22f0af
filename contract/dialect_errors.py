"""Refusals in other words: the four shapes backends of this family answer with, and the one of the contract.

| shape | on the wire |
| --- | --- |
| nested | `{"error": {"code", "message"[, "details"]}}`, the contract's own |
| flat_error_detail | `{"error": code, "detail": message[, "details"]}` |
| code_message | `{"code", "message"[, "details"]}` |
| non_field_errors | `{"non_field_errors": [message][, "code"][, "details"]}` |

A code that is not sent stays missing: only Django's own validation errors are known to come without one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

NESTED: Final = "nested"

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "flat_error_detail": {"code": "error", "message": "detail", "details": "details"},
    "code_message": {"code": "code", "message": "message", "details": "details"},
    "non_field_errors": {"code": "code", "message": "non_field_errors", "details": "details"},
}
"""Shape -> what the parts of the error are called at the root."""


def parts_of(shapes: Sequence[str]) -> set[str]:
    """What the parts of a refusal in these shapes are called at its root."""
    return {word for shape in shapes for word in _WORDS.get(shape, {NESTED: "error"}).values()}


def error_to_wire(shape: str, body: Any) -> Any:
    """An error envelope of the contract in a shape of the wire; what is no such envelope is left as it is."""
    if shape == NESTED or not isinstance(body, Mapping) or not isinstance(body.get("error"), Mapping):
        return body
    words = _WORDS[shape]
    out = {key: value for key, value in body.items() if key != "error"}
    for part, value in body["error"].items():
        is_list = words.get(part) == "non_field_errors"
        out[words.get(part, part)] = [value] if is_list else value
    return out


def error_to_canonical(shapes: Sequence[str], body: Any) -> Any:
    """The error envelope a body means by the first of the shapes that fits; a body that fits none is left as it is."""
    if isinstance(body, Mapping):
        for shape in shapes:
            if _fits(shape, body):
                return body if shape == NESTED else _nested(_WORDS[shape], body)
    return body


def _fits(shape: str, body: Mapping[str, Any]) -> bool:
    match shape:
        case "nested":
            return isinstance(body.get("error"), Mapping)
        case "flat_error_detail":
            return isinstance(body.get("error"), str) or ("detail" in body and "error" not in body)
        case "code_message":
            return "error" not in body and ("code" in body or "message" in body)
        case _:
            return "non_field_errors" in body


def _nested(words: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
    error: dict[str, Any] = {}
    rest = dict(body)
    for part, word in words.items():
        if word in rest:
            value = rest.pop(word)
            if (
                word == "non_field_errors"
                and isinstance(value, list)
                and all(isinstance(one, str) for one in value)
            ):
                value = " ".join(value)
            error[part] = value
    return {"error": error, **rest}
