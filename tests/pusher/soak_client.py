"""A cheap WebSocket client for hundreds at once: checks each event's number and keeps nothing."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from contract.pusher import client, frames

EVENT = "soak"
_NUMBERED = re.compile(rb'\{"event":"soak","channel":"([^"]+)","data":"\{\\"n\\":(\d+),')
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_SMALL_RECEIVE_BUFFER = 4096


@dataclass
class Tally:
    """What all clients of a soak know together: `sent` is the last number published on each channel, `problems` what went wrong."""

    sent: dict[str, int]
    deliveries: int = 0
    problems: list[str] = field(default_factory=list)

    def complain(self, problem: str) -> None:
        if len(self.problems) < 20:
            self.problems.append(problem)


class SoakClient(asyncio.Protocol):
    """One connection to some channels. From the first event after the acknowledgement on, numbers are without gap or repeat.

    What was published before the acknowledgement came may be missed; the event after it may not. `slow` stops reading as
    soon as it is subscribed.
    """

    def __init__(
        self, name: str, key: str, channels: Sequence[str], tally: Tally, *, slow: bool = False
    ) -> None:
        self.socket_id = ""
        self.last: dict[str, int] = {}
        """The last number of each channel that is subscribed; of one without an event yet, the one it may have missed up to."""
        self.subscribed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._started: set[str] = set()
        self._name, self._key, self._channels, self._tally, self._slow = name, key, channels, tally, slow
        self._buffer = bytearray()
        self._upgraded = self._leaving = False
        self._transport: asyncio.Transport

    async def connect(self, host: str, port: int) -> None:
        """Come in and subscribe; returns when every channel is acknowledged."""
        raw = socket.socket()
        if self._slow:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_RECEIVE_BUFFER)
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(30):
            await loop.sock_connect(raw, (host, port))
            await loop.create_connection(lambda: self, sock=raw)
            await self.subscribed

    def leave(self, *, politely: bool) -> None:
        """Go away, with a closing handshake begun or without a word."""
        self._leaving = True
        if politely:
            self._say(_CLOSE, (1000).to_bytes(2, "big"))
            self._transport.close()
        else:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        nonce = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {client.connect_path(self._key)} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\n\r\n".encode()
        )

    def connection_lost(self, error: Exception | None) -> None:
        if not self._leaving and not self._slow:
            self._tally.complain(f"{self._name} was cut off: {error}")
        if not self.subscribed.done():
            self.subscribed.set_exception(ConnectionError(f"{self._name} lost its connection: {error}"))

    def data_received(self, data: bytes) -> None:
        if self._leaving:
            return
        buffer = self._buffer
        buffer += data
        if not self._upgraded:
            head, end, _ = bytes(buffer).partition(b"\r\n\r\n")
            if not end:
                return
            self._upgraded = True
            del buffer[: len(head) + 4]
        at = 0
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if len(buffer) < start + size:
                break
            self._frame(buffer[at] & 0x0F, bytes(buffer[start : start + size]))
            at = start + size
        del buffer[:at]

    def _frame(self, kind: int, payload: bytes) -> None:
        if kind == _TEXT:
            numbered = _NUMBERED.match(payload)
            if numbered is None:
                self._protocol_frame(json.loads(payload))
            else:
                self._event(numbered[1].decode(), int(numbered[2]))
        elif kind == _PING:
            self._say(_PONG, payload)
        else:
            self._tally.complain(f"{self._name} got a frame of kind {kind}: {payload!r}")

    def _event(self, channel: str, number: int) -> None:
        last = self.last.get(channel)
        self._tally.deliveries += 1
        if channel in self._started:
            if number != (last or 0) + 1:
                self._tally.complain(f"{self._name} on {channel}: {number} after {last}")
        else:
            self._started.add(channel)
            if last is not None and number > last + 1:
                self._tally.complain(f"{self._name} on {channel}: {number} is the first, {last + 1} was due")
        self.last[channel] = number

    def _protocol_frame(self, frame: dict[str, str]) -> None:
        event = frame["event"]
        if event == frames.ESTABLISHED:
            self.socket_id = json.loads(frame["data"])["socket_id"]
            for channel in self._channels:
                self._say(_TEXT, client.subscribe_frame(channel).encode())
        elif event == frames.SUBSCRIPTION_SUCCEEDED:
            channel = frame["channel"]
            if channel not in self._started:
                self.last[channel] = self._tally.sent[channel]
            if len(self.last) == len(self._channels):
                if self._slow:
                    self._transport.pause_reading()
                self.subscribed.set_result(None)
        elif event == frames.PING:
            self._say(_TEXT, frames.pong_frame().encode())
        else:
            self._tally.complain(f"{self._name} got {frame}")

    def _say(self, kind: int, payload: bytes) -> None:
        size = len(payload)
        assert size < 126
        self._transport.write(bytes((0x80 | kind, 0x80 | size)) + bytes(4) + payload)
