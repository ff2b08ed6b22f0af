"""The fan-out by itself: one encoding per event, queues that are bounded, and what a cut-off does to the others."""

from __future__ import annotations

import json
import sys

from contract.pusher.app import PusherApp
from contract.pusher.connection import Connection
from contract.pusher.settings import AppSettings
from contract.pusher.signatures import channel_auth
from contract.pusher.webhooks import Happening
from reference_server.realtime.hub import Hub
from reference_server.realtime.subscriber import Subscriber

APP = PusherApp("1", "k", "s")
LIMIT = 8


def join(hub: Hub, settings: AppSettings, channel: str, user: str | None = None) -> Subscriber:
    """A connection without a socket: nobody reads its queue."""
    subscriber = hub.connect()
    connection = Connection(subscriber.socket_id, APP, settings, hub.state, 0.0)
    data = None if user is None else json.dumps({"user_id": user})
    auth = channel_auth(APP.key, APP.secret, subscriber.socket_id, channel, data)
    wanted = {"channel": channel, "auth": auth} | ({} if data is None else {"channel_data": data})
    hub.apply(subscriber, connection.feed(json.dumps({"event": "pusher:subscribe", "data": wanted}), 0.0))
    subscriber.queue.clear()
    return subscriber


async def test_an_event_is_encoded_once_and_all_queues_hold_the_same_bytes() -> None:
    settings = AppSettings()
    hub = Hub(settings)
    readers = [join(hub, settings, "presence-a", f"u{n}") for n in range(50)]
    for reader in readers:
        reader.queue.clear()
    assert hub.publish("presence-a", "n", "{}") == 50
    assert len({id(reader.queue[0]) for reader in readers}) == 1
    join(hub, settings, "presence-a", "late")
    assert len({id(reader.queue[1]) for reader in readers}) == 1, "member_added is encoded once, too"


async def test_a_member_that_reads_too_slowly_leaves_and_the_others_are_told_behind_the_event() -> None:
    told: list[Happening] = []
    settings = AppSettings()
    hub = Hub(settings, queue_limit=LIMIT, report=told.append)
    slow, fast = (join(hub, settings, "presence-a", user) for user in ("slow", "fast"))
    slow.queue.clear()
    for number in range(LIMIT + 1):
        fast.queue.clear()
        hub.publish("presence-a", str(number), "{}")
    assert [json.loads(frame[frame.index(b"{") :])["event"] for frame in fast.queue] == [
        str(LIMIT),
        "pusher_internal:member_removed",
    ]
    closing = slow.closing.result()
    assert (closing.close.code, closing.flush, len(slow.queue)) == (4100, False, 0)
    assert told[-1] == Happening("member_removed", "presence-a", {"user_id": "slow"})
    assert hub.subscription_count("presence-a") == 1


async def test_no_queue_ever_holds_more_than_its_limit_and_a_cut_off_one_holds_nothing() -> None:
    settings = AppSettings()
    hub = Hub(settings, queue_limit=LIMIT)
    readers = [join(hub, settings, "a") for _ in range(5)]
    for number in range(10 * LIMIT):
        hub.publish("a", "n", json.dumps("x" * 10_000))
        if number % 3 == 0:
            readers[0].queue.clear()
        assert all(len(reader.queue) <= LIMIT for reader in readers)
    assert [reader.closing.done() for reader in readers] == [False, True, True, True, True]
    assert all(not reader.queue for reader in readers[1:])


async def test_hundreds_that_are_cut_off_at_once_each_tell_the_rest_without_a_stack() -> None:
    settings = AppSettings(subscription_counts=True)
    hub, readers = Hub(settings, queue_limit=2), list[Subscriber]()
    for _ in range(sys.getrecursionlimit() // 2):
        readers.append(join(hub, settings, "a"))
        for reader in readers:
            reader.queue.clear()
    # Every queue is full after two events; each departure is told to the rest, who are full as well.
    assert hub.publish("a", "n", "{}") == hub.publish("a", "n", "{}") == len(readers)
    assert hub.publish("a", "n", "{}") == 0
    assert hub.channels() == {}
    assert all(reader.closing.done() for reader in readers)


async def test_a_closing_connection_is_sent_nothing_more() -> None:
    settings = AppSettings()
    hub = Hub(settings)
    subject = join(hub, settings, "a")
    hub.terminate_user("nobody")
    hub.state.sign_in(subject.socket_id, "ada")
    assert hub.terminate_user("ada") == 1
    assert hub.publish("a", "n", "{}") == 0
    assert hub.publish("#server-to-user-ada", "n", "{}") == 0
    assert not subject.queue
