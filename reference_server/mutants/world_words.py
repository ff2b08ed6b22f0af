"""Lies about what people write: cut, folded, or not taken as written."""

from __future__ import annotations

import unicodedata
from typing import Any

from reference_server.mutants.mutant import mutant

_SERVICE = "simulator.rooms:set_room_status"


@mutant("note-is-cut-at-fifty", "housekeeping/audit-source", _SERVICE)
def _(original: Any) -> Any:
    """The note of an audit row is cut at fifty characters, as wide as its column."""

    def lie(draft: Any, room: Any, to_status: str, *, note: str | None, **how: Any) -> Any:
        return original(draft, room, to_status, note=note and note[:50], **how)

    return lie


@mutant("note-loses-accents", "housekeeping/audit-source", _SERVICE)
def _(original: Any) -> Any:
    """The note of an audit row loses what is not ASCII."""

    def lie(draft: Any, room: Any, to_status: str, *, note: str | None, **how: Any) -> Any:
        plain = note and unicodedata.normalize("NFKD", note).encode("ascii", "ignore").decode()
        return original(draft, room, to_status, note=plain, **how)

    return lie
