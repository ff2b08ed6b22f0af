"""A failure is known by the same fingerprint in every run, on every machine; another failure has another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance_tests.engine import judge_lines
from conformance_tests.rule import Violation
from conformance_tests.tally import MAX_KINDS, Tally, fingerprint
from contract.clauses import Level
from tests.histories.bad import BAD, Bad
from tests.histories.builder import Tape

ELSEWHERE = {
    "BK-2026-0001": "SC-run-9c0ffee1-00042",
    "BK-2026-0002": "SC-run-9c0ffee1-0beef",
    "grand-test": "harbour-view",
    "other-test": "inn",
    "2026-11-22": "2027-03-04",
    "127.0.0.1": "hotel.example",
}
"""Bookings, hotels, days and hosts of the histories, and what they are on another machine."""


def moved(line: str) -> str:
    for here, there in ELSEWHERE.items():
        line = line.replace(here, there)
    return line


def known_by(lines: list[str]) -> set[tuple[str, str]]:
    report = judge_lines(lines, level=Level.MAY)
    return {(rule["id"], found["fingerprint"]) for rule in report["rules"] for found in rule["violations"]}


@pytest.mark.parametrize("bad", BAD[::3], ids=lambda bad: bad.name)
def test_another_hotel_at_another_time_has_the_same_fingerprints(bad: Bad) -> None:
    lines = bad.make().text()
    assert known_by(lines) == known_by([moved(line) for line in lines]) != set()


def violation(message: str, about: str = "") -> Violation:
    return Violation("check-in/room/status", message, ("x",), "y", (1,), about)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("took 0.300 s", "took 12 s"),
        ("booking BK-2026-0001 is lost", "booking SC-run-9c0ffee1-00042 is lost"),
        ("id 9da49ea9-3371-4222-8c63-7f2aad3c7fd5", "id 1497b297-553d-4bf5-9a0d-a8609c055c36"),
        ("at 2026-11-22T15:04:05.123456Z", "at 2027-01-01T00:00:00+01:00"),
        ("token fp:21884f170968", "token fp:abcdefabcdef"),
        ("lost (sink observer)", "lost (subscribe observer)"),
    ],
)
def test_ids_numbers_times_and_observers_are_no_part_of_it(one: str, other: str) -> None:
    assert fingerprint("a/b", violation(one)) == fingerprint("a/b", violation(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (violation("the answer lacks adults"), violation("the answer lacks nights")),
        (violation("does not fit", "/adults required"), violation("does not fit", "/nights required")),
        (violation("check-in/happy"), violation("check-in/repeat")),
        (violation("a|b", "c"), violation("a", "b|c")),
    ],
)
def test_another_failure_is_another_fingerprint(one: Violation, other: Violation) -> None:
    assert fingerprint("a/b", one) != fingerprint("a/b", other)
    assert fingerprint("a/b", one) != fingerprint("a/c", one)


def _without(tape: Tape, *fields: str) -> list[str]:
    lines = [json.loads(line) for line in tape.text()]
    for line in lines:
        body: Any = line.get("body")
        if line["kind"] == "reply" and isinstance(body, dict) and "adults" in body:
            for field in fields:
                body.pop(field, None)
    return [json.dumps(line) for line in lines]


def test_each_field_of_an_answer_is_a_failure_of_its_own() -> None:
    """A known failure of one field must not hide that another field broke later."""
    from tests.histories import good

    one, both = (known_by(_without(good.stay(), *fields)) for fields in (("adults",), ("adults", "nights")))
    assert one < both


def take(tally: Tally, *violations: tuple[int, Violation]) -> None:
    for place, found in violations:
        tally.take(lambda found=found: [found], (), (place,), None)


def test_the_first_of_every_kind_is_listed_behind_any_number_of_others() -> None:
    tally = Tally()
    take(tally, *((number, violation("the same")) for number in range(500)), (500, violation("a new one")))
    assert [found.message for _, found, _ in tally.listed()].count("a new one") == 1
    assert not tally.kinds_cut


def test_kinds_beyond_the_bound_are_said_to_be_there_however_the_history_is_cut() -> None:
    many = [
        (number, violation("x", f"field {'abcdefghij'[number % 10] * (number // 10 + 1)}"))
        for number in range(450)
    ]
    whole, first, second = Tally(), Tally(), Tally()
    take(whole, *many)
    take(first, *many[:300])
    take(second, *many[300:])
    first.add(second)
    assert whole.listed() == first.listed()
    assert len(whole.listed()) == MAX_KINDS
    assert whole.kinds_cut
    assert first.kinds_cut
