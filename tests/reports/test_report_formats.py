"""Every format is valid by its own schema, says every verdict for what it is, and lets no payload out of its text."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from lxml import etree
from markdown_it import MarkdownIt

from conformance_tests.engine import report_exit_code
from conformance_tests.report import markdown, words
from conformance_tests.report.formats import FORMATS
from contract.schema_store import schema_store
from tests.reports import samples

VENDORED = Path(__file__).parent / "vendored"
RULE = "check-out/tokens/revoked"


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return samples.history_file(tmp_path_factory.mktemp("formats"))


@pytest.fixture(scope="module")
def reports() -> dict[str, dict[str, Any]]:
    failing = samples.report_of(samples.TOKENS)
    return {
        "good": samples.good_report(),
        "failing": failing,
        "hostile": samples.hostile_report(),
        "known": samples.baselined(failing),
        "strict": samples.baselined(failing, strict=True),
        "over": samples.baselined(failing, expires=samples.DAY.replace(day=24)),
    }


EVERY = pytest.mark.parametrize("name", ["good", "failing", "hostile", "known", "strict", "over"])


def junit(report: dict[str, Any], history: Path) -> Any:
    return etree.fromstring(FORMATS["junit"](report, history).encode())


def sarif(report: dict[str, Any], history: Path) -> Any:
    return json.loads(FORMATS["sarif"](report, history))["runs"][0]


def case_of(root: Any, rule: str) -> Any:
    return root.xpath("//testcase[@name=$name]", name=rule)[0]


@EVERY
def test_junit_is_valid_by_the_schema_of_jenkins(name: str, reports: dict[str, Any], history: Path) -> None:
    schema = etree.XMLSchema(etree.parse(VENDORED / "junit-10.xsd"))
    schema.assertValid(junit(reports[name], history))


@EVERY
def test_sarif_is_valid_by_its_schema(name: str, reports: dict[str, Any], history: Path) -> None:
    schema = json.loads((VENDORED / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
    log = json.loads(FORMATS["sarif"](reports[name], history))
    assert [error.message for error in Draft4Validator(schema).iter_errors(log)] == []


@EVERY
def test_json_is_valid_by_the_report_schema(name: str, reports: dict[str, Any]) -> None:
    if name != "hostile":  # a lone surrogate is no text of a report that was read from JSON
        assert schema_store().problems("files/report.schema.json", reports[name]) == []


@EVERY
def test_a_format_gives_the_same_text_every_time(name: str, reports: dict[str, Any], history: Path) -> None:
    for render in FORMATS.values():
        assert render(reports[name], history) == render(copy.deepcopy(reports[name]), history)


def test_junit_has_a_case_per_rule_and_says_every_verdict(reports: dict[str, Any], history: Path) -> None:
    report = reports["hostile"]
    root = junit(report, history)
    by_verdict = {"fail": "failure", "error": "error", "inconclusive": "skipped", "skipped": "skipped"}
    for rule in report["rules"]:
        case = case_of(root, rule["id"])
        assert case.get("classname") == f"staycheck.{rule['id'].split('/')[0]}"
        assert [child.tag for child in case] == (
            [] if rule["verdict"] == "pass" else [by_verdict[rule["verdict"]]]
        )
        if rule["verdict"] in ("inconclusive", "skipped"):
            assert case[0].get("message").startswith(f"{rule['verdict']}: ")
    assert case_of(root, "history/whole")[0].tag == "error"
    for key in ("failures", "errors", "tests"):
        assert int(root.get(key)) == sum(int(suite.get(key)) for suite in root)


def test_junit_tells_a_failure_whole(reports: dict[str, Any], history: Path) -> None:
    failure = case_of(junit(reports["failing"], history), RULE)[0]
    assert failure.get("type") == RULE
    for piece in (
        "A check-out revokes every",
        "expected  no ACTIVE",
        "actual    1 of 2",
        "call checkOut",
        "hint",
    ):
        assert piece in failure.text


def test_junit_skips_what_is_known_and_what_is_below_the_gate(reports: dict[str, Any], history: Path) -> None:
    case = case_of(junit(reports["known"], history), RULE)
    assert [child.tag for child in case] == ["skipped", "system-out"]
    assert "HOTEL-412" in case[0].get("message")
    gone = junit(reports["strict"], history).xpath("//testsuite[@name='baseline']/testcase/failure")
    assert len(gone) == 1
    assert case_of(junit(reports["over"], history), RULE)[0].tag == "failure"
    lower = copy.deepcopy(reports["failing"])
    next(rule for rule in lower["rules"] if rule["id"] == RULE)["level"] = "SHOULD"
    assert "below the gate" in case_of(junit(lower, history), RULE)[0].get("message")


def test_sarif_has_what_code_scanning_asks_for(reports: dict[str, Any], history: Path) -> None:
    run = sarif(reports["failing"], history)
    result = next(found for found in run["results"] if found["ruleId"] == RULE)
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert (rule["id"], result["level"]) == (RULE, "error")
    assert "Revokes all active" in rule["help"]["markdown"]
    assert list(result["partialFingerprints"]) == ["staycheck/v1"]
    place = result["locations"][0]["physicalLocation"]
    text = Path("schemas/clauses.yaml").read_text(encoding="utf-8").splitlines()
    assert text[place["region"]["startLine"] - 1].strip() == f"- id: {RULE}"
    recorded = history.read_text(encoding="utf-8").splitlines()
    for location in result["relatedLocations"]:
        line = location["physicalLocation"]["region"]["startLine"]
        assert f"#{json.loads(recorded[line - 1])['seq']} " in location["message"]["text"]
    assert not Path(
        result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    ).is_absolute()


def test_sarif_suppresses_what_is_known_and_shows_open_questions_as_notifications(
    reports: dict[str, Any], history: Path
) -> None:
    known = sarif(reports["known"], history)["results"]
    assert {result["suppressions"][0]["status"] for result in known} == {"accepted"}
    over = sarif(reports["over"], history)["results"]
    assert {result["suppressions"][0]["status"] for result in over} == {"rejected"}
    run = sarif(reports["hostile"], history)
    assert {result["ruleId"] for result in run["results"]} == {
        rule["id"] for rule in reports["hostile"]["rules"] if rule["verdict"] == "fail"
    }
    told = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert any(text.startswith("inconclusive: ") for text in told)
    assert any(text.startswith("skipped: ") for text in told)
    assert run["invocations"][0]["executionSuccessful"] is False


def tokens(text: str) -> list[Any]:
    found = []
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        found.append(token)
        found.extend(token.children or ())
    return found


def test_markdown_lets_no_payload_out(reports: dict[str, Any], history: Path) -> None:
    found = tokens(FORMATS["markdown"](reports["hostile"], history))
    html = [token.content for token in found if token.type in ("html_block", "html_inline")]
    assert all("<script" not in piece and piece.count("details>") == 1 for piece in html)
    assert not any(token.type == "link_open" for token in found)
    fences = [token.content for token in found if token.type == "fence"]
    assert any("</details>" in content for content in fences)
    assert "\x1b" not in FORMATS["markdown"](reports["hostile"], history)


def test_markdown_says_the_verdict_first_and_everything_after(reports: dict[str, Any], history: Path) -> None:
    text = FORMATS["markdown"](reports["failing"], history)
    assert text.splitlines()[0].startswith("## ❌ staycheck: ")
    assert text.index("### Failures") < text.index("Rules by group")
    assert f"#### `{RULE}` MUST" in text
    known = FORMATS["markdown"](reports["known"], history)
    assert known.splitlines()[0].startswith("## ✅")
    assert "### Known failures" in known
    assert "known, not counted" in known
    open_text = FORMATS["markdown"](reports["hostile"], history)
    assert "### Could not be judged (1)" in open_text
    assert "### Had nothing to judge (" in open_text


@example("1.0.0 (of 12)")
@example("1. one")
@example("12) twelve")
@example("- dash")
@example("+ plus")
@given(st.text(alphabet=st.sampled_from("ab `|<>*_[]()#@:\\&~$!-+.1\n\t"), max_size=30))
def test_prose_and_code_render_as_themselves(raw: str) -> None:
    """CommonMark reads back what was meant: no emphasis, no link, no cell, no HTML."""
    wanted = " ".join(raw.split())
    prose = MarkdownIt("gfm-like", {"linkify": False}).parse(f"x {markdown.text(raw)} y")
    assert "".join(child.content for child in prose[1].children or ()) == f"x {wanted} y"
    alone = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown.text(raw))
    assert [token.type for token in alone] == (
        ["paragraph_open", "inline", "paragraph_close"] if wanted else []
    )
    assert not wanted or "".join(child.content for child in alone[1].children or ()) == wanted
    code = MarkdownIt("gfm-like", {"linkify": False}).parse(f"x {markdown.code(raw)} y")
    spans = [child.content for child in code[1].children or () if child.type == "code_inline"]
    assert spans == [wanted or " "]


def test_what_cannot_be_seen_is_made_visible() -> None:
    assert words.visible("a\x1b[2Jb\u202ec\ud800\n") == "a\\u001b[2Jb\\u202ec\\ud800\n"


def test_the_exit_code_follows_from_the_report(reports: dict[str, Any]) -> None:
    codes = {name: report_exit_code(report) for name, report in reports.items()}
    del codes["hostile"]
    assert codes == {"good": 0, "failing": 1, "known": 0, "strict": 1, "over": 1}
