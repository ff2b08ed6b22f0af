"""Free text that operations append to: newest line last, bounded, so that an event never outgrows its 10 KB."""

from __future__ import annotations

NOTES_LIMIT = 1000
"""Characters kept; older lines go first (clause events/payload/size)."""


def appended(notes: str | None, line: str) -> str:
    """`notes` with one more line; the oldest lines are dropped beyond NOTES_LIMIT, a single long line is cut."""
    lines = [*(notes.splitlines() if notes else []), " ".join(line.split())[:NOTES_LIMIT]]
    while len(lines) > 1 and sum(map(len, lines)) + len(lines) - 1 > NOTES_LIMIT:
        del lines[0]
    return "\n".join(lines)
