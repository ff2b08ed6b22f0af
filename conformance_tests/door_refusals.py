"""Who is not let in at the door: guests without a token, wrong logins, and bodies that are no JSON."""

from __future__ import annotations

from conformance_tests.refusal import ANONYMOUS, GUEST, NO_ROOM, READY, ROOM, UNKNOWN_TOKEN, Refusal


def _guest(slug: str, operation: str = "guestBookingStatus", **overrides: str) -> Refusal:
    case, clause = f"guest/refuse/{slug}", "access/guest-token-required"
    return Refusal(case, operation, READY, "NOT_AUTHENTICATED", clause, actor=GUEST, overrides=overrides)


GUESTS: tuple[Refusal, ...] = (
    _guest("no-token"),
    _guest("unknown-token", token=UNKNOWN_TOKEN),
    _guest("context-no-token", "guestContext"),
    _guest("context-unknown-token", "guestContext", token=UNKNOWN_TOKEN),
)


def _malformed(
    case: str, operation: str, state: str | None, actor: str, *, what: str = "malformed-json",
    body: str = '{"room_id": ', **params: str,
) -> Refusal:  # fmt: skip
    return Refusal(
        f"{case}/refuse/{what}",
        operation,
        state,
        "INVALID_INPUT",
        "errors/never-5xx",
        actor=actor,
        params=params,
        body=body,
    )


def _login(slug: str, username: str, password: str) -> Refusal:
    case, clause = f"login/refuse/{slug}", "endpoints/staff-login/wrong-password"
    body = {"username": username, "password": password}
    return Refusal(case, "staffLogin", None, "NOT_AUTHENTICATED", clause, actor=ANONYMOUS, body=body)


MALFORMED: tuple[Refusal, ...] = (
    _malformed("assign", "assignRoom", NO_ROOM, "front_desk"),
    _malformed("housekeeping", "setRoomStatus", ROOM, "manager", room_status="CHECKOUT_DIRTY"),
    _malformed("login", "staffLogin", None, ANONYMOUS),
    _malformed("login", "staffLogin", None, ANONYMOUS, what="list-for-an-object", body="[]"),
)

LOGIN: tuple[Refusal, ...] = (
    _login("wrong-password", "{manager_username}", "not the password"),
    _login("unknown-user", "staycheck-nobody-of-that-name", "not the password"),
    _login("empty-password", "{manager_username}", ""),
)
