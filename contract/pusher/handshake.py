"""What the query of `GET /app/{key}?protocol=7&client=js&version=8.6.0` must say before a connection is established."""

from __future__ import annotations

import re
from collections.abc import Mapping

from contract.pusher.errors import (
    InvalidVersionFormatError,
    NoProtocolVersionError,
    UnsupportedProtocolVersionError,
)

SUPPORTED_PROTOCOLS = frozenset({5, 6, 7})
CLOSE_CODE_ONLY_SINCE = 6
"""From this protocol on a fatal error is the close code alone; before, a `pusher:error` frame comes first."""

_PROTOCOL = re.compile(r"[0-9]{1,4}", re.ASCII)
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,63}", re.ASCII)


def negotiate_protocol(query: Mapping[str, str]) -> int:
    """The protocol version both sides will speak.

    Raises NoProtocolVersionError (4008), UnsupportedProtocolVersionError (4007) or InvalidVersionFormatError (4006).
    """
    protocol = query.get("protocol", "")
    if not protocol:
        raise NoProtocolVersionError
    if _PROTOCOL.fullmatch(protocol) is None or int(protocol) not in SUPPORTED_PROTOCOLS:
        raise UnsupportedProtocolVersionError(
            f"Unsupported protocol version {protocol[:20]!a}, use one of {sorted(SUPPORTED_PROTOCOLS)}"
        )
    version = query.get("version", "")
    if version and _VERSION.fullmatch(version) is None:
        raise InvalidVersionFormatError
    return int(protocol)
