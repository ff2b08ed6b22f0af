"""The server as a process: what a person reads when something is wrong, and a clean end."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SERVE = [sys.executable, "-m", "staycheck.main", "serve"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SERVE, *arguments], capture_output=True, text=True, timeout=30, check=False)


def one_sentence(result: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_a_port_in_use_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run("--port", str(port))
    assert result.returncode == 2
    assert str(port) in one_sentence(result)
    assert "--port" in result.stderr


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "notes.txt"
    wrong.write_text("not a database, but a long enough text to be looked at twice " * 20)
    result = run("--port", "0", "--db", str(wrong))
    assert result.returncode == 2
    assert "notes.txt" in one_sentence(result)


@pytest.mark.parametrize("url", ["http://key:hush@host/apps/1", "pusher://key:hush@host:1/somewhere"])
def test_a_wrong_realtime_address_is_explained_without_its_secret(url: str) -> None:
    result = run("--port", "0", "--realtime", url)
    assert result.returncode == 64
    assert "hush" not in one_sentence(result)


def test_other_addresses_are_refused_with_the_secret_that_everybody_knows() -> None:
    result = run("--host", "0.0.0.0", "--port", "0")
    assert result.returncode == 64
    assert "STAYCHECK_PUSHER_SECRET" in one_sentence(result)


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(name: signal.Signals) -> None:
    with subprocess.Popen(
        [*SERVE, "--port", "0", "--announce"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["ready"] is True
        process.send_signal(name)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
