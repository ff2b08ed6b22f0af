"""Who calls, and whether they may: authentication, hotel scope, permission, then the shape of the request.

This is the head of the contract's order of refusals (contract-facts section 4). Scope comes before existence: a member
of staff cannot tell another hotel's slug from one that does not exist.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from contract.errors import ContractError
from contract.roles import allows
from reference_server.house import Call
from reference_server.store import Transaction
from reference_server.store.codec import instant_text
from simulator.commands import Actor
from simulator.world import Hotel

STAFF_TOKEN_LIFE = timedelta(hours=12)

# The memory cost suits a mock server: logins are frequent in tests and the machine may be small.
_PASSWORDS = PasswordHasher(time_cost=2, memory_cost=8 * 1024, parallelism=1)
_NOBODY = _PASSWORDS.hash(secrets.token_hex(16))


def hash_token(raw: str) -> str:
    """SHA-256 in hex: tokens are random and long, so a plain hash is enough."""
    return hashlib.sha256(raw.encode()).hexdigest()


def hash_password(password: str) -> str:
    return _PASSWORDS.hash(password)


def password_matches(stored_hash: str | None, password: str) -> bool:
    """Slow on purpose; run it off the event loop. An unknown user costs as much as a wrong password."""
    try:
        return _PASSWORDS.verify(stored_hash or _NOBODY, password) and stored_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def staff_actor(tx: Transaction, call: Call, now: datetime) -> Actor:
    """The member of staff who calls. Raises: `ContractError` NOT_AUTHENTICATED."""
    row = None
    if call.staff_token_hash is not None:
        row = tx.first("staff_by_token", token_hash=call.staff_token_hash, now=instant_text(now))
    if row is None:
        raise ContractError("NOT_AUTHENTICATED", "Log in, and send the header Authorization: Token <token>.")
    staff_id, name, role, home = row
    others = {hotel_id for (hotel_id,) in tx.tuples("hotels_of_staff", staff_id=staff_id)}
    return Actor(staff_id=staff_id, name=name, role=role, hotel_ids=frozenset({home, *others}))


def enter(tx: Transaction, call: Call, now: datetime) -> tuple[Actor, Hotel]:
    """The caller and the hotel of the path, after every check that does not need the thing asked for.

    Raises: `ContractError` NOT_AUTHENTICATED, HOTEL_MISMATCH, PERMISSION_DENIED, INVALID_INPUT, in this order.
    """
    actor = staff_actor(tx, call, now)
    hotel = tx.one(Hotel, "hotel_by_slug", slug=str(call.params["hotel_slug"]))
    if hotel is None or hotel.id not in actor.hotel_ids:
        raise ContractError("HOTEL_MISMATCH", "You do not work in this hotel.")
    permission = call.operation.permission
    if permission and not any(allows(actor.role, action) for action in permission):
        raise ContractError(
            "PERMISSION_DENIED", f"Your role may not do this; it takes {' or '.join(permission)}."
        )
    if call.problem is not None:
        raise call.problem
    return actor, hotel
