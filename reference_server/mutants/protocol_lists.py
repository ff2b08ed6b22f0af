"""Lies in lists: pages, filters, counts, columns, order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reference_server.house import Call
from reference_server.mutants.answering import ROUTE, Body, edited
from reference_server.mutants.mutant import mutant

_PAGE = "reference_server.handlers.bookings:page_of"
_FILTER = "reference_server.handlers.bookings:_filtered"
_PAGES, _FILTERS = "endpoints/list-bookings/pagination", "endpoints/list-bookings/filters"


@mutant("page-size-is-ignored", _PAGES, _PAGE)
def _(original: Any) -> Any:
    """The booking list has fifty rows on a page, whatever page_size says."""
    return lambda items, call: original(items, replace(call, query={**call.query, "page_size": 50}))


@mutant("count-is-of-the-page", _PAGES, _PAGE)
def _(original: Any) -> Any:
    """count of the booking list is how many rows are on the page."""

    def page_of(items: Sequence[Any], call: Call) -> Any:
        page = original(items, call)
        return replace(page, count=len(page.items))

    return page_of


@mutant("list-ends-after-one-page", _PAGES, ROUTE)
def _(original: Any) -> Any:
    """next of the booking list is always null."""
    return edited(original, lambda body: body.update(next=None), "listBookings")


@mutant("every-page-is-the-first", _PAGES, _PAGE)
def _(original: Any) -> Any:
    """page is ignored: every page of the booking list has the rows of the first."""

    def page_of(items: Sequence[Any], call: Call) -> Any:
        first = original(items, replace(call, query={**call.query, "page": 1}))
        return replace(original(items, call), items=first.items)

    return page_of


def _without(original: Any, name: str) -> Any:
    """Instead of `_FILTER`: a filter of the query is not applied."""

    def filtered(tx: Any, hotel: Any, bookings: Any, query: Mapping[str, Any], today: Any) -> Any:
        return original(
            tx, hotel, bookings, {key: value for key, value in query.items() if key != name}, today
        )

    return filtered


@mutant("status-filter-is-ignored", _FILTERS, _FILTER)
def _(original: Any) -> Any:
    """The booking list filtered by status holds every status."""
    return _without(original, "status")


@mutant("search-is-ignored", _FILTERS, _FILTER)
def _(original: Any) -> Any:
    """The booking list searched by q holds every booking."""
    return _without(original, "q")


@mutant("bucket-is-ignored", _FILTERS, _FILTER)
def _(original: Any) -> Any:
    """The bucket arrivals of the booking list holds every booking."""
    return _without(original, "bucket")


@mutant("bucket-counts-of-the-page", "endpoints/list-bookings/bucket-counts", ROUTE)
def _(original: Any) -> Any:
    """bucket_counts count what is on the page."""

    def edit(body: Body) -> None:
        rows = body["results"]
        body["bucket_counts"] = {
            **body["bucket_counts"],
            "arrivals": sum(row["checked_in_at"] is None for row in rows),
        }

    return edited(original, edit, "listBookings")


@mutant("board-without-out-of-order", "endpoints/rooms-board", ROUTE)
def _(original: Any) -> Any:
    """The rooms board has no column for rooms that are out of order."""
    return edited(original, lambda body: body.pop("OUT_OF_ORDER"), "roomsBoard")


@mutant("board-shows-cleaning-as-dirty-too", "endpoints/rooms-board", ROUTE)
def _(original: Any) -> Any:
    """A room that is being cleaned stands under CHECKOUT_DIRTY as well."""

    def edit(body: Body) -> None:
        dirty, cleaning = body["CHECKOUT_DIRTY"], body["CLEANING_IN_PROGRESS"]["rooms"]
        rooms = [*dirty["rooms"], *cleaning]
        body["CHECKOUT_DIRTY"] = {**dirty, "count": len(rooms), "rooms": rooms}

    return edited(original, edit, "roomsBoard")


@mutant("board-counts-one-less", "endpoints/rooms-board", ROUTE)
def _(original: Any) -> Any:
    """The count of a column of the board leaves out rooms that are flagged for maintenance."""

    def edit(body: Body) -> None:
        for status, column in list(body.items()):
            fine = [room for room in column["rooms"] if not room["maintenance_required"]]
            body[status] = {**column, "count": len(fine)}

    return edited(original, edit, "roomsBoard")


@mutant("dashboard-total-without-occupied", "endpoints/housekeeping-dashboard", ROUTE)
def _(original: Any) -> Any:
    """total_rooms of the dashboard leaves out the rooms with guests."""
    return edited(
        original,
        lambda body: body.update(total_rooms=body["total_rooms"] - body["counts"]["OCCUPIED"]),
        "housekeepingDashboard",
    )


_HISTORY = "endpoints/room-status-history"


@mutant("status-history-oldest-first", _HISTORY, ROUTE)
def _(original: Any) -> Any:
    """The status history has the oldest rows first."""
    return edited(
        original, lambda body: body.update(status_history=body["status_history"][::-1]), "roomStatusHistory"
    )


@mutant("status-history-ignores-the-limit", _HISTORY, "reference_server.store.transaction:Transaction.all")
def _(original: Any) -> Any:
    """The status history always has fifty rows, whatever limit says."""

    def read(self: Any, kind: Any, query: str, **parameters: Any) -> Any:
        if query == "status_events_of_room":
            parameters["limit"] = 50
        return original(self, kind, query, **parameters)

    return read


def _limited(original: Any, cut: Callable[[list[Any], int], list[Any]]) -> Any:
    """Instead of `Transaction.all`: of the whole history, newest first, what `cut(rows, limit)` leaves."""

    def read(self: Any, kind: Any, query: str, **parameters: Any) -> Any:
        if query != "status_events_of_room":
            return original(self, kind, query, **parameters)
        return cut(original(self, kind, query, **{**parameters, "limit": 500}), parameters["limit"])

    return read


@mutant(
    "status-history-limit-keeps-the-oldest", _HISTORY, "reference_server.store.transaction:Transaction.all"
)
def _(original: Any) -> Any:
    """The status history is cut in the order it was written in, and turned around after that: the oldest rows are left."""
    return _limited(original, lambda rows, limit: rows[-limit:])


@mutant("status-history-limit-is-one-short", _HISTORY, "reference_server.store.transaction:Transaction.all")
def _(original: Any) -> Any:
    """The status history ends one row before its limit."""
    return _limited(original, lambda rows, limit: rows[: limit - 1])


@mutant("status-history-counts-the-page", _HISTORY, ROUTE)
def _(original: Any) -> Any:
    """total_events of the status history is how many rows are shown."""
    return edited(
        original, lambda body: body.update(total_events=len(body["status_history"])), "roomStatusHistory"
    )


@mutant("available-rooms-without-their-status", "endpoints/list-available-rooms", ROUTE)
def _(original: Any) -> Any:
    """The rooms a booking could be given have no room_status."""

    def edit(body: Body) -> None:
        for room in body["available_rooms"]:
            del room["room_status"]

    return edited(original, edit, "listAvailableRooms")


@mutant("room-list-skips-a-room", "endpoints/list-rooms/pagination", ROUTE)
def _(original: Any) -> Any:
    """The last room of every page of the room list is missing."""
    return edited(original, lambda body: body.update(results=body["results"][:-1]), "listRooms")
