"""The parts of a spoken dialect, as the application takes them: a way to add routes, two middlewares, a publisher before each publisher."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from contract.dialect import Dialect, parse_dialect
from contract.dialect_speaking import check_speakable
from contract.operations import Operation, operation
from contract.pusher.app import PusherApp
from reference_server.binding import operation_of
from reference_server.realtime.publishers import Publisher
from reference_server.speech.publisher import SpeakingPublisher
from reference_server.speech.replies import sign, translate_preflight, translate_refusal, translate_reply
from reference_server.speech.requests import translate_body, with_credentials
from reference_server.speech.rooms import identified
from reference_server.speech.routes import SpokenRoutes
from reference_server.speech.words import Words
from reference_server.store import Store

_Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

OWN_PATHS = ("/_staycheck/", "/_board/", "/app/", "/apps/")
"""What the server has beside the contract, in its own words whatever it speaks."""


def speakable(document: Mapping[str, Any]) -> Dialect:
    """The dialect of a document, if this server can speak it. Raises: `SchemaViolation`, `DialectError`."""
    dialect = parse_dialect(document)
    check_speakable(dialect, OWN_PATHS)
    return dialect


class Speech:
    """One application in one dialect. The middleware `around` goes outermost, `within` innermost."""

    def __init__(self, document: Mapping[str, Any], store: Store, app: PusherApp) -> None:
        dialect = speakable(document)
        self.words = Words(dialect, store)
        self._store, self._app = store, app
        self._routes = SpokenRoutes(dialect)
        self.add_route = self._routes.add_route

    def add_routes(self, app: web.Application) -> None:
        """The dialect's paths, and a page in the place of the board."""
        app.router.add_get("/", self._no_board)
        app.router.register_resource(self._routes)

    def before(self, publisher: Publisher) -> Publisher:
        """The publisher that speaks to this one."""
        return SpeakingPublisher(publisher, self.words)

    @web.middleware
    async def around(self, request: web.Request, handler: _Next) -> web.StreamResponse:
        """Outermost: credentials in, every answer out, whoever of those within has made it."""
        dialect, meant = self.words.dialect, _operation(request)
        if meant is not None:
            request = with_credentials(request, dialect, meant)
        response = await handler(request)
        if response.prepared:
            return response
        if meant is not None:
            translate_reply(response, dialect, meant)
        elif not request.path.startswith(OWN_PATHS):
            translate_preflight(response, dialect)
            translate_refusal(response, request, dialect)
        return response

    @web.middleware
    async def within(self, request: web.Request, handler: _Next) -> web.StreamResponse:
        """Innermost: the room and the body, where what is wrong with them becomes a refusal."""
        meant = _operation(request)
        if meant is None:
            return await handler(request)
        request.match_info.update(await identified(self._store, meant, request.match_info))
        subscription = await translate_body(request, self.words.dialect, meant)
        response = await handler(request)
        if subscription is not None:
            sign(response, subscription, self._app)
        return response

    async def _no_board(self, request: web.Request) -> web.Response:
        return web.Response(
            status=404,
            text=f"This server speaks the dialect {self.words.dialect.name}, and the board is a client of the contract's own "
            "words: start a server without --dialect to see it.\n",
        )


def _operation(request: web.Request) -> Operation | None:
    found = operation_of(request)
    return None if found is None else operation(found)
