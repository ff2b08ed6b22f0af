"""axe finds nothing in any view, in light and dark, at the width of a phone and of a desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.board.conftest import DESKTOP, OpenBoard

pytestmark = pytest.mark.browser

_PHONE: ViewportSize = {"width": 360, "height": 740}


def violations(page: Page, axe: str) -> list[str]:
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(axe)  # by the debugger: the page's own policy lets no script in
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [_PHONE, DESKTOP], ids=["phone", "desk"])
def test_no_view_has_a_violation(board: OpenBoard, axe: str, viewport: ViewportSize, scheme: str) -> None:
    page = board(viewport=viewport, color_scheme=scheme, reduced_motion="reduce").open()
    found = {"hotel": violations(page, axe)}
    page.get_by_label("You are").select_option("housekeeping")
    expect(page.locator("#told")).to_contain_text("housekeeping")
    page.locator(".room[data-status=OCCUPIED]").first.click()
    expect(page.locator("dialog")).to_be_visible()
    found["room"] = violations(page, axe)
    page.keyboard.press("Escape")
    page.get_by_label("You are").select_option("manager")
    expect(page.locator("#told")).to_contain_text("manager")
    page.locator(".room[data-status=READY_FOR_GUEST]").first.click()
    page.get_by_role("button", name="Needs maintenance").click()
    found["form"] = violations(page, axe)
    page.keyboard.press("Escape")
    page.locator("#stay-list .stay", has_text="party incomplete").get_by_role(
        "button", name="Check in"
    ).click()
    expect(page.locator("#told")).to_contain_text("PARTY_INCOMPLETE")
    found["refusal"] = violations(page, axe)
    for view in ("events", "server", "connect"):
        page.locator(f"nav a[href='#{view}']").click()
        expect(page.locator(f"#view-{view}")).to_be_visible()
        found[view] = violations(page, axe)
    assert {view: texts for view, texts in found.items() if texts} == {}


@pytest.mark.parametrize("view", ["hotel", "events", "server", "connect"])
def test_a_phone_scrolls_in_one_direction_only(board: OpenBoard, view: str) -> None:
    page = board(viewport=_PHONE).open(view)
    assert page.evaluate("document.documentElement.scrollWidth") <= _PHONE["width"]
