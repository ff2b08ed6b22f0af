"""What a guest token opens, before, during and after the stay; and what it never shows."""

from __future__ import annotations

from typing import Any

import pytest

from contract.pusher.signatures import verify_channel_auth
from tests.server.conftest import Hotel

AUTH = "/api/notifications/pusher/auth/"


def portal(bindings: dict[str, Any]) -> str:
    return f"/api/public/hotel/{bindings['hotel_slug']}/room-bookings/{bindings['booking_id']}/"


async def opened(hotel: Hotel, bindings: dict[str, Any], token: str) -> tuple[int, int, int]:
    """Statuses of the three doors: booking status, context, channel."""
    header = {"Authorization": f"GuestToken {token}"}
    channel = f"private-guest-booking.{bindings['booking_id']}"
    status, _ = await hotel.call("GET", f"{portal(bindings)}?token={token}", actor=None)
    context, _ = await hotel.call("GET", "/api/guest/context/", actor=None, headers=header)
    auth, _ = await hotel.call(
        "POST", AUTH, actor=None, headers=header, body={"socket_id": "1.1", "channel_name": channel}
    )
    return status, context, auth


async def test_a_token_lives_from_check_in_to_check_out(hotel: Hotel) -> None:
    bound = await hotel.arrange("booking ready for check-in")
    earlier = bound["guest_token"]
    assert await opened(hotel, bound, earlier) == (200, 200, 200)
    path = f"room-bookings/{bound['booking_id']}"
    _, body = await hotel.call("POST", f"{path}/check-in/")
    fresh = body["guest_token"]
    assert await opened(hotel, bound, fresh) == (200, 200, 200)
    assert await opened(hotel, bound, earlier) == (401, 401, 403)
    await hotel.call("POST", f"{path}/check-out/")
    assert await opened(hotel, bound, fresh) == (401, 401, 403)
    assert await opened(hotel, bound, earlier) == (401, 401, 403)


async def test_a_token_opens_its_own_booking_only(hotel: Hotel) -> None:
    mine, theirs = await hotel.arrange("in-house booking"), await hotel.arrange("in-house booking")
    assert await opened(hotel, theirs, mine["guest_token"]) == (403, 200, 403)


async def test_the_channel_signature_is_the_official_one_as_form_and_as_json(hotel: Hotel) -> None:
    bound = await hotel.arrange("in-house booking")
    channel = f"private-guest-booking.{bound['booking_id']}"
    fields = {"socket_id": "1234.5678", "channel_name": channel, "token": bound["guest_token"]}
    form = await (await hotel.client.post(AUTH, data=fields)).json()
    as_json = await (await hotel.client.post(AUTH, json=fields)).json()
    assert form == as_json
    assert verify_channel_auth(form["auth"], "staycheck", "staycheck-secret", "1234.5678", channel)


async def test_staff_have_no_private_channel_of_a_guest(hotel: Hotel) -> None:
    bound = await hotel.arrange("in-house booking")
    body = {"socket_id": "1.1", "channel_name": f"private-guest-booking.{bound['booking_id']}"}
    status, reply = await hotel.call("POST", AUTH, actor="manager", body=body)
    assert (status, reply["error"]["code"]) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize("kind", ["presence-", "private-encrypted-", "private-cache-", "presence-cache-"])
async def test_the_contract_signs_no_other_kind_of_channel(hotel: Hotel, kind: str) -> None:
    bound = await hotel.arrange("in-house booking")
    guest = {"Authorization": f"GuestToken {bound['guest_token']}"}
    for name in (f"{kind}guest-booking.{bound['booking_id']}", f"{kind}staff-hotel-1"):
        body = {"socket_id": "1.1", "channel_name": name}
        for actor, headers in ((None, guest), ("manager", {})):
            status, reply = await hotel.call("POST", AUTH, actor=actor, headers=headers, body=body)
            assert (status, reply["error"]["code"]) == (403, "PERMISSION_DENIED")


async def test_the_contract_has_no_sign_in_and_signs_nothing_without_a_channel(hotel: Hotel) -> None:
    bound = await hotel.arrange("in-house booking")
    guest = {"Authorization": f"GuestToken {bound['guest_token']}"}
    reply = await hotel.client.post(AUTH, data={"socket_id": "1.1"}, headers=guest)  # as for pusher:signin
    assert (reply.status, (await reply.json())["error"]["code"]) == (400, "INVALID_INPUT")


async def test_no_raw_token_is_kept(hotel: Hotel) -> None:
    bound = await hotel.arrange("booking ready for check-in")
    _, body = await hotel.call("POST", f"room-bookings/{bound['booking_id']}/check-in/")
    for probe in ("tokens", "booking", "guests", "failures"):
        shown = str(await hotel.probe(probe, bound))
        assert body["guest_token"] not in shown
        assert bound["guest_token"] not in shown
