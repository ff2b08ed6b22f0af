"""Who is not let in at the door: guests without a token, wrong logins, and bodies that are no JSON."""

from __future__ import annotations

from conformance_tests.refusal import ANONYMOUS, GUEST, NO_ROOM, READY, ROOM, UNKNOWN_TOKEN, Refusal


def _guest(slug: str, **overrides: str) -> Refusal:
    case, clause = f"guest/refuse/{slug}", "access/guest-token-required"
    return Refusal(
        case, "guestBookingStatus", READY, "NOT_AUTHENTICATED", clause, actor=GUEST, overrides=overrides
    )


GUESTS: tuple[Refusal, ...] = (_guest("no-token"), _guest("unknown-token", token=UNKNOWN_TOKEN))


def _malformed(case: str, operation: str, state: str | None, actor: str, **params: str) -> Refusal:
    return Refusal(
        f"{case}/refuse/malformed-json",
        operation,
        state,
        "INVALID_INPUT",
        "errors/never-5xx",
        actor=actor,
        params=params,
        body='{"room_id": ',
    )


def _login(slug: str, username: str, password: str) -> Refusal:
    case, clause = f"login/refuse/{slug}", "endpoints/staff-login/wrong-password"
    body = {"username": username, "password": password}
    return Refusal(case, "staffLogin", None, "NOT_AUTHENTICATED", clause, actor=ANONYMOUS, body=body)


MALFORMED: tuple[Refusal, ...] = (
    _malformed("assign", "assignRoom", NO_ROOM, "front_desk"),
    _malformed("housekeeping", "setRoomStatus", ROOM, "manager", room_status="CHECKOUT_DIRTY"),
    _malformed("login", "staffLogin", None, ANONYMOUS),
)

LOGIN: tuple[Refusal, ...] = (
    _login("wrong-password", "{manager_username}", "not the password"),
    _login("unknown-user", "staycheck-nobody-of-that-name", "not the password"),
    _login("empty-password", "{manager_username}", ""),
)
