"""Lists, boards and dashboards: only what is of the hotel, where it belongs, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance_tests.entries import Operation
from conformance_tests.episode import Facts
from conformance_tests.rule import OK, Finding, Violation, call_rule
from conformance_tests.rules.facts import phase, succeeded
from conformance_tests.rules.values import dig, show

_ROOM_LISTS = ("roomsBoard", "listRooms", "housekeepingDashboard")
_BOOKING_LISTS = ("listBookings",)


def asked(operation: Operation) -> dict[str, Any] | None:
    """The object a call that succeeded was answered; None when there is none."""
    return dict(operation.answered) or None if succeeded(operation) else None


def rooms_listed(operation: Operation, body: dict[str, Any]) -> list[tuple[str | None, dict[str, Any]]]:
    """(the status it stands under or None, room) for every room of an answer."""
    if operation.operation == "listRooms":
        return [(None, room) for room in body.get("results") or () if isinstance(room, dict)]
    columns = body if operation.operation == "roomsBoard" else body.get("rooms_by_status")
    found: list[tuple[str | None, dict[str, Any]]] = []
    for status, column in (columns or {}).items() if isinstance(columns, dict) else ():
        rooms = dig(column, "rooms") if isinstance(column, dict) else column
        found.extend((status, room) for room in rooms or () if isinstance(room, dict))
    return found


@call_rule(
    "access/lists-of-own-hotel", "Lists hold only what is of the hotel in the path", "access/lists-of-own-hotel",
    hint="Filter by the hotel before everything else, in one place for all lists.",
    operations=(*_ROOM_LISTS, *_BOOKING_LISTS),
)  # fmt: skip
def own_hotel(operation: Operation, facts: Facts) -> Iterator[Finding]:
    body = asked(operation)
    if body is None:
        return
    slug = operation.params.get("hotel_slug")
    if operation.operation in _BOOKING_LISTS:
        ids = [dig(row, "booking_id") for row in body.get("results") or ()]
        foreign = [f"booking {name}" for name in ids if facts.homes.get(str(name), slug) != slug]
    else:
        foreign = [
            f"room {room.get('room_number')} of {room['hotel_slug']}"
            for _, room in rooms_listed(operation, body)
            if room.get("hotel_slug", slug) != slug
        ]
    if foreign:
        yield Violation(
            "access/lists-of-own-hotel",
            f"{operation.operation} shows what is of another hotel",
            (f"only what is of {slug}",),
            ", ".join(foreign[:3]),
            operation.witness,
        )
    else:
        yield OK


def _misplaced(operation: Operation, body: dict[str, Any]) -> str | None:
    """What is wrong with where rooms stand, and how often."""
    seen: dict[Any, str | None] = {}
    for status, room in rooms_listed(operation, body):
        number = room.get("room_number")
        if status is not None and room.get("room_status") != status:
            return f"room {number} is {room.get('room_status')} and stands under {status}"
        if number in seen:
            return f"room {number} stands there twice"
        seen[number] = status
    return None


def _miscounted(operation: Operation, body: dict[str, Any]) -> str | None:
    """What is wrong with the counts beside the rooms."""
    columns: dict[str, int] = {}
    for status, _ in rooms_listed(operation, body):
        columns[str(status)] = columns.get(str(status), 0) + 1
    counts = body.get("counts") if operation.operation == "housekeepingDashboard" else body
    for status, told in counts.items() if isinstance(counts, dict) else ():
        count = told.get("count") if isinstance(told, dict) else told
        if isinstance(count, int) and count != columns.get(status, 0):
            return f"{status} counts {count} and lists {columns.get(status, 0)}"
    total = body.get("total_rooms")
    if operation.operation == "housekeepingDashboard" and total != sum(columns.values()):
        return f"total_rooms is {show(total)}, and {sum(columns.values())} are listed"
    return None


def _register(rule_id: str, title: str, clause: str, name: str) -> None:
    @call_rule(rule_id, title, clause, hint="Count and list from one query.", operations=(name,))
    def judge(operation: Operation, _: Facts) -> Iterator[Finding]:
        body = asked(operation)
        if body is None:
            return
        wrong = _misplaced(operation, body) or _miscounted(operation, body)
        if wrong is None:
            yield OK
        else:
            message = f"{name}: {title[0].lower()}{title[1:]} does not hold"
            yield Violation(clause, message, (title,), wrong, operation.witness)


_register(
    "lists/rooms-board", "Every room stands once, under its own status, and is counted there", "endpoints/rooms-board",
    "roomsBoard",
)  # fmt: skip
_register(
    "lists/dashboard",
    "Counts, rooms and total agree",
    "endpoints/housekeeping-dashboard",
    "housekeepingDashboard",
)


@call_rule(
    "lists/booking-filters", "A filtered booking list holds only what matches", "endpoints/list-bookings/filters",
    hint="Apply every filter of the query, and only to the hotel's own bookings.",
    operations=_BOOKING_LISTS,
)  # fmt: skip
def booking_filters(operation: Operation, _: Facts) -> Iterator[Finding]:
    body = asked(operation)
    if body is None:
        return
    wanted = {
        name: operation.params[name] for name in ("status", "q", "bucket") if operation.params.get(name)
    }
    if not wanted:
        return
    wrong = [
        told
        for row in body.get("results") or ()
        if isinstance(row, dict) and (told := _unmatched(row, wanted))
    ]
    if wrong:
        message = f"listBookings by {', '.join(sorted(wanted))} holds a booking that does not match"
        yield Violation(
            "endpoints/list-bookings/filters", message, (show(wanted),), wrong[0], operation.witness
        )
    else:
        yield OK


def _unmatched(row: dict[str, Any], wanted: dict[str, Any]) -> str | None:
    """Why a booking is not in what was asked for. What `q` searches is open: any text of the booking may match.

    So is what a bucket means, but for what no meaning of its name takes in: who has left is no arrival, nor in house.
    """
    if "status" in wanted and row.get("status") != wanted["status"]:
        return f"booking {row.get('booking_id')} is {row.get('status')}"
    if "q" in wanted and str(wanted["q"]).lower() not in str(row).lower():
        return f"booking {row.get('booking_id')} does not hold {wanted['q']!r}"
    if (told := _elsewhere(row, wanted.get("bucket"))) is not None:
        return f"booking {row.get('booking_id')} is {told} and in the bucket {wanted['bucket']}"
    return None


_OVER = frozenset(("CANCELLED", "NO_SHOW", "DECLINED"))


def _elsewhere(row: dict[str, Any], bucket: Any) -> str | None:
    """Where a booking is that is certainly not in this bucket; None when it may be in it."""
    status, here = row.get("status"), phase(row)
    wrong = {
        "arrivals": status in {*_OVER, "COMPLETED"} or here == "departed",
        "in_house": here in ("expected", "departed"),
        "pending": status in {*_OVER, "CONFIRMED", "COMPLETED"},
        "checked_out": here == "in_house" or (here == "expected" and status != "COMPLETED"),
        "cancelled": status in ("CONFIRMED", "COMPLETED"),
    }
    return f"{status} and {here}" if wrong.get(str(bucket)) else None


@call_rule(
    "lists/bucket-counts", "The count of a bucket is about that of its list", "endpoints/list-bookings/bucket-counts",
    hint="Count the buckets over all bookings of the hotel, not over the page or the filter.",
    operations=_BOOKING_LISTS,
)  # fmt: skip
def bucket_counts(operation: Operation, _: Facts) -> Iterator[Finding]:
    body = asked(operation)
    if body is None:
        return
    bucket, count = operation.params.get("bucket"), body.get("count")
    told = dig(body, "bucket_counts", str(bucket))
    if not isinstance(count, int) or not isinstance(told, int) or operation.params.keys() & {"status", "q"}:
        return
    # They may be counted one after the other, while others check in: only what no race explains is wrong.
    if max(count, told) <= _TIMES_APART * min(count, told) + _APART:
        yield OK
    else:
        yield Violation(
            "endpoints/list-bookings/bucket-counts",
            f"the list of the bucket {bucket} and its count in bucket_counts are far apart",
            (f"about {count}",),
            f"bucket_counts.{bucket} {told}",
            operation.witness,
        )


_TIMES_APART, _APART = 2, 10
