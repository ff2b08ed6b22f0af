"""The suite against a server under a plan: what breaks a promise is noticed by a rule of its clause, what breaks none passes.

The table of these is in docs/chaos.md.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.processes import running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

ARRIVED = "events/check-in/nothing-missing"


async def checked(tmp_path: Path, rule: dict[str, Any], *only: str, level: str = "MUST") -> tuple[int, Any]:
    """Exit code of `staycheck check` and, by rule, verdict and clauses of its violations."""
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"seed": 5, "rules": [rule]}))
    command = [sys.executable, "-m", "staycheck.main", "check"]
    flags = ["--race-tries", "0", "--level", level, "--json", *(x for one in only for x in ("--only", one))]
    async with running("--chaos", str(plan), most=400) as url:
        process = await asyncio.create_subprocess_exec(*command, url, *flags, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
    report = json.loads(out)
    return process.returncode or 0, {
        one["id"]: (one["verdict"], {each["clause"] for each in one["violations"]}) for one in report["rules"]
    }


@pytest.mark.parametrize(
    ("on", "do", "more", "rule", "clause", "level"),
    [
        ({"channel": "rooms"}, {"drop": {}}, {"every": 3}, "events/housekeeping/nothing-missing", "events/housekeeping/room-updated", "MUST"),
        ({"channel": "*"}, {"duplicate": {}}, {}, "events/dedup/resend-only-in-need", "events/dedup/resend-only-in-need", "SHOULD"),
        ({"channel": "staff"}, {"reorder": {"window": 1, "hold_ms": 3000}}, {"probability": 0.5}, "order/transition-chain", "order/per-channel", "MUST"),
        ({"channel": "*"}, {"delay": {"ms": 3500}}, {}, "order/event-follows-call", "order/event-follows-call", "SHOULD"),
        ({"channel": "*"}, {"jitter": {"ms": 8000}}, {}, "order/event-follows-call", "order/event-follows-call", "SHOULD"),
        ({"channel": "*"}, {"outage": {"ms": 4000}}, {"every": 20}, "order/event-follows-call", "order/event-follows-call", "SHOULD"),
        ({"operation": "checkIn"}, {"status": {"code": 503}}, {}, "check-in/succeeds", "endpoints/check-in/path", "MUST"),
        ({"operation": "checkIn"}, {"status": {"code": 502, "body": "gateway_page"}}, {}, "errors/never-html", "errors/never-html", "MUST"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) and value else str(value),
)  # fmt: skip
async def test_a_broken_promise_is_noticed(
    tmp_path: Path, on: Any, do: Any, more: Any, rule: str, clause: str, level: str
) -> None:
    code, found = await checked(tmp_path, {"name": "it", "on": on, "do": do, **more}, rule, level=level)
    verdict, clauses = found[rule]
    assert (code, verdict) == (1, "fail")
    assert clause in clauses


@pytest.mark.parametrize(
    ("on", "do", "only"),
    [
        ({"channel": "*"}, {"duplicate": {}}, (ARRIVED, "events/once", "order/per-channel", "events/dedup/event-id")),
        ({"channel": "*"}, {"delay": {"ms": 200}, "jitter": {"ms": 200}}, (ARRIVED, "order/per-channel")),
        ({"channel": "*"}, {"outage": {"ms": 300}}, (ARRIVED, "order/per-channel")),
        ({"operation": "check*"}, {"delay": {"ms": 200}, "jitter": {"ms": 300}}, ("check-in/succeeds", ARRIVED)),
        ({"operation": "check*"}, {"slow_commit": {"ms": 200}}, ("check-in/succeeds", "order/after-commit")),
    ],
    ids=lambda value: next(iter(value)),
)  # fmt: skip
async def test_what_breaks_no_promise_passes(tmp_path: Path, on: Any, do: Any, only: tuple[str, ...]) -> None:
    code, found = await checked(tmp_path, {"name": "it", "on": on, "do": do}, *only)
    assert {name: verdict for name, (verdict, _) in found.items()} == dict.fromkeys(only, "pass")
    assert code == 0


@pytest.mark.parametrize(
    ("on", "do", "more", "rule"),
    [
        # No clause promises an answer, and whether the call was carried out is not known.
        ({"operation": "checkIn"}, {"reset": {"when": "after"}}, {"every": 2}, "check-in/succeeds"),
        ({"operation": "checkIn"}, {"timeout": {"ms": 200, "when": "before"}}, {"every": 2}, "check-in/succeeds"),
        # No server keeps events for who is not connected.
        ({"channel": "guest"}, {"disconnect": {}}, {"every": 2, "times": 1}, ARRIVED),
        ({"channel": "guest"}, {"close": {"code": 4200}}, {"every": 2, "times": 1}, ARRIVED),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) and value else str(value),
)  # fmt: skip
async def test_what_nobody_promises_proves_nothing(
    tmp_path: Path, on: Any, do: Any, more: Any, rule: str
) -> None:
    """Not judged, with the reason; never a pass, and never a violation."""
    code, found = await checked(tmp_path, {"name": "it", "on": on, "do": do, **more}, rule)
    assert (code, found[rule]) == (2, ("inconclusive", set()))
