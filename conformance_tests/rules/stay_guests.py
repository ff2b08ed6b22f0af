"""Guest records and guest tokens as check-in makes them and check-out leaves them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conformance_tests.entries import Operation
from conformance_tests.episode import Episode
from conformance_tests.rule import OK, Finding, Inconclusive, Unreached, Violation, rule
from conformance_tests.rules.facts import (
    CHECK_IN,
    CHECK_OUT,
    Missing,
    RoomRef,
    around,
    booking_of,
    carried_out,
    read,
    rooms_of,
    seqs,
)
from conformance_tests.rules.stays import records_of, register
from conformance_tests.rules.values import instant, show

_SCOPES = {"STATUS_READ", "CHAT", "ROOM_SERVICE"}
_KEPT = ("first_name", "last_name")
_TYPES = ("PRIMARY", "COMPANION")
PartyCheck = Callable[
    [Mapping[str, Any], "list[Mapping[str, Any]]", RoomRef, "list[Any]"], "tuple[str, str] | None"
]


def _party(booking: Any, *, staying: bool) -> list[Mapping[str, Any]]:
    """The members of a booking's party who stay, or those who do not."""
    party = booking.get("party") if isinstance(booking, dict) else None
    if not isinstance(party, dict):
        return []
    members = [party.get("primary"), *(party.get("companions") or [])]
    return [
        member
        for member in members
        if isinstance(member, dict) and bool(member.get("is_staying", True)) is staying
    ]


def _register_party(rule_id: str, title: str, clause: str, hint: str, check: PartyCheck) -> None:
    """A rule about the guest records of every staying member of the party after a check-in."""

    @rule(rule_id, title, clause, hint=hint)
    def judge(episode: Episode) -> Iterator[Finding]:
        for operation in carried_out(episode, CHECK_IN):
            if isinstance(operation, Inconclusive | Unreached):
                yield operation
                continue
            booking = read(episode, operation, "after", "booking")
            guests = read(episode, operation, "after", "guests")
            lacking = next((state for state in (booking, guests) if isinstance(state, Missing)), None)
            if lacking is not None:
                yield Inconclusive(lacking.reason)
                continue
            members = _party(booking, staying=True)
            rows = [guest for guest in guests if isinstance(guest, dict)] if isinstance(guests, list) else []
            room = rooms_of(episode, operation)[0]
            for position, member in enumerate(members):
                wrong = check(
                    {**member, "is_first": position == 0}, members, room, [rows, booking_of(operation)]
                )
                if wrong is None:
                    yield OK
                    continue
                role = str(member.get("role", "member")).lower()
                message = f"{title[0].lower()}{title[1:]} does not hold for a {role}"
                yield Violation(clause, message, (wrong[0],), wrong[1], seqs(operation, "guests", "booking"))


def _records(member: Mapping[str, Any], context: list[Any]) -> list[Mapping[str, Any]]:
    return records_of(member, context[0], context[1])


def _created(member: Mapping[str, Any], _: Any, __: RoomRef, context: list[Any]) -> tuple[str, str] | None:
    found = _records(member, context)
    wanted = {name: member.get(name) for name in _KEPT}
    if member.get("role") in _TYPES and any(guest.get("guest_type") is not None for guest in found):
        wanted["guest_type"] = member["role"]
    if any(all(guest.get(name) == value for name, value in wanted.items()) for guest in found):
        return None
    told = [{name: guest.get(name) for name in wanted} for guest in found]
    return f"a guest record of the booking with {show(wanted)}", show(
        told
    ) if told else "no record of the member"


def _one_record(member: Mapping[str, Any], _: Any, __: RoomRef, context: list[Any]) -> tuple[str, str] | None:
    found = _records(member, context)
    return None if len(found) <= 1 else ("one guest record per member", f"{len(found)} records of one member")


def _in_room(member: Mapping[str, Any], _: Any, room: RoomRef, context: list[Any]) -> tuple[str, str] | None:
    wrong = [guest.get("room_id") for guest in _records(member, context) if guest.get("room_id") != room.id]
    return (f"room_id {room.id}", f"room_id {show(wrong[0])}") if wrong else None


def _primary_linked(
    member: Mapping[str, Any], members: list[Mapping[str, Any]], _: RoomRef, context: list[Any]
) -> tuple[str, str] | None:
    primary = next((one for one in members if one.get("role") == "PRIMARY"), None)
    if member.get("role") == "PRIMARY" or primary is None:
        return None
    heads = {guest.get("id") for guest in _records(primary, context)}
    wrong = [
        guest.get("primary_guest_id")
        for guest in _records(member, context)
        if guest.get("primary_guest_id") not in heads
    ]
    return (
        (f"primary_guest_id {show(sorted(heads))}", f"primary_guest_id {show(wrong[0])}") if wrong else None
    )


