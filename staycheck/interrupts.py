"""Ctrl-C while a command is still being loaded: leave at once and quietly, as a shell expects, with 130 (128 + SIGINT)."""

from __future__ import annotations

import os
import signal

EXIT_INTERRUPTED = 130


def leave_quietly() -> None:
    """From now on Ctrl-C ends the process where it stands; there is nothing yet to give back.

    A SIGINT that the caller had ignored (`nohup`, a background job) stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: os._exit(EXIT_INTERRUPTED))


def raise_again() -> None:
    """From now on Ctrl-C is KeyboardInterrupt again, so that a command can give back what it holds."""
    if signal.getsignal(signal.SIGINT) not in (signal.SIG_IGN, signal.SIG_DFL):
        signal.signal(signal.SIGINT, signal.default_int_handler)
