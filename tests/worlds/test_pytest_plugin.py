"""The fixtures for end-to-end tests, used as a frontend's tests use them: by a pytest of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.server.dialects import FILES

pytest_plugins = ["pytester"]

_TESTS = """
import asyncio
import pytest

HOTEL = "grand-demo"


def arrival(server):
    return next(b for b in server.bookings("arrivals") if b["flags"]["can_check_in"])


def test_a_check_in_is_heard(staycheck_server, staycheck_events):
    booking = arrival(staycheck_server)
    guest = staycheck_server.check_in(booking["booking_id"])
    event = staycheck_events.await_event(
        "grand-demo.rooms", "room_occupancy_updated",
        {"room_number": booking["room_number"], "current_booking": {"booking_id": booking["booking_id"]}},
    )
    assert event.payload["is_occupied"]
    staycheck_events.await_event("staff-hotel-1", "booking_checked_in", lambda e: e.payload["status"] == "CONFIRMED")
    assert guest.context().body["is_checked_in"]


def test_every_test_begins_anew(staycheck_server):
    assert len([b for b in staycheck_server.bookings("arrivals") if b["flags"]["can_check_in"]]) >= 5
    assert staycheck_server.scenarios()["current"] == "demo"


def test_nothing_is_heard_of_what_is_refused(staycheck_server, staycheck_events):
    booking = staycheck_server.bookings("cancelled")[0]
    reply = staycheck_server.call("POST", f"room-bookings/{booking['booking_id']}/check-in/", staff="frontdesk")
    assert reply.status == 400
    staycheck_events.assert_none("staff-hotel-1")
    staycheck_events.assert_none("grand-demo.rooms", "room_updated")


def test_assert_none_sees_what_was_done_a_moment_ago(staycheck_server, staycheck_events):
    booking = arrival(staycheck_server)
    for _ in range(20):
        staycheck_server.reset()
        staycheck_server.check_in(booking["booking_id"])
        with pytest.raises(AssertionError, match="There is a booking_checked_in"):
            staycheck_events.assert_none("staff-hotel-1", "booking_checked_in")
        staycheck_events.await_event("staff-hotel-1", "booking_checked_in")


def test_an_event_that_does_not_come_says_what_came(staycheck_server, staycheck_events):
    staycheck_server.check_in(arrival(staycheck_server)["booking_id"])
    staycheck_events.await_event("staff-hotel-1")
    with pytest.raises(AssertionError, match="No booking_checked_out on staff-hotel-1 within 0.1 s. On this channel came: booking_checked_in"):
        staycheck_events.await_event("staff-hotel-1", "booking_checked_out", within=0.1)
    with pytest.raises(AssertionError, match="was not subscribed"):
        staycheck_events.assert_none("other")


async def test_a_coroutine_hears_a_guests_channel(staycheck_server, staycheck_events):
    guest = staycheck_server.guest()
    await staycheck_events.aio.subscribe(guest)
    waiting = asyncio.create_task(staycheck_events.aio.await_event(guest, "booking_checked_out"))
    await asyncio.sleep(0)
    reply = await asyncio.to_thread(
        staycheck_server.call, "POST", f"room-bookings/{guest.booking_id}/check-out/", staff="frontdesk")
    assert reply.status == 200
    assert (await waiting).payload["booking_id"] == guest.booking_id
    await staycheck_events.aio.assert_none(guest)
    assert guest.context().status == 401


def test_a_strangers_channel_is_not_signed(staycheck_server, staycheck_events):
    from dataclasses import replace
    first, second = staycheck_server.guest(), staycheck_server.guest()
    with pytest.raises(Exception, match="is not signed for this guest"):
        staycheck_events.subscribe(replace(first, token=second.token))


@pytest.mark.staycheck(scenario="late-arrivals")
def test_another_scenario_and_the_clock(staycheck_server):
    booking = arrival(staycheck_server)
    staycheck_server.clock.freeze()
    assert staycheck_server.clock.rate == 0
    staycheck_server.clock.advance(3600)
    with pytest.raises(Exception, match="CHECKIN_TOO_LATE"):
        staycheck_server.check_in(booking["booking_id"])


