"""Signatures of the channel auth: one per socket and channel, and another for every other."""

from __future__ import annotations

from collections.abc import Iterator

from conformance_tests.entries import Operation, mapping
from conformance_tests.rule import OK, Finding, Log, Violation, first, log_rule
from conformance_tests.rules.facts import succeeded
from conformance_tests.rules.tokens import AUTH, signed

_SIGNATURES = 1000


def _asked(operation: Operation) -> tuple[str, str]:
    """The socket and the channel that a signature was asked for."""
    body = mapping(operation.body)
    return str(body.get("socket_id")), str(body.get("channel_name"))


@log_rule(
    "channels/guest/auth-same", "The same socket and channel get the same signature", "channels/guest/auth-granted",
    hint="A signature follows from the socket id and the channel name: look for state that requests share.",
)  # fmt: skip
class AuthSame(Log):
    """Remembers the last signatures, by socket and channel."""

    operations = frozenset((AUTH,))

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], Operation] = {}

    def call(self, operation: Operation) -> Iterator[Finding]:
        if operation.case not in ("token/before", "token/during"):
            return
        if not succeeded(operation) or not signed(operation):
            return
        earlier = first(self._first, _asked(operation), operation, _SIGNATURES)
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


@log_rule(
    "channels/guest/auth-differs", "Another socket or channel gets another signature", "channels/guest/auth-granted",
    hint="Sign socket_id:channel_name, both of them: a signature that leaves the channel out is good for every channel.",
)  # fmt: skip
class AuthDiffers(Log):
    """Remembers the last signatures, and what they are for."""

    operations = frozenset((AUTH,))

    def __init__(self) -> None:
        self._first: dict[str, Operation] = {}

    def call(self, operation: Operation) -> Iterator[Finding]:
        if not succeeded(operation) or not signed(operation):
            return
        earlier = first(self._first, str(operation.answered["auth"]), operation, _SIGNATURES)
        if _asked(earlier) == _asked(operation):
            yield OK
            return
        yield Violation(
            "channels/guest/auth-granted",
            "the channel auth gave one signature for two sockets or channels",
            ("a signature of this socket and this channel",),
            "the same auth",
            (*earlier.witness, *operation.witness),
        )
