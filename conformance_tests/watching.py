"""What happens when an event comes in: it is recorded, and the state it announces is read at once, as a client would."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from conformance_tests.outage import Mode, Outage
from conformance_tests.probing import Ask, Prober, Seen, ask_for
from conformance_tests.recorder import Heard, Recorder
from conformance_tests.wire import Wire
from contract.channels import parse_channel
from contract.formats import is_timestamp
from contract.timestamps import parse_timestamp

FENCE = "fence"
"""The name under which the fence's own calls are recorded."""
_OF_A_STAY = ("OCCUPIED", "CHECKOUT_DIRTY")
"""The room status after a check-in and a check-out, whose audit row is read when their event arrives."""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


_STALE = 0.25
"""Seconds between the event and its arrival from which on the backend has a backlog (or another clock)."""


def _is_fresh(data: Any) -> bool:
    ts = _mapping(_mapping(data).get("meta")).get("ts")
    when = parse_timestamp(ts) if isinstance(ts, str) and is_timestamp(ts) else None
    return when is None or abs((datetime.now(UTC) - when).total_seconds()) < _STALE


class Watch:
    """The hearer of all observers of a run."""

    def __init__(self, recorder: Recorder, wire: Wire, prober: Prober) -> None:
        self._recorder, self._wire, self._prober = recorder, wire, prober
        self._owners: dict[tuple[str, str, str], str] = {}
        self._hotels: dict[str, str] = {}
        self._reads: set[asyncio.Task[None]] = set()
        self._over = False
        self.outage: Outage | None = None
        """What the sink does not take at the moment."""

    def own(self, scenario: str, bindings: Mapping[str, Any]) -> None:
        """Events about these bookings and rooms belong to the scenario from now on."""
        slug = str(bindings.get("hotel_slug", ""))
        for name in ("booking_id", "other_booking_id", "third_booking_id"):
            if name in bindings:
                self._owners["booking", "", str(bindings[name])] = scenario
                self._hotels[str(bindings[name])] = slug
        for name in ("room_number", "free_room_number"):
            if name in bindings:
                self._owners["room", slug, str(bindings[name])] = scenario

    def heard(
        self, observer: str, channel: str, name: str, data: Any, *, size: int, connection: int | None = None
    ) -> asyncio.Task[None] | None:
        """Record an event (names as on the wire), and start the read it causes.

        The read is answered while the event is fresh: a backend that is behind already is not held up by it.
        """
        if self._over:
            return None
        channel, name, data = self._wire.event(channel, name, data)
        payload = _mapping(_mapping(data).get("payload"))
        self._learn_token(data)
        about = self._about(channel, name, data)
        heard = self._recorder.event(
            observer, channel, name, data, about=about, size=size, connection=connection
        )
        asks, scenario = self._questions(channel, about)
        if not asks or scenario in (None, FENCE):
            return None
        room_id = payload.get("room_id")
        if name == "room_updated" and payload.get("room_status") in _OF_A_STAY:
            trail = ask_for("audit", {**asks[0].subject, "room_id": room_id})
            asks += [trail] if trail is not None and isinstance(room_id, int) else []
        read = asyncio.create_task(self._read(heard, asks, str(scenario)))
        self._reads.add(read)
        read.add_done_callback(self._reads.discard)
        return read if _is_fresh(data) else None

    def noticed(
        self, observer: str, text: str, *, since: float | None = None, until: float | None = None
    ) -> None:
        """Something about the observer itself."""
        if not self._over:
            self._recorder.mark("observer", observer=observer, text=text, since=since, until=until)

    def now(self) -> float:
        """Seconds since the run began."""
        return self._recorder.now()

    def refuses(self, observer: str, told: Sequence[tuple[str, str, Any]]) -> tuple[Outage, Mode] | None:
        """During an outage: how a request is refused that has a trigger about the outage's scenario, recorded as such."""
        outage = self.outage
        if outage is None or self._over:
            return None
        ours = []
        for wire_channel, wire_name, wire_data in told:
            channel, name, data = self._wire.event(wire_channel, wire_name, wire_data)
            self._learn_token(data)
            if self._owner(channel, self._about(channel, name, data)) == outage.scenario:
                ours.append((channel, name, data))
        if not ours:
            return None
        mode = outage.mode()
        for channel, name, data in ours:
            refused = {"mode": mode, "channel": channel, "name": name, "data": data}
            self._recorder.mark("refused", scenario=outage.scenario, observer=observer, refused=refused)
        outage.refused(mode)
        return outage, mode

    async def end(self, within: float) -> None:
        """Hear nothing more, and let the reads under way come to an end; those that take longer are given up."""
        self._over = True
        if not self._reads:
            return
        _, late = await asyncio.wait(set(self._reads), timeout=within)
        for read in late:
            read.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _about(self, channel: str, name: str, data: Any) -> str:
        """The booking id or room number an event says it is about; empty when it says neither."""
        payload, meta = _mapping(_mapping(data).get("payload")), _mapping(_mapping(data).get("meta"))
        scope = _mapping(meta.get("scope"))
        parsed = parse_channel(channel)
        if parsed is not None and parsed.kind == "guest":
            return parsed.key
        is_room = parsed.kind == "rooms" if parsed is not None else name.startswith("room_")
        field = "room_number" if is_room else "booking_id"
        value = payload.get(field, scope.get(field))
        return "" if value is None else str(value)

    def _learn_token(self, data: Any) -> None:
        token = _mapping(_mapping(data).get("payload")).get("guest_token")
        if isinstance(token, str):
            self._recorder.redactor.add(token)

    def _owner(self, channel: str, about: str) -> str | None:
        """The scenario that was arranged with what an event is about."""
        parsed = parse_channel(channel)
        if parsed is None or not about:
            return None
        is_room = parsed.kind == "rooms"
        return self._owners.get(("room", parsed.key, about) if is_room else ("booking", "", about))

    def _questions(self, channel: str, about: str) -> tuple[list[Ask], str | None]:
        """What to read because of an event, and whose it is. Only what a scenario owns is read."""
        parsed, scenario = parse_channel(channel), self._owner(channel, about)
        if parsed is None or scenario is None:
            return [], None
        if parsed.kind == "rooms":
            number = int(about) if about.isdigit() else None
            return _asks("room", {"hotel_slug": parsed.key, "room_number": number}), scenario
        return _asks("booking", {"hotel_slug": self._hotels.get(about), "booking_id": about}), scenario

    async def _read(self, heard: Heard, asks: list[Ask], scenario: str) -> None:
        for seen in await asyncio.gather(*(self._prober.look_publicly(ask) for ask in asks)):
            write_probe(self._recorder, seen, scenario=scenario, when="event", event=heard.seq)


def _asks(probe: str, bindings: Mapping[str, Any]) -> list[Ask]:
    ask = ask_for(probe, bindings)
    return [] if ask is None else [ask]


def write_probe(
    recorder: Recorder,
    seen: Seen,
    *,
    scenario: str,
    when: str,
    call: str | None = None,
    event: int | None = None,
) -> None:
    """One probe line."""
    found = {"state": seen.state} if seen.missing is None else {"missing": seen.missing}
    recorder.probe(
        probe=seen.ask.probe,
        scenario=scenario,
        subject=dict(seen.ask.subject),
        when=when,
        begun=seen.begun,
        call=call,
        event=event,
        **found,
    )
