"""Lists that are shown in part: their pages, their limits, and how many rows they say there are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from conformance_tests.episode import History, Operation
from conformance_tests.rule import OK, Finding, Violation, history_rule
from conformance_tests.rules.lists import asked
from conformance_tests.rules.values import dig, instant, show

_PAGES = {
    "listBookings": ("booking-page", "endpoints/list-bookings/pagination"),
    "listRooms": ("room-page", "endpoints/list-rooms/pagination"),
}


def _names(body: dict[str, Any]) -> list[str]:
    rows = body.get("results")
    return (
        [str(dig(row, "booking_id") or dig(row, "room_id")) for row in rows] if isinstance(rows, list) else []
    )


class _Shown:
    """How many rows of a list that only grows were shown, and by which calls."""

    def __init__(self) -> None:
        self._calls: list[tuple[Operation, object, int]] = []

    def add(self, operation: Operation, what: object, rows: int) -> None:
        self._calls.append((operation, what, rows))

    def more_than(self, count: int, operation: Operation, what: object) -> tuple[int, ...] | None:
        """The witness of a call answered before this one was made that showed more than `count` rows of the same list."""
        for earlier, of, rows in self._calls:
            if (
                of == what
                and rows > count
                and earlier.reply is not None
                and earlier.reply.seq < operation.seq
            ):
                return earlier.witness
        return None


def _wrong_page(operation: Operation, body: dict[str, Any]) -> str | None:
    """What is wrong with a page by itself. `next` and the length are judged where page_size was asked for."""
    names, count, size = _names(body), body["count"], operation.params.get("page_size")
    if isinstance(size, int) and len(names) > size:
        return f"{len(names)} on a page of {size}"
    if len(names) > count:
        return f"{len(names)} on a page, count {count}"
    if len(set(names)) < len(names):
        return "one row stands there twice"
    if not isinstance(size, int):
        return None
    end = operation.params.get("page", 1) * size
    if count > end and len(names) < size:
        return f"{len(names)} on a page of {size}, count {count}"
    if (body.get("next") is not None) is not (count > end):
        return f"next {show(body.get('next'))} where the page ends with row {end} of {count}"
    return None


def _register_page(name: str, rule_id: str, clause: str) -> None:
    @history_rule(
        f"lists/{rule_id}", f"The pages of {name} are cut as asked for, and agree with count and next", clause,
        hint="Count before the page is cut, cut at page_size, and give next as long as rows are left.",
    )  # fmt: skip
    def judge(history: History) -> Iterator[Finding]:
        first: dict[tuple[int, int], tuple[Operation, list[str]]] = {}
        shown = _Shown()
        for operation, body in asked(history, name):
            if not isinstance(body.get("results"), list) or not isinstance(body.get("count"), int):
                continue
            wrong, witness = _wrong_page(operation, body), operation.witness
            page, size = operation.params.get("page", 1), operation.params.get("page_size")
            if isinstance(size, int) and body["results"] and set(operation.params) <= _PAGING:
                # With another count something was added in between, and any row may have moved to another page.
                earlier, names = first.setdefault((size, body["count"]), (operation, _names(body)))
                if earlier.params.get("page", 1) != page and names == _names(body):
                    wrong, witness = (
                        f"page {page} holds the rows of another page",
                        (*earlier.witness, *witness),
                    )
            if set(operation.params) <= _PAGING:
                more = shown.more_than(body["count"], operation, operation.params.get("hotel_slug"))
                if more is not None:
                    wrong, witness = (
                        f"count {body['count']} of a list that has shown more rows",
                        (*more, *witness),
                    )
                shown.add(operation, operation.params.get("hotel_slug"), len(body["results"]))
            if wrong is None:
                yield OK
            else:
                yield Violation(clause, f"a page of {name} is wrong", ("a page",), wrong, witness)


_PAGING = frozenset(("hotel_slug", "page", "page_size"))

for _name, (_rule_id, _clause) in _PAGES.items():
    _register_page(_name, _rule_id, _clause)


@history_rule(
    "lists/status-history", "A status history has the newest rows, newest first, and counts all of them",
    "endpoints/room-status-history",
    hint="Order by created_at descending, cut at limit, count before the cut.",
)  # fmt: skip
def status_history(history: History) -> Iterator[Finding]:
    shown = _Shown()
    for operation, body in asked(history, "roomStatusHistory"):
        rows, total, limit = (
            body.get("status_history"),
            body.get("total_events"),
            operation.params.get("limit"),
        )
        if not isinstance(rows, list):
            continue
        times = [moment for row in rows if (moment := instant(dig(row, "created_at"))) is not None]
        wrong, room, witness = None, operation.params.get("room_id"), operation.witness
        more = shown.more_than(total, operation, room) if isinstance(total, int) else None
        shown.add(operation, room, len(rows))
        if isinstance(limit, int) and len(rows) > limit:
            wrong = f"{len(rows)} rows for a limit of {limit}"
        elif any(later > earlier for earlier, later in itertools.pairwise(times)):
            wrong = "an older row stands before a newer one"
        elif isinstance(total, int) and total < len(rows):
            wrong = f"{len(rows)} rows, total_events {total}"
        elif more is not None:
            wrong, witness = f"total_events {total} of a history that has shown more rows", (*more, *witness)
        if wrong is None:
            yield OK
        else:
            yield Violation(
                "endpoints/room-status-history", "a status history is wrong",
                ("the newest rows first, at most limit of them, and how many there are",), wrong, witness,
            )  # fmt: skip
