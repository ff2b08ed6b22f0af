"""The paths of a dialect as a resource of aiohttp's router: it leads to the routes of the contract, whose own paths are not served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_urldispatcher import AbstractRoute, UrlMappingMatchInfo
from yarl import URL

from contract.dialect import Dialect
from contract.operations import operations


class SpokenRoutes(web.AbstractResource):
    """Asked after every other resource of the application, because it stands for `/` and all below."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__()
        self._dialect = dialect
        self._contract = web.UrlDispatcher()
        self._routes: dict[tuple[str, str], AbstractRoute] = {}
        self._methods = {dialect.to_wire_method(name) for name in operations()}

    def add_route(self, method: str, path: str, handler: Handler) -> AbstractRoute:
        """The handler of the operation with this method and path in the contract."""
        route = self._routes[method, path] = self._contract.add_route(method, path, handler)
        return route

    async def resolve(self, request: web.Request) -> tuple[UrlMappingMatchInfo | None, set[str]]:
        """The contract's route and its parameters as text; or what methods the path has."""
        path = request.rel_url.path_safe
        found = self._dialect.to_canonical_path(request.method, path)
        route = None if found is None else self._routes.get((found[0].method, found[0].path))
        if found is None or route is None:
            return None, {one for one in self._methods if self._dialect.to_canonical_path(one, path)}
        return UrlMappingMatchInfo(found[1], route), set()

    @property
    def canonical(self) -> str:
        return "/"

    def url_for(self, **_: str) -> URL:
        raise RuntimeError("the paths of a dialect are made by the dialect")

    def add_prefix(self, prefix: str) -> None:
        raise RuntimeError("a dialect says its own prefix")

    def get_info(self) -> Any:
        return {"dialect": self._dialect.name}

    def raw_match(self, path: str) -> bool:
        return False

    def __iter__(self) -> Iterator[AbstractRoute]:
        return iter(self._routes.values())

    def __len__(self) -> int:
        return len(self._routes)
