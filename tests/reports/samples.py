"""Reports to be written: of good and bad histories, and of payloads that want out of the text they stand in."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

from conformance_tests.baseline import Baseline, Entry
from conformance_tests.engine import judge_lines
from tests.histories import good
from tests.histories.bad import BAD

DAY = date(2026, 11, 25)
HOSTILE = "`` ``` | <script>alert(1)</script> </details> [a](javascript:b) **x** @someone #12 ]]> &amp; \x1b[2J\x00\ud800 \u202e\nnew line"
TOKENS = "tokens-not-revoked"


def lines(name: str) -> list[str]:
    """The history of a lie by its name, as text."""
    return next(bad for bad in BAD if bad.name == name).make().text()


def report_of(*names: str) -> dict[str, Any]:
    """The report on the first lie, with the failing rules of the others in it too."""
    first, *others = [judge_lines(lines(name)) for name in names]
    for other in others:
        failing = {rule["id"]: rule for rule in other["rules"] if rule["verdict"] == "fail"}
        first["rules"] = [failing.get(rule["id"], rule) for rule in first["rules"]]
    found = [rule["verdict"] for rule in first["rules"]]
    first["summary"] = {verdict: found.count(verdict) for verdict in first["summary"]}
    return first


def good_report() -> dict[str, Any]:
    return judge_lines(good.stay().text())


def hostile_report() -> dict[str, Any]:
    """A report in which every text that comes from a backend tries to break out, and every verdict occurs."""
    report = copy.deepcopy(report_of(TOKENS))
    rule = next(rule for rule in report["rules"] if rule["verdict"] == "fail")
    violation = rule["violations"][0]
    violation.update(message=HOSTILE, actual=HOSTILE, expected=[HOSTILE, "x"], scenario="a|b`c")
    violation["witness"][0]["line"] = HOSTILE
    report["target"] = {"name": HOSTILE, "url": "http://127.0.0.1:1/|`<b>"}
    others = [other for other in report["rules"] if other["verdict"] != "fail"]
    for other, verdict in zip(others, ("error", "inconclusive", "skipped"), strict=False):
        other.update(verdict=verdict, reasons=[HOSTILE])
    report["history"]["broken"] = [{"line": 7, "reason": HOSTILE}]
    found = [one["verdict"] for one in report["rules"]]
    report["summary"] = {verdict: found.count(verdict) for verdict in report["summary"]}
    return report


def baselined(report: dict[str, Any], *, expires: date | None = None, strict: bool = False) -> dict[str, Any]:
    """The report held against a baseline that knows its failures, and one that is gone."""
    entries = [
        Entry(rule["id"], violation["fingerprint"], "HOTEL-412 <b>|", expires)
        for rule in report["rules"]
        for violation in rule["violations"]
    ]
    gone = next(rule["id"] for rule in report["rules"] if rule["verdict"] == "pass")
    unique = {entry.key: entry for entry in [*entries, Entry(gone, "0" * 16, "long ago")]}
    return Baseline(tuple(unique.values())).apply(report, DAY, strict=strict)


def history_file(folder: Path, name: str = TOKENS) -> Path:
    """The history of a lie as a file."""
    path = folder / f"{name}.jsonl"
    path.write_text("\n".join(lines(name)) + "\n", encoding="utf-8")
    return path
