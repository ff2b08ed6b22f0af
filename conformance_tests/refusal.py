"""What a call that must be refused is made of: who calls what, in which state, and the refusal that is due.

The table of all of them is `conformance_tests.refusals`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

ANONYMOUS = "anonymous"
"""The actor without credentials; what it has in `params.token` it shows as if it were a staff token."""
GUEST = "guest"
"""The actor who shows the guest token in `params.token`, or none."""
NOBODYS_BOOKING = "BK-0000-NOBODY"
UNKNOWN_ROOM = 999_999_999
UNKNOWN_TOKEN = "staycheck-unknown-guest-token-0000"  # noqa: S105  it opens nothing, that is the point

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class State:
    """A provider state with its parameters (`schemas/provider_states.yaml`)."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One call that must be refused.

    `overrides` replaces parameters of the operation (path parameters, `token`), which otherwise are the bindings of the
    same name. `code` is the error code due (its HTTP status is in the contract's table of codes); `clause` the promise
    broken when the call is not refused. A `body` that is a text goes out as it is. `first` names an operation that is carried out before, on the same bindings.
    """

    case: str
    operation: str
    state: str | None
    code: str
    clause: str
    actor: str = "front_desk"
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | str | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    beside: State | None = None
    first: str | None = None
    later: tuple[str, ...] = ()
    """The codes of the other reasons there are to refuse the call, which come after `code`."""
    guard: str | None = None
    """A read that must be refused for the same reason; the call is not made where it is not."""


def slug(name: str) -> str:
    """`setRoomStatus` and `CHECKOUT_DIRTY` as words of a case."""
    words = name.replace("_", "-")
    if words.isupper():
        return words.lower()
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in words)


READY = "booking ready for check-in"
IN_HOUSE = "in-house booking"
NO_ROOM = "booking without a room"
ROOM = "room in status"
