"""`staycheck diff`: what changed between two contracts, breaking or not, for either side."""

from __future__ import annotations

from typing import Annotated

import typer

from conformance_tests.report.json_report import to_json
from conformance_tests.report.terminal import console
from contract.diff import UnreadableContract, compare
from staycheck import diff_report
from staycheck.revisions import load
from staycheck.usage import could_not_judge, wrong_usage

_GATES = {"breaking": None, "breaking:consumers": "consumers", "breaking:providers": "providers"}


def diff(
    old: Annotated[
        str, typer.Argument(help="A folder, or a git revision: REV, REV:PATH, REPO@REV, REPO@REV:PATH.")
    ],
    new: Annotated[str, typer.Argument(help="The other one, named in the same ways.")],
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on",
            help="Exit with 1 on changes that break anybody (breaking), or one side: breaking:consumers, breaking:providers.",
            metavar="WHAT",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print it as Markdown, as for the summary of a CI job.")
    ] = False,
) -> None:
    """Tell what changed between two contracts, and whether it breaks frontends (consumers) or backends (providers).

    Exit code 0: compared, and nothing that --fail-on names; 1: something that it names; 2: a contract cannot be read; 64: wrong
    usage.
    """
    if fail_on is not None and fail_on not in _GATES:
        wrong_usage(f"--fail-on takes breaking, breaking:consumers or breaking:providers, not {fail_on!r}.")
    if as_json and markdown:
        wrong_usage("--json and --markdown are two ways to print it; choose one.")
    try:
        found = compare(load(old), load(new))
    except UnreadableContract as error:
        could_not_judge(str(error))
    if as_json:
        typer.echo(to_json(diff_report.as_json(found, old, new)), nl=False)
    elif markdown:
        typer.echo(diff_report.as_markdown(found, old, new), nl=False)
    else:
        diff_report.print_text(found, old, new, console())
    if fail_on is not None and found.breaking(_GATES[fail_on]):
        raise typer.Exit(1)
