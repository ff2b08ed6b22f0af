"""Every rule of the contract as a test item; see `conformance_tests.plugin`."""

from __future__ import annotations

from typing import Any

import pytest

from conformance_tests.plugin import settle, settle_history
from conformance_tests.rule import all_rules


def test_history_is_whole(contract_report: dict[str, Any]) -> None:
    """Every line could be read, and the run came to its end."""
    settle_history(contract_report[""])


@pytest.mark.parametrize("rule_id", [rule.id for rule in all_rules()])
def test_contract(rule_id: str, contract_report: dict[str, Any], request: pytest.FixtureRequest) -> None:
    """The backend keeps what the rule judges."""
    settle(contract_report[rule_id], str(request.config.getoption("--gate")))
