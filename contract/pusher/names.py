"""Names and limits: channels and their kinds, event names, event data, socket ids.

Limits of the HTTP API page, in force for REST triggers; the channel name may have 200 characters, as the official
libraries allow (the page says 164).
"""

from __future__ import annotations

import enum
import re

MAX_CHANNEL_NAME = 200
"""Characters in a channel name."""
MAX_EVENT_NAME = 200
"""Characters in an event name."""
MAX_EVENT_DATA = 10_240
"""Bytes of UTF-8 in the data of one event."""
MAX_TRIGGER_CHANNELS = 100
"""Channels in one trigger."""
MAX_BATCH = 10
"""Events in one batch."""
MAX_USER_ID = 128
"""Characters in the id of a user, of a presence channel or signed in."""
USER_CHANNEL_PREFIX = "#server-to-user-"
"""Before the id of a signed-in user: where events for that user alone go."""

_CHANNEL = re.compile(r"[-a-zA-Z0-9_=@,.;]+", re.ASCII)
_SOCKET_ID = re.compile(r"[0-9]{1,20}\.[0-9]{1,20}", re.ASCII)


class ChannelKind(enum.Enum):
    """What a channel's prefix makes of it. The value is the prefix, the longest one wins."""

    PRIVATE_ENCRYPTED_CACHE = "private-encrypted-cache-"
    PRIVATE_ENCRYPTED = "private-encrypted-"
    PRIVATE_CACHE = "private-cache-"
    PRESENCE_CACHE = "presence-cache-"
    PRIVATE = "private-"
    PRESENCE = "presence-"
    CACHE = "cache-"
    PUBLIC = ""

    @property
    def needs_auth(self) -> bool:
        """Whether a subscription must be signed with the app's secret."""
        return self.value.startswith(("private-", "presence-"))

    @property
    def is_presence(self) -> bool:
        """Whether members are announced to each other."""
        return self.value.startswith("presence-")

    @property
    def takes_client_events(self) -> bool:
        """Whether clients may send events: to whom they go must be known, and what they say must be readable."""
        return self.needs_auth and not self.value.startswith("private-encrypted-")

    @property
    def is_cache(self) -> bool:
        """Whether the last event is kept for late subscribers."""
        return self.value.endswith("cache-")


_BY_LENGTH = sorted(ChannelKind, key=lambda kind: len(kind.value), reverse=True)


def channel_kind(channel: str) -> ChannelKind:
    """The kind a channel's prefix gives it."""
    return next(kind for kind in _BY_LENGTH if channel.startswith(kind.value))


def channel_name_problem(channel: object) -> str | None:
    """Why this cannot be a channel name, as a sentence; None if it can."""
    if not isinstance(channel, str):
        return "A channel name must be a string"
    if len(channel) > MAX_CHANNEL_NAME:
        return f"The channel name {channel[:40]!a}... is longer than {MAX_CHANNEL_NAME} characters"
    if _CHANNEL.fullmatch(channel) is None:
        return f"Invalid channel name {channel!a}: only letters, digits and - _ = @ , . ; are allowed"
    return None


def user_id_problem(user_id: object) -> str | None:
    """Why this cannot be the id of a user, as a sentence; None if it can."""
    if not isinstance(user_id, str) or not user_id:
        return "A user id must be a non-empty string"
    if len(user_id) > MAX_USER_ID:
        return f"The user id {user_id[:40]!a}... is longer than {MAX_USER_ID} characters"
    return None


def user_of_channel(channel: str) -> str | None:
    """The user id in `#server-to-user-{id}`; None for every other channel, and for an id that cannot be."""
    if not channel.startswith(USER_CHANNEL_PREFIX):
        return None
    user_id = channel.removeprefix(USER_CHANNEL_PREFIX)
    return user_id if user_id_problem(user_id) is None else None


def event_name_problem(name: object) -> str | None:
    """Why this cannot be an event name, as a sentence; None if it can."""
    if not isinstance(name, str) or not name:
        return "An event name must be a non-empty string"
    if len(name) > MAX_EVENT_NAME:
        return f"The event name {name[:40]!a}... is longer than {MAX_EVENT_NAME} characters"
    return None


def data_size(data: str) -> int:
    """Bytes of an event's data as UTF-8; a lone surrogate counts as the three bytes it would take."""
    return len(data) if data.isascii() else len(data.encode("utf-8", "surrogatepass"))


def is_socket_id(value: object) -> bool:
    """Whether this is a socket id, `digits.digits`."""
    return isinstance(value, str) and _SOCKET_ID.fullmatch(value) is not None
