"""The official Node clients on presence, cache and encrypted channels, with client events, sign-in and webhooks."""

from __future__ import annotations

from typing import Any

import pytest

from contract.pusher.settings import AppSettings
from contract.pusher.webhooks import Happening, webhook_request
from tests.pusher.support import APP, Endpoint, NodeProcess, RunNode, StartEndpoint, library
from tests.pusher.test_pusher_node import subscriber, trigger

pytestmark = pytest.mark.node
LOBBY = "presence-lobby"


async def present(run_node: RunNode, endpoint: Endpoint, user: str, *channels: str) -> NodeProcess:
    auth = endpoint.url(f"/auth?user={user}")
    return await subscriber(run_node, endpoint, *(channels or (LOBBY,)), authEndpoint=auth)


async def test_pusher_js_sees_who_is_present_who_comes_and_who_goes(
    run_node: RunNode, endpoint: Endpoint
) -> None:
    ada = await present(run_node, endpoint, "ada")
    first = await ada.next("subscribed")
    assert (first["me"], first["count"]) == ("ada", 1)
    bob = await present(run_node, endpoint, "bob")
    second = await bob.next("subscribed")
    assert (second["me"], second["count"], sorted(second["members"])) == ("bob", 2, ["ada", "bob"])
    assert second["members"]["ada"] == {"name": "Zoë ada"}
    assert (await ada.next("member added"))["member"] == {"id": "bob", "info": {"name": "Zoë bob"}}
    assert await library(endpoint, lambda p: p.users_info(LOBBY)) == {"users": [{"id": "ada"}, {"id": "bob"}]}
    await bob.do(do="unsubscribe", channel=LOBBY)
    assert (await ada.next("member removed"))["member"]["id"] == "bob"
    await ada.do(do="members", channel=LOBBY)
    assert (await ada.next("members"))["count"] == 1


async def test_a_second_window_of_one_user_is_no_second_member(run_node: RunNode, endpoint: Endpoint) -> None:
    ada = await present(run_node, endpoint, "ada")
    await ada.next("subscribed")
    windows = [await present(run_node, endpoint, "bob") for _ in range(2)]
    for window in windows:
        assert (await window.next("subscribed"))["count"] == 2
    await ada.next("member added")
    await windows[0].do(do="unsubscribe", channel=LOBBY)
    cid = await present(run_node, endpoint, "cid")
    assert (await cid.next("subscribed"))["count"] == 3
    assert (await ada.next("member added"))["member"]["id"] == "cid"
    await windows[1].do(do="unsubscribe", channel=LOBBY)
    assert (await ada.next("member removed"))["member"]["id"] == "bob"


async def test_client_events_reach_the_others_with_the_sender_and_never_come_back(
    run_node: RunNode, endpoint: Endpoint
) -> None:
    ada, bob = [await present(run_node, endpoint, user) for user in ("ada", "bob")]
    for one in (ada, bob):
        await one.next("subscribed")
    await ada.do(do="trigger", channel=LOBBY, event="client-typing", data={"text": "Zoë"})
    heard = await bob.next("typing")
    assert (heard["data"], heard["user_id"]) == ({"text": "Zoë"}, "ada")
    endpoint.hub.publish(LOBBY, "fence", "{}")
    assert (await ada.next("event"))["event"] == "fence"


async def test_the_eleventh_client_event_of_a_second_is_4301_and_the_connection_stays(
    run_node: RunNode, endpoint: Endpoint
) -> None:
    ada = await present(run_node, endpoint, "ada", "private-a")
    await ada.next("subscribed")
    for number in range(60):
        await ada.do(do="trigger", channel="private-a", event="client-n", data=number)
    assert (await ada.next("error"))["error"]["code"] == 4301
    endpoint.hub.publish("private-a", "still", "{}")
    assert (await ada.next("event"))["event"] == "still"


@pytest.mark.parametrize(
    "channel", ["cache-a", "private-cache-a", "presence-cache-a", "private-encrypted-cache-a"]
)
async def test_pusher_js_gets_the_last_event_of_a_cache_channel_or_a_cache_miss(
    run_node: RunNode, endpoint: Endpoint, channel: str
) -> None:
    early = await present(run_node, endpoint, "early", channel)
    assert (await early.next("cache miss"))["channel"] == channel
    for number in (1, 2):
        await library(endpoint, lambda p, n=number: p.trigger(channel, "price", {"n": n}))  # type: ignore[misc]
    assert [(await early.next("event"))["data"] for _ in range(2)] == [{"n": 1}, {"n": 2}]
    late = await present(run_node, endpoint, "late", channel)
    assert (await late.next("event"))["data"] == {"n": 2}