@pytest.mark.staycheck(clock="2099-01-01T12:00:00+00:00")
def test_another_time(staycheck_server):
    assert staycheck_server.clock.now().year == 2099
    with pytest.raises(Exception, match="does not go back"):
        staycheck_server.clock.move("2098-01-01T12:00:00+00:00")


def test_the_clock_is_back(staycheck_server):
    assert staycheck_server.clock.now().year == 2026
    assert staycheck_server.clock.now() == staycheck_server.clock.now()


def test_snapshots(staycheck_server):
    name = staycheck_server.snapshot()
    booking = arrival(staycheck_server)["booking_id"]
    staycheck_server.check_in(booking)
    staycheck_server.restore(name)
    staycheck_server.check_in(booking)
    staycheck_server.forget(name)
    with pytest.raises(Exception, match="There is no snapshot"):
        staycheck_server.restore(name)
"""

_IN_A_DIALECT = """
def test_helpers_in_the_contracts_words_and_events_in_the_dialects(staycheck_server, staycheck_events):
    booking = next(b for b in staycheck_server.bookings("arrivals") if b["flags"]["can_check_in"])
    booking_id, room_id = booking["booking_id"], booking["room"]["room_id"]
    guest = staycheck_server.check_in(booking_id)
    assert staycheck_server.channels == ("hotel-1-rooms", "grand-demo.room-bookings")
    event = staycheck_events.await_event(
        "hotel-1-rooms", "occupancy.changed", {"current_booking": {"reference": booking_id}, "is_occupied": True})
    assert event.payload["topic"] == "occupancy"
    staycheck_events.await_event("grand-demo.room-bookings", "stay.began", {"reference": booking_id})
    assert guest.channel == f"private-stay-{booking_id}"
    staycheck_events.subscribe(guest)
    assert guest.context().body["is_checked_in"] and guest.booking().body["booking_id"] == booking_id
    left = staycheck_server.call("POST", f"room-bookings/{booking_id}/check-out/", staff="frontdesk")
    assert (left.status, left.body["booking_id"]) == (200, booking_id)
    staycheck_events.await_event(guest, "booking_checked_out", {"reference": booking_id})
    cleaned = staycheck_server.call(
        "POST", f"housekeeping/rooms/{room_id}/status/", {"to_status": "CLEANING_IN_PROGRESS"}, staff="manager")
    assert (cleaned.status, cleaned.body["room"]["room_status"]) == (200, "CLEANING_IN_PROGRESS")
    raw = staycheck_server.call("GET", "/v3/grand-demo/stays?page_size=1", staff="manager")
    assert raw.body["success"] and "reference" in raw.body["result"]["results"][0]
"""


def test_the_fixtures_do_what_they_say(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(_TESTS)
    pytester.makeini(
        "[pytest]\nasyncio_mode = auto\nstaycheck_clock = frozen@2026-11-25T14:00+00:00\naddopts = --strict-markers\n"
    )
    result = pytester.runpytest_subprocess("-p", "staycheck.pytest_plugin", "-q", timeout=100)
    result.assert_outcomes(passed=11)


def test_the_fixtures_in_a_dialect(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(_IN_A_DIALECT)
    (pytester.path / "odd.toml").write_text(FILES["everything-odd"].read_text())
    pytester.makeini("[pytest]\nasyncio_mode = auto\nstaycheck_dialect = odd.toml\n")
    result = pytester.runpytest_subprocess("-p", "staycheck.pytest_plugin", "-q", timeout=100)
    result.assert_outcomes(passed=1)


def test_a_server_that_cannot_start_ends_the_session_with_its_sentence(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(staycheck_server): pass")
    result = pytester.runpytest_subprocess(
        "-p", "staycheck.pytest_plugin", "--staycheck-scenario", "nowhere", timeout=60
    )
    assert result.ret == 4
    result.stdout.fnmatch_lines(["*staycheck_server: --scenario: There is no scenario*"])


def test_a_project_that_does_not_use_it_loads_nothing_but_pytest() -> None:
    script = (
        "import sys, pytest; before = set(sys.modules); import staycheck.pytest_plugin; "
        "print(sorted(name for name in set(sys.modules) - before if not name.startswith('staycheck')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.strip() == "[]"
