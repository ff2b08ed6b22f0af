"""`staycheck rules` and `staycheck explain`: what is judged, by which promise, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from conformance_tests.report.terminal import console
from conformance_tests.rule import Rule, all_rules, nearest
from contract.clauses import Clause, UnknownClause, clause, load_clauses
from staycheck.kill_matrix import recorded_matrix
from staycheck.usage import wrong_usage

_KILLS = 6

_SECTION = {
    "1": "Check-in behavior", "2": "Check-out behavior", "3": "Realtime events emissions", "4": "Ordering & atomicity",
    "5": "Channel architecture", "6": "Housekeeping integration", "7": "Validation summary",
}  # fmt: skip


def rules(as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False) -> None:
    """List every rule with its level and its first clause."""
    known = all_rules()
    if as_json:
        rows = [
            {"id": r.id, "level": str(r.level), "title": r.title, "clauses": list(r.clauses)} for r in known
        ]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    out = console()
    for rule in known:
        out.print(
            Text.assemble((f"{rule.level:<7}", "bold" if rule.level == "MUST" else "dim"), (rule.id, "bold"))
        )
        out.print(Padding(Text(rule.title, "dim"), (0, 0, 0, 7), expand=False))
    _without_a_rule(known, out)


def _without_a_rule(known: Iterable[Rule], out: Console) -> None:
    """The promises that no rule judges, each with the reason that the catalogue gives."""
    named = {name for rule in known for name in rule.clauses}
    out.print(Text("\nJudged by no rule", "bold"))
    for found in load_clauses().values():
        if found.id not in named:
            why = found.unobservable_reason or found.unjudged or "No rule judges it yet."
            out.print(Text.assemble((f"{found.level:<7}", "dim"), (found.id, "cyan")))
            out.print(Padding(Text(why, "dim"), (0, 0, 0, 7), expand=False))


def explain(
    name: Annotated[
        str, typer.Argument(help="A rule or a clause, such as check-in/room/status.", metavar="ID")
    ],
) -> None:
    """Explain a rule or a clause: the promise, where it comes from, and what to look at when it is broken."""
    known = all_rules()
    out = console()
    rule = next((rule for rule in known if rule.id == name), None)
    if rule is not None:
        _rule(rule, out)
        return
    try:
        found = clause(name)
    except UnknownClause as unknown:
        below = [rule.id for rule in known if rule.id.startswith(f"{name.rstrip('/')}/")]
        if below:
            wrong_usage(f"{name} is a group and no rule; in it: {', '.join(below)}")
        near = dict.fromkeys((*nearest(name, known), *unknown.suggestions))
        hint = f"; did you mean {' or '.join(near)}?" if near else "; `staycheck rules` lists the rules."
        wrong_usage(f"There is no rule or clause {name}{hint}")
    _clause(found, out)
    judges = [rule.id for rule in known if name in rule.clauses]
    if judges:
        out.print(Text.assemble(("Judged by ", "bold"), ", ".join(judges)))
    else:
        why = found.unobservable_reason or found.unjudged or "No rule judges it yet."
        out.print(Text.assemble(("Judged by no rule. ", "bold"), why))


def _rule(rule: Rule, out: Console) -> None:
    out.print(Text.assemble((rule.id, "bold"), f"  {rule.level}"))
    out.print(f"{rule.title}.")
    out.print(Text.assemble(("\nWhat to do  ", "bold"), rule.hint))
    out.print(Text("\nThe promise" if len(rule.clauses) == 1 else "\nThe promises", "bold"))
    for name in rule.clauses:
        _clause(clause(name), out)
    _kills(rule, out)


def _kills(rule: Rule, out: Console) -> None:
    """What the rule has found in our own server when it lied, those first that break a clause of the rule."""
    try:
        found = [row for row in recorded_matrix()["mutants"] if rule.id in row["killed_by"]]
    except (
        FileNotFoundError
    ):  # `make mutants` has not been run here: the rest of the explanation stands without it
        return
    found.sort(key=lambda row: row["clause"] not in rule.clauses)
    if found:
        shown = found if len(found) <= _KILLS else found[: _KILLS - 1]
        out.print(Text(f"\nFound in our own server when it lied ({len(found)})", "bold"))
        for row in shown:
            out.print(
                Padding(
                    Text.assemble(f"{row['summary']}. ", (row["name"], "dim")), (0, 0, 0, 2), expand=False
                )
            )
        if len(shown) < len(found):
            out.print(Padding(Text(f"and {len(found) - len(shown)} more", "dim"), (0, 0, 0, 2)))


def _clause(found: Clause, out: Console) -> None:
    out.print(
        Padding(
            Text.assemble((found.id, "cyan"), f"  {found.level}, {found.basis}"), (0, 0, 0, 2), expand=False
        )
    )
    out.print(Padding(Text(found.text), (0, 0, 0, 4), expand=False))
    for quote in found.quotes:
        out.print(Padding(Text(f"“{quote}”", "italic"), (0, 0, 0, 4), expand=False))
    if found.seed is not None:
        section = _SECTION.get(found.seed, "")
        out.print(
            Padding(
                Text(f"seed document, section {found.seed} {section}".rstrip(), "dim"),
                (0, 0, 0, 4),
                expand=False,
            )
        )
    if found.note:
        out.print(Padding(Text.assemble(("why  ", "bold"), found.note), (0, 0, 0, 4), expand=False))
