"""Lists that are shown in part: their pages, their limits, and how many rows they say there are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance_tests.entries import Operation
from conformance_tests.rule import OK, Finding, Log, Violation, first, log_rule
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
    """How many rows of a list that only grows were shown, and by which calls. Calls come in the order of their answers."""

    def __init__(self) -> None:
        # Per list, the calls that showed more rows than every call before them: a page has no end of sizes.
        self._most: dict[object, list[tuple[int, int, tuple[int, ...]]]] = {}

    def add(self, operation: Operation, what: object, rows: int) -> None:
        most = self._most.setdefault(what, [])
        if operation.reply is not None and (not most or rows > most[-1][0]):
            most.append((rows, operation.reply.seq, operation.witness))

    def more_than(self, count: int, operation: Operation, what: object) -> tuple[int, ...] | None:
        """The witness of a call answered before this one was made that showed more than `count` rows of the same list."""
        for rows, replied, witness in self._most.get(what, ()):
            if rows > count:
                return witness if replied < operation.seq else None
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
    if (astray := _astray(operation, body.get("next"))) is not None:
        return astray
    if not isinstance(size, int):
        return None
    end = operation.params.get("page", 1) * size
    if count > end and len(names) < size:
        return f"{len(names)} on a page of {size}, count {count}"
    if (body.get("next") is not None) is not (count > end):
        return f"next {show(body.get('next'))} where the page ends with row {end} of {count}"
    return None


def _astray(operation: Operation, link: Any) -> str | None:
    """Where `next` leads that it must not: to a page by number that is not the next one, or is one of another list."""
    query = dict(parse_qsl(urlsplit(link).query)) if isinstance(link, str) else {}
    number, page = query.get("page", ""), operation.params.get("page", 1)
    if not number.isdecimal() or not isinstance(page, int):
        return None  # a cursor, or a page that was not asked for by number
    if int(number) != page + 1:
        return f"next of page {page} leads to page {number}"
    lost = [name for name in _FILTERS if str(operation.params.get(name) or "") not in ("", *query.values())]
    return f"next leads to a page without the filter by {lost[0]}" if lost else None


_FILTERS = ("status", "bucket", "q")


def _register_walk(name: str, rule_id: str, clause: str) -> None:
    @log_rule(
        f"lists/{rule_id}-walk", f"Two pages of {name} hold what one page of twice the length holds", clause,
        hint="Order the list by something that is unique, and cut it at (page - 1) * page_size.",
    )  # fmt: skip
    class Walk(Log):
        """Looks at five calls: a long first page, its two halves as pages, and the long one twice more."""

        operations = frozenset((name,))

        def __init__(self) -> None:
            self._calls: list[tuple[Operation, list[str], Any]] = []

        def call(self, operation: Operation) -> Iterator[Finding]:
            if operation.case != "read/pages":
                return
            body = asked(operation)
            self._calls.append((operation, _names(body or {}), (body or {}).get("count")))
            if len(self._calls) == _WALK:
                calls, self._calls = self._calls, []
                yield from self._walked(calls)

        def _walked(self, calls: list[tuple[Operation, list[str], Any]]) -> Iterator[Finding]:
            (_, whole, count), (_, first, _), (_, second, _), (_, again, _), (_, once_more, _) = calls
            if len({show(told) for _, _, told in calls}) > 1 or not isinstance(count, int) or not whole:
                return  # somebody adds to the list meanwhile
            witness = tuple(seq for call, _, _ in calls for seq in call.witness)
            wrong = None
            if whole == again == once_more and sorted((*first, *second)) != sorted(whole):
                wrong = f"pages of {len(first)} and {len(second)} with {len({*first, *second} & {*whole})} of {len(whole)} rows"
            elif len({tuple(rows) for rows in (whole, again, once_more)}) == _THRICE:
                wrong = "the same page holds other rows whenever it is asked for"
            if wrong is None:
                yield OK
            else:
                right = ("the rows of the long page, each once",)
                yield Violation(clause, f"the pages of {name} do not add up", right, wrong, witness)


_WALK, _THRICE = 5, 3


def _register_page(name: str, rule_id: str, clause: str) -> None:
    @log_rule(
        f"lists/{rule_id}", f"The pages of {name} are cut as asked for, and agree with count and next", clause,
        hint="Count before the page is cut, cut at page_size, and give next as long as rows are left.",
    )  # fmt: skip
    class Pages(Log):
        operations = frozenset((name,))

        def __init__(self) -> None:
            self._first: dict[tuple[int, int], tuple[Operation, list[str]]] = {}
            self._shown = _Shown()

        def call(self, operation: Operation) -> Iterator[Finding]:
            body = asked(operation)
            if (
                body is None
                or not isinstance(body.get("results"), list)
                or not isinstance(body.get("count"), int)
            ):
                return
            wrong, witness = _wrong_page(operation, body), operation.witness
            page, size = operation.params.get("page", 1), operation.params.get("page_size")
            if isinstance(size, int) and body["results"] and set(operation.params) <= _PAGING:
                # With another count something was added in between, and any row may have moved to another page.
                shown = (operation, _names(body))
                earlier, names = first(self._first, (size, body["count"]), shown, _COUNTS)
                if earlier.params.get("page", 1) != page and names == _names(body):
                    wrong, witness = (
                        f"page {page} holds the rows of another page",
                        (*earlier.witness, *witness),
                    )
            if set(operation.params) <= _PAGING:
                hotel = operation.params.get("hotel_slug")
                more = self._shown.more_than(body["count"], operation, hotel)
                if more is not None:
                    wrong, witness = (
                        f"count {body['count']} of a list that has shown more rows",
                        (*more, *witness),
                    )
                self._shown.add(operation, hotel, len(body["results"]))
            if wrong is None:
                yield OK
            else:
                yield Violation(clause, f"a page of {name} is wrong", ("a page",), wrong, witness)


_COUNTS = 100
"""Pairs of page size and count for which a page is remembered."""
_PAGING = frozenset(("hotel_slug", "page", "page_size"))

for _name, (_rule_id, _clause) in _PAGES.items():
    _register_page(_name, _rule_id, _clause)
    _register_walk(_name, _rule_id, _clause)


_ROOMS, _ROWS = 1000, 20
"""Rooms, and rows of each, of which a status history is remembered."""


class _Newest:
    """The newest rows that each room's history has shown: a later answer has them too, or newer ones in their place."""

    def __init__(self) -> None:
        self._rows: dict[object, dict[str, tuple[datetime, int, tuple[int, ...]]]] = {}

    def add(self, operation: Operation, room: object, rows: list[tuple[str, datetime]]) -> None:
        known = self._rows.pop(room, {})
        if operation.reply is not None:
            seen = operation.reply.seq, operation.witness
            known = {**{key: (moment, *seen) for key, moment in rows}, **known}
        newest = sorted(known, key=lambda key: known[key][0], reverse=True)[:_ROWS]
        self._rows[room] = {key: known[key] for key in newest}
        if len(self._rows) > _ROOMS:
            del self._rows[next(iter(self._rows))]

    def left_out(
        self, operation: Operation, room: object, rows: list[tuple[str, datetime]]
    ) -> tuple[int, ...] | None:
        """The witness of a call answered before this one was made that showed a row this one lacks, newer than one it has."""
        if not rows:
            return None
        shown, oldest = {key for key, _ in rows}, min(moment for _, moment in rows)
        for key, (moment, replied, witness) in self._rows.get(room, {}).items():
            if key not in shown and moment > oldest and replied < operation.seq:
                return witness
        return None


