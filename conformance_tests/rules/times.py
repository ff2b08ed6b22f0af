"""Times that a call leaves behind: all of them are of one moment, by the backend's own clock (clause effects/times).

That clock may be another than ours, and even a made one, so the times are held against each other and against the Date
header of the answer: the moment that most of them tell is that of the call.

Times that are all wrong alike agree with each other. Of those only one mistake can be told from another clock: times of one
zone that are said to be of another are a whole number of half hours off. The reference is the Date header, which the
backend (or a proxy before it) writes in UTC by the machine's clock, so that a machine that is minutes off is off in both. A
difference of half hours up to the widest zone is a violation, any other (a clock that was moved by days, or by some minutes) is not;
whoever moves a clock by hours moves Date with it. Without Date our own clock shows the difference and not whose it is: inconclusive.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from conformance_tests.entries import Operation
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation, rule
from conformance_tests.rules.due import due_events
from conformance_tests.rules.facts import CHECK_IN, CHECK_OUT, EFFECTING, around, carried_out, seqs
from conformance_tests.rules.values import dig, instant, same, show

_APART = timedelta(minutes=1)
_STEP, _WIDEST = timedelta(minutes=30), timedelta(hours=14)
_OF_BOOKING = {CHECK_IN: "checked_in_at", CHECK_OUT: "checked_out_at"}
_OF_ROOM = ("last_cleaned_at", "last_inspected_at")


def _date(operation: Operation) -> datetime | None:
    text = operation.reply.headers.get("date") if operation.reply else None
    if text is None:
        return None
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _rows(pair: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """(the row before or an empty one, the row after) by id, of a list that was read before and after."""
    if not isinstance(pair, tuple) or not all(isinstance(rows, list) for rows in pair):
        return
    known = {row.get("id"): row for row in pair[0] if isinstance(row, dict)}
    for row in pair[1]:
        if isinstance(row, dict):
            yield known.get(row.get("id"), {}), row


def _told(episode: Episode, operation: Operation) -> Iterator[tuple[str, Any]]:
    """(what it is, the time) for every time that the call wrote or published."""
    field = _OF_BOOKING.get(operation.operation)
    pair = around(episode, operation, "booking", booking_id=operation.params.get("booking_id"))
    if field is not None and isinstance(pair, tuple) and dig(pair[0], field) is None:
        yield field, dig(pair[1], field)
    for probe in operation.after:
        if probe.name == "room":
            rooms = around(episode, operation, "room", **probe.subject)
            for name in _OF_ROOM:
                if isinstance(rooms, tuple) and not same(dig(rooms[0], name), dig(rooms[1], name)):
                    yield name, dig(rooms[1], name)
        if probe.name == "audit":
            for old, row in _rows(around(episode, operation, "audit", **probe.subject)):
                if not old:
                    yield "created_at of the audit row", row.get("created_at")
    for old, row in _rows(around(episode, operation, "tokens")):
        if not old:
            yield "created_at of the guest token", row.get("created_at")
        elif old.get("status") == "ACTIVE" and row.get("status") == "REVOKED":
            yield "revoked_at of a guest token", row.get("revoked_at")
    for debt, event in due_events(episode, operation.operation):
        if debt.operation is operation:
            yield f"meta.ts of {event.name}", event.meta.get("ts")
            if "transition" in event.payload:
                yield "transition.at", dig(event.payload["transition"], "at")


def _moment(times: list[datetime], date: datetime | None) -> datetime | None:
    """The time that most of the others are near to; the Date header decides between equals."""
    if len(times) < 2 and date is None:
        return None
    if len(times) < 2:
        return date

    def agreeing(moment: datetime) -> tuple[int, bool]:
        near = sum(abs(moment - other) <= _APART for other in times)
        return near, date is not None and abs(moment - date) <= _APART

    best = max(times, key=agreeing)
    if agreeing(best)[0] == 1:  # all of them differ
        return date
    return best


@rule(
    "effects/times", "Every time that an operation writes or publishes is the time of the call", "effects/times",
    hint="Take now() once per operation, and write that value everywhere.",
)  # fmt: skip
def times(episode: Episode) -> Iterator[Finding]:
    for operation in carried_out(episode, *EFFECTING):
        if isinstance(operation, Inconclusive | Unreached):
            continue
        told = [
            (name, value, moment)
            for name, value in _told(episode, operation)
            if (moment := instant(value)) is not None
        ]
        right = _moment([moment for _, _, moment in told], _date(operation))
        if right is None:
            continue
        wrong = {name: value for name, value, moment in told if abs(moment - right) > _APART}
        if not wrong:
            yield OK
            continue
        yield Violation(
            "effects/times",
            f"{', '.join(wrong)} of {operation.operation} ({operation.case or 'no case'}) is not the time of the call",
            (f"about {right.isoformat()}",),
            show(wrong),
            seqs(operation, "booking", "room", "audit", "tokens"),
        )


def _in_another_zone(moment: datetime, reference: datetime) -> bool:
    """They are half hours apart, and no further than two zones can be."""
    apart = abs(moment - reference)
    rest = apart % _STEP
    return _STEP - _APART <= apart <= _WIDEST + _APART and min(rest, _STEP - rest) <= _APART


def _hours(moment: datetime, reference: datetime) -> float:
    return round((moment - reference) / _STEP) / 2


@rule(
    "effects/zone", "Times are of the backend's clock, and not hours from it", "effects/times",
    hint="Take now() in UTC (timezone-aware), and convert what is in local time before it is written with an offset.",
)  # fmt: skip
def zone(episode: Episode) -> Iterator[Finding]:
    for operation in carried_out(episode, *EFFECTING):
        if isinstance(operation, Inconclusive | Unreached) or operation.reply is None:
            continue
        told = [moment for _, value in _told(episode, operation) if (moment := instant(value)) is not None]
        date, ours = _date(operation), instant(operation.reply.wall)
        reference = date or ours
        if not told or reference is None:
            continue
        # the time that most of the others are near to, without a word from Date
        moment = max(told, key=lambda one: sum(abs(one - other) <= _APART for other in told))
        if not _in_another_zone(moment, reference):
            yield OK
            continue
        off = f"{_hours(moment, reference):+g} hours"
        if date is None:
            yield Inconclusive(
                f"the times are {off} from the suite's clock, and the answers have no Date header that would tell a moved clock from a wrong zone"
            )
            continue
        yield Violation(
            "effects/times",
            f"the times of {operation.operation} ({operation.case or 'no case'}) are hours from the clock that wrote its Date header",
            (f"about {date.isoformat()}",),
            f"{moment.isoformat()}, {off} from it",
            seqs(operation, "booking", "room", "audit", "tokens"),
        )
