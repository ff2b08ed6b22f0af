"""A whole check of our own server, and the same verdict from its recorded history, byte for byte."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_the_reference_passes_and_its_history_gives_the_same_report(tmp_path: Path) -> None:
    record, report = tmp_path / "history.jsonl", tmp_path / "report.json"
    command = [sys.executable, "-m", "staycheck.main"]
    checked = subprocess.run(
        [*command, "check", "reference", "--record", str(record), "--report", f"json={report}", "--json"],
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    told = json.loads(checked.stdout)
    broken = {
        rule["id"]: rule["reasons"] or rule["violations"][0]["message"]
        for rule in told["rules"]
        if rule["verdict"] not in ("pass", "skipped")
    }
    assert (checked.returncode, broken, checked.stderr) == (0, {}, "")
    judged = subprocess.run(
        [*command, "judge", str(record), "--json"], capture_output=True, text=True, timeout=60, check=False
    )
    assert judged.stdout == checked.stdout == report.read_text(encoding="utf-8")
