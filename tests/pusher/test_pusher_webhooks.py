"""Webhooks over real sockets: signed as the official library checks it, in order, repeated, bounded, in nobody's way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from structlog.testing import capture_logs

from contract.pusher.settings import AppSettings, Webhook
from contract.pusher.signatures import verify_body
from contract.pusher.webhooks import WEBHOOK_EVENTS, Happening, webhook_request
from reference_server.realtime.webhooks import WebhookSender
from tests.pusher.support import APP, DEADLINE, ConnectClient, StartEndpoint, backend, until

LOBBY = "presence-lobby"


class Receiver:
    """An application's server that is told; answers with the statuses it was given, then 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[tuple[str, dict[str, Any] | None]] = []
        self.url = ""

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.text()
        key, signature = request.headers["X-Pusher-Key"], request.headers["X-Pusher-Signature"]
        self.requests.append((body, backend().validate_webhook(key, signature, body)))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for _, valid in self.requests if valid is not None for event in valid["events"]]


@asynccontextmanager
async def receiver(*statuses: int) -> AsyncIterator[Receiver]:
    told, app = Receiver(*statuses), web.Application()
    app.router.add_post("/hook", told.hear)
    async with TestServer(app) as server:
        told.url = str(server.make_url("/hook"))
        yield told


@asynccontextmanager
async def sender(url: str, **more: Any) -> AsyncIterator[WebhookSender]:
    subject = WebhookSender(APP, Webhook(url, WEBHOOK_EVENTS), first_wait=0.01, **more)
    subject.start()
    try:
        yield subject
    finally:
        await subject.stop(grace=0.0)


def happening(number: int) -> Happening:
    return Happening("channel_occupied", f"c{number}")


async def test_a_visit_is_told_in_its_order_and_the_library_accepts_the_signature(
    start_endpoint: StartEndpoint, connect: ConnectClient
) -> None:
    async with receiver() as told:
        endpoint = await start_endpoint(webhooks=(Webhook(told.url, WEBHOOK_EVENTS),))
        ada = await (await connect(endpoint)).established()
        await ada.subscribe(LOBBY, {"user_id": "ada"})
        await ada.say("client-hi", {"n": 1}, LOBBY)
        await ada.subscribe("cache-a")
        await ada.ws.close()
        await until(lambda: len(told.events) == 8)
        assert all(valid is not None for _, valid in told.requests)
        assert told.events == [
            {"name": "channel_occupied", "channel": LOBBY},
            {"name": "member_added", "channel": LOBBY, "user_id": "ada"},
            {
                "name": "client_event",
                "channel": LOBBY,
                "event": "client-hi",
                "data": '{"n":1}',
                "socket_id": ada.socket_id,
                "user_id": "ada",
            },
            {"name": "channel_occupied", "channel": "cache-a"},
            {"name": "cache_miss", "channel": "cache-a"},
            {"name": "member_removed", "channel": LOBBY, "user_id": "ada"},
            {"name": "channel_vacated", "channel": LOBBY},
            {"name": "channel_vacated", "channel": "cache-a"},
        ]


async def test_a_url_is_told_only_what_it_asked_for(
    start_endpoint: StartEndpoint, connect: ConnectClient
) -> None:
    async with receiver() as told:
        hook = Webhook(told.url, frozenset({"subscription_count", "channel_vacated"}))
        endpoint = await start_endpoint(AppSettings(subscription_counts=True), webhooks=(hook,))
        subject = await (await connect(endpoint)).established()
        await subject.subscribe("a")
        await subject.ws.close()
        await until(lambda: any(event["name"] == "channel_vacated" for event in told.events))
        assert {event["name"] for event in told.events} == {"subscription_count", "channel_vacated"}
        assert told.events[-2:] == [
            {"name": "subscription_count", "channel": "a", "subscription_count": 0},
            {"name": "channel_vacated", "channel": "a"},
        ]


