"""pusher-js under the preset that frontends ask for, and two servers that do the same by the same seed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from reference_server.chaos.presets import presets
from tests.chaos.conftest import ROOMS
from tests.chaos.processes import log_of, running, turn
from tests.pusher.support import RunNode

EVENTS = 14
_OF_ONE_SERVER = ("seq", "at", "event_id", "sockets")


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
    return sorted(
        told, key=lambda one: (one["n"], one["rule"])
    )  # a connection ends when the event is delivered


async def test_two_servers_do_the_same_by_the_same_seed_and_not_by_another(tmp_path: Path) -> None:
    mark = {"name": "mark", "on": {"channel": "*"}, "do": {"delay": {"ms": 1}}}
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"rules": [mark, *presets()["flaky-realtime"].rules]}))
    first = await happened(plan, 4)
    assert {entry["action"] for entry in first} == {"delay", "duplicate", "reorder", "disconnect"}
    assert await happened(plan, 4) == first
    assert await happened(plan, 5) != first


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
