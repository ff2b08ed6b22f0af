"""A tape recorder for hand-written histories: each method appends canonical lines, `edit` functions spoil them.

tape = Tape()
tape.arranged("stay", "booking ready for check-in", STAY_BINDINGS)
with tape.call("stay", "check-in/happy", "checkIn", ...) ...
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from typing import Any

from tests.histories.facts import BOOKING, HOTEL_ID, SLUG, guest_view

Line = dict[str, Any]
Edit = Callable[["Tape"], None]
PROBES = ("booking", "room", "audit", "guests", "tokens", "cleanup", "device", "failures")
_STEP = 0.01


def wall(t: float) -> str:
    return f"2026-11-22T15:04:{5 + int(t) % 50:02d}.{int(t * 1e6) % 1_000_000:06d}Z"


class Tape:
    """Lines in order. `seq` and `t` are given when the tape is rendered, so that edits may drop and insert lines."""

    def __init__(self, *, observers: Iterable[str] = ("sink",), probes: Iterable[str] = PROBES) -> None:
        self.lines: list[Line] = []
        self._calls = 0
        self._events = 0
        kinds = ["rooms", "staff", "guest"]
        self.lines.append(
            {
                "kind": "header",
                "history": 1,
                "contract": "1.0.0",
                "run": "run-1",
                "seed": 1,
                "target": {"name": "by hand", "url": "http://127.0.0.1:1"},
                "dialect": None,
                "patience": 0.2,
                "capabilities": {
                    "observers": list(observers),
                    "channels": {name: list(kinds) for name in observers},
                    "probes": list(probes),
                    "states": [],
                    "actors": ["manager", "front_desk", "housekeeping", "outsider"],
                },
            }
        )

    # --- recording

    def arranged(self, scenario: str, state: str, bindings: Line, **params: Any) -> None:
        self.lines.append(
            {"kind": "mark", "mark": "arranged", "scenario": scenario, "state": state, "params": params,
             "bindings": dict(bindings)}
        )  # fmt: skip

    def call(
        self, scenario: str, case: str, operation: str, *, status: int | None = 200, reply: Any = None,
        before: Line | None = None, after: Line | None = None, events: Iterable[Line] = (), actor: str = "front_desk",
        body: Any = None, reads: Line | None = None, settle: bool = True, content_type: str = "application/json",
        at_answer: Line | None = None, beside: tuple[Line, Line] | None = None, **params: Any,
    ) -> str:  # fmt: skip
        """One call: snapshots before, the call, its reply, its events (each read at once), a fence, snapshots after.

        Snapshots are `{probe: state}`; a room or audit state is `{room_id: state}`. `reads` are the states a read at an event
        shows: `{"room": {room_id: Room}, "booking": BookingDetail}`; by default those after the call. `at_answer` are the states
        read as soon as the answer was in; `beside` those before and after the call of a booking and a room it is not about.
        """
        self._calls += 1
        call_id = f"c{self._calls}"
        self._snapshot(scenario, "before", call_id, before)
        self._snapshot(scenario, "before", call_id, beside and beside[0])
        line = {"kind": "call", "call": call_id, "operation": operation, "scenario": scenario, "case": case,
                "actor": actor, "params": params, "method": "POST", "path": "/"}  # fmt: skip
        self.lines.append(line if body is None else line | {"body": body})
        answer = {"kind": "reply", "call": call_id, "outcome": "indeterminate", "reason": "timed out"}
        if status is not None:
            answer = {"kind": "reply", "call": call_id, "outcome": "replied", "status": status,
                      "content_type": content_type, "body": reply}  # fmt: skip
        self.lines.append(answer)
        self._snapshot(scenario, "answer", call_id, at_answer)
        shown = reads if reads is not None else (after or {})
        for event in events:
            self.lines.append(event)
            self._read(scenario, event, shown)
        if settle:
            self.fence()
        self._snapshot(scenario, "after", call_id, after)
        self._snapshot(scenario, "after", call_id, beside and beside[1])
        return call_id

    def fence(self, observers: Iterable[str] | None = None) -> None:
        names = self.lines[0]["capabilities"]["observers"] if observers is None else list(observers)
        self.lines.append(
            {
                "kind": "mark",
                "mark": "fence",
                "fence": {"arrived": {name: ["rooms", "staff"] for name in names}},
            }
        )

    def _snapshot(self, scenario: str, when: str, call_id: str, states: Line | None) -> None:
        about = (states or {}).get("booking", {"booking_id": BOOKING})["booking_id"]
        for name, state in (states or {}).items():
            per_room = state if name in ("room", "audit", "device") else {None: state}
            for room_id, one in per_room.items():
                subject: Line = {"hotel_slug": SLUG}
                if room_id is not None:
                    subject["room_number" if name == "room" else "room_id"] = (
                        one["room_number"] if name == "room" else room_id
                    )
                if name == "booking":
                    subject["booking_id"] = one["booking_id"]
                elif name in ("guests", "tokens", "cleanup", "failures"):
                    subject["booking_id"] = about
                self.lines.append(
                    {"kind": "probe", "probe": name, "scenario": scenario, "subject": subject, "when": when,
                     "call": call_id, "state": copy.deepcopy(one)}
                )  # fmt: skip

    def _read(self, scenario: str, event: Line, shown: Line) -> None:
        if event["name"] == "room_updated" and event["data"]["payload"]["room_id"] in shown.get("audit", {}):
            room_id = event["data"]["payload"]["room_id"]
            self.lines.append(
                {"kind": "probe", "probe": "audit", "scenario": scenario, "when": "event", "event": event,
                 "subject": {"hotel_slug": SLUG, "room_id": room_id}, "state": copy.deepcopy(shown["audit"][room_id])}
            )  # fmt: skip
        if event["channel"].endswith(".rooms"):
            state = shown.get("room", {}).get(event["data"]["payload"]["room_id"])
            name, subject = (
                "room",
                {"hotel_slug": SLUG, "room_number": event["data"]["payload"]["room_number"]},
            )
        else:
            state, name = shown.get("booking"), "booking"
            subject = {"hotel_slug": SLUG, "booking_id": BOOKING}
        if state is not None:
            self.lines.append(
                {"kind": "probe", "probe": name, "scenario": scenario, "subject": subject, "when": "event",
                 "event": event, "state": copy.deepcopy(state)}
            )  # fmt: skip

    def event(self, kind: str, name: str, payload: Line, *, observer: str = "sink") -> Line:
        """An event line, not yet on the tape. Its id is new, its ts the time it is rendered at."""
        self._events += 1
        channel = {
            "rooms": f"{SLUG}.rooms",
            "staff": f"staff-hotel-{HOTEL_ID}",
            "guest": f"private-guest-booking.{payload.get('booking_id')}",
        }[kind]
        scope = (
            {"room_id": payload["room_id"], "room_number": payload["room_number"]}
            if kind == "rooms"
            else {"booking_id": payload["booking_id"]}
        )
        data = {
            "category": "rooms" if kind == "rooms" else "room_booking",
            "event_type": name,
            "type": name,
            "payload": copy.deepcopy(payload),
            "meta": {"event_id": f"event-{self._events:04d}", "hotel_slug": SLUG, "ts": None, "scope": scope},
        }
        return {
            "kind": "event",
            "observer": observer,
            "channel": channel,
            "name": name,
            "data": data,
            "size": 2048,
        }

    def ended(self, *, complete: bool = True) -> None:
        """The run is over; `complete` when nothing was under way any more."""
        self.lines.append({"kind": "mark", "mark": "run-end", "complete": complete})

    # --- finding and spoiling

    def calls(self, case: str) -> Line:
        """The first call line of a case."""
        return next(line for line in self.lines if line["kind"] == "call" and line.get("case") == case)

    def reply(self, case: str) -> Line:
        """The reply line to the first call of a case."""
        call = self.calls(case)["call"]
        return next(line for line in self.lines if line["kind"] == "reply" and line["call"] == call)

    def state(self, case: str, when: str, probe: str, position: int = 0) -> Any:
        """The state of a snapshot around the first call of a case; change it in place."""
        return self.probe(case, when, probe, position)["state"]

    def probe(self, case: str, when: str, probe: str, position: int = 0) -> Line:
        call = self.calls(case)["call"]
        found = [
            line
            for line in self.lines
            if line["kind"] == "probe"
            and line["when"] == when
            and line["probe"] == probe
            and line.get("call") == call
        ]
        return found[position]

    def events(self, name: str, kind: str | None = None) -> list[Line]:
        """Event lines by name, and by kind of channel."""
        ends = {"rooms": ".rooms", "staff": f"staff-hotel-{HOTEL_ID}"}
        return [
            line
            for line in self.lines
            if line["kind"] == "event"
            and line["name"] == name
            and (
                kind is None
                or (kind == "guest" and line["channel"].startswith("private-"))
                or (kind in ends and line["channel"].endswith(ends[kind]))
            )
        ]

    def payload(self, name: str, kind: str, position: int = 0) -> Line:
        found: Line = self.events(name, kind)[position]["data"]["payload"]
        return found

    def drop(self, line: Line) -> None:
        """Take a line away, with the reads it caused."""
        self.lines = [one for one in self.lines if one is not line and one.get("event") is not line]

    def insert_after(self, anchor: Line, line: Line) -> None:
        position = next(index for index, one in enumerate(self.lines) if one is anchor)
        self.lines.insert(position + 1, line)

    def again(self, line: Line, **meta: Any) -> Line:
        """A copy of an event right after it, with other meta fields."""
        copied = copy.deepcopy(line)
        copied["data"]["meta"].update(meta)
        self.insert_after(line, copied)
        return copied

    # --- rendering

    def text(self) -> list[str]:
        """The lines as JSON, numbered and timed."""
        seqs = {id(line): position for position, line in enumerate(self.lines)}
        return [json.dumps(self._numbered(line, seqs)) for line in self.lines]

    def _numbered(self, line: Line, seqs: dict[int, int]) -> Line:
        seq = seqs[id(line)]
        t = round(seq * _STEP, 6)
        timed = {"seq": seq, "t": t, "wall": wall(t)} | dict(line.items())
        if line["kind"] == "event" and isinstance(line["data"], dict):
            data = copy.deepcopy(line["data"])
            if isinstance(data.get("meta"), dict) and "ts" in data["meta"] and data["meta"]["ts"] is None:
                data["meta"]["ts"] = wall(t)
            timed["data"] = data
        if line["kind"] == "probe":
            timed["begun"] = t - _STEP / 2
            if isinstance(line.get("event"), dict):
                timed["event"] = seqs[id(line["event"])]
        if line.get("mark") == "fence":
            timed["fence"] = {"begun": t - _STEP / 2, "ended": t} | line["fence"]
        return timed


# --- the events of the contract, as the operations owe them


def transition(start: str, end: str, at: str) -> Line:
    return {"from": start, "to": end, "at": at}


def room_updated(tape: Tape, room: Line, *fields: str) -> Line:
    return tape.event("rooms", "room_updated", room | {"changed_fields": sorted(fields)})


def occupancy(tape: Tape, room: Line, booking: Line | None, *fields: str) -> Line:
    names = ("room_id", "room_number", "room_status", "is_occupied", "is_out_of_order", "maintenance_required",
             "room_type", "max_occupancy", "guests_in_room")  # fmt: skip
    payload = {name: room[name] for name in names}
    payload |= {
        "current_occupancy": len(room["guests_in_room"]),
        "current_booking": booking,
        "changed_fields": sorted(fields),
    }
    return tape.event("rooms", "room_occupancy_updated", payload)


def staff(tape: Tape, name: str, booking: Line, step: Line) -> Line:
    return tape.event("staff", name, booking | {"transition": step})


def guest(tape: Tape, name: str, booking: Line, **fields: Any) -> Line:
    return tape.event("guest", name, guest_view(booking, **fields))
