"""A long run of the mock server with hundreds of clients: `python -m tests.pusher.soak [--seconds 600] [--clients 500] [--rate 100]`.

Clients listen to some channels each; events with numbers are triggered through the REST API at an even rate. A part of the clients
leaves and comes back all the time, half of them without a word. One reader after another stops reading and is to be dropped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
import urllib.parse
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from contract.pusher.app import PusherApp
from contract.pusher.signatures import sign_request
from tests.pusher.soak_client import EVENT, SoakClient, Tally

APP = PusherApp("1001", "staycheck", "staycheck-secret")
CHANNELS = tuple(f"soak-{number}" for number in range(10))
_BATCH = 10
_FILLER = "x" * 1500
_COMES_AND_GOES = 5
"""Every so manieth client leaves and comes back."""
_CATCH_UP = 60.0
_WARM_UP_PART = 0.25


@dataclass
class Report:
    """What was seen. Resident memory of the server in MiB: medians of a quarter of the time after the warm-up, and of the last quarter."""

    clients: int
    seconds: float
    events: int = 0
    events_per_second: float = 0.0
    deliveries: int = 0
    deliveries_per_second: float = 0.0
    came_back: int = 0
    slow_readers_dropped: int = 0
    memory_at_start: float = 0.0
    memory_after_warm_up: float = 0.0
    memory_at_end: float = 0.0
    problems: list[str] = field(default_factory=list)

    @property
    def memory_grown(self) -> float:
        """MiB."""
        return self.memory_at_end - self.memory_after_warm_up


class Soak:
    """One run against a server that was started for it."""

    def __init__(self, host: str, port: int, pid: int, *, clients: int, seconds: float, rate: float) -> None:
        self._host, self._port, self._pid = host, port, pid
        self._rate, self._ends = rate, time.monotonic() + seconds
        self._tally = Tally(dict.fromkeys(CHANNELS, 0))
        self._clients: list[SoakClient] = []
        self._memory: list[float] = []
        self.report = Report(clients, seconds)

    async def run(self, say: Callable[[str], None]) -> Report:
        """Run to the end; `say` is told how it goes."""
        report = self.report
        async with aiohttp.ClientSession(f"http://{self._host}:{self._port}") as http:
            for number in range(report.clients):
                self._clients.append(await self._join(number))
            report.memory_at_start = _resident(self._pid)
            began = time.monotonic()
            self._ends = began + report.seconds
            async with asyncio.TaskGroup() as group:
                group.create_task(self._publish(http))
                group.create_task(self._come_and_go())
                group.create_task(self._read_slowly(http))
                group.create_task(self._watch(say))
            report.seconds = time.monotonic() - began
            await self._caught_up()
        report.events = sum(self._tally.sent.values())
        report.events_per_second = report.events / report.seconds
        report.deliveries = self._tally.deliveries
        report.deliveries_per_second = report.deliveries / report.seconds
        seen = self._memory[int(len(self._memory) * _WARM_UP_PART) :]
        part = max(1, len(seen) // 3)  # a quarter of the whole
        report.memory_after_warm_up = statistics.median(seen[:part])
        report.memory_at_end = statistics.median(seen[-part:])
        report.problems = self._tally.problems
        for client in self._clients:
            client.leave(politely=False)
        return report

    async def _join(self, number: int) -> SoakClient:
        mine = [CHANNELS[number % len(CHANNELS)], CHANNELS[(number * 7 + 3) % len(CHANNELS)]]
        client = SoakClient(f"client {number}", APP.key, sorted(set(mine)), self._tally)
        await client.connect(self._host, self._port)
        return client

    async def _publish(self, http: aiohttp.ClientSession) -> None:
        path, due, number = f"/apps/{APP.id}/batch_events", time.monotonic(), 0
        while time.monotonic() < self._ends:
            batch = []
            for _ in range(_BATCH):
                channel = CHANNELS[number * 3 % len(CHANNELS)]
                number += 1
                self._tally.sent[channel] += 1
                data = json.dumps({"n": self._tally.sent[channel], "filler": _FILLER}, separators=(",", ":"))
                batch.append({"name": EVENT, "channel": channel, "data": data})
            body = json.dumps({"batch": batch}).encode()
            query = sign_request("POST", path, {}, body, key=APP.key, secret=APP.secret, now=time.time())
            async with http.post(f"{path}?{urllib.parse.urlencode(query)}", data=body) as reply:
                if reply.status != 200:
                    self._tally.complain(f"A trigger was answered with {reply.status}: {await reply.text()}")
            due = max(due + _BATCH / self._rate, time.monotonic() - 1)  # a second is caught up with, no more
            await asyncio.sleep(due - time.monotonic())

    async def _come_and_go(self) -> None:
        restless = range(0, len(self._clients), _COMES_AND_GOES)
        every = 10.0 / max(1, len(restless))  # each of them every ten seconds
        while time.monotonic() < self._ends:
            for number in restless:
                if time.monotonic() >= self._ends:
                    return
                self._clients[number].leave(politely=self.report.came_back % 2 == 0)
                self._clients[number] = await self._join(number)
                self.report.came_back += 1
                await asyncio.sleep(every)

    async def _read_slowly(self, http: aiohttp.ClientSession) -> None:
        """Somebody who subscribes to everything and reads nothing; when the server has dropped it, the next one comes."""
        while time.monotonic() < self._ends:
            slow = SoakClient("slow reader", APP.key, CHANNELS, self._tally, slow=True)
            await slow.connect(self._host, self._port)
            while time.monotonic() < self._ends:
                async with http.get("/_staycheck/connections") as reply:
                    if slow.socket_id not in await reply.text():
                        self.report.slow_readers_dropped += 1
                        break
                await asyncio.sleep(1)
            slow.leave(politely=False)

    async def _watch(self, say: Callable[[str], None]) -> None:
        began = told = time.monotonic()
        events = deliveries = 0
        while (now := time.monotonic()) < self._ends:
            self._memory.append(_resident(self._pid))
            if now - told >= 10:
                sent, got = sum(self._tally.sent.values()), self._tally.deliveries
                say(
                    f"{now - began:5.0f} s  {(sent - events) / (now - told):7,.0f} events/s"
                    f"  {(got - deliveries) / (now - told):9,.0f} deliveries/s  {self._memory[-1]:7.1f} MiB"
                    f"  {self.report.came_back} came back  {self.report.slow_readers_dropped} slow readers dropped"
                    f"  {len(self._tally.problems)} problems"
                )
                told, events, deliveries = now, sent, got
            await asyncio.sleep(0.5)

    async def _caught_up(self) -> None:
        """Everybody has got the last event of each channel; whoever has not, in the end, has lost it."""
        deadline = time.monotonic() + _CATCH_UP
        while behind := [
            one for one in self._clients if any(one.last[c] != self._tally.sent[c] for c in one.last)
        ]:
            if time.monotonic() >= deadline:
                self._tally.complain(f"{len(behind)} clients lost the last events, such as {behind[0].last}")
                return
            await asyncio.sleep(0.05)


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@asynccontextmanager
async def _server(arguments: Sequence[str]) -> AsyncIterator[tuple[str, int, int]]:
    """Host, port and process id of a mock server that ends with this process."""
    command = ("-m", "staycheck.main", "serve", "--port", "0", "--announce", "--quiet", "--stop-with-stdin")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            said = json.loads(await process.stdout.readline())
        address = urllib.parse.urlsplit(said["url"])
        yield address.hostname or "", address.port or 0, process.pid
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(20):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def soak(*, clients: int, seconds: float, rate: float, say: Callable[[str], None]) -> Report:
    """Start a server, run, stop it. `rate` in events a second."""
    async with _server(()) as (host, port, pid):
        return await Soak(host, port, pid, clients=clients, seconds=seconds, rate=rate).run(say)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--rate", type=float, default=100, help="events a second")
    options = parser.parse_args()

    def say(line: Any) -> None:
        print(line, flush=True)  # noqa: T201 - a program that is watched

    report = asyncio.run(soak(clients=options.clients, seconds=options.seconds, rate=options.rate, say=say))
    say(json.dumps(asdict(report), indent=1))
    sys.exit(bool(report.problems))


if __name__ == "__main__":
    main()
