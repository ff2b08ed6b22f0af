"""Guest tokens at the door: before, during and after the stay, the earlier one, and somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance_tests.entries import FINGERPRINT, Event, Operation
from conformance_tests.episode import Episode, Facts
from conformance_tests.rule import (
    OK,
    Finding,
    Inconclusive,
    Violation,
    event_rule,
    history_rule,
    rule,
)
from conformance_tests.rules.facts import GUEST_READS, booking_of, succeeded
from conformance_tests.rules.values import strings

AUTH = "channelAuth"


def _open(operation: Operation) -> bool:
    return succeeded(operation)


def _shut(operation: Operation) -> bool:
    return operation.status in (401, 403)


def signed(operation: Operation) -> bool:
    """The channel auth gave a signature."""
    return bool(operation.answered.get("auth"))


def _register(
    rule_id: str,
    title: str,
    clause: str,
    hint: str,
    cases: tuple[str, ...],
    names: tuple[str, ...],
    *,
    opens: bool,
) -> None:
    @rule(rule_id, title, clause, hint=hint)
    def judge(episode: Episode) -> Iterator[Finding]:
        for operation in episode.operations:
            if operation.case not in cases or operation.operation not in names:
                continue
            if operation.status is None:
                yield Inconclusive(f"{operation.operation} ({operation.case}) got no answer in time")
                continue
            if not _applies(episode, operation):
                continue
            if _open(operation) if opens else _shut(operation):
                yield OK
                continue
            message = (
                f"{operation.operation} with the guest token of {operation.case} is answered in another way"
            )
            right = ("200",) if opens else ("401", "403")
            yield Violation(clause, message, right, str(operation.status), operation.witness)


def _applies(episode: Episode, operation: Operation) -> bool:
    """The stay is where the case says: a check-in or check-out that did not succeed is another rule's finding."""
    names = {
        "token/during": "checkIn",
        "token/other-way": "checkIn",
        "token/earlier": "checkIn",
        "token/after": "checkOut",
    }
    wanted = names.get(operation.case)
    earlier = [
        other
        for other in episode.operations
        if other.seq < operation.seq
        and other.operation == wanted
        and booking_of(other) == _booking(episode, operation)
    ]
    return all(succeeded(other) for other in earlier[:1])


def _booking(episode: Episode, operation: Operation) -> str | None:
    return booking_of(operation) or episode.bindings.get("booking_id")


_DOOR = "Look the token up by its hash, and let only ACTIVE ones of that booking in."

for _row in (
    ("check-in/token/opens-portal", "The token of a check-in opens the guest endpoints", "check-in/token/opens-portal",
     _DOOR, ("token/during",), GUEST_READS, True),
    ("tokens/before/portal-open", "A token from before check-in shows the booking", "endpoints/guest-booking-status",
     _DOOR, ("token/before",), ("guestBookingStatus",), True),
    ("tokens/during/channel-open", "The token of a stay is authorized for the guest channel",
     "channels/guest/auth-granted", _DOOR, ("token/during", "token/before"), (AUTH,), True),
    ("tokens/earlier/portal-closed", "A token from before check-in no longer opens anything", "tokens/earlier-revoked",
     "Revoke earlier tokens where the new one is issued.", ("token/earlier",), (*GUEST_READS, AUTH), False),
    ("check-out/tokens/portal-closed", "No token of a departed booking opens the guest endpoints",
     "check-out/tokens/portal-closed", _DOOR, ("token/after",), GUEST_READS, False),
    ("check-out/tokens/channel-closed", "No token of a departed booking is authorized for its channel",
     "check-out/tokens/channel-closed", _DOOR, ("token/after",), (AUTH,), False),
    ("tokens/other-way/context", "The guest context takes the token as ?token= too", "endpoints/guest-context",
     "A mail has a link and no header: read both.", ("token/other-way",), ("guestContext",), True),
    ("tokens/other-way/channel-auth", "The channel auth takes JSON as well as a form", "endpoints/channel-auth",
     "Which of the two is sent depends on the client library: read both.", ("token/other-way",), (AUTH,), True),
):  # fmt: skip
    _register(*_row[:6], opens=_row[6])