async def test_pusher_js_decrypts_what_the_library_encrypts_and_the_endpoint_cannot_read_it(
    run_node: RunNode, endpoint: Endpoint
) -> None:
    channel = "private-encrypted-cache-a"
    js = await present(run_node, endpoint, "ada", channel)
    await js.next("subscribed")
    await library(endpoint, lambda p: p.trigger(channel, "secret", {"pin": "4711"}))
    assert (await js.next("event"))["data"] == {"pin": "4711"}
    kept = await library(endpoint, lambda p: p.channel_info(channel, ["cache"]))
    assert "ciphertext" in kept["cache"]["data"]
    assert "4711" not in kept["cache"]["data"]


async def signed_in(run_node: RunNode, endpoint: Endpoint, *channels: str, **more: Any) -> NodeProcess:
    js = await subscriber(run_node, endpoint, *channels, userAuthEndpoint=endpoint.url("/user-auth"), **more)
    await js.next("connected")
    await js.do(do="signin")
    assert "12345" in (await js.next("signed in"))["data"]["user_data"]
    return js


async def test_pusher_js_signs_in_and_hears_what_both_libraries_send_to_the_user(
    run_node: RunNode, endpoint: Endpoint
) -> None:
    js = await signed_in(run_node, endpoint)
    await library(endpoint, lambda p: p.send_to_user("12345", "from-python", {"n": 1}))
    (answer,) = await trigger(run_node, endpoint, ["sendToUser", "12345", "from-node", {"n": 2}])
    assert answer["status"] == 200
    heard = [await js.next("user event") for _ in range(2)]
    assert [(one["event"], one["data"]) for one in heard] == [
        ("from-python", {"n": 1}),
        ("from-node", {"n": 2}),
    ]


@pytest.mark.parametrize("who", ["python", "node"])
async def test_both_libraries_terminate_the_connections_of_a_user(
    run_node: RunNode, endpoint: Endpoint, who: str
) -> None:
    js = await signed_in(run_node, endpoint)
    if who == "python":
        assert await library(endpoint, lambda p: p.terminate_user_connections("12345")) == {}
    else:
        (answer,) = await trigger(run_node, endpoint, ["terminateUserConnections", "12345"])
        assert (answer["status"], answer["body"]) == (200, {})
    assert (await js.next("error"))["error"]["code"] == 4009


async def test_the_node_library_reads_channels_and_is_told_what_cannot_be_asked(
    run_node: RunNode, endpoint: Endpoint
) -> None:
    ada = await present(run_node, endpoint, "ada", LOBBY, "a")
    for _ in range(2):
        await ada.next("subscribed")
    counts = {"params": {"info": "user_count,subscription_count"}}
    answers = await trigger(
        run_node,
        endpoint,
        ["get", {"path": f"/channels/{LOBBY}", **counts}],
        ["get", {"path": f"/channels/{LOBBY}/users"}],
        ["get", {"path": "/channels/a/users"}],
        ["get", {"path": "/channels/a", **counts}],
        ["get", {"path": "/channels", "params": {"info": "user_count"}}],
    )
    assert answers[0]["body"] == {"occupied": True, "user_count": 1, "subscription_count": 1}
    assert answers[1]["body"] == {"users": [{"id": "ada"}]}
    assert [answer["status"] for answer in answers] == [200, 200, 400, 400, 400]
    assert "filter_by_prefix" in answers[4]["body"]


async def test_pusher_js_is_told_that_a_channel_has_all_members_it_may_have(
    run_node: RunNode, start_endpoint: StartEndpoint
) -> None:
    endpoint = await start_endpoint(AppSettings(max_members=1, subscription_counts=True))
    ada = await present(run_node, endpoint, "ada", LOBBY, "a")
    await ada.next("subscribed")
    assert (await ada.next("counted"))["count"] == 1
    bob = await present(run_node, endpoint, "bob")
    refused = await bob.next("refused")
    assert (refused["kind"], refused["channel"]) == ("LimitReached", LOBBY)


async def test_the_node_library_accepts_a_webhook_as_it_was_signed_and_no_other(run_node: RunNode) -> None:
    reader = await run_node("webhook.mjs", {"appId": APP.id, "key": APP.key, "secret": APP.secret})
    happening = Happening("member_added", LOBBY, {"user_id": "Zoë"})
    request = webhook_request(APP, [happening], now=0.0)
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = request.body.decode()
    await reader.do(headers=headers, rawBody=body)
    assert await reader.next("webhook") == {"type": "webhook", "valid": True, "events": [happening.as_json()]}
    await reader.do(headers=headers, rawBody=body + " ")
    assert (await reader.next("webhook"))["valid"] is False
