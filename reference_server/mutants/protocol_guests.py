"""Lies at the guest's doors: the portal, the channel auth, and what is told there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from contract.errors import ContractError
from contract.pusher.signatures import channel_auth
from reference_server.house import Answer, Call, House
from reference_server.mutants.answering import ROUTE, Body, answered
from reference_server.mutants.mutant import mutant
from simulator import views
from simulator.commands import Decision, Reply, UseGuestToken
from simulator.world import Booking, GuestToken, World

_SHOWN = "reference_server.handlers.guests:decide"
"""What answers a token at the guest's booking (its command names a hotel) and at the channel auth (it does not)."""
_CONTEXT = "reference_server.handlers.guests:opened"


def _token(world: World, command: UseGuestToken) -> GuestToken | None:
    return next((row for row in world.guest_tokens.values() if row.token_hash == command.token_hash), None)


def _refused_otherwise(original: Any, instead: Any, *, at_the_portal: bool) -> Any:
    """Instead of `_SHOWN`: where a token is refused, `instead(world, command, reply)` may answer another reply."""

    def decide(world: World, command: UseGuestToken, actor: Any, now: datetime, ids: Any) -> Decision:
        decision: Decision = original(world, command, actor, now, ids)
        if decision.reply.code is None or (command.hotel_slug is not None) is not at_the_portal:
            return decision
        return replace(decision, reply=instead(world, command, decision.reply) or decision.reply)

    return decide


@mutant("any-guest-sees-any-booking", "access/guest-token-of-other-booking", _SHOWN)
def _(original: Any) -> Any:
    """Any valid guest token shows the booking of the path."""

    def instead(world: World, command: UseGuestToken, reply: Reply) -> Reply | None:
        booking = world.bookings.get(command.booking_id or "")
        foreign = reply.code == "PERMISSION_DENIED" and booking is not None
        return Reply(200, views.guest_booking(world, booking)) if foreign and booking else None

    return _refused_otherwise(original, instead, at_the_portal=True)


@mutant("foreign-token-is-a-404", "access/guest-token-of-other-booking", _SHOWN)
def _(original: Any) -> Any:
    """A valid token of another booking is answered with 404."""

    def instead(world: World, command: UseGuestToken, reply: Reply) -> Reply | None:
        error = ContractError("BOOKING_NOT_FOUND")
        return Reply(error.status, error.body(), error.code) if reply.code == "PERMISSION_DENIED" else None

    return _refused_otherwise(original, instead, at_the_portal=True)


@mutant("unknown-guest-token-is-a-403", "access/guest-token-required", _SHOWN)
def _(original: Any) -> Any:
    """A token that nobody gave out is answered with 403 instead of 401."""

    def instead(world: World, command: UseGuestToken, reply: Reply) -> Reply | None:
        error = ContractError("PERMISSION_DENIED")
        return Reply(error.status, error.body(), error.code) if _token(world, command) is None else None

    return _refused_otherwise(original, instead, at_the_portal=True)


@mutant("context-ignores-revocation", "check-out/tokens/portal-closed", _CONTEXT)
def _(original: Any) -> Any:
    """Of the two guest endpoints the context never looks at the token's status."""

    def opened(world: World, command: UseGuestToken, now: datetime) -> tuple[Booking, GuestToken]:
        token = _token(world, command)
        if token is not None:
            return world.bookings[token.booking_id], token
        found: tuple[Booking, GuestToken] = original(world, command, now)
        return found

    return opened


@mutant("replaced-token-still-opens", "tokens/earlier-revoked", _SHOWN)
def _(original: Any) -> Any:
    """The token from before check-in is marked as revoked, and still shows the booking."""

    def instead(world: World, command: UseGuestToken, reply: Reply) -> Reply | None:
        token = _token(world, command)
        if token is None or token.revoke_reason != "replaced at check-in":
            return None
        booking = world.bookings[token.booking_id]
        return Reply(200, views.guest_booking(world, booking)) if booking.phase == "in_house" else None

    return _refused_otherwise(original, instead, at_the_portal=True)


@mutant("context-closes-at-check-in", "check-in/token/opens-portal", _CONTEXT)
def _(original: Any) -> Any:
    """The guest context takes tokens of expected bookings only: it was made for pre-check-in."""

    def opened(world: World, command: UseGuestToken, now: datetime) -> tuple[Booking, GuestToken]:
        found: tuple[Booking, GuestToken] = original(world, command, now)
        if found[0].phase == "in_house":
            raise ContractError("NOT_AUTHENTICATED")
        return found

    return opened


