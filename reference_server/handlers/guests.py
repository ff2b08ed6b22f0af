"""What a guest reaches with a token: the booking, the portal's context, the channel of the booking."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from contract.channels import parse_channel
from contract.errors import ContractError
from contract.pusher.signatures import channel_auth
from reference_server.access import staff_actor
from reference_server.house import Answer, Call, Handler, House
from reference_server.store import Transaction
from reference_server.store.slices import slice_for
from simulator import views
from simulator.commands import Reply, UseGuestToken
from simulator.decide import decide
from simulator.guest_access import opened


def _token_hash(call: Call) -> str:
    if call.guest_token_hash is None:
        raise ContractError("NOT_AUTHENTICATED", "Send Authorization: GuestToken <token>, or ?token=<token>.")
    return call.guest_token_hash


async def _use_token(house: House, call: Call, booking_id: str, hotel_slug: str | None = None) -> Reply:
    """Show the token of the call for a booking. Raises: `ContractError` NOT_AUTHENTICATED when there is none."""
    command = UseGuestToken(_token_hash(call), booking_id, hotel_slug)

    def work(tx: Transaction) -> Reply:
        return decide(slice_for(tx, command), command, None, house.clock.now(), tx).reply

    return await house.store.read(work)


async def guest_booking_status(house: House, call: Call) -> Answer:
    """GuestBooking, to the holder of a token of this booking."""
    reply = await _use_token(house, call, call.params["booking_id"], call.params["hotel_slug"])
    return Answer(reply.status, reply.body)


async def guest_context(house: House, call: Call) -> Answer:
    """What the portal needs to begin, for the booking the token belongs to."""
    command = UseGuestToken(_token_hash(call))

    def work(tx: Transaction) -> Mapping[str, Any]:
        world = slice_for(tx, command)
        booking, token = opened(world, command, house.clock.now())
        return views.guest_context(world, booking, token.scopes)

    return Answer(200, await house.store.read(work))


async def authorize_channel(house: House, call: Call) -> Answer:
    """Sign a subscription to the channel of a booking, for the holder of an active token of that booking.

    Raises: `ContractError` NOT_AUTHENTICATED without valid credentials, PERMISSION_DENIED for anybody else's channel.
    """
    if call.guest_token_hash is None:
        # Staff events travel on public channels, so there is nothing here that staff may have signed.
        await house.store.read(lambda tx: staff_actor(tx, call, house.clock.now()))
    if call.problem is not None:
        raise call.problem
    socket_id, name = call.body["socket_id"], call.body["channel_name"]
    channel = parse_channel(name)
    if call.guest_token_hash is None or channel is None or channel.kind != "guest":
        raise ContractError("PERMISSION_DENIED", "This channel is not yours.")
    reply = await _use_token(house, call, channel.key)
    if reply.code is not None:
        # An unknown, revoked or foreign token is one refusal here: not your channel.
        raise ContractError("PERMISSION_DENIED", "This channel is not yours.")
    app = house.pusher_app
    return Answer(200, {"auth": channel_auth(app.key, app.secret, socket_id, name)})


GUESTS: Mapping[str, Handler] = MappingProxyType(
    {
        "guestBookingStatus": guest_booking_status,
        "guestContext": guest_context,
        "channelAuth": authorize_channel,
    }
)
