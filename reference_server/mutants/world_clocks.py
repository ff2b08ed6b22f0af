"""Lies about what time it is: all times agree with each other, and none with the clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from reference_server.mutants.mutant import mutant


@mutant("clock-is-an-hour-ahead", "effects/times", "reference_server.clock:Clock.now")
def _(original: Any) -> Any:
    """The server takes its local time, an hour ahead, for UTC."""

    def now(self: Any) -> datetime:
        moment: datetime = original(self)
        return moment + timedelta(hours=1)

    return now


@mutant(
    "local-time-is-said-to-be-utc",
    "effects/times",
    "contract.events:format_timestamp",
    *(f"simulator.{name}:timestamp" for name in ("wire", "views", "room_views", "booking_views")),
)
def _(original: Any) -> Any:
    """Every time on the wire is that of a zone five and a half hours behind, with the offset of UTC."""
    return lambda moment: original(moment - timedelta(hours=5, minutes=30))
