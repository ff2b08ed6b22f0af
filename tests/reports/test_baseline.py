"""Known failures do not count, new ones do, and what is gone or over is said; the file keeps what people wrote."""

from __future__ import annotations

import copy
import tomllib
from datetime import date
from typing import Any

import pytest

from conformance_tests.baseline import Baseline, Entry, updated
from conformance_tests.baseline_file import BaselineError, parse_baseline, write_baseline
from conformance_tests.engine import report_exit_code
from tests.reports import samples

DAY = samples.DAY
RULE, OTHER, THIRD = "check-out/tokens/revoked", "check-in/room/status", "check-in/room/occupied"
ZERO, ONE, TWO = "0" * 16, "1" * 16, "2" * 16


@pytest.fixture(scope="module")
def failing() -> dict[str, Any]:
    return samples.report_of(samples.TOKENS)


def entries_of(report: dict[str, Any], **more: Any) -> tuple[Entry, ...]:
    keys = {(rule["id"], found["fingerprint"]) for rule in report["rules"] for found in rule["violations"]}
    return tuple(Entry(rule, print_, "why", **more) for rule, print_ in sorted(keys))


def rule_of(report: dict[str, Any], rule_id: str = RULE) -> dict[str, Any]:
    found: dict[str, Any] = next(rule for rule in report["rules"] if rule["id"] == rule_id)
    return found


def test_without_entries_every_failure_is_new(failing: dict[str, Any]) -> None:
    report = Baseline().apply(failing, DAY)
    assert (report["verdict"], report_exit_code(report)) == ("fail", 1)
    assert report["rules"] == failing["rules"]


def test_a_known_failure_stays_a_failure_and_does_not_count(failing: dict[str, Any]) -> None:
    report = Baseline(entries_of(failing)).apply(failing, DAY)
    assert (report["verdict"], report_exit_code(report)) == ("pass", 0)
    assert rule_of(report)["verdict"] == "fail"
    assert rule_of(report)["violations"][0]["known"] == {"reason": "why", "expires": None}
    assert RULE in report["baseline"]["known_rules"]
    assert report["summary"] == failing["summary"]


def test_a_new_failure_of_a_known_rule_counts(failing: dict[str, Any]) -> None:
    report = copy.deepcopy(failing)
    found = rule_of(report)["violations"]
    found.append({**found[0], "fingerprint": TWO})
    judged = Baseline(entries_of(failing)).apply(report, DAY)
    assert report_exit_code(judged) == 1
    assert RULE not in judged["baseline"]["known_rules"]


def test_violations_that_are_not_listed_may_be_new(failing: dict[str, Any]) -> None:
    report = copy.deepcopy(failing)
    rule_of(report).update(unlisted={"violations": 3, "kinds": True}, reasons=["3 more"])
    assert report_exit_code(Baseline(entries_of(failing)).apply(report, DAY)) == 1
    rule_of(report)["unlisted"]["kinds"] = False
    assert report_exit_code(Baseline(entries_of(failing)).apply(report, DAY)) == 0


def test_what_is_open_beside_a_known_failure_stays_open(failing: dict[str, Any]) -> None:
    report = copy.deepcopy(failing)
    rule_of(report)["reasons"] = ["probe `tokens` is not offered"]
    judged = Baseline(entries_of(failing)).apply(report, DAY)
    assert (judged["verdict"], report_exit_code(judged)) == ("inconclusive", 2)


def test_an_entry_is_good_through_its_last_day(failing: dict[str, Any]) -> None:
    baseline = Baseline(entries_of(failing, expires=DAY))
    assert report_exit_code(baseline.apply(failing, DAY)) == 0
    after = baseline.apply(failing, date(2026, 11, 26))
    assert report_exit_code(after) == 1
    assert rule_of(after)["violations"][0]["expired"] == {"reason": "why", "expires": "2026-11-25"}
    assert [entry["rule"] for entry in after["baseline"]["expired"]] == [
        entry.rule for entry in baseline.entries
    ]


def test_what_is_gone_is_a_note_and_a_failure_under_strict(failing: dict[str, Any]) -> None:
    baseline = Baseline((*entries_of(failing), Entry(OTHER, ZERO, "old")))
    loose, strict = (baseline.apply(failing, DAY, strict=strict) for strict in (False, True))
    assert [entry["rule"] for entry in loose["baseline"]["vanished"]] == [OTHER]
    assert (report_exit_code(loose), report_exit_code(strict)) == (0, 1)


@pytest.mark.parametrize(
    "why", ["left out", "inconclusive", "skipped", "error", "open beside", "cut short", "broken"]
)
def test_what_was_not_judged_has_not_vanished(failing: dict[str, Any], why: str) -> None:
    report = copy.deepcopy(failing)
    if why == "left out":
        report["rules"] = [rule for rule in report["rules"] if rule["id"] != OTHER]
    elif why == "open beside":
        rule_of(report, OTHER).update(verdict="fail", reasons=["something was open"])
    elif why == "cut short":
        report["history"]["complete"] = False
    elif why == "broken":
        report["history"]["broken"] = [{"line": 3, "reason": "torn"}]
    else:
        rule_of(report, OTHER).update(verdict=why, reasons=["because"])
    used = Baseline((Entry(OTHER, ZERO, "old"),)).apply(report, DAY, strict=True)["baseline"]
    assert (used["vanished"], [entry["rule"] for entry in used["not_judged"]]) == ([], [OTHER])


