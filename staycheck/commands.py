"""The commands by name. What a command needs is imported when it is called: nobody waits for an HTTP server to read `--help`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module, metadata
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from staycheck import interrupts


class Place(NamedTuple):
    """Where a command is, and the first line of what it says of itself."""

    module: str
    summary: str


COMMANDS: Mapping[str, Place] = {
    "demo": Place(
        "staycheck.judging",
        "Start the reference server on its embedded database, judge it, print every rule's verdict, stop it.",
    ),
    "serve": Place(
        "staycheck.serving",
        "Start the mock server: a demo hotel with real transactions and real events. Stop it with Ctrl-C.",
    ),
    "check": Place(
        "staycheck.judging", "Drive a backend through the contract's scenarios and judge what it did."
    ),
    "judge": Place(
        "staycheck.judging",
        "Judge a recorded history; no backend is needed. Exit codes as for `check`.",
    ),
    "rules": Place("staycheck.explaining", "List every rule with its level and its first clause."),
    "explain": Place(
        "staycheck.explaining",
        "Explain a rule or a clause: the promise, where it comes from, and what to look at when it is broken.",
    ),
    "mutants": Place(
        "staycheck.mutating",
        "Judge our own server once per mutant, a switch that breaks one promise, and print which rules found it.",
    ),
    "diff": Place(
        "staycheck.diffing",
        "Tell what changed between two contracts, and whether it breaks frontends (consumers) or backends (providers).",
    ),
    "init": Place("staycheck.starting", "Write a commented target file."),
}


class LazyGroup(TyperGroup):
    """Knows every command by its summary, and loads the one that is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, place in COMMANDS.items():
            self.add_command(TyperCommand(name, callback=None, help=place.summary))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, known, rest = super().resolve_command(ctx, args)
        found = known if name is None else load(name)
        interrupts.raise_again()
        return name, found, rest


def load(name: str) -> Any:
    """The command of a name, with its options. KeyError when there is none."""
    alone = typer.Typer(add_completion=False)
    alone.command(name)(getattr(import_module(COMMANDS[name].module), name))
    return typer.main.get_command(alone)


app = typer.Typer(
    name="staycheck",
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from contract.clauses import contract_version

        typer.echo(f"staycheck {metadata.version('staycheck')}, contract {contract_version()}")
        raise typer.Exit


@app.callback()
def staycheck(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """A hotel backend's contract as data: judge a backend by it, mock it, gate a build on it."""
