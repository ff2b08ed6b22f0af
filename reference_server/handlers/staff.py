"""Staff log in."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from contract.errors import ContractError
from contract.roles import rbac, role
from reference_server.access import STAFF_TOKEN_LIFE, hash_token, password_matches
from reference_server.house import Answer, Call, Handler, House
from reference_server.store import Transaction
from reference_server.store.codec import instant_text
from simulator.world import Hotel


async def staff_login(house: House, call: Call) -> Answer:
    """A fresh token for 12 hours, kept hashed. Raises: `ContractError` INVALID_INPUT, NOT_AUTHENTICATED."""
    if call.problem is not None:
        raise call.problem
    username, password = call.body["username"], call.body["password"]
    row = await house.store.read(lambda tx: tx.first("staff_by_username", username=username))
    if not await asyncio.to_thread(password_matches, row[2] if row else None, password):
        raise ContractError("NOT_AUTHENTICATED", "There is no member of staff with this name and password.")
    assert row is not None
    staff_id, _, _, _, role_name, hotel_id = row
    token, now = secrets.token_urlsafe(32), house.clock.now()

    def work(tx: Transaction) -> Hotel:
        tx.run("delete_expired_staff_tokens", now=instant_text(now))
        tx.run(
            "add_staff_token",
            token_hash=hash_token(token),
            staff_id=staff_id,
            created_at=instant_text(now),
            expires_at=instant_text(now + STAFF_TOKEN_LIFE),
        )
        return next(hotel for hotel in tx.all(Hotel, "hotels") if hotel.id == hotel_id)

    hotel = await house.store.transact(work)
    known = role(role_name)
    body: dict[str, Any] = {
        "token": token,
        "staff_id": staff_id,
        "username": username,
        "hotel_id": hotel.id,
        "hotel_slug": hotel.slug,
        "hotel_name": hotel.name,
        "is_staff": known.is_staff,
        "is_superuser": False,
        "role": role_name,
        "department": known.department,
        "allowed_navs": list(known.navs),
        "effective_navs": list(known.navs),
        "rbac": rbac(role_name),
    }
    return Answer(200, body)


STAFF: Mapping[str, Handler] = MappingProxyType({"staffLogin": staff_login})
