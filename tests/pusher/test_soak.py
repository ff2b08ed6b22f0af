"""Ten minutes with five hundred clients: nothing lost, nothing out of order, memory flat, slow readers dropped.

`STAYCHECK_SOAK_SECONDS=60 pytest tests/pusher/test_soak.py -m slow -s` tries it for a minute; `python -m tests.pusher.soak` shows it run.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from contract.pusher import frames
from reference_server.realtime.wire import text_frame
from tests.pusher.soak import soak
from tests.pusher.soak_client import EVENT, SoakClient, Tally

SECONDS = float(os.environ.get("STAYCHECK_SOAK_SECONDS", "600"))
CLIENTS = 500

MIB_GROWN = 12.0
"""What the server's memory may grow by from the quarter after the warm-up to the last quarter.

What comes and goes by design is a slow reader's queue (1024 frames of 1.6 KB), its transport's buffer, and fragments of the heap: 0 to 2 MiB
were seen. Between the two quarters lies half the run: 30 000 events, 3 million deliveries, 1 500 connections that left. Kept for each of them, a
frame would make 46 MiB, a pointer 23 MiB, 10 KB of a connection 15 MiB.
"""


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


@pytest.mark.slow
@pytest.mark.timeout(SECONDS * 2 + 240)
@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="reads the memory of a process as Linux tells it"
)
async def test_hundreds_of_clients_for_minutes() -> None:
    report = await soak(clients=CLIENTS, seconds=SECONDS, rate=100, say=_say)
    _say(repr(report))  # events a second are for reading, not for judging
    assert report.problems == []
    assert report.came_back > 0
    assert report.events > 0
    if SECONDS >= 120:  # until then its buffers may not be full
        assert report.slow_readers_dropped > 0
    assert report.memory_grown < MIB_GROWN, report


async def test_a_few_clients_for_a_moment() -> None:
    """The same, so short that it is always run: the soak itself stays whole."""
    report = await soak(clients=20, seconds=1, rate=200, say=lambda _: None)
    assert report.problems == []
    assert (report.clients, report.came_back > 0, report.events > 0) == (20, True, True)


@pytest.mark.parametrize(
    ("numbers", "problem"),
    [
        ([5, 6, 7], None),
        ([3, 4, 5, 6], None),  # published while it subscribed
        ([4, 5], None),
        ([6, 7], "6 is the first, 5 was due"),
        ([5, 7], "7 after 5"),
        ([5, 6, 6], "6 after 6"),
        ([5, 7, 6], "7 after 5"),
    ],
)
async def test_the_soak_notices_what_is_lost_repeated_or_out_of_order(
    numbers: list[int], problem: str | None
) -> None:
    tally = Tally({"a": 0})
    subject = SoakClient("client", "key", ["a"], tally)
    subject.connection_made(_Nowhere())
    subject.data_received(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    subject.data_received(text_frame(frames.established_frame("1.1", 120).encode()))
    tally.sent["a"] = 4
    said = text_frame(frames.subscription_succeeded_frame("a").encode())
    for number in numbers:
        said += text_frame(frames.encode_event("a", EVENT, f'{{"n":{number},"filler":""}}'))
    for at in range(0, len(said), 7):  # as TCP has it
        subject.data_received(said[at : at + 7])
    assert subject.subscribed.done()
    assert tally.deliveries == len(numbers)
    assert [one.partition(": ")[2] for one in tally.problems[:1]] == ([problem] if problem else [])


class _Nowhere(asyncio.Transport):
    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Nobody reads it."""
