"""Fences: harmless operations whose events flush the channels, so that what is missing after them is missing.

A booking is given a room and loses it, for the staff channel; a dirty room begins to be cleaned and is put back, for the rooms
channel. One fence is under way at a time and serves everybody who asked before it began. A guest channel has no fence of
its own; that something came in at the observer after the operation has to do.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

from conformance_tests.http_client import Call, HttpClient
from conformance_tests.recorder import Fits, Heard, Key, Recorder
from conformance_tests.settle import Settler, Sight
from conformance_tests.watching import FENCE
from contract.channels import ChannelKind, parse_channel, rooms_channel, staff_channel

_GATHER = 0.02
"""Seconds a fence waits for company before it begins."""


class Fences:
    """Makes fences on the bindings of the state `fence`, as the manager."""

    def __init__(
        self,
        client: HttpClient,
        recorder: Recorder,
        settler: Settler,
        sight: Sight,
        bindings: Mapping[str, Any],
    ) -> None:
        self._client, self._recorder, self._settler, self._sight = client, recorder, settler, sight
        self._bindings = bindings
        self._waiting: list[asyncio.Future[None]] = []
        self._wanted = asyncio.Event()
        self._assigned = self._cleaning = False
        self._used: set[tuple[str, str]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def passed(self) -> None:
        """Until a fence that began after now has ended, well or not; its mark in the history says which."""
        if self._task is None or self._task.done():
            return
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self._wanted.set()
        await waiting

    async def _work(self) -> None:
        try:
            while True:
                await self._wanted.wait()
                await asyncio.sleep(_GATHER)
                self._wanted.clear()
                served, self._waiting = self._waiting, []
                try:
                    await self._fence()
                finally:
                    _release(served)
        finally:
            _release(self._waiting)

    async def _fence(self) -> None:
        if self._client.is_lost:
            return
        begun = self._recorder.now()
        wanted = self._keys()
        expectation = self._settler.expect(wanted, FENCE, self._fits())
        refused = [told for told in await asyncio.gather(self._toggle_room(), self._toggle_status()) if told]
        missing = frozenset(await self._settler.settled(expectation))
        fields: dict[str, Any] = {
            "begun": begun,
            "ended": self._recorder.now(),
            "arrived": _by_observer(key for key in wanted if key not in missing),
        }
        lacking = _by_observer(missing)
        text = [
            *refused,
            *(f"Nothing came in at {name} on {', '.join(kinds)}." for name, kinds in lacking.items()),
        ]
        self._recorder.mark("fence", fence=fields, **({"text": " ".join(text)} if text else {}))

    def _keys(self) -> list[Key]:
        found: list[Key] = []
        for observer, kinds in self._sight.items():
            if "staff" in kinds:
                channel = staff_channel(self._bindings["hotel_id"])
                found.append((observer, channel, "booking_updated", str(self._bindings["booking_id"])))
            if "rooms" in kinds:
                channel = rooms_channel(self._bindings["hotel_slug"])
                found.append((observer, channel, "room_updated", str(self._bindings["room_number"])))
        return found

    def _fits(self) -> Fits:
        """Whether an event is of this fence: says what it toggles to, if anything, and paid for no earlier one."""
        toggled = {
            "room_number": None if self._assigned else self._bindings["free_room_number"],
            "room_status": "CHECKOUT_DIRTY" if self._cleaning else "CLEANING_IN_PROGRESS",
        }

        def fits(heard: Heard) -> bool:
            data = heard.data if isinstance(heard.data, dict) else {}
            payload = data.get("payload") or {}
            event = (heard.observer, str((data.get("meta") or {}).get("event_id")))
            field = "room_status" if heard.name == "room_updated" else "room_number"
            if event in self._used or (field in payload and payload[field] != toggled[field]):
                return False
            self._used.add(event)
            return True

        return fits

    async def _toggle_room(self) -> str | None:
        if self._assigned:
            told = await self._make("unassignRoom", None)
        else:
            told = await self._make("assignRoom", {"room_id": self._bindings["free_room_id"]})
        if told is None:
            self._assigned = not self._assigned
        return told

    async def _toggle_status(self) -> str | None:
        to_status = "CHECKOUT_DIRTY" if self._cleaning else "CLEANING_IN_PROGRESS"
        told = await self._make("setRoomStatus", {"to_status": to_status})
        if told is None:
            self._cleaning = not self._cleaning
        return told

    async def _make(self, operation: str, body: Mapping[str, Any] | None) -> str | None:
        """None, or what went wrong."""
        names = ("hotel_slug", "room_id") if operation == "setRoomStatus" else ("hotel_slug", "booking_id")
        params = {name: self._bindings[name] for name in names}
        answer = await self._client.make(Call(operation, "manager", params, body, scenario=FENCE))
        return (
            None if answer.ok else f"{operation} of the fence was answered {answer.status or answer.reason}."
        )


def _release(waiting: list[asyncio.Future[None]]) -> None:
    for future in waiting:
        if not future.done():
            future.set_result(None)


def _by_observer(keys: Any) -> dict[str, list[ChannelKind]]:
    found: dict[str, list[ChannelKind]] = {}
    for observer, channel, _, _ in keys:
        parsed = parse_channel(channel)
        if parsed is not None:
            found.setdefault(observer, []).append(parsed.kind)
    return {observer: sorted(kinds) for observer, kinds in sorted(found.items())}
