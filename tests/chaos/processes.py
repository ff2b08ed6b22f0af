"""`staycheck serve --chaos ...` as a process, for clients that are processes too."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

SERVE = (sys.executable, "-m", "staycheck.main", "serve", "--port", "0", "--announce", "--stop-with-stdin")


@asynccontextmanager
async def running(*arguments: str, most: float = 60) -> AsyncIterator[str]:
    """The URL of a server that runs until the end of the block, `most` seconds."""
    async with started(*arguments, most=most) as (_, url):
        yield url


@asynccontextmanager
async def started(*arguments: str, most: float = 60) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A server and its URL; it may be stopped in the block."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*SERVE, *arguments, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(most):
            yield process, json.loads(await process.stdout.readline())["url"]
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            raise


async def turn(url: str, count: int) -> None:
    """`count` events of room 101 on the rooms channel of grand-demo."""
    async with aiohttp.ClientSession(base_url=url, raise_for_status=True) as session:
        body: dict[str, Any] = {"username": "manager", "password": "manager"}
        async with session.post("/api/staff/login/", json=body) as reply:
            headers = {"Authorization": f"Token {(await reply.json())['token']}"}
        for number in range(count):
            work = "complete-maintenance" if number % 2 else "mark-maintenance"
            body = {} if number % 2 else {"priority": "LOW"}
            path = f"/api/staff/hotel/grand-demo/rooms/101/{work}/"
            async with session.post(path, json=body, headers=headers):
                pass


async def log_of(url: str) -> list[dict[str, Any]]:
    """What was done."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/_staycheck/chaos/log") as reply:
        entries: list[dict[str, Any]] = (await reply.json())["entries"]
        return entries
