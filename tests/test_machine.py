"""What some tests need of the machine: each is tried once here, so that a machine without it says so in one place.

Missing ones are skipped with the reason, and fail instead when STAYCHECK_REQUIRE names them.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.requirements import chromium, require

CLIENTS = Path(__file__).parent / "clients"


@pytest.mark.postgres
def test_postgresql_answers() -> None:
    import psycopg

    try:
        with psycopg.connect(
            "postgresql://postgres@127.0.0.1:5432/postgres", connect_timeout=3
        ) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError as error:
        require("postgres", False, f"no PostgreSQL on 127.0.0.1:5432 ({str(error).splitlines()[0]})")


@pytest.mark.redis
def test_redis_answers() -> None:
    import redis

    try:
        assert redis.Redis(socket_connect_timeout=3).ping()
    except redis.ConnectionError:
        require("redis", False, "no Redis on 127.0.0.1:6379")


@pytest.mark.node
def test_node_has_the_pusher_clients() -> None:
    node = shutil.which("node")
    installed = (CLIENTS / "node_modules" / "pusher-js").is_dir()
    require("node", node is not None and installed, "no Node.js, or `make clients` was not run")
    assert node is not None
    found = subprocess.run([node, "-e", "require('pusher-js')"], cwd=CLIENTS, check=False, timeout=30)
    assert found.returncode == 0


@pytest.mark.browser
def test_chromium_starts(tmp_path: Path) -> None:
    path = chromium()
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
    shown = subprocess.run(
        [path, *flags, f"--user-data-dir={tmp_path}", "--dump-dom", "data:text/html,<p>ready</p>"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "<p>ready</p>" in shown.stdout
