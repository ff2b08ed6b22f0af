"""Signatures: channel authorization, user sign-in, REST requests and webhooks, made and verified.

All are HMAC-SHA256 in lower-case hex, compared in constant time. Source: "Authorizing users", "Authenticating users"
and "HTTP API, Generating authentication signatures" of the Pusher Channels documentation, whose published vectors are
the tests.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

from contract.pusher.errors import RestBadRequestError, RestNotAuthenticatedError

TIMESTAMP_WINDOW = 600
"""Seconds by which `auth_timestamp` may be off."""
AUTH_VERSION = "1.0"

_TIMESTAMP = re.compile(r"[0-9]{1,15}", re.ASCII)
_EXPLAINED_CHARS = 500


def _utf8(text: str) -> bytes:
    # JSON can carry a lone surrogate ("\ud800"); it must give a wrong signature, not an encoding error.
    return text.encode("utf-8", "surrogatepass")


def _hmac_hex(secret: str, text: str) -> str:
    return hmac.new(_utf8(secret), _utf8(text), hashlib.sha256).hexdigest()


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(_utf8(given), _utf8(wanted))


def channel_auth(key: str, secret: str, socket_id: str, channel: str, channel_data: str | None = None) -> str:
    """The `auth` of a subscription to a private or presence channel: `key:hex`.

    `channel_data` is the exact string that travels in the subscribe frame, not the value it encodes.
    """
    signed = f"{socket_id}:{channel}" if channel_data is None else f"{socket_id}:{channel}:{channel_data}"
    return f"{key}:{_hmac_hex(secret, signed)}"


def verify_channel_auth(
    auth: str, key: str, secret: str, socket_id: str, channel: str, channel_data: str | None = None
) -> bool:
    """Whether `auth` allows this socket this channel."""
    return _equal(auth, channel_auth(key, secret, socket_id, channel, channel_data))


def user_auth(key: str, secret: str, socket_id: str, user_data: str) -> str:
    """The `auth` of a user sign-in: `key:hex` over the exact `user_data` string."""
    return f"{key}:{_hmac_hex(secret, f'{socket_id}::user::{user_data}')}"


def verify_user_auth(auth: str, key: str, secret: str, socket_id: str, user_data: str) -> bool:
    """Whether `auth` signs this user in on this socket."""
    return _equal(auth, user_auth(key, secret, socket_id, user_data))


def body_signature(secret: str, body: bytes) -> str:
    """The `X-Pusher-Signature` of a webhook: hex over the raw body."""
    return hmac.new(_utf8(secret), body, hashlib.sha256).hexdigest()


def verify_body(signature: str, secret: str, body: bytes) -> bool:
    """Whether a webhook's body was signed with this secret."""
    return _equal(signature, body_signature(secret, body))


def string_to_sign(method: str, path: str, params: Mapping[str, str]) -> str:
    """`METHOD\\npath\\nk=v&k=v`: keys lower-cased and sorted, values not URL-escaped, the signature left out."""
    lowered = {name.lower(): value for name, value in params.items()}
    lowered.pop("auth_signature", None)
    query = "&".join(f"{name}={lowered[name]}" for name in sorted(lowered))
    return f"{method.upper()}\n{path}\n{query}"


def sign_request(
    method: str, path: str, params: Mapping[str, str], body: bytes, *, key: str, secret: str, now: float
) -> dict[str, str]:
    """The whole query of a signed REST request: `params` plus the `auth_*` parameters and, with a body, `body_md5`.

    `now` is in seconds since the epoch. The caller URL-escapes the values when it builds the URL.
    """
    signed = dict(params) | {"auth_key": key, "auth_timestamp": str(int(now)), "auth_version": AUTH_VERSION}
    if body:
        signed["body_md5"] = _md5(body)
    signed["auth_signature"] = _hmac_hex(secret, string_to_sign(method, path, signed))
    return signed


def verify_request(
    method: str,
    path: str,
    query: Iterable[tuple[str, str]],
    body: bytes,
    *,
    key: str,
    secret: str,
    now: float,
) -> dict[str, str]:
    """Check a signed REST request and return its own parameters (lower-cased names, without the `auth_*` ones).

    `path` and the values of `query` are decoded, as they were before URL-escaping; `now` is in seconds since the
    epoch. Raises RestBadRequestError for a repeated parameter and RestNotAuthenticatedError for everything that is missing,
    expired or does not match. The reason never contains the secret.

    The Python library sends the md5 of nothing with a GET, others leave `body_md5` out when there is no body: both
    are accepted; with a body it is required.
    """
    params: dict[str, str] = {}
    for name, value in query:
        if name.lower() in params:
            raise RestBadRequestError(f"The parameter {name[:60]!a} is given more than once")
        params[name.lower()] = value
    for name in ("auth_key", "auth_timestamp", "auth_version", "auth_signature"):
        if not params.get(name):
            raise RestNotAuthenticatedError(f"The parameter {name} is missing")
    if not _equal(params["auth_key"], key):
        raise RestNotAuthenticatedError(f"Unknown auth_key {params['auth_key'][:60]!a} for this app")
    if params["auth_version"] != AUTH_VERSION:
        raise RestNotAuthenticatedError(f"auth_version must be {AUTH_VERSION}")
    _check_timestamp(params["auth_timestamp"], now)
    _check_body(params.get("body_md5"), body)
    signed = string_to_sign(method, path, params)
    if not _equal(params["auth_signature"], _hmac_hex(secret, signed)):
        raise RestNotAuthenticatedError(
            f"Invalid signature: you should have sent HmacSHA256Hex({signed[:_EXPLAINED_CHARS]!a}, your_secret_key)"
        )
    return {
        name: value for name, value in params.items() if not name.startswith("auth_") and name != "body_md5"
    }


def _check_timestamp(given: str, now: float) -> None:
    if _TIMESTAMP.fullmatch(given) is None:
        raise RestNotAuthenticatedError("auth_timestamp must be whole seconds since the epoch")
    if abs(now - int(given)) > TIMESTAMP_WINDOW:
        raise RestNotAuthenticatedError(
            f"Timestamp expired: auth_timestamp {given} is not within {TIMESTAMP_WINDOW} s of the server's {int(now)}"
        )


def _check_body(given: str | None, body: bytes) -> None:
    if given is None:
        if body:
            raise RestNotAuthenticatedError("The parameter body_md5 is missing")
    elif not _equal(given, _md5(body)):
        raise RestNotAuthenticatedError("body_md5 is not the MD5 of the body")


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
