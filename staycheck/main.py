"""The entry point. It imports next to nothing, so that Ctrl-C is in good hands before anything else is loaded."""

from __future__ import annotations

import os
import sys
from typing import Any

from staycheck import interrupts


def run() -> None:
    """The command line: wrong usage is one sentence on stderr and exit code 64; interrupted without more to say is 130."""
    interrupts.leave_quietly()
    import traceback

    import typer

    from conformance_tests.verdict import EXIT_COULD_NOT_JUDGE, EXIT_USAGE
    from staycheck.commands import app
    from staycheck.usage import say

    # Typer brings its own copy of click or uses the installed one, by version: what both share is where its errors derive from.
    click_error: Any = typer.BadParameter.__mro__[2]
    try:
        code = app(standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):  # Typer makes the one of the other
        sys.exit(interrupts.EXIT_INTERRUPTED)
    except click_error as wrong:
        say(str(wrong.format_message()))
        sys.exit(EXIT_USAGE)
    except OSError as error:
        say(f"The output cannot be written: {error.strerror or error}.")
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # what is left in the buffer goes nowhere
        sys.exit(EXIT_COULD_NOT_JUDGE)
    except Exception:  # noqa: BLE001 - Python's own exit code for a crash is 1, and 1 means that a backend violates
        traceback.print_exc()
        sys.exit(EXIT_COULD_NOT_JUDGE)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    run()
