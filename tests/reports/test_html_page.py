"""The page parses, loads nothing, shows every text as text, and is the same every time."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance_tests.report.formats import write_report
from conformance_tests.report.html import to_html
from conformance_tests.report.html.text import visible
from tests.histories import good
from tests.histories.bad import BAD
from tests.reports.conftest import Judge, Judged, lines_of_lie
from tests.reports.test_html_timeline import assert_legible, pictures

VOID = {"meta", "link", "br", "input"}
NASTY = [
    "</script><script>window.ran = 1</script>", '"><img src=x onerror="window.ran = 1">', "' onfocus='window.ran = 1",
    "<!-- ", "]]>", "{{ 7 * 7 }}", "javascript:window.ran=1", "\u202egnp.exe", "a\x00b\x1b[31m", "\ud800", "שלום", "\u2028", "&lt;b&gt;",
]  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(NASTY), st.text(st.characters(exclude_categories=()), min_size=1, max_size=40)
)


class Page(HTMLParser):
    """Every tag closed in its order; ids, links, what would be loaded, scripts, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.code: dict[str, list[str]] = {"script": [], "style": []}
        self.attributes: set[str] = set()
        self.told: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.attributes |= named.keys()
        assert not any(name.startswith("on") or name == "style" for name in named)
        if "id" in named:
            self.ids.append(named["id"])
        if tag == "a":
            self.links.append(named["href"])
        elif "src" in named or "href" in named:
            self.loaded.append(named.get("src", named.get("href", "")))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.code:
            self.code[self.open[-1]].append(data)
        else:
            self.told.append(data)


@pytest.fixture(scope="module")
def bad(judged: Judge) -> Judged:
    return judged(lines_of_lie("tokens-not-revoked"))


def test_links_lead_to_places_of_the_page_and_every_rule_has_one(bad: Judged) -> None:
    report, path = bad
    page = Page(to_html(report, path))
    assert len(page.ids) == len(set(page.ids))
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert {rule["id"] for rule in report["rules"]} <= set(page.ids)
    assert page.loaded == ["data:,"]


def test_a_failure_tells_clause_expected_actual_hint_and_proof(bad: Judged) -> None:
    report, path = bad
    told = " ".join("".join(Page(to_html(report, path)).told).split())
    for rule in report["rules"]:
        for violation in rule["violations"]:
            for text in (
                violation["message"],
                violation["actual"],
                violation["hint"],
                *violation["expected"],
            ):
                assert text in told
            assert all(f"#{line['seq']}" in told for line in violation["witness"])


def test_the_same_report_gives_the_same_bytes_in_another_process(bad: Judged, tmp_path: Path) -> None:
    report, path = bad
    write_report("html", report, path, tmp_path / "here.html")
    done = subprocess.run(
        [sys.executable, "-m", "staycheck.main", "judge", str(path), "--quiet", "--report", f"html={tmp_path / 'there.html'}"],
        timeout=60, check=False, env={**os.environ, "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    assert done.returncode == 1
    assert (tmp_path / "here.html").read_bytes() == (tmp_path / "there.html").read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_lie_has_a_page_with_all_its_proof_and_nothing_overlaps(judged: Judge) -> None:
    for lie in BAD:
        report, path = judged(lie.make().text())
        page = Page(to_html(report, path))
        assert len(page.ids) == len(set(page.ids)), lie.name
        told = "".join(page.told)
        for rule in report["rules"]:
            for violation in rule["violations"]:
                assert all(f"#{line['seq']}" in told for line in violation["witness"]), lie.name
        for picture in pictures(report, path):
            assert_legible(picture)


def test_a_report_with_nothing_to_tell_says_so(judged: Judge) -> None:
    report, path = judged(good.stay().text(), ("check-out/tokens/",))
    told = "".join(Page(to_html(report, path)).told)
    assert "Nothing is broken" in told
    assert "What broke" not in told


def test_a_known_violation_says_why_and_until_when(bad: Judged) -> None:
    report, path = bad
    known = json.loads(json.dumps(report))
    for rule in known["rules"]:
        for violation in rule["violations"]:
            violation["known"] = {"reason": "ticket 7", "expires": "2027-01-01"}
    told = " ".join("".join(Page(to_html(known, path)).told).split())
    assert "Known: ticket 7, until 2027-01-01" in told
    assert re.search(r"(\d+) rules? (?:is|are) broken, \1 of them known", told)


def test_violations_of_one_kind_are_told_once_and_counted(bad: Judged) -> None:
    report, path = bad
    many = json.loads(json.dumps(report))
    rule = next(rule for rule in many["rules"] if rule["id"] == "check-out/tokens/revoked")
    rule["violations"] = [rule["violations"][0] | {"actual": f"number {number}"} for number in range(40)]
    told = " ".join("".join(Page(to_html(many, path)).told).split())
    assert "40 times" in told
    assert "39 more of the same" in told
    assert to_html(many, path).count("<figure") == to_html(report, path).count("<figure")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, min_size=4, max_size=4))
def test_no_text_of_a_history_or_a_report_becomes_markup(
    judged: Judge, tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    report, path = spoiled(judged, texts)
    text = to_html(report, path)
    text.encode()  # half a surrogate pair would not go into a file
    page = Page(text)
    plain = _plain(judged)
    assert page.code == plain.code
    assert page.attributes <= plain.attributes | {"open"}
    told = "".join(page.told)
    assert visible(texts[0]).strip() in told
    assert visible(texts[1]).strip() in told


_PLAIN: dict[str, Page] = {}


def _plain(judged: Judge) -> Page:
    if not _PLAIN:
        report, path = spoiled(judged, ["one", "two", "three", "four"])
        _PLAIN["page"] = Page(to_html(report, path))
    return _PLAIN["page"]


def spoiled(judged: Judge, texts: list[str]) -> Judged:
    """A history and a report with these texts wherever a backend's words may stand."""
    lines = [json.loads(line) for line in lines_of_lie("tokens-not-revoked")]
    for line in lines:
        if line["kind"] == "event":
            line["name"] = texts[2]
            line["data"]["payload"]["note"] = texts[3]
        if line["kind"] == "reply":
            line["body"] = {"error": {"code": texts[2]}}
    report, path = judged(lines_of_lie("tokens-not-revoked"), ("check-out/tokens/",))
    path.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    report["target"] = {"name": texts[0], "url": texts[1]}
    for rule in report["rules"]:
        rule["reasons"] = [texts[3]]
        for violation in rule["violations"]:
            violation |= {"message": texts[1], "actual": texts[0], "expected": texts[2:]}
            violation["witness"][0]["line"] = texts[3]
    return report, path


def test_what_is_not_seen_is_shown_by_its_code() -> None:
    shown: Any = visible("a\x00b\u202ec\ud800d\u200be\nf\tg")
    assert shown == "a\\u0000b\\u202ec\\ud800d\\u200be\nf\tg"
