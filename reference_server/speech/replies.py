"""An answer of the contract becomes one in a dialect; what is no JSON, such as a gateway's page, stays what it is."""

from __future__ import annotations

from typing import Any

from aiohttp import hdrs, web

from contract.dialect import Dialect
from contract.errors import error_body
from contract.json_text import strict_json
from contract.operations import Operation, match, operations
from contract.pusher.app import PusherApp
from reference_server.speech.complaints import reworded
from reference_server.speech.subscriptions import Subscription, signed
from reference_server.store.transaction import compact_json

_JSON = "application/json"


def sign(response: web.StreamResponse, subscription: Subscription, app: PusherApp) -> None:
    """Let the signature in an answer be for the name that the client has."""
    body = _body(response)
    if body is not None and response.status == 200:
        _put(response, signed(app, subscription, body))


def translate_reply(response: web.StreamResponse, dialect: Dialect, operation: Operation) -> None:
    """Put the body of an answer of an operation in the dialect's words."""
    status = response.status
    body = _body(response)
    if body is None:
        return
    if status >= 400:
        body = reworded(dialect, operation, body)
    _put(response, dialect.to_wire_reply(operation.id, status, body))


def translate_refusal(response: web.StreamResponse, request: web.Request, dialect: Dialect) -> None:
    """The same for a path that is none of the dialect's. One of the contract's is told what it is here."""
    body = _body(response)
    if body is None or response.status < 400:
        return
    meant = match(request.method, request.path) if response.status == 404 else None
    if meant is not None:
        one = meant[0]
        said = f"{dialect.to_wire_method(one.id)} {dialect.path_words.template(one)}"
        body = error_body("NOT_FOUND", f"This server speaks the dialect {dialect.name}: {one.id} is {said}.")
    _put(response, dialect.to_wire_refusal(body))


def translate_preflight(response: web.StreamResponse, dialect: Dialect) -> None:
    """A page of another origin may use the dialect's methods, and its header for credentials."""
    if hdrs.ACCESS_CONTROL_ALLOW_METHODS in response.headers:
        methods = sorted({dialect.to_wire_method(name) for name in operations()})
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = ", ".join([*methods, hdrs.METH_OPTIONS])
    allowed = response.headers.get(hdrs.ACCESS_CONTROL_ALLOW_HEADERS)
    header = dialect.auth.header.lower()
    if allowed is not None and header not in (one.strip().lower() for one in allowed.split(",")):
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = f"{allowed}, {header}"


def _body(response: web.StreamResponse) -> Any:
    if not isinstance(response, web.Response) or response.prepared or response.content_type != _JSON:
        return None
    try:
        return strict_json(response.body) if isinstance(response.body, bytes) else None
    except ValueError:
        return None


def _put(response: web.StreamResponse, body: Any) -> None:
    assert isinstance(response, web.Response)
    response.body = compact_json(body).encode()
