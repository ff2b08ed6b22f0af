"""The REST API's trigger requests, parsed, and the JSON they are answered with. Reads are in `rest_reads`.

`POST /apps/{id}/events` `{name, data, channels[] | channel, socket_id?, info?}` and
`POST /apps/{id}/batch_events` `{batch: [{name, data, channel, socket_id?, info?}]}`, with the limits of the HTTP API
page. A channel may be `#server-to-user-{id}`, where a signed-in user listens. Bodies come from outside: everything that is not as it should be is a RestBadRequestError (400) or
RestTooLargeError (413). The signature is checked elsewhere (`signatures.verify_request`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from contract.pusher.errors import RestBadRequestError, RestTooLargeError
from contract.pusher.names import (
    MAX_BATCH,
    MAX_EVENT_DATA,
    MAX_TRIGGER_CHANNELS,
    channel_kind,
    channel_name_problem,
    data_size,
    event_name_problem,
    is_socket_id,
    user_of_channel,
)

ChannelAttributes = Mapping[str, Any]
"""What `info` asks about one channel, such as `{"subscription_count": 3}`."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One event to publish: `data` is JSON text, `socket_id` the connection that shall not get it, on any channel.

    `info` names channel attributes the caller wants to know in the reply.
    """

    name: str
    data: str
    channels: tuple[str, ...]
    socket_id: str | None
    info: tuple[str, ...] = ()


def parse_events(body: bytes) -> tuple[Trigger, ...]:
    """The one trigger of an `events` body. Raises RestBadRequestError or RestTooLargeError."""
    return (_trigger(_json_object(body), _channels),)


def parse_batch_events(body: bytes) -> tuple[Trigger, ...]:
    """The triggers of a `batch_events` body, in order; all are valid or none is returned. Raises as `parse_events`."""
    batch = _json_object(body).get("batch")
    if not isinstance(batch, list):
        raise RestBadRequestError("batch must be a list of events")
    if len(batch) > MAX_BATCH:
        raise RestBadRequestError(f"A batch has at most {MAX_BATCH} events, this one has {len(batch)}")
    return tuple(_trigger(_object(item), _single_channel) for item in batch)


def events_reply(
    triggers: tuple[Trigger, ...], attributes: Callable[[str], ChannelAttributes]
) -> dict[str, Any]:
    """`{}`, or `{"channels": {name: {...}}}` when the caller asked for `info`."""
    (trigger,) = triggers
    if not trigger.info:
        return {}
    return {"channels": {channel: _asked(trigger, attributes(channel)) for channel in trigger.channels}}


def batch_events_reply(
    triggers: tuple[Trigger, ...], attributes: Callable[[str], ChannelAttributes]
) -> dict[str, Any]:
    """`{}`, or `{"batch": [{...}]}` with one item per event when any of them asked for `info`."""
    if not any(trigger.info for trigger in triggers):
        return {}
    return {"batch": [_asked(trigger, attributes(trigger.channels[0])) for trigger in triggers]}


def parse_info(value: object, available: Iterable[str]) -> tuple[str, ...]:
    """The comma-separated `info` of a trigger or query; raises RestBadRequestError for what is not `available`."""
    if value is None or value == "":
        return ()
    if not isinstance(value, str):
        raise RestBadRequestError("info must be a comma-separated string")
    names = tuple(part.strip() for part in value.split(","))
    unknown = [name for name in names if name not in available]
    if unknown:
        raise RestBadRequestError(f"info {unknown[0][:40]!a} is not available for this channel")
    return names


def trigger_attributes(channels: Iterable[str]) -> frozenset[str]:
    """What `info` of a trigger may ask about all of these channels."""
    kinds = [channel_kind(channel) for channel in channels]
    every = all(kind.is_presence for kind in kinds)
    return frozenset({"subscription_count", "user_count"} if every else {"subscription_count"})


def _asked(trigger: Trigger, attributes: ChannelAttributes) -> dict[str, Any]:
    return {name: attributes[name] for name in trigger.info}


def _trigger(fields: dict[str, Any], channels: Callable[[dict[str, Any]], tuple[str, ...]]) -> Trigger:
    name = fields.get("name")
    problem = event_name_problem(name)
    if problem is not None:
        raise RestBadRequestError(problem)
    socket_id = fields.get("socket_id")
    if socket_id is not None and not is_socket_id(socket_id):
        raise RestBadRequestError("socket_id must have the form digits.digits")
    to = channels(fields)
    return Trigger(
        name=str(name),
        data=_data(fields.get("data")),
        channels=to,
        socket_id=socket_id,
        info=parse_info(fields.get("info"), trigger_attributes(to)),
    )


def _data(data: object) -> str:
    if not isinstance(data, str):
        raise RestBadRequestError("data must be a string, encode an object as JSON first")
    size = data_size(data)
    if size > MAX_EVENT_DATA:
        raise RestTooLargeError(
            f"The data content of this event exceeds the allowed maximum ({MAX_EVENT_DATA} bytes): it has {size}"
        )
    return data


def _channels(fields: dict[str, Any]) -> tuple[str, ...]:
    if "channels" not in fields:
        return _single_channel(fields)
    if "channel" in fields:
        raise RestBadRequestError("Give either channel or channels, not both")
    channels = fields["channels"]
    if not isinstance(channels, list) or not channels:
        raise RestBadRequestError("channels must be a non-empty list of channel names")
    if len(channels) > MAX_TRIGGER_CHANNELS:
        raise RestBadRequestError(
            f"An event goes to at most {MAX_TRIGGER_CHANNELS} channels, not {len(channels)}"
        )
    return tuple(dict.fromkeys(_channel(channel) for channel in channels))


def _single_channel(fields: dict[str, Any]) -> tuple[str, ...]:
    return (_channel(fields.get("channel")),)


def _channel(channel: object) -> str:
    if isinstance(channel, str) and user_of_channel(channel) is not None:
        return channel
    problem = channel_name_problem(channel)
    if problem is not None:
        raise RestBadRequestError(problem)
    return str(channel)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        return _object(json.loads(body.decode("utf-8")))
    except (ValueError, RecursionError):  # RecursionError: thousands of nested brackets
        raise RestBadRequestError("The body is not JSON in UTF-8") from None


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RestBadRequestError("The body, and every item of a batch, must be a JSON object")
    return value
