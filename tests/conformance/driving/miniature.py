"""A hotel in two hundred lines: enough of an honest backend to drive, with a few switches to lie by.

It arranges bookings ready for check-in, rooms and the fence, checks in and out, publishes to a Pusher REST endpoint after its
"commit" (the moment its dictionaries change), and answers reads. It knows nothing of the reference server.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from contract.pusher.signatures import sign_request

KEY, SECRET, APP = "staycheck", "staycheck-secret", "1001"
SLUG, HOTEL = "mini", 7
STAFF = {"manager": "a-long-password-1", "front_desk": "a-long-password-2"}
S = "/api/staff/hotel/{slug}"


class Miniature:
    """`lie` names the promise it breaks; `sink` is the base URL of the REST endpoint it publishes to."""

    def __init__(self, *, lie: str = "", one_worker: bool = False) -> None:
        self.lie, self.sink = lie, ""
        self.bookings: dict[str, dict[str, Any]] = {}
        self.rooms: dict[int, dict[str, Any]] = {}
        self.tokens: dict[str, str] = {}
        self.torn_down: list[str] = []
        self.calls: list[str] = []
        self._ids = itertools.count(1)
        self._worker = asyncio.Lock() if one_worker else None
        self._session: aiohttp.ClientSession | None = None
        self._held: dict[str, list[bytes]] = {}
        self._retries: set[asyncio.Task[None]] = set()

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._log])
        app.router.add_post("/api/staff/login/", self._login)
        app.router.add_post("/_staycheck/states", self._states)
        app.router.add_post("/_staycheck/probes", self._probes)
        app.router.add_post(f"{S}/room-bookings/{{booking}}/check-in/", self._check_in)
        app.router.add_post(f"{S}/room-bookings/{{booking}}/check-out/", self._check_out)
        app.router.add_post(f"{S}/room-bookings/{{booking}}/safe-assign-room/", self._assign)
        app.router.add_post(f"{S}/room-bookings/{{booking}}/unassign-room/", self._assign)
        app.router.add_post(f"{S}/housekeeping/rooms/{{room}}/status/", self._set_status)
        app.router.add_get(f"{S}/room-bookings/{{booking}}/", self._booking)
        app.router.add_get(f"{S}/room-management/{{number}}/", self._room)
        app.on_startup.append(self._start)
        app.on_cleanup.append(self._stop)
        return app

    async def _start(self, _: web.Application) -> None:
        self._session = aiohttp.ClientSession()

    async def _stop(self, _: web.Application) -> None:
        for task in self._retries:
            task.cancel()
        await asyncio.gather(*self._retries, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    @web.middleware
    async def _log(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.calls.append(f"{request.method} {request.path}")
        if self._worker is None or request.path.startswith("/_staycheck"):
            return await handler(request)  # type: ignore[no-any-return]
        async with self._worker:
            return await handler(request)  # type: ignore[no-any-return]

    async def _login(self, request: web.Request) -> web.Response:
        given = await request.json()
        if STAFF.get(given["username"]) != given["password"]:
            return _refuse(401, "NOT_AUTHENTICATED")
        return web.json_response({"token": f"staff-token-of-{given['username']}"})

    async def _states(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked["action"] == "teardown":
            self.torn_down.append(asked["run"])
            return web.json_response({"results": []})
        return web.json_response(
            {"results": [self._arrange(one["state"], one["params"]) for one in asked["states"]]}
        )

    async def _probes(self, request: web.Request) -> web.Response:
        """The one probe it offers; the rest is left out."""
        asked = [one["probe"] for one in (await request.json())["probes"]]
        state = {"guest_fcm_token_set": False}
        return web.json_response(
            {"results": [{"probe": one, "state": state} for one in asked if one == "device"]}
        )

    def _arrange(self, state: str, params: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {"hotel_slug": SLUG, "hotel_id": HOTEL}
        if state not in ("booking ready for check-in", "room in status", "fence"):
            return {"state": state, "unsupported": "the miniature has no such state"}
        status = {"fence": "CHECKOUT_DIRTY"}.get(state, params.get("room_status", "READY_FOR_GUEST"))
        room = self._new_room(status)
        found |= {"room_id": room["id"], "room_number": room["room_number"]}
        if state == "fence":
            free = self._new_room("READY_FOR_GUEST")
            found |= {"free_room_id": free["id"], "free_room_number": free["room_number"]}
        if state != "room in status":
            token = secrets.token_urlsafe(24)
            booking = {"booking_id": f"BK-{next(self._ids)}", "checked_in_at": None, "checked_out_at": None}
            self._put_in(booking, None if state == "fence" else room["id"])
            self.bookings[booking["booking_id"]] = booking
            self.tokens[token] = booking["booking_id"]
            found |= {"booking_id": booking["booking_id"], "guest_token": token}
        return {"state": state, "bindings": found}

    def _put_in(self, booking: dict[str, Any], room_id: int | None) -> None:
        booking["room_id"] = room_id
        number = self.rooms[room_id]["room_number"] if room_id is not None else None
        booking["room"] = None if number is None else {"room_id": room_id, "room_number": number}

    def _new_room(self, status: str) -> dict[str, Any]:
        number = next(self._ids)
        room = {"id": number, "room_id": number, "room_number": 100 + number, "room_status": status}
        self.rooms[number] = room
        return room

    async def _check_in(self, request: web.Request) -> web.Response:
        booking = self._mine(request)
        if isinstance(booking, web.Response):
            return booking
        if self.lie == "html":
            return web.Response(status=500, text="<html>Oops</html>", content_type="text/html")
        if booking["checked_in_at"]:
            return web.json_response({**booking, "guest_token": None})
        room = self.rooms[booking["room_id"]]
        if self.lie == "publish before commit":
            await self._publish_stay("booking_checked_in", {**booking, "checked_in_at": "now"}, room)
        booking["checked_in_at"], room["room_status"] = "now", "OCCUPIED"
        if self.lie != "publish before commit":
            await self._publish_stay("booking_checked_in", booking, room)
        return web.json_response({**booking, "guest_token": secrets.token_urlsafe(24)})

    async def _check_out(self, request: web.Request) -> web.Response:
        booking = self._mine(request)
        if isinstance(booking, web.Response):
            return booking
        if not booking["checked_in_at"]:
            return _refuse(400, "NOT_CHECKED_IN")
        if not booking["checked_out_at"]:
            room = self.rooms[booking["room_id"]]
            booking["checked_out_at"], room["room_status"] = "now", "CHECKOUT_DIRTY"
            await self._publish_stay("booking_checked_out", booking, room)
        return web.json_response(booking)

    async def _assign(self, request: web.Request) -> web.Response:
        booking = self._mine(request)
        if isinstance(booking, web.Response):
            return booking
        body = await request.json() if request.can_read_body else {}
        self._put_in(booking, body.get("room_id"))
        await self._publish(
            f"staff-hotel-{HOTEL}", "booking_updated", booking, {"booking_id": booking["booking_id"]}
        )
        return web.json_response(booking)

    async def _set_status(self, request: web.Request) -> web.Response:
        room = self.rooms[int(request.match_info["room"])]
        room["room_status"] = (await request.json())["to_status"]
        if self.lie != "silent rooms":
            await self._publish_room("room_updated", room)
        return web.json_response({"room": room})

    async def _booking(self, request: web.Request) -> web.Response:
        booking = self._mine(request)
        return booking if isinstance(booking, web.Response) else web.json_response(booking)

    async def _room(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        return web.json_response(next(room for room in self.rooms.values() if room["room_number"] == number))

    def _mine(self, request: web.Request) -> dict[str, Any] | web.Response:
        if not request.headers.get("Authorization", "").startswith("Token staff-token-of-"):
            return _refuse(401, "NOT_AUTHENTICATED")
        return self.bookings.get(request.match_info["booking"]) or _refuse(404, "BOOKING_NOT_FOUND")

    async def _publish_stay(self, name: str, booking: dict[str, Any], room: dict[str, Any]) -> None:
        scope = {"booking_id": booking["booking_id"]}
        await self._publish(f"staff-hotel-{HOTEL}", name, booking, scope)
        await self._publish_room("room_occupancy_updated", room)
        await self._publish_room("room_updated", room)
        await self._publish(f"private-guest-booking.{booking['booking_id']}", name, booking, scope)

    async def _publish_room(self, name: str, room: dict[str, Any]) -> None:
        await self._publish(
            f"{SLUG}.rooms", name, room, {"room_id": room["id"], "room_number": room["room_number"]}
        )

    async def _publish(self, channel: str, name: str, payload: Any, scope: Any) -> None:
        if not self.sink or self._session is None:
            return
        meta = {"event_id": f"e-{next(self._ids)}", "hotel_slug": SLUG, "scope": scope}
        data = json.dumps({"event_type": name, "type": name, "payload": payload, "meta": meta})
        body = json.dumps({"name": name, "channels": [channel], "data": data}).encode()
        if channel in self._held:
            self._held[channel].append(body)
        elif not await self._send(body):
            if self.lie == "fails with its publish":
                raise web.HTTPInternalServerError
            if self.lie != "forgets what is refused":
                self._held[channel] = [body]
                task = asyncio.create_task(self._send_held(channel))
                self._retries.add(task)
                task.add_done_callback(self._retries.discard)

    async def _send_held(self, channel: str) -> None:
        """Until everything held back is taken, oldest first."""
        while self._held[channel]:
            if self.lie == "sends the newest first":
                self._held[channel].reverse()
            if await self._send(self._held[channel][0]):
                del self._held[channel][0]
            else:
                await asyncio.sleep(0.05)  # the pause between two tries
        del self._held[channel]

    async def _send(self, body: bytes) -> bool:
        """Whether the endpoint took it."""
        assert self._session is not None
        secret = "not the secret" if self.lie == "wrong signature" else SECRET
        path = f"/apps/{APP}/events"
        query = sign_request("POST", path, {}, body, key=KEY, secret=secret, now=time.time())
        try:
            async with self._session.post(self.sink + path, params=query, data=body) as reply:
                await reply.read()
                return reply.status in (200, 401)  # who signs wrongly need not try again
        except aiohttp.ClientError:
            return False


def _refuse(status: int, code: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": code}}, status=status)


@asynccontextmanager
async def serving(miniature: Miniature, prefix: str = "") -> AsyncIterator[str]:
    """The base URL of the miniature, which stands at `prefix` of its host, for as long as it is open."""
    own = miniature.app()
    host = web.Application() if prefix else own
    if prefix:
        host.add_subapp(prefix, own)
    async with TestServer(host) as server:
        yield str(server.make_url("")).rstrip("/") + prefix
