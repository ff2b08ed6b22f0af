"""Members of presence channels: who they are by what they send, and who is there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from contract.pusher.errors import MalformedFrameError
from contract.pusher.frames import loads
from contract.pusher.names import data_size, user_id_problem

MAX_MEMBER_DATA = 2048
"""Bytes of UTF-8 in `channel_data` and `user_data`: an id of 128 characters and 1 KB of `user_info`, with room to spare."""


@dataclass(frozen=True, slots=True)
class Member:
    """A user on a presence channel; `user_info` is any JSON value, None when none was given."""

    user_id: str
    user_info: Any = None


@dataclass(frozen=True, slots=True)
class User:
    """Who signed in; `user_data` is the JSON text as it was signed, `user_info` what it says for presence channels."""

    user_id: str
    user_data: str
    user_info: Any = None


def parse_channel_data(text: str) -> Member:
    """`{"user_id": text or whole number, "user_info"?: any}`; raises MalformedFrameError."""
    value = _object(text, "channel_data")
    return Member(_user_id(value, "user_id", "channel_data"), value.get("user_info"))


def parse_user_data(text: str) -> User:
    """`{"id": text or whole number, "user_info"?: any, ...}`; raises MalformedFrameError."""
    value = _object(text, "user_data")
    return User(_user_id(value, "id", "user_data"), text, value.get("user_info"))


class Roster:
    """The distinct users of one presence channel, each with the connections that hold it, in the order of joining."""

    def __init__(self) -> None:
        self._members: dict[str, Member] = {}
        self._sockets: dict[str, set[str]] = {}
        self._user_of: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._members)

    @property
    def members(self) -> tuple[Member, ...]:
        """Every user once, with what the first of its connections said of it."""
        return tuple(self._members.values())

    def is_full_for(self, user_id: str, most: int) -> bool:
        """Whether this user would be one too many: of those who are there, another connection is welcome."""
        return user_id not in self._members and len(self._members) >= most

    def user_of(self, socket_id: str) -> str:
        """The user of a connection that is there."""
        return self._user_of[socket_id]

    def join(self, socket_id: str, member: Member) -> bool:
        """Whether this is the first connection of its user."""
        self._user_of[socket_id] = member.user_id
        self._sockets.setdefault(member.user_id, set()).add(socket_id)
        if member.user_id in self._members:
            return False
        self._members[member.user_id] = member
        return True

    def leave(self, socket_id: str) -> str | None:
        """The user, if this was the last of its connections."""
        user_id = self._user_of.pop(socket_id)
        sockets = self._sockets[user_id]
        sockets.discard(socket_id)
        if sockets:
            return None
        del self._sockets[user_id], self._members[user_id]
        return user_id

    def as_json(self) -> dict[str, Any]:
        """`{"ids": [...], "hash": {id: info}, "count": n}`."""
        return {
            "ids": list(self._members),
            "hash": {member.user_id: member.user_info for member in self._members.values()},
            "count": len(self._members),
        }


def _object(text: str, name: str) -> dict[str, Any]:
    if data_size(text) > MAX_MEMBER_DATA:
        raise MalformedFrameError(f"{name} is longer than {MAX_MEMBER_DATA} bytes")
    try:
        value = loads(text)
        # What is taken in here is sent to others later: NaN is read by json.loads and is no JSON.
        json.dumps(value, allow_nan=False)
    except (MalformedFrameError, ValueError, RecursionError):
        raise MalformedFrameError(f"{name} is not JSON") from None
    if not isinstance(value, dict):
        raise MalformedFrameError(f"{name} is not a JSON object")
    return value


def _user_id(value: dict[str, Any], name: str, where: str) -> str:
    user_id = value.get(name)
    if isinstance(user_id, int) and not isinstance(user_id, bool):
        user_id = str(user_id)
    problem = user_id_problem(user_id)
    if problem is not None:
        raise MalformedFrameError(f"{where} has no usable {name}: {problem}")
    return str(user_id)