@log_rule(
    "lists/status-history", "A status history has the newest rows, newest first, and counts all of them",
    "endpoints/room-status-history",
    hint="Order by created_at descending, cut at limit, count before the cut.",
)  # fmt: skip
class StatusHistory(Log):
    operations = frozenset(("roomStatusHistory",))

    def __init__(self) -> None:
        self._shown, self._newest = _Shown(), _Newest()

    def call(self, operation: Operation) -> Iterator[Finding]:
        body = asked(operation)
        rows = body.get("status_history") if body is not None else None
        if body is None or not isinstance(rows, list):
            return
        total, limit = body.get("total_events"), operation.params.get("limit")
        dated = [
            (str(dig(row, "id")), moment)
            for row in rows
            if dig(row, "id") is not None and (moment := instant(dig(row, "created_at"))) is not None
        ]
        times = [moment for _, moment in dated]
        wrong, witness = None, operation.witness
        room = operation.params.get("hotel_slug"), operation.params.get("room_id")
        # Whether it is the room that was asked for is not said here: a path may name it by its number.
        room_id = dig(body, "room", "room_id") or operation.params.get("room_id")
        more = self._shown.more_than(total, operation, room) if isinstance(total, int) else None
        newer = self._newest.left_out(operation, room, dated)
        fewer = None
        if isinstance(limit, int) and len(rows) < limit:
            fewer = self._shown.more_than(len(rows), operation, room)
        self._shown.add(operation, room, len(rows))
        self._newest.add(operation, room, dated)
        if isinstance(limit, int) and len(rows) > limit:
            wrong = f"{len(rows)} rows for a limit of {limit}"
        elif any(later > earlier for earlier, later in itertools.pairwise(times)):
            wrong = "an older row stands before a newer one"
        elif (strangers := {dig(row, "room_id") for row in rows} - {room_id, None}) and room_id is not None:
            wrong = f"rows of room_id {show(min(strangers, key=str))}, told as that of room_id {room_id}"
        elif isinstance(total, int) and total < len(rows):
            wrong = f"{len(rows)} rows, total_events {total}"
        elif more is not None:
            wrong, witness = f"total_events {total} of a history that has shown more rows", (*more, *witness)
        elif newer is not None:
            wrong, witness = "rows are left out that are newer than those that are shown", (*newer, *witness)
        elif fewer is not None:
            wrong = f"{len(rows)} rows for a limit of {limit} of a history that has shown more"
            witness = (*fewer, *witness)
        if wrong is None:
            yield OK
        else:
            yield Violation(
                "endpoints/room-status-history", "a status history is wrong",
                ("the newest rows first, at most limit of them, and how many there are",), wrong, witness,
            )  # fmt: skip
