"""Lies of lists and boards that are kept too long, cut at the wrong place, or put together from more than was asked."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from contract.errors import ContractError
from reference_server.house import Answer, Call, Handler, House
from reference_server.mutants.answering import ROUTE, Body, edited
from reference_server.mutants.mutant import mutant

_PAGE = "reference_server.handlers.bookings:page_of"
_HISTORY = "endpoints/room-status-history"


def _kept(original: Any, seconds: float, *operations: str) -> Any:
    """Instead of `ROUTE`: an answer of these operations is given again for so long, whatever was written meanwhile."""
    kept: dict[str, tuple[float, Answer]] = {}

    def route(house: House, operation: Any, handler: Handler, check_replies: bool) -> Any:
        if operation.id not in operations:
            return original(house, operation, handler, check_replies)

        async def answer(_: House, call: Call) -> Answer:
            told = await handler(house, call)  # who may not see it is refused as ever
            since, before = kept.get(str(call.url), (0.0, told))
            if time.monotonic() - since > seconds:
                since, before = time.monotonic(), told
            kept[str(call.url)] = since, before
            return before

        return original(house, operation, answer, check_replies)

    return route


@mutant("board-is-kept", "order/after-commit", ROUTE)
def _(original: Any) -> Any:
    """The rooms board is kept for ten seconds, and no commit clears it."""
    return _kept(original, 10.0, "roomsBoard")


@mutant("dashboard-is-kept", "order/after-commit", ROUTE)
def _(original: Any) -> Any:
    """The housekeeping dashboard is kept for ten seconds, and no commit clears it."""
    return _kept(original, 10.0, "housekeepingDashboard")


@mutant("booking-list-is-kept", "order/after-commit", ROUTE)
def _(original: Any) -> Any:
    """The booking list is kept by its address for ten seconds, and no commit clears it."""
    return _kept(original, 10.0, "listBookings")


@mutant("board-is-cut-at-fifty", "endpoints/rooms-board", "reference_server.handlers.rooms:_by_status")
def _(original: Any) -> Any:
    """The rooms board ends with the fiftieth room."""
    return lambda world, rooms: original(world, rooms[:50])


@mutant("history-of-the-whole-hotel", _HISTORY, ROUTE)
def _(original: Any) -> Any:
    """The status history has rows of other rooms: the filter by room is lost with the order."""

    def route(house: House, operation: Any, handler: Handler, check_replies: bool) -> Any:
        if operation.id != "roomStatusHistory":
            return original(house, operation, handler, check_replies)

        async def answer(_: House, call: Call) -> Answer:
            told = await handler(house, call)
            rows = list(told.body["status_history"])
            for step in (-3, -2, -1, 1, 2, 3):
                beside = replace(call, params={**call.params, "room_id": call.params["room_id"] + step})
                with contextlib.suppress(ContractError):
                    rows += (await handler(house, beside)).body["status_history"]
            rows.sort(key=lambda row: str(row["created_at"]), reverse=True)
            shown = rows[: call.query["limit"]]
            return Answer(200, {**told.body, "status_history": shown, "total_events": len(rows)})

        return original(house, operation, answer, check_replies)

    return route


@mutant("history-lacks-the-newest", "housekeeping/audit-chain", ROUTE)
def _(original: Any) -> Any:
    """The status history begins with the second row, because the query skips as many rows as its page is long plus one."""
    return edited(
        original, lambda body: body.update(status_history=body["status_history"][1:]), "roomStatusHistory"
    )


@mutant("pages-overlap-by-one", "endpoints/list-bookings/pagination", _PAGE)
def _(original: Any) -> Any:
    """Every page of the booking list but the first begins with the last row of the page before."""

    def page_of(items: Sequence[Any], call: Call) -> Any:
        page = original(items, call)
        begin = max(0, (page.number - 1) * page.size - 1)
        return replace(page, items=items[begin : begin + page.size])

    return page_of


@mutant("pages-skip-one", "endpoints/list-rooms/pagination", "reference_server.handlers.rooms:page_of")
def _(original: Any) -> Any:
    """Every page of the room list but the first begins one row too late."""

    def page_of(items: Sequence[Any], call: Call) -> Any:
        page = original(items, call)
        begin = (page.number - 1) * page.size + (page.number > 1)
        return replace(page, items=items[begin : begin + page.size])

    return page_of


@mutant("pages-without-an-order", "endpoints/list-bookings/pagination", _PAGE)
def _(original: Any) -> Any:
    """The booking list has no order, so that every page is cut from another one."""
    chance = random.Random(7)  # noqa: S311 - an order, not a secret

    def page_of(items: Sequence[Any], call: Call) -> Any:
        return original(chance.sample(items, len(items)), call)

    return page_of


@mutant("next-page-forgets-the-filter", "endpoints/list-bookings/pagination", ROUTE)
def _(original: Any) -> Any:
    """next of a filtered booking list leads to the second page of the whole list."""

    def edit(body: Body) -> None:
        if body["next"]:
            path, _, query = body["next"].partition("?")
            body["next"] = path + "?" + "&".join(one for one in query.split("&") if one.startswith("page"))

    return edited(original, edit, "listBookings")


@mutant("next-page-is-this-page", "endpoints/list-bookings/pagination", "reference_server.paging:Page.links")
def _(original: Any) -> Any:
    """next of the booking list leads to the page it stands on."""

    def links(self: Any) -> Any:
        told = original(self)
        return {**told, "next": told["next"] and self._link(self.number)}

    return links


def _bucketed(original: Any, bucket: str, holds: Any) -> Any:
    """Instead of `_filtered`: a bucket that holds what it should not."""

    def filtered(tx: Any, hotel: Any, bookings: Any, query: Mapping[str, Any], today: Any) -> Any:
        if query.get("bucket") != bucket:
            return original(tx, hotel, bookings, query, today)
        rest = {name: value for name, value in query.items() if name != "bucket"}
        return [each for each in original(tx, hotel, bookings, rest, today) if holds(each)]

    return filtered


_FILTERED = "reference_server.handlers.bookings:_filtered"


@mutant("in-house-bucket-holds-departed", "endpoints/list-bookings/filters", _FILTERED)
def _(original: Any) -> Any:
    """The bucket in_house holds whoever was checked in, also who has left."""
    return _bucketed(original, "in_house", lambda booking: booking.checked_in_at is not None)


@mutant("cancelled-bucket-holds-departed", "endpoints/list-bookings/filters", _FILTERED)
def _(original: Any) -> Any:
    """The bucket cancelled holds everything that is not CONFIRMED, also who has been here."""
    return _bucketed(original, "cancelled", lambda booking: booking.status != "CONFIRMED")
