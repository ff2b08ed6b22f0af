"""The examples for frontend teams run as they say: Vitest, Playwright; of Cypress, whose browser part is not here, what runs in Node."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.requirements import chromium, require

pytestmark = [pytest.mark.node, pytest.mark.timeout(180)]

EXAMPLES = Path(__file__).parents[2] / "examples"
SECONDS = 150.0


def run(directory: Path, command: Sequence[str], **environment: str) -> str:
    """What the command says in a directory of an example; fails with it when the command fails or takes too long."""
    told = {
        **os.environ,
        "STAYCHECK": f"{sys.executable} -m staycheck.main",
        "PYTHONPATH": str(EXAMPLES.parent),
        "NO_COLOR": "1",
        "CI": "1",
        **environment,
    }
    process = subprocess.Popen(
        command, cwd=directory, env=told, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        pytest.fail(f"{command} did not end within {SECONDS:.0f} s and said\n{said}", pytrace=False)
    if process.returncode:
        pytest.fail(f"{command} ended with {process.returncode} and said\n{said}", pytrace=False)
    return said


def node_packages(example: str, *packages: str) -> Path:
    """The directory of an example whose packages are installed."""
    require("node", shutil.which("npm") is not None, "the program `npm` is not on the PATH")
    directory = EXAMPLES / example
    installed = all((directory / "node_modules" / name).is_dir() for name in packages)
    require("node", installed, f"run `npm ci` in examples/{example}, or `make clients`")
    return directory


def free_port() -> str:
    """A port nobody listens on now; Playwright has to know it before the server does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def test_vitest_runs_against_the_mock_server() -> None:
    said = run(node_packages("vitest", "vitest", "pusher-js"), ["npm", "test"])
    assert "4 passed" in said


@pytest.mark.slow  # a browser start and page loads; CI runs it beside the other examples
@pytest.mark.browser
def test_playwright_runs_against_the_mock_server(tmp_path: Path) -> None:
    browser = chromium()
    directory = node_packages("playwright", "@playwright/test", "pusher-js")
    said = run(
        directory,
        ["npm", "test", "--", "--output", str(tmp_path)],
        CHROMIUM=browser,
        MOCK_PORT=free_port(),
        PAGE_PORT=free_port(),
    )
    assert "4 passed" in said


CYPRESS_BEGINS = """
import config from "CONFIG";
const handlers = {};
const made = await config.e2e.setupNodeEvents((name, does) => (handlers[name] = does), { env: {} });
const { task } = handlers;
const done = {
  page: (await fetch(made.baseUrl)).status,
  login: (await fetch(`${made.env.mock}/api/staff/login/`, { method: "OPTIONS" })).status < 500,
  anew: await task.beginAnew(),
  plan: await task.control({ method: "PUT", path: "chaos", body: { preset: "flaky-realtime" } }),
};
await handlers["after:run"]();
console.log(JSON.stringify(done));
"""


def test_what_cypress_runs_in_node_starts_the_mock_server_and_reaches_it() -> None:
    """Cypress itself downloads a browser of its own and is not run here: its configuration is, and its specs are parsed."""
    directory = node_packages("vitest", "pusher-js")  # for the page; Cypress has its own
    cypress = EXAMPLES / "cypress"
    specs = sorted((cypress / "cypress").rglob("*.js"))
    assert len(specs) == 2
    for spec in specs:
        run(directory, ["node", "--check", str(spec)])
    script = CYPRESS_BEGINS.replace("CONFIG", (cypress / "cypress.config.mjs").as_uri())
    said = json.loads(run(directory, ["node", "--input-type=module", "--eval", script]).splitlines()[-1])
    assert (said["page"], said["login"], said["anew"]) == (200, True, None)
    assert said["plan"]["rules"]


@pytest.mark.parametrize("example", ["vitest", "playwright", "cypress"])
def test_versions_are_pinned_and_locked(example: str) -> None:
    wanted = json.loads((EXAMPLES / example / "package.json").read_text())
    locked = json.loads((EXAMPLES / example / "package-lock.json").read_text())["packages"]
    for name, version in wanted["devDependencies"].items():
        assert locked[f"node_modules/{name}"]["version"] == version
    assert locked[""]["devDependencies"] == wanted["devDependencies"]
