"""Lies in the answer to a call that was carried out as it should: its status, its fields, its formats."""

from __future__ import annotations

from typing import Any

from contract.errors import ContractError
from reference_server.house import Answer, Call, House
from reference_server.mutants.answering import ROUTE, Body, answered, edited
from reference_server.mutants.mutant import mutant


@mutant("check-in-hands-out-no-token", "check-in/token/returned", ROUTE)
def _(original: Any) -> Any:
    """The answer to a check-in has guest_token null; the guest's event has it."""
    return edited(original, lambda body: body.update(guest_token=None), "checkIn")


@mutant("repeated-check-in-shows-the-token", "idempotency/check-in/guest-token-null", ROUTE)
def _(original: Any) -> Any:
    """A repeated check-in answers the raw token again, so it is kept somewhere."""
    kept: dict[str, str] = {}

    def edit(body: Body) -> None:
        body["guest_token"] = kept.setdefault(body["booking_id"], body["guest_token"])

    return edited(original, edit, "checkIn")


@mutant("check-out-shows-the-token", "tokens/raw-nowhere-else", ROUTE)
def _(original: Any) -> Any:
    """The serializer that the check-in shares with the check-out answers the raw token there too."""
    kept: dict[str, str] = {}

    def change(house: House, call: Call, status: int, body: Body) -> None:
        if call.operation.id == "checkIn" and body.get("guest_token"):
            kept[body["booking_id"]] = body["guest_token"]
        elif call.operation.id == "checkOut" and status == 200:
            body["guest_token"] = kept.get(body["booking_id"])

    return answered(original, change, "checkIn", "checkOut")


@mutant("check-in-is-a-201", "endpoints/check-in/reply", ROUTE)
def _(original: Any) -> Any:
    """A check-in is answered with 201."""
    return answered(
        original, lambda house, call, status, body: Answer(201, body) if status == 200 else None, "checkIn"
    )


@mutant("check-out-without-message", "endpoints/check-out/reply", ROUTE)
def _(original: Any) -> Any:
    """The answer to a check-out has no message."""
    return edited(original, lambda body: body.pop("message"), "checkOut")


@mutant("check-in-nests-the-booking", "endpoints/check-in/reply", ROUTE)
def _(original: Any) -> Any:
    """The booking in the answer to a check-in stands under booking."""

    def change(house: House, call: Call, status: int, body: Body) -> Answer | None:
        told = {name: body.pop(name, None) for name in ("message", "guest_token")}
        return Answer(200, {**told, "booking": body}) if status == 200 else Answer(status, {**body})

    return answered(original, change, "checkIn")


@mutant("check-out-answers-the-booking-before", "endpoints/replies-agree-with-state", ROUTE)
def _(original: Any) -> Any:
    """The answer to a check-out is serialized before the booking is saved."""

    def edit(body: Body) -> None:
        if not body["message"].startswith("Already"):
            body.update(status="CONFIRMED", checked_out_at=None)

    return edited(original, edit, "checkOut")


@mutant("assignment-answers-no-room", "endpoints/replies-agree-with-state", ROUTE)
def _(original: Any) -> Any:
    """The answer to an assignment shows the booking still without a room."""
    none = {"room": None, "assigned_room": None, "assigned_room_number": None, "room_number": None}
    return edited(original, lambda body: body.update(none), "assignRoom")


@mutant("money-as-a-number", "endpoints/format/money", ROUTE)
def _(original: Any) -> Any:
    """The amount of the booking detail is a JSON number."""
    return edited(original, lambda body: body.update(total_amount=float(body["total_amount"])), "getBooking")


@mutant("creation-time-without-offset", "endpoints/format/times", ROUTE)
def _(original: Any) -> Any:
    """created_at in the booking list has no offset."""

    def edit(body: Body) -> None:
        for row in body["results"]:
            row["created_at"] = row["created_at"].removesuffix("Z")

    return edited(original, edit, "listBookings")


@mutant("dates-for-people", "endpoints/format/times", ROUTE)
def _(original: Any) -> Any:
    """check_in and check_out of the guest's booking are written day first."""

    def edit(body: Body) -> None:
        for name in ("check_in", "check_out"):
            body[name] = "/".join(reversed(body[name].split("-")))

    return edited(original, edit, "guestBookingStatus")


