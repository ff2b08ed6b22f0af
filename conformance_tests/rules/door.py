"""What a frontend is told before it does anything: what its user may do, and from where it may call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance_tests.entries import Operation
from conformance_tests.episode import Episode
from conformance_tests.http_headers import CORS_HEADERS, CORS_ORIGIN, PREFLIGHT
from conformance_tests.rule import OK, Finding, Inconclusive, Violation, rule
from conformance_tests.rules.facts import succeeded
from conformance_tests.rules.values import dig, show
from contract.roles import modules, rbac, roles
from contract.schema_files import document


def _wrong_rights(answered: Mapping[str, Any]) -> tuple[str, str] | None:
    """(what is right, what is told) of the first right that is no yes or no, or not that of the role."""
    role = answered.get("role")
    known = rbac(role) if isinstance(role, str) and role in roles() else None
    for module, actions in modules().items():
        for action in actions:
            told = dig(dict(answered), "rbac", module, "actions", action)
            if not isinstance(told, bool):
                return f"rbac.{module}.actions.{action} true or false", show(told)
            if known is not None and told is not known[module]["actions"][action]:
                return f"rbac.{module}.actions.{action} {show(not told)} for a {role}", show(told)
    return None


@rule(
    "login/rbac", "The login says of every action whether its user may do it", "endpoints/staff-login/rbac",
    hint="Answer every action of every module, true or false; a frontend enables only what is true.",
)  # fmt: skip
def login_rights(episode: Episode) -> Iterator[Finding]:
    for operation in episode.operations:
        if operation.operation != "staffLogin" or not succeeded(operation):
            continue
        wrong = _wrong_rights(operation.answered)
        if wrong is None:
            yield OK
        else:
            message = "a login's rbac leaves an action open, or tells another than the role has"
            yield Violation("endpoints/staff-login/rbac", message, (wrong[0],), wrong[1], operation.witness)


def _listed(operation: Operation, name: str) -> frozenset[str]:
    """The values of a header that is a list, in lower case."""
    text = operation.reply.headers.get(name, "") if operation.reply else ""
    return frozenset(word.strip().lower() for word in text.split(",") if word.strip())


def _let_in(operation: Operation, origin: str) -> tuple[str, str] | None:
    """What a browser misses in the answer to a page of `origin`: (what is right, what is told)."""
    allowed = _listed(operation, CORS_ORIGIN)
    if not allowed & {"*", origin.lower()}:
        return f"{CORS_ORIGIN} * or {origin}", ", ".join(sorted(allowed)) or "no such header"
    if operation.operation != PREFLIGHT:
        return None
    if not succeeded(operation):
        return "a 2xx to the preflight", str(operation.status)
    wanted = {name.lower() for name in document("openapi.yaml")["x-cors"]["allow_headers"]}
    headers = _listed(operation, CORS_HEADERS)
    # a star stands for every header but Authorization (Fetch standard)
    missing = sorted((wanted & {"authorization"} if "*" in headers else wanted) - headers)
    return (", ".join(sorted(wanted)), f"not {', '.join(missing)}") if missing else None


@rule(
    "endpoints/cors", "A frontend on another origin may call with the headers it needs", "endpoints/cors",
    hint="Answer the preflight with access-control-allow-origin and all of access-control-allow-headers.",
)  # fmt: skip
def cors(episode: Episode) -> Iterator[Finding]:
    origin = episode.capabilities.frontend_origin
    for operation in episode.operations:
        if not operation.case.startswith("read/cors-"):
            continue
        if operation.status is None:
            yield Inconclusive(f"{operation.case} got no answer in time")
            continue
        if operation.operation != PREFLIGHT and not succeeded(operation):
            continue
        wrong = _let_in(operation, origin or "*")
        if wrong is None:
            yield OK
        elif origin is None:  # a backend may well turn away a page it does not know
            yield Inconclusive("no origin is known that may call: give the target frontend_origin")
        else:
            message = f"{operation.case}: a page of another origin is not let in"
            yield Violation("endpoints/cors", message, (wrong[0],), wrong[1], operation.witness)
