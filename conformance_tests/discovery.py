"""A bare URL becomes a target: the backend itself says how it is watched, arranged and read.

`GET {url}/_staycheck/target.json` answers a document of the shape `schemas/files/target.schema.json`. The reference
server does; a backend may.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from conformance_tests.target import Target, TargetError, UnreachableError, is_loopback, parse_target

TARGET_PATH = "/_staycheck/target.json"
_MAX_BYTES = 1_000_000


async def discover(url: str, *, within: float = 5.0) -> Target:
    """The target that the backend at `url` describes; `within` in seconds.

    Raises TargetError when there is no such document or it is wrong, UnreachableError when nobody answers.
    """
    base = url.rstrip("/")
    check_bare_url(base)
    where = base + TARGET_PATH
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=within)) as session,
            session.get(where, allow_redirects=False) as reply,
        ):
            status, body = reply.status, await reply.content.read(_MAX_BYTES)
    except TimeoutError:
        raise UnreachableError(f"{base} did not answer within {within:g} s.") from None
    except aiohttp.InvalidURL:
        raise TargetError(f"{url} is not a URL.") from None
    except (aiohttp.ClientError, OSError) as error:
        raise UnreachableError(
            f"Nothing answers at {base} ({_why(error)}); is the backend running?"
        ) from None
    return parse_target(with_base_url(_document(status, body, where), base), where)


def _why(error: Exception) -> str:
    """The system's own words for what went wrong, without the library's around them."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    code = getattr(cause, "errno", None)
    return (
        os.strerror(code).lower()
        if isinstance(code, int) and code > 0
        else str(cause) or type(cause).__name__
    )


def check_bare_url(url: str) -> None:
    """Raises TargetError unless `url` is an http URL of this machine: for another host a target file must say so."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise TargetError(f"{url} is not a URL.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise TargetError(f"{url} is not an http URL with a host.")
    if not is_loopback(host):
        raise TargetError(
            f"{host} is not this machine, and a check writes into the backend it judges; if that is what you want, "
            f'write a target file (`staycheck init`) with allow = ["{host}"].'
        )


def with_base_url(document: Any, base: str) -> Any:
    """The document with the address it was reached at, which a server behind a proxy cannot know."""
    if not isinstance(document, dict):
        return document
    return {**document, "base_url": base}


def _document(status: int, body: bytes, where: str) -> Any:
    if status != 200:
        raise TargetError(
            f"{where} answered {status}: this backend does not describe itself; `staycheck init` writes a target file "
            "that does it in its place."
        )
    try:
        return json.loads(body)
    except ValueError:
        raise TargetError(
            f"{where} is not JSON; `staycheck init` writes a target file to use instead."
        ) from None
