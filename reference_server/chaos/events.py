"""A publisher around a publisher: between the outbox and the Pusher endpoint, things happen to events.

What no rule touches goes straight through, and the outbox keeps its guarantees for it. What is delayed, reordered or
duplicated is accepted and waits here, in memory and bounded, as in a network: it is delivered when the server stops or
the plan is replaced. During an outage nothing is accepted, and the outbox tries again.
"""

from __future__ import annotations

import asyncio

import structlog

from reference_server import tasks
from reference_server.chaos.choosing import Deed, Sighting
from reference_server.chaos.clients import Clients
from reference_server.chaos.engine import Chaos
from reference_server.chaos.lanes import Line, Waiting
from reference_server.realtime.publishers import Message, Publisher, PublishFailed

MOST_WAITING = 10_000
"""Messages that may wait on one channel; more are refused, and wait in the outbox."""

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 5.0
_MOST_OPEN = 1_000
_MOST_TOLD = 100

_log = structlog.get_logger("staycheck.chaos")


class ChaosPublisher:
    """A `Publisher`. `clients` are the connections behind it, when they are ours."""

    def __init__(self, inner: Publisher, chaos: Chaos, clients: Clients | None = None) -> None:
        self.name = inner.name
        self._inner, self._chaos, self._clients = inner, chaos, clients
        self._lines: dict[str, Line] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._woken: dict[str, asyncio.Event] = {}
        self._under_way: dict[str, Message] = {}  # by channel: out of its line, and not accepted yet
        self._open: dict[str, tuple[Deed, ...]] = {}  # by event_id: decided, and not taken yet
        self._cuts: dict[str, tuple[Deed, ...]] = {}  # by event_id: to be done when it is delivered
        self._down_until = 0.0
        chaos.on_release(self._release)

    async def publish(self, message: Message) -> None:
        """Hand it over as the plan says. Raises: `PublishFailed`, the endpoint's own or that of an outage."""
        if not self._chaos.about_events and not self._lines:
            await self._inner.publish(message)
            return
        deeds = self._decided(message)
        now = asyncio.get_running_loop().time()
        if now < self._down_until:
            raise PublishFailed(True, f"{self.name}: out of service by a chaos plan")
        cuts = tuple(deed for deed in deeds if deed.action in ("disconnect", "close"))
        drops = tuple(deed for deed in deeds if deed.action == "drop")
        waiting = _waiting(message, deeds, now)
        if drops:
            self._settle(message, drops)
            self._cut_off(message, cuts, "before")
            self._cut_off(message, cuts, "after")
        elif message.channel in self._lines or waiting != Waiting(message, now):
            self._enqueue(waiting)
            self._settle(message, deeds)
            self._cuts[message.event_id] = cuts  # when it is delivered, not now
        else:
            self._cut_off(message, cuts, "before")
            # and not again, should the endpoint refuse it now
            self._open[message.event_id] = tuple(d for d in deeds if d.settings.get("when") != "before")
            await self._inner.publish(message)
            self._settle(message, deeds)
            self._cut_off(message, cuts, "after")

    async def flush(self, grace: float) -> None:
        """Deliver what waits, without further ado, within `grace` seconds; the plan is out of force by then."""
        self._release()
        if not await self.delivered(grace):
            waiting = [message for line in self._lines.values() for message in line.messages()]
            lost = [message.event_id for message in (*self._under_way.values(), *waiting)]
            _log.error("chaos_events_lost", publisher=self.name, count=len(lost), event_ids=lost[:_MOST_TOLD])

    async def delivered(self, within: float) -> bool:
        """Whether all that was taken is delivered, copies too, after at most `within` seconds."""
        try:
            async with asyncio.timeout(within):
                while self._tasks:
                    await asyncio.wait(tuple(self._tasks.values()))
        except TimeoutError:
            pass
        return not self._tasks

    async def forget(self) -> None:
        """Deliver nothing of what waits: the hotel that it tells of is gone."""
        self._open.clear()
        self._cuts.clear()
        lanes = tuple(self._tasks.values())
        self._lines, self._tasks, self._woken, self._under_way = {}, {}, {}, {}
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)

    async def aclose(self) -> None:
        """End what is under way; then the publisher's own."""
        await self.forget()
        await self._inner.aclose()

    def _decided(self, message: Message) -> tuple[Deed, ...]:
        """What is to be done, decided once for a message however often the outbox tries."""
        deeds = self._open.get(message.event_id)
        if deeds is None:
            seen = Sighting(message.channel, message.event, via=self.name)
            deeds = self._chaos.meet(seen) if self._chaos.about_events else ()
            outages = [deed for deed in deeds if deed.action == "outage"]
            if outages:
                now = asyncio.get_running_loop().time()
                length = max(deed.settings["ms"] for deed in outages)
                self._down_until = max(self._down_until, now + length / 1000)
                for deed in outages:
                    self._note(message, deed)
            deeds = tuple(deed for deed in deeds if deed.action != "outage")
            while len(self._open) >= _MOST_OPEN:
                del self._open[next(iter(self._open))]
            self._open[message.event_id] = deeds
        return deeds

    def _settle(self, message: Message, deeds: tuple[Deed, ...]) -> None:
        """It was taken: what was done is noted, and the next of its id is another event."""
        self._open.pop(message.event_id, None)
        for deed in deeds:
            if deed.action not in ("disconnect", "close"):
                self._note(message, deed)

    def _cut_off(self, message: Message, cuts: tuple[Deed, ...], when: str) -> None:
        for deed in cuts:
            if deed.settings["when"] == when and self._clients is not None:
                channel = message.channel if deed.settings["clients"] == "subscribers" else None
                self._note(message, deed, self._clients.close(channel, deed.settings.get("code")))

    def _enqueue(self, waiting: Waiting) -> None:
        channel = waiting.message.channel
        line = self._lines.setdefault(channel, Line())
        if len(line) >= MOST_WAITING:
            raise PublishFailed(
                True, f"{self.name}: {MOST_WAITING} events of {channel} are held back already"
            )
        line.add(waiting)
        if channel in self._tasks:
            self._woken[channel].set()
        else:
            self._woken[channel] = asyncio.Event()
            self._tasks[channel] = tasks.start(self._drain(channel), f"chaos {self.name} {channel}")

    async def _drain(self, channel: str) -> None:
        line, woken, loop = self._lines[channel], self._woken[channel], asyncio.get_running_loop()
        try:
            while line:
                woken.clear()
                message = line.take(loop.time())
                if message is not None:
                    self._under_way[channel] = message
                    await self._deliver(message)
                    self._under_way.pop(channel, None)
                    continue
                at = line.next_at()
                try:
                    async with asyncio.timeout_at(at):
                        await woken.wait()
                except TimeoutError:
                    pass
        finally:
            # No await between the empty line and this, so nothing can be added unseen.
            if self._lines.get(channel) is line:
                del self._lines[channel], self._tasks[channel], self._woken[channel]

    async def _deliver(self, message: Message) -> None:
        """To the endpoint, which may be down in earnest: the outbox has forgotten this one, so it is tried again here."""
        pause = _FIRST_WAIT
        cuts = self._cuts.pop(message.event_id, ())  # a copy has none
        self._cut_off(message, cuts, "before")
        while True:
            try:
                await self._inner.publish(message)
            except PublishFailed as error:
                if not error.retryable:
                    _log.error("event_undeliverable", event_id=message.event_id, reason=error.reason)
                    return
                await asyncio.sleep(pause)
                pause = min(_LONGEST_WAIT, pause * 2)
            else:
                self._cut_off(message, cuts, "after")
                return

    def _release(self) -> None:
        self._down_until = 0.0
        self._open.clear()
        self._cuts.clear()
        for channel, line in self._lines.items():
            line.hurry()
            self._woken[channel].set()

    def _note(self, message: Message, deed: Deed, sockets: list[str] | None = None) -> None:
        settings = deed.settings
        self._chaos.record.note(
            deed,
            message.channel,
            event=message.event,
            event_id=message.event_id,
            publisher=self.name,
            ms=settings.get("ms"),
            passes=settings.get("passes"),
            copies=settings.get("copies"),
            code=settings.get("code"),
            when=settings.get("when"),
            sockets=sockets,
        )


def _waiting(message: Message, deeds: tuple[Deed, ...], now: float) -> Waiting:
    late = sum(deed.settings["ms"] for deed in deeds if deed.action in ("delay", "jitter"))
    reorders = [deed.settings for deed in deeds if deed.action == "reorder"]
    copies = [deed.settings for deed in deeds if deed.action == "duplicate"]
    due = now + late / 1000
    return Waiting(
        message,
        due,
        passes=max((one["passes"] for one in reorders), default=0),
        patience=due + max(one["hold_ms"] for one in reorders) / 1000 if reorders else 0.0,
        copies=sum(one["copies"] for one in copies),
        pause=max((one["after_ms"] for one in copies), default=0) / 1000,
    )
