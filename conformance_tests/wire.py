"""Between the contract's words and the backend's: the one place where requests, answers and events are translated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract.operations import operation

_TOKEN_IN_QUERY = frozenset({"guestBookingStatus"})
"""Where a guest follows a link, with the token in it; elsewhere it is in the header."""
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as it goes out. `path` is percent-encoded and without the query; `form`: the body is form-encoded."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    form: bool = False


class Wire:
    """Translates for one backend; without a dialect it speaks the contract's own words."""

    def __init__(self, dialect: Mapping[str, Any] | None) -> None:
        self.name: str | None = None if dialect is None else str(dialect["name"])

    def request(
        self, operation_id: str, params: Mapping[str, Any], body: Any, *, guest_token: str | None = None
    ) -> Request:
        """The request of an operation. `params` holds path and query parameters; KeyError names one that is missing."""
        wanted = operation(operation_id)
        query = {name: str(value) for name, value in params.items() if name not in wanted.path_parameters}
        headers: dict[str, str] = {}
        if guest_token is not None and operation_id in _TOKEN_IN_QUERY:
            query["token"] = guest_token
        elif guest_token is not None:
            headers["Authorization"] = f"GuestToken {guest_token}"
        form = body is not None and wanted.request_types[:1] == (_FORM,)
        return Request(wanted.method, wanted.fill_path(params), query, headers, body, form)

    def staff_header(self, token: str) -> dict[str, str]:
        """The credentials of staff."""
        return {"Authorization": f"Token {token}"}

    def login_token(self, body: Any) -> str | None:
        """The token in the (canonical) answer to a login."""
        token = body.get("token") if isinstance(body, dict) else None
        return token if isinstance(token, str) and token else None

    def reply(self, operation_id: str, status: int, body: Any) -> Any:
        """An answer in the contract's words."""
        return body

    def event(self, channel: str, name: str, data: Any) -> tuple[str, str, Any]:
        """An event in the contract's words: channel, name and envelope."""
        return channel, name, data

    def channel_name(self, channel: str) -> str:
        """The name on the wire of a channel of the contract."""
        return channel
