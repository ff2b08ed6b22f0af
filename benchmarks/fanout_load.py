"""The load of `benchmarks.fanout`: subscribers that count bytes, and a publisher that keeps a window of events open.

One thread, one epoll, no parsing: every frame of a round is equally long, so a subscriber's frames are its bytes divided. One
subscriber keeps what it reads, and must have got every event, whole and in order; one that is cut off ends the round.
"""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from contract.pusher import client, frames
from contract.pusher.app import PusherApp
from contract.pusher.signatures import sign_request

CHANNEL = "grand-demo.rooms"
_EVENT = "room_updated"
_BUFFER = 256 * 1024
_PATIENCE = 30.0


class Lost(RuntimeError):
    """A subscriber or a request did not get what it was promised."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One round: deliveries a second, the server's CPU time for one of them in microseconds (user and system; one core would make
    1e6 divided by it), and how busy the load was (1.0: a whole core)."""

    rate: float
    server_cost: float
    load_share: float


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server listens, and which process it is."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """CPU time of the process so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Subscribers:
    """So many connections to one channel of the server on this port."""

    def __init__(self, port: int, key: str, count: int) -> None:
        self.sockets = [_subscribed(port, key) for _ in range(count)]
        self.poll = select.epoll()
        for one in self.sockets:
            one.setblocking(False)
            self.poll.register(one, select.EPOLLIN)

    def close(self) -> None:
        self.poll.close()
        for one in self.sockets:
            one.close()


def measure(
    subscribers: Subscribers,
    server: Server,
    app: PusherApp,
    *,
    events: int,
    batch: int,
    size: int,
    window: int,
) -> Measured:
    """Publish so many events, `batch` of them in a request, with `size` characters of data, and wait for the last byte.

    At most `window` events are on their way at once. Raises Lost.
    """
    requests, wire = _requests(app, events, batch, size)
    one_frame = len(wire) // events
    sockets = {one.fileno(): one for one in subscribers.sockets}
    witness, witnessed = subscribers.sockets[0].fileno(), bytearray()
    wanted, arrived, sent, answered = len(wire) * len(sockets), 0, 0, 0
    buffer = memoryview(bytearray(_BUFFER))
    publisher = socket.create_connection(("127.0.0.1", server.port))
    publisher.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    subscribers.poll.register(publisher, select.EPOLLIN)
    began, busy, cost = time.perf_counter(), time.process_time(), server.cpu_seconds()
    try:
        while arrived < wanted or answered < len(requests):
            open_bytes = sent * batch * one_frame * len(sockets) - arrived
            while sent < len(requests) and open_bytes <= (window - batch) * one_frame * len(sockets):
                publisher.sendall(requests[sent])
                sent += 1
                open_bytes += batch * one_frame * len(sockets)
            ready = subscribers.poll.poll(_PATIENCE)
            if not ready:
                raise Lost(f"{(wanted - arrived) // one_frame} frames are missing after {_PATIENCE:.0f} s.")
            for number, _ in ready:
                if number == publisher.fileno():
                    answered += _answers(publisher)
                    continue
                got = sockets[number].recv_into(buffer)
                if not got:
                    raise Lost("A subscriber was cut off.")
                arrived += got
                if number == witness:
                    witnessed += buffer[:got]
        spent, busy = time.perf_counter() - began, time.process_time() - busy
        cost = server.cpu_seconds() - cost
    finally:
        subscribers.poll.unregister(publisher)
        publisher.close()
    if witnessed != wire:
        raise Lost("The frames are not those that were published, in their order.")
    deliveries = wanted / one_frame
    return Measured(deliveries / spent, cost / deliveries * 1e6, busy / spent)


def _answers(publisher: socket.socket) -> int:
    said = publisher.recv(_BUFFER)
    if said.count(b"HTTP/1.1 ") != said.count(b"HTTP/1.1 200"):
        raise Lost(f"A trigger was refused: {said[:300]!r}")
    return said.count(b"HTTP/1.1 200")


def _requests(app: PusherApp, events: int, batch: int, size: int) -> tuple[list[bytes], bytes]:
    """What is posted, signed, and what every subscriber gets for it."""
    path = f"/apps/{app.id}/batch_events"
    data = [
        f'{{"number":{number:08},"filler":"{"x" * size}"}}'[: size - 2] + '"}' for number in range(events)
    ]
    requests = []
    for first in range(0, events, batch):
        some = [{"name": _EVENT, "channel": CHANNEL, "data": one} for one in data[first : first + batch]]
        body = json.dumps({"batch": some}).encode()
        signed = sign_request("POST", path, {}, body, key=app.key, secret=app.secret, now=time.time())
        head = (
            f"POST {path}?{urllib.parse.urlencode(signed)} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests, b"".join(_server_frame(frames.encode_event(CHANNEL, _EVENT, one)) for one in data)


def _server_frame(payload: bytes) -> bytes:
    size = len(payload)
    return (bytes((0x81, size)) if size < 126 else bytes((0x81, 126)) + size.to_bytes(2)) + payload


def _subscribed(port: int, key: str) -> socket.socket:
    """A connection that is subscribed: its next byte is the first of an event."""
    one = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
    nonce = base64.b64encode(os.urandom(16)).decode()
    one.sendall(
        f"GET {client.connect_path(key)} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\n\r\n".encode()
    )
    reader = one.makefile("rb")
    while reader.readline() not in {b"\r\n", b""}:
        pass
    _next(reader.read)
    text, mask = client.subscribe_frame(CHANNEL).encode(), bytes(4)
    assert len(text) < 126
    one.sendall(bytes((0x81, 0x80 | len(text))) + mask + text)
    answer = json.loads(_next(reader.read))
    if answer["event"] != frames.SUBSCRIPTION_SUCCEEDED:
        raise Lost(f"Not subscribed: {answer}")
    return one


def _next(read: Callable[[int], bytes]) -> bytes:
    size = read(2)[1]
    return read(int.from_bytes(read(2)) if size == 126 else size)
