"""The REST API's questions about channels, and the JSON they are answered with.

    GET /apps/{id}/channels?filter_by_prefix&info        {"channels": {name: {...}}}
    GET /apps/{id}/channels/{channel}?info               {"occupied": bool, ...}
    GET /apps/{id}/channels/{channel}/users              {"users": [{"id"}]}

What is asked of a channel that cannot answer it is a RestBadRequestError (400).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract.pusher.channels import Channels
from contract.pusher.errors import RestBadRequestError
from contract.pusher.names import channel_kind, channel_name_problem
from contract.pusher.rest import parse_info

PRESENCE_PREFIX = "presence-"


def channels_reply(channels: Channels, query: Mapping[str, str]) -> dict[str, Any]:
    """The occupied channels by name; `user_count` only with a prefix that leaves presence channels alone."""
    prefix = query.get("filter_by_prefix", "")
    available = {"subscription_count"}
    if prefix.startswith(PRESENCE_PREFIX):
        available.add("user_count")
    elif "user_count" in query.get("info", "").split(","):
        raise RestBadRequestError("user_count needs filter_by_prefix to start with presence-")
    info = parse_info(query.get("info"), available)
    names = sorted(channels.occupied(prefix))
    return {"channels": {name: _asked(channels, name, info, 0.0) for name in names}}


def channel_reply(channels: Channels, name: str, query: Mapping[str, str], now: float) -> dict[str, Any]:
    """Whether anybody listens to the channel, and what `info` asks about it; `now` as the channels know it."""
    kind = channel_kind(_named(name))
    available = {"subscription_count"}
    if kind.is_presence:
        available.add("user_count")
    if kind.is_cache:
        available.add("cache")
    info = parse_info(query.get("info"), available)
    return {"occupied": channels.subscription_count(name) > 0} | _asked(channels, name, info, now)


def users_reply(channels: Channels, name: str) -> dict[str, Any]:
    """The distinct users on a presence channel."""
    if not channel_kind(_named(name)).is_presence:
        raise RestBadRequestError("Only presence channels have users")
    return {"users": [{"id": member.user_id} for member in channels.members(name)]}


def attribute(channels: Channels, name: str, attribute: str, now: float) -> Any:
    """One attribute of a channel; `cache` is `{"data", "ttl"}` in whole seconds, or None when there is no event."""
    match attribute:
        case "subscription_count":
            return channels.subscription_count(name)
        case "user_count":
            return len(channels.members(name))
        case "cache":
            event = channels.cached(name, now)
            return None if event is None else {"data": event.data, "ttl": int(event.until - now)}
    raise ValueError(f"channels have no attribute {attribute!r}")


def _named(name: str) -> str:
    problem = channel_name_problem(name)
    if problem is not None:
        raise RestBadRequestError(problem)
    return name


def _asked(channels: Channels, name: str, info: tuple[str, ...], now: float) -> dict[str, Any]:
    return {one: attribute(channels, name, one, now) for one in info}
