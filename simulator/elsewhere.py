"""Who stays in the other hotel, whatever the scenario: somebody in house, and an arrival."""

from __future__ import annotations

from simulator.scenario import Stay

OTHER_STAYS = (
    Stay(
        "",
        ("Beatriz Sousa", "Rui Sousa"),
        arrives=-1,
        nights=2,
        room=11,
        phase="in_house",
        adults=2,
        orders=("BREAKFAST",),
    ),
    Stay("", ("Martin Keller", "Julia Keller"), arrives=0, nights=2, room=12, adults=2),
)
