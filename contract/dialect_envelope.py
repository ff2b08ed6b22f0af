"""The envelope of events in other words: its keys, its categories, and where the payload stands.

A key the dialect sets to null or false is one the backend never sends, because something else says it: `event_type` and `type` say
each other, or the name of the event says both; the name also says the category. Everything else that is not sent is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract.dialect_fields import KEPT, DialectError, Shape
from contract.events import EventKind

_KEYS = ("category", "event_type", "type", "payload", "meta")


@dataclass(frozen=True, slots=True)
class EnvelopeWords:
    """What the keys of the envelope are called on the wire; None is not sent. `payload` None: its fields stand at the root."""

    category: str | None = "category"
    event_type: str | None = "event_type"
    type: str | None = "type"
    payload: str | None = "payload"
    meta: str = "meta"
    event_id: str = "event_id"
    ts: str = "ts"
    categories: Mapping[str, str] = field(default_factory=dict)
    """Event name -> category on the wire."""

    def __post_init__(self) -> None:
        """DialectError when two keys share a name; only `event_type` and `type`, which are equal, may."""
        names = [self.category, self.payload, self.meta, *{self.event_type, self.type}]
        given = [name for name in names if name is not None]
        if len(set(given)) != len(given):
            raise DialectError(f"envelope: two keys have the same name among {', '.join(sorted(given))}")
        meta = [self.event_id, self.ts, "hotel_slug", "scope"]
        if len(set(meta)) != len(meta):
            raise DialectError(
                f"envelope: two keys of meta have the same name among {', '.join(sorted(meta))}"
            )

    @property
    def plain(self) -> bool:
        """Whether the words are the contract's own."""
        return self == EnvelopeWords()

    def check_root(self, kind: EventKind, payload_names: set[str]) -> None:
        """DialectError when the payload stands at the root and one of its fields has the name of an envelope key."""
        if self.payload is None:
            clash = payload_names & {getattr(self, key) for key in _KEYS}
            if clash:
                raise DialectError(
                    f"envelope: the payload of {kind.name} stands at the root, where {min(clash)!r} is a key of the envelope"
                )

    def to_wire(
        self, kind: EventKind | None, name: str, wire_name: str, data: Any, shape: Shape | None
    ) -> Any:
        """The envelope of the event `name`, which is `wire_name` on the wire, as the backend sends it.

        `kind` is what `name` is on its channel, if it is an event there; another category than its own is not translated.
        """
        if not isinstance(data, Mapping):
            return data
        out: dict[str, Any] = {}
        for key, value in data.items():
            said = value
            if key == "payload":
                said = shape.to_wire(value) if shape is not None else value
                if self.payload is None and isinstance(said, Mapping):
                    out.update(said)
                    continue
            elif key == "meta":
                said = self._meta.to_wire(value)
            elif key == "category":
                if kind is not None and value == kind.category:
                    said = self.categories.get(name, value)
            elif key in ("event_type", "type"):
                said = wire_name if value == name else value
            wire = getattr(self, key) if key in _KEYS else key
            if wire is not None:
                out[wire] = said
        return out

    def to_canonical(
        self, kind: EventKind | None, name: str, wire_name: str, data: Any, shape: Shape | None
    ) -> Any:
        """The envelope in the contract's words. `kind` is the event that `name` is on its channel, if it is one."""
        if not isinstance(data, Mapping):
            return data
        words = {key: getattr(self, key) for key in _KEYS}
        out = {key: data[wire] for key, wire in words.items() if wire is not None and wire in data}
        rest = {key: value for key, value in data.items() if key not in words.values()}
        for key in ("event_type", "type"):
            if key in out and out[key] == wire_name:
                out[key] = name
        self._say_unsent(kind, name, out)
        if (
            kind is not None
            and "category" in out
            and out["category"] == self.categories.get(name, kind.category)
        ):
            out["category"] = kind.category
        if "meta" in out:
            out["meta"] = self._meta.to_canonical(out["meta"])
        if self.payload is None and rest:
            out["payload"], rest = rest, {}
        if "payload" in out and shape is not None:
            out["payload"] = shape.to_canonical(out["payload"])
        return {**out, **{KEPT + key if key in _KEYS else key: value for key, value in rest.items()}}

    def _say_unsent(self, kind: EventKind | None, name: str, out: dict[str, Any]) -> None:
        if self.category is None and kind is not None:
            out["category"] = kind.category
        if self.event_type is None and self.type is None:
            out["event_type"] = out["type"] = name
        elif self.event_type is None and "type" in out:
            out["event_type"] = out["type"]
        elif self.type is None and "event_type" in out:
            out["type"] = out["event_type"]

    @property
    def _meta(self) -> Shape:
        names = {"event_id": self.event_id, "ts": self.ts}
        return Shape({name: (wire,) for name, wire in names.items() if name != wire})
