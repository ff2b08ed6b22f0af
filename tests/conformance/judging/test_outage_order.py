"""After an outage an order is promised per room and per booking, and not between rooms that have nothing to do with each other."""

from __future__ import annotations

from typing import Any, cast

import pytest

from conformance_tests.rules.due import Due
from conformance_tests.rules.facts import RoomRef
from conformance_tests.rules.outages import _share_a_subject


def owed(room: RoomRef | None, booking_id: str | None) -> Due:
    return Due(
        cast(Any, None),
        "rooms",
        "room_updated",
        "clause",
        "schema",
        "grand-demo.rooms",
        booking_id,
        room,
        None,
    )


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (owed(RoomRef(1, 101), None), owed(RoomRef(2, 102), "BK-1"), False),  # a lane per room is a lawful way
        (owed(RoomRef(1, 101), None), owed(RoomRef(1, None), "BK-1"), True),
        (owed(RoomRef(None, 101), None), owed(RoomRef(None, 101), None), True),
        (owed(RoomRef(None, None), None), owed(RoomRef(None, None), None), False),
        (owed(RoomRef(1, 101), "BK-1"), owed(RoomRef(2, 102), "BK-1"), True),  # one stay in two rooms
        (owed(None, "BK-1"), owed(None, "BK-2"), False),
        (owed(None, None), owed(None, None), False),
    ],
)  # fmt: skip
def test_what_shares_a_room_or_a_booking_has_an_order(one: Due, other: Due, shared: bool) -> None:
    assert _share_a_subject(one, other) is shared
    assert _share_a_subject(other, one) is shared
