"""Judges a history: lines in, report out. Pure and deterministic: the same lines give the same report, byte for byte.

The file is looked at twice. The first look (`index`) learns what holds of it as a whole, judges what needs all lines in
their order (the log rules), and sorts the lines by episode; the second (`episodes`) judges one episode after another, in
as many processes as wanted (`workers`). The lines that prove a violation are looked up at the end.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import IO, Any

from conformance_tests.cutting import capabilities_of, event_of, render_line
from conformance_tests.entries import Event, Operation
from conformance_tests.episode import Episode, Facts
from conformance_tests.episodes import FileSource, Judge, episodes, judge_episodes
from conformance_tests.firsts import Firsts, Place
from conformance_tests.index import Index
from conformance_tests.lines import Found, read_again, read_lines
from conformance_tests.rule import Log, Rule, Violation, select
from conformance_tests.spill import Spill
from conformance_tests.tally import Tally, fingerprint
from conformance_tests.target import ACTORS
from conformance_tests.verdict import EXIT_VIOLATES, RANK, Verdict, exit_code, overall
from conformance_tests.workers import judge_in_processes
from contract.clauses import Level, contract_version

_NO_TARGET = {"name": "unknown", "url": "unknown"}

Progress = Callable[[int, int], None]
"""Told of (bytes done, bytes to do); every byte is looked at twice."""


class NotAHistory(ValueError):
    """The file has no line of a history in it."""


class _Logs:
    """The log rules of a judgement, in the first look."""

    def __init__(self, rules: Sequence[Rule], stream: IO[bytes]) -> None:
        self._source = FileSource(stream.fileno())
        self._firsts = Firsts(self._read)
        self._lines: dict[int, Found] = {}
        self.tallies = {rule.id: Tally() for rule in rules if rule.log is not None}
        self._logs = [(rule.log(), self.tallies[rule.id]) for rule in rules if rule.log is not None]
        self._hearing = [pair for pair in self._logs if pair[0].hears]
        self._calling: dict[str, list[tuple[Log, Tally]]] = {}
        for log, tally in self._logs:
            for name in log.operations:
                self._calling.setdefault(name, []).append((log, tally))

    def _read(self, place: Place) -> Event:
        offset, size, lineno = place
        return event_of(read_again(self._source.read(offset, size), lineno))

    def start(self, observers: tuple[str, ...]) -> None:
        for log, _ in self._logs:
            log.start(observers)

    def event(self, event: Event, found: Found) -> None:
        if not self._hearing:
            return
        known = self._firsts.known(event, (found.offset, found.size, found.lineno))
        for log, tally in self._hearing:
            if tally.broke is None:
                tally.take(log.event, (event, known), (event.seq,), None)

    def call(self, operation: Operation) -> None:
        for log, tally in self._calling.get(operation.operation, ()):
            if tally.broke is None:
                tally.take(log.call, (operation,), (operation.seq,), None)

    def end(self) -> None:
        for log, tally in self._logs:
            if tally.broke is None:
                tally.take(log.end, (), (1 << 62,), None)


def judge_stream(
    stream: IO[bytes],
    *,
    only: Sequence[str] = (),
    level: Level = Level.MUST,
    jobs: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The report (`schemas/files/report.schema.json`) on a history in a file that is open for reading and can be sought.

    `level` is the gate: rules below it are judged and shown, and do not count for the overall verdict. With `jobs` the
    second look is made by so many processes, to the same report. Raises `UnknownRule` for a prefix without rules,
    `NotAHistory` when no line can be read, `OSError` when the file or a temporary one fails.
    """
    rules = select(only)
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    done = 0

    def told(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, 2 * size)

    with Spill() as spill:
        logs = _Logs(rules, stream)
        index = Index(spill, logs.event, logs.call)
        _first_look(stream, index, logs, told)
        facts = index.facts()
        if facts.counts["lines"] == facts.counts["unreadable"]:
            raise NotAHistory(
                "no line of a recorded history in it: is this a file that `check --record` wrote?"
            )
        if jobs > 1:
            judge = judge_in_processes(spill, Path(stream.name), only, facts, jobs, told)
        else:
            judge = Judge(rules, facts)
            judge_episodes(spill, FileSource(stream.fileno()), judge, told=told)
    first = Judge(rules, facts)
    first.judge_facts()
    for rule in rules:
        first.tallies[rule.id].add(logs.tallies.get(rule.id) or judge.tallies[rule.id])
    first.coverage.add(judge.coverage)
    return _report(first, stream, only=only, level=level)


def _first_look(stream: IO[bytes], index: Index, logs: _Logs, told: Callable[[int], None]) -> None:
    unread = 0
    for found in read_lines(stream):
        if isinstance(found, Found):
            if found.value["kind"] == "header":
                logs.start(capabilities_of(found.value).observers)
            unread += found.size
        index.take(found)
        if unread > 1 << 20:
            told(unread)
            unread = 0
    told(unread)
    logs.end()


def cut(raw: Iterable[str]) -> tuple[Episode, ...]:
    """The episodes of a history of a few lines, in the order in which they are judged."""
    with _file_of(raw) as stream, Spill() as spill:
        index = Index(spill, lambda _, __: None, lambda _: None)
        for found in read_lines(stream):
            index.take(found)
        source = FileSource(stream.fileno())
        return tuple(episode for episode, _, _ in episodes(spill, source, index.facts()))


@contextmanager
def _file_of(raw: Iterable[str]) -> Iterator[IO[bytes]]:
    with tempfile.NamedTemporaryFile(prefix="staycheck-lines-") as stream:
        stream.writelines(line.rstrip("\n").encode("utf-8", "surrogatepass") + b"\n" for line in raw)
        stream.flush()
        with Path(stream.name).open("rb") as reading:
            yield reading


