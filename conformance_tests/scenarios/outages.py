"""A stay and the beginning of the cleaning while the Pusher endpoint is down: the operations succeed, and their events come when it is up again."""

from __future__ import annotations

from collections.abc import Iterable

from conformance_tests.episode import OUTAGE
from conformance_tests.refusals import READY
from conformance_tests.scenarios.scenario import Outage, Scenario, Step, Wanted


def outages(seed: int) -> Iterable[Scenario]:
    """A check-in, the check-out after it and the cleaning after that, all while the sink refuses their events."""
    name = f"{OUTAGE}stay"
    calls = (
        Step(f"{OUTAGE}check-in", "checkIn"),
        Step(f"{OUTAGE}check-out", "checkOut"),
        Step(f"{OUTAGE}cleaning", "startCleaning", actor="housekeeping"),
    )
    yield Scenario(name, "outage", (Wanted(READY),), (Outage(calls, f"{seed}/{name}"),))
