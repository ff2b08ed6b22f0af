"""The Django example as a user runs it: a copy of its directory, a database, the server, and `staycheck check` on its target file."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parents[2] / "examples" / "django_backend"
_START, _CHECK = 30.0, 240.0


@dataclass(frozen=True, slots=True)
class Judged:
    """What a check came to. `failed` maps the clauses that were violated to what was said about them."""

    exit_code: int
    report: dict[str, Any]
    failed: dict[str, list[str]]
    unjudged: dict[str, list[str]]


def copy_to(directory: Path) -> Path:
    """A copy of the example that may be changed."""
    copied = directory / "backend"
    shutil.copytree(EXAMPLE, copied, ignore=shutil.ignore_patterns("__pycache__", "*.sqlite3*"))
    return copied


def judge(backend: Path, database_url: str, *arguments: str) -> Judged:
    """Migrate, seed, serve, check with `arguments`, stop. The ports of the target file are replaced by free ones."""
    port, sink = _free_ports(2)
    target = backend / "staycheck.toml"
    text = target.read_text()
    assert text.count(":8000") == 1
    assert text.count("port = 8790") == 1
    target.write_text(text.replace(":8000", f":{port}").replace("port = 8790", f"port = {sink}"))
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "JUDGING": "1",
        "INNKEEPER_DEMO_PASSWORD": "opens-every-door-here",
        "DATABASE_URL": database_url,
        "PUSHER_URL": f"pusher://innkeeper:innkeeper-judged@127.0.0.1:{sink}/apps/1001",
    }
    for command in (["migrate", "-v0"], ["seed_judged_hotel"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=backend, env=environ, check=True)
    with _serving(backend, environ, port):
        checked = subprocess.run(
            [sys.executable, "-m", "staycheck.main", "check", str(target), "--json", *arguments],
            env=environ, capture_output=True, text=True, timeout=_CHECK, check=False,
        )  # fmt: skip
    assert checked.stdout, checked.stderr
    report = json.loads(checked.stdout)
    failed: dict[str, list[str]] = {}
    for rule in report["rules"]:
        for violation in rule["violations"]:
            failed.setdefault(violation["clause"], []).append(
                f"{rule['id']}: {violation['message']}: {violation['actual']}"
            )
    unjudged = {
        rule["id"]: rule["reasons"]
        for rule in report["rules"]
        if rule["verdict"] in ("inconclusive", "skipped", "error")
    }
    return Judged(checked.returncode, report, failed, unjudged)


@contextmanager
def _serving(backend: Path, environ: dict[str, str], port: int) -> Iterator[None]:
    with (
        (backend / "server.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=backend, env=environ, stdout=log, stderr=log,
        ) as server,
    ):  # fmt: skip
        try:
            _wait_for(port, server)
            yield
        finally:
            server.terminate()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)  # nobody announces that a port has been opened: polling it is
    raise AssertionError("The server did not start; see server.log in the test's directory.")


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]
