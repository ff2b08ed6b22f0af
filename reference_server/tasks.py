"""Background tasks that do not die in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

_log = structlog.get_logger("staycheck.tasks")


def start(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """A task whose unexpected end is logged with its traceback. The caller keeps it, cancels it and awaits it."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_report)
    return task


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("task_died", task=task.get_name(), exc_info=error)
