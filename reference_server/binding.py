"""Routes and validation bound from `openapi.yaml`: the document says which paths exist and what they take.

A handler without an operation, or an operation without a handler, fails when the server starts.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler as HttpHandler
from multidict import MultiMapping

from contract.errors import ContractError
from contract.operations import Operation, Parameter, operations
from contract.schema_store import SchemaViolation, schema_store
from reference_server.access import hash_token
from reference_server.house import Answer, Call, Handler, House
from reference_server.store.transaction import compact_json

_log = structlog.get_logger("staycheck.http")
_ROUTED: web.AppKey[dict[Any, str]] = web.AppKey("routed", dict)
_FORM = "application/x-www-form-urlencoded"


class BindingError(Exception):
    """`openapi.yaml` and the handlers disagree about the operations."""


def bind(
    app: web.Application,
    house: House,
    handlers: Mapping[str, Handler],
    *,
    check_replies: bool,
    add_route: Callable[[str, str, HttpHandler], object] | None = None,
) -> None:
    """Add a route per operation. With `check_replies` a reply outside its schema becomes a logged 500.

    `add_route` gets method, path and handler of each, instead of the router of the application.
    """
    known = operations()
    if set(known) != set(handlers):
        raise BindingError(f"Handlers and openapi.yaml differ in {sorted(set(known) ^ set(handlers))}.")
    for operation in known.values():
        route = _route(house, operation, handlers[operation.id], check_replies)
        (add_route or app.router.add_route)(operation.method, operation.path, route)
        app.setdefault(_ROUTED, {})[route] = operation.id


def operation_of(request: web.Request) -> str | None:
    """The id of the operation a request was routed to; None for everything beside the contract."""
    return request.app.get(_ROUTED, {}).get(request.match_info.handler)


def json_response(status: int, body: Mapping[str, Any]) -> web.Response:
    return web.Response(status=status, text=compact_json(body), content_type="application/json")


def _route(
    house: House, operation: Operation, handler: Handler, check_replies: bool
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        call = await parse_call(request, operation)
        reply = await handler(house, call)
        if check_replies:
            _check_reply(operation, reply)
        return json_response(reply.status, reply.body)

    return answer


def _check_reply(operation: Operation, reply: Answer) -> None:
    ref = operation.reply_schemas.get(reply.status)
    if ref is None:
        _log.error("undocumented_status", operation=operation.id, status=reply.status)
        raise ContractError("INTERNAL_ERROR", f"{operation.id} answered an undocumented status.")
    if not schema_store().valid(ref, json.loads(compact_json(reply.body))):
        problems = [f"{p.pointer}: {p.keyword}" for p in schema_store().problems(ref, dict(reply.body))]
        _log.error("reply_outside_schema", operation=operation.id, schema=ref, problems=problems[:5])
        raise ContractError("INTERNAL_ERROR", f"{operation.id} answered outside its schema.")


async def parse_call(request: web.Request, operation: Operation) -> Call:
    """Path, query, body and credentials of a request. What is wrong with them is kept for later (see `Call`).

    Raises: `ContractError` PAYLOAD_TOO_LARGE, before anything else is looked at.
    """
    problem: ContractError | None = None
    params, query, body = {}, {}, {}
    try:
        params = _path(request, operation)
        query = _query(request, operation)
    except ContractError as error:
        params = params or dict(request.match_info)
        problem = error
    try:
        body = await _body(request, operation)
    except ContractError as error:
        if error.code == "PAYLOAD_TOO_LARGE":
            raise
        problem = problem or error
    staff, guest = _credentials(request, body)
    return Call(
        operation=operation,
        params=params,
        query=query,
        body=body,
        url=request.rel_url,
        staff_token_hash=staff,
        guest_token_hash=guest,
        problem=problem,
    )


def _path(request: web.Request, operation: Operation) -> dict[str, Any]:
    """A parameter that does not fit its schema names nothing: no such room; slugs and booking ids are looked up as they are."""
    params: dict[str, Any] = dict(request.match_info)
    for parameter in operation.parameters:
        if parameter.place == "path" and parameter.type == "integer":
            try:
                params[parameter.name] = parameter.read(params[parameter.name])
            except SchemaViolation:
                raise ContractError("ROOM_NOT_FOUND", "There is no such room in this hotel.") from None
    return params


def _query(request: web.Request, operation: Operation) -> dict[str, Any]:
    """The query parameters the operation knows, with their defaults; others are ignored."""
    query: dict[str, Any] = {}
    for parameter in operation.parameters:
        if parameter.place == "query":
            schema = schema_store().schema(parameter.schema)
            if parameter.name in request.query:
                query[parameter.name] = _read(parameter, request.query[parameter.name])
            elif "default" in schema:
                query[parameter.name] = schema["default"]
    return query


def _read(parameter: Parameter, text: str) -> Any:
    try:
        return parameter.read(text)
    except SchemaViolation as violation:
        wrong = violation.problems[0].message.removeprefix("the value ")
        told = {"pointer": f"/{parameter.name}", "message": f"{parameter.name} {wrong}"}
        raise ContractError("INVALID_INPUT", told["message"], {"problems": [told]}) from None


async def _body(request: web.Request, operation: Operation) -> dict[str, Any]:
    ref = operation.request_schema
    if ref is None:
        return {}
    try:
        if request.content_type == _FORM:
            form: MultiMapping[Any] = await request.post()
            value: Any = {name: text for name, text in form.items() if isinstance(text, str)}
        else:
            value = _json(await request.read())
    except web.HTTPRequestEntityTooLarge:
        raise ContractError(
            "PAYLOAD_TOO_LARGE", "The request body is larger than this server takes."
        ) from None
    except (ValueError, RecursionError):
        raise ContractError("INVALID_INPUT", "The body is not JSON.") from None
    try:
        schema_store().require(ref, value)
    except SchemaViolation as violation:
        raise _own_code(ref, violation) or violation from None
    assert isinstance(value, dict), "every request schema is an object"
    return value


def _own_code(ref: str, violation: SchemaViolation) -> ContractError | None:
    """The refusal of a body whose only fault is a property with a code of its own (`x-code` in the schema)."""
    properties = schema_store().schema(ref)["properties"]
    codes = {properties.get(p.pointer.strip("/"), {}).get("x-code") for p in violation.problems}
    code = codes.pop() if len(codes) == 1 else None
    return None if code is None else ContractError(code)


def _json(raw: bytes) -> Any:
    """ValueError when it is no JSON, or has half a surrogate pair, which no database and no reply can carry."""
    value = json.loads(raw)
    if b"\\u" in raw:
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _credentials(request: web.Request, body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Hashes of the staff and the guest token of a request."""
    scheme, _, raw = request.headers.get("Authorization", "").partition(" ")
    raw = raw.strip()
    staff = hash_token(raw) if raw and scheme.lower() == "token" else None
    guest = raw if raw and scheme.lower() == "guesttoken" else request.query.get("token") or body.get("token")
    return staff, hash_token(guest) if isinstance(guest, str) else None
