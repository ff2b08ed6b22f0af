"""Where a committed event goes: into the embedded hub, or to any Pusher host.

A publisher either accepts a message or raises `PublishFailed`; it never drops one in silence. `retryable` tells the
dispatcher whether the same message may be accepted later (host down, overloaded, credentials about to be mended) or
never will be (too large, invalid name).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
from pusher.client import Client
from pusher.errors import PusherBadRequest, PusherBadStatus, PusherError
from pusher.http import Request, process_response
from pusher.pusher_client import PusherClient

from contract.pusher.app import PusherAddress, parse_realtime_url
from contract.pusher.names import MAX_EVENT_DATA, data_size
from reference_server.realtime.hub import Hub

__all__ = ["HubPublisher", "Message", "PublishFailed", "Publisher", "PusherPublisher", "parse_realtime_url"]

_REASON_CHARS = 300


@dataclass(frozen=True, slots=True)
class Message:
    """One event for one channel: `data` is the JSON text of the envelope, `event_id` its `meta.event_id`."""

    event_id: str
    channel: str
    event: str
    data: str


class PublishFailed(Exception):
    """The message was not accepted. `retryable`: the same message may be accepted later."""

    def __init__(self, retryable: bool, reason: str) -> None:
        self.retryable = retryable
        self.reason = reason
        super().__init__(reason)


class Publisher(Protocol):
    """Takes messages one by one; the caller keeps their order by awaiting each."""

    name: str

    async def publish(self, message: Message) -> None:
        """Hand the message over; raises PublishFailed."""

    async def aclose(self) -> None:
        """Give connections back; nothing is published afterwards."""


class HubPublisher:
    """Publishes into the hub of this process, with the same limit on data as Pusher has."""

    def __init__(self, hub: Hub) -> None:
        self.name = "hub"
        self._hub = hub

    async def publish(self, message: Message) -> None:
        """Queue the event for every subscriber; raises PublishFailed when it is too large for any Pusher client."""
        _check_size(message, MAX_EVENT_DATA)
        self._hub.publish(message.channel, message.event, message.data)

    async def aclose(self) -> None:
        """Nothing to give back: the hub belongs to the server."""


class PusherPublisher:
    """Publishes to any Pusher host through the official library.

    `timeout` bounds one publish, in seconds; `max_data_bytes` is the host's limit for the data of an event.
    """

    def __init__(
        self, address: PusherAddress, *, timeout: float = 5.0, max_data_bytes: int = MAX_EVENT_DATA
    ) -> None:
        self.name = f"pusher at {address.host}:{address.port}"
        self._secret = address.app.secret
        self._timeout = timeout
        self._max_data_bytes = max_data_bytes
        self._client = PusherClient(
            app_id=address.app.id,
            key=address.app.key,
            secret=address.app.secret,
            host=f"[{address.host}]" if ":" in address.host else address.host,
            port=address.port,
            ssl=address.tls,
            timeout=timeout,
            backend=_SessionBackend,
        )

    async def publish(self, message: Message) -> None:
        """Trigger the event; raises PublishFailed when the host does not say that it took it."""
        _check_size(message, self._max_data_bytes)
        try:
            sending = self._client.trigger(message.channel, message.event, message.data)
        except (TypeError, ValueError) as error:  # the library's own checks of names and size
            raise self._failed(False, f"refused by the Pusher library: {error}") from None
        try:
            await sending
        except TimeoutError:
            raise self._failed(True, f"no answer within {self._timeout:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise self._failed(True, f"{type(error).__name__}: {error}") from None
        except PusherError as error:
            raise self._failed(_may_succeed_later(error), f"{type(error).__name__}: {error}") from None
        except ValueError:
            # A proxy's page, for instance. Whether the event was taken is unknown, so it is sent again.
            raise self._failed(True, "the answer is not JSON") from None

    async def aclose(self) -> None:
        """Close the connections to the host."""
        await self._client.http.aclose()

    def _failed(self, retryable: bool, reason: str) -> PublishFailed:
        # The host's text is quoted, and a host may quote us: the secret is removed wherever it comes from.
        clean = reason.replace(self._secret, "***")[:_REASON_CHARS]
        return PublishFailed(retryable, f"{self.name}: {clean}")


class _SessionBackend:
    """A backend for the library like its own `pusher.aiohttp.AsyncIOBackend`, with one HTTP session that is kept.

    The library's opens a session, a TCP and a TLS connection for every event, and follows a redirect, which turns
    a POST into a GET and would look like success. Requests are made and signed, and answers judged, by the library.
    """

    def __init__(self, client: Client) -> None:
        self._timeout = aiohttp.ClientTimeout(total=client.timeout)
        self._session: aiohttp.ClientSession | None = None

    async def send_request(self, request: Request) -> Any:
        if self._session is None:  # made here, because a session belongs to a running loop
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        async with self._session.request(
            request.method,
            request.base_url + request.path,
            params=request.query_params,
            data=request.body,
            headers=request.headers,
            allow_redirects=False,
        ) as response:
            return process_response(response.status, await response.text("utf-8"))

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def _may_succeed_later(error: PusherError) -> bool:
    """400 and 413 are the message's own fault; credentials, quota and the host's health are mended outside."""
    too_large = isinstance(error, PusherBadStatus) and str(error).startswith("413")
    return not too_large and not isinstance(error, PusherBadRequest)


def _check_size(message: Message, limit: int) -> None:
    size = data_size(message.data)
    if size > limit:
        raise PublishFailed(
            False,
            f"event {message.event} ({message.event_id}) has {size} bytes of data, the limit is {limit}",
        )
