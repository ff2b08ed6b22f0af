"""The server in a dialect, as a frontend that knows nothing else meets it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from contract.dialect import Dialect, parse_dialect
from contract.operations import operations
from contract.pusher.signatures import channel_auth
from contract.schema_store import schema_store
from reference_server.app import DEFAULT_APP, Settings, make_app
from reference_server.chaos.plan import parse_plan
from tests.server.dialects import FILES, document

ODD = document("everything-odd")
STAYS = "/v3/grand-demo/stays"


@dataclass
class Frontend:
    """A frontend of the odd backend."""

    client: TestClient
    token: str = ""

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        sent = ({"X-Auth-Token": self.token} if self.token else {}) | headers
        reply = await self.client.request(method, path, json=body, headers=sent)
        return reply.status, await reply.json()

    async def login(self, name: str = "manager") -> None:
        status, reply = await self.call("POST", "/v3/sessions", {"login": name, "secret": name})
        assert (status, reply["success"]) == (200, True), reply
        self.token = reply["result"]["access"]["token"]

    async def arrival(self) -> dict[str, Any]:
        _, reply = await self.call("GET", f"{STAYS}?bucket=arrivals&page_size=100")
        return next(one for one in reply["result"]["results"] if one["flags"]["can_check_in"])

    async def arrange(self, state: str, **params: Any) -> dict[str, Any]:
        wanted = {"action": "arrange", "run": "speech", "states": [{"state": state, "params": params}]}
        _, reply = await self.call("POST", "/_staycheck/states", wanted)
        bindings: dict[str, Any] = reply["results"][0]["bindings"]
        return bindings

    async def listen(self, *channels: str, **auths: str) -> Callable[[], Awaitable[tuple[str, str, Any]]]:
        """Subscribe, then wait for event after event: channel, name, data."""
        socket, _ = await self.connect()
        for channel in channels:
            assert await subscribe(socket, channel) == "pusher_internal:subscription_succeeded"
        return next_event(socket)

    async def connect(self) -> tuple[aiohttp.ClientWebSocketResponse, str]:
        socket = await self.client.ws_connect("/app/staycheck?protocol=7&client=test&version=1.0")
        established = await socket.receive_json(timeout=5)
        return socket, json.loads(established["data"])["socket_id"]


async def subscribe(socket: aiohttp.ClientWebSocketResponse, channel: str, **more: str) -> str:
    await socket.send_json({"event": "pusher:subscribe", "data": {"channel": channel, **more}})
    answer: str = (await socket.receive_json(timeout=5))["event"]
    return answer


def next_event(socket: aiohttp.ClientWebSocketResponse) -> Callable[[], Awaitable[tuple[str, str, Any]]]:
    async def wait() -> tuple[str, str, Any]:
        frame = await socket.receive_json(timeout=5)
        return frame["channel"], frame["event"], json.loads(frame["data"])

    return wait


@asynccontextmanager
async def served(dialect: dict[str, Any], **settings: Any) -> AsyncIterator[Frontend]:
    app = make_app(replace(Settings(dialect=dialect, check_replies=True), **settings))
    async with TestClient(TestServer(app)) as client:
        yield Frontend(client)


@pytest.fixture
async def odd() -> AsyncIterator[Frontend]:
    async with served(ODD) as frontend:
        await frontend.login()
        yield frontend


async def test_a_stay_in_other_words_with_its_events_on_other_channels(odd: Frontend) -> None:
    heard = await odd.listen("hotel-1-rooms", "grand-demo.room-bookings")
    booking = await odd.arrival()
    reference, number = booking["reference"], booking["room_number"]
    status, reply = await odd.call("PUT", f"{STAYS}/{reference}/arrival")
    assert (status, reply["success"], reply["result"]["reference"]) == (200, True, reference)
    assert reply["result"]["stay_key"]
    events = {name: (channel, data) for channel, name, data in [await heard() for _ in range(3)]}
    channel, data = events["room_updated"]
    assert channel == "hotel-1-rooms"
    assert (data["kind"], data["topic"], data["label"]["number"]) == ("room_updated", "rooms", number)
    assert (data["state"], "payload" in data, "event_type" in data) == ("OCCUPIED", False, False)
    assert {"state", "people"} <= set(data["changed_fields"])
    assert {"id", "at", "hotel_slug", "scope"} == set(data["about"])
    channel, data = events["occupancy.changed"]
    assert (channel, data["topic"], data["kind"]) == ("hotel-1-rooms", "occupancy", "occupancy.changed")
    assert data["current_booking"]["reference"] == reference
    channel, data = events["stay.began"]
    assert (channel, data["topic"], data["reference"]) == (
        "grand-demo.room-bookings",
        "room_booking",
        reference,
    )

    status, reply = await odd.call("PATCH", f"{STAYS}/{reference}/departure")
    assert (status, reply["result"]["status"]) == (200, "COMPLETED")
    status, reply = await odd.call(
        "PATCH", f"/v3/grand-demo/rooms/number-{number}/status", {"state": "CLEANING_IN_PROGRESS"}
    )
    assert (status, reply["result"]["room"]["state"]) == (200, "CLEANING_IN_PROGRESS")


async def test_a_guest_listens_to_the_private_channel_through_the_dialects_own_door(odd: Frontend) -> None:
    booking = await odd.arrange("booking ready for check-in")
    channel = f"private-stay-{booking['booking_id']}"
    socket, socket_id = await odd.connect()
    form = {"socket_id": socket_id, "channel_name": channel}
    asked = {"headers": {"X-Auth-Token": f"Stay {booking['guest_token']}"}}
    signed = await odd.client.post("/v3/realtime/signatures", data=form, **asked)
    assert signed.status == 200, await signed.text()
    auth = (await signed.json())["auth"]  # no wrapper: it is Pusher's own client that reads it
    assert auth == channel_auth(DEFAULT_APP.key, DEFAULT_APP.secret, socket_id, channel)
    as_json = await odd.client.post("/v3/realtime/signatures", json=form, **asked)
    assert await as_json.json() == {"auth": auth}
    assert await subscribe(socket, channel, auth=auth) == "pusher_internal:subscription_succeeded"
    status, _ = await odd.call("PUT", f"{STAYS}/{booking['booking_id']}/arrival")
    assert status == 200
    name, data = (await next_event(socket)())[1:]
    assert (name, data["kind"], data["reference"]) == ("stay.began", "stay.began", booking["booking_id"])


@pytest.mark.parametrize(
    ("channel", "scheme", "status"),
    [
        ("private-stay-BK-0", "Stay {guest_token}", 403),
        (
            "private-guest-booking.{booking_id}",
            "Stay {guest_token}",
            403,
        ),  # the contract's name is nobody's here
        ("private-stay-{booking_id}", "GuestToken {guest_token}", 401),
        ("private-stay-{booking_id}", "Stay nobodys", 403),
    ],
)
async def test_a_channel_is_not_signed_in_the_wrong_words(
    odd: Frontend, channel: str, scheme: str, status: int
) -> None:
    booking = await odd.arrange("booking ready for check-in")
    wanted = {"socket_id": "1.2", "channel_name": channel.format(**booking)}
    header = {"X-Auth-Token": scheme.format(**booking)}
    refused, reply = await odd.call("POST", "/v3/realtime/signatures", wanted, **header)
    assert (refused, reply["success"], set(reply["problem"])) == (status, False, {"code", "message"})


async def test_refusals_have_the_dialects_shape_and_name_its_header(odd: Frontend) -> None:
    status, reply = await odd.call("PUT", f"{STAYS}/BK-0/arrival")
    assert (status, reply["success"], reply["problem"]["code"]) == (404, False, "BOOKING_NOT_FOUND")
    odd.token = ""
    status, reply = await odd.call("GET", STAYS)
    assert (status, reply["problem"]["code"]) == (401, "NOT_AUTHENTICATED")
    assert "X-Auth-Token: <token>" in reply["problem"]["message"]
    await odd.login("housekeeper")
    status, reply = await odd.call("PUT", f"{STAYS}/BK-0/arrival")
    assert (status, reply["problem"]["code"]) == (403, "PERMISSION_DENIED")


async def test_only_the_dialects_credentials_open_the_door(odd: Frontend) -> None:
    token, odd.token = odd.token, ""
    for header in ({"Authorization": f"Token {token}"}, {"X-Auth-Token": f"Token {token}"}):
        status, _ = await odd.call("GET", STAYS, **header)
        assert status == 401, header


async def test_the_contracts_own_paths_are_gone_and_say_where_they_are(odd: Frontend) -> None:
    status, reply = await odd.call("POST", "/api/staff/hotel/grand-demo/room-bookings/BK-0/check-in/")
    assert (status, reply["problem"]["code"]) == (404, "NOT_FOUND")
    assert "checkIn is PUT /v3/{hotel_slug}/stays/{booking_id}/arrival" in reply["problem"]["message"]
    reply = await odd.client.post(f"{STAYS}/BK-0/arrival")
    assert (reply.status, reply.headers["Allow"]) == (405, "PUT")
    assert (await reply.json())["problem"]["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("body", ['{"room": ', "[]", '{"room": {"id": "\\ud800"}}', '{"room_id": 1}'])
async def test_a_body_that_is_wrong_is_refused_in_the_dialects_words(odd: Frontend, body: str) -> None:
    booking = await odd.arrange("booking without a room")
    headers = {"X-Auth-Token": odd.token}
    reply = await odd.client.put(f"{STAYS}/{booking['booking_id']}/room", data=body, headers=headers)
    assert (reply.status, (await reply.json())["problem"]["code"]) == (400, "INVALID_INPUT")


async def test_a_refusal_names_the_fields_that_the_caller_knows(odd: Frontend) -> None:
    room = await odd.arrange("room in status", room_status="CHECKOUT_DIRTY")
    path = f"/v3/grand-demo/rooms/number-{room['room_number']}/status"
    status, reply = await odd.call("PATCH", path, {})
    assert (status, reply["problem"]["message"]) == (400, "state is missing")
    assert reply["problem"]["details"]["problems"] == [{"pointer": "/state", "message": "state is missing"}]
    status, reply = await odd.call("PATCH", path, {"to_status": "CLEANING_IN_PROGRESS"})
    assert status == 400
    assert "to_status is not allowed here; did you mean state?" in reply["problem"]["message"]
    booking = await odd.arrange("booking without a room")
    status, reply = await odd.call("PUT", f"{STAYS}/{booking['booking_id']}/room", {"room": {"id": "x"}})
    assert [one["pointer"] for one in reply["problem"]["details"]["problems"]] == ["/room/id"]


async def test_a_body_that_is_too_large_is_refused_before_it_is_read_whole(odd: Frontend) -> None:
    reply = await odd.client.put(f"{STAYS}/BK-0/room", data=b" " * 300_000)
    assert (reply.status, (await reply.json())["problem"]["code"]) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_room_is_found_by_the_other_of_its_two_names(odd: Frontend) -> None:
    room = await odd.arrange("room in status", room_status="CHECKOUT_DIRTY")
    number, room_id = room["room_number"], room["room_id"]
    status, reply = await odd.call("GET", f"/v3/grand-demo/rooms/{room_id}")
    assert (status, reply["result"]["label"]["number"]) == (200, number)
    status, reply = await odd.call("GET", f"/v3/grand-demo/rooms/number-{number}/status")
    assert (status, reply["result"]["room"]["id"]) == (200, room_id)
    other = await odd.arrange("room of another hotel", room_status="CHECKOUT_DIRTY")
    for path in (
        f"rooms/{other['room_id']}", "rooms/999999", "rooms/x", "rooms/0", "rooms/99999999999999999999",
        f"rooms/number-{other['room_number']}/status", "rooms/number-no/status", "rooms/number-99999/status",
    ):  # fmt: skip
        status, reply = await odd.call("GET", f"/v3/grand-demo/{path}")
        assert (status, reply["problem"]["code"]) == (404, "ROOM_NOT_FOUND"), path
    status, reply = await odd.call("GET", f"/v3/no-such-hotel/rooms/{room_id}")
    assert (status, reply["problem"]["code"]) == (403, "HOTEL_MISMATCH")


async def test_the_next_page_is_where_the_dialect_has_it(odd: Frontend) -> None:
    _, reply = await odd.call("GET", f"{STAYS}?page_size=1")
    assert reply["result"]["next"].startswith(f"{STAYS}?")
    status, following = await odd.call("GET", reply["result"]["next"])
    assert status == 200
    assert following["result"]["results"] != reply["result"]["results"]


async def test_a_page_of_another_origin_may_use_the_dialects_methods_and_header(odd: Frontend) -> None:
    origin = {"Origin": "https://frontend.example", "Access-Control-Request-Method": "PUT"}
    reply = await odd.client.options(f"{STAYS}/BK-0/arrival", headers=origin)
    assert reply.status == 204
    assert reply.headers["Access-Control-Allow-Methods"] == "DELETE, GET, PATCH, POST, PUT, OPTIONS"
    assert "x-auth-token" in reply.headers["Access-Control-Allow-Headers"].split(", ")
    reply = await odd.client.get(STAYS, headers={"Origin": "https://frontend.example"})
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (401, "*")


async def test_the_control_surface_stays_as_it_is_and_the_board_says_why_it_is_not_there(
    odd: Frontend,
) -> None:
    status, target = await odd.call("GET", "/_staycheck/target.json")
    assert (status, target["dialect"]) == (200, ODD)
    schema_store().require("files/target.schema.json", target)
    status, reply = await odd.call("POST", "/_staycheck/states", {})
    assert (status, reply["error"]["code"]) == (400, "INVALID_INPUT")
    page = await odd.client.get("/")
    assert page.status == 404
    assert "dialect everything-odd" in await page.text()


async def test_a_hotel_that_is_arranged_later_has_its_channel_too_also_after_a_reset(odd: Frontend) -> None:
    """Its id is known only when its first event goes out, and is another hotel's when all has begun anew."""
    for at in ("early", "late"):
        await odd.login()
        booking = await odd.arrange("booking at the edge of its arrival window", edge=at)
        assert booking["hotel_slug"] != "grand-demo"
        channel = f"hotel-{booking['hotel_id']}-rooms"
        heard = await odd.listen(channel, f"{booking['hotel_slug']}.room-bookings")
        status, _ = await odd.call(
            "PUT", f"/v3/{booking['hotel_slug']}/stays/{booking['booking_id']}/arrival"
        )
        assert status == 200
        told = [await heard() for _ in range(3)]
        assert [one[0] for one in told].count(channel) == 2
        status, _ = await odd.call("POST", "/_staycheck/reset", {})
        assert status == 200


