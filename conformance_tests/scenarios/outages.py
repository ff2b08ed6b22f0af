"""A stay, and a repair that the room beside it needs, while the Pusher endpoint is down: the operations succeed, and their events come when it is up again."""

from __future__ import annotations

from collections.abc import Iterable

from conformance_tests.entries import OUTAGE
from conformance_tests.refusals import READY, ROOM
from conformance_tests.scenarios.scenario import Outage, Scenario, Step, Wanted

_BESIDE = Wanted(ROOM, {"room_status": "READY_FOR_GUEST"}, prefix="beside_")


def outages(seed: int) -> Iterable[Scenario]:
    """A room that is marked for maintenance, a check-in and the check-out after it, all while the sink refuses their events."""
    name = f"{OUTAGE}stay"
    calls = (
        # first, because a channel may be held by the oldest event that was refused: what comes after is not tried at all
        Step(
            f"{OUTAGE}maintenance", "markMaintenance", params={"room_number": "{beside_room_number}"}, body={"priority": "LOW"},
        ),
        Step(f"{OUTAGE}check-in", "checkIn"),
        Step(f"{OUTAGE}check-out", "checkOut"),
    )  # fmt: skip
    yield Scenario(name, "outage", (Wanted(READY), _BESIDE), (Outage(calls, f"{seed}/{name}"),))
