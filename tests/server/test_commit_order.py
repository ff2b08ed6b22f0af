"""Committed rows are handed on in the order of the commits per key, whichever thread comes back first."""

from __future__ import annotations

from collections.abc import Sequence

from reference_server.store.commit_order import CommitOrder
from reference_server.store.transaction import OutboxRow


def row(number: int) -> OutboxRow:
    return OutboxRow(number, f"event-{number}", "grand-demo.rooms", "room_updated", "{}")


class Lane(list[int]):
    """What was handed on, by row id."""

    def take(self, rows: Sequence[OutboxRow]) -> None:
        self.extend(row.id for row in rows)


def test_a_later_commit_on_the_same_room_waits_for_the_thread_of_the_earlier_one() -> None:
    lane = Lane()
    order = CommitOrder(lane.take)
    first, second = order.enter({"room/1"}), order.enter({"room/1"})
    order.end(second, [row(2)])
    assert lane == []
    order.end(first, [row(1)])
    assert lane == [1, 2]


def test_operations_without_a_common_key_do_not_wait_for_each_other() -> None:
    lane = Lane()
    order = CommitOrder(lane.take)
    first, second = order.enter({"room/1", "booking/A"}), order.enter({"room/2", "booking/B"})
    order.end(second, [row(2)])
    assert lane == [2]
    order.end(first, [row(1)])
    assert lane == [2, 1]


def test_a_rollback_lets_the_others_pass() -> None:
    lane = Lane()
    order = CommitOrder(lane.take)
    first, second = order.enter({"room/1"}), order.enter({"room/1"})
    order.end(second, [row(2)])
    order.end(first, ())
    assert lane == [2]


def test_an_operation_with_two_keys_waits_for_both_and_holds_both_back() -> None:
    lane = Lane()
    order = CommitOrder(lane.take)
    cleaning, move, inspection = (
        order.enter({"room/1"}),
        order.enter({"room/1", "room/2"}),
        order.enter({"room/2"}),
    )
    order.end(inspection, [row(3)])
    order.end(move, [row(2)])
    assert lane == [], (
        "the inspection of room 2 comes after the move into it, which comes after the cleaning of room 1"
    )
    order.end(cleaning, [row(1)])
    assert lane == [1, 2, 3]
