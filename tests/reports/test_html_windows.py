"""What a picture gets of a history: all that proves, what is about the same around it, and no more than it can show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conformance_tests.report.html.collector import AROUND, Wanted, Window
from conformance_tests.report.html.windows import windows

HEADER = {
    "kind": "header", "history": 1, "contract": "1.0.0", "run": "run-1", "seed": 1, "dialect": None,
    "target": {"name": "by hand", "url": "http://127.0.0.1:1"},
    "capabilities": {
        "observers": ["sink"], "channels": {"sink": ["rooms", "staff", "guest"]}, "probes": [], "states": [], "actors": [],
    },
}  # fmt: skip


class Lines:
    """Lines in order, ten milliseconds apart; each method returns the seq of its line."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = [HEADER]

    def add(self, kind: str, **fields: Any) -> int:
        self.lines.append({"kind": kind, **fields})
        return len(self.lines) - 1

    def arranged(self, scenario: str, booking: str, room: int) -> int:
        bindings = {"hotel_slug": "grand", "hotel_id": 7, "booking_id": booking, "room_id": room}
        return self.add("mark", mark="arranged", scenario=scenario, state="in house", bindings=bindings)

    def call(self, scenario: str, name: str, booking: str = "BK-1") -> int:
        return self.add(
            "call", call=name, operation="checkOut", scenario=scenario, actor="front_desk",
            params={"hotel_slug": "grand", "booking_id": booking},
        )  # fmt: skip

    def reply(self, name: str, status: int = 200) -> int:
        return self.add("reply", call=name, outcome="replied", status=status, content_type=None)

    def room_event(self, room: int) -> int:
        data = {"payload": {"room_id": room}, "meta": {"hotel_slug": "grand"}}
        return self.add("event", observer="sink", channel="grand.rooms", name="room_updated", data=data)

    def probe(self, scenario: str, call: str, name: str, when: str = "after") -> int:
        return self.add(
            "probe", probe=name, scenario=scenario, subject={"booking_id": "BK-1"}, when=when, call=call, state={}, begun=0,
        )  # fmt: skip

    def texts(self) -> Iterator[str]:
        for seq, line in enumerate(self.lines):
            yield json.dumps({"seq": seq, "t": seq / 100, "wall": "2026-11-25T10:47:20Z", **line})

    def window(self, folder: Path, *witness: int, scenario: str | None = "stay") -> Window:
        path = folder / "run.jsonl"
        path.write_text("\n".join(self.texts()) + "\n", encoding="utf-8")
        return windows(path, [Wanted(witness, scenario)])[0]


def seqs(window: Window) -> list[list[int]]:
    return [[line.seq for line in unit] for unit in window.units]


def test_a_window_has_the_lines_of_its_scenario_and_the_events_of_its_subjects(tmp_path: Path) -> None:
    lines = Lines()
    mine = lines.arranged("stay", "BK-1", 11)
    lines.arranged("other", "BK-2", 12)
    call = lines.call("stay", "c1")
    lines.call("other", "c2", "BK-2")
    lines.room_event(12)
    event = lines.room_event(11)
    lines.reply("c2")
    reply = lines.reply("c1", 409)
    window = lines.window(tmp_path, call, event)
    assert seqs(window) == [[mine], [call, reply], [event]]
    assert window.channels == ("grand.rooms", "staff-hotel-7", "private-guest-booking.BK-1")
    assert (window.before, window.between, window.more) == (0, 0, False)


def test_a_room_that_was_arranged_for_another_scenario_speaks_of_that_one(tmp_path: Path) -> None:
    lines = Lines()
    lines.arranged("stay", "BK-1", 11)
    call = lines.call("stay", "c1")
    lines.reply("c1")
    lines.arranged("next", "BK-2", 11)
    lines.room_event(11)
    assert [unit[0].kind for unit in lines.window(tmp_path, call).units] == ["mark", "call"]


def test_what_does_not_fit_is_counted(tmp_path: Path) -> None:
    lines = Lines()
    lines.arranged("stay", "BK-1", 11)
    for number in range(3 * AROUND):
        lines.call("stay", f"a{number}")
        lines.reply(f"a{number}")
    first = lines.call("stay", "b")
    lines.reply("b")
    for number in range(3 * AROUND):
        lines.call("stay", f"c{number}")
        lines.reply(f"c{number}")
    second = lines.room_event(11)
    for _ in range(2 * AROUND):
        lines.room_event(11)
    window = lines.window(tmp_path, first, second)
    assert len(window.units) == 4 * AROUND + 2
    assert (window.before, window.between, window.more) == (1 + 2 * AROUND, AROUND, True)
    assert window.witness == {first, second}
    calls = [unit for unit in window.units if unit[0].kind == "call"]
    assert all(len(call) == 2 for call in calls), "a call is drawn to its answer"


