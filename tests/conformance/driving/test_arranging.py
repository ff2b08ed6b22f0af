"""States and probes by command, by pool and by path: one for one, and a reason where there is nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from conformance_tests.arranging import BATCH, arranger
from conformance_tests.scenarios.scenario import Wanted
from conformance_tests.target import StatesSettings, Target, TargetError, UnreachableError

STAY = {
    "hotel_slug": "h",
    "hotel_id": 1,
    "booking_id": "B1",
    "room_id": 1,
    "room_number": 7,
    "guest_token": "x" * 20,
}
READY = "booking ready for check-in"

HONEST = f"""
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    results = [dict(state=one["state"], bindings={STAY!r}) for one in asked.get("states", [])]
    print(json.dumps(dict(results=results)), flush=True)
"""


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


def target(**states: Any) -> Target:
    return Target("t", "http://127.0.0.1", states=StatesSettings(**states))


async def test_a_command_answers_many_states_over_one_process(session: aiohttp.ClientSession) -> None:
    states = arranger(target(command=(sys.executable, "-c", HONEST)), session)
    try:
        arranged = await states.arrange("run-1", [Wanted(READY)] * (BATCH + 3))
        assert len(arranged) == BATCH + 3
        assert all(one.bindings == STAY for one in arranged)
        await states.teardown("run-1")
    finally:
        await states.close()


@pytest.mark.parametrize("script", ["pass", "print('no json')", "print('{\"results\": []}')"])
async def test_a_command_that_answers_wrongly_is_one_sentence(
    session: aiohttp.ClientSession, script: str
) -> None:
    states = arranger(
        target(command=(sys.executable, "-c", f"import sys; sys.stdin.readline(); {script}")), session
    )
    try:
        with pytest.raises(UnreachableError):
            await states.arrange("run-1", [Wanted(READY)])
    finally:
        await states.close()


async def test_a_command_that_is_not_there_is_one_sentence(session: aiohttp.ClientSession) -> None:
    with pytest.raises(TargetError, match="cannot be started"):
        await arranger(target(command=("/no/such/command",)), session).arrange("run-1", [Wanted(READY)])


async def test_a_pool_gives_each_fixture_once_by_params_with_defaults(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    pool = tmp_path / "pool.json"
    pool.write_text(
        json.dumps({READY: [{"params": {"party_size": 3}, "bindings": STAY}, {"bindings": STAY}]})
    )
    states = arranger(target(pool=pool), session)
    wanted = [
        Wanted(READY, {"party_size": 2}),
        Wanted(READY),
        Wanted(READY, {"party_size": 3}),
        Wanted("fence"),
    ]
    reasons = [one.unsupported for one in await states.arrange("run-1", wanted)]
    assert reasons == [
        None,
        "the pool has no fixture left for it; each serves once, so it needs one more",
        None,
        "the pool has no fixture left for it; each serves once, so it needs one more",
    ]


@pytest.mark.parametrize(
    "text",
    ["[]", "nonsense", '{"no such state": []}', json.dumps({READY: [{"params": {"x": 1}, "bindings": {}}]})],
)
async def test_a_wrong_pool_is_one_sentence(
    session: aiohttp.ClientSession, tmp_path: Path, text: str
) -> None:
    pool = tmp_path / "pool.json"
    pool.write_text(text)
    with pytest.raises(TargetError, match="pool"):
        arranger(target(pool=pool), session)


async def test_bindings_that_do_not_fit_make_the_state_unsupported(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    pool = tmp_path / "pool.json"
    pool.write_text(json.dumps({READY: [{"bindings": {"hotel_slug": "h"}}]}))
    (one,) = await arranger(target(pool=pool), session).arrange("run-1", [Wanted(READY)])
    assert "booking_id is missing" in str(one.unsupported) or "is missing" in str(one.unsupported)


async def test_without_a_way_every_state_says_so(session: aiohttp.ClientSession) -> None:
    (one,) = await arranger(target(), session).arrange("run-1", [Wanted(READY)])
    assert one.unsupported == "the target names no way to arrange states"
