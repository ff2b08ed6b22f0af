"""The second look at a history in several processes: each judges a part of the episodes, and the parts are joined in order.

Processes are spawned, not forked. A part is contiguous in the index, so what is joined is what one process would have found.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Event as Stop
from pathlib import Path

from conformance_tests.coverage import Coverage
from conformance_tests.episode import Facts
from conformance_tests.episodes import FileSource, Judge, judge_episodes
from conformance_tests.index import place_of
from conformance_tests.rule import select
from conformance_tests.spill import read_records, write_records
from conformance_tests.tally import Tally

_PART = 16 << 20
"""Bytes of the history in a part. Small enough that processes end together and that an interrupt is heard soon."""


_Found = tuple[dict[str, Tally], Coverage]


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the index: its place in the file, the number of its first episode, and the bytes of its lines."""

    start: int
    end: int
    first: int
    size: int


def end_with_parent() -> None:
    """Let this process of a pool end when the one that started it is gone: who waits for work that nobody sends waits forever.

    Servers it started end with it, because they are told to stop with their stdin.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="end with parent", daemon=True).start()


def judge_in_processes(
    index: Iterable[bytes],
    history: Path,
    only: Sequence[str],
    facts: Facts,
    jobs: int,
    told: Callable[[int], None],
) -> Judge:
    """A judge that has judged all episodes by the rules under `only`; each process opens `history`."""
    spawning = multiprocessing.get_context("spawn")
    stop = spawning.Event()
    with tempfile.TemporaryDirectory(prefix="staycheck-judge-") as directory:
        path = Path(directory) / "index"
        parts = _write(index, path)
        joined = Judge(select(only), facts)
        told_of = (path, history, tuple(only), facts, stop)
        with ProcessPoolExecutor(
            min(jobs, max(len(parts), 1)), mp_context=spawning, initializer=_begin, initargs=told_of
        ) as pool:
            try:
                waiting: deque[tuple[_Part, Future[_Found]]] = deque()
                for part in parts:
                    waiting.append((part, pool.submit(_judge, part)))
                while waiting:
                    part, future = waiting.popleft()
                    tallies, coverage = future.result()
                    for rule_id, tally in tallies.items():
                        joined.tallies[rule_id].add(tally)
                    joined.coverage.add(coverage)
                    told(part.size)
            except BaseException:
                stop.set()  # whoever is at work leaves at the next episode
                pool.shutdown(wait=True, cancel_futures=True)
                raise
    return joined


def _write(index: Iterable[bytes], path: Path) -> list[_Part]:
    """Write the sorted index to a file, and say where its parts are. Parts end with an episode."""
    parts: list[_Part] = []
    with path.open("wb") as stream:
        place = start = number = first = size = 0
        episode: bytes | None = None
        for record in index:
            known, _, length, _ = place_of(record)
            if known != episode:
                if size >= _PART:
                    parts.append(_Part(start, place, first, size))
                    start, first, size = place, number, 0
                episode, number = known, number + 1
            place += write_records(stream, [record])
            size += length
        if size:
            parts.append(_Part(start, place, first, size))
    return parts


class _Work:
    """What a process judges with, from its start on."""

    index: Path
    history: Path
    only: tuple[str, ...]
    facts: Facts
    stop: Stop


def _begin(index: Path, history: Path, only: tuple[str, ...], facts: Facts, stop: Stop) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process hears it, and says when to stop
    end_with_parent()
    _Work.index, _Work.history, _Work.only, _Work.facts, _Work.stop = index, history, only, facts, stop


class _Stopped(Exception):
    """Nobody waits for the rest."""


def _judge(part: _Part) -> _Found:
    def told(_: int) -> None:
        if _Work.stop.is_set():
            raise _Stopped

    judge = Judge(select(_Work.only), _Work.facts)
    with _Work.index.open("rb") as index, _Work.history.open("rb") as history:
        records = read_records(index, part.start, part.end)
        judge_episodes(records, FileSource(history.fileno()), judge, first=part.first, told=told)
    return judge.tallies, judge.coverage
