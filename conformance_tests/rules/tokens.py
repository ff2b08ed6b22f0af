"""Guest tokens at the door: before, during and after the stay, the earlier one, and somebody else's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance_tests.episode import Episode, History, Operation, mapping
from conformance_tests.rule import OK, Finding, Inconclusive, Violation, history_rule, rule
from conformance_tests.rules.facts import GUEST_READS, booking_of, succeeded
from conformance_tests.rules.values import strings

_AUTH = "channelAuth"


def _open(operation: Operation) -> bool:
    return succeeded(operation)


def _shut(operation: Operation) -> bool:
    return operation.status in (401, 403)


def _signed(operation: Operation) -> bool:
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
    names = {"token/during": "checkIn", "token/earlier": "checkIn", "token/after": "checkOut"}
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
     "channels/guest/auth-granted", _DOOR, ("token/during", "token/before"), (_AUTH,), True),
    ("tokens/earlier/portal-closed", "A token from before check-in no longer opens anything", "tokens/earlier-revoked",
     "Revoke earlier tokens where the new one is issued.", ("token/earlier",), (*GUEST_READS, _AUTH), False),
    ("check-out/tokens/portal-closed", "No token of a departed booking opens the guest endpoints",
     "check-out/tokens/portal-closed", _DOOR, ("token/after",), GUEST_READS, False),
    ("check-out/tokens/channel-closed", "No token of a departed booking is authorized for its channel",
     "check-out/tokens/channel-closed", _DOOR, ("token/after",), (_AUTH,), False),
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
        shown = operation.case in ("token/after", "token/earlier") or operation.case.startswith(
            "guest/refuse/"
        )
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


_UNENTITLED = ("token/foreign", "token/after", "token/none", "token/unknown", "token/staff")


def _unentitled(operation: Operation) -> bool:
    """A channel auth that must not be signed."""
    return operation.operation == _AUTH and operation.case in _UNENTITLED


@rule(
    "channels/guest/auth-refused", "Without an active token of the booking there is no signature",
    "channels/guest/auth-refused",
    hint="Authorize by the booking in the channel name, and answer 403 without an auth.",
)  # fmt: skip
def auth_refused(episode: Episode) -> Iterator[Finding]:
    for operation in episode.operations:
        if not _unentitled(operation) or operation.status is None or not _applies(episode, operation):
            continue
        if succeeded(operation) or _signed(operation):
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
        right = {"token/none": (401,), "token/unknown": (401, 403)}.get(operation.case, (403,))
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


@history_rule(
    "channels/guest/auth-same", "The same socket and channel get the same signature", "channels/guest/auth-granted",
    hint="A signature follows from the socket id and the channel name: look for state that requests share.",
)  # fmt: skip
def auth_same(history: History) -> Iterator[Finding]:
    first: dict[tuple[str, str], Operation] = {}
    for operation in history.calls:
        body = mapping(operation.body)
        asked = (str(body.get("socket_id")), str(body.get("channel_name")))
        entitled = operation.operation == _AUTH and operation.case in ("token/before", "token/during")
        if not entitled or not succeeded(operation) or not _signed(operation):
            continue
        earlier = first.setdefault(asked, operation)
        if earlier.answered["auth"] == operation.answered["auth"]:
            yield OK
        else:
            yield Violation(
                "channels/guest/auth-granted",
                "the channel auth signed one socket and channel in two ways",
                ("the same auth",),
                "another auth",
                (*earlier.witness, *operation.witness),
            )


def _issued(history: History) -> dict[str, Operation]:
    """The raw tokens that were answered, each with its check-in."""
    return {
        operation.answered["guest_token"]: operation
        for operation in history.calls
        if operation.operation == "checkIn"
        and succeeded(operation)
        and isinstance(operation.answered.get("guest_token"), str)
        and operation.answered["guest_token"]
    }


def _raw(value: Any, issued: Mapping[str, Operation]) -> Iterator[tuple[str, str, bool]]:
    """(pointer, token, whether it stands alone) wherever a raw token is, also inside of a longer text such as a link."""
    for pointer, text in strings(value):
        for token in issued:
            if token in text:
                yield pointer, token, token == text


@history_rule(
    "tokens/raw-nowhere-else", "The raw guest token is in the answer and in the guest event only", "tokens/raw-nowhere-else",
    hint="Keep the raw token out of shared serializers: staff channels are read by everybody at the desk.",
)  # fmt: skip
def raw_nowhere_else(history: History) -> Iterator[Finding]:
    issued = _issued(history)
    for _ in issued:
        yield OK
    for event in history.events:
        for pointer, token, alone in _raw(event.data, issued):
            home = alone and event.kind == "guest" and pointer == "/payload/guest_token"
            if not (home and event.booking_id == booking_of(issued[token])):
                yield Violation(
                    "tokens/raw-nowhere-else",
                    f"{event.name} on the {event.kind} channel holds a raw guest token",
                    ("the guest event of that booking, payload.guest_token",),
                    f"{pointer} on {event.channel}",
                    (*issued[token].witness, event.seq),
                )
    for operation in history.calls:
        for pointer, token, _ in _raw(operation.reply.body if operation.reply else None, issued):
            if not (issued[token] is operation and pointer == "/guest_token"):
                yield Violation(
                    "tokens/raw-nowhere-else",
                    f"an answer to {operation.operation} holds a raw guest token",
                    ("the answer to the check-in, guest_token",),
                    f"{pointer} of {operation.operation}",
                    (*issued[token].witness, *operation.witness),
                )


@history_rule(
    "tokens/raw-never-public", "No public channel carries a raw guest token", "tokens/raw-never-public",
    hint="Whoever knows the name of a channel without the prefix private- may read along: leave the token out.",
)  # fmt: skip
def raw_never_public(history: History) -> Iterator[Finding]:
    issued = _issued(history)
    for event in history.events if issued else ():
        leaks = [] if event.channel.startswith("private-") else list(_raw(event.data, issued))
        for pointer, token, _ in leaks[:1]:
            yield Violation(
                "tokens/raw-never-public",
                f"{event.name} on a public channel holds a raw guest token",
                ("no raw guest token",),
                f"{pointer} on {event.channel}",
                (*issued[token].witness, event.seq),
            )
        if not leaks:
            yield OK
