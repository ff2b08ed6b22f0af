"""What a refusal says for people, in the dialect's words: the header to send, the fields of the body that are wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from contract.dialect import Dialect, identity
from contract.dialect_fields import KEPT
from contract.operations import Operation


def reworded(dialect: Dialect, operation: Operation, body: Any) -> Any:
    """An error envelope whose message and problems name what the caller has sent. What is no such envelope is left as it is."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict) or not isinstance(message := error.get("message"), str):
        return body
    for guest in (False, True):
        message = message.replace(_shown(identity(), guest=guest), _shown(dialect, guest=guest))
    told = {**error, "message": message}
    details = error.get("details")
    if isinstance(details, dict) and isinstance(problems := details.get("problems"), list):
        names = {name: ".".join(path) for name, path in dialect.request_names(operation.id).items()}
        told["message"] = _named(message, names)
        told["details"] = {**details, "problems": [_problem(one, names) for one in problems]}
    return {**body, "error": told}


def _problem(problem: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(problem, dict):
        return problem
    said = {key: _named(value, names) if isinstance(value, str) else value for key, value in problem.items()}
    if isinstance(pointer := problem.get("pointer"), str):
        said["pointer"] = _named(pointer, {name: wire.replace(".", "/") for name, wire in names.items()})
    return said


def _named(text: str, names: Mapping[str, str]) -> str:
    """Fields by their names on the wire; what was kept apart because it only looks like one of the contract's, as it was sent."""
    return re.sub(rf"{KEPT}(\w+)|\b(\w+)\b", lambda hit: hit[1] or names.get(hit[2], hit[2]), text)


def _shown(dialect: Dialect, *, guest: bool) -> str:
    ((name, value),) = dialect.auth.credentials("<token>", guest=guest).items()
    return f"{name}: {value}"
