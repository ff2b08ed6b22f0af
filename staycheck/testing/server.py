"""A mock server as a test uses it: calls, staff, guests, the clock, scenarios and snapshots.

Whatever dialect the server speaks, what stands here by name is in the contract's words: `bookings`, `check_in`, `Guest.booking`,
and a `call` of a path below the staff's prefix. A `call` of a whole path, and the events, are as every client has them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from contract.channels import guest_channel, rooms_channel, staff_channel
from contract.dialect import Dialect, identity, parse_dialect
from contract.operations import match

_SECONDS = 30.0
_C = "/_staycheck/"
HOTEL = "grand-demo"


class RefusedError(Exception):
    """The server refused what the test asked of its control surface. The message is the server's."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, JSON body (null when there is none) and headers."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Server:
    """The hotel. Blocking calls, made for setting up and looking; a test acts through its own client at `url`."""

    hotel_slug = HOTEL
    hotel_id = 1

    def __init__(self, url: str, control_token: str | None = None) -> None:
        self.url = url
        self.clock = Clock(self)
        self._control_token = control_token
        self._tokens: dict[str, str] = {}
        self._target: dict[str, Any] | None = None
        self._first: str | None = None
        self._dialect: Dialect | None = None
        self._opener: OpenerDirector = build_opener(ProxyHandler({}))  # the server is on this machine

    @property
    def staff_url(self) -> str:
        """What every path of the staff begins with."""
        return f"{self.url}/api/staff/hotel/{HOTEL}"

    @property
    def websocket_url(self) -> str:
        """Where Pusher clients connect; `pusher_key` is the app's."""
        return str(self.target()["realtime"]["subscribe"]["url"])

    @property
    def pusher_key(self) -> str:
        return str(self.target()["realtime"]["subscribe"]["key"])

    def target(self) -> dict[str, Any]:
        """The server as a target document: staff, realtime endpoint."""
        if self._target is None:
            self._target = self.control("GET", "target.json")
        return self._target

    @property
    def dialect(self) -> Dialect:
        """The words the server speaks, the contract's own if none were chosen."""
        if self._dialect is None:
            given = self.target().get("dialect")
            self._dialect = identity() if given is None else parse_dialect(given, {HOTEL: self.hotel_id})
        return self._dialect

    @property
    def channels(self) -> tuple[str, str]:
        """What clients call the public channels of the hotel: that of the rooms, that of the bookings."""
        named = (rooms_channel(HOTEL), staff_channel(self.hotel_id))
        rooms, bookings = (self.dialect.to_wire_channel(one) for one in named)
        return rooms, bookings

    def operation(
        self,
        operation_id: str,
        params: Mapping[str, Any],
        body: Any = None,
        *,
        query: str = "",
        staff: str | None = None,
        guest_token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One operation of the contract in its words, body and reply too, whatever the server speaks. The hotel is this one if none is named."""
        words, known = self.dialect, {"hotel_slug": HOTEL, **params}
        try:
            path = words.to_wire_path(operation_id, known)
        except KeyError:  # the server names rooms by the other of number and id
            path = words.to_wire_path(operation_id, {**known, **self._other_room(params)})
        reply = self.call(
            words.to_wire_method(operation_id),
            path + (f"?{query}" if query else ""),
            words.to_wire_request(operation_id, body),
            staff=staff,
            guest_token=guest_token,
            headers=headers,
        )
        return replace(reply, body=words.to_canonical_reply(operation_id, reply.status, reply.body))

    def _other_room(self, params: Mapping[str, Any]) -> dict[str, str]:
        board = self.operation("roomsBoard", {}, staff="manager").body
        numbers = {
            str(room["id"]): str(room["room_number"]) for column in board.values() for room in column["rooms"]
        }
        ids = {number: room_id for room_id, number in numbers.items()}
        if "room_id" in params:
            return {"room_number": numbers.get(str(params["room_id"]), str(params["room_id"]))}
        return {"room_id": ids.get(str(params["room_number"]), str(params["room_number"]))}

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        staff: str | None = None,
        guest_token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One call, as a member of staff or as a guest.

        A `path` without a leading slash is below the staff's prefix, in the contract's words (see the module).
        """
        if not path.startswith("/") and self.dialect is not identity():
            asked, _, query = path.partition("?")
            meant = match(method, f"/api/staff/hotel/{HOTEL}/{asked}")
            if meant is not None:
                return self.operation(
                    meant[0].id,
                    meant[1],
                    body,
                    query=query,
                    staff=staff,
                    guest_token=guest_token,
                    headers=headers,
                )
        sent = {"Content-Type": "application/json"} | dict(headers or {})
        if staff is not None:
            sent |= self.staff_headers(staff)
        if guest_token is not None:
            sent |= self.dialect.auth.credentials(guest_token, guest=True)
        url = f"{self.url}{path}" if path.startswith("/") else f"{self.staff_url}/{path}"
        data = None if body is None else json.dumps(body).encode()
        request = Request(url, data=data, headers=sent, method=method)  # noqa: S310 - our own server
        try:
            with self._opener.open(request, timeout=_SECONDS) as reply:
                return _reply(reply.status, reply.read(), reply.headers)
        except HTTPError as refused:
            with refused:
                return _reply(refused.code, refused.read(), refused.headers)
        except URLError as error:
            raise ConnectionError(f"The server at {self.url} does not answer: {error.reason}") from None

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the control surface, its path below `/_staycheck/`. Raises: `RefusedError`."""
        headers = {} if self._control_token is None else {"Authorization": f"Bearer {self._control_token}"}
        reply = self.call(method, _C + path, body, headers=headers)
        if reply.status >= 400:
            message = (
                reply.body["error"]["message"] if isinstance(reply.body, dict) else f"status {reply.status}"
            )
            raise RefusedError(f"{method} {_C}{path}: {message}")
        return reply.body

    def staff_token(self, username: str = "manager") -> str:
        """The token of a member of staff (`manager`, `frontdesk`, `housekeeper`, `outsider`), who is logged in if need be."""
        if username not in self._tokens:
            reply = self.operation("staffLogin", {}, {"username": username, "password": username})
            if reply.status != 200:
                raise RefusedError(f"{username} cannot log in: status {reply.status}")
            self._tokens[username] = reply.body["token"]
        return self._tokens[username]

    def staff_headers(self, username: str = "manager") -> dict[str, str]:
        return self.dialect.auth.credentials(self.staff_token(username))

    def bookings(self, bucket: str | None = None) -> list[dict[str, Any]]:
        """Every booking, or those of a bucket (`arrivals`, `in_house`, `departures` ...)."""
        query = "" if bucket is None else f"&bucket={quote(bucket)}"
        reply = self.call("GET", f"room-bookings/?page_size=100{query}", staff="manager")
        found: list[dict[str, Any]] = reply.body["results"]
        return found

    def check_in(self, booking_id: str, staff: str = "frontdesk") -> Guest:
        """Check a booking in; its guest, with the token that only this reply shows. Raises: `RefusedError`."""
        reply = self.call("POST", f"room-bookings/{booking_id}/check-in/", staff=staff)
        if reply.status != 200:
            raise RefusedError(f"{booking_id} cannot be checked in: {reply.body['error']['code']}")
        return Guest(self, booking_id, reply.body["guest_token"])

    def arrange(self, state: str, **params: Any) -> dict[str, Any]:
        """A provider state (schemas/provider_states.yaml), such as "in-house booking": its bindings, a guest token among them.

        Raises: `RefusedError`.
        """
        wanted = {"action": "arrange", "run": "pytest", "states": [{"state": state, "params": params}]}
        (found,) = self.control("POST", "states", wanted)["results"]
        if "bindings" not in found:
            raise RefusedError(found["unsupported"])
        bindings: dict[str, Any] = found["bindings"]
        return bindings

    def guest(self, state: str = "in-house booking", **params: Any) -> Guest:
        """A guest of a booking that is arranged for it."""
        bindings = self.arrange(state, **params)
        return Guest(self, bindings["booking_id"], bindings["guest_token"])

    def scenarios(self) -> dict[str, Any]:
        found: dict[str, Any] = self.control("GET", "scenarios")
        return found

    def remember_scenario(self) -> None:
        """`reset` without a name begins with what the hotel has begun with now."""
        self._first = self.scenarios()["current"]

    def reset(self, scenario: str | None = None) -> None:
        """Begin anew, with the scenario the session began with or another. Raises: `RefusedError`."""
        wanted = scenario or self._first
        self.control("POST", "reset", {} if wanted is None else {"scenario": wanted})
        self._tokens.clear()

    def snapshot(self, name: str | None = None) -> str:
        """Keep the hotel as it is; answers the name to restore it by."""
        return str(self.control("POST", "snapshots", {} if name is None else {"name": name})["name"])

    def restore(self, name: str) -> None:
        """Go back to a snapshot. Raises: `RefusedError`."""
        self.control("POST", f"snapshots/{quote(name, safe='')}/restore")
        self._tokens.clear()

    def forget(self, name: str) -> None:
        """Delete a snapshot. Raises: `RefusedError`."""
        self.control("DELETE", f"snapshots/{quote(name, safe='')}")

    def settle(self) -> bool:
        """Whether every event committed so far has been handed to its publishers."""
        return bool(self.control("POST", "settle")["settled"])

    def forget_logins(self) -> None:
        """Log in again for the next call: the tokens may have expired."""
        self._tokens.clear()


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest with a token of their booking."""

    server: Server
    booking_id: str
    token: str

    @property
    def channel(self) -> str:
        """What clients call the private channel of the booking."""
        return self.server.dialect.to_wire_channel(guest_channel(self.booking_id), {"hotel_slug": HOTEL})

    def booking(self) -> Reply:
        """What the guest sees of the booking."""
        params = {"booking_id": self.booking_id}
        return self.server.operation("guestBookingStatus", params, guest_token=self.token)

    def context(self) -> Reply:
        return self.server.operation("guestContext", {}, guest_token=self.token)


class Clock:
    """The hotel's clock. It goes forward only, until the hotel begins anew."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def now(self) -> datetime:
        return datetime.fromisoformat(self._server.control("GET", "clock")["now"])

    @property
    def rate(self) -> float:
        return float(self._server.control("GET", "clock")["rate"])

    def move(self, to: datetime | str) -> None:
        """To a time (a datetime with a zone, or ISO 8601). Raises: `RefusedError` for one that has been."""
        self._change({"now": to if isinstance(to, str) else to.isoformat()})

    def advance(self, by: timedelta | float) -> None:
        """Ahead, by seconds if it is a number. Logins and guest tokens expire with it."""
        self._change({"advance": by.total_seconds() if isinstance(by, timedelta) else by})

    def freeze(self) -> None:
        self._change({"rate": 0})

    def run(self, rate: float = 1.0) -> None:
        """Run on, at so many seconds a second."""
        self._change({"rate": rate})

    def _change(self, wanted: dict[str, Any]) -> None:
        self._server.control("POST", "clock", wanted)
        self._server.forget_logins()


def _reply(status: int, raw: bytes, headers: Any) -> Reply:
    try:
        body = json.loads(raw) if raw else None
    except ValueError:
        body = raw.decode(errors="replace")
    return Reply(status, body, dict(headers.items()))
