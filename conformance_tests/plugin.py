"""A thin door into pytest: every rule is a test item, the run is made once per session.

    pytest --pyargs conformance_tests --target backend.toml [-k check-in] [--gate SHOULD]

pytest finds it through the entry point `pytest11`, so it is imported in every session where staycheck is installed: what it
needs is imported only when a rule is judged. A rule that fails below the gate is an expected failure; one that could not be judged fails with what to configure, because
green would say more than is known.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

_LEVELS = ("MUST", "SHOULD", "MAY")
_SHOWN = 3


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--target`, `--history`, `--gate`, `--plan-seed`, `--plan-jobs`, `--race-tries`."""
    group = parser.getgroup("staycheck", "the hotel backend's contract")
    group.addoption("--target", metavar="TARGET", help="a target file, a URL, spawn:COMMAND, or reference")
    group.addoption("--history", metavar="FILE", help="judge a recorded history instead of running")
    group.addoption("--gate", choices=_LEVELS, default=_LEVELS[0], help="the lowest level that counts")
    group.addoption("--plan-seed", type=int, default=1, help="what the plan of the run is made from")
    group.addoption("--plan-jobs", type=int, default=16, help="scenarios at a time")
    group.addoption("--race-tries", type=int, help="how often every race is run; 0: no races")


@pytest.fixture(scope="session")
def contract_report(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The rules' reports by id, of one run or of one recorded history."""
    from conformance_tests.engine import judge_file
    from conformance_tests.target import TargetError, UnreachableError

    config = request.config
    history = config.getoption("--history")
    path = Path(history) if history else tmp_path_factory.mktemp("staycheck") / "history.jsonl"
    if history is None:
        target = config.getoption("--target")
        if target is None:
            pytest.exit("Name a backend with --target, or a recorded history with --history.", returncode=4)
        try:
            asyncio.run(
                _record(
                    target,
                    config.getoption("--plan-seed"),
                    config.getoption("--plan-jobs"),
                    config.getoption("--race-tries"),
                    path,
                )
            )
        except (TargetError, UnreachableError) as error:
            pytest.exit(str(error), returncode=4 if isinstance(error, TargetError) else 2)
    report = judge_file(path)
    return {"": report["history"]} | {rule["id"]: rule for rule in report["rules"]}


async def _record(address: str, seed: int, jobs: int, race_tries: int | None, path: Path) -> None:
    from conformance_tests import runner
    from conformance_tests.scenarios.races import TRIES
    from conformance_tests.subject import open_subject

    async with open_subject(address) as subject:
        await runner.run(
            subject.target,
            seed=seed,
            jobs=jobs,
            only=(),
            record=path,
            race_tries=TRIES if race_tries is None else race_tries,
            sink_socket=subject.sink_socket,
        )


def settle(rule: dict[str, Any], gate: str) -> None:
    """End the test of a rule with its verdict."""
    verdict = rule["verdict"]
    if verdict == "pass":
        return
    if verdict == "skipped":
        pytest.skip("; ".join(rule["reasons"]))
    told = _told(rule)
    if _LEVELS.index(rule["level"]) > _LEVELS.index(gate):
        pytest.xfail(f"below the gate: {told}")
    pytest.fail(told, pytrace=False)


def settle_history(history: dict[str, Any]) -> None:
    """End the test of the history itself: where a part is missing, the rules have not seen all."""
    broken = "; ".join(f"line {line['line']}: {line['reason']}" for line in history["broken"])
    if broken:
        pytest.fail(f"lines that could not be read: {broken}", pytrace=False)
    if history["complete"] is False:
        pytest.fail("the run was interrupted, or events were still coming in at its end", pytrace=False)


def _told(rule: dict[str, Any]) -> str:
    if rule["verdict"] != "fail":
        return f"{rule['verdict']}: {'; '.join(rule['reasons'])}"
    from contract.clauses import clause

    lines: list[str] = []
    for violation in rule["violations"][:_SHOWN]:
        lines.append(f"{violation['clause']}: {clause(violation['clause']).text}")
        lines.append(f"  {violation['message']}")
        lines.append(f"  expected {' or '.join(violation['expected'])}")
        lines.append(f"  actual   {violation['actual']}")
        lines.extend(f"  #{witness['seq']} {witness['line']}" for witness in violation["witness"])
    return "\n".join(lines)
