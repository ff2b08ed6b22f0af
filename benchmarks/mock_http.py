"""How many requests a second the mock server answers, beside Prism in the same run.

    python -m benchmarks.mock_http [--prism PROGRAM] [--rounds 3] [--seconds 5] [--check-ins 4000]

Needs `wrk` (Debian: wrk) and Prism (`npm install @stoplight/prism-cli`, then `--prism node_modules/.bin/prism`). Times of
one machine mean nothing on another: read the ratios. Prism serves `schemas/openapi.yaml` without a state: it answers
every request with an example of the reply. Two kinds of work, each by one thread over 16 connections, servers by turns:

- `check-in`: every request checks another booking in: validation, transaction, audit row, token, five events published.
  A round ends when every booking is in house. Prism answers the same requests.
- `read`: one booking's detail, again and again.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas import __file__ as schemas_file

OPENAPI = Path(schemas_file).parent / "openapi.yaml"
_HOTEL = "/api/staff/hotel/grand-demo/room-bookings"
_STATES_AT_ONCE = 250
_CONNECTIONS = 16
_START_SECONDS = 60.0

# Each path once, then nothing: wrk counts by time, and there are only so many bookings.
_EACH_ONCE = """
local paths, at = {}, 0
for line in io.lines("%s") do paths[#paths + 1] = line end
request = function()
  at = math.min(at + 1, #paths)
  return wrk.format("POST", paths[at], {["Authorization"] = "Token %s"})
end
local each_once = #paths
"""
_AGAIN = """
wrk.headers["Authorization"] = "Token %s"
local each_once = nil
"""
# wrk measures until its time is over although nothing is asked any more, so the clock is read here.
_SUMMARY = """
local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds; long micros; } moment; int gettimeofday(moment *now, void *zone);")
local moment = ffi.new("moment")
local function now()
  ffi.C.gettimeofday(moment, nil)
  return tonumber(moment.seconds) + tonumber(moment.micros) / 1e6
end
local threads = {}
setup = function(thread) table.insert(threads, thread) end
init = function() began, ended, told, failed = now(), 0, 0, 0 end
response = function(status)
  ended, told = now(), told + 1
  if status >= 400 then failed = failed + 1 end
  if told == each_once then wrk.thread:stop() end
end
done = function(summary)
  local thread, errors = threads[1], summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  print(string.format("RESULT %d %f %d", thread:get("told"), thread:get("ended") - thread:get("began"),
    thread:get("failed") + lost))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk is given: a script, and a URL to start from."""

    script: str
    url: str


def load(work: Load, seconds: float) -> float:
    """Requests a second. Raises RuntimeError when one in a hundred was not answered with a success."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(work.script + _SUMMARY)
        script.flush()
        said = subprocess.run(
            ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{seconds:g}s", "-s", script.name, work.url],
            capture_output=True, text=True, check=True, timeout=seconds + 60,
        ).stdout  # fmt: skip
    found = re.search(r"RESULT (\d+) ([\d.]+) (\d+)", said)
    assert found is not None, said
    requests, spent, errors = int(found[1]), float(found[2]), int(found[3])
    if errors > requests / 100:
        raise RuntimeError(f"{errors} of {requests} requests to {work.url} were no success:\n{said}")
    return requests / spent


@contextmanager
def ours(*arguments: str) -> Iterator[str]:
    """Our server on an empty database in memory; its URL."""
    command = [sys.executable, "-m", "staycheck.main", "serve", "--port", "0", "--announce", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())["url"]
        finally:
            server.send_signal(signal.SIGTERM)


@contextmanager
def prism(program: str) -> Iterator[str]:
    """Prism with the contract's OpenAPI document; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        program,
        "mock",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--verboseLevel",
        "silent",
        str(OPENAPI),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(port)
            yield url
        finally:
            server.send_signal(signal.SIGTERM)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)  # it tells nobody when it is ready
    raise RuntimeError("Prism did not start.")


def ask(url: str, body: dict[str, Any]) -> Any:
    """The JSON answer to a POST of JSON."""
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{url} answered {error.code}: {error.read()[:300]!r}") from None


def arrange(url: str, run: str, count: int) -> list[str]:
    """The ids of so many bookings that can be checked in."""
    found: list[str] = []
    while len(found) < count:
        some = min(_STATES_AT_ONCE, count - len(found))
        states = [{"state": "booking ready for check-in", "params": {}}] * some
        told = ask(
            f"{url}/_staycheck/states", {"action": "arrange", "run": f"{run}-{len(found)}", "states": states}
        )
        found += [result["bindings"]["booking_id"] for result in told["results"]]
    return found


def check_ins(url: str, token: str, bookings: Sequence[str], folder: Path) -> Load:
    """Every booking once."""
    paths = folder / "paths.txt"
    paths.write_text("".join(f"{_HOTEL}/{booking}/check-in/\n" for booking in bookings))
    return Load(_EACH_ONCE % (paths, token), url)


def reads(url: str, token: str, booking: str) -> Load:
    """One booking, again and again."""
    return Load(_AGAIN % token, f"{url}{_HOTEL}/{booking}/")


def show(kind: str, mine: Sequence[float], theirs: Sequence[float], asked: float) -> None:
    """A line: medians, and the ratio of each round."""
    ratios = sorted(one / other for one, other in zip(mine, theirs, strict=True))
    print(
        f"{kind:<10} {statistics.median(mine):>10,.0f} {statistics.median(theirs):>10,.0f}"
        f" {statistics.median(ratios):>8.2f} {ratios[0]:>8.2f} - {ratios[-1]:.2f}   (wanted: {asked:g})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--prism", default="prism", help="the program; without it prism on the PATH")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="of a round of reads, and the most of one of check-ins"
    )
    parser.add_argument("--check-ins", type=int, default=4_000, help="bookings of a round")
    options = parser.parse_args()
    for program, way in (("wrk", "apt-get install wrk"), (options.prism, "npm install @stoplight/prism-cli")):
        if shutil.which(program) is None:
            parser.error(f"{program} is not there: {way}")
    results: dict[str, tuple[list[float], list[float]]] = {"check-in": ([], []), "read": ([], [])}
    with tempfile.TemporaryDirectory() as place, prism(options.prism) as peer:
        for number in range(options.rounds):
            with ours("--quiet") as url:
                token = ask(f"{url}/api/staff/login/", {"username": "manager", "password": "manager"})[
                    "token"
                ]
                bookings = arrange(url, f"bench-{number}", options.check_ins)
                for kind, mine, theirs in (
                    ("check-in", *(check_ins(at, token, bookings, Path(place)) for at in (url, peer))),
                    ("read", *(reads(at, token, bookings[0]) for at in (url, peer))),
                ):
                    results[kind][0].append(load(mine, options.seconds))
                    results[kind][1].append(load(theirs, options.seconds))
    print("requests/s   staycheck      Prism    ratio   of all rounds")
    show("check-in", *results["check-in"], 2.0)
    show("read", *results["read"], 4.0)


if __name__ == "__main__":
    main()