@rule(
    "tokens/foreign/portal-closed", "Another booking's token answers 403 and shows nothing",
    "access/guest-token-of-other-booking",
    hint="Compare the token's booking with the booking in the path.",
)  # fmt: skip
def foreign(episode: Episode) -> Iterator[Finding]:
    for operation in episode.operations:
        if (
            operation.case != "token/foreign"
            or operation.operation != "guestBookingStatus"
            or operation.status is None
        ):
            continue
        if operation.status == 403:
            yield OK
        else:
            message = "a guest token of another booking is not answered with 403"
            yield Violation(
                "access/guest-token-of-other-booking",
                message,
                ("403",),
                str(operation.status),
                operation.witness,
            )


@rule(
    "tokens/invalid/status", "A guest endpoint answers 401 to a token that is missing, unknown or revoked",
    "access/guest-token-required",
    hint="401 asks for a token; 403 is for one that is valid and of another booking.",
)  # fmt: skip
def invalid(episode: Episode) -> Iterator[Finding]:
    for operation in episode.operations:
        invalid_ones = ("token/after", "token/earlier", "token/spoiled", "token/staff")
        shown = operation.case in invalid_ones or operation.case.startswith("guest/refuse/")
        if operation.operation not in GUEST_READS or not shown or operation.status is None:
            continue
        if not 400 <= operation.status < 500 or not _applies(episode, operation):
            continue  # that it is let in is for other rules to say
        if operation.status == 401:
            yield OK
        else:
            message = f"{operation.operation} with the guest token of {operation.case} is refused with another status"
            yield Violation(
                "access/guest-token-required", message, ("401",), str(operation.status), operation.witness
            )


@rule(
    "tokens/spoiled/portal-closed", "Who has no guest token, or one that is only nearly right, sees no booking",
    "access/guest-token-required",
    hint="Look the token up by its hash: as a whole, and as it is written.",
)  # fmt: skip
def nearly(episode: Episode) -> Iterator[Finding]:
    for operation in episode.operations:
        if operation.operation not in GUEST_READS or operation.case not in ("token/spoiled", "token/staff"):
            continue
        if operation.status is None:
            continue
        if succeeded(operation):
            told = (
                "a guest token that is nearly right"
                if operation.case == "token/spoiled"
                else "a login of staff"
            )
            yield Violation(
                "access/guest-token-required", f"{told} opens {operation.operation}", ("401",), str(operation.status),
                operation.witness,
            )  # fmt: skip
        else:
            yield OK


@rule(
    "tokens/spoiled/desk-closed", "A staff token that is only nearly right opens nothing", "access/staff-authenticated",
    hint="Look the token up by its hash: as a whole, and as it is written.",
)  # fmt: skip
def nearly_staff(episode: Episode) -> Iterator[Finding]:
    for operation in episode.operations:
        if operation.case != "token/spoiled" or operation.operation in (*GUEST_READS, AUTH):
            continue
        if operation.status is None:
            continue
        if _shut(operation):
            yield OK
        else:
            message = (
                f"a staff token that is nearly right is answered by {operation.operation} in another way"
            )
            yield Violation(
                "access/staff-authenticated",
                message,
                ("401", "403"),
                str(operation.status),
                operation.witness,
            )


_UNENTITLED = ("token/foreign", "token/after", "token/none", "token/unknown", "token/staff", "token/spoiled")


def _unentitled(operation: Operation) -> bool:
    """A channel auth that must not be signed."""
    return operation.operation == AUTH and operation.case in _UNENTITLED


@rule(
    "channels/guest/auth-refused", "Without an active token of the booking there is no signature",
    "channels/guest/auth-refused",
    hint="Authorize by the booking in the channel name, and answer 403 without an auth.",
)  # fmt: skip
def auth_refused(episode: Episode) -> Iterator[Finding]:
    for operation in episode.operations:
        if not _unentitled(operation) or operation.status is None or not _applies(episode, operation):
            continue
        if succeeded(operation) or signed(operation):
            message = f"the channel auth signed a guest channel ({operation.case})"
            yield Violation(
                "channels/guest/auth-refused",
                message,
                ("401 or 403 without auth",),
                f"{operation.status}",
                operation.witness,
            )
        else:
            yield OK


