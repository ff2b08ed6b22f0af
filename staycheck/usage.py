"""Leaving with a sentence: what every command says when it cannot do what it was asked."""

from __future__ import annotations

from typing import NoReturn

import typer

from conformance_tests.verdict import EXIT_COULD_NOT_JUDGE, EXIT_USAGE


def say(sentence: str) -> None:
    """One sentence on stderr."""
    from conformance_tests.report.terminal import console  # only who has something to say waits for it

    console(stderr=True).print(sentence, soft_wrap=True)


def fail(sentence: str, code: int) -> NoReturn:
    """Say it on stderr and leave with the code."""
    say(sentence)
    raise typer.Exit(code)


def wrong_usage(sentence: str) -> NoReturn:
    """Exit 64: the command was called in a way that cannot work."""
    fail(sentence, EXIT_USAGE)


def could_not_judge(sentence: str) -> NoReturn:
    """Exit 2: the call was right, and yet nothing can be said."""
    fail(sentence, EXIT_COULD_NOT_JUDGE)
