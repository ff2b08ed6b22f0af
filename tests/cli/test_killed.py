"""Who is killed outright cannot stop what it started: the backend of a check and the processes of a pool notice, and end by themselves."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

SERVE = f'echo $PORT > port; exec "{sys.executable}" -m staycheck.main serve --port $PORT --announce --stop-with-stdin'


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def test_a_killed_check_takes_the_spawned_server_along(tmp_path: Path) -> None:
    check = subprocess.Popen(
        [sys.executable, "-m", "staycheck.main", "check", f"spawn:sh -c '{SERVE}'", "--record", "run.jsonl", "-q"],
        cwd=tmp_path,
    )  # fmt: skip
    try:
        record = tmp_path / "run.jsonl"
        async with asyncio.timeout(60):
            while not (record.exists() and record.stat().st_size):
                await asyncio.sleep(0.02)
        port = int((tmp_path / "port").read_text())
        assert await listens(port)
    finally:
        check.send_signal(signal.SIGKILL)
        check.wait(30)
    async with asyncio.timeout(30):
        while await listens(port):  # nobody tells when a port is closed: asking again is all there is
            await asyncio.sleep(0.05)


POOL = """
import multiprocessing, socket, sys
from concurrent.futures import ProcessPoolExecutor
from conformance_tests.workers import end_with_parent

kept = []

def work():
    kept.append(socket.create_server(("127.0.0.1", 0)))
    return kept[0].getsockname()[1]

if __name__ == "__main__":
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawning, initializer=end_with_parent) as pool:
        print(pool.submit(work).result(), flush=True)
        sys.stdin.read()
"""


async def test_a_killed_pool_takes_its_processes_along(tmp_path: Path) -> None:
    script = tmp_path / "pool.py"
    script.write_text(POOL)
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as pool:
        assert pool.stdout is not None
        try:
            port = int(pool.stdout.readline())
            assert await listens(port)
        finally:
            pool.kill()
    async with asyncio.timeout(30):
        while await listens(port):
            await asyncio.sleep(0.05)


def test_without_a_pipe_there_is_nothing_to_stop_with() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "staycheck.main", "serve", "--port", "0", "--stop-with-stdin"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 64
    assert "pipe" in done.stderr
