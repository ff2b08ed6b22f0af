"""A whole run against a miniature backend: what is recorded, in which order, and what stays out of it."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from miniature import KEY, SECRET, STAFF, Miniature, serving

from conformance_tests.runner import Progress, run
from conformance_tests.target import (
    ProbesSettings,
    Realtime,
    SinkSettings,
    StaffLogin,
    StatesSettings,
    Target,
    Timeouts,
    UnreachableError,
)
from contract.schema_store import schema_store

Lines = list[dict[str, Any]]
OUTAGE = 1.5
NO_PROBES = ProbesSettings()


async def drive(
    tmp_path: Path, miniature: Miniature, prefix: str = "", probes: ProbesSettings = NO_PROBES, **more: Any
) -> Lines:
    record = tmp_path / "history.jsonl"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with serving(miniature, prefix) as url:
            port = listener.getsockname()[1]
            miniature.sink = f"http://127.0.0.1:{port}"
            target = Target(
                name="miniature",
                base_url=url,
                staff={name: StaffLogin(name, password) for name, password in STAFF.items()},
                realtime=Realtime(sink=SinkSettings(port=port, key=KEY, secret=SECRET)),
                states=StatesSettings(url="/_staycheck/states"),
                probes=probes,
                timeouts=Timeouts(request=5, event=0.5, grace=0.02, hold=0.2, recovery=1.0, outage=OUTAGE),
            )
            asked = {"only": ("check-in",)} | more
            await run(target, seed=1, jobs=16, record=record, sink_socket=listener, **asked)
    return read(record)


def read(record: Path) -> Lines:
    return [json.loads(line) for line in record.read_text().splitlines()]


def of(lines: Lines, **wanted: Any) -> Lines:
    return [line for line in lines if all(line.get(name) == value for name, value in wanted.items())]


@pytest.fixture
async def honest(tmp_path: Path) -> Lines:
    return await drive(tmp_path, Miniature())


async def test_every_line_keeps_the_schema_and_the_header_comes_first(honest: Lines) -> None:
    assert honest[0]["kind"] == "header"
    assert [line["seq"] for line in honest] == list(range(len(honest)))
    for line in honest:
        assert not schema_store().problems("files/history_line.schema.json", line), line


async def test_the_header_says_what_could_be_seen(honest: Lines) -> None:
    capabilities = honest[0]["capabilities"]
    assert capabilities["observers"] == ["sink"]
    assert capabilities["channels"] == {"sink": ["rooms", "staff", "guest"]}
    assert capabilities["actors"] == ["manager", "front_desk"]
    assert capabilities["states"] == ["booking ready for check-in"]
    assert {"booking", "room"} <= set(capabilities["probes"])


async def test_a_backend_below_a_prefix_is_called_arranged_and_probed_below_it(tmp_path: Path) -> None:
    miniature = Miniature()
    probes = ProbesSettings(url="/_staycheck/probes")
    lines = await drive(tmp_path, miniature, "/backend", probes)
    assert {call.partition("/backend/")[0] for call in miniature.calls} == {"GET ", "POST "}
    assert "POST /backend/_staycheck/states" in miniature.calls
    assert {"device", "booking"} <= set(lines[0]["capabilities"]["probes"])
    assert lines[0]["capabilities"]["states"] == ["booking ready for check-in"]
    assert of(lines, kind="probe", probe="device", state={"guest_fcm_token_set": False})
    (check_in,) = of(lines, kind="call", case="check-in/happy", scenario="stay/party-of-2")
    assert of(lines, kind="reply", call=check_in["call"], status=200)


async def test_a_stay_has_snapshots_events_reads_and_fences_around_its_calls(honest: Lines) -> None:
    mine = of(honest, scenario="stay/party-of-2")
    (check_in,) = of(mine, kind="call", case="check-in/happy")
    before = of(mine, kind="probe", when="before", call=check_in["call"])
    after = of(mine, kind="probe", when="after", call=check_in["call"])
    assert {probe["probe"] for probe in before} == {probe["probe"] for probe in after} >= {"booking", "room"}
    assert all(probe["seq"] < check_in["seq"] for probe in before)
    booking_id = check_in["params"]["booking_id"]
    events = [
        e
        for e in of(honest, kind="event")
        if booking_id in e["channel"] and e["name"] == "booking_checked_in"
    ]
    assert len(events) == 1
    (read_at_once,) = of(mine, kind="probe", when="event", event=events[0]["seq"])
    assert read_at_once["state"]["checked_in_at"] == "now"
    fences = [f for f in of(honest, mark="fence") if f["fence"]["begun"] > events[0]["t"]]
    assert fences[0]["fence"]["arrived"] == {"sink": ["rooms", "staff"]}
    assert fences[0]["seq"] < after[0]["seq"]


async def test_one_fence_serves_many_calls(honest: Lines) -> None:
    settled = {probe["call"] for probe in of(honest, kind="probe", when="after")}
    assert 0 < len(of(honest, mark="fence")) < len(settled)


async def test_repeats_and_refusals_are_made_and_recorded_with_their_case(honest: Lines) -> None:
    cases = {line.get("case") for line in of(honest, kind="call")}
    assert {"check-in/repeat", "check-out/repeat", "check-in/refuse/booking-not-found"} <= cases


async def test_no_raw_token_and_no_password_is_in_the_history(tmp_path: Path) -> None:
    miniature = Miniature()
    await drive(tmp_path, miniature)
    text = (tmp_path / "history.jsonl").read_text()
    assert miniature.tokens
    for secret in (*miniature.tokens, *STAFF.values(), "staff-token-of-manager", SECRET):
        assert secret not in text


async def test_what_is_not_offered_is_marked_and_its_scenario_makes_no_call(honest: Lines) -> None:
    (arranged,) = of(honest, mark="arranged", scenario="check-in/refuse/departed")
    assert arranged["unsupported"] == "the miniature has no such state"
    assert not of(honest, kind="call", scenario="check-in/refuse/departed")


async def test_everything_arranged_is_torn_down(tmp_path: Path) -> None:
    miniature = Miniature()
    lines = await drive(tmp_path, miniature)
    assert miniature.torn_down == [lines[0]["run"]]
    assert lines[-1]["mark"] == "run-end"


async def test_an_event_before_the_commit_is_caught_by_the_read_while_the_sink_holds(tmp_path: Path) -> None:
    lines = await drive(tmp_path, Miniature(lie="publish before commit"))
    reads = [p for p in of(lines, kind="probe", when="event", probe="booking") if "state" in p]
    checked_in = [e["seq"] for e in of(lines, kind="event", name="booking_checked_in")]
    assert any(p["state"]["checked_in_at"] is None for p in reads if p["event"] in checked_in)


async def test_a_backend_with_one_worker_is_not_locked_up_by_the_sink(tmp_path: Path) -> None:
    lines = await drive(tmp_path, Miniature(one_worker=True))
    assert any("holds no more" in line["text"] for line in of(lines, mark="observer"))
    assert of(lines, kind="call", case="check-out/repeat")


async def test_a_wrong_signature_is_told_in_a_sentence(tmp_path: Path) -> None:
    lines = await drive(tmp_path, Miniature(lie="wrong signature"))
    assert not of(lines, kind="event")
    assert "401" in of(lines, mark="observer")[0]["text"]
    assert "Nothing came in at sink" in of(lines, mark="fence")[0]["text"]


async def test_a_fence_that_is_half_silent_says_so(tmp_path: Path) -> None:
    lines = await drive(tmp_path, Miniature(lie="silent rooms"))
    assert all(fence["fence"]["arrived"] == {"sink": ["staff"]} for fence in of(lines, mark="fence"))


async def test_an_html_page_is_recorded_as_text_and_ends_the_scenario(tmp_path: Path) -> None:
    lines = await drive(tmp_path, Miniature(lie="html"))
    (call,) = of(lines, kind="call", scenario="stay/party-of-1")
    (reply,) = of(lines, kind="reply", call=call["call"])
    assert (reply["status"], reply["body"]) == (500, "<html>Oops</html>")
    assert reply["content_type"].startswith("text/html")


async def test_progress_goes_from_nothing_to_all(tmp_path: Path) -> None:
    told: list[Progress] = []
    await drive(tmp_path, Miniature(), progress=told.append)
    assert told[0].phase == "arranging"
    assert told[-1].phase == "ending"
    assert told[-1].done == told[-1].total > 10


async def test_an_interrupted_run_keeps_what_it_saw_and_tears_down(tmp_path: Path) -> None:
    miniature = Miniature()
    halfway = asyncio.Event()

    def tell(progress: Progress) -> None:
        if progress.done >= 3:
            halfway.set()

    task = asyncio.create_task(drive(tmp_path, miniature, progress=tell))
    await halfway.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    lines = read(tmp_path / "history.jsonl")
    assert lines[-1]["mark"] == "run-end"
    assert any("interrupted" in line["text"] for line in of(lines, mark="note"))
    assert miniature.torn_down


async def test_a_manager_who_cannot_log_in_is_one_sentence(tmp_path: Path) -> None:
    miniature = Miniature()
    async with serving(miniature) as url:
        target = Target("m", url, staff={"manager": StaffLogin("manager", "wrong")})
        with pytest.raises(UnreachableError, match="The manager cannot log in"):
            await run(target, seed=1, jobs=1, only=(), record=tmp_path / "h.jsonl")


async def test_a_race_overlaps_and_has_its_snapshots_around_all_of_its_calls(tmp_path: Path) -> None:
    lines = await drive(tmp_path, Miniature(), only=("races",), race_tries=1)
    assert lines[0]["race_tries"] == 1
    mine = of(lines, scenario="race/duplicates-check-in/1")
    calls = of(mine, kind="call")
    ids = {call["call"] for call in calls}
    replies = [line for line in lines if line["kind"] == "reply" and line["call"] in ids]
    assert len(calls) == len(replies) == 6
    assert max(call["seq"] for call in calls) < min(reply["seq"] for reply in replies)
    before, after = of(mine, kind="probe", when="before"), of(mine, kind="probe", when="after")
    assert {probe["call"] for probe in (*before, *after)} == {calls[0]["call"]}
    assert max(probe["seq"] for probe in before) < calls[0]["seq"]
    events = [line["seq"] for line in of(lines, kind="event") if line["seq"] > calls[0]["seq"]]
    assert events
    assert min(probe["seq"] for probe in after) > max(reply["seq"] for reply in replies)
    assert {probe["subject"].get("booking_id") for probe in before} == {
        probe["subject"].get("booking_id") for probe in after
    }


async def test_no_tries_no_races(tmp_path: Path) -> None:
    lines = await drive(tmp_path, Miniature(), only=("races",), race_tries=0)
    assert [line for line in lines if line.get("scenario", "").startswith("race/")] == []
