"""Tokens that are nearly right: cut and with their case turned, and only where that makes another token of them."""

from __future__ import annotations

import pytest

from conformance_tests.scenarios.scenario import shown_as


@pytest.mark.parametrize(
    ("token", "form", "shown"),
    [
        ("aB3dE6gH9jK2mN5pQ8", "whole", "aB3dE6gH9jK2mN5pQ8"),
        ("aB3dE6gH9jK2mN5pQ8", "cut", "aB3dE6gH9jK2mN"),
        ("aB3dE6gH9jK2mN5pQ8", "turned", "Ab3De6Gh9Jk2Mn5Pq8"),
        ("550e8400-E29B-41d4-a716-446655440000", "turned", None),
        ("only-lower-case-words-here", "turned", None),
        ("123456", "cut", None),
        ("123456", "whole", "123456"),
    ],
    ids=["whole", "cut", "turned", "hexadecimal", "one-case", "short", "short-whole"],
)
def test_a_token_is_shown_in_a_form_that_no_token_has(token: str, form: str, shown: str | None) -> None:
    assert shown_as(token, form) == shown
