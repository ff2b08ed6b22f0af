"""How a mutant of the protocol takes hold of answers: by operation, or where every refusal becomes a response."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from contract.errors import ContractError
from reference_server.house import Answer, Call, Handler, House

ROUTE = "reference_server.binding:_route"
REFUSALS = ("reference_server.binding:json_response", "reference_server.middleware:json_response")

Body: TypeAlias = dict[str, Any]
Change: TypeAlias = Callable[[House, Call, int, Body], Answer | None]


def answered(original: Any, change: Change, *operations: str) -> Any:
    """Instead of `ROUTE`: `change(house, call, status, body)` sees every answer of these operations, refusals too.

    It edits the body, or answers another one. The server's own check of its replies is off, or a lie would be a 500.
    """

    def route(house: House, operation: Any, handler: Handler, check_replies: bool) -> Any:
        if operation.id not in operations:
            return original(house, operation, handler, check_replies)

        async def answer(_: House, call: Call) -> Answer:
            try:
                told = await handler(house, call)
            except ContractError as refusal:
                told = Answer(refusal.status, refusal.body())
            body = dict(told.body)
            return change(house, call, told.status, body) or Answer(told.status, body)

        return original(house, operation, answer, False)

    return route


def edited(original: Any, edit: Callable[[Body], None], *operations: str) -> Any:
    """Instead of `ROUTE`: `edit` changes the body of every success of these operations."""

    def change(house: House, call: Call, status: int, body: Body) -> None:
        if status == 200:
            edit(body)

    return answered(original, change, *operations)


def refused(original: Any, code: str, respond: Callable[[Any, int, Body], Any]) -> Any:
    """Instead of both `REFUSALS`: `respond(original, status, body)` renders the refusals with this code."""

    def response(status: int, body: Mapping[str, Any]) -> Any:
        error = body.get("error")
        if status >= 400 and isinstance(error, dict) and error.get("code") == code:
            return respond(original, status, {**body, "error": dict(error)})
        return original(status, body)

    return response
