"""The command line. Every command lives in a module of its own; this one only names them."""

from __future__ import annotations

import typer

from staycheck.serving import serve

app = typer.Typer(name="staycheck", no_args_is_help=True, pretty_exceptions_enable=False)
app.command()(serve)


@app.callback()
def staycheck() -> None:
    """A hotel backend's contract as data: judge a backend by it, mock it, gate a build on it."""


def run() -> None:
    app()


if __name__ == "__main__":
    run()
