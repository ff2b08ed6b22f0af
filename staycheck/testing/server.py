"""A mock server as a test uses it: calls, staff, guests, the clock, scenarios and snapshots."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

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
        """One call, as a member of staff or as a guest. A `path` without a leading slash is below the staff's prefix."""
        sent = {"Content-Type": "application/json"} | dict(headers or {})
        if staff is not None:
            sent |= self.staff_headers(staff)
        if guest_token is not None:
            sent["Authorization"] = f"GuestToken {guest_token}"
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
            reply = self.call("POST", "/api/staff/login/", {"username": username, "password": username})
            if reply.status != 200:
                raise RefusedError(f"{username} cannot log in: status {reply.status}")
            self._tokens[username] = reply.body["token"]
        return self._tokens[username]

    def staff_headers(self, username: str = "manager") -> dict[str, str]:
        return {"Authorization": f"Token {self.staff_token(username)}"}

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
        """The private channel of the booking."""
        return f"private-guest-booking.{self.booking_id}"

    def booking(self) -> Reply:
        """What the guest sees of the booking."""
        path = f"/api/public/hotel/{HOTEL}/room-bookings/{self.booking_id}/"
        return self.server.call("GET", path, guest_token=self.token)

    def context(self) -> Reply:
        return self.server.call("GET", "/api/guest/context/", guest_token=self.token)


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
