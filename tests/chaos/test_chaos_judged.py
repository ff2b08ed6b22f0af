"""The suite against a server under a plan: what breaks a promise is noticed by a rule of its clause, what breaks none raises no alarm.

The table of these is in docs/chaos.md. One server serves all; a run makes the scenarios of stays only, and every rule judges what
was recorded: none but those named may fail, whatever their level.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from conformance_tests.discovery import discover
from conformance_tests.engine import judge_file
from conformance_tests.runner import run
from contract.clauses import Level
from tests.chaos.processes import SERVE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

EVENT, REQUEST = 1.0, 3.0
"""The target's `timeouts`, in seconds."""
STAYS = "check-in/"
"""The rules whose scenarios are run: stays, tokens, calls in a hurry, refused check-ins."""
ARRIVED, LEFT = "events/check-in/nothing-missing", "events/check-out/nothing-missing"
IN_TIME, IN_ORDER = "order/event-follows-call", "order/per-channel"
AGAIN = "events/dedup/resend-only-in-need"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with subprocess.Popen(
        [*SERVE, "--quiet"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())["url"]
        server.stdin.close()
        assert server.wait(20) == 0


async def judged(
    url: str, tmp_path: Path, on: dict[str, Any], do: dict[str, Any], **more: Any
) -> dict[str, tuple[str, set[str]]]:
    """By rule, its verdict and the clauses of its violations, of a run under a plan of this one rule."""
    control = f"{url}/_staycheck"
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        await session.delete(f"{control}/chaos")
        await session.post(f"{control}/reset", json={})
        plan = {"seed": 5, "rules": [{"name": "it", "on": on, "do": do, **more}]}
        await session.put(f"{control}/chaos", json=plan)
    target = await discover(url)
    target = replace(target, timeouts=replace(target.timeouts, event=EVENT, request=REQUEST))
    history = tmp_path / "history.jsonl"
    await run(target, seed=1, jobs=16, only=(STAYS,), record=history, race_tries=0)
    report = judge_file(history, level=Level.MAY)
    return {
        one["id"]: (one["verdict"], {each["clause"] for each in one["violations"]}) for one in report["rules"]
    }


def named(value: Any) -> str:
    return next(iter(value)) if isinstance(value, dict) and value else "" if value == {} else str(value)


@pytest.mark.parametrize(
    ("on", "do", "more", "rule", "clause", "others"),
    [
        ({"channel": "rooms"}, {"drop": {}}, {"every": 3}, ARRIVED, "events/check-in/room-updated",
         {LEFT, "events/housekeeping/nothing-missing"}),
        ({"channel": "staff"}, {"drop": {}}, {"every": 3}, ARRIVED, "events/check-in/booking-checked-in/staff",
         {LEFT, "events/assignment/nothing-missing", "order/transition-chain"}),
        ({"channel": "guest"}, {"drop": {}}, {}, LEFT, "events/check-out/booking-checked-out/guest",
         {ARRIVED, "events/assignment/nothing-missing"}),
        ({"channel": "*"}, {"duplicate": {}}, {}, AGAIN, AGAIN, set()),
        ({"channel": "rooms"}, {"reorder": {"window": 3, "hold_ms": 900}}, {"every": 2}, IN_ORDER, "order/per-channel",
         {"order/meta-ts", IN_TIME}),
        ({"channel": "guest"}, {"reorder": {"window": 1, "hold_ms": 900}}, {"times": 1}, IN_ORDER, "order/per-channel",
         {IN_TIME}),
        ({"channel": "*"}, {"delay": {"ms": 2500}}, {}, IN_TIME, IN_TIME, set()),
        ({"channel": "*"}, {"jitter": {"ms": 4000}}, {}, IN_TIME, IN_TIME, set()),
        ({"channel": "*"}, {"outage": {"ms": 2500}}, {"every": 30, "times": 1}, IN_TIME, IN_TIME, set()),
    ],
    ids=named,
)  # fmt: skip
async def test_a_promise_about_events_that_is_broken_is_noticed(
    url: str, tmp_path: Path, on: Any, do: Any, more: Any, rule: str, clause: str, others: set[str]
) -> None:
    found = await judged(url, tmp_path, on, do, **more)
    verdict, clauses = found[rule]
    assert verdict == "fail"
    assert clause in clauses
    assert alarms(found) <= {rule} | others


@pytest.mark.parametrize(
    ("on", "do", "rule", "clause"),
    [
        ("checkIn", {"status": {"code": 503}}, "check-in/succeeds", "endpoints/check-in/path"),
        ("checkIn", {"status": {"code": 503}}, "errors/never-5xx", "errors/never-5xx"),
        ("checkIn", {"status": {"code": 502, "body": "gateway_page"}}, "errors/never-html", "errors/never-html"),
        ("checkIn", {"status": {"code": 502, "body": "gateway_page"}}, "errors/never-5xx", "errors/never-5xx"),
        ("checkIn", {"status": {"code": 503, "when": "after"}}, "refusal/no-effect", "atomicity/check-in"),
        ("checkIn", {"status": {"code": 503, "when": "after"}}, "events/refusal/no-event", "refusal/no-event"),
        ("checkIn", {"status": {"code": 409, "body": "empty"}}, "errors/structured", "errors/structured"),
        ("checkOut", {"status": {"code": 409}}, "check-out/succeeds", "endpoints/check-out/path"),
    ],
    ids=named,
)  # fmt: skip
async def test_an_answer_that_breaks_a_promise_is_noticed(
    url: str, tmp_path: Path, on: str, do: Any, rule: str, clause: str
) -> None:
    """Which others fail beside it is no false alarm: much does not hold of a backend that refuses this call."""
    verdict, clauses = (await judged(url, tmp_path, {"operation": on}, do))[rule]
    assert verdict == "fail"
    assert clause in clauses


@pytest.mark.parametrize(
    ("on", "do", "more", "kept"),
    [
        ({"channel": "*"}, {"delay": {"ms": 100}, "jitter": {"ms": 200}}, {}, {ARRIVED, LEFT, IN_ORDER}),
        ({"channel": "*"}, {"outage": {"ms": 250}}, {"every": 25, "times": 1}, {ARRIVED, LEFT, IN_ORDER}),
        ({"operation": "*"}, {"delay": {"ms": 50}, "jitter": {"ms": 200}}, {}, {"check-in/succeeds", ARRIVED}),
        ({"operation": "checkIn"}, {"delay": {"ms": 1500}}, {"every": 3}, {"check-in/succeeds", ARRIVED}),
        ({"operation": "check*"}, {"slow_commit": {"ms": 80}}, {}, {"check-in/succeeds", ARRIVED, "order/after-commit"}),
    ],
    ids=named,
)  # fmt: skip
async def test_what_breaks_no_promise_raises_no_alarm(
    url: str, tmp_path: Path, on: Any, do: Any, more: Any, kept: set[str]
) -> None:
    found = await judged(url, tmp_path, on, do, **more)
    assert alarms(found) == set()
    assert {rule: found[rule][0] for rule in kept} == dict.fromkeys(kept, "pass")


@pytest.mark.parametrize(
    ("on", "do", "more", "unjudged"),
    [
        # No clause promises an answer, and whether the call was carried out is not known.
        ({"operation": "checkIn"}, {"reset": {"when": "after"}}, {"every": 2}, {"check-in/succeeds"}),
        ({"operation": "checkIn"}, {"reset": {"when": "before"}}, {"every": 2}, {"check-in/succeeds"}),
        ({"operation": "checkOut"}, {"timeout": {"ms": 200, "when": "after"}}, {"every": 2}, {"check-out/succeeds"}),
        ({"operation": "checkIn"}, {"timeout": {"ms": 200, "when": "before"}}, {"every": 2}, {"check-in/succeeds"}),
        ({"operation": "checkIn"}, {"delay": {"ms": 5000}}, {"every": 4}, {"check-in/succeeds"}),
        # No server keeps events for who is not connected.
        ({"channel": "guest"}, {"disconnect": {}}, {"every": 2, "times": 1}, {LEFT}),
        ({"channel": "guest"}, {"close": {"code": 4200}}, {"every": 2, "times": 1}, {LEFT}),
        ({"channel": "staff"}, {"close": {"code": 4100, "clients": "everybody"}}, {"every": 9, "times": 2}, {ARRIVED}),
    ],
    ids=named,
)  # fmt: skip
async def test_what_nobody_promises_proves_nothing(
    url: str, tmp_path: Path, on: Any, do: Any, more: Any, unjudged: set[str]
) -> None:
    """Not judged, with the reason; never a pass of what was not seen, and never a violation of anything."""
    found = await judged(url, tmp_path, on, do, **more)
    assert alarms(found) == set()
    assert {rule: found[rule] for rule in unjudged} == dict.fromkeys(unjudged, ("inconclusive", set()))


def alarms(found: dict[str, tuple[str, set[str]]]) -> set[str]:
    return {rule for rule, (verdict, _) in found.items() if verdict in ("fail", "error")}