def test_an_update_adds_what_is_new_takes_out_what_is_gone_and_keeps_the_rest(
    failing: dict[str, Any],
) -> None:
    first, *rest = entries_of(failing, expires=date(2020, 1, 1))
    unjudged = Entry("races/duplicates-check-in", ONE, "left out")
    report = {**failing, "rules": [rule for rule in failing["rules"] if rule["id"] != unjudged.rule]}
    before = Baseline((Entry(OTHER, ZERO, "old"), first, unjudged))
    after = updated(before, before.apply(report, DAY), "new")
    assert first in after  # over, and yet as it was: only people accept a failure for longer
    assert unjudged in after
    assert {entry.key for entry in after} == {entry.key for entry in (first, unjudged, *rest)}
    assert {entry.reason for entry in after} <= {"why", "new", "left out"}
    assert list(after) == sorted(after, key=lambda entry: entry.key)


FILE = f'''# Ours; ask the desk team.

# why: the desk
# waits for it
[[known]]   # beside
rule = "{RULE}"
fingerprint = "{TWO}"   # trailing
reason = """several
[[known]]
lines"""
# inside, at the end

# above the second
[[known]]
rule = "{OTHER}"
fingerprint = '{ONE}'
reason = "x"
expires = 2026-12-01
# right above the third
[[known]]
rule = "{THIRD}"
fingerprint = "{ZERO}"
reason = "y"

# the end
'''


def parsed(text: str) -> Baseline:
    return parse_baseline(tomllib.loads(text), "b.toml", text)


def test_the_file_is_sorted_and_every_comment_stays_with_its_entry() -> None:
    entries = sorted(parsed(FILE).entries, key=lambda entry: entry.key)
    written = write_baseline(FILE, entries, {})
    assert parsed(written).entries == tuple(entries)
    assert sorted(filter(None, written.splitlines())) == sorted(filter(None, FILE.splitlines()))
    blocks = written.split("\n\n")
    assert blocks[0] == "# Ours; ask the desk team."
    assert blocks[1].startswith(f'# right above the third\n[[known]]\nrule = "{THIRD}"')
    assert "# above the second\n[[known]]\n" in written
    assert "# why: the desk\n# waits for it\n[[known]]   # beside\n" in written
    assert 'lines"""\n# inside, at the end' in written
    assert write_baseline(written, entries, {}) == written


def test_an_entry_that_goes_takes_its_comments_along() -> None:
    left = [entry for entry in parsed(FILE).entries if entry.rule != OTHER]
    written = write_baseline(FILE, left, {})
    assert "above the second" not in written
    assert "right above the third" in written


def test_a_new_file_says_how_it_is_used_and_reads_back() -> None:
    entry = Entry(RULE, TWO, 'a "reason" \\ with \n lines', date(2027, 1, 31))
    written = write_baseline(None, [entry], {entry.key: "what it said"})
    assert parsed(written).entries == (entry,)
    assert written.startswith("# Failures that are known")
    assert 'message = "what it said"' in written
    assert write_baseline(written.replace("\n", "\r\n"), [entry], {}) == written


KNOWN = f'[[known]]\nrule = "{RULE}"\nfingerprint = "{TWO}"\nreason = "x"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (KNOWN + f'[[known]]\nrule = "{OTHER}"\nfingerprint = "{TWO}"\nresaon = "x"\n', "line 8: known.1.resaon is not allowed here; did you mean reason?"),
        (KNOWN + f'[[known]]\nrule = "{OTHER}"\nfingerprint = "{TWO}"\n', "line 5: known.1.reason is missing."),
        (KNOWN + KNOWN, "line 6: this rule and fingerprint stand there twice."),
        (KNOWN.replace("revoked", "revokd"), f"line 2: there is no rule check-out/tokens/revokd; did you mean {RULE}?"),
        (KNOWN + 'expires = "soon"\n', 'line 5: known.0.expires is "soon"'),
        (KNOWN + "expires = 2026-02-01T00:00:00\n", "line 5: known.0.expires"),
        (KNOWN.replace(TWO, "fp:123"), "line 3: known.0.fingerprint"),
        ("[knwon]\n", "line 1: knwon is not allowed here; did you mean known?"),
        ("version = 2\n", "line 1: version"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_a_sentence_with_the_line(text: str, sentence: str) -> None:
    with pytest.raises(BaselineError) as wrong:
        parsed(text)
    assert sentence in str(wrong.value)
    assert str(wrong.value).startswith("b.toml, ")
    assert str(wrong.value).endswith((".", "?"))
    assert "?." not in str(wrong.value)


def test_entries_in_another_form_are_read_and_not_rewritten() -> None:
    text = f'known = [{{rule = "{RULE}", fingerprint = "{TWO}", reason = "x"}}]\n'
    baseline = parsed(text)
    with pytest.raises(BaselineError, match=r"\[\[known\]\]"):
        write_baseline(text, baseline.entries, {})
