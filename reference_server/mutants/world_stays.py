"""Lies of check-in and check-out about what they do to the hotel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reference_server.mutants.mutant import mutant
from simulator.draft import Draft
from simulator.world import Room


@mutant("check-in-leaves-room-vacant", "check-in/room/occupied", "simulator.stays:rooms.set_room_status")
def _(original: Any) -> Any:
    """Check-in sets the room's status and forgets its is_occupied."""

    def lie(draft: Draft, room: Room, to_status: str, **how: Any) -> None:
        vacant = to_status == "OCCUPIED"
        original(draft, replace(room, is_occupied=False) if vacant else room, to_status, **how)

    return lie


@mutant("check-out-keeps-tokens", "check-out/tokens/revoked", "simulator.stays:tokens.revoke")
def _(original: Any) -> Any:
    """Check-out revokes no guest token."""

    def lie(draft: Draft, booking: Any, reason: str) -> None:
        if reason != "checked out":
            original(draft, booking, reason)

    return lie
