"""The board in a real browser: a person checks somebody in and sees it, by mouse or keyboard, alone or beside others."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.board.conftest import OpenBoard, serving

pytestmark = pytest.mark.browser


def first_arrival(page: Page) -> str:
    booking = page.locator("#stay-list .stay:has(button.main:enabled)").first.get_attribute("data-booking")
    assert booking is not None
    return booking


def counted(page: Page, chip: str) -> int:
    found = re.search(r"\d+$", page.locator(f"[data-key={chip}]").inner_text())
    assert found is not None
    return int(found[0])


def test_a_guest_is_checked_in_by_keyboard_alone_and_the_event_is_seen(board: OpenBoard) -> None:
    page = board().open()
    booking = first_arrival(page)
    room = page.locator(f"[data-booking={booking}] .in-room strong").inner_text()
    occupied = counted(page, "filter-OCCUPIED")
    page.locator("body").press("Tab")
    for _ in range(120):  # the plan comes before the stays
        if page.evaluate("document.activeElement?.dataset.key") == f"in-{booking}":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(f"[data-key=room-{room}]")).to_have_attribute("data-status", "OCCUPIED")
    expect(page.locator(f"[data-booking={booking}]")).to_have_count(0)
    expect(page.locator("#told")).to_contain_text(room)
    # The row is gone, and whoever works by keyboard goes on beside it and not at the top of the page.
    assert page.evaluate("document.activeElement.closest('#stay-list') !== null")
    assert counted(page, "filter-OCCUPIED") == occupied + 1
    page.locator("nav a[href='#events']").press("Enter")
    expect(page.locator("summary", has_text=booking).first).to_contain_text("booking_checked_in")


def test_the_focus_comes_back_to_the_room_that_was_acted_on(board: OpenBoard) -> None:
    page = board().open()
    tile = page.locator(".room[data-status=CHECKOUT_DIRTY]").last
    key = tile.get_attribute("data-key")
    tile.press("Enter")
    page.get_by_role("button", name="Needs maintenance").press("Enter")
    page.get_by_role("button", name="Report").press("Enter")
    expect(page.locator(f"[data-key={key}]")).to_have_attribute("data-status", "MAINTENANCE_REQUIRED")
    expect(page.locator(f"[data-key={key}]")).to_be_focused()


def test_two_boards_stay_in_step_by_events_alone(board: OpenBoard) -> None:
    one, other = board(), board()
    here, there = one.open(), other.open()
    booking = first_arrival(here)
    room = here.locator(f"[data-booking={booking}] .in-room strong").inner_text()
    expect(there.locator(f"[data-booking={booking}]")).to_be_visible()
    expect(there.locator("#connection")).to_have_text("live")
    asked = len(other.requested)
    here.locator(f"[data-key=in-{booking}]").click()
    expect(there.locator(f"[data-booking={booking}]")).to_have_count(0)
    expect(there.locator(f"[data-key=room-{room}]")).to_have_attribute("data-status", "OCCUPIED")
    assert len(other.requested) == asked


def test_a_stay_ends_and_its_room_is_made_ready_again(board: OpenBoard) -> None:
    page = board().open()
    page.locator("[data-key=bucket-in_house]").click()
    stay = page.locator("#stay-list .stay").first
    room = stay.locator(".in-room strong").inner_text()
    stay.get_by_role("button", name="Check out").click()
    tile = page.locator(f"[data-key=room-{room}]")
    for button, status in (
        ("", "CHECKOUT_DIRTY"), ("Start cleaning", "CLEANING_IN_PROGRESS"), ("Mark cleaned", "CLEANED_UNINSPECTED"),
    ):  # fmt: skip
        if button:
            tile.click()
            page.get_by_role("button", name=button).click()
        expect(tile).to_have_attribute("data-status", status)
    tile.click()
    page.get_by_role("button", name="Inspect", exact=True).click()
    page.get_by_role("button", name="Save").click()
    expect(tile).to_have_attribute("data-status", "READY_FOR_GUEST")
    tile.click()
    page.get_by_role("button", name="History").click()
    expect(page.locator("dialog li").first).to_contain_text("CLEANED_UNINSPECTED to READY_FOR_GUEST")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).not_to_be_visible()


def test_a_refusal_is_shown_with_its_code(board: OpenBoard) -> None:
    page = board().open()
    page.locator("#stay-list .stay", has_text="party incomplete").get_by_role(
        "button", name="Check in"
    ).click()
    expect(page.locator("#told")).to_contain_text("PARTY_INCOMPLETE: ")
    expect(page.locator("#told")).to_have_attribute("data-kind", "bad")


def test_a_room_is_assigned_moved_and_sent_to_maintenance(board: OpenBoard) -> None:
    page = board().open()
    booking = page.locator("#stay-list .stay", has_text="no room yet").first.get_attribute("data-booking")
    page.locator(f"[data-key=assign-{booking}]").click()
    page.get_by_label("Room", exact=True).select_option(index=0)
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.locator("dialog")).not_to_be_visible()
    expect(page.locator(f"[data-booking={booking}] .in-room strong")).to_have_text(re.compile(r"\d+"))
    page.locator(f"[data-key=unassign-{booking}]").click()
    expect(page.locator(f"[data-booking={booking}] .in-room strong")).to_have_text("none")
    page.locator("[data-key=bucket-in_house]").click()
    stay = page.locator("#stay-list .stay").last
    before = stay.locator(".in-room strong").inner_text()
    stay.get_by_role("button", name="Move").click()
    rooms = page.get_by_label("Room", exact=True).locator("option").all_inner_texts()
    for number in range(
        len(rooms)
    ):  # one that is promised to a later guest is refused, and the dialog says so
        page.get_by_label("Room", exact=True).select_option(index=number)
        with page.expect_response(re.compile("move-room")) as answered:
            page.locator("dialog button.main").click()
        if answered.value.ok:
            break
        expect(page.locator("dialog [role=alert]")).to_contain_text("ROOM_OVERLAP_CONFLICT")
    expect(page.locator("dialog")).not_to_be_visible()
    expect(page.locator("#stay-list .stay").last.locator(".in-room strong")).not_to_have_text(before)
    tile = page.locator(f"[data-key=room-{before}]")
    tile.click()
    page.get_by_role("button", name="Needs maintenance").click()
    page.get_by_label("Notes").fill("The tap <b>drips</b>.")
    page.get_by_role("button", name="Report").click()
    expect(tile).to_have_attribute("data-status", "MAINTENANCE_REQUIRED")
    tile.click()
    expect(page.locator("dialog dd", has_text="The tap <b>drips</b>.")).to_be_visible()


def test_buttons_are_what_the_role_may_press(board: OpenBoard) -> None:
    page = board().open()
    check_in = page.locator("#stay-list button", has_text="Check in").first
    expect(check_in).to_be_enabled()
    page.get_by_label("You are").select_option("housekeeping")
    expect(page.locator("#told")).to_contain_text("housekeeping")
    expect(page.locator("#stay-list button", has_text="Check in").first).to_be_disabled()
    page.locator(".room").first.click()
    expect(page.locator("dialog button", has_text="Override")).to_be_disabled()


def test_events_are_filtered_paused_and_copied(board: OpenBoard) -> None:
    page = board(permissions=["clipboard-read", "clipboard-write"]).open()
    page.locator(f"[data-key=in-{first_arrival(page)}]").click()
    expect(page.locator("#event-count")).to_have_text("3")
    page.locator("nav a[href='#events']").click()
    expect(page.locator("#event-list > li")).to_have_count(3)
    page.get_by_label("Event", exact=True).select_option("room_updated")
    expect(page.locator("#event-list > li")).to_have_count(1)
    page.locator("summary").click()
    page.get_by_role("button", name="Copy room_updated as JSON").click()
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert (copied["event_type"], copied["payload"]["room_status"]) == ("room_updated", "OCCUPIED")
    page.get_by_label("Text").fill("no such words")
    expect(page.locator("#event-list")).to_contain_text("No event fits.")
    page.get_by_label("Text").fill("")
    page.get_by_role("button", name="Pause").click()
    page.evaluate("location.hash = 'hotel'")
    page.locator(f"[data-key=in-{first_arrival(page)}]").click()
    expect(page.locator("#event-count")).to_have_text("6")
    page.evaluate("location.hash = 'events'")
    expect(page.get_by_role("button", name="Pause")).to_have_attribute("aria-pressed", "true")


def test_what_was_missed_while_the_connection_was_lost_is_read_when_it_is_back(board: OpenBoard) -> None:
    lost, other = board(), board()
    sockets: list[WebSocketRoute] = []
    cut = False

    def between(socket: WebSocketRoute) -> None:
        if cut:
            socket.close(code=4100)  # come back, but not at once
        else:
            socket.connect_to_server()
            sockets.append(socket)

    lost.page.route_web_socket(re.compile("/app/"), between)
    page = lost.open()
    expect(page.locator("#connection")).to_have_text("live")
    booking = first_arrival(page)
    cut = True
    for socket in sockets:
        socket.close(code=4200)
    expect(page.locator("#connection")).not_to_have_text("live")
    there = other.open()
    there.locator(f"[data-key=in-{booking}]").click()
    expect(there.locator(f"[data-booking={booking}]")).to_have_count(0)
    expect(page.locator(f"[data-booking={booking}]")).to_have_count(1)
    cut = False
    page.evaluate("window.dispatchEvent(new Event('online'))")  # pusher-js tries at once then
    expect(page.locator("#connection")).to_have_text("live")
    expect(page.locator(f"[data-booking={booking}]")).to_have_count(0)


def test_an_event_that_is_delivered_again_changes_nothing_and_is_marked(board: OpenBoard) -> None:
    page = board().open()
    answers = page.evaluate("""async () => {
      const { Hotel } = await import("/_board/hotel.js");
      const hotel = new Hotel(() => {});
      const event = (status) => ({ meta: { event_id: "one" }, payload: { room_number: 7, room_status: status } });
      return [hotel.take("room_updated", event("OCCUPIED")), hotel.take("room_updated", event("READY_FOR_GUEST")),
        hotel.rooms.get(7).room_status];
    }""")
    assert answers == [True, False, "OCCUPIED"]


def test_the_page_asks_nobody_but_this_machine_and_has_nothing_to_complain_of(board: OpenBoard) -> None:
    watched = board()
    page = watched.open()
    for view in ("events", "connect", "server", "hotel"):
        page.locator(f"nav a[href='#{view}']").click()
        expect(page.locator(f"#view-{view}")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert watched.hosts == {"127.0.0.1"}
    assert watched.complaints == []


def test_the_policy_lets_no_foreign_script_run(board: OpenBoard) -> None:
    watched = board()
    page = watched.open()
    ran = page.evaluate("""async () => {
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      document.body.append(script);
      return window.ran === true;
    }""")
    assert ran is False
    assert any("Content Security Policy" in text for text in watched.complaints)


@pytest.mark.parametrize("snippet", ["pusher-js", "Laravel Echo", "fetch", ".env of a frontend"])
def test_snippets_are_filled_with_this_servers_address(board: OpenBoard, server: str, snippet: str) -> None:
    page = board().open("connect")
    text = page.get_by_role("region", name=snippet).locator("pre").inner_text()
    assert server.rsplit(":", 1)[1] in text
    assert "secret" not in text.lower()


def test_a_control_token_is_asked_for_until_it_is_right(browser: Browser) -> None:
    with serving(STAYCHECK_CONTROL_TOKEN="let me steer") as url:
        page = browser.new_page()
        page.goto(url)
        field = page.get_by_role("textbox", name="Control token")
        field.fill("let me in")
        field.press("Enter")
        expect(page.get_by_role("alert").filter(has_text="NOT_AUTHENTICATED")).to_be_visible()
        expect(field).to_be_focused()
        field.fill("let me steer")
        field.press("Enter")
        expect(page.locator(".room").first).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert "steer" not in page.evaluate(
            "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
        )
        page.close()
