"""A request in a dialect becomes one of the contract: its credentials before anybody looks, its room and its body before the handler."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

from aiohttp import hdrs, web
from multidict import CIMultiDict

from contract.dialect import Dialect, identity
from contract.dialect_paths import CHANNEL_AUTH
from contract.operations import Operation
from reference_server.speech.subscriptions import Subscription, asked

_FORM = "application/x-www-form-urlencoded"


def with_credentials(request: web.Request, dialect: Dialect, operation: Operation) -> web.Request:
    """The request with the contract's header in the place of the dialect's. What is in neither words shows nothing."""
    headers = CIMultiDict(request.headers)
    said = headers.get(dialect.auth.header, "")
    for name in (dialect.auth.header, hdrs.AUTHORIZATION):
        headers.popall(name, None)
    read = dialect.auth.read(said)
    if read is not None:
        caller, token = read
        guest = caller == "guest" or (caller == "any" and operation.security == "guest")
        headers.extend(identity().auth.credentials(token, guest=guest))
    return request.clone(headers=headers)


async def translate_body(request: web.Request, dialect: Dialect, operation: Operation) -> Subscription | None:
    """Put the body in the contract's words; what cannot be read stays as it came, to be refused. Answers what is to be signed.

    Raises: aiohttp's `HTTPRequestEntityTooLarge`.
    """
    if operation.request_schema is None:
        return None
    raw = await request.read()
    form, subscription = request.content_type == _FORM, None
    try:
        value = _form(raw) if form else json.loads(raw)
        told = dialect.to_canonical_request(operation.id, value)
        if operation.id == CHANNEL_AUTH:
            told, subscription = asked(dialect, told)
        body = (urlencode(told) if form else json.dumps(told)).encode()
    except (ValueError, TypeError, RecursionError):
        return None
    if told is not value:
        request._read_bytes = body  # noqa: SLF001 - aiohttp has no other way to give a request another body
    return subscription


def _form(raw: bytes) -> dict[str, Any]:
    return dict(parse_qsl(raw.decode(), keep_blank_values=True))
