"""Absent programs: a skip with the reason on a developer's machine, a failure where CI says they must be there."""

from __future__ import annotations

import pytest

from tests.requirements import require


def test_what_is_there_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAYCHECK_REQUIRE", "node")
    require("node", True, "never said")


def test_what_is_absent_skips_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAYCHECK_REQUIRE", "postgres")
    with pytest.raises(pytest.skip.Exception, match="node: run npm ci"):
        require("node", False, "run npm ci")


@pytest.mark.parametrize("value", ["node", "postgres,node", "postgres node"])
def test_what_ci_requires_fails(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("STAYCHECK_REQUIRE", value)
    with pytest.raises(pytest.fail.Exception, match="run npm ci"):
        require("node", False, "run npm ci")


@pytest.mark.parametrize(("name", "value"), [("nodejs", ""), ("node", "postgress")])
def test_a_misspelt_name_is_an_error_and_never_a_skip(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("STAYCHECK_REQUIRE", value)
    with pytest.raises(ValueError, match=name if name == "nodejs" else value):
        require(name, False, "absent")
