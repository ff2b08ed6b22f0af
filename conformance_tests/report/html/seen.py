"""A line of a history as a picture needs it: short, and without what is only read in the file itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance_tests.cutting import Key, event_of, keys_of_bindings, keys_of_event, render_line
from conformance_tests.entries import mapping

LONGEST_JSON = 6000
"""Characters of a witness line that a report shows; the file has the rest."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One line. `begun` and `t` are seconds since the run began, equal but for what took time (a read, a fence).

    `name` is the operation, event, probe or mark; `call` ties a reply to its call and a read to what it was made for.
    """

    seq: int
    kind: str
    """As in the history; a trigger that was refused is a `refused` and no `mark`."""
    t: float
    begun: float
    name: str
    words: str
    scenario: str | None = None
    call: str | None = None
    actor: str = ""
    when: str = ""
    event: int | None = None
    channel: str = ""
    observer: str = ""
    status: int | None = None
    json: str | None = None
    """The line itself, in indented JSON; for witnesses only."""

    @property
    def group(self) -> tuple[Any, ...] | None:
        """Reads that were made together for one thing have this in common; None for what is no read."""
        return (self.call, self.when, self.event) if self.kind == "probe" else None


_OUTAGE = {
    "down": "outage: from here on the suite's Pusher endpoint refuses events",
    "up": "outage: it takes everything again",
    "waited": "outage: what it had refused has come in, or was waited for",
}


def seen(line: Mapping[str, Any], *, witness: bool) -> Seen:
    """A line of the history, of any kind, in short."""
    kind, t = line["kind"], float(line["t"])
    refused = mapping(line.get("refused"))
    begun, name = t, kind
    match kind:
        case "call":
            name = line["operation"]
        case "event":
            name = line["name"]
        case "probe":
            name, begun = line["probe"], float(line["begun"])
        case "mark":
            name = line["mark"] if not refused else str(refused.get("name", "refused"))
            if name == "outage":
                name = f"outage: {mapping(line.get('outage')).get('state')}"
            since = mapping(line.get("fence")).get("begun")
            begun = float(since) if isinstance(since, int | float) else t
    return Seen(
        line["seq"], "refused" if refused else kind, t, min(begun, t), name, _words(line), line.get("scenario"), line.get("call"),
        line.get("actor", ""), line.get("when", ""), line.get("event") if kind == "probe" else None,
        line.get("channel", refused.get("channel", "")), line.get("observer", ""), line.get("status"), _json(line) if witness else None,
    )  # fmt: skip


def _words(line: Mapping[str, Any]) -> str:
    """What a report says of the line elsewhere too, without the time, which a picture counts from its own start."""
    told = render_line(line).partition(" ")[2]
    if line["kind"] != "mark":
        return told
    if line["mark"] == "arranged":
        return f"arranged: {line.get('state', '')}"
    if line["mark"] == "outage":
        return _OUTAGE.get(mapping(line.get("outage")).get("state", ""), told)
    if line["mark"] == "fence":
        arrived = mapping(mapping(line.get("fence")).get("arrived"))
        there = "; ".join(
            f"{', '.join(map(str, kinds))} at {name}" for name, kinds in sorted(arrived.items()) if kinds
        )
        return "fence, a harmless operation: its events " + (
            f"came in on {there}" if there else "did not come in"
        )
    return told


def _json(line: Mapping[str, Any]) -> str:
    text = json.dumps(line, indent=1, ensure_ascii=False)
    if len(text) <= LONGEST_JSON:
        return text
    return f"{text[:LONGEST_JSON]}\n... and {len(text) - LONGEST_JSON} more characters, in line {line['seq']} of the history"


def keys_of(line: Mapping[str, Any]) -> tuple[Key, ...]:
    """The bookings and rooms a line is about."""
    match line["kind"]:
        case "event":
            return keys_of_event(event_of(line))
        case "call":
            return tuple(sorted(keys_of_bindings(mapping(line.get("params")))))
        case "probe":
            return tuple(sorted(keys_of_bindings(mapping(line.get("subject")))))
        case "mark" if line["mark"] == "arranged":
            return tuple(sorted(keys_of_bindings(mapping(line.get("bindings")))))
    return ()
