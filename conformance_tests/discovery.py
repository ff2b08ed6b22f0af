"""A bare URL becomes a target: the backend itself says how it is watched, arranged and read.

`GET {url}/_staycheck/target.json` answers a document of the shape `schemas/files/target.schema.json`. The reference
server does; a backend may.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from conformance_tests.json_text import read_json
from conformance_tests.target import Target, TargetError, UnreachableError, parse_target
from conformance_tests.target_hosts import LocalResolver, url_problem

TARGET_PATH = "/_staycheck/target.json"
TOKEN_VARIABLE = "STAYCHECK_CONTROL_TOKEN"  # noqa: S105 - the name of a variable
_MAX_BYTES = 1_000_000


async def discover(url: str, *, within: float = 5.0, environ: Mapping[str, str] | None = None) -> Target:
    """The target that the backend at `url` describes; `within` in seconds.

    A backend that asks for a token gets the one in the environment variable STAYCHECK_CONTROL_TOKEN; so do the states and
    probes it names, as far as they are its own. Raises TargetError when there is no such document or it is wrong,
    UnreachableError when nobody answers.
    """
    base = url.rstrip("/")
    check_bare_url(base)
    where = base + TARGET_PATH
    status, body = await _get(base, where, within, None)
    token = None
    if status in (401, 403):
        token = (os.environ if environ is None else environ).get(TOKEN_VARIABLE)
        if not token:
            raise TargetError(
                f"{where} answered {status}: it wants a token; set {TOKEN_VARIABLE} to the one the backend was started with."
            )
        status, body = await _get(base, where, within, token)
        if status in (401, 403):
            raise TargetError(
                f"{where} answered {status} to the token in {TOKEN_VARIABLE}; it is another one's."
            )
    target = parse_target(with_base_url(_document(status, body, where), base), where)
    return target if token is None else _with_token(target, token)


async def _get(base: str, where: str, within: float, token: str | None) -> tuple[int, bytes]:
    """Status and body; a redirect is not followed, because it could lead anywhere."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with (
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=within),
                connector=aiohttp.TCPConnector(resolver=LocalResolver()),
            ) as session,
            session.get(where, headers=headers, allow_redirects=False) as reply,
        ):
            body = await reply.content.read(_MAX_BYTES + 1)
            while len(body) <= _MAX_BYTES and (more := await reply.content.read(_MAX_BYTES)):
                body += more
            return reply.status, body
    except TimeoutError:
        raise UnreachableError(f"{base} did not answer within {within:g} s.") from None
    except aiohttp.InvalidURL:
        raise TargetError(f"{base} is not a URL.") from None
    except (aiohttp.ClientError, OSError) as error:
        raise UnreachableError(f"Nothing answers at {base} ({why(error)}); is the backend running?") from None


def _with_token(target: Target, token: str) -> Target:
    """The token for states and probes as well, where they are of the server that asked for it."""
    origin = urlsplit(target.base_url)[:2]

    def asked(settings: Any) -> Any:
        own = settings.url is not None and urlsplit(target.url(settings.url))[:2] == origin
        return replace(settings, token=token) if own else settings

    return replace(target, states=asked(target.states), probes=asked(target.probes))


def why(error: Exception) -> str:
    """The system's own words for what went wrong with a connection, without the library's around them."""
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer broke off"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        told = getattr(error.certificate_error, "verify_message", "") or "it cannot be verified"
        return f"its certificate is not trusted, {told}; SSL_CERT_FILE may name the authority's"
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    code = getattr(cause, "errno", None)
    return (
        os.strerror(code).lower()
        if isinstance(code, int) and code > 0
        else str(cause) or type(cause).__name__
    )


def check_bare_url(url: str) -> None:
    """Raises TargetError unless `url` is an http URL of this machine: for another host a target file must say so."""
    problem = url_problem(url)
    if problem is not None:
        raise TargetError(
            f"{problem.replace('add it to the target file:', 'write a target file (`staycheck init`) with')}."
        )


def with_base_url(document: Any, base: str) -> Any:
    """The document with the address it was reached at, which a server behind a proxy cannot know."""
    if not isinstance(document, dict):
        return document
    return {**document, "base_url": base}


def _document(status: int, body: bytes, where: str) -> Any:
    if 300 <= status < 400:
        raise TargetError(
            f"{where} answered {status}, a redirect, and none is followed; give the address it leads to."
        )
    if len(body) > _MAX_BYTES:
        raise TargetError(f"{where} is larger than {_MAX_BYTES} bytes, and no target is.")
    if status != 200:
        raise TargetError(
            f"{where} answered {status}: this backend does not describe itself; `staycheck init` writes a target file "
            "that does it in its place."
        )
    document, is_json = read_json(body)
    if not is_json:
        raise TargetError(f"{where} is not JSON; `staycheck init` writes a target file to use instead.")
    return document
