"""The command line. Every command lives in a module of its own; this one only names them."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import metadata
from typing import Annotated, Any

import typer

from conformance_tests.report.terminal import console
from conformance_tests.verdict import EXIT_COULD_NOT_JUDGE, EXIT_USAGE
from contract.clauses import contract_version
from staycheck.explaining import explain, rules
from staycheck.judging import check, demo, judge
from staycheck.mutating import mutants
from staycheck.serving import serve
from staycheck.starting import init

app = typer.Typer(
    name="staycheck", no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)
for command in (demo, serve, check, judge, rules, explain, mutants, init):
    app.command()(command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"staycheck {metadata.version('staycheck')}, contract {contract_version()}")
        raise typer.Exit


@app.callback()
def staycheck(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """A hotel backend's contract as data: judge a backend by it, mock it, gate a build on it."""


# Typer brings its own copy of click or uses the installed one, by version: what both share is where its errors derive from.
_CLICK_ERROR: Any = typer.BadParameter.__mro__[2]


def run() -> None:
    """The entry point: wrong usage is one sentence on stderr and exit code 64."""
    try:
        code = app(standalone_mode=False)
    except typer.Abort:
        sys.exit(EXIT_USAGE)
    except _CLICK_ERROR as wrong:
        console(stderr=True).print(str(wrong.format_message()), soft_wrap=True)
        sys.exit(EXIT_USAGE)
    except OSError as error:
        console(stderr=True).print(
            f"The output cannot be written: {error.strerror or error}.", soft_wrap=True
        )
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
