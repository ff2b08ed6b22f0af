"""`check` and `judge` with reports and a baseline: exit codes, files, and sentences where something cannot be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from conformance_tests import runner
from staycheck import gate, judging
from tests.histories import good
from tests.reports import samples

RULE = "check-out/tokens/revoked"


def staycheck(*arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "staycheck.main", *map(str, arguments)],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "COLUMNS": "80", **environ},
    )  # fmt: skip


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return samples.history_file(tmp_path)


def test_one_run_writes_all_formats_and_the_same_bytes_again(bad: Path, tmp_path: Path) -> None:
    names = ("json", "junit", "markdown", "sarif")
    baseline = tmp_path / "known.toml"
    assert (
        staycheck(
            "judge", bad, "--baseline", baseline, "--baseline-update", "-q", "--today", "2026-11-25"
        ).returncode
        == 0
    )
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        reports = [f"--report={name}={tmp_path / folder / name}" for name in names]
        told = staycheck(
            "judge",
            bad,
            "--baseline",
            baseline,
            *reports,
            PYTHONHASHSEED=str(ord(folder)),
            STAYCHECK_TODAY="2026-11-26",
        )
        assert (told.returncode, told.stderr) == (0, "")
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() != b""


def test_a_baseline_from_nothing_to_vanished(bad: Path, tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    missing = staycheck("judge", bad, "--baseline", path)
    assert (missing.returncode, missing.stdout) == (64, "")
    assert "--baseline-update writes one" in missing.stderr
    made = staycheck("judge", bad, "--baseline", path, "--baseline-update", "--today", "2026-11-25")
    assert made.returncode == 0
    assert "added, 0 taken out" in made.stderr
    assert f"KNOWN {RULE}  MUST" in made.stdout
    text = path.read_text(encoding="utf-8").replace("reason = ", "# HOTEL-412\nreason = ").replace(
        "nobody has written down yet.\"", "nobody has written down yet.\"\nexpires = 2026-12-01"
    )  # fmt: skip
    path.write_text(text, encoding="utf-8")
    assert staycheck("judge", bad, "--baseline", path, "--today", "2026-12-01", "-q").returncode == 0
    over = staycheck("judge", bad, "--baseline", path, "--today", "2026-12-02")
    assert over.returncode == 1
    assert f"OVER {RULE}" in over.stdout
    assert max(map(len, over.stdout.splitlines())) <= 80
    fixed = tmp_path / "good.jsonl"
    fixed.write_text("\n".join(good.stay().text()) + "\n", encoding="utf-8")
    loose = staycheck("judge", fixed, "--baseline", path, "--today", "2026-11-25")
    assert loose.returncode == 0
    assert "GONE" in loose.stdout
    assert staycheck("judge", fixed, "--baseline", path, "--strict-baseline", "-q").returncode == 1
    elsewhere = staycheck(
        "judge", fixed, "--baseline", path, "--strict-baseline", "--only", "check-in/", "-q"
    )
    assert elsewhere.returncode == 0
    same = staycheck("judge", bad, "--baseline", path, "--baseline-update", "-q", "--today", "2026-11-25")
    assert (same.stdout, same.stderr) == ("", "")
    assert (same.returncode, path.read_text(encoding="utf-8")) == (0, text)
    gone = staycheck("judge", fixed, "--baseline", path, "--baseline-update", "-q")
    assert gone.returncode == 0
    assert "[[known]]\n" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--report", "markdown=-"), "--report writes files"),
        (("--report", "markdown={folder}"), "is a directory"),
        (("--report", "markdown={folder}/no/x.md"), "there is no directory"),
        (("--report", "json={folder}/x", "--report", "sarif={folder}/x"), "is named twice"),
        (("--report", "json={bad}"), "is named twice"),
        (("--strict-baseline",), "need a --baseline FILE"),
        (("--baseline", "{folder}"), "cannot be read"),
        (("--baseline", "{folder}/no/b.toml", "--baseline-update"), "there is no directory"),
        (("--baseline", "{bad}"), "is no TOML"),
        (("--today", "tomorrow"), "tomorrow"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_64(
    bad: Path, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    told = staycheck("judge", bad, *(argument.format(folder=tmp_path, bad=bad) for argument in arguments))
    assert (told.returncode, told.stdout) == (64, "")
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr
    assert bad.read_text(encoding="utf-8").splitlines() == samples.lines(samples.TOKENS)


def test_a_report_that_cannot_be_written_takes_nothing_along(bad: Path, tmp_path: Path) -> None:
    full, fine = "/dev/full", tmp_path / "fine.md"
    if not Path(full).exists():
        pytest.skip("this system has no /dev/full")
    told = staycheck("judge", bad, "--report", f"sarif={full}", "--report", f"markdown={fine}")
    assert told.returncode == 2
    assert f"cannot be written to {full}" in told.stderr
    assert f"FAIL {RULE}" in told.stdout
    assert fine.read_text(encoding="utf-8").startswith("## ❌")


@pytest.mark.parametrize("recorded", [True, False])
def test_a_run_whose_report_cannot_be_written_keeps_its_history(
    recorded: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder of the report goes while the run is on."""
    folder = tmp_path / "reports"
    folder.mkdir()

    async def run(_: Any, *, record: Path, **__: Any) -> None:
        record.write_text("\n".join(samples.lines(samples.TOKENS)) + "\n", encoding="utf-8")
        folder.rmdir()

    monkeypatch.setattr(runner, "run", run)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    target = tmp_path / "backend.toml"
    target.write_text(
        'base_url = "http://127.0.0.1:1"\n[staff.manager]\nusername = "m"\npassword = "p"\n', encoding="utf-8"
    )
    record = tmp_path / "kept.jsonl" if recorded else None
    with pytest.raises(typer.Exit) as left:
        judging.check(str(target), record=record, report=[f"junit={folder / 'junit.xml'}"], quiet=True)
    assert left.value.exit_code == 2
    told = " ".join(capsys.readouterr().err.split())
    kept = Path(told.split("The history is in ")[1].split(";")[0])
    assert kept.read_text(encoding="utf-8").splitlines() == samples.lines(samples.TOKENS)
    assert (kept == record) is recorded


def test_the_day_comes_from_one_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(gate, "today", lambda: samples.DAY)
    found = gate.read_gate(tmp_path / "new.toml", strict=False, update=True, day=None)
    assert found is not None
    assert found.today == samples.DAY


def test_json_has_the_baseline(bad: Path, tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    told = staycheck("judge", bad, "--json", "--baseline", path, "--baseline-update", "--today", "2026-11-25")
    report = json.loads(told.stdout)
    assert report["verdict"] == "pass"
    assert report["baseline"]["today"] == "2026-11-25"
    assert RULE in report["baseline"]["known_rules"]