async def test_chaos_chooses_by_the_contracts_words_and_answers_in_the_dialects() -> None:
    plan = parse_plan(
        {
            "rules": [
                {
                    "on": {"operation": "checkIn", "actor": "staff"},
                    "do": {"status": {"code": 503}},
                    "times": 1,
                },
                {
                    "on": {"channel": "grand-demo.rooms", "event": "room_updated"},
                    "do": {"duplicate": {}},
                    "times": 1,
                },
                {"on": {"channel": "staff", "event": "booking_checked_out"}, "do": {"close": {"code": 4200}}},
            ]
        }
    )
    async with served(ODD, chaos=plan) as odd:
        await odd.login()
        booking = await odd.arrival()
        heard = await odd.listen("hotel-1-rooms")
        path = f"{STAYS}/{booking['reference']}"
        status, reply = await odd.call("PUT", f"{path}/arrival")
        assert (status, reply["success"], set(reply["problem"])) == (503, False, {"code", "message"})
        status, _ = await odd.call("PUT", f"{path}/arrival")
        assert status == 200
        told = [await heard() for _ in range(3)]
        updates = [data["about"]["id"] for _, name, data in told if name == "room_updated"]
        assert len(updates) == 2
        assert len(set(updates)) == 1
        socket, _ = await odd.connect()
        await subscribe(socket, "grand-demo.room-bookings")
        await odd.call("PATCH", f"{path}/departure")
        while (frame := await socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
            assert json.loads(frame.data)["event"] != "booking_checked_out"
        assert (
            socket.close_code == 4200
        )  # the plan's channel is the contract's, the client's name for it another


@pytest.mark.parametrize("name", FILES)
async def test_every_read_in_every_dialect_is_read_back_as_the_contract_has_it(name: str) -> None:
    """The answers of the server, which checks them against their schemas before they are spoken, fit the same schemas again."""
    words = parse_dialect(document(name))
    async with served(document(name)) as frontend:
        booking = await frontend.arrange("in-house booking")
        staff = await _token(frontend, words)
        for one in operations().values():
            if one.method != "GET":
                continue
            guest = one.security == "guest"
            path = words.to_wire_path(one.id, booking)
            headers = words.auth.credentials(booking["guest_token"] if guest else staff, guest=guest)
            reply = await frontend.client.request(words.to_wire_method(one.id), path, headers=headers)
            said = await reply.json()
            read = words.to_canonical_reply(one.id, reply.status, said)
            assert reply.status == 200, (one.id, said)
            assert schema_store().problems(one.reply_schemas[200], read) == [], one.id


async def _token(frontend: Frontend, words: Dialect) -> str:
    body = words.to_wire_request("staffLogin", {"username": "manager", "password": "manager"})
    path = words.to_wire_path("staffLogin", {})
    reply = await frontend.client.request(words.to_wire_method("staffLogin"), path, json=body)
    token: str = words.to_canonical_reply("staffLogin", 200, await reply.json())["token"]
    return token
