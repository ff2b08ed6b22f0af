"""The official Node clients against the endpoint: pusher-js subscribes, the server library triggers."""

from __future__ import annotations

from typing import Any

import pytest

from contract.pusher.errors import ReconnectNowError
from tests.pusher.support import APP, Endpoint, NodeProcess, RunNode

pytestmark = pytest.mark.node

ROOMS = "grand-demo.rooms"
GUEST = "private-guest-booking.BK-2026-0001"


async def subscriber(run_node: RunNode, endpoint: Endpoint, *channels: str, **more: str) -> NodeProcess:
    config = {"host": endpoint.host, "port": endpoint.port, "key": APP.key, "channels": channels} | more
    return await run_node("subscribe.mjs", config)


async def trigger(
    run_node: RunNode, endpoint: Endpoint, *calls: list[Any], **more: str
) -> list[dict[str, Any]]:
    config = {
        "host": endpoint.host,
        "port": str(endpoint.port),
        "appId": APP.id,
        "key": APP.key,
        "secret": APP.secret,
        "calls": calls,
    }
    process = await run_node("trigger.mjs", config | more)
    return [await process.next("answer") for _ in calls]


async def test_node_triggers_and_pusher_js_receives_in_order(run_node: RunNode, endpoint: Endpoint) -> None:
    js = await subscriber(run_node, endpoint, ROOMS)
    await js.next("subscribed")
    batch = [{"channel": ROOMS, "name": "room_updated", "data": {"n": n}} for n in range(1, 4)]
    answers = await trigger(
        run_node,
        endpoint,
        ["trigger", ROOMS, "room_updated", {"n": 0, "guest": "Zoë"}],
        ["triggerBatch", batch],
        ["trigger", [ROOMS, "other"], "room_updated", {"n": 4}, {"info": "subscription_count"}],
        ["get", {"path": "/channels", "params": {"filter_by_prefix": "grand-"}}],
    )
    assert [answer["status"] for answer in answers] == [200] * 4
    assert answers[2]["body"] == {
        "channels": {ROOMS: {"subscription_count": 1}, "other": {"subscription_count": 0}}
    }
    assert answers[3]["body"] == {"channels": {ROOMS: {}}}
    received = [await js.next("event") for _ in range(5)]
    assert [event["data"]["n"] for event in received] == [0, 1, 2, 3, 4]
    assert received[0] == {
        "type": "event",
        "channel": ROOMS,
        "event": "room_updated",
        "data": {"n": 0, "guest": "Zoë"},
    }


async def test_pusher_js_subscribes_to_a_private_channel_through_an_auth_endpoint(
    run_node: RunNode, endpoint: Endpoint
) -> None:
    js = await subscriber(run_node, endpoint, GUEST, "private-forbidden", authEndpoint=endpoint.url("/auth"))
    answers = [await js.next("subscribed"), await js.next("refused")]
    assert [answer["channel"] for answer in answers] == [GUEST, "private-forbidden"]
    assert answers[1]["status"] == 403
    endpoint.hub.publish(GUEST, "booking_checked_in", '{"status":"CONFIRMED"}')
    assert (await js.next("event"))["data"] == {"status": "CONFIRMED"}


async def test_pusher_js_signs_with_a_custom_handler(run_node: RunNode, endpoint: Endpoint) -> None:
    js = await subscriber(run_node, endpoint, GUEST, signWithSecret=APP.secret)
    assert (await js.next("subscribed"))["channel"] == GUEST


async def test_pusher_js_is_told_of_a_wrong_signature_and_stays_connected(
    run_node: RunNode, endpoint: Endpoint
) -> None:
    js = await subscriber(run_node, endpoint, GUEST, ROOMS, signWithSecret="another secret")
    assert (await js.next("error"))["error"]["code"] == 4009
    assert (await js.next("subscribed"))["channel"] == ROOMS


async def test_the_sender_is_excluded(run_node: RunNode, endpoint: Endpoint) -> None:
    js = await subscriber(run_node, endpoint, ROOMS)
    socket_id = (await js.next("connected"))["socketId"]
    await js.next("subscribed")
    await trigger(
        run_node,
        endpoint,
        ["trigger", ROOMS, "mine", {}, {"socket_id": socket_id}],
        ["trigger", ROOMS, "theirs", {}],
    )
    assert (await js.next("event"))["event"] == "theirs"


async def test_pusher_js_gives_up_on_an_unknown_app(run_node: RunNode, endpoint: Endpoint) -> None:
    js = await subscriber(run_node, endpoint, ROOMS, key="nobody")
    assert (await js.next("error"))["error"]["code"] == 4001


async def test_pusher_js_reconnects_after_4200(run_node: RunNode, endpoint: Endpoint) -> None:
    js = await subscriber(run_node, endpoint, ROOMS)
    first = (await js.next("connected"))["socketId"]
    await js.next("subscribed")
    assert endpoint.hub.close_client(first, ReconnectNowError())
    second = (await js.next("connected"))["socketId"]
    assert second != first
    await js.next("subscribed")
    endpoint.hub.publish(ROOMS, "room_updated", "{}")
    await js.next("event")


@pytest.mark.parametrize(
    ("more", "data", "status"), [({"secret": "wrong"}, "x", 401), ({}, "x" * 10_241, 413)]
)
async def test_the_node_library_is_told_why_it_is_refused(
    run_node: RunNode, endpoint: Endpoint, more: dict[str, str], data: str, status: int
) -> None:
    (answer,) = await trigger(run_node, endpoint, ["trigger", ROOMS, "n", data], **more)
    assert answer["status"] == status
    assert isinstance(answer["body"], str)
    assert answer["body"]
