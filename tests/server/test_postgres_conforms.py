"""The whole conformance suite against the reference server on PostgreSQL, as a user runs it, while something else wants the processors."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys

import pytest

from tests.server.test_process import SERVE
from tools.false_alarms import busy_processors

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

_SEEDS = range(1, 3)
_SECONDS = 110


@pytest.mark.parametrize("seed", _SEEDS)
def test_it_conforms_on_postgresql_under_load(new_schema: str, seed: int) -> None:
    serve = shlex.join([*SERVE, "--announce", "--check-replies", "--db", new_schema])
    with busy_processors(os.cpu_count() or 1):
        checked = subprocess.run(
            [
                *(sys.executable, "-m", "staycheck.main", "check", f"spawn:{serve} --port {{port}}"),
                *("--seed", str(seed), "--level", "may", "--json"),
            ],
            capture_output=True, text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
    assert checked.stdout, checked.stderr
    report = json.loads(checked.stdout)
    broken = {
        rule["id"]: rule["reasons"] or rule["violations"][0]["message"]
        for rule in report["rules"]
        if rule["verdict"] != "pass"
    }
    assert (checked.returncode, broken) == (0, {}), checked.stderr
