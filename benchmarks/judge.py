"""How fast histories are judged, and in how much memory, from ten thousand lines to a million.

    python -m benchmarks.judge [--run RUN.jsonl] [--sizes 10000 100000 1000000] [--jobs 1 2]

Without `--run` one is recorded from our own server. Copies of it follow each other, each on a later hour and with
ids, bookings and hotels of its own, up to so many lines: `run` has all of them (calls, answers, snapshots, events; about
1 kB a line), `events` only the events that one observer saw, and no calls. The last copy is cut off, so the verdict is not
the point. Every history is judged in a process of its own: lines and bytes per second of its processor time, and its
largest resident memory (of all its processes, with `--jobs`). `parse` is the peer: `json.loads` on every line and nothing
else.

Times of one machine mean nothing on another: read the columns `of parse` (how many times the peer's time) and, from one
size to the next, `time x` and `memory x`: ten times the lines should take ten times the time, and no more memory.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

_APART = 3600.0
"""Seconds of the history from one copy to the next."""

Fill = Callable[[int, str], str]
"""What stands in the copy of a number where the recorded line has a text."""

_SLOTS: dict[str, Fill] = {
    r'(?<="t":)[\d.]+|(?<="begun":)[\d.]+|(?<="ended":)[\d.]+': lambda copy, text: (
        f"{float(text) + copy * _APART:.6f}"
    ),
    r"\brun-[0-9a-f]{8}\b": lambda copy, _: f"run-{copy:08x}",
    r"\bBK-\d+": lambda copy, text: f"{text}{copy:05d}",
    r"\b[0-9a-f]{8}(?=-[0-9a-f]{4}-[0-9a-f]{4}-)": lambda copy, text: f"{int(text, 16) ^ copy:08x}",
    r"\bfp:[0-9a-f]{12}\b": lambda copy, text: f"fp:{int(text[3:], 16) ^ copy:012x}",
    r"\b(?:grand|other)-demo": lambda copy, text: f"{text}-{copy}",
    r'(?<=staff-hotel-)\d+|(?<="hotel_id":)\d+': lambda copy, text: str(int(text) + 10 * copy),
    r'(?<="call":")c\d+': lambda copy, text: f"{text}-{copy}",
    r'(?<="scenario":")(?!fence")[^"]+': lambda copy, text: f"{text}/{copy}",
}
_ANY = re.compile("|".join(f"(?P<s{number}>{pattern})" for number, pattern in enumerate(_SLOTS)))
_FILLS = list(_SLOTS.values())
_SEQ = re.compile(r'^\{"seq":(\d+)')
_AT = re.compile(r'(?<="event":)\d+')


class _Template:
    """A recorded line, cut at what every copy has of its own."""

    def __init__(self, line: str) -> None:
        found = _SEQ.match(line)
        assert found is not None, "a line of a recorded history begins with its seq"
        self.seq = int(found[1])
        rest = line[found.end() :]
        self.at = int(place[0]) if (place := _AT.search(rest)) else None
        if place is not None:
            rest = rest[: place.start()] + "\0" + rest[place.end() :]
        self.pieces: list[str] = []
        self.fills: list[tuple[Fill, str]] = []
        end = 0
        for slot in _ANY.finditer(rest):
            self.pieces.append(rest[end : slot.start()])
            self.fills.append((_FILLS[int((slot.lastgroup or "s0")[1:])], slot[0]))
            end = slot.end()
        self.pieces.append(rest[end:])

    def copy(self, number: int, seq: int, seqs: dict[int, int]) -> str:
        parts = [f'{{"seq":{seq}']
        for piece, (fill, text) in zip(self.pieces, self.fills, strict=False):
            parts += (piece, fill(number, text))
        parts.append(self.pieces[-1])
        line = "".join(parts)
        return line if self.at is None else line.replace("\0", str(seqs.get(self.at, 0)))


def copies(lines: list[str]) -> Iterator[str]:
    """The header, and copies of the other lines without end."""
    yield lines[0]
    templates = [_Template(line) for line in lines[1:] if '"mark":"run-end"' not in line]
    seq = 1
    for number in count():
        seqs: dict[int, int] = {}
        for template in templates:
            seqs[template.seq] = seq
            yield template.copy(number, seq, seqs)
            seq += 1


def only_events(lines: list[str]) -> list[str]:
    """The header, naming one observer, and the events that it saw."""
    header = json.loads(lines[0])
    observer = header["capabilities"]["observers"][0]
    header["capabilities"]["observers"] = [observer]
    seen = [line for line in lines if '"kind":"event"' in line[:60] and f'"observer":"{observer}"' in line]
    return [json.dumps(header, separators=(",", ":")), *seen]


def write(lines: list[str], size: int, path: Path) -> None:
    """Write a history of so many lines."""
    with path.open("w", encoding="utf-8") as stream:
        for _, line in zip(range(size), copies(lines), strict=False):
            stream.write(line + "\n")


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one process: seconds of processor and of wall time, largest resident memory in MB."""

    cpu: float
    wall: float
    rss: float


