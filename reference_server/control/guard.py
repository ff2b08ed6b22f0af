"""Who may use the control surface: this machine, or the holder of the control token.

Without a token the caller must be on loopback, must have asked for a loopback name (a page on another name that
resolves to 127.0.0.1 is turned away: DNS rebinding), and must not be a page of another origin.
"""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from contract.errors import ContractError

CONTROL_PREFIX = "/_staycheck/"


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address is this machine's loopback."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_control(request: web.Request, control_token: str | None) -> None:
    """Raises: `ContractError` NOT_AUTHENTICATED or PERMISSION_DENIED."""
    if control_token is not None:
        sent = request.headers.get(hdrs.AUTHORIZATION, "")
        if not hmac.compare_digest(sent.encode(), f"Bearer {control_token}".encode()):
            raise ContractError("NOT_AUTHENTICATED", "Send Authorization: Bearer <control token>.")
        return
    origin = request.headers.get(hdrs.ORIGIN)
    if not is_loopback(request.remote) or not is_loopback(_host_name(request.host)):
        raise ContractError(
            "PERMISSION_DENIED", "The control surface answers on loopback only; set a control token."
        )
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise ContractError(
            "PERMISSION_DENIED", "The control surface does not answer pages of another origin."
        )


def _host_name(host: str) -> str | None:
    return urlsplit(f"//{host}").hostname
