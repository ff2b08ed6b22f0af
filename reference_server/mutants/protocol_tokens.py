"""Lies about what a token opens: compared in part, in another case, shown in another place, or not asked for at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from contract.errors import ContractError
from contract.pusher.signatures import channel_auth
from reference_server.access import hash_token, staff_actor
from reference_server.house import Answer, Call, Handler, House
from reference_server.mutants.answering import ROUTE, Body, answered
from reference_server.mutants.mutant import mutant
from reference_server.store import Transaction
from reference_server.store.slices import Slice
from simulator import views
from simulator.commands import Decision, Reply, UseGuestToken
from simulator.world import World

_CREDENTIALS = "reference_server.binding:_credentials"
_SHOWN = "reference_server.handlers.guests:decide"
_GUEST_READS = ("guestBookingStatus", "guestContext")


def _shown(request: Any, body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The raw staff and guest token of a request."""
    scheme, _, raw = request.headers.get("Authorization", "").partition(" ")
    raw, scheme = raw.strip(), scheme.lower()
    guest = raw if raw and scheme == "guesttoken" else request.query.get("token") or body.get("token")
    return (raw if raw and scheme == "token" else None), guest if isinstance(guest, str) else None


def _looked_up(matches: Callable[[str, str], bool], *, staff: bool) -> Any:
    """Instead of `_CREDENTIALS`: a token that `matches` one that was shown before is taken for that one."""
    known: dict[str, None] = {}

    def found(raw: str | None) -> str | None:
        if raw is None:
            return None
        match = next((token for token in known if matches(token, raw)), raw)
        known[match] = None
        return hash_token(match)

    def credentials(request: Any, body: Mapping[str, Any]) -> tuple[str | None, str | None]:
        of_staff, of_guest = _shown(request, body)
        plain = (
            None
            if (of_guest if staff else of_staff) is None
            else hash_token(str(of_guest if staff else of_staff))
        )
        return (found(of_staff), plain) if staff else (plain, found(of_guest))

    return credentials


def _begins(token: str, raw: str) -> bool:
    return len(raw) >= 8 and token.startswith(raw)


@mutant("guest-token-of-any-case", "access/guest-token-required", _CREDENTIALS)
def _(original: Any) -> Any:
    """Guest tokens are compared by a database that makes no difference between upper and lower case."""
    return _looked_up(lambda token, raw: token.casefold() == raw.casefold(), staff=False)


@mutant("guest-token-by-its-beginning", "access/guest-token-required", _CREDENTIALS)
def _(original: Any) -> Any:
    """Guest tokens are looked up by LIKE, so that the beginning of one opens the portal."""
    return _looked_up(_begins, staff=False)


@mutant("staff-token-by-its-beginning", "access/staff-authenticated", _CREDENTIALS)
def _(original: Any) -> Any:
    """The tokens of staff are looked up by LIKE, so that the beginning of one is as good."""
    return _looked_up(_begins, staff=True)


@mutant("auth-by-the-beginning-of-a-channel", "channels/guest/auth-refused", _SHOWN)
def _(original: Any) -> Any:
    """The channel auth signs every channel that begins as the guest's own does, also that of booking 10 for booking 1."""

    def decide(world: World, command: UseGuestToken, actor: Any, now: datetime, ids: Any) -> Decision:
        decision: Decision = original(world, command, actor, now, ids)
        token = next(
            (row for row in world.guest_tokens.values() if row.token_hash == command.token_hash), None
        )
        near = token is not None and (command.booking_id or "").startswith(token.booking_id)
        refused = decision.reply.code == "PERMISSION_DENIED" and command.hotel_slug is None
        return Decision(Reply(200, {})) if near and refused else decision

    return decide


@mutant("auth-signs-the-socket-alone", "channels/guest/auth-granted", ROUTE)
def _(original: Any) -> Any:
    """The signature of the channel auth leaves the channel out."""

    def change(house: House, call: Call, status: int, body: Body) -> None:
        if status == 200:
            body["auth"] = channel_auth(
                house.pusher_app.key, house.pusher_app.secret, call.body["socket_id"], ""
            )

    return answered(original, change, "channelAuth")


def _async_route(original: Any, instead: Any, *operations: str) -> Any:
    """Instead of `ROUTE`: `instead(house, call, refusal)` may answer what these operations refuse."""

    def route(house: House, operation: Any, handler: Handler, check_replies: bool) -> Any:
        if operation.id not in operations:
            return original(house, operation, handler, check_replies)

        async def answer(_: House, call: Call) -> Answer:
            try:
                return await handler(house, call)
            except ContractError as refusal:
                told = await instead(house, call, refusal)
                if told is None:
                    raise
                return Answer(200, told)

        return original(house, operation, answer, False)

    return route


@mutant("portal-opens-for-staff", "access/guest-token-required", ROUTE)
def _(original: Any) -> Any:
    """Who is logged in as staff, of whatever hotel, sees any booking in the guests' portal, without a guest token."""

    async def instead(house: House, call: Call, refusal: ContractError) -> Any:
        if call.staff_token_hash is None:
            return None

        def look(tx: Transaction) -> Any:
            staff_actor(tx, call, house.clock.now())
            part = Slice(tx)
            part.all_hotels()
            booking = part.booking(call.params["booking_id"])
            return None if booking is None else views.guest_booking(part.world(), booking)

        return await house.store.read(look)

    return _async_route(original, instead, "guestBookingStatus")


@mutant("context-without-a-token-is-empty", "access/guest-token-required", ROUTE)
def _(original: Any) -> Any:
    """The guest context answers who has no token, or a wrong one, with a 200 in which everything is null."""

    async def instead(house: House, call: Call, refusal: ContractError) -> Any:
        names = ("booking_id", "hotel_slug", "room_number", "guest_name", "status")
        return {
            **dict.fromkeys(names),
            "is_checked_in": False,
            "is_checked_out": False,
            "allowed_actions": [],
        }

    return _async_route(original, instead, "guestContext")


@mutant("context-takes-no-link", "endpoints/guest-context", _CREDENTIALS)
def _(original: Any) -> Any:
    """The guest context takes the token from the header only, and the link in the mail has it in the query."""

    def credentials(request: Any, body: Mapping[str, Any]) -> tuple[str | None, str | None]:
        staff, guest = original(request, body)
        return staff, None if "/guest/context" in request.path and "token" in request.query else guest

    return credentials


@mutant("auth-takes-forms-only", "endpoints/channel-auth", "reference_server.binding:_body")
def _(original: Any) -> Any:
    """The channel auth reads a form, and a body in JSON is an empty one to it."""

    async def body(request: Any, operation: Any) -> Any:
        if operation.id == "channelAuth" and request.content_type == "application/json":
            raise ContractError("INVALID_INPUT", "socket_id is missing.")
        return await original(request, operation)

    return body
