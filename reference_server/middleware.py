"""Around every route: one shape for every error, CORS for frontends on another origin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import hdrs, web

from contract.errors import ContractError
from contract.schema_files import document
from reference_server.binding import json_response

_log = structlog.get_logger("staycheck.http")
_Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HTTP_CODES: Mapping[int, str] = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "PAYLOAD_TOO_LARGE"}


@web.middleware
async def errors(request: web.Request, handler: _Next) -> web.StreamResponse:
    """Every refusal in the error envelope; never HTML. What nobody expected is logged and answers INTERNAL_ERROR."""
    try:
        return await handler(request)
    except ContractError as error:
        return json_response(error.status, error.body())
    except web.HTTPException as error:
        if error.status < 400:
            raise
        refusal = ContractError(_HTTP_CODES.get(error.status, "INVALID_INPUT"))
        response = json_response(refusal.status, refusal.body())
        if hdrs.ALLOW in error.headers:
            response.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        return response
    except Exception:  # noqa: BLE001 - the last line before the wire: logged whole, answered without details
        _log.exception("unexpected_error", method=request.method, path=request.path)
        refusal = ContractError("INTERNAL_ERROR")
        return json_response(refusal.status, refusal.body())


@web.middleware
async def cors(request: web.Request, handler: _Next) -> web.StreamResponse:
    """Any origin may call the contract's endpoints: credentials travel in headers, never in cookies.

    The control surface is left out, so that a page of another origin cannot steer the server.
    """
    if request.path.startswith("/_staycheck/") or hdrs.ORIGIN not in request.headers:
        return await handler(request)
    if request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers:
        response: web.StreamResponse = web.Response(status=204)
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = "GET, POST, OPTIONS"
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = ", ".join(
            document("openapi.yaml")["x-cors"]["allow_headers"]
        )
        response.headers[hdrs.ACCESS_CONTROL_MAX_AGE] = "600"
    else:
        response = await handler(request)
    if not response.prepared:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
    return response
