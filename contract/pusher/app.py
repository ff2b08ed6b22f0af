"""Who may speak: a Pusher app with its credentials, and the one URL that names an app on a host."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

_SCHEMES = {"pusher": False, "pushers": True}
_APP_PATH = re.compile(r"/apps/([0-9]{1,20})/?", re.ASCII)
_FORM = "pusher://KEY:SECRET@HOST:PORT/apps/ID"


@dataclass(frozen=True, slots=True)
class PusherApp:
    """Credentials of one app. `id` is numeric text: the official libraries refuse anything else in a `PUSHER_URL`.

    The secret is left out of the representation, so that no log line and no traceback shows it.
    """

    id: str
    key: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PusherAddress:
    """Where an app is served: the app, host, port, and whether over TLS."""

    app: PusherApp
    host: str
    port: int
    tls: bool


def parse_realtime_url(url: str) -> PusherAddress:
    """Read `pusher://KEY:SECRET@HOST:PORT/apps/ID`, or `pushers://...` for TLS; the port defaults to 80 or 443.

    Key and secret may be percent-encoded. Raises ValueError with one sentence that says what is wrong and never
    contains the key or the secret.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(
            f"A realtime URL has the form {_FORM}, and this one has an invalid host or port."
        ) from None
    problem = _problem(parts)
    if problem is not None:
        raise ValueError(f"A realtime URL has the form {_FORM}, and this one {problem}.")
    app_path = _APP_PATH.fullmatch(parts.path)
    if app_path is None:
        raise ValueError(
            f"A realtime URL has the form {_FORM}, and this one does not end in /apps/ and a number."
        )
    tls = _SCHEMES[parts.scheme]
    return PusherAddress(
        app=PusherApp(
            id=app_path[1], key=unquote(parts.username or ""), secret=unquote(parts.password or "")
        ),
        host=parts.hostname or "",
        port=port if port is not None else (443 if tls else 80),
        tls=tls,
    )


def _problem(parts: SplitResult) -> str | None:
    if parts.scheme not in _SCHEMES:
        return "starts with neither pusher:// nor pushers://"
    if not parts.username:
        return "has no key"
    if not parts.password:
        return "has no secret"
    if not parts.hostname:
        return "has no host"
    if parts.port == 0:
        return "has port 0"
    if parts.query or parts.fragment:
        return "has a query or a fragment after the app id"
    return None
