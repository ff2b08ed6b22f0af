"""A guest token opens its own booking, while it lasts, and shows nothing the privacy filter keeps back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from small_hotel import HERE, NOW, THERE, Desk

from contract.schema_store import schema_store
from simulator.commands import UseGuestToken
from simulator.tokens import token_hash
from simulator.views import guest_context

OWN = token_hash("raw-A")


@pytest.mark.parametrize(
    "command", [UseGuestToken(OWN), UseGuestToken(OWN, "A"), UseGuestToken(OWN, "A", HERE)]
)
def test_a_token_shows_its_booking_before_arrival_too(command: UseGuestToken) -> None:
    decision = Desk().do(command, None)
    assert decision.reply.status == 200
    assert decision.reply.body["booking_id"] == "A"
    assert (decision.changes, decision.events) == ((), ())


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (UseGuestToken(token_hash("made up"), "A", HERE), "NOT_AUTHENTICATED"),
        (UseGuestToken("", None, None), "NOT_AUTHENTICATED"),
        (UseGuestToken(OWN, "B", HERE), "PERMISSION_DENIED"),
        (UseGuestToken(OWN, "no such booking", HERE), "PERMISSION_DENIED"),
        (UseGuestToken(OWN, "A", THERE), "PERMISSION_DENIED"),
    ],
)
def test_what_a_token_does_not_open(command: UseGuestToken, code: str) -> None:
    assert Desk().refused(command, None) == code


def test_a_token_ends_at_its_expiry_and_not_before() -> None:
    desk = Desk()
    desk.set(desk.world.guest_tokens[1], expires_at=NOW + timedelta(minutes=1))
    assert desk.do(UseGuestToken(OWN), None).reply.status == 200
    desk.now += timedelta(minutes=1)
    assert desk.refused(UseGuestToken(OWN), None) == "NOT_AUTHENTICATED"


def test_a_check_in_closes_the_portal_to_the_earlier_token() -> None:
    desk = Desk()
    desk.check_in()
    assert desk.refused(UseGuestToken(OWN, "A"), None) == "NOT_AUTHENTICATED"


def test_a_departed_booking_is_closed_even_to_a_token_whose_revocation_failed() -> None:
    desk = Desk()
    raw = desk.check_in().reply.body["guest_token"]
    desk.check_out()
    (token,) = (row for row in desk.world.tokens_of("A") if row.token_hash == token_hash(raw))
    desk.put(replace(token, status="ACTIVE", revoked_at=None, revoke_reason=None))
    assert desk.refused(UseGuestToken(token_hash(raw)), None) == "NOT_AUTHENTICATED"


def test_nothing_private_passes_the_filter() -> None:
    desk = Desk()
    stay = desk.check_in()
    desk.live_in()
    seen = [
        str(desk.do(UseGuestToken(token_hash(stay.reply.body["guest_token"])), None).reply.body),
        str([event.envelope for event in stay.events if event.channel.startswith("private-")]),
        str([event.envelope for event in desk.check_out().events if event.channel.startswith("private-")]),
    ]
    private = [
        "Complained",
        "pi_secret",
        "stripe",
        "Seán",
        "Walt",
        "example.com",
        "0999",
        "Liam",
        "check-out of",
    ]
    for text in seen:
        assert [word for word in private if word in text] == []
        assert "Aoife" in text


def test_the_guest_context_names_the_scopes_of_the_token() -> None:
    desk = Desk()
    desk.check_in()
    context = guest_context(desk.world, desk.world.bookings["A"], ("STATUS_READ", "CHAT"))
    assert schema_store().problems("replies/guest_context.schema.json", dict(context)) == []
    assert (context["guest_name"], context["room_number"]) == ("Aoife Murphy", 101)
    assert (context["is_checked_in"], context["is_checked_out"]) == (True, False)
    assert context["allowed_actions"] == ["STATUS_READ", "CHAT"]
