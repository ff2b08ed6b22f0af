"""pusher-js against the mock in a dialect: the channel names, the auth path and the header are the dialect's."""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from reference_server.app import DEFAULT_APP, Settings, make_app
from tests.pusher.support import RunNode
from tests.server.dialects import document

pytestmark = pytest.mark.node


async def test_pusher_js_hears_the_rooms_and_a_guest_in_the_dialect(run_node: RunNode) -> None:
    app = make_app(Settings(dialect=document("innkeeper")))
    async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("/")) as session:
        state = {"state": "booking ready for check-in", "params": {}}
        wanted = {"action": "arrange", "run": "js", "states": [state]}
        reply = await session.post("/_staycheck/states", json=wanted)
        booking = (await reply.json())["results"][0]["bindings"]
        guest = f"private-stay-{booking['booking_id']}"
        js = await run_node(
            "subscribe.mjs",
            {
                "host": server.host,
                "port": server.port,
                "key": DEFAULT_APP.key,
                "channels": ["grand-demo.rooms", "grand-demo.room-bookings", guest],
                "authEndpoint": str(server.make_url("/api/v2/channel-authorizations/")),
                "authHeaders": {"Authorization": f"Guest {booking['guest_token']}"},
            },
        )
        subscribed = {(await js.next("subscribed"))["channel"] for _ in range(3)}
        assert subscribed == {"grand-demo.rooms", "grand-demo.room-bookings", guest}

        login = await session.post(
            "/api/v2/sessions/", json={"username": "frontdesk", "password": "frontdesk"}
        )
        token = (await login.json())["session"]["access_token"]
        path = f"/api/v2/hotels/grand-demo/bookings/{booking['booking_id']}/check-ins/"
        answer = await session.post(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 200, await answer.text()
        portal_token = (await answer.json())["portal_token"]

        events = [await js.next("event") for _ in range(4)]
        told = {(event["channel"], event["event"]): event["data"] for event in events}
        occupancy = told["grand-demo.rooms", "room_occupancy_updated"]
        assert (occupancy["category"], occupancy["type"]) == ("room_occupancy", "room_occupancy_updated")
        assert occupancy["payload"]["number"] == booking["room_number"]
        assert told["grand-demo.rooms", "room_updated"]["payload"]["status"] == "OCCUPIED"
        staff = told["grand-demo.room-bookings", "booking_checked_in"]
        assert staff["payload"]["stay"]["arrives_on"]
        mine = told[guest, "booking_checked_in"]
        assert mine["payload"]["reference"] == booking["booking_id"]
        assert mine["payload"]["portal_token"] == portal_token
