"""Serves the board's files at `/` and under `/_board/`, with validators for caches and a strict content policy.

The page holds nothing secret: what it needs it asks the API, the Pusher endpoint and `/_staycheck/`, as any page would.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from aiohttp import hdrs, web

PREFIX = "/_board/"
_HOST = re.compile(r"[\w.:\[\]-]+", re.ASCII)
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    content_type: str
    etag: str


def add_board_routes(app: web.Application) -> None:
    """`GET /` is the page, `GET /_board/...` what it is made of."""
    app.router.add_get("/", _page)
    app.router.add_get(PREFIX + "{name:.+}", _part)


async def _page(request: web.Request) -> web.StreamResponse:
    response = _answer(request, _files()["index.html"])
    response.headers["Content-Security-Policy"] = _policy(request.host)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


async def _part(request: web.Request) -> web.StreamResponse:
    found = _files().get(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    return _answer(request, found)


def _answer(request: web.Request, file: _File) -> web.Response:
    headers = {
        hdrs.ETAG: f'"{file.etag}"',
        hdrs.CACHE_CONTROL: "no-cache",  # asked for again every time, and sent again only when it is another
        "X-Content-Type-Options": "nosniff",
    }
    known = request.if_none_match
    if known is not None and any(tag.value in (file.etag, "*") for tag in known):
        return web.Response(status=304, headers=headers)
    return web.Response(body=file.body, content_type=file.content_type, charset="utf-8", headers=headers)


def _policy(host: str) -> str:
    # Not every browser takes 'self' for the WebSocket of the same host.
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'{sockets}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _files() -> dict[str, _File]:
    """Every file of the board, read once: path below `static/` -> file."""
    return dict(_below(resources.files("reference_server.board") / "static", ""))


def _below(folder: Traversable, prefix: str) -> list[tuple[str, _File]]:
    found: list[tuple[str, _File]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _below(entry, f"{prefix}{entry.name}/")
        else:
            body = entry.read_bytes()
            suffix = "." + entry.name.rpartition(".")[2]
            kind = _TYPES.get(suffix) or mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
            found.append((prefix + entry.name, _File(body, kind, hashlib.sha256(body).hexdigest()[:20])))
    return found
