"""The page in a real browser: found, filtered, walked along by keyboard, readable without script, and nothing asked of anybody."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from conformance_tests.report.formats import write_report
from tests.board.test_accessibility import violations
from tests.reports.conftest import Judge, lines_of_lie

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
NASTY = "</script><script>window.ran = 1</script><img src=x onerror='window.ran = 1'>"
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def reports(judged: Judge, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page with few failures, one with a race, and one with forty failures whose texts try to become markup."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, only in (("tokens-not-revoked", ()), ("every-duplicate-issued-a-token", ("races/", "tokens/"))):
        found[name] = folder / f"{name}.html"
        write_report("html", *judged(lines_of_lie(name), only), found[name])
    report, path = judged(lines_of_lie("tokens-not-revoked"))
    failed = next(rule for rule in report["rules"] if rule["id"] == "check-out/tokens/revoked")
    nasty = json.loads(json.dumps(failed["violations"]))
    nasty[0] |= {"message": NASTY, "actual": NASTY, "scenario": NASTY}
    for rule in [rule for rule in report["rules"] if rule["verdict"] != "fail"][:40]:
        rule |= {"verdict": "fail", "violations": nasty}
    found["forty"] = folder / "forty.html"
    write_report("html", report, path, found["forty"])
    return found


class Seen:
    """What a page did that nobody sees."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.asked: list[str] = []


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def open_page(browser: Browser, reports: dict[str, Path], seen: Seen) -> Iterator[OpenPage]:
    contexts = []

    def opened(name: str, place: str = "", **options: Any) -> Page:
        context = browser.new_context(**({"viewport": DESK} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: seen.complaints.append(message.text))
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on("request", lambda request: seen.asked.append(request.url))
        page.goto(reports[name].as_uri() + place)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone", "desk"])
def test_axe_finds_nothing_and_a_phone_scrolls_one_way(
    open_page: OpenPage, axe: str, viewport: ViewportSize, scheme: str
) -> None:
    page = open_page("every-duplicate-issued-a-token", viewport=viewport, color_scheme=scheme)
    for closed in page.locator("details:not([open]) > summary").all()[:6]:
        closed.click()
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_it_loads_nothing_and_no_text_runs(open_page: OpenPage, reports: dict[str, Path], seen: Seen) -> None:
    page = open_page("forty")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.ran") is None
    assert seen.complaints == []
    assert seen.asked == [reports["forty"].as_uri()]
    expect(page.locator(".index li").first).to_contain_text(NASTY)


def test_the_policy_lets_no_other_script_run(open_page: OpenPage, seen: Seen) -> None:
    page = open_page("tokens-not-revoked")
    ran = page.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "window.ran = 1";
      document.body.append(script);
      return window.ran === 1;
    }""")
    assert ran is False
    assert any("Content Security Policy" in text for text in seen.complaints)


def test_a_link_by_rule_id_opens_what_it_names(open_page: OpenPage) -> None:
    page = open_page("forty", "#check-out/tokens/revoked")
    failure = page.locator("article[data-rule='check-out/tokens/revoked']")
    expect(failure.locator("> details")).to_have_attribute("open", "")
    expect(failure.locator("h3")).to_be_in_viewport()
    page.get_by_role("combobox", name="Verdict").select_option("pass")
    expect(failure).to_be_hidden()
    page.evaluate("location.hash = ''; location.hash = 'check-out/tokens/revoked'")
    expect(failure.locator("h3")).to_be_in_viewport()


def test_rules_are_found_by_text_verdict_and_level(open_page: OpenPage) -> None:
    page = open_page("tokens-not-revoked")
    rows, shown = (
        page.locator(".verdicts tr[data-verdict]"),
        page.locator(".verdicts tr[data-verdict]:visible"),
    )
    every = rows.count()
    page.get_by_role("searchbox").fill("TOKENS revoked")
    assert 0 < shown.count() < every
    assert all("revoked" in text.lower() for text in shown.all_inner_texts())
    expect(page.locator(".filter output")).to_contain_text(f"{shown.count()} of {every}")
    page.get_by_role("searchbox").fill("")
    page.get_by_role("combobox", name="Level").select_option("SHOULD")
    page.get_by_role("combobox", name="Verdict").select_option("fail")
    expect(page.locator("article.failure:visible .level.must")).to_have_count(0)
    page.get_by_role("searchbox").fill("no such words")
    expect(page.get_by_text("Nothing fits the filter.")).to_be_visible()


def test_a_picture_is_read_by_pointer_keyboard_and_tap(open_page: OpenPage) -> None:
    page = open_page("tokens-not-revoked", has_touch=True)
    figure = page.locator("article[data-rule='check-out/tokens/revoked'] figure").first
    readout, items = figure.locator(".readout"), figure.locator("a.item")
    call = figure.locator("a.item.call.w").first
    call.hover()
    expect(readout).to_contain_text("ms, call, proof: checkOut")
    figure.locator("a.item[tabindex='0']").focus()
    first = readout.inner_text()
    page.keyboard.press("ArrowRight")
    expect(readout).not_to_have_text(first)
    page.keyboard.press("Home")
    expect(items.first).to_be_focused()
    expect(figure.locator("a.item[tabindex='0']")).to_have_count(1)
    hash_before = page.evaluate("location.hash")
    figure.locator("a.item.event").first.tap()
    expect(readout).to_contain_text(", event: ")
    assert page.evaluate("location.hash") == hash_before


def test_it_is_read_without_script(open_page: OpenPage) -> None:
    page = open_page("forty", "#check-out/tokens/revoked", java_script_enabled=False)
    failure = page.locator("article[data-rule='check-out/tokens/revoked']")
    expect(failure.get_by_text("What to do")).to_be_visible()
    expect(page.locator(".filter")).to_be_hidden()
    mark = failure.locator("a.item.w").first
    target = str(mark.get_attribute("href"))
    mark.click(position={"x": 8, "y": 8})
    expect(page.locator(f"[id='{target[1:]}']")).to_be_visible()
