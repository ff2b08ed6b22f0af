"""Check-in and check-out as they should go, repeated, hurried, with everything a stay leaves behind, and token by token."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from conformance_tests.refusals import ANONYMOUS, GUEST, IN_HOUSE, NO_ROOM, READY, UNKNOWN_TOKEN
from conformance_tests.scenarios.scenario import Scenario, Step, Wanted

CHECK_IN = Step("check-in/happy", "checkIn", at_once=True)
CHECK_IN_AGAIN = Step("check-in/repeat", "checkIn")
CHECK_OUT = Step("check-out/happy", "checkOut", at_once=True)
CHECK_OUT_AGAIN = Step("check-out/repeat", "checkOut")
OTHER = {"booking_id": "{other_booking_id}"}

CHANNEL_AUTH_BODY = {"socket_id": "4242.4242", "channel_name": "private-guest-booking.{booking_id}"}


def stays() -> Iterable[Scenario]:
    """Every party size through a whole stay, each operation twice; then the stays with something special about them."""
    for party_size in (1, 2, 3, 4):
        away = 1 if party_size % 2 == 0 else 0
        yield Scenario(
            f"stay/party-of-{party_size}",
            "stays",
            (Wanted(READY, {"party_size": party_size, "not_staying": away}),),
            (CHECK_IN, CHECK_IN_AGAIN, CHECK_OUT, CHECK_OUT_AGAIN),
        )
    yield Scenario(
        "check-in/known-guests",
        "stays",
        (Wanted(READY, {"party_size": 3, "known_guests": True}),),
        (CHECK_IN, CHECK_IN_AGAIN),
    )
    full = {
        "party_size": 3,
        "walk_ins": 1,
        "conversations": 2,
        "orders": 2,
        "active_tokens": 2,
        "turnover_notes": "the window does not close",
    }
    yield Scenario(
        "check-out/full",
        "stays",
        (Wanted(IN_HOUSE, full), Wanted(IN_HOUSE, {**full, "party_size": 1}, prefix="beside_")),
        (Step("check-out/full", "checkOut", at_once=True), CHECK_OUT_AGAIN),
        undisturbed=True,
    )
    yield _from_assignment_to_inspection()
    yield Scenario(
        "check-out/survey-fails",
        "stays",
        (Wanted(IN_HOUSE, {"survey_mail": "fails"}),),
        (Step("check-out/survey-fails", "checkOut"),),
    )
    yield Scenario(
        "check-out/orphan",
        "stays",
        (Wanted("in-house booking with an orphan in the room"),),
        (Step("check-out/orphan", "checkOut"),),
    )
    yield _turnover()
    for edge in ("early", "late", "other_date"):
        slug = f"check-in/edge-{edge.replace('_', '-')}"
        state = "booking at the edge of its arrival window"
        # the other date is that of a further hotel: who leaves there is its affair, and of its channels
        leaving = (Step("check-out/happy", "checkOut"),) if edge == "other_date" else ()
        yield Scenario(slug, "stays", (Wanted(state, {"edge": edge}),), (Step(slug, "checkIn"), *leaving))
    yield _in_a_row()


def _in_a_row() -> Scenario:
    """Three guests in one room, back to back; who has left tries to leave again while the next is in."""

    def clean() -> tuple[Step, ...]:
        return (
            Step("housekeeping/startCleaning", "startCleaning", actor="housekeeping"),
            Step("housekeeping/markCleaned", "markCleaned", actor="housekeeping"),
            Step("housekeeping/inspectRoom", "inspectRoom", actor="housekeeping", body={"passed": True}),
        )

    third = {"booking_id": "{third_booking_id}"}
    return Scenario(
        "stay/three-in-a-row",
        "stays",
        (Wanted("stays that follow each other in one room"),),
        (
            CHECK_OUT,
            *clean(),
            Step("check-in/happy", "checkIn", params=OTHER),
            CHECK_OUT_AGAIN,
            Step("check-out/happy", "checkOut", params=OTHER),
            *clean(),
            Step("check-in/happy", "checkIn", params=third),
            Step("check-out/repeat", "checkOut", params=OTHER),
            CHECK_OUT_AGAIN,
            Step("check-out/happy", "checkOut", params=third),
        ),
    )


def _from_assignment_to_inspection() -> Scenario:
    """A whole stay and the cleaning after it, with nobody else about: what the backend puts off is still undone when it is read."""

    def clean(operation: str, **body: object) -> Step:
        return Step(
            f"housekeeping/{operation}", operation, actor="housekeeping", body=body or None, at_once=True,
            params={"room_number": "{free_room_number}"},
        )  # fmt: skip

    return Scenario(
        "stay/alone",
        "stays",
        (Wanted(NO_ROOM), Wanted(READY, prefix="beside_")),
        (
            Step("assign/happy", "assignRoom", body={"room_id": "{free_room_id}"}, at_once=True),
            CHECK_IN,
            CHECK_OUT,
            clean("startCleaning"),
            clean("markCleaned"),
            clean("inspectRoom", passed=True),
        ),
        undisturbed=True,
    )


def _turnover() -> Scenario:
    """One room, two stays: the second guest waits for housekeeping, and is not thrown out by a late repeat of the first."""
    return Scenario(
        "stay/turnover",
        "stays",
        (Wanted("two bookings on one room"),),
        (
            CHECK_IN,
            CHECK_OUT,
            Step("check-in/refuse/second-booking-of-room", "checkIn", params=OTHER),
            Step("housekeeping/startCleaning", "startCleaning", actor="housekeeping"),
            Step("housekeeping/markCleaned", "markCleaned", actor="housekeeping"),
            Step("housekeeping/inspectRoom", "inspectRoom", actor="housekeeping", body={"passed": True}),
            Step("check-in/happy", "checkIn", params=OTHER),
            CHECK_OUT_AGAIN,
        ),
    )


def hurried() -> Iterable[Scenario]:
    """Calls one right after the other: what arrives must still be in order."""

    def hurry(operation: str, actor: str, *, first: bool = False, last: bool = False, **body: object) -> Step:
        return Step("order/quick", operation, actor=actor, body=body or None, before=first, settle=last)

    for number in (1, 2, 3):
        yield Scenario(
            f"order/stay-{number}",
            "order",
            (Wanted(READY),),
            (hurry("checkIn", "front_desk", first=True), hurry("checkOut", "front_desk", last=True)),
        )
    yield Scenario(
        "order/stay-and-cleaning",
        "order",
        (Wanted(READY, {"party_size": 1}),),
        (
            hurry("checkIn", "front_desk", first=True),
            hurry("checkOut", "front_desk"),
            hurry("startCleaning", "housekeeping"),
            hurry("markCleaned", "housekeeping"),
            hurry("inspectRoom", "housekeeping", last=True, passed=True),
        ),
    )
    yield Scenario(
        "order/assign-and-check-in",
        "order",
        (Wanted("booking without a room"),),
        (
            hurry("assignRoom", "front_desk", first=True, room_id="{free_room_id}"),
            hurry("checkIn", "front_desk"),
            hurry("checkOut", "front_desk", last=True),
        ),
    )


def _uses(case: str, token: str, form: Literal["whole", "cut", "turned"] = "whole") -> tuple[Step, ...]:
    """One guest token shown at each of the three doors."""
    shown: Any = {"actor": GUEST, "token": token, "form": form, "before": False, "settle": False}
    return (
        Step(case, "guestBookingStatus", **shown),
        Step(case, "guestContext", **shown),
        Step(case, "channelAuth", body=CHANNEL_AUTH_BODY, **shown),
    )


def _the_other_way() -> tuple[Step, ...]:
    """The context by a link, and the channel auth in JSON: what the other steps do with a header and with a form."""
    shown: Any = {
        "actor": GUEST,
        "token": "issued_token",
        "other_way": True,
        "before": False,
        "settle": False,
    }
    return (
        Step("token/other-way", "guestContext", **shown),
        Step("token/other-way", "channelAuth", body=CHANNEL_AUTH_BODY, **shown),
    )


def _spoiled() -> tuple[Step, ...]:
    """Tokens that are nearly right: whoever compares them in part, or without regard to case, lets them in."""
    return (
        *_uses("token/spoiled", "issued_token", "cut"),
        *_uses("token/spoiled", "issued_token", "turned"),
        *(
            Step(
                "token/spoiled", "getBooking", actor=ANONYMOUS, token="staff_token", form=form, before=False,  # noqa: S106
                settle=False,
            )
            for form in ("cut", "turned")
        ),
        Step(
            "token/foreign", "channelAuth", actor=GUEST, token="issued_token", before=False, settle=False,  # noqa: S106
            body={**CHANNEL_AUTH_BODY, "channel_name": f"{CHANNEL_AUTH_BODY['channel_name']}0"},
        ),
    )  # fmt: skip


def tokens() -> Iterable[Scenario]:
    """Guest tokens before, during and after a stay, the one from before check-in, and somebody else's."""
    yield Scenario(
        "tokens/stay",
        "tokens",
        (Wanted(READY), Wanted(READY, prefix="beside_")),
        (
            *_uses("token/before", "guest_token"),
            CHECK_IN,
            *_uses("token/during", "issued_token"),
            *_uses("token/earlier", "guest_token"),
            *_foreign(),
            *_spoiled(),
            *_the_other_way(),
            CHECK_IN_AGAIN,
            *_uses("token/during", "issued_token"),
            CHECK_OUT,
            *_uses("token/after", "issued_token"),
            *_uses("token/after", "guest_token"),
        ),
    )
    yield Scenario(
        "tokens/departing",
        "tokens",
        (Wanted(IN_HOUSE), Wanted(READY, prefix="beside_")),
        (
            *_uses("token/during", "guest_token"),
            *_foreign(),
            *_uninvited(),
            CHECK_OUT,
            *_uses("token/after", "guest_token"),
        ),
    )
    yield Scenario(
        "tokens/departed",
        "tokens",
        (Wanted("departed booking"),),
        _uses("token/after", "guest_token"),
    )


def _uninvited() -> tuple[Step, ...]:
    """The channel auth asked by nobody, with a token nobody gave out, and by staff, who are no guests."""
    asked: Any = {"operation": "channelAuth", "body": CHANNEL_AUTH_BODY, "before": False, "settle": False}
    return (
        Step("token/none", actor=ANONYMOUS, **asked),
        Step("token/unknown", actor=GUEST, params={"token": UNKNOWN_TOKEN}, **asked),
        Step("token/staff", actor="manager", **asked),
        Step("token/staff", "guestBookingStatus", actor="manager", before=False, settle=False),
    )


def _foreign() -> tuple[Step, ...]:
    # the guest context has no booking in its path: there a token cannot be foreign
    return tuple(
        use for use in _uses("token/foreign", "beside_guest_token") if use.operation != "guestContext"
    )
