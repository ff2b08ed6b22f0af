"""How long another hotel takes: `python -m benchmarks.worlds [--db DB] [--times N]`, through the control surface of a server.

Reset, snapshot and restore of the demo hotel, in milliseconds as a client sees them: the median, the slowest of twenty, the
slowest. The first reset is told apart: it hashes nothing and builds nothing that the start has not.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from staycheck.testing.process import running


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", default="memory")
    parser.add_argument("--scenario", default="demo")
    parser.add_argument("--times", type=int, default=200)
    wanted = parser.parse_args()
    with running(["--db", wanted.db, "--scenario", wanted.scenario], Path.cwd()) as server:

        def dirty() -> None:
            server.control("POST", "states", _ARRANGE)

        works: dict[str, Callable[[], object]] = {
            "reset": lambda: server.control("POST", "reset", {}),
            "snapshot": lambda: server.control("POST", "snapshots", {"name": "bench"}),
            "restore": lambda: server.control("POST", "snapshots/bench/restore"),
        }
        print(f"first reset {_milliseconds(works['reset']):7.1f} ms")
        for name, work in works.items():
            times = []
            server.control("POST", "reset", {})
            server.control("POST", "snapshots", {"name": "bench"})
            for _ in range(wanted.times):
                if name == "snapshot":
                    server.control("POST", "reset", {})
                dirty()
                times.append(_milliseconds(work))
            times.sort()
            late = times[int(len(times) * 0.95)]
            print(
                f"{name:11} {statistics.median(times):7.1f} ms median, {late:.1f} 95 %, {times[-1]:.1f} slowest"
            )


_ARRANGE = {
    "action": "arrange",
    "run": "bench",
    "states": [{"state": "in-house booking", "params": {"conversations": 2, "orders": 2}}],
}


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
