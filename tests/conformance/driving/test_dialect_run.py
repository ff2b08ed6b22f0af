"""A whole run against a backend that says everything in other words: it conforms, and its words hide nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from proxy import Proxy, alarms, drive

pytestmark = pytest.mark.slow

DIALECT: dict[str, Any] = {
    "name": "other-words",
    "base_path": "/v2",
    "paths": dict.fromkeys(
        ("assignRoom", "unassignRoom", "moveRoom"), "/stays/{hotel_slug}/{booking_id}/room"
    ),
    "methods": {
        "checkIn": "PUT",
        "checkOut": "PATCH",
        "unassignRoom": "DELETE",
        "moveRoom": "PATCH",
        "listRooms": "POST",
    },
    "wrapper": {"key": "result", "constants": {"success": True}, "errors": {"constants": {"success": False}}},
    "auth": {"header": "X-Auth", "scheme": "Bearer", "guest_scheme": "Guest"},
    "channels": {"staff": "{hotel_slug}.room-bookings"},
    "event_names": {"room_occupancy_updated": "occupancy_changed"},
    "fields": {"Room": {"guests_in_room": "guests"}},
    "errors": ["flat_error_detail"],
}
METHODS = DIALECT["methods"]


async def test_a_backend_in_other_words_passes_everything(tmp_path: Path) -> None:
    proxy = Proxy(dialect=DIALECT)
    report = await drive(proxy, tmp_path / "history.jsonl", only=())
    assert alarms(report, "fail", "error", "inconclusive") == {}
    idle = {name for name in alarms(report, "skipped") if not name.startswith("races/")}  # none were run
    assert idle <= {"events/dedup/same-id-everywhere"}  # takes two observers
    assert report["dialect"] == "other-words"
    lines = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    called = {
        line["operation"]: line["method"]
        for line in lines
        if line["kind"] == "call" and line["operation"] in METHODS
    }
    assert called == METHODS


async def test_a_dialect_hides_no_missing_promise(tmp_path: Path) -> None:
    proxy = Proxy(dialect=DIALECT, spoils=frozenset({"is_occupied"}))
    report = await drive(proxy, tmp_path / "history.jsonl", only=("check-in/room",))
    assert "events/payload/room-state" in alarms(report, "fail")
