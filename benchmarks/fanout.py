"""How many deliveries a second the Pusher endpoint makes, beside a minimal Node server with `ws` in the same run.

    npm ci --prefix benchmarks/fanout_peer
    python -m benchmarks.fanout [--subscribers 100 500] [--rounds 5] [--deliveries 200000] [--batch 10] [--bytes 256] [--json]

Times of one machine mean nothing on another: read the ratios, which should be 1.00 or more. Both servers get the same requests
(`batch_events` of the REST API, which ours verifies and Node does not) and owe the same bytes to the same subscribers, by turns,
in two processes beside the load. On a machine that is busy with other things the CPU time of a delivery says more than its rate.
`load` is how much of a core the load took beside each: near 1.00 it is the load that was measured. Linux only.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.fanout_load import Lost, Measured, Server, Subscribers, measure
from reference_server.app import DEFAULT_APP

PEER = Path(__file__).parent / "fanout_peer"
_START = 'the packages of benchmarks/fanout_peer are not there: npm ci --prefix "{}"'


@dataclass(frozen=True, slots=True)
class Result:
    """All rounds with so many subscribers, and the ratio of each: of the rates, and of Node's CPU time to ours."""

    subscribers: int
    staycheck: list[Measured]
    node: list[Measured]
    ratios: list[float]
    cpu_ratios: list[float]

    @classmethod
    def of(cls, subscribers: int, ours: Sequence[Measured], theirs: Sequence[Measured]) -> Result:
        """Rounds in the order they were run, one of ours and one of theirs each."""
        pairs = list(zip(ours, theirs, strict=True))
        ratios = [mine.rate / other.rate for mine, other in pairs]
        cpu_ratios = [other.server_cost / mine.server_cost for mine, other in pairs]
        return cls(subscribers, list(ours), list(theirs), ratios, cpu_ratios)

    def line(self) -> str:
        mine, theirs = self.staycheck, self.node
        return (
            f"{self.subscribers:>11} {_median(one.rate for one in mine):>11,.0f} {_median(one.rate for one in theirs):>9,.0f}"
            f"   {_spread(self.ratios)}"
            f"   {_median(one.server_cost for one in mine):>7.1f} {_median(one.server_cost for one in theirs):>5.1f}"
            f"   {_spread(self.cpu_ratios)}"
            f"   {_median(one.load_share for one in mine):>6.2f} {_median(one.load_share for one in theirs):.2f}"
        )


_HEAD = "subscribers   deliveries/s: ours, Node  ratio (of all rounds)   CPU us each: ours, Node  ratio (of all rounds)   load"


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _spread(ratios: Sequence[float]) -> str:
    return f"{_median(ratios):>5.2f} ({min(ratios):.2f} - {max(ratios):.2f})"


@contextmanager
def ours() -> Iterator[Server]:
    """Our server on a database in memory."""
    command = [sys.executable, "-m", "staycheck.main", "serve", "--port", "0", "--announce", "--quiet"]
    with _running(command) as (said, pid):
        yield Server(urlsplit(json.loads(said)["url"]).port or 0, pid)


@contextmanager
def node(program: str) -> Iterator[Server]:
    """The Node server."""
    with _running([program, str(PEER / "server.mjs")]) as (said, pid):
        yield Server(int(said), pid)


@contextmanager
def _running(command: Sequence[str]) -> Iterator[tuple[str, int]]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline(), server.pid
        finally:
            server.send_signal(signal.SIGTERM)


def rounds(servers: Sequence[Server], subscribers: int, options: argparse.Namespace) -> Result:
    """Ours, theirs, ours, theirs ... with the same subscribers throughout. One short round of each warms up."""
    events = max(options.batch, options.deliveries // subscribers // options.batch * options.batch)
    listening = [Subscribers(server.port, DEFAULT_APP.key, subscribers) for server in servers]
    results: list[list[Measured]] = [[], []]
    try:
        for number in range(options.rounds + 1):
            for server, these, result in zip(servers, listening, results, strict=True):
                measured = measure(
                    these, server, DEFAULT_APP,
                    events=events if number else options.batch * max(1, events // 10 // options.batch),
                    batch=options.batch, size=options.bytes, window=options.window,
                )  # fmt: skip
                if number:
                    result.append(measured)
    finally:
        for these in listening:
            these.close()
    return Result.of(subscribers, *results)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--node", default="node", help="the program; without it node on the PATH")
    parser.add_argument("--subscribers", type=int, nargs="+", default=[100, 500])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--deliveries", type=int, default=200_000, help="of a round")
    parser.add_argument("--batch", type=int, default=10, choices=range(1, 11), help="events of a request")
    parser.add_argument("--bytes", type=int, default=256, help="of an event's data")
    parser.add_argument("--window", type=int, default=100, help="events on their way at once")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args()
    if not (PEER / "node_modules" / "ws").is_dir():
        parser.error(_START.format(PEER))
    if options.window < options.batch or not 64 <= options.bytes <= 10_000:
        parser.error("--window must hold a batch, and --bytes be between 64 and 10000")
    if not options.json:
        print(_HEAD)
    found = []
    try:
        with ours() as mine, node(options.node) as theirs:
            for count in options.subscribers:
                found.append(rounds((mine, theirs), count, options))
                if not options.json:
                    print(found[-1].line(), flush=True)
    except Lost as error:
        sys.exit(f"Not measured: {error}")
    if options.json:
        settings = {
            name: vars(options)[name] for name in ("rounds", "deliveries", "batch", "bytes", "window")
        }
        print(json.dumps({"settings": settings, "results": [asdict(one) for one in found]}))


if __name__ == "__main__":
    main()
