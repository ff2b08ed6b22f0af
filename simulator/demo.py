"""The demo hotel: the scenario `demo`, the day a server begins with when it is told nothing."""

from __future__ import annotations

from datetime import datetime

from simulator.scenario_files import built_in
from simulator.scenario_world import Built, build
from simulator.world import Row


def demo_world(now: datetime) -> tuple[Row, ...]:
    """The rows of the demo at `now` (a time with a zone)."""
    return demo(now).rows


def demo(now: datetime) -> Built:
    """The demo at `now`: hotels `grand-demo` (id 1) and `other-demo` (id 2)."""
    return build(built_in("demo"), now)
