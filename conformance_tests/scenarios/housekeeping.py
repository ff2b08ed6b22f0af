"""Rooms between two guests: the workflow's buttons. Every legal change of status and every illegal one are in `walks`."""

from __future__ import annotations

from collections.abc import Iterable

from conformance_tests.refusals import ROOM
from conformance_tests.scenarios.scenario import Scenario, Step, Wanted, look


def _room(status: str) -> tuple[Wanted, ...]:
    return (Wanted(ROOM, {"room_status": status}),)


def _step(operation: str, actor: str = "housekeeping", **body: object) -> Step:
    return Step(f"housekeeping/{operation}", operation, actor=actor, body=body or None)


def _no_op(status: str) -> Step:
    return Step("housekeeping/no-op", "setRoomStatus", actor="manager", body={"to_status": status})


def workflow() -> Iterable[Scenario]:
    """The buttons, as housekeeping presses them."""
    cleaning = (_step("startCleaning"), _step("markCleaned"))
    yield Scenario(
        "housekeeping/clean-and-pass",
        "housekeeping",
        _room("CHECKOUT_DIRTY"),
        (
            *cleaning,
            _step("inspectRoom", passed=True, notes="spotless"),
            _no_op("READY_FOR_GUEST"),
            look("read/history", "roomStatusHistory"),
            look("read/history", "roomStatusHistory", limit=2),
        ),
    )
    yield Scenario(
        "housekeeping/clean-and-fail",
        "housekeeping",
        _room("CHECKOUT_DIRTY"),
        (
            *cleaning,
            _step("inspectRoom", actor="manager", passed=False, notes="dust"),
            _no_op("CHECKOUT_DIRTY"),
            _step(
                "setRoomStatus",
                actor="manager",
                to_status="CLEANING_IN_PROGRESS",
                source="FRONT_DESK",
                note="Zoë of the desk asked by phone – the next guest brings a dog",
            ),
        ),
    )
    yield Scenario(
        "housekeeping/maintenance",
        "housekeeping",
        _room("READY_FOR_GUEST"),
        (
            _step("markMaintenance", priority="HIGH", notes="the tap drips"),
            _step("completeMaintenance", actor="manager"),
        ),
    )
    yield Scenario(
        "housekeeping/maintenance-cleared",
        "housekeeping",
        _room("CHECKOUT_DIRTY"),
        (
            _step("markMaintenance", actor="front_desk", priority="LOW"),
            _step(
                "managerOverride", actor="manager", to_status="READY_FOR_GUEST", note="looked at it myself"
            ),
        ),
    )
