"""pusher-js in headless Chromium: the client a hotel's frontend runs, with its own WebSocket and its own fetch."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from contract.pusher.errors import ReconnectNowError
from tests.pusher.conftest import CLIENTS
from tests.pusher.support import APP, DEADLINE, Endpoint, StartEndpoint, library
from tests.requirements import chromium, require

pytestmark = pytest.mark.browser

SCRIPT = CLIENTS / "node_modules" / "pusher-js" / "dist" / "web" / "pusher-with-encryption.min.js"
PAGE = """<!doctype html><meta charset="utf-8"><script src="/pusher.js"></script><script>
window.heard = [];
window.open_pusher = (user, channels) => {
  const pusher = new Pusher("KEY", {
    cluster: "local", wsHost: location.hostname, wsPort: location.port, forceTLS: false, enabledTransports: ["ws"],
    channelAuthorization: { endpoint: "/auth?user=" + user },
    userAuthentication: { endpoint: "/user-auth" },
  });
  window.pusher = pusher;
  const hear = (kind, more) => window.heard.push({ kind, ...more });
  pusher.connection.bind("connected", () => hear("connected", { socketId: pusher.connection.socket_id }));
  pusher.user.bind_global((event, data) => hear("user event", { event, data }));
  for (const name of channels) {
    const channel = pusher.subscribe(name);
    channel.bind("pusher:subscription_succeeded", () => hear("subscribed", { channel: name }));
    channel.bind("pusher:cache_miss", () => hear("cache miss", { channel: name }));
    channel.bind("pusher:member_added", (member) => hear("member added", { id: member.id, info: member.info }));
    channel.bind("pusher:member_removed", (member) => hear("member removed", { id: member.id }));
    channel.bind_global((event, data) => {
      if (!event.startsWith("pusher:")) hear("event", { channel: name, event, data });
    });
  }
};
</script>""".replace("KEY", APP.key)


class Page:
    """A tab with pusher-js; `next` waits for what it hears."""

    def __init__(self, page: Any) -> None:
        self.page = page

    async def next(self, kind: str) -> dict[str, Any]:
        take = """(kind) => {
            const at = window.heard.findIndex((one) => one.kind === kind);
            return at < 0 ? null : window.heard.splice(at, 1)[0];
        }"""
        handle = await self.page.wait_for_function(take, arg=kind, timeout=DEADLINE * 1000)
        heard: dict[str, Any] = await handle.json_value()
        return heard


class Tabs:
    """Tabs of one browser on the pages of one endpoint."""

    def __init__(self, browser: Any, endpoint: Endpoint) -> None:
        self._browser, self.endpoint = browser, endpoint

    async def open(self, user: str, *channels: str) -> Page:
        page = await self._browser.new_page()
        await page.goto(self.endpoint.url("/page"))
        await page.evaluate("([user, channels]) => open_pusher(user, channels)", [user, list(channels)])
        return Page(page)


@pytest.fixture
async def tabs(start_endpoint: StartEndpoint) -> AsyncIterator[Tabs]:
    path = chromium()
    require("browser", SCRIPT.is_file(), "run `npm ci` in tests/clients")
    playwright = pytest.importorskip("playwright.async_api")

    def pages(app: web.Application) -> None:
        async def page(_: web.Request) -> web.Response:
            return web.Response(text=PAGE, content_type="text/html")

        async def script(_: web.Request) -> web.FileResponse:
            return web.FileResponse(Path(SCRIPT))

        app.router.add_get("/page", page)
        app.router.add_get("/pusher.js", script)

    endpoint = await start_endpoint(routes=pages)
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        try:
            yield Tabs(browser, endpoint)
        finally:
            await browser.close()


async def test_a_browser_hears_events_of_every_kind_of_channel(tabs: Tabs) -> None:
    channels = ["grand-demo.rooms", "private-a", "private-encrypted-a", "presence-a", "cache-a"]
    page = await tabs.open("ada", *channels)
    assert {(await page.next("subscribed"))["channel"] for _ in channels} == set(channels)
    assert (await page.next("cache miss"))["channel"] == "cache-a"
    for channel in channels:
        await library(tabs.endpoint, lambda p, name=channel: p.trigger(name, "n", {"guest": "Zoë"}))  # type: ignore[misc]
        assert await page.next("event") == {
            "kind": "event",
            "channel": channel,
            "event": "n",
            "data": {"guest": "Zoë"},
        }


async def test_two_browser_tabs_see_each_other_and_talk(tabs: Tabs) -> None:
    ada = await tabs.open("ada", "presence-a")
    await ada.next("subscribed")
    bob = await tabs.open("bob", "presence-a")
    await bob.next("subscribed")
    assert await ada.next("member added") == {
        "kind": "member added",
        "id": "bob",
        "info": {"name": "Zoë bob"},
    }
    assert await bob.page.evaluate("pusher.channel('presence-a').trigger('client-hi', {n: 1})") is True
    assert (await ada.next("event"))["data"] == {"n": 1}
    await bob.page.close()
    assert await ada.next("member removed") == {"kind": "member removed", "id": "bob"}


async def test_a_browser_signs_in_and_comes_back_after_4200_signed_in(tabs: Tabs) -> None:
    page = await tabs.open("ada", "a")
    first = (await page.next("connected"))["socketId"]
    await page.page.evaluate("pusher.signin()")
    await page.page.wait_for_function("pusher.user.user_data !== null", timeout=DEADLINE * 1000)
    await library(tabs.endpoint, lambda p: p.send_to_user("12345", "mail", {"n": 1}))
    assert (await page.next("user event"))["data"] == {"n": 1}
    await page.next("subscribed")
    assert tabs.endpoint.hub.close_client(first, ReconnectNowError())
    assert (await page.next("connected"))["socketId"] != first
    await page.next("subscribed")
    await page.page.wait_for_function("pusher.user.user_data !== null", timeout=DEADLINE * 1000)
    await library(tabs.endpoint, lambda p: p.send_to_user("12345", "mail", {"n": 2}))
    assert (await page.next("user event"))["data"] == {"n": 2}