for _row in (
    ("check-in/guests/created", "Every staying member of the party has a guest record", "check-in/guests/created",
     "Create or update one Guest per BookingGuest.", _created),
    ("check-in/guests/primary-linked", "Every companion's record is linked to the primary's",
     "check-in/guests/primary-linked", "Save the primary guest first, then link the companions.", _primary_linked),
    ("check-in/guests/one-each", "No member has two guest records", "check-in/guests/idempotent",
     "get_or_create by the booking_guest key, not by name.", _one_record),
    ("check-in/guests/in-room", "The guest records point to the booking's room", "check-in/guests/in-room",
     "Set Guest.room together with the room's status.", _in_room),
):  # fmt: skip
    _register_party(*_row)


@rule(
    "check-in/guests/only-staying", "Who does not stay is no guest in house", "check-in/guests/only-staying",
    hint="Make guest records only for members of the party with is_staying true.",
)  # fmt: skip
def only_staying(episode: Episode) -> Iterator[Finding]:
    for operation in carried_out(episode, CHECK_IN):
        if isinstance(operation, Inconclusive | Unreached):
            continue
        booking = read(episode, operation, "after", "booking")
        away = _party(booking, staying=False)
        rows = read(episode, operation, "after", "guests") if away else ()
        if isinstance(rows, Missing):
            yield Inconclusive(rows.reason)
            continue
        names = {(one.get("first_name"), one.get("last_name")) for one in _party(booking, staying=True)}
        for member in away:
            # a record that names no member is found by its name, which somebody who stays may have too
            found = records_of(member, [row for row in rows if isinstance(row, dict)], booking_of(operation))
            same_name = (member.get("first_name"), member.get("last_name")) in names
            wrong = [row for row in found if row.get("party_member_id") is not None or not same_name]
            if not wrong:
                yield OK
                continue
            yield Violation(
                "check-in/guests/only-staying",
                "a member of the party who does not stay became a guest",
                ("no guest record of that member",),
                show({name: wrong[0].get(name) for name in ("id", "guest_type", "room_id")}),
                seqs(operation, "guests", "booking"),
            )


def _by_id(rows: Any) -> dict[Any, Mapping[str, Any]]:
    return {row.get("id"): row for row in rows if isinstance(row, dict)} if isinstance(rows, list) else {}


def _own(rows: Any, operation: Operation) -> dict[Any, Mapping[str, Any]]:
    booking_id = booking_of(operation)
    return {key: row for key, row in _by_id(rows).items() if row.get("booking_id") == booking_id}


def _detached(before: Any, after: Any, operation: Operation, _: RoomRef) -> tuple[str, str] | None:
    left = [row for row in _own(after, operation).values() if row.get("room_id") is not None]
    return (
        ("room_id null for all guests of the booking", f"{len(left)} still in room {left[0]['room_id']}")
        if left
        else None
    )


def _links_kept(before: Any, after: Any, operation: Operation, _: RoomRef) -> tuple[str, str] | None:
    lost = sorted(set(_own(before, operation)) - set(_own(after, operation)))
    return (
        ("every guest record still linked to the booking", f"{len(lost)} lost: guest {lost[0]}")
        if lost
        else None
    )


def _orphans(before: Any, after: Any, operation: Operation, room: RoomRef) -> tuple[str, str] | None:
    orphans = {
        key
        for key, row in _by_id(before).items()
        if row.get("booking_id") is None and row.get("room_id") == room.id
    }
    left = [key for key in orphans if _by_id(after).get(key, {}).get("room_id") is not None]
    return ("no guest without a booking in the room", f"guest {left[0]} is still there") if left else None


def _room_empty(before: Any, after: Any, operation: Operation, room: RoomRef) -> tuple[str, str] | None:
    left = [row for row in _by_id(after).values() if row.get("room_id") == room.id and room.id is not None]
    return ("no guest record in the room", f"{len(left)} guest records in it") if left else None


def _active(rows: Any) -> list[Mapping[str, Any]]:
    return [row for row in _by_id(rows).values() if row.get("status") == "ACTIVE"]


def _all_revoked(before: Any, after: Any, _: Operation, __: RoomRef) -> tuple[str, str] | None:
    left = _active(after)
    return ("no ACTIVE guest token", f"{len(left)} of {len(_by_id(after))} tokens ACTIVE") if left else None


def _reasons(before: Any, after: Any, _: Operation, __: RoomRef) -> tuple[str, str] | None:
    now = _by_id(after)
    for key in (row.get("id") for row in _active(before)):
        row = now.get(key)
        if row is None or row.get("status") != "REVOKED":
            continue
        if instant(row.get("revoked_at")) is None or not row.get("revoke_reason"):
            told = {name: row.get(name) for name in ("status", "revoked_at", "revoke_reason")}
            return "REVOKED with revoked_at and revoke_reason", show(told)
    return None