def test_an_answer_that_proves_brings_its_call_however_long_ago_that_was(tmp_path: Path) -> None:
    lines = Lines()
    lines.arranged("stay", "BK-1", 11)
    call = lines.call("stay", "slow")
    for _ in range(3 * AROUND):
        lines.room_event(11)
    reply = lines.reply("slow", 500)
    window = lines.window(tmp_path, reply)
    assert seqs(window)[0] == [call]
    assert [reply] in seqs(window)


def test_reads_of_one_moment_are_one_unit_but_for_those_that_prove(tmp_path: Path) -> None:
    lines = Lines()
    lines.arranged("stay", "BK-1", 11)
    call = lines.call("stay", "c1")
    reply = lines.reply("c1")
    reads = [lines.probe("stay", "c1", name) for name in ("booking", "room", "tokens", "guests", "audit")]
    assert seqs(lines.window(tmp_path, call, reads[2]))[1:] == [
        [call, reply],
        reads[:2],
        [reads[2]],
        reads[3:],
    ]


def test_the_first_fence_after_the_answer_is_shown(tmp_path: Path) -> None:
    lines = Lines()
    lines.arranged("stay", "BK-1", 11)
    early = lines.add("mark", mark="fence", fence={"begun": 0.0, "ended": 0.02, "arrived": {}})
    call = lines.call("stay", "c1")
    lines.reply("c1")
    fence = lines.add(
        "mark", mark="fence", fence={"begun": 0.045, "ended": 0.05, "arrived": {"sink": ["rooms"]}}
    )
    late = lines.add("mark", mark="fence", fence={"begun": 0.055, "ended": 0.06, "arrived": {}})
    shown = [seq for unit in seqs(lines.window(tmp_path, call)) for seq in unit]
    assert fence in shown
    assert early not in shown
    assert late not in shown


def test_a_violation_without_a_scenario_finds_what_was_done_with_its_room(tmp_path: Path) -> None:
    lines = Lines()
    lines.arranged("before", "BK-9", 12)
    lines.arranged("stay", "BK-1", 11)
    call = lines.call("stay", "c1")
    event = lines.room_event(11)
    lines.room_event(12)
    reply = lines.reply("c1")
    window = lines.window(tmp_path, event, scenario=None)
    assert [call, reply] in seqs(window)
    assert [event] in seqs(window)
    assert not any(line.scenario == "before" for unit in window.units for line in unit)


def test_however_long_ago_its_booking_was_arranged(tmp_path: Path) -> None:
    lines = Lines()
    lines.arranged("stay", "BK-1", 11)
    for _ in range(500):
        lines.add("mark", mark="note", text="meanwhile")
    event = lines.room_event(11)
    data = {"payload": {"booking_id": "BK-1"}}
    staff = lines.add(
        "event", observer="sink", channel="staff-hotel-7", name="booking_checked_out", data=data
    )
    assert seqs(lines.window(tmp_path, event, scenario=None)) == [[event], [staff]]


def test_only_witnesses_are_kept_in_full(tmp_path: Path) -> None:
    lines = Lines()
    lines.arranged("stay", "BK-1", 11)
    call = lines.call("stay", "c1")
    reply = lines.reply("c1")
    kept = {line.seq: line.json for unit in lines.window(tmp_path, call).units for line in unit}
    assert json.loads(str(kept[call]))["operation"] == "checkOut"
    assert kept[reply] is None


def test_the_file_is_read_no_further_than_is_needed(tmp_path: Path, monkeypatch: Any) -> None:
    from conformance_tests.report.html import windows as module

    lines = Lines()
    lines.arranged("stay", "BK-1", 11)
    call = lines.call("stay", "c1")
    lines.reply("c1")
    lines.add("mark", mark="scenario-end", scenario="stay")
    for _ in range(3000):
        lines.add("mark", mark="note", text="much later")
    read: list[int] = []
    original = module.read_lines

    def counting(stream: Any) -> Iterator[Any]:
        for line in original(stream):
            read.append(1)
            yield line

    monkeypatch.setattr(module, "read_lines", counting)
    assert lines.window(tmp_path, call).witness == {call}
    assert len(read) < 1000


def test_a_witness_that_is_not_in_the_file_is_not_there(tmp_path: Path) -> None:
    lines = Lines()
    lines.arranged("stay", "BK-1", 11)
    assert lines.window(tmp_path, 99).witness == frozenset()
