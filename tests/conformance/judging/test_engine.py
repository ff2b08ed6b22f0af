"""The stream: what is cut where, what is forgotten, and that neither disk nor processes change a report."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance_tests import cutting, index, workers
from conformance_tests.engine import cut, judge_file, judge_lines
from conformance_tests.entries import Event
from conformance_tests.episodes import _EVENTFUL, Watched
from conformance_tests.firsts import Firsts, Places
from conformance_tests.rule import all_rules
from conformance_tests.spill import Spill, read_records, write_records
from conformance_tests.tally import MAX_VIOLATIONS
from tests.histories import good
from tests.histories.bad import BAD
from tests.histories.builder import Tape


def lines_of(tape: Tape) -> list[dict[str, Any]]:
    return [json.loads(line) for line in tape.text()]


def many(stays: int, tape: Tape, apart: float = 10.0) -> list[str]:
    """A history in which the scenarios of a tape happen again and again, each time to others."""
    first, *rest = tape.text()
    found = [first]
    seq = 1
    for number in range(stays):
        seqs: dict[int, int] = {}
        for text in rest:
            other = text.replace("event-", f"event-{number}-").replace("BK-", f"BK-{number}-")
            line = json.loads(other.replace('"auth": "fp:0000000000', f'"auth": "fp:{number:010d}'))
            seqs[line["seq"]] = line["seq"] = seq
            seqs[json.loads(text)["seq"]] = seq
            if "event" in line:
                line["event"] = seqs[line["event"]]
            for name in ("t", "begun"):
                if name in line:
                    line[name] += number * apart
            if "call" in line:
                line["call"] += f"-{number}"
            if "scenario" in line:
                line["scenario"] += f"/{number}"
            for name in ("begun", "ended"):
                if name in line.get("fence", {}):
                    line["fence"][name] += number * apart
            found.append(json.dumps(line))
            seq += 1
    return found


def test_records_come_back_in_order_whether_they_fit_into_memory_or_not(tmp_path: Path) -> None:
    records = [random.Random(1).randbytes(12) for _ in range(1)] + [
        random.Random(number).randbytes(number % 40) for number in range(1000)
    ]
    for at_once in (7, 1000, 5000):
        with Spill(at_once) as spill:
            for record in records:
                spill.add(record)
            assert list(spill) == sorted(records)
            assert list(spill) == sorted(records)
    with (tmp_path / "records").open("w+b") as stream:
        middle = write_records(stream, records[:300])
        write_records(stream, records[300:])
        assert list(read_records(stream, 0, middle)) == records[:300]
        assert list(read_records(stream, middle, None)) == records[300:]


def test_an_index_on_disk_and_processes_give_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.jsonl"
    lie = next(bad for bad in BAD if bad.name == "tokens-not-revoked")
    path.write_text("\n".join(many(70, lie.make())) + "\n")
    once = judge_file(path)
    failed = [rule for rule in once["rules"] if rule["verdict"] == "fail"]
    assert failed
    assert len(failed[0]["violations"]) == MAX_VIOLATIONS
    assert "20 more violations" in failed[0]["reasons"][0]
    monkeypatch.setattr(workers, "_PART", 100_000)
    assert path.stat().st_size > 5 * workers._PART
    assert json.dumps(judge_file(path, jobs=2)) == json.dumps(once)
    monkeypatch.setattr("conformance_tests.engine.Spill", lambda: Spill(100))
    assert json.dumps(judge_file(path)) == json.dumps(once)


def test_scenarios_are_kept_apart_and_forgotten_after_their_end() -> None:
    taken: list[int] = []

    class Counting(index.Index):
        def _forget(self, before: float) -> None:
            super()._forget(before)
            taken.append(len(self._scenarios) + len(self._owners))

    lines = many(100, ended(good.stay()), apart=60.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conformance_tests.engine.Index", Counting)
        episodes = cut(lines)
    assert sum(len(episode.operations) for episode in episodes) == 100 * len(
        cut(good.stay().text())[0].operations
    )
    assert max(taken[3:]) <= 2 * taken[2], "what has ended long ago is not remembered"


def ended(tape: Tape) -> Tape:
    """The tape with the mark that its scenario is over."""
    scenario = next(line["scenario"] for line in tape.lines if line.get("scenario"))
    tape.lines.append({"kind": "mark", "mark": "scenario-end", "scenario": scenario})
    return tape


def test_a_room_of_many_stays_is_many_episodes() -> None:
    tape = good.stay()
    tape.lines = [line for line in tape.lines if line["kind"] in ("header", "event")]
    rooms = [line for line in tape.lines if line["kind"] == "event" and line["channel"].endswith(".rooms")]
    tape.lines[1:] = [copy.deepcopy(line) for _ in range(1000) for line in rooms]
    episodes = cut(tape.text())
    sizes = [len(episode.events) for episode in episodes]
    assert sum(sizes) == 1000 * len(rooms)
    assert max(sizes) <= cutting.LONG + len(rooms)


def test_calls_of_no_scenario_prove_no_absence() -> None:
    """A log of calls and events from elsewhere: which call caused which event is not known."""
    tape = good.stay()
    lines = lines_of(tape)
    for line in lines:
        line.pop("scenario", None)
    report = judge_lines([json.dumps(line) for line in lines])
    assert [rule["id"] for rule in report["rules"] if rule["verdict"] in ("fail", "error")] == []


def test_a_rule_that_breaks_is_an_error_and_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = next(rule for rule in all_rules() if rule.id == "events/payload/size")

    def breaks(*_: object) -> Iterator[Any]:
        raise RuntimeError("out of order")

    monkeypatch.setattr(type(broken), "__setattr__", object.__setattr__)
    monkeypatch.setattr(broken, "judge_event", breaks)
    verdicts = {rule["id"]: rule["verdict"] for rule in judge_lines(good.stay().text())["rules"]}
    assert verdicts.pop("events/payload/size") == "error"
    assert "error" not in verdicts.values()


def test_what_looks_at_events_is_noticed() -> None:
    (episode, *_) = cut(good.stay().text())
    watched = Watched.of(episode)
    assert (watched.operations, watched.seen) == (episode.operations, set())
    assert watched.window_of(watched.events[0]) is not None
    assert {"events", "window_of"} == watched.seen & _EVENTFUL


def event(seq: int, event_id: str | None, channel: str = "h.rooms", name: str = "room_updated") -> Event:
    return Event(seq, 0.0, "sink", channel, name, {"meta": {"event_id": event_id}}, "rooms", "h", None)


def test_the_first_event_of_an_id_is_known_on_its_channel_and_under_its_name() -> None:
    events = [
        event(0, "a"), event(1, "b"), event(2, "a"), event(3, "a", "g.rooms"), event(4, "a", "g.rooms", "other"),
        event(5, "a", "g.rooms"), event(6, "a", name="other"), event(7, "a", name="other"), event(8, None), event(9, None),
    ]  # fmt: skip
    firsts = Firsts(lambda place: events[place[0]])
    found = [firsts.known(one, (one.seq, 1, 1)) for one in events]
    seqs = [tuple(None if e is None else e.seq for e in (k.by_id, k.on_channel, k.delivery)) for k in found]
    assert seqs == [
        (None, None, None), (None, None, None), (0, 0, 0), (0, None, None), (0, 3, None), (0, 3, 3), (0, 0, None),
        (0, 0, 6), (None, None, None), (None, None, None),
    ]  # fmt: skip


def test_a_table_of_places_keeps_what_it_was_given() -> None:
    places, picked = Places(), random.Random(3)
    digests = [picked.getrandbits(64) - (1 << 63) for _ in range(5000)]
    for number, digest in enumerate(digests):
        assert places.setdefault(digest, (number * 1000, number, number + 7)) is None
    assert len(places) == 5000
    for number, digest in enumerate(digests):
        assert places.setdefault(digest, (1, 1, 1)) == (number * 1000, number, number + 7)
