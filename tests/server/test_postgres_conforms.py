"""The whole conformance suite against the reference server on PostgreSQL, while something else wants the processors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.server.test_process import SERVE
from tools.false_alarms import busy_processors

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

_SEEDS = range(1, 3)
_SECONDS = 110


@contextmanager
def serving(db: str) -> Iterator[str]:
    with subprocess.Popen(
        [*SERVE, "--port", "0", "--announce", "--check-replies", "--db", db],
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())["url"]
        finally:
            server.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("seed", _SEEDS)
def test_it_conforms_on_postgresql_under_load(new_schema: str, seed: int) -> None:
    with serving(new_schema) as url, busy_processors(os.cpu_count() or 1):
        checked = subprocess.run(
            [sys.executable, "-m", "staycheck.main", "check", url, "--seed", str(seed), "--json"],
            capture_output=True, text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
    report = json.loads(checked.stdout)
    broken = {
        rule["id"]: rule["reasons"] or rule["violations"][0]["message"]
        for rule in report["rules"]
        if rule["verdict"] not in ("pass", "skipped")
    }
    assert (checked.returncode, broken) == (0, {}), checked.stderr
