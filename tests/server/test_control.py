"""The control surface: this machine only, everything of a run put away at the end."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestClient, TestServer

from contract.catalogue import probes, provider_states
from contract.schema_store import schema_store
from reference_server.app import Settings, make_app
from reference_server.control.probes import PROBES
from reference_server.control.states import STATES
from tests.server.conftest import Hotel


def test_every_state_and_probe_of_the_contract_is_offered() -> None:
    assert set(STATES) == set(provider_states())
    assert set(PROBES) == set(probes())


async def test_the_target_document_is_valid(hotel: Hotel) -> None:
    status, document = await hotel.call("GET", "/_staycheck/target.json", actor=None)
    assert status == 200
    assert schema_store().problems("files/target.schema.json", document) == []


async def test_a_torn_down_run_leaves_no_trace(hotel: Hotel) -> None:
    async def everything() -> tuple[int, int]:
        _, bookings = await hotel.call("GET", "room-bookings/?page_size=1")
        _, rooms = await hotel.call("GET", "room-management/?page_size=1")
        return bookings["count"], rooms["count"]

    before = await everything()
    for state, params in (
        ("in-house booking", {"walk_ins": 1, "conversations": 2, "orders": 3}),
        ("booking outside its arrival window", {"window": "too_early"}),
        ("departed booking", {}),
        ("in-house booking with an orphan in the room", {}),
        ("in-house booking with a stranger in the room", {}),
    ):
        bound = await hotel.arrange(state, params, run="gone")
        if state == "in-house booking":
            await hotel.call("POST", f"room-bookings/{bound['booking_id']}/check-out/")
    assert await everything() != before
    await hotel.call("POST", "/_staycheck/states", actor=None, body={"action": "teardown", "run": "gone"})
    assert await everything() == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Host": "localhost"}, 200),
    ],
)
async def test_pages_of_other_hosts_and_origins_are_turned_away(
    hotel: Hotel, headers: dict[str, str], status: int
) -> None:
    reply = await hotel.client.get("/_staycheck/target.json", headers=headers)
    assert reply.status == status


async def test_with_a_control_token_only_its_holder_may_steer() -> None:
    client = TestClient(TestServer(make_app(Settings(control_token="open sesame"))))
    await client.start_server()
    try:
        assert (await client.get("/_staycheck/target.json")).status == 401
        sent = {"Authorization": "Bearer open sesame"}
        assert (await client.get("/_staycheck/target.json", headers=sent)).status == 200
    finally:
        await client.close()