@rule(
    "channels/guest/auth-refusal-status", "A known caller who may not is answered 403", "channels/guest/auth-refusal-status",
    hint="401 says who are you, 403 says not you.",
)  # fmt: skip
def auth_status(episode: Episode) -> Iterator[Finding]:
    for operation in episode.operations:
        if not _unentitled(operation) or operation.status is None or succeeded(operation):
            continue
        # with a token nobody knows, or none any more, both answers are told: who are you, and not you
        either = (401, 403)
        right = {"token/none": (401,), "token/unknown": either, "token/spoiled": either}.get(
            operation.case, (403,)
        )
        if operation.status in right:
            yield OK
        else:
            message = f"the channel auth refuses with another status ({operation.case})"
            yield Violation(
                "channels/guest/auth-refusal-status",
                message,
                tuple(map(str, right)),
                str(operation.status),
                operation.witness,
            )


def _raw(value: Any, marked: bool, facts: Facts) -> Iterator[tuple[str, str, bool]]:
    """(pointer, token, whether it stands alone) wherever a raw token is, also inside of a longer text such as a link.

    A recorded history has the fingerprints of tokens, and `marked` says that the line has any: one look-up finds each. Tokens
    as they are, of a history by hand, are searched for one by one.
    """
    if not facts.plain_tokens and not marked:
        return
    for pointer, text in strings(value):
        for mark in FINGERPRINT.findall(text):
            if mark in facts.tokens:
                yield pointer, mark, mark == text
        for token in facts.plain_tokens:
            if token in text:
                yield pointer, token, token == text


def _issued(facts: Facts) -> Iterator[Finding]:
    for _ in facts.tokens:
        yield OK


def _told_event(event: Event, facts: Facts) -> Iterator[Finding]:
    for pointer, token, alone in _raw(event.data, event.marked, facts):
        home = alone and event.kind == "guest" and pointer == "/payload/guest_token"
        if not (home and event.booking_id == facts.tokens[token].booking_id):
            yield Violation(
                "tokens/raw-nowhere-else",
                f"{event.name} on the {event.kind} channel holds a raw guest token",
                ("the guest event of that booking, payload.guest_token",),
                f"{pointer} on {event.channel}",
                (*facts.tokens[token].witness, event.seq),
                pointer,
            )


def _told_answer(operation: Operation, facts: Facts) -> Iterator[Finding]:
    reply = operation.reply
    for pointer, token, _ in _raw(reply.body, reply.marked, facts) if reply else ():
        issued = facts.tokens[token]
        if not (issued.call == operation.seq and pointer == "/guest_token"):
            yield Violation(
                "tokens/raw-nowhere-else",
                f"an answer to {operation.operation} holds a raw guest token",
                ("the answer to the check-in, guest_token",),
                f"{pointer} of {operation.operation}",
                (*issued.witness, *operation.witness),
                pointer,
            )


history_rule(
    "tokens/raw-nowhere-else", "The raw guest token is in the answer and in the guest event only", "tokens/raw-nowhere-else",
    hint="Keep the raw token out of shared serializers: staff channels are read by everybody at the desk.",
    facts=_issued, event=_told_event, call=_told_answer,
)  # fmt: skip


@event_rule(
    "tokens/raw-never-public", "No public channel carries a raw guest token", "tokens/raw-never-public",
    hint="Whoever knows the name of a channel without the prefix private- may read along: leave the token out.",
)  # fmt: skip
def raw_never_public(event: Event, facts: Facts) -> Iterator[Finding]:
    if not facts.tokens:
        return
    private = event.channel.startswith("private-")
    leak = None if private else next(_raw(event.data, event.marked, facts), None)
    if leak is None:
        yield OK
        return
    pointer, token, _ = leak
    yield Violation(
        "tokens/raw-never-public",
        f"{event.name} on a public channel holds a raw guest token",
        ("no raw guest token",),
        f"{pointer} on {event.channel}",
        (*facts.tokens[token].witness, event.seq),
        pointer,
    )
