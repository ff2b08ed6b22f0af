"""Around the contract's operations: late, refused by a gateway, without an answer. Never around the control surface.

The middleware stands inside the one for CORS, so that a frontend on another origin can read what it gets, and outside
the one for errors, so that an answer that is lost is the whole answer.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aiohttp import hdrs, web

from contract.errors import error_body, error_codes
from reference_server.binding import json_response
from reference_server.chaos.choosing import Deed, Sighting
from reference_server.chaos.clients import abort
from reference_server.chaos.commits import CommitPause, commit_pause
from reference_server.chaos.engine import Chaos

_Next = Callable[[web.Request], Awaitable[web.StreamResponse]]
OperationOf = Callable[[web.Request], str | None]

_ANSWERS = ("status", "timeout", "reset")
_LATE = ("delay", "jitter")

_PAGE = """<html>
<head><title>{code} {reason}</title></head>
<body>
<center><h1>{code} {reason}</h1></center>
<hr><center>nginx</center>
</body>
</html>
"""


class RequestChaos:
    """The middleware. `operation_of` names the operation a request means; None for what is none of the contract."""

    def __init__(self, chaos: Chaos, operation_of: OperationOf) -> None:
        self._chaos = chaos
        self._operation_of = operation_of

    @web.middleware
    async def middleware(self, request: web.Request, handler: _Next) -> web.StreamResponse:
        """Passes on what no rule is for, untouched."""
        if not self._chaos.about_requests or (operation := self._operation_of(request)) is None:
            return await handler(request)
        actor = actor_of(request)
        deeds = self._chaos.meet(Sighting(operation=operation, actor=actor))
        if not deeds:
            return await handler(request)
        answering = next((deed for deed in deeds if deed.action in _ANSWERS), None)
        for deed in deeds:
            if deed is answering or deed.action in _LATE:
                self._note(deed, operation, actor)
        late = sum(deed.settings["ms"] for deed in deeds if deed.action in _LATE)
        if late:
            await self._chaos.hold(late / 1000)
        if answering is not None and answering.settings["when"] == "before":
            return await self._answer(request, answering)
        slow = tuple(deed for deed in deeds if deed.action == "slow_commit")
        if not slow:
            response = await handler(request)
        else:
            with _slowly(slow, self._chaos.over, lambda deed: self._note(deed, operation, actor)):
                response = await handler(request)
        return response if answering is None else await self._answer(request, answering)

    async def _answer(self, request: web.Request, deed: Deed) -> web.StreamResponse:
        if deed.action == "status":
            return _status(deed.settings)
        if deed.action == "timeout":
            await self._chaos.hold(deed.settings["ms"] / 1000)
        abort(request)
        return web.Response()  # nobody is there to read it

    def _note(self, deed: Deed, operation: str, actor: str) -> None:
        settings = deed.settings
        self._chaos.record.note(
            deed,
            operation,
            actor=actor,
            ms=settings.get("ms"),
            code=settings.get("code"),
            when=settings.get("when"),
        )


@contextmanager
def _slowly(deeds: tuple[Deed, ...], over: threading.Event, note: Callable[[Deed], None]) -> Iterator[None]:
    """Transactions in the block are slow to commit. Noted when they are: what only reads, or is refused, commits nothing."""
    loop = asyncio.get_running_loop()
    left = list(deeds)

    def begun() -> None:
        while left:  # once, however often the store runs the work
            loop.call_soon_threadsafe(note, left.pop(0))

    seconds = sum(deed.settings["ms"] for deed in deeds) / 1000
    token = commit_pause.set(CommitPause(seconds, over, begun))
    try:
        yield
    finally:
        commit_pause.reset(token)


def actor_of(request: web.Request) -> str:
    """`staff`, `guest` or `anonymous`, by the credentials that were sent, whether they are good or not."""
    scheme, _, _ = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() == "guesttoken" or "token" in request.query:
        return "guest"
    return "staff" if scheme else "anonymous"


def _status(settings: Mapping[str, Any]) -> web.Response:
    code: int = settings["code"]
    match settings["body"]:
        case "gateway_page":
            reason = web.Response(status=code).reason or "Error"
            response = web.Response(
                status=code, text=_PAGE.format(code=code, reason=reason), content_type="text/html"
            )
        case "empty":
            response = web.Response(status=code)
        case _:
            response = json_response(code, error_body(settings.get("error") or _first_code(code)))
    if "retry_after" in settings:
        response.headers[hdrs.RETRY_AFTER] = str(settings["retry_after"])
    return response


def _first_code(status: int) -> str:
    """An error code of the contract for a status."""
    fitting = (code for code, known in error_codes().items() if known.status == status)
    return next(fitting, "INTERNAL_ERROR" if status >= 500 else "INVALID_INPUT")
