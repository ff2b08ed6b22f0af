"""What a listener of the embedded Pusher endpoint gets, and what an outer Pusher host gets, under a plan."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest
from structlog.testing import capture_logs

from contract.pusher.app import PusherAddress, PusherApp
from reference_server.chaos.engine import Chaos
from reference_server.chaos.events import ChaosPublisher
from reference_server.chaos.plan import parse_plan
from reference_server.realtime.publishers import Message, PublishFailed
from tests.chaos.conftest import ROOMS

ROOM = 101


def rule(do: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "it", "on": {"channel": "*.rooms"}, "do": do, **more}


async def published(served: Any, count: int, heard: int) -> list[str]:
    """`count` events of a room, and the event_ids of the `heard` that arrive."""
    listener = await served.listen()
    await served.turn(ROOM, count)
    ids: list[str] = await listener.ids(heard)
    return ids


async def test_a_duplicate_has_the_event_id_of_its_original(serve: Any) -> None:
    served = await serve(rule({"duplicate": {"copies": 2}}))
    ids = await published(served, 3, 9)
    assert list(Counter(ids).values()) == [3, 3, 3]
    assert ids[0] == ids[1] == ids[2]
    assert [(entry["action"], entry["copies"]) for entry in await served.log()] == [("duplicate", 2)] * 3


async def test_a_duplicate_may_come_later_and_holds_up_nobody(serve: Any) -> None:
    served = await serve(rule({"duplicate": {"after_ms": 60_000}}, times=1))
    listener = await served.listen()
    await served.turn(ROOM, 2)
    first, second = await listener.ids(2)
    assert first != second
    await served.client.delete("/_staycheck/chaos")  # lets go of what is held back
    assert await listener.ids(1) == [first]


async def test_what_is_held_back_of_a_hotel_that_is_left_is_never_delivered(serve: Any) -> None:
    served = await serve(rule({"duplicate": {"after_ms": 60_000}}, times=1))
    listener = await served.listen()
    await served.turn(ROOM, 1)
    (old,) = await listener.ids(1)
    assert (await served.client.post("/_staycheck/reset", json={})).status == 200
    await served.client.delete("/_staycheck/chaos")  # would let go of it
    await served.turn(ROOM, 1)
    assert old not in await listener.ids(1)


HELD = (
    {"delay": {"ms": 60_000}},
    {"reorder": {"window": 3, "hold_ms": 60_000}},
    {"duplicate": {"after_ms": 60_000}},
    {"outage": {"ms": 90_000}},
)


@pytest.mark.parametrize("do", HELD, ids=lambda do: next(iter(do)))
async def test_a_server_that_holds_an_event_back_has_not_settled(
    serve: Any, monkeypatch: pytest.MonkeyPatch, do: Any
) -> None:
    monkeypatch.setattr("reference_server.control.worlds._SETTLE_SECONDS", 0.05)
    served = await serve(rule(do, times=1))
    await served.turn(ROOM, 1)
    assert not await settled(served)
    await served.client.delete("/_staycheck/chaos")  # lets go of it
    while not await settled(served):
        pass


async def test_when_a_server_has_settled_its_late_events_are_there(serve: Any) -> None:
    served = await serve(rule({"delay": {"ms": 100}, "jitter": {"ms": 100}, "duplicate": {"after_ms": 50}}))
    listener = await served.listen()
    await served.turn(ROOM, 3)
    assert await settled(served)
    await listener.socket.send_json({"event": "pusher:ping", "data": {}})
    frames = [await listener.socket.receive_json(timeout=10) for _ in range(7)]
    assert [frame["event"] for frame in frames] == ["room_updated"] * 6 + ["pusher:pong"]


async def settled(served: Any) -> bool:
    return bool((await (await served.client.post("/_staycheck/settle")).json())["settled"])


async def test_another_plan_lets_go_of_what_the_one_before_holds_back_and_does_nothing_to_it(
    serve: Any,
) -> None:
    """A delay that has begun ends; what an outage refused is met by the new plan, for the outbox still has it."""
    served = await serve(
        rule({"delay": {"ms": 60_000}}, times=1),
        {"name": "down", "on": {"channel": ROOMS}, "do": {"outage": {"ms": 90_000}}, "after": 1, "times": 1},
    )
    listener = await served.listen()
    await served.turn(ROOM, 2)
    while len(await served.log()) < 2:
        pass
    late, refused = [entry["event_id"] for entry in await served.log()]
    await served.put({"name": "twice", "on": {"channel": "*"}, "do": {"duplicate": {}}})
    assert await listener.ids(3) == [late, refused, refused]


@pytest.mark.parametrize("do", HELD[:3], ids=lambda do: next(iter(do)))
async def test_a_reset_in_the_middle_keeps_the_plan_and_forgets_the_events(serve: Any, do: Any) -> None:
    served = await serve(
        rule(do, times=1), {"name": "mark", "on": {"channel": "*"}, "do": {"jitter": {"ms": 1}}, "after": 1}
    )
    listener = await served.listen()
    await served.turn(ROOM, 1)
    while not await served.log():
        pass
    (first,) = await served.log()
    assert (await served.client.post("/_staycheck/reset", json={})).status == 200
    await served.turn(ROOM, 1)
    while len(entries := await served.log()) < 2:
        pass
    # The second of its channel, and not the first again: counts go on.
    assert [(entry["rule"], entry["n"]) for entry in entries] == [("it", 1), ("mark", 2)]
    await served.client.delete("/_staycheck/chaos")
    heard = await listener.ids(2 if "duplicate" in do else 1)
    assert heard[-1] == entries[1]["event_id"]
    assert heard[:-1] == ([first["event_id"]] if "duplicate" in do else [])  # the original, before the reset


async def test_a_reset_in_the_middle_of_an_outage_forgets_what_was_refused_and_not_the_outage(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reference_server.control.worlds._SETTLE_SECONDS", 0.05)
    served = await serve(rule({"outage": {"ms": 90_000}}, times=1))
    listener = await served.listen()
    await served.turn(ROOM, 1)
    while not await served.log():
        pass
    (refused,) = await served.log()
    assert (await served.client.post("/_staycheck/reset", json={})).status == 200
    assert await settled(served)
    await served.turn(ROOM, 1)
    assert not await settled(served)
    await served.client.delete("/_staycheck/chaos")
    assert await listener.ids(1) != [refused["event_id"]]


async def test_an_event_is_overtaken_by_as_many_as_the_record_says(serve: Any) -> None:
    served = await serve(rule({"reorder": {"window": 3, "hold_ms": 60_000}}, times=1))
    ids = await published(served, 5, 5)
    (entry,) = await served.log()
    assert ids.index(entry["event_id"]) == entry["passes"]
    assert 1 <= entry["passes"] <= 3


async def test_an_event_that_nothing_overtakes_comes_when_its_time_is_over(serve: Any) -> None:
    served = await serve(rule({"reorder": {"window": 3, "hold_ms": 50}}))
    assert len(await published(served, 1, 1)) == 1


async def test_what_is_late_keeps_its_order(serve: Any) -> None:
    served = await serve(rule({"delay": {"ms": 20}, "jitter": {"ms": 150}}))
    ids = await published(served, 6, 6)
    entries = [entry for entry in await served.log() if entry["action"] == "jitter"]
    assert ids == [entry["event_id"] for entry in entries]
    assert len({entry["ms"] for entry in entries}) > 1


async def test_what_is_dropped_never_comes(serve: Any) -> None:
    served = await serve(rule({"drop": {}}, every=2))
    ids = await published(served, 4, 2)
    dropped = [entry["event_id"] for entry in await served.log()]
    assert len(dropped) == 2
    assert not set(dropped) & set(ids)


async def test_during_an_outage_the_outbox_keeps_everything_in_order(serve: Any) -> None:
    served = await serve(rule({"outage": {"ms": 120_000}}, times=1))
    listener = await served.listen()
    await served.turn(ROOM, 3)
    (entry,) = await served.log()
    assert entry["action"] == "outage"
    await served.client.delete("/_staycheck/chaos")
    ids = await listener.ids(3)
    assert ids[0] == entry["event_id"]
    assert len(set(ids)) == 3


async def test_an_outage_ends_by_itself(serve: Any) -> None:
    served = await serve(rule({"outage": {"ms": 80}}, times=1))
    assert len(set(await published(served, 2, 2))) == 2


async def test_clients_are_closed_with_the_code_before_the_event(serve: Any) -> None:
    served = await serve(rule({"close": {"code": 4123}}, times=1))
    listener, other = await served.listen(), await served.listen("staff-hotel-1")
    await served.turn(ROOM, 2)
    assert await listener.code() == 4123
    (entry,) = await served.log()
    assert len(entry["sockets"]) == 1
    assert not other.socket.closed


async def test_everybody_is_closed_after_the_event(serve: Any) -> None:
    served = await serve(rule({"close": {"clients": "everybody", "when": "after"}}, times=1))
    listener, other = await served.listen(), await served.listen("staff-hotel-1")
    await served.turn(ROOM, 1)
    await listener.ids(1)
    assert (await listener.code(), await other.code()) == (4200, 4200)


async def test_a_disconnected_client_gets_no_close_frame(serve: Any) -> None:
    served = await serve(rule({"disconnect": {}}, times=1))
    listener = await served.listen()
    await served.turn(ROOM, 1)
    assert await listener.code() == 1006
    again = await served.listen()
    await served.turn(ROOM, 1, first=1)
    assert len(await again.ids(1)) == 1


@pytest.mark.parametrize("cut", ["close", "disconnect"])
async def test_clients_miss_a_late_event_too_however_soon_they_are_back(serve: Any, cut: str) -> None:
    late = {"delay": {"ms": 150}, cut: {"when": "before"}}
    served = await serve(rule(late, times=1))
    listener = await served.listen()
    await served.turn(ROOM, 2)
    assert await listener.code() == {"close": 4200, "disconnect": 1006}[cut]
    told = {entry["action"]: entry for entry in await served.log()}
    assert set(told) == {"delay", cut}
    assert len(told[cut]["sockets"]) == 1
    again = await served.listen()
    await served.turn(ROOM, 1, first=2)
    assert told["delay"]["event_id"] not in await again.ids(1)


async def test_clients_get_a_late_event_before_they_are_closed_after_it(serve: Any) -> None:
    served = await serve(rule({"delay": {"ms": 100}, "close": {"when": "after"}}, times=1))
    listener = await served.listen()
    await served.turn(ROOM, 1)
    (heard,) = await listener.ids(1)
    assert await listener.code() == 4200
    assert {entry["event_id"] for entry in await served.log()} == {heard}


async def test_what_is_dropped_is_not_said_to_be_duplicated_and_connections_end_with_it(serve: Any) -> None:
    served = await serve(
        rule({"drop": {}, "disconnect": {}}, times=1),
        {"name": "twice", "on": {"channel": "*"}, "do": {"duplicate": {}}},
    )
    listener = await served.listen()
    await served.turn(ROOM, 1)
    assert await listener.code() == 1006
    assert [entry["action"] for entry in await served.log()] == ["drop", "disconnect"]


class Heard:
    """A publisher that keeps what it gets."""

    name = "heard"

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def publish(self, message: Message) -> None:
        self.ids.append(message.event_id)

    async def aclose(self) -> None:
        pass


async def test_what_is_forgotten_never_comes_and_what_is_published_then_does() -> None:
    heard = Heard()
    plan = parse_plan({"rules": [rule({"delay": {"ms": 60_000}}, times=2)]})
    publisher = ChaosPublisher(heard, Chaos(plan))
    for event_id in ("one", "two"):
        await publisher.publish(Message(event_id, ROOMS, "room_updated", "{}"))
    await publisher.forget()
    await publisher.publish(Message("three", ROOMS, "room_updated", "{}"))
    await publisher.flush(5)
    await publisher.aclose()
    assert heard.ids == ["three"]


class Down(Heard):
    """A publisher whose endpoint is down."""

    async def publish(self, message: Message) -> None:
        raise PublishFailed(True, "nobody listens")


async def test_what_a_stopping_server_cannot_deliver_is_named_and_not_waited_for_for_ever() -> None:
    publisher = ChaosPublisher(Down(), Chaos(parse_plan({"rules": [rule({"delay": {"ms": 60_000}})]})))
    for event_id in ("one", "two"):
        await publisher.publish(Message(event_id, ROOMS, "room_updated", "{}"))
    with capture_logs() as logs:
        await publisher.flush(0.05)
        await publisher.aclose()
    (told,) = [line for line in logs if line["event"] == "chaos_events_lost"]
    assert (told["count"], told["event_ids"]) == (2, ["one", "two"])


async def test_another_pusher_host_meets_the_same(serve: Any) -> None:
    outer = await serve()
    url = outer.client.make_url("/")
    address = PusherAddress(
        PusherApp("1001", "staycheck", "staycheck-secret"), str(url.host), int(url.port or 0), False
    )
    served = await serve(
        {"name": "twice", "on": {"channel": "*"}, "do": {"duplicate": {}}, "probability": 0.5},
        publish_to=(address,),
    )
    there, here = await outer.listen(), await served.listen()
    await served.turn(ROOM, 8)
    entries = await served.log()
    heard = 8 + sum(entry["publisher"] == "hub" for entry in entries)
    assert 8 < heard < 16
    assert await there.ids(heard) == await here.ids(heard)
    by_publisher: dict[str, list[int]] = {}
    for entry in await served.log():
        by_publisher.setdefault(entry["publisher"], []).append(entry["n"])
    first, second = by_publisher.values()
    assert first == second


async def test_what_no_rule_is_for_is_left_alone(serve: Any) -> None:
    served = await serve({"name": "it", "on": {"channel": "staff"}, "do": {"drop": {}}})
    assert len(await published(served, 3, 3)) == 3
    assert await served.log() == []


async def test_what_is_held_back_is_delivered_when_the_server_stops(serve: Any) -> None:
    """Also what an outage refused, and what would have begun another one."""
    outage = {"name": "down", "on": {"channel": "*"}, "do": {"outage": {"ms": 90_000}}, "after": 1}
    served = await serve(rule({"delay": {"ms": 60_000}}), outage)
    listener = await served.listen()
    await served.turn(ROOM, 2)
    frames: list[Any] = []
    async for message in _until_closed(served, listener):
        frames.append(json.loads(message.data))
    assert [frame["channel"] for frame in frames] == [ROOMS, ROOMS]


async def _until_closed(served: Any, listener: Any) -> Any:
    closing = asyncio.create_task(served.client.server.close())
    async with asyncio.timeout(20):
        async for message in listener.socket:
            yield message
        await closing
