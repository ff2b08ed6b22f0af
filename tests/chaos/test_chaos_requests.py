"""What a frontend gets for its calls under a plan, what was done by then, and what the control surface says."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from contract.schema_store import schema_store
from reference_server.chaos.presets import presets
from tests.chaos.conftest import CHAOS

ROOM = "rooms/101/mark-maintenance/"
LOW = {"priority": "LOW"}


def rule(do: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "it", "on": {"operation": "markMaintenance"}, "do": do, **more}


async def status_of_room(served: Any) -> str:
    reply = await served.call("GET", "room-management/101/")
    told: str = (await reply.json())["room_status"]
    return told


async def test_an_error_of_the_contract_and_nothing_done(serve: Any) -> None:
    served = await serve(rule({"status": {"retry_after": 7}}))
    reply = await served.call("POST", ROOM, json=LOW)
    assert (reply.status, reply.headers["Retry-After"]) == (503, "7")
    assert schema_store().valid("resources/error.schema.json", await reply.json())
    assert await status_of_room(served) == "READY_FOR_GUEST"


@pytest.mark.parametrize(
    ("settings", "code"),
    [({"code": 409, "error": "CHECKOUT_FAILED"}, "CHECKOUT_FAILED"), ({"code": 404}, None)],
)
async def test_a_4xx_has_a_code_of_its_status(serve: Any, settings: Any, code: str | None) -> None:
    served = await serve(rule({"status": settings}))
    reply = await served.call("POST", ROOM, json=LOW)
    told = (await reply.json())["error"]["code"]
    assert reply.status == settings["code"]
    assert told == (code or "BOOKING_NOT_FOUND")


async def test_a_gateway_page_is_readable_by_a_page_of_another_origin(serve: Any) -> None:
    served = await serve(rule({"status": {"code": 502, "body": "gateway_page"}}))
    url = "/api/staff/hotel/grand-demo/" + ROOM
    reply = await served.client.post(url, json=LOW, headers={"Origin": "https://desk.example"})
    assert (reply.status, reply.content_type) == (502, "text/html")
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("do", [{"reset": {"when": "after"}}, {"timeout": {"ms": 100, "when": "after"}}])
async def test_a_lost_answer_is_of_a_call_that_was_carried_out(serve: Any, do: Any) -> None:
    served = await serve(rule(do))
    listener = await served.listen()
    with pytest.raises(aiohttp.ClientError):
        await served.call("POST", ROOM, json=LOW)
    await listener.ids(1)
    assert await status_of_room(served) == "MAINTENANCE_REQUIRED"


@pytest.mark.parametrize("do", [{"reset": {}}, {"timeout": {"ms": 100}}])
async def test_a_call_that_never_arrived_was_not_carried_out(serve: Any, do: Any) -> None:
    served = await serve(rule(do))
    with pytest.raises(aiohttp.ClientError):
        await served.call("POST", ROOM, json=LOW)
    assert await status_of_room(served) == "READY_FOR_GUEST"


async def test_a_silent_call_ends_with_the_plan(serve: Any) -> None:
    served = await serve(rule({"timeout": {"ms": 120_000}}))
    call = asyncio.create_task(served.call("POST", ROOM, json=LOW))
    async with asyncio.timeout(10):
        while not await served.log():
            await asyncio.sleep(0)
        await served.client.delete(CHAOS)
        with pytest.raises(aiohttp.ClientError):
            await call


async def test_while_a_commit_is_slow_readers_see_the_old_state_and_no_event_comes(
    database: str, serve: Any
) -> None:
    served = await serve(rule({"slow_commit": {"ms": 10_000}}), db=database)
    listener = await served.listen()
    await served.login()
    call = asyncio.create_task(served.call("POST", ROOM, json=LOW))
    event = asyncio.create_task(listener.ids(1))
    async with asyncio.timeout(10):
        while not await served.log():
            await asyncio.sleep(0)
        seen = await status_of_room(served)
        assert (seen, call.done(), event.done()) == ("READY_FOR_GUEST", False, False)
        await served.client.delete(CHAOS)  # lets go of it
        assert (await call).status == 200
        await event
    assert await status_of_room(served) == "MAINTENANCE_REQUIRED"


@pytest.mark.postgres
async def test_on_postgresql_other_rooms_do_not_wait_for_a_slow_commit(new_schema: str, serve: Any) -> None:
    served = await serve(rule({"slow_commit": {"ms": 10_000}}, times=1), db=new_schema)
    await served.login()
    call = asyncio.create_task(served.call("POST", ROOM, json=LOW))
    async with asyncio.timeout(10):
        while not await served.log():
            await asyncio.sleep(0)
        other = await served.call("POST", "rooms/103/mark-maintenance/", json=LOW)
        assert (other.status, call.done()) == (200, False)
        await served.client.delete(CHAOS)
        assert (await call).status == 200


async def test_a_slow_commit_is_noted_when_something_is_committed(serve: Any) -> None:
    served = await serve({"name": "it", "on": {"operation": "*"}, "do": {"slow_commit": {"ms": 1}}})
    assert await status_of_room(served) == "READY_FOR_GUEST"
    refused = await served.call("POST", "rooms/101/complete-maintenance/", json={})
    done = await served.call("POST", ROOM, json=LOW)
    assert (refused.status, done.status) == (400, 200)
    assert [(entry["target"], entry["ms"]) for entry in await served.log()] == [("markMaintenance", 1)]


async def test_what_a_gateway_refuses_commits_nothing_slowly(serve: Any) -> None:
    served = await serve(rule({"status": {}, "slow_commit": {"ms": 60}}))
    assert (await served.call("POST", ROOM, json=LOW)).status == 503
    assert [entry["action"] for entry in await served.log()] == ["status"]


async def test_a_rule_is_for_one_actor_and_counts_only_what_it_is_for(serve: Any) -> None:
    served = await serve(
        {"name": "it", "on": {"operation": "getRoom", "actor": "anonymous"}, "do": {"status": {}}, "times": 1}
    )
    url = "/api/staff/hotel/grand-demo/room-management/101/"
    told = [(await served.call("GET", "room-management/101/")).status]
    told += [(await served.client.get(url)).status for _ in range(2)]
    assert told == [200, 503, 401]
    assert [(entry["n"], entry["actor"]) for entry in await served.log()] == [(1, "anonymous")]


async def test_the_control_surface_and_the_pusher_api_are_never_touched(serve: Any) -> None:
    served = await serve({"name": "it", "on": {"operation": "*"}, "do": {"status": {}}})
    for path in (CHAOS, "/_staycheck/target.json", f"{CHAOS}/presets"):
        assert (await served.client.get(path)).status == 200
    assert (await served.client.get("/apps/1001/channels")).status == 401
    assert await served.log() == []


async def test_every_reply_of_the_control_surface_keeps_its_schema(serve: Any) -> None:
    served = await serve(rule({"status": {}}))
    await served.call("POST", ROOM, json=LOW)
    for path, schema in (("", "chaos_state"), ("/presets", "chaos_presets"), ("/log", "chaos_log")):
        document = await (await served.client.get(CHAOS + path)).json()
        schema_store().require(f"files/{schema}.schema.json", document)
    names = [one["name"] for one in document_of(await (await served.client.get(f"{CHAOS}/presets")).json())]
    assert names == list(presets())
    state = await (await served.client.put(CHAOS, json={"preset": "flaky-realtime", "seed": 9})).json()
    assert (state["preset"], state["seed"]) == ("flaky-realtime", 9)
    assert await (await served.client.get(CHAOS)).json() == state
    empty = await (await served.client.delete(CHAOS)).json()
    assert empty == {"seed": 1, "rules": [], "preset": None}
    # The record stays: what was done was done.
    (entry,) = await served.log()
    assert await served.log(after=entry["seq"]) == []


def document_of(told: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = told["presets"]
    return found


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ({"preset": "flaky-realtme"}, "flaky-realtime"),
        ({"rules": [{"on": {"channel": "*"}, "do": {"dealy": {"ms": 1}}}]}, "did you mean delay"),
        ({"rules": [{"on": {"operation": "chekIn"}, "do": {"reset": {}}}]}, "did you mean checkIn"),
        ({"rules": [{"on": {"channel": "*"}, "do": {"status": {}}}]}, "rules.0.do.status"),
        ({"rules": [{"on": {"channel": "*", "actor": "staff"}, "do": {"delay": {"ms": 1}}}]}, "not both"),
        ({"rules": [{"on": {"operation": "*"}, "do": {"status": {"error": "ROOM_NOT_REDY"}}}]}, "did you mean ROOM_NOT_READY"),
        ([], "a list"),
    ],
)  # fmt: skip
async def test_a_plan_that_makes_no_sense_is_refused_and_the_old_one_stays(
    serve: Any, body: Any, hint: str
) -> None:
    served = await serve(rule({"status": {}}))
    before = await (await served.client.get(CHAOS)).json()
    reply = await served.client.put(CHAOS, json=body)
    assert reply.status == 400
    assert hint in (await reply.json())["error"]["message"]
    assert await (await served.client.get(CHAOS)).json() == before


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/presets"), ("GET", "/log")]
)
async def test_without_the_control_token_nothing_is_shown_and_nothing_changed(
    serve: Any, method: str, path: str
) -> None:
    served = await serve(rule({"status": {}}), control_token="hush")
    body = {"rules": []} if method == "PUT" else None
    assert (await served.client.request(method, CHAOS + path, json=body)).status == 401
    allowed = await served.client.get(CHAOS, headers={"Authorization": "Bearer hush"})
    assert len((await allowed.json())["rules"]) == 1
