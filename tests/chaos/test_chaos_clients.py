"""Servers as processes: pusher-js under the preset that frontends ask for, two that do the same by the same seed, one that is
told to stop."""

from __future__ import annotations

import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from reference_server.chaos.presets import presets
from tests.chaos.conftest import ROOMS
from tests.chaos.processes import log_of, running, started, turn
from tests.pusher.support import RunNode

EVENTS = 14
_OF_ONE_SERVER = ("at", "event_id", "sockets")
_WHEN_DELIVERED = ("disconnect", "close")


async def happened(plan: Path, seed: int) -> list[dict[str, Any]]:
    """What a server of its own does with the plan, whose first rule marks every event."""
    async with running("--chaos", str(plan), "--chaos-seed", str(seed)) as url:
        await turn(url, EVENTS)
        entries: list[dict[str, Any]] = []
        while {"mark": EVENTS, "rooms-reconnect": 1}.items() - Counter(
            one["rule"] for one in entries
        ).items():
            entries = await log_of(url)
    told = [{name: value for name, value in one.items() if name not in _OF_ONE_SERVER} for one in entries]
    # When a connection ends is a matter of time: its numbers and those after it are not compared.
    cut = next(at for at, one in enumerate(told) if one["action"] in _WHEN_DELIVERED)
    for one in told[cut:]:
        del one["seq"]
    return sorted(told, key=lambda one: one["action"] in _WHEN_DELIVERED)


async def test_two_servers_do_the_same_by_the_same_seed_and_not_by_another(tmp_path: Path) -> None:
    """Their records are the same, line by line, but for the times and for what is random in every hotel."""
    mark = {"name": "mark", "on": {"channel": "*"}, "do": {"delay": {"ms": 1}}}
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"rules": [mark, *presets()["flaky-realtime"].rules]}))
    first = await happened(plan, 4)
    assert {entry["action"] for entry in first} == {"delay", "duplicate", "reorder", "disconnect"}
    assert json.dumps(await happened(plan, 4)) == json.dumps(first)
    assert await happened(plan, 5) != first


async def test_a_server_told_to_stop_delivers_what_it_holds_back_and_then_ends(tmp_path: Path) -> None:
    """Delayed, overtaken by nobody, doubled for later: all of it is there before the connections are closed."""
    plan = tmp_path / "plan.json"
    held = [{"delay": {"ms": 60_000}}, {"reorder": {"hold_ms": 60_000}}, {"duplicate": {"after_ms": 60_000}}]
    rules = [{"on": {"channel": ROOMS}, "do": do, "after": at, "times": 1} for at, do in enumerate(held)]
    plan.write_text(json.dumps({"rules": rules}))
    async with (
        started("--chaos", str(plan)) as (server, url),
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/app/staycheck?protocol=7&client=test&version=1.0") as socket,
    ):
        await socket.send_json({"event": "pusher:subscribe", "data": {"channel": ROOMS}})
        await turn(url, 3)
        while len(entries := await log_of(url)) < 3:
            pass
        server.send_signal(signal.SIGTERM)
        frames = [json.loads(message.data) async for message in socket]
        assert await server.wait() == 0
    heard = [_id(frame) for frame in frames if frame["event"] == "room_updated"]
    ids = [entry["event_id"] for entry in entries]
    assert heard == [*ids, ids[-1]]


@pytest.mark.node
async def test_pusher_js_sees_duplicates_disorder_and_a_reconnect(run_node: RunNode) -> None:
    async with running("--chaos", "flaky-realtime", "--chaos-seed", "4") as url:
        at = urlsplit(url)
        config = {"host": at.hostname, "port": at.port, "key": "staycheck", "channels": [ROOMS]}
        js = await run_node("subscribe.mjs", config)
        socket = (await js.next("connected"))["socketId"]
        await js.next("subscribed")
        await turn(url, 11)
        heard: list[dict[str, Any]] = []
        while len({_id(event) for event in heard}) < 11:
            heard.append(await js.next("event"))
        copies = sum(entry["action"] == "duplicate" for entry in await log_of(url))
        heard += [await js.next("event") for _ in range(11 + copies - len(heard))]
        ids = [_id(event) for event in heard]
        assert copies > 0
        assert Counter(Counter(ids).values()) == {1: 11 - copies, 2: copies}
        stamps = [_ts(event) for event in heard]
        assert stamps != sorted(stamps)
        await turn(url, 3)  # the twelfth cuts the listeners off, and they miss it
        again = (await js.next("connected"))["socketId"]
        assert again != socket
        (cut,) = [entry for entry in await log_of(url) if entry["action"] == "disconnect"]
        assert cut["sockets"] == [socket]
        await js.next("subscribed")
        await turn(url, 2)
        assert _id(await js.next("event")) not in ids


def _meta(event: dict[str, Any]) -> dict[str, Any]:
    data = event["data"]
    meta: dict[str, Any] = (json.loads(data) if isinstance(data, str) else data)["meta"]
    return meta


def _id(event: dict[str, Any]) -> str:
    return str(_meta(event)["event_id"])


def _ts(event: dict[str, Any]) -> str:
    return str(_meta(event)["ts"])
