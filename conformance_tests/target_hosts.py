"""Which hosts may be touched: this machine, and those the target's `allow` names. A check writes into what it judges."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

_NAME = re.compile(r"([a-z0-9_-]+\.)*[a-z0-9_-]+\.?", re.ASCII)
_NO_URL = re.compile(r"[\s\\\x00-\x1f\x7f]")


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine, without asking the name service.

    A name under `localhost` is, and `LocalResolver` sees to it; an address in any other spelling than the usual is not.
    """
    if host == "localhost" or (host.endswith(".localhost") and _NAME.fullmatch(host)):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def url_problem(url: str, allow: Collection[str] = ()) -> str | None:
    """Why a URL may not be touched, as the end of a sentence without what is secret in it; None when it may."""
    shown = without_credentials(url)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return f"{shown} is not a URL"
    if _NO_URL.search(url) or parts.scheme not in ("http", "https") or not host:
        return f"{shown} is not an http URL with a host"
    if parts.username is not None or parts.password is not None:
        return f"{shown} was given with a name or a password in it; staff log in as [staff] says, so leave them out"
    if parts.query or parts.fragment:
        return f"{shown} has a query or a fragment, and paths are put behind it; leave it out"
    if not is_loopback(host) and host.rstrip(".") not in {_host(one) for one in allow}:
        return (
            f"{host} is not this machine, and a check writes into the backend it judges; if that is what you want, "
            f'add it to the target file: allow = ["{host}"]'
        )
    return None


def allow_problem(allow: Collection[str]) -> str | None:
    """Which entry of `allow` is no host, as a sentence's end; None when all are."""
    for one in allow:
        if not _NAME.fullmatch(_host(one)) and not _is_address(_host(one)):
            return f'allow holds names of hosts, such as "staging.example.com", and not {without_credentials(one)!r}'
    return None


def path_problem(path: str) -> str | None:
    """Why a path cannot be put behind the base URL, as the end of a sentence: it could lead to another host."""
    if not path.startswith("/") or _NO_URL.search(path):
        return f"{without_credentials(path)!r} is not a path: it begins with a slash and stays on the host of base_url"
    return None


def without_credentials(url: str) -> str:
    """A URL as it may be shown."""
    return re.sub(r"//[^/?#]*@", "//", url)


def _host(text: str) -> str:
    return text.lower().strip("[]").rstrip(".")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class LocalResolver(AbstractResolver):
    """Names under `localhost` are this machine, whatever a name service says (RFC 6761); all others are asked for."""

    def __init__(self) -> None:
        self._others = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if not is_loopback(host):
            return await self._others.resolve(host, port, family)
        known = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
            )
            for kind, address in known
            if family in (socket.AF_UNSPEC, kind)
        ]

    async def close(self) -> None:
        await self._others.close()
