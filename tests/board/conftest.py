"""A server and a browser for the board's tests, one of each per module, and a page for each test."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, ViewportSize, expect, sync_playwright

from tests.requirements import chromium, require
from tests.server.test_process import SERVE

_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
expect.set_options(timeout=15_000)  # the machine may be busy with the other tests
DESKTOP: ViewportSize = {"width": 1440, "height": 900}


@dataclass
class Watched:
    """A page, and what it did that nobody sees."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)

    def open(self, view: str = "hotel") -> Page:
        """The board at a view, with the hotel on it."""
        self.page.goto(f"{self.url}/#{view}")
        self.page.wait_for_selector(".room", state="attached")
        return self.page

    def watch(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)
        self.page.on("websocket", lambda socket: self.requested.append(socket.url))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.text} {message.location.get('url', '')}")

    def _asked(self, request: Request) -> None:
        self.requested.append(request.url)

    @property
    def hosts(self) -> set[str | None]:
        return {urlsplit(url).hostname for url in self.requested}


OpenBoard = Callable[..., Watched]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield opened
        opened.close()


@contextmanager
def serving(**environment: str) -> Iterator[str]:
    """The URL of a server with the demo hotel."""
    with subprocess.Popen(
        [*SERVE, "--port", "0", "--announce"], stdout=subprocess.PIPE, text=True, env=os.environ | environment
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture
def board(browser: Browser, server: str) -> Iterator[OpenBoard]:
    """Open a board: `board()`, or with options of a browser context such as `viewport` and `color_scheme`."""
    contexts = []

    def open_board(**options: Any) -> Watched:
        context = browser.new_context(**({"viewport": DESKTOP} | options))
        context.set_default_timeout(15_000)
        contexts.append(context)
        watched = Watched(context.new_page(), server)
        watched.watch()
        return watched

    yield open_board
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, from the packages of tests/clients."""
    source = Path(__file__).parent.parent / "clients" / "node_modules" / "axe-core" / "axe.min.js"
    require("node", source.is_file(), "run `npm ci` in tests/clients")
    return source.read_text(encoding="utf-8")
