"""Who reads where: the staff of the target in every hotel of theirs, the outsider only in the outsider's."""

from __future__ import annotations

from conformance_tests.arranging import Arranged
from conformance_tests.runner import foreign_hotels
from conformance_tests.scenarios.scenario import Wanted


def _arranged(state: str, slug: str) -> Arranged:
    return Arranged(Wanted(state), {"hotel_slug": slug})


def test_a_state_in_a_further_hotel_of_the_staff_is_not_the_outsiders() -> None:
    arranged = {
        "fence": [_arranged("fence", "home")],
        "check-in/refuse/too-early": [_arranged("booking outside its arrival window", "where-it-is-early")],
        "access": [_arranged("booking of another hotel", "elsewhere")],
        "rooms": [_arranged("room of another hotel", "far away")],
    }
    assert foreign_hotels(arranged) == {"elsewhere", "far away"}


def test_a_state_that_was_not_arranged_says_nothing_about_hotels() -> None:
    refused = Arranged(Wanted("booking of another hotel"), unsupported="there is one hotel")
    assert foreign_hotels({"access": [refused]}) == frozenset()
