"""The report on a terminal and in a pipe: what comes first, what fits, and what is left out."""

from __future__ import annotations

import copy
import io
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from conformance_tests.report.progress import run_progress
from conformance_tests.report.terminal import FULL, print_report
from conformance_tests.runner import Progress
from tests.reports import samples
from tests.reports.test_report_commands import staycheck

RULE = "check-out/tokens/revoked"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def printed(report: dict[str, Any], width: int = 80, *, terminal: bool = False, **how: Any) -> str:
    out = io.StringIO()
    settings: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False}
    print_report(report, Console(file=out, width=width, force_terminal=terminal, **settings), **how)
    return out.getvalue()


@pytest.fixture(scope="module")
def failing() -> dict[str, Any]:
    return samples.report_of(samples.TOKENS)


@pytest.fixture(scope="module")
def many(failing: dict[str, Any]) -> dict[str, Any]:
    """Forty failing rules."""
    report = copy.deepcopy(failing)
    violations = next(rule for rule in report["rules"] if rule["id"] == RULE)["violations"]
    for rule in report["rules"][:40]:
        rule.update(verdict="fail", violations=violations)
    found = [rule["verdict"] for rule in report["rules"]]
    report["summary"] = {verdict: found.count(verdict) for verdict in report["summary"]}
    return report


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("kind", ["failing", "many", "hostile", "known", "good"])
def test_it_fits_and_ends_no_line_in_a_space(
    kind: str, width: int, failing: dict[str, Any], many: dict[str, Any]
) -> None:
    reports = {
        "failing": failing, "many": many, "hostile": samples.hostile_report(),
        "known": samples.baselined(failing), "good": samples.good_report(),
    }  # fmt: skip
    lines = printed(reports[kind], width).splitlines()
    assert max(map(len, lines)) <= width
    assert [line for line in lines if line != line.rstrip()] == []


def test_a_failure_comes_first_and_tells_what_to_do_next(failing: dict[str, Any]) -> None:
    text = printed(failing, history=Path("run of today.jsonl"))
    first = next(rule for rule in failing["rules"] if rule["verdict"] == "fail")["id"]
    assert text.startswith(f"FAIL {first}  MUST\n")
    for piece in ("expected  ", "actual    ", "call checkOut", "hint ", f"next staycheck explain {RULE}"):
        assert piece in text
    assert f"again staycheck judge 'run of today.jsonl' --only {first}\n" in text
    assert text.splitlines()[-1].startswith("FAIL  ")


def test_of_many_failures_the_first_are_told_in_full(many: dict[str, Any]) -> None:
    text = printed(many)
    assert text.count("  hint ") == FULL
    assert len(re.findall(r"^FAIL ", text, re.MULTILINE)) == text.count("  MUST\n") + 1
    assert "--verbose tells them in full" in text
    assert printed(many, every_rule=True).count("  hint ") > 40 - 1


def test_known_failures_stand_behind_new_ones(failing: dict[str, Any]) -> None:
    text = printed(samples.baselined(failing))
    assert f"KNOWN {RULE}  MUST\n  known: HOTEL-412" in text
    assert "GONE " in text
    assert "\nFAIL " not in text
    assert "known)" in text.splitlines()[-1]
    assert "K" in next(line for line in text.splitlines() if line.startswith("check-out  "))
    assert "K known" in text
    over = printed(samples.baselined(failing, expires=samples.DAY.replace(day=24)))
    assert f"FAIL {RULE}" in over
    assert "was known until 2026-11-24" in over


def test_no_payload_moves_the_cursor() -> None:
    text = printed(samples.hostile_report(), terminal=True)
    assert "\x1b[2J" not in text
    assert "\\u001b[2J" in text
    assert "\x1b" not in ESCAPE.sub("", text)


def test_no_color_and_pipes_are_plain(tmp_path: Path) -> None:
    history = samples.history_file(tmp_path)
    piped = staycheck("judge", history)
    forced = staycheck("judge", history, FORCE_COLOR="1")
    plain = staycheck("judge", history, FORCE_COLOR="1", NO_COLOR="1")
    assert "\x1b" not in piped.stdout
    assert "\x1b[1;31m" in forced.stdout
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", plain.stdout)
    assert piped.stderr == ""


def test_quiet_prints_nothing_and_verbose_a_line_per_rule(tmp_path: Path) -> None:
    history = samples.history_file(tmp_path)
    quiet, verbose = staycheck("judge", history, "--quiet"), staycheck("judge", history, "--verbose")
    assert (quiet.stdout, quiet.stderr, quiet.returncode) == ("", "", 1)
    assert re.search(r"^fail +MUST +check-out/tokens/revoked  \d+x$", verbose.stdout, re.MULTILINE)
    assert len(re.findall(r"^(?:pass|skipped|fail) ", verbose.stdout, re.MULTILINE)) > 200


def test_progress_names_the_scenario_on_a_terminal_and_says_nothing_in_a_pipe() -> None:
    for shows in (True, False):
        out = io.StringIO()
        console = Console(file=out, width=80, force_terminal=shows)
        with run_progress(console, shows=shows) as told:
            told(Progress("running", 3, 240, "check-in/" + "long/" * 20 + "end"))
        lines = [ESCAPE.sub("", line).strip("\r") for line in re.split(r"[\r\n]", out.getvalue())]
        assert any("3/240" in line and line.rstrip().endswith("/end") for line in lines) is shows
        assert max(map(len, lines)) <= 80
        assert shows or out.getvalue().strip() == ""