@mutant("auth-signs-for-any-guest", "channels/guest/auth-refused", _SHOWN)
def _(original: Any) -> Any:
    """The channel auth signs any booking's channel for any guest with a valid token."""
    return _refused_otherwise(
        original,
        lambda world, command, reply: Reply(200, {}) if reply.code == "PERMISSION_DENIED" else None,
        at_the_portal=False,
    )


@mutant("auth-signs-for-staff", "channels/guest/auth-refused", ROUTE)
def _(original: Any) -> Any:
    """The channel auth signs every channel for whoever is logged in as staff."""

    def change(house: House, call: Call, status: int, body: Body) -> Answer | None:
        if call.staff_token_hash is None or status != 403:
            return None
        app, socket_id, name = house.pusher_app, call.body["socket_id"], call.body["channel_name"]
        return Answer(200, {"auth": channel_auth(app.key, app.secret, socket_id, name)})

    return answered(original, change, "channelAuth")


@mutant("auth-outlives-the-stay", "check-out/tokens/channel-closed", _SHOWN)
def _(original: Any) -> Any:
    """The channel auth knows a token by its booking and does not ask whether it was revoked."""

    def instead(world: World, command: UseGuestToken, reply: Reply) -> Reply | None:
        token = _token(world, command)
        return Reply(200, {}) if token is not None and token.booking_id == command.booking_id else None

    return _refused_otherwise(original, instead, at_the_portal=False)


@mutant("auth-refuses-with-404", "channels/guest/auth-refusal-status", ROUTE)
def _(original: Any) -> Any:
    """The channel auth answers 404 for a channel that is somebody else's."""

    def change(house: House, call: Call, status: int, body: Body) -> None:
        if status == 403:
            raise ContractError("NOT_FOUND")

    return answered(original, change, "channelAuth")


@mutant("auth-forgets-issued-tokens", "channels/guest/auth-granted", _SHOWN)
def _(original: Any) -> Any:
    """The channel auth knows the tokens mailed before arrival and not the one issued at check-in."""

    def decide(world: World, command: UseGuestToken, actor: Any, now: datetime, ids: Any) -> Decision:
        decision: Decision = original(world, command, actor, now, ids)
        token = _token(world, command)
        issued = token is not None and any(
            row.id < token.id and row.revoke_reason == "replaced at check-in"
            for row in world.tokens_of(token.booking_id)
        )
        if not issued or command.hotel_slug is not None:
            return decision
        error = ContractError("PERMISSION_DENIED")
        return Decision(Reply(error.status, error.body(), error.code))

    return decide


@mutant("auth-signs-another-socket", "channels/guest/auth-granted", ROUTE)
def _(original: Any) -> Any:
    """In every second call the signature is for another socket, as when two requests share a variable."""
    count = iter(range(1, 1_000_000))

    def change(house: House, call: Call, status: int, body: Body) -> None:
        if status == 200 and call.body["socket_id"] == "4242.4242" and next(count) % 2 == 0:
            app = house.pusher_app
            body["auth"] = channel_auth(app.key, app.secret, "17.17", call.body["channel_name"])

    return answered(original, change, "channelAuth")


@mutant("context-tells-how-to-reach-the-booker", "privacy/guest-endpoint", "simulator.views:guest_context")
def _(original: Any) -> Any:
    """The guest context says, three levels down and under a harmless name, how to reach the booker."""

    def guest_context(world: World, booking: Booking, scopes: Sequence[str]) -> Body:
        told = dict(original(world, booking, scopes))
        return {**told, "stay": {"documents": [{"sent_to": booking.booker_email}]}}

    return guest_context


@mutant("status-names-the-companions", "privacy/guest-endpoint", "simulator.views:guest_booking")
def _(original: Any) -> Any:
    """The guest's booking names everybody of the party."""

    def guest_booking(world: World, booking: Booking) -> Body:
        party = [f"{one.first_name} {one.last_name}" for one in world.party_of(booking.booking_id)]
        return {**original(world, booking), "party": party}

    return guest_booking


@mutant("refusal-names-the-guest", "privacy/guest-endpoint", _SHOWN)
def _(original: Any) -> Any:
    """The refusal of another booking's token says in its details whose booking it is."""

    def instead(world: World, command: UseGuestToken, reply: Reply) -> Reply | None:
        party = world.party_of(command.booking_id or "")
        if reply.code != "PERMISSION_DENIED" or not party:
            return None
        member = party[0]
        details = {"belongs_to": f"{member.first_name} {member.last_name}"}
        return replace(reply, body={"error": {**reply.body["error"], "details": details}})

    return _refused_otherwise(original, instead, at_the_portal=True)