def _measure(work: str, path: str, jobs: int) -> None:
    """In the child: do the work once and print what it took."""
    if work == "judge":
        from conformance_tests.engine import judge_file
        from conformance_tests.rule import all_rules

        all_rules()
    began, cpu = time.perf_counter(), _cpu()
    if work == "judge":
        judge_file(Path(path), jobs=jobs)
    else:
        with Path(path).open("rb") as stream:
            for line in stream:
                json.loads(line)
    told = {"wall": time.perf_counter() - began, "cpu": _cpu() - cpu, "rss": _rss(jobs)}
    print(json.dumps(told))


def _cpu() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def _rss(jobs: int) -> float:
    """MB. Of children only the largest is known, so that of all of them is at most this."""
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if jobs > 1 else 0
    return (own + jobs * children) / unit


def measure(work: str, path: Path, jobs: int = 1) -> Measured:
    """Do the work in a child process."""
    command = [sys.executable, "-m", "benchmarks.judge", "--child", work, str(path), str(jobs)]
    told: dict[str, Any] = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=3600).stdout
    )
    return Measured(told["cpu"], told["wall"], told["rss"])


def compare(kind: str, lines: list[str], sizes: list[int], jobs: list[int], folder: Path) -> None:
    """Print a table of one kind of history."""
    print(f"\n{kind}")
    print("     lines     MB  jobs  cpu s  wall s  lines/s/core  MB/s  of parse  memory MB  time x  memory x")
    last: dict[int, Measured] = {}
    for size in sizes:
        path = folder / f"{kind}-{size}.jsonl"
        write(lines, size, path)
        megabytes = path.stat().st_size / 1e6
        peer = measure("parse", path)
        print(
            f"{size:>10,} {megabytes:>6.0f}  {'parse':>4} {peer.cpu:>6.2f} {peer.wall:>7.2f}"
            f" {size / peer.cpu:>13,.0f} {megabytes / peer.cpu:>5.0f} {1:>9.1f} {peer.rss:>10.0f}"
        )
        for number in jobs:
            found = measure("judge", path, number)
            before = last.get(number)
            grown = f"{found.cpu / before.cpu:>7.1f} {found.rss / before.rss:>9.2f}" if before else ""
            print(
                f"{size:>10,} {megabytes:>6.0f}  {number:>5} {found.cpu:>6.2f} {found.wall:>7.2f}"
                f" {size / found.cpu:>13,.0f} {megabytes / found.cpu:>5.1f} {found.cpu / peer.cpu:>9.1f} {found.rss:>10.0f}"
                f" {grown}",
                flush=True,
            )
            last[number] = found
        path.unlink()


def record(path: Path) -> None:
    """Record a run against our own server."""
    command = [sys.executable, "-m", "staycheck.main", "check", "reference", "--quiet", "--record", str(path)]
    subprocess.run(command, check=False, timeout=600)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", type=Path, help="a recorded run; without it one is recorded")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, min(2, multiprocessing.cpu_count())])
    parser.add_argument("--kinds", nargs="+", choices=("run", "events"), default=["run", "events"])
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _measure(options.child[0], options.child[1], int(options.child[2]))
        return
    with tempfile.TemporaryDirectory(prefix="staycheck-benchmark-") as folder:
        run = options.run or Path(folder) / "run.jsonl"
        if options.run is None:
            record(run)
        lines = run.read_text(encoding="utf-8").splitlines()
        for kind in options.kinds:
            chosen = lines if kind == "run" else only_events(lines)
            compare(kind, chosen, options.sizes, sorted(set(options.jobs)), Path(folder))


if __name__ == "__main__":
    main()