@mutant("room-counts-its-guests", "endpoints/get-room", ROUTE)
def _(original: Any) -> Any:
    """guests_in_room of the room detail is how many they are."""
    return edited(original, lambda body: body.update(guests_in_room=len(body["guests_in_room"])), "getRoom")


@mutant("status-reply-without-audit-row", "endpoints/set-room-status", ROUTE)
def _(original: Any) -> Any:
    """The answer to a status change has no status_event."""
    return edited(original, lambda body: body.pop("status_event"), "setRoomStatus")


@mutant("status-reply-shows-the-room-before", "endpoints/set-room-status", ROUTE)
def _(original: Any) -> Any:
    """The room in the answer to a status change has the status it had before."""

    def edit(body: Body) -> None:
        if body["status_event"] is not None:
            body["room"] = {**body["room"], "room_status": body["status_event"]["from_status"]}

    return edited(original, edit, "setRoomStatus")


@mutant("cleaning-reply-tells-the-old-status", "endpoints/mark-cleaned", ROUTE)
def _(original: Any) -> Any:
    """new_status in the answer to mark-cleaned is the old status."""
    return edited(original, lambda body: body.update(new_status=body["old_status"]), "markCleaned")


@mutant("inspection-reply-tells-the-old-status", "endpoints/inspect-room", ROUTE)
def _(original: Any) -> Any:
    """new_status in the answer to an inspection is the old status."""
    return edited(original, lambda body: body.update(new_status=body["old_status"]), "inspectRoom")


@mutant("context-without-actions", "endpoints/guest-context", ROUTE)
def _(original: Any) -> Any:
    """The guest context does not say what the token allows."""
    return edited(original, lambda body: body.pop("allowed_actions"), "guestContext")


@mutant("amount-is-no-number", "endpoints/list-bookings/reply", ROUTE)
def _(original: Any) -> Any:
    """The booking list holds NaN for an amount that is not known, which is no JSON."""

    def edit(body: Body) -> None:
        for row in body["results"][-1:]:
            row["total_amount"] = float("nan")

    return edited(original, edit, "listBookings")


@mutant("unknown-user-crashes", "errors/never-5xx", "reference_server.handlers.staff:password_matches")
def _(original: Any) -> Any:
    """A login with a name that nobody has is a 500."""

    def matches(stored_hash: str | None, password: str) -> bool:
        if stored_hash is None:
            raise AttributeError("'NoneType' object has no attribute 'check_password'")
        return bool(original(stored_hash, password))

    return matches


@mutant("wrong-password-is-a-200", "endpoints/staff-login/wrong-password", ROUTE)
def _(original: Any) -> Any:
    """A login with a wrong password is answered with 200 and success false."""

    def change(house: House, call: Call, status: int, body: Body) -> Answer | None:
        return Answer(200, {"success": False, "token": None}) if status == 401 else None

    return answered(original, change, "staffLogin")


@mutant("wrong-password-is-a-404", "endpoints/staff-login/wrong-password", ROUTE)
def _(original: Any) -> Any:
    """A login with a name that nobody has is answered with 404, so names can be guessed."""

    def change(house: House, call: Call, status: int, body: Body) -> None:
        if status == 401 and call.body["username"].startswith("staycheck-nobody"):
            raise ContractError("NOT_FOUND")

    return answered(original, change, "staffLogin")


@mutant("rbac-as-lists", "endpoints/staff-login/reply", ROUTE)
def _(original: Any) -> Any:
    """rbac in the login's answer lists the allowed actions instead of saying true or false for each."""

    def edit(body: Body) -> None:
        body["rbac"] = {
            module: {"actions": [name for name, allowed in told["actions"].items() if allowed]}
            for module, told in body["rbac"].items()
        }

    return edited(original, edit, "staffLogin")


@mutant("rbac-lets-housekeeping-check-in", "endpoints/staff-login/rbac", ROUTE)
def _(original: Any) -> Any:
    """rbac in the login's answer allows everybody to check guests in; the server refuses it."""

    def edit(body: Body) -> None:
        actions = {**body["rbac"]["bookings"]["actions"], "checkin": True}
        body["rbac"] = {**body["rbac"], "bookings": {"actions": actions}}

    return edited(original, edit, "staffLogin")
