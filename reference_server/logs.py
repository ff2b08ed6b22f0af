"""Structured logs on standard error: for people on a terminal, JSON lines in a pipe. Secrets are cleaned out."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from contract.redaction import Redactor


def configure_logs(*, quiet: bool, secrets: tuple[str, ...] = ()) -> None:
    """Set structlog up. `quiet` keeps warnings and errors only; `secrets` never appear, wherever they hide."""
    redactor = Redactor(secrets)

    def clean(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {key: redactor.clean({key: value})[key] for key, value in event.items()}

    # aiohttp logs a traceback for every request that is no HTTP; it has answered 400, and nobody can act on it here.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    # The pool of PostgreSQL connections tries again on its own; whoever needs one meanwhile says so with the request.
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    terminal = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(default=str)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            clean,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if quiet else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
