"""Between the contract's words and the backend's: the one place where requests, answers and events are translated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance_tests.refusal import UNKNOWN_ROOM
from conformance_tests.target import TargetError
from contract.dialect import Dialect, DialectError, identity, parse_dialect
from contract.errors import ContractError
from contract.operations import operation

_TOKEN_IN_QUERY = frozenset({"guestBookingStatus"})
"""Where a guest follows a link, with the token in it; elsewhere it is in the header."""
_TOKEN_IN_EITHER = frozenset({"guestContext"})
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
    """Translates for one backend; without a dialect it speaks the contract's own words.

    It learns hotels and rooms from bindings (`know`), because a backend may name them by the other of two identifications
    than the contract does. TargetError for a dialect that cannot be.
    """

    def __init__(self, dialect: Mapping[str, Any] | None) -> None:
        self.name: str | None = None if dialect is None else str(dialect["name"])
        self._dialect = _parsed(dialect)
        self._numbers: dict[tuple[Any, Any], Any] = {}
        self._ids: dict[tuple[Any, Any], Any] = {}

    def know(self, bindings: Mapping[str, Any]) -> None:
        """Learn which hotel and which rooms these are."""
        slug = bindings.get("hotel_slug")
        if isinstance(slug, str) and isinstance(bindings.get("hotel_id"), int):
            self._dialect = self._dialect.with_hotels({slug: bindings["hotel_id"]})
        for prefix in ("", "free_"):
            room_id, number = bindings.get(f"{prefix}room_id"), bindings.get(f"{prefix}room_number")
            if room_id is not None and number is not None:
                self._numbers[slug, room_id] = number
                self._ids[slug, number] = room_id
                self._numbers.setdefault((None, room_id), number)
                self._ids.setdefault((None, number), room_id)

    def request(
        self, operation_id: str, params: Mapping[str, Any], body: Any, *, guest_token: str | None = None,
        other_way: bool = False,
    ) -> Request:  # fmt: skip
        """The request of an operation. `params` holds path and query parameters; KeyError names one that is missing.

        `other_way`: as JSON what usually is a form, and with the token in the query where that is as good as in the header.
        """
        wanted = operation(operation_id)
        query = {name: str(value) for name, value in params.items() if name not in wanted.path_parameters}
        headers: dict[str, str] = {}
        in_query = operation_id in _TOKEN_IN_QUERY or (other_way and operation_id in _TOKEN_IN_EITHER)
        if guest_token is not None and in_query:
            query["token"] = guest_token
        elif guest_token is not None:
            headers = self._dialect.auth.credentials(guest_token, guest=True)
        if isinstance(body, Mapping) and isinstance(body.get("channel_name"), str):
            body = {**body, "channel_name": self.channel_name(body["channel_name"])}
        said = self._dialect.to_wire_request(operation_id, body)
        form = body is not None and wanted.request_types[:1] == (_FORM,) and not other_way
        path = self._dialect.to_wire_path(operation_id, self._both_rooms(params))
        method = self._dialect.to_wire_method(operation_id)
        return Request(method, path, query, headers, said, form)

    def _both_rooms(self, params: Mapping[str, Any]) -> dict[str, Any]:
        slug, both = params.get("hotel_slug"), dict(params)
        asked_id, asked_number = params.get("room_id"), params.get("room_number")
        # A room that this hotel does not have is another hotel's, asked for here to be refused.
        number = self._numbers.get((slug, asked_id), self._numbers.get((None, asked_id)))
        room_id = self._ids.get((slug, asked_number), self._ids.get((None, asked_number)))
        # The id that no room has is the number of none either; any other must be known to be asked for by number.
        number = UNKNOWN_ROOM if asked_id == UNKNOWN_ROOM else number
        if number is not None:
            both.setdefault("room_number", number)
        if room_id is not None:
            both.setdefault("room_id", room_id)
        return both

    def staff_header(self, token: str) -> dict[str, str]:
        """The credentials of staff."""
        return self._dialect.auth.credentials(token)

    def login_token(self, body: Any) -> str | None:
        """The token in the (canonical) answer to a login."""
        token = body.get("token") if isinstance(body, dict) else None
        return token if isinstance(token, str) and token else None

    def reply(self, operation_id: str, status: int, body: Any) -> Any:
        """An answer in the contract's words."""
        return self._dialect.to_canonical_reply(operation_id, status, body)

    def event(self, channel: str, name: str, data: Any) -> tuple[str, str, Any]:
        """An event in the contract's words: channel, name and envelope."""
        return self._dialect.to_canonical_event(channel, name, data)

    def channel_name(self, channel: str) -> str:
        """The name on the wire of a channel of the contract."""
        return self._dialect.to_wire_channel(channel)


def _parsed(document: Mapping[str, Any] | None) -> Dialect:
    if document is None:
        return identity()
    try:
        return parse_dialect(document)
    except (DialectError, ContractError) as error:
        raise TargetError(f"The dialect {document.get('name')} cannot be used: {error}.") from None