def _issued(before: Any, after: Any, operation: Operation, _: RoomRef) -> tuple[str, str] | None:
    fresh = [row for key, row in _by_id(after).items() if key not in _by_id(before)]
    good = [row for row in fresh if row.get("purpose") == "CHAT" and row.get("status") == "ACTIVE"]
    if len(good) == 1 and len(fresh) == 1:
        return None
    return "one new ACTIVE token with purpose CHAT", show(
        [{"purpose": r.get("purpose"), "status": r.get("status")} for r in fresh]
    )


def _scopes(before: Any, after: Any, operation: Operation, _: RoomRef) -> tuple[str, str] | None:
    for key, row in _by_id(after).items():
        if key not in _by_id(before) and set(row.get("scopes") or ()) != _SCOPES:
            return f"scopes {show(sorted(_SCOPES))}", f"scopes {show(row.get('scopes'))}"
    return None


def _earlier_revoked(before: Any, after: Any, operation: Operation, _: RoomRef) -> tuple[str, str] | None:
    now = _by_id(after)
    left = [row["id"] for row in _active(before) if now.get(row.get("id"), {}).get("status") == "ACTIVE"]
    return ("earlier tokens REVOKED", f"token {left[0]} is still ACTIVE") if left else None


_IN = "Issue the token inside the check-in's transaction."
_OUT = "Revoke with one update over all active tokens of the booking."

for _effect in (
    (CHECK_IN, "check-in/token/issued", "One fresh token with purpose CHAT is issued", "check-in/token/issued", "tokens",
     _IN, _issued),
    (CHECK_IN, "check-in/token/scopes", "The fresh token has the three scopes", "check-in/token/scopes", "tokens", _IN,
     _scopes),
    (CHECK_IN, "check-in/token/earlier-revoked", "Earlier tokens of the booking are revoked", "tokens/earlier-revoked",
     "tokens", _IN, _earlier_revoked),
    (CHECK_OUT, "check-out/guests/detached", "The booking's guests are in no room", "check-out/guests/detached", "guests",
     "Set Guest.room to null for every guest of the booking, walk-ins too.", _detached),
    (CHECK_OUT, "check-out/guests/booking-link-kept", "The booking keeps its guest records",
     "check-out/guests/booking-link-kept", "guests", "Detach from the room, never delete and never unlink.", _links_kept),
    (CHECK_OUT, "check-out/guests/orphans-detached", "Guests without a booking are detached too",
     "check-out/guests/orphans-detached", "guests", "Detach by room, not only by booking.", _orphans),
    (CHECK_OUT, "check-out/guests/room-empty", "No guest record points to the room", "check-out/guests/room-empty",
     "guests", "Check the room once more before the commit.", _room_empty),
    (CHECK_OUT, "check-out/tokens/revoked", "No token of the booking stays active", "check-out/tokens/revoked", "tokens",
     _OUT, _all_revoked),
    (CHECK_OUT, "check-out/tokens/reason", "A revoked token has its time and a reason", "check-out/tokens/reason",
     "tokens", _OUT, _reasons),
):  # fmt: skip
    register(*_effect)


@rule(
    "check-in/token/returned", "The answer to a check-in holds the raw guest token", "check-in/token/returned",
    hint="It is the only moment at which the raw token exists; the desk hands it to the guest.",
)  # fmt: skip
def token_returned(episode: Episode) -> Iterator[Finding]:
    known = {arranged.bindings.get("guest_token") for arranged in episode.arranged} - {None}
    for operation in carried_out(episode, CHECK_IN):
        if isinstance(operation, Inconclusive | Unreached):
            yield operation
            continue
        token = operation.answered.get("guest_token")
        if isinstance(token, str) and token and token not in known:
            yield OK
        else:
            old = "the token from before" if token in known else show(token)
            message = "the answer to a check-in holds no fresh guest token"
            yield Violation(
                "check-in/token/returned", message, ("guest_token, fresh",), old, operation.witness
            )


@rule(
    "check-out/survey/failure-leaves-record", "A survey mail that failed leaves a record", "atomicity/failures-retried",
    hint="Keep the job with its last error, or a retry that is planned, where staff can see it.",
)  # fmt: skip
def survey_record(episode: Episode) -> Iterator[Finding]:
    if not any(arranged.params.get("survey_mail") == "fails" for arranged in episode.arranged):
        return
    for operation in carried_out(episode, CHECK_OUT):
        if isinstance(operation, Inconclusive | Unreached):
            yield operation
            continue
        pair = around(episode, operation, "failures")
        if isinstance(pair, Missing):
            yield Inconclusive(pair.reason)
        elif isinstance(pair[1], list) and pair[1]:
            yield OK
        else:
            yield Violation(
                "atomicity/failures-retried",
                "a survey mail that failed at check-out left no record",
                ("a record with attempts, last_error and will_retry",),
                "no record of a failure",
                seqs(operation, "failures"),
            )