def judge_lines(
    raw: Iterable[str], *, only: Sequence[str] = (), level: Level = Level.MUST, jobs: int = 1
) -> dict[str, Any]:
    """`judge_stream` on lines."""
    with _file_of(raw) as stream:
        return judge_stream(stream, only=only, level=level, jobs=jobs)


def judge_file(
    path: Path,
    *,
    only: Sequence[str] = (),
    level: Level = Level.MUST,
    jobs: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """`judge_stream` on a file. Raises `OSError` when it cannot be read."""
    with path.open("rb") as stream:
        return judge_stream(stream, only=only, level=level, jobs=jobs, progress=progress)


def _rendered(tallies: Iterable[Tally], stream: IO[bytes]) -> Mapping[int, str]:
    """The lines that prove violations, by seq, in a few words."""
    wanted = {seq for tally in tallies for _, violation, _ in tally.listed() for seq in violation.witness}
    found: dict[int, str] = {}
    if wanted:
        stream.seek(0)
        last = max(wanted)
        for line in read_lines(stream):
            if isinstance(line, Found):
                seq = line.value["seq"]
                if seq in wanted:
                    found[seq] = render_line(line.value)
                if seq >= last:
                    break
    return found


def _violation(
    rule: Rule, violation: Violation, scenario: str | None, lines: Mapping[int, str]
) -> dict[str, Any]:
    seqs = sorted({seq for seq in violation.witness if seq in lines})
    witness = [{"seq": seq, "line": lines[seq]} for seq in seqs]
    return {
        "clause": violation.clause,
        "message": violation.message,
        "expected": list(violation.expected),
        "actual": violation.actual,
        "witness": witness or [{"seq": 0, "line": "the history as a whole"}],
        "hint": rule.hint,
        "fingerprint": fingerprint(rule.id, violation),
        "scenario": scenario,
    }


def _why_nothing(rule: Rule, facts: Facts) -> str:
    if not facts.counts["calls"]:
        if not facts.counts["events"]:
            return "the history has neither calls nor events"
        return "the history is a log of events without calls, and no event in it is what this rule judges"
    if facts.header.get("race_tries") == 0 and rule.id.startswith("races/"):
        return "races were left out: --race-tries 0"
    if facts.complete is not None and not facts.capabilities.states:
        return "no state was arranged: give the target [states], as a url, a command or a pool"
    absent = [actor for actor in ACTORS if actor not in facts.capabilities.actors]
    if facts.header and absent:
        return f"nothing in the history exercised it; nobody could log in as {', '.join(absent)}"
    if facts.unsupported:
        return "nothing in the history exercised it; states not offered: " + ", ".join(
            sorted(facts.unsupported)
        )
    return "nothing in the history exercised it"


def _rule_report(rule: Rule, tally: Tally, facts: Facts, lines: Mapping[int, str]) -> dict[str, Any]:
    verdict = tally.verdict()
    reasons = [_why_nothing(rule, facts)] if verdict is Verdict.SKIPPED else tally.told()
    listed = tally.listed()
    unlisted = tally.violated - len(listed)
    if unlisted:
        reasons.append(f"{unlisted} more violations of this rule are not listed")
    return {
        "id": rule.id,
        "title": rule.title,
        "level": str(rule.level),
        "verdict": str(verdict),
        "clauses": list(rule.clauses),
        "judged": tally.judged,
        "reasons": reasons,
        "violations": [_violation(rule, violation, scenario, lines) for _, violation, scenario in listed],
        **({"unlisted": {"violations": unlisted, "kinds": tally.kinds_cut}} if unlisted else {}),
    }


def _report(judge: Judge, stream: IO[bytes], *, only: Sequence[str], level: Level) -> dict[str, Any]:
    rules, tallies, facts = judge.rules, judge.tallies, judge.facts
    lines = _rendered(tallies.values(), stream)
    reports = [_rule_report(rule, tallies[rule.id], facts, lines) for rule in rules]
    counting = [tallies[rule.id].verdict() for rule in rules if RANK[rule.level] >= RANK[level]]
    header = facts.header
    found = [report["verdict"] for report in reports]
    return {
        "report": 1,
        "staycheck": metadata.version("staycheck"),
        "contract": header.get("contract", contract_version()),
        "run": header.get("run", "unknown"),
        "seed": header.get("seed", 0),
        **({"race_tries": header["race_tries"]} if "race_tries" in header else {}),
        "target": dict(header.get("target", _NO_TARGET)),
        "dialect": header.get("dialect"),
        "started_at": header.get("wall", "1970-01-01T00:00:00Z"),
        "level": str(level),
        "only": list(only),
        "verdict": str(overall(counting, complete=facts.complete, broken=bool(facts.broken))),
        "summary": {str(verdict): found.count(str(verdict)) for verdict in Verdict},
        "history": {
            **facts.counts,
            "complete": facts.complete,
            "broken": [{"line": broken.lineno, "reason": broken.reason} for broken in facts.broken],
        },
        "coverage": judge.coverage.report(),
        "rules": reports,
    }


def report_exit_code(report: Mapping[str, Any]) -> int:
    """The exit code of a report: by its overall verdict; under a strict baseline, an entry that has vanished violates."""
    code = exit_code(Verdict(report["verdict"]))
    baseline = report.get("baseline")
    return EXIT_VIOLATES if baseline and baseline["strict"] and baseline["vanished"] else code
