"""The report as SARIF 2.1.0, for code scanning: a result per kind of violation, with the clause as the rule's help.

A result lies where its promise is written, in `schemas/clauses.yaml`, and names the recorded lines that prove it. What could not
be judged is no result, since viewers show every result as a finding: it is a notification of the run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from conformance_tests.baseline import open_questions
from conformance_tests.lines import Found, read_lines
from conformance_tests.report import words
from contract.clauses import clause, contract_version
from contract.schema_files import root

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"MUST": "error", "SHOULD": "warning", "MAY": "note"}
_CLAUSES = "schemas/clauses.yaml"
_ENTRY = re.compile(r"^\s*- id: (\S+)", re.MULTILINE)


def to_sarif(report: Mapping[str, Any], history: Path) -> str:
    """Two spaces, keys in the order of this module, a newline at the end. Reads of the history which line has which number."""
    rules = report["rules"]
    lines = _lines(report, history)
    results = [
        result for index, rule in enumerate(rules) for result in _results(rule, index, lines, history.name)
    ]
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(report)},
                "invocations": [
                    {
                        "executionSuccessful": not words.unfinished(report) and report["verdict"] != "error",
                        "toolExecutionNotifications": list(_notifications(report)),
                    }
                ],
                "automationDetails": {"id": f"staycheck/{report['target']['name']}/"},
                "originalUriBaseIds": {
                    "CONTRACT": {"description": {"text": f"The package of the contract {contract_version()}."}},
                    "HISTORY": {"description": {"text": "The folder of the recorded history."}},
                },
                "results": results,
                "columnKind": "unicodeCodePoints",
                "properties": {
                    key: report[key]
                    for key in ("target", "contract", "run", "seed", "level", "verdict", "summary", "baseline")
                    if key in report
                },
            }
        ],
    }  # fmt: skip
    return json.dumps(_seen(log), indent=2, ensure_ascii=False) + "\n"


def _seen(value: Any) -> Any:
    if isinstance(value, str):
        return words.visible(value)
    if isinstance(value, Mapping):
        return {key: _seen(inner) for key, inner in value.items()}
    return [_seen(inner) for inner in value] if isinstance(value, list | tuple) else value


def _driver(report: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": "staycheck",
        "version": report["staycheck"],
        "informationUri": "https://staycheck.dev/",
        "rules": [_descriptor(rule) for rule in report["rules"]],
    }


def _descriptor(rule: words.Rule) -> dict[str, Any]:
    promises = [clause(name) for name in rule["clauses"]]
    text, markdown = [], []
    for found in promises:
        source = f"seed, section {found.seed}" if found.seed else "not in the seed"
        text.append(f"{found.id} ({found.level}, {found.basis}, {source}): {found.text}")
        markdown.append(f"**{found.id}** ({found.level}, {found.basis}, {source})\n\n{found.text}")
        for quote in found.quotes:
            text.append(f"> {quote}")
            markdown.append("> " + quote.replace("\n", "\n> "))
        if found.note:
            text.append(found.note)
            markdown.append(found.note)
    markdown.append(f"`staycheck explain {rule['id']}`")
    return {
        "id": rule["id"],
        "name": "".join(part.capitalize() for part in re.split(r"[/-]", rule["id"])),
        "shortDescription": {"text": rule["title"]},
        "fullDescription": {"text": promises[0].text},
        "help": {"text": "\n\n".join(text), "markdown": "\n\n".join(markdown)},
        "defaultConfiguration": {"level": _LEVELS[rule["level"]]},
        "properties": {
            "tags": [words.group_of(rule), rule["level"], *sorted({str(found.basis) for found in promises})],
            "clauses": rule["clauses"],
            "verdict": rule["verdict"],
            "judged": rule["judged"],
        },
    }


def _results(
    rule: words.Rule, index: int, lines: Mapping[int, int], history: str
) -> Iterator[dict[str, Any]]:
    for alike in words.kinds(rule["violations"]):
        first = alike[0]
        text = (
            f"{first['message']}. Expected {words.expected(first)}; actual: {first['actual']}. "
            f"{words.promise(first['clause'])} Hint: {first['hint']}"
        )
        result: dict[str, Any] = {
            "ruleId": rule["id"],
            "ruleIndex": index,
            "level": _LEVELS[rule["level"]],
            "kind": "fail",
            "message": {"text": text},
            "locations": [_promised(first["clause"])],
            "relatedLocations": [
                _recorded(number, witness, lines, history) for number, witness in enumerate(first["witness"])
            ],
            "partialFingerprints": {"staycheck/v1": first["fingerprint"]},
            "properties": {"clause": first["clause"], "scenario": first["scenario"], "listed": len(alike)},
        }
        if "known" in first:
            note = first["known"]
            until = f" (until {note['expires']})" if note["expires"] else ""
            result["suppressions"] = [
                {"kind": "external", "status": "accepted", "justification": note["reason"] + until}
            ]
        if "expired" in first:
            result["suppressions"] = [
                {"kind": "external", "status": "rejected", "justification": words.accepted(first)}
            ]
        yield result


def _promised(clause_id: str) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _CLAUSES, "uriBaseId": "CONTRACT"},
            "region": {"startLine": _clause_lines()[clause_id]},
        },
        "logicalLocations": [{"fullyQualifiedName": clause_id, "kind": "clause"}],
    }


@cache
def _clause_lines() -> Mapping[str, int]:
    text = root().joinpath("clauses.yaml").read_text(encoding="utf-8")
    return {found[1]: text.count("\n", 0, found.start(1)) + 1 for found in _ENTRY.finditer(text)}


def _recorded(
    number: int, witness: Mapping[str, Any], lines: Mapping[int, int], history: str
) -> dict[str, Any]:
    location: dict[str, Any] = {"id": number, "message": {"text": f"#{witness['seq']} {witness['line']}"}}
    line = lines.get(witness["seq"])
    if line is not None:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": history, "uriBaseId": "HISTORY"},
            "region": {"startLine": line},
        }
    return location


def _lines(report: Mapping[str, Any], history: Path) -> dict[int, int]:
    """seq -> line number of the history, of the lines that prove something."""
    wanted = {
        witness["seq"]
        for rule in report["rules"]
        for violation in rule["violations"]
        for witness in violation["witness"]
    }
    found: dict[int, int] = {}
    if wanted:
        with history.open("rb") as stream:
            for line in read_lines(stream):
                if isinstance(line, Found) and (seq := line.value["seq"]) in wanted:
                    found[seq] = line.lineno
                    if seq == max(wanted):
                        break
    return found


def _notifications(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for sentence in words.unfinished(report):
        yield {"level": "error", "message": {"text": sentence}}
    for rule in report["rules"]:
        if rule["verdict"] == "error":
            yield {
                "level": "error",
                "message": {"text": "; ".join(rule["reasons"])},
                "associatedRule": {"id": rule["id"]},
            }
    for verdict, level in (("inconclusive", "warning"), ("fail", "warning"), ("skipped", "note")):
        open_rules = [rule for rule in report["rules"] if rule["verdict"] == verdict and open_questions(rule)]
        told = "inconclusive" if verdict == "fail" else verdict
        for reason, ids in words.by_reason(open_rules):
            yield {"level": level, "message": {"text": f"{told}: {reason}"}, "properties": {"rules": ids}}
    for rule in report["rules"]:
        if told := words.unlisted(rule):
            yield {"level": "warning", "message": {"text": told}, "associatedRule": {"id": rule["id"]}}
    baseline = report.get("baseline", {})
    for entry in baseline.get("vanished", ()):
        level = "error" if baseline["strict"] else "note"
        yield {"level": level, "message": {"text": f"gone, take it out of the baseline: {words.entry_words(entry)}"}}  # fmt: skip
