"""Runs the suite against our own server over and over; every verdict but `pass` is a false alarm.

    python -m tools.false_alarms --seeds 1-1000 [--db postgresql://user@host/database] [--load 1] [--jobs 2] [--keep DIR]
        [--record tools/false_alarms.jsonl]

Every run starts a server of its own with the next seed. `--load` processes do nothing but take processor time meanwhile.
On PostgreSQL every run has a schema of its own, dropped at the end. Histories that did not pass are left in `--keep`.
A thousand runs take hours: `--record` adds a line per run to a file, with the commit that ran, and seeds that passed there on
the same kind of database are not run again. Exit code 0 when every run passed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance_tests.scenarios.races import TRIES
from staycheck.reference_runs import Judged, ReferenceRun, judge_runs

_BURNER = "import os; parent = os.getppid()\nwhile os.getppid() == parent: pass"


def campaign(
    seeds: Iterable[int], db: str, *, load: int, jobs: int, keep: Path | None = None, race_tries: int = TRIES
) -> Iterator[tuple[int, Judged]]:
    """(seed, what came of it) for every seed, as they are ready."""
    runs = [
        ReferenceRun(
            _schema(seed) if db.startswith("postgres") else db,
            seed,
            race_tries,
            ("--db", f"{db}?schema={_schema(seed)}" if db.startswith("postgres") else db),
            keep / f"seed-{seed}.jsonl" if keep else None,
        )
        for seed in seeds
    ]
    with busy_processors(load):
        for run, judged in judge_runs(runs, jobs=jobs):
            if db.startswith("postgres"):
                _drop(db, run.name)
            yield run.seed, judged


@contextmanager
def busy_processors(count: int) -> Iterator[None]:
    """`count` processes that do nothing but work, and end with us however we end."""
    burners = [subprocess.Popen([sys.executable, "-c", _BURNER]) for _ in range(count)]  # noqa: S603 - our own words
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def passed(record: Path, db: str) -> set[int]:
    """The seeds that passed on this kind of database, as recorded. ValueError names a line that is not of a record."""
    found = set()
    for number, text in enumerate(record.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            run = json.loads(text)
            if run["db"] == _kind(db) and run["verdict"] == "pass":
                found.add(int(run["seed"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{record}, line {number} is no line of a record: {error!r}") from None
    return found


def add(record: Path, seed: int, db: str, judged: Judged, **circumstances: object) -> None:
    """Add a run to the record."""
    run = {"db": _kind(db), "seed": seed, "verdict": judged.verdict, "failed": judged.failed, **circumstances}
    with record.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(run) + "\n")


def _kind(db: str) -> str:
    return db.partition(":")[0]


def _commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607 - whichever git there is
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return told.stdout.strip() or "unknown"


def _schema(seed: int) -> str:
    return f"staycheck_alarm_{os.getpid()}_{seed}"


def _drop(db: str, schema: str) -> None:
    import psycopg
    from psycopg import sql

    with psycopg.connect(db, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default="1-20", help="FIRST-LAST")
    parser.add_argument("--db", default="memory")
    parser.add_argument("--load", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--race-tries", type=int, default=TRIES)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--record", type=Path)
    asked = parser.parse_args()
    first, _, last = asked.seeds.partition("-")
    if asked.keep:
        asked.keep.mkdir(parents=True, exist_ok=True)
    seeds = range(int(first), int(last or first) + 1)
    try:
        known = passed(asked.record, asked.db) if asked.record and asked.record.exists() else set()
    except ValueError as error:
        parser.error(f"--record: {error}")
    circumstances = {"load": asked.load, "race_tries": asked.race_tries, "commit": _commit()}
    verdicts: Counter[str] = Counter()
    begun = time.monotonic()
    for seed, judged in campaign(
        [seed for seed in seeds if seed not in known],
        asked.db, load=asked.load, jobs=asked.jobs, keep=asked.keep, race_tries=asked.race_tries,
    ):  # fmt: skip
        verdicts[judged.verdict] += 1
        if asked.record:
            add(asked.record, seed, asked.db, judged, **circumstances)
        if judged.verdict != "pass":
            what = judged.failed or judged.unjudged[:5]
            print(f"seed {seed}: {judged.verdict} {', '.join(what)} {judged.problem or ''}", flush=True)
        elif sum(verdicts.values()) % 20 == 0:
            print(f"{sum(verdicts.values())} runs: {dict(verdicts)}", flush=True)
    spent = time.monotonic() - begun
    print(f"{sum(verdicts.values())} runs in {spent:.0f} s on {_kind(asked.db)}: {dict(verdicts)}")
    if known:
        print(f"{len(known.intersection(seeds))} seeds of these had passed before.")
    return 0 if set(verdicts) <= {"pass"} else 1


if __name__ == "__main__":
    sys.exit(main())
