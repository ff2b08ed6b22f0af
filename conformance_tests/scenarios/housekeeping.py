"""Rooms between two guests: the workflow's buttons, every legal change of status, and every illegal one.

The table is the contract's (`schemas/lifecycles/room_status.yaml`); nothing of it is repeated here.
"""

from __future__ import annotations

from collections.abc import Iterable

from conformance_tests.refusals import IN_HOUSE, ROOM
from conformance_tests.scenarios.scenario import Scenario, Step, Wanted
from contract.schema_files import document

OCCUPIED = "OCCUPIED"
INVALID = "housekeeping/refuse/invalid-transition"
BY_HAND = "housekeeping/refuse/occupied-by-hand"


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
        (*cleaning, _step("inspectRoom", passed=True, notes="spotless"), _no_op("READY_FOR_GUEST")),
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
                note="the desk asked by phone",
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


def by_role() -> Iterable[Scenario]:
    """Every change of status the table allows, by every role it allows it to, through the status endpoint."""
    for start, targets in _table().items():
        for target, rule in targets.items():
            if "housekeeping" not in rule["via"]:
                continue
            for role in rule["roles"]:
                yield Scenario(
                    f"housekeeping/legal/{_slug(start)}/{_slug(target)}/{_slug(role)}",
                    "housekeeping",
                    _room(start),
                    (_step("setRoomStatus", actor=role, to_status=target, note="as the table allows"),),
                )


def illegal() -> Iterable[Scenario]:
    """From every status, every change the table does not allow, asked for by the manager; nothing must happen."""
    for start, targets in _table().items():
        wrong = [target for target in _table() if target != start and target not in targets]
        steps = tuple(
            Step(INVALID, "setRoomStatus", actor="manager", body={"to_status": target})
            for target in wrong
            if target != OCCUPIED
        )
        by_hand = Step(BY_HAND, "setRoomStatus", actor="manager", body={"to_status": OCCUPIED})
        if start == OCCUPIED:
            leave = Step(BY_HAND, "setRoomStatus", actor="manager", body={"to_status": "CHECKOUT_DIRTY"})
            yield Scenario(
                "housekeeping/illegal/occupied", "housekeeping", (Wanted(IN_HOUSE),), (*steps, leave)
            )
        else:
            yield Scenario(
                f"housekeeping/illegal/{_slug(start)}", "housekeeping", _room(start), (*steps, by_hand)
            )


def _table() -> dict[str, dict[str, dict[str, list[str]]]]:
    table: dict[str, dict[str, dict[str, list[str]]]] = document("lifecycles/room_status.yaml")["transitions"]
    return table


def _slug(word: str) -> str:
    return word.lower().replace("_", "-")
