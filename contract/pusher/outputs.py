"""What the protocol's state machines decide, for the owner of the sockets to carry out in order."""

from __future__ import annotations

from dataclasses import dataclass

from contract.pusher.errors import CloseError, close_reason
from contract.pusher.webhooks import Happening


@dataclass(frozen=True, slots=True)
class Send:
    """Send this text frame to the connection that is concerned."""

    text: str


@dataclass(frozen=True, slots=True)
class Deliver:
    """Send the same encoded frame to every one of these connections, named by socket id."""

    frame: bytes
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Tell the app's webhooks."""

    happening: Happening


@dataclass(frozen=True, slots=True)
class Close:
    """Close the WebSocket with this code and reason; nothing follows."""

    code: int
    reason: str

    @classmethod
    def of(cls, error: CloseError) -> Close:
        """The close that renders an error."""
        return cls(error.code, close_reason(error))


Output = Send | Deliver | Report | Close
