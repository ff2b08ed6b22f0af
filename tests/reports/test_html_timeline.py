"""The picture keeps the order of the history, lets nothing overlap, and says what it folds."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance_tests.report.html.collector import Wanted
from conformance_tests.report.html.scale import FOLD, Apart, scale_of
from conformance_tests.report.html.timeline import Picture, picture_of
from conformance_tests.report.html.windows import windows
from tests.reports.conftest import Judge, lines_of_lie

MOMENTS = st.lists(st.tuples(st.floats(0, 100), st.integers(0, 50)), min_size=1, max_size=30, unique=True)


@given(moments=MOMENTS, data=st.data())
def test_a_scale_keeps_order_and_distance_and_names_every_fold(
    moments: list[tuple[float, int]], data: st.DataObject
) -> None:
    moments.sort()
    pairs = st.tuples(st.sampled_from(moments), st.sampled_from(moments), st.floats(0, 300))
    apart = [Apart(*sorted(pair[:2]), pair[2]) for pair in data.draw(st.lists(pairs, max_size=20)) if pair[0] != pair[1]]  # fmt: skip
    scale = scale_of(moments, apart, 14)
    assert all(scale.places[one] <= scale.places[other] for one, other in pairwise(moments))
    for one in apart:
        assert scale.places[one.later] - scale.places[one.earlier] >= one.distance - 0.2
    assert len(scale.folds) == sum(other[0] - one[0] > FOLD for one, other in pairwise(moments))


def pictures(report: dict[str, Any], path: Path) -> list[Picture]:
    """The picture of every violation; each has one, with all that proves it."""
    wanted = [
        (rule["id"], Wanted(tuple(line["seq"] for line in violation["witness"]), violation["scenario"]))
        for rule in report["rules"]
        for violation in rule["violations"]
    ]
    found = [
        picture_of(window, letters=rule_id.startswith("races/"))
        for (rule_id, _), window in zip(wanted, windows(path, [one for _, one in wanted]), strict=True)
    ]
    for (_, one), picture in zip(wanted, found, strict=True):
        assert picture is not None
        assert {line.seq for item in picture.items for line in item.proof} == set(one.witness)
    return [picture for picture in found if picture is not None]


def assert_legible(picture: Picture) -> None:
    rows: dict[float, list[tuple[float, float]]] = {}
    for item in picture.items:
        rows.setdefault(item.y, []).append((item.left, item.right))
        assert 0 <= item.left <= item.right <= picture.width
        assert 0 < item.y < picture.height
    for row in rows.values():
        assert all(end <= start + 2 for (_, end), (start, _) in pairwise(sorted(row)))
    assert all(one.x + 60 < other.x for one, other in pairwise(picture.ticks))


@pytest.mark.parametrize(
    "name",
    [
        "tokens-not-revoked",
        "every-duplicate-issued-a-token",
        "both-bookings-are-in-the-room",
        "guest-made-twice",
    ],
)
def test_nothing_overlaps_and_all_is_inside(judged: Judge, name: str) -> None:
    found = pictures(*judged(lines_of_lie(name)))
    assert found
    for picture in found:
        assert_legible(picture)


def test_calls_that_overlap_stand_in_rows_of_their_own_and_are_lettered(judged: Judge) -> None:
    (picture, *_) = pictures(*judged(lines_of_lie("every-duplicate-issued-a-token")))
    calls = [item for item in picture.items if item.shape == "call"]
    assert len({call.y for call in calls}) == len(calls) > 1
    assert [call.label[0] for call in calls] == ["A", "B", "C"][: len(calls)]


def test_a_channel_on_which_nothing_came_is_a_lane_too(judged: Judge) -> None:
    report, path = judged(
        [line for line in lines_of_lie("tokens-not-revoked") if '"kind": "event"' not in line]
    )
    assert report["verdict"] == "fail"
    rule = next(rule for rule in report["rules"] if rule["id"] == "check-out/tokens/revoked")
    (window,) = windows(
        path, [Wanted(tuple(line["seq"] for line in rule["violations"][0]["witness"]), rule["violations"][0]["scenario"])]
    )  # fmt: skip
    picture = picture_of(window, letters=False)
    assert picture is not None
    assert {"rooms events", "staff events", "guest events"} <= {
        lane.name for lane in picture.lanes if lane.empty
    }