async def test_a_refused_request_is_repeated_as_it_was_and_the_next_waits_for_it() -> None:
    async with receiver(500, 503, 302) as told, sender(told.url) as subject:
        subject.offer(happening(1))
        await until(lambda: len(told.requests) == 1)
        subject.offer(happening(2))
        await until(lambda: len(told.requests) == 5)
        bodies = [body for body, _ in told.requests]
        assert bodies[0] == bodies[1] == bodies[2] == bodies[3]
        assert json.loads(bodies[4])["events"] == [happening(2).as_json()]


async def test_a_request_is_given_up_after_its_time_and_the_next_one_goes() -> None:
    async with receiver(500) as told, sender(told.url, retry_seconds=0.0) as subject:
        with capture_logs() as logs:
            subject.offer(happening(1))
            await until(lambda: len(told.requests) == 1 and bool(logs))
            subject.offer(happening(2))
            await until(lambda: len(told.requests) == 2)
    assert (logs[0]["event"], logs[0]["reason"]) == ("webhook_given_up", "answered 500")


async def test_happenings_that_gather_go_in_one_request_of_at_most_a_hundred() -> None:
    async with receiver() as told, sender(told.url) as subject:
        for number in range(150):
            subject.offer(happening(number))
        await until(lambda: len(told.events) == 150)
        assert told.events == [happening(number).as_json() for number in range(150)]
        assert [len(valid["events"]) for _, valid in told.requests if valid] == [100, 50]


async def test_a_full_queue_drops_what_comes_and_says_how_much() -> None:
    async with receiver() as told:
        subject = WebhookSender(APP, Webhook(told.url, WEBHOOK_EVENTS), most_queued=5)
        for number in range(12):
            subject.offer(happening(number))
        with capture_logs() as logs:
            subject.start()
            await until(lambda: len(told.events) == 5)
            await subject.stop(grace=DEADLINE)
        assert told.events == [happening(number).as_json() for number in range(5)]
        assert [(log["event"], log["happenings"]) for log in logs] == [("webhooks_dropped", 7)]


async def test_what_is_queued_is_sent_before_the_end() -> None:
    async with receiver() as told, sender(told.url) as subject:
        subject.offer(happening(1))
        await subject.stop(grace=DEADLINE)
        assert told.events == [happening(1).as_json()]


async def test_a_url_that_is_down_holds_up_neither_the_hub_nor_another_url(
    start_endpoint: StartEndpoint, connect: ConnectClient
) -> None:
    nowhere = f"http://127.0.0.1:{unused_port()}/hook?token=hush"
    async with receiver() as told:
        hooks = (Webhook(nowhere, WEBHOOK_EVENTS), Webhook(told.url, WEBHOOK_EVENTS))
        endpoint = await start_endpoint(webhooks=hooks)
        subject = await (await connect(endpoint)).established()
        await subject.subscribe("a")
        assert endpoint.hub.publish("a", "n", "{}") == 1
        await subject.next()
        await until(lambda: len(told.events) == 1)
        with capture_logs() as logs:
            await endpoint.hosted.stop(grace=0.0)
        assert [log["event"] for log in logs] == ["webhooks_unsent"]
        assert "hush" not in str(logs)


async def test_no_task_is_left_after_the_end() -> None:
    before = asyncio.all_tasks()
    async with sender(f"http://127.0.0.1:{unused_port()}/") as subject:
        subject.offer(happening(1))
        assert asyncio.all_tasks() - before
    assert asyncio.all_tasks() <= before


def test_of_several_counts_of_a_channel_the_last_is_told() -> None:
    counts = [
        Happening("subscription_count", name, {"subscription_count": n}) for n, name in enumerate("aab")
    ]
    request = webhook_request(APP, [happening(0), *counts], now=1.5)
    told = json.loads(request.body)
    assert told["time_ms"] == 1500
    assert told["events"] == [happening(0).as_json(), counts[1].as_json(), counts[2].as_json()]


@pytest.mark.parametrize("change", [b"", b" "])
def test_the_signature_is_of_the_raw_body(change: bytes) -> None:
    request = webhook_request(APP, [happening(1)], now=0.0)
    signature = request.headers["X-Pusher-Signature"]
    assert verify_body(signature, APP.secret, request.body + change) is (change == b"")
