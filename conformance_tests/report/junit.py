"""The report as JUnit XML: a test case per rule, in a suite per group.

JUnit knows passed, failed, broken and skipped, and a build is red by the first two of what is not passed. So what does not fail the build is
skipped with the reason in its message: rules that were inconclusive or had nothing to judge, failures below the gate, and
known failures, whose details stand in the case's output.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from conformance_tests.baseline import is_known
from conformance_tests.report import words

_PACKAGE = "staycheck"


def to_junit(report: Mapping[str, Any]) -> str:
    """Valid by Jenkins' junit-10.xsd. No times: a report has none of its rules, and the same history gives the same bytes."""
    groups: dict[str, list[ET.Element]] = {}
    for rule in report["rules"]:
        groups.setdefault(words.group_of(rule), []).append(_case(rule, report))
    if broken := list(_history(report)):
        groups["history"] = broken
    if "baseline" in report and report["baseline"]["vanished"]:
        groups["baseline"] = list(_vanished(report["baseline"]))
    root = ET.Element("testsuites", name=_PACKAGE)
    for name, cases in groups.items():
        root.append(_suite(name, cases, report))
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False).join(
        ('<?xml version="1.0" encoding="UTF-8"?>\n', "\n")
    )


def _suite(name: str, cases: Sequence[ET.Element], report: Mapping[str, Any]) -> ET.Element:
    def number(tag: str) -> str:
        return str(sum(case.find(tag) is not None for case in cases))

    suite = ET.Element(
        "testsuite", name=name, package=_PACKAGE, tests=str(len(cases)), failures=number("failure"),
        errors=number("error"), skipped=number("skipped"), timestamp=report["started_at"],
    )  # fmt: skip
    properties = ET.SubElement(suite, "properties")
    told = {
        "target": report["target"]["name"], "url": report["target"]["url"], "contract": report["contract"],
        "run": report["run"], "seed": report["seed"], "level": report["level"], "verdict": report["verdict"],
    }  # fmt: skip
    for key, value in told.items():
        ET.SubElement(properties, "property", name=key, value=words.visible(str(value)))
    suite.extend(cases)
    return suite


def _case(rule: words.Rule, report: Mapping[str, Any]) -> ET.Element:
    case = ET.Element("testcase", classname=f"{_PACKAGE}.{words.group_of(rule)}", name=rule["id"])
    verdict = rule["verdict"]
    if verdict == "fail":
        _failed(case, rule, report)
    elif verdict == "error":
        _put(case, "error", "; ".join(rule["reasons"]), "")
    elif verdict != "pass":
        reasons = rule["reasons"]
        more = f" (and {len(reasons) - 1} more reasons)" if len(reasons) > 1 else ""
        _put(case, "skipped", f"{verdict}: {reasons[0] if reasons else ''}{more}", "\n".join(reasons))
    return case


def _failed(case: ET.Element, rule: words.Rule, report: Mapping[str, Any]) -> None:
    new = words.new(rule)
    known = [violation for violation in rule["violations"] if "known" in violation]
    if is_known(rule):
        _put(case, "skipped", words.accepted(known[0]), "")
    elif not words.counts(rule, report):
        message = f"fails, below the gate ({rule['level']}): {(new or known)[0]['message']}"
        _put(case, "skipped", message, _details(rule, new))
    else:
        message = new[0]["message"] if new else words.unlisted(rule)
        _put(case, "failure", message, _details(rule, new), rule["clauses"][0])
    if known:
        _output(case, _details(rule, known))


def _details(rule: words.Rule, violations: Sequence[words.Violation]) -> str:
    told = []
    for alike in words.kinds(violations):
        first = alike[0]
        lines = [
            first["message"],
            f"clause    {first['clause']}: {words.promise(first['clause'])}",
            f"expected  {words.expected(first)}",
            f"actual    {first['actual']}",
            *(f"#{witness['seq']} {witness['line']}" for witness in first["witness"]),
            f"fingerprint  {first['fingerprint']}",
        ]
        told.append("\n".join(filter(None, [*lines, words.accepted(first), words.more_like_it(alike)])))
    hint = [f"hint  {violations[0]['hint']}"] if violations else []
    return "\n\n".join(filter(None, [*told, words.unlisted(rule), *hint]))


def _put(case: ET.Element, tag: str, message: str, text: str, kind: str | None = None) -> None:
    found = ET.SubElement(case, tag, message=words.visible(message))
    if kind is not None:
        found.set("type", kind)
    if text:
        found.text = words.visible(text)


def _output(case: ET.Element, text: str) -> None:
    ET.SubElement(case, "system-out").text = words.visible(text)


def _history(report: Mapping[str, Any]) -> Iterator[ET.Element]:
    """A history that leaves questions open as a whole is a broken test: no case would show it otherwise."""
    if told := words.unfinished(report):
        case = ET.Element("testcase", classname=f"{_PACKAGE}.history", name="history/whole")
        _put(case, "error", told[0], "\n".join(told))
        yield case


def _vanished(baseline: Mapping[str, Any]) -> Iterator[ET.Element]:
    for entry in baseline["vanished"]:
        name = f"{entry['rule']} {entry['fingerprint']}"
        case = ET.Element("testcase", classname=f"{_PACKAGE}.baseline", name=name)
        message = "this known failure is gone: take it out of the baseline"
        _put(case, "failure" if baseline["strict"] else "skipped", message, entry["reason"])
        yield case
