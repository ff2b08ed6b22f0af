"""Runs one scenario: its calls one by one or side by side, with the snapshots, the waiting and the fences around them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance_tests.arranging import Arranged
from conformance_tests.bindings import MissingBindingError, filled
from conformance_tests.fences import Fences
from conformance_tests.http_client import Answer, Call, HttpClient
from conformance_tests.observers.sink import Sink
from conformance_tests.observers.subscribe import SubscribeObserver
from conformance_tests.outage import LONGEST
from conformance_tests.outage import Outage as Down
from conformance_tests.probing import Ask, Prober, ask_for
from conformance_tests.recorder import Expectation, Recorder
from conformance_tests.refusals import GUEST
from conformance_tests.scenarios.scenario import Outage, Race, Scenario, Step, shown_as
from conformance_tests.settle import About, Settler, Sight, due
from conformance_tests.watching import Watch, write_probe
from conformance_tests.wire import Wire
from contract.channels import guest_channel
from contract.operations import operation

_BOOKING_PROBES = ("booking", "guests", "tokens", "cleanup", "failures")
_BESIDE_PROBES = ("booking", "guests", "tokens", "cleanup")
_ROOM_PROBES = ("room", "audit", "device")
_GIVES_A_ROOM = {"assignRoom": "room_id", "moveRoom": "to_room_id"}


@dataclass(frozen=True, slots=True)
class Stage:
    """What all scenarios of a run share."""

    recorder: Recorder
    client: HttpClient
    prober: Prober
    watch: Watch
    settler: Settler
    fences: Fences | None
    wire: Wire
    sight: Sight
    subscriber: SubscribeObserver | None
    offered: frozenset[str]
    grace: float
    recovery: float
    outage: float
    """Seconds an outage goes on after its last call."""
    frontend: str
    """The origin of a page that calls the backend."""


class ScenarioRun:
    """One scenario on its own bindings. `bindings` are merged (`bindings.merged`)."""

    def __init__(
        self, stage: Stage, scenario: Scenario, arranged: Sequence[Arranged], bindings: dict[str, Any]
    ) -> None:
        self._stage, self._scenario, self._arranged, self._bindings = stage, scenario, arranged, bindings
        self._guest_channels: dict[str, str] = {}
        self._pending: list[Expectation] = []

    async def run(self) -> None:
        """All steps, or as many as make sense: after a call that should have succeeded and did not, no more do."""
        recorder, name = self._stage.recorder, self._scenario.name
        recorder.mark("scenario-start", scenario=name)
        try:
            if self._mark_arranged() and not self._is_lost() and await self._join_guest_channels():
                await self._steps()
        except MissingBindingError as missing:
            self._note(f"The states of this scenario have no binding {missing}.")
        except KeyError as missing:  # a path of the dialect that needs more than the operation names
            self._note(f"The path of the call needs {missing}, which is not known.")
        finally:
            for expectation in self._pending:
                expectation.over()
            # The guest channels are not left: what is late there still comes in until the run ends.
            recorder.mark("scenario-end", scenario=name)

    def _is_lost(self) -> bool:
        lost = self._stage.client.is_lost
        if lost:
            self._note("The backend does not answer any more; the scenario ends here.")
        return lost

    def _note(self, text: str) -> None:
        self._stage.recorder.mark("note", scenario=self._scenario.name, text=text)

    def _mark_arranged(self) -> bool:
        name, offered = self._scenario.name, True
        for one in self._arranged:
            fields: dict[str, Any] = {"state": one.wanted.state, "params": dict(one.wanted.params)}
            if one.unsupported is not None:
                self._stage.recorder.mark("arranged", scenario=name, unsupported=one.unsupported, **fields)
                offered = False
            else:
                self._stage.recorder.mark("arranged", scenario=name, bindings=dict(one.bindings), **fields)
                self._stage.watch.own(name, one.bindings)
        return offered

    async def _join_guest_channels(self) -> bool:
        """Be on the guest channels before the first call; False when the subscriber should see them and cannot."""
        subscriber = self._stage.subscriber
        if subscriber is None or "guest" not in self._stage.sight.get("subscribe", ()):
            return True
        for one in self._arranged:
            token = one.bindings.get("guest_token")
            if token is None or one.wanted.prefix or one.wanted.state == "departed booking":
                continue
            booking_id = str(one.bindings["booking_id"])
            channel = self._stage.wire.channel_name(guest_channel(booking_id))
            if not await join_guest_channel(self._stage.client, subscriber, channel, token, booking_id):
                self._note(f"The subscriber was not let onto {channel}; the scenario ends here.")
                return False
            self._guest_channels[booking_id] = channel
        return True

    async def _steps(self) -> None:
        for step in self._scenario.steps:
            if self._is_lost():
                return
            if isinstance(step, Race):
                await self._race(step)
                continue
            if isinstance(step, Outage):
                await self._outage(step)
                continue
            if step.token == "staff_token" and (token := await self._stage.client.staff_token("manager")):  # noqa: S105
                self._bindings["staff_token"] = token
            if step.token is not None and self._token(step) is None:
                self._note(f"There is no {step.token} ({step.form}) to show for {step.case}.")
                continue
            answer = await self._step(step)
            if not answer.ok and _must_succeed(step.case):
                self._note(f"{step.operation} should have succeeded; the scenario ends here.")
                return
            if answer.ok and self._scenario.family == "walks" and "/refuse/" in step.case:
                self._note(
                    f"{step.operation} should have been refused, so the walk is off its path and ends here."
                )
                return

    async def _step(self, step: Step) -> Answer:
        client, call_id = self._stage.client, self._stage.client.new_id()
        params = self._params(step)
        body = None if step.body is None else filled(step.body, self._bindings)
        asks = self._asks(params) if step.before or step.settle else []
        if step.before:
            await self._snapshot(asks, "before", call_id)
        self._pending.append(self._expect(step, params, body))
        origin = None if step.browser == "no" else self._stage.frontend
        call = Call(
            step.operation, step.actor, params, body, self._scenario.name, step.case, origin,
            step.browser == "preflight", step.other_way,
        )  # fmt: skip
        answer = await client.make(call, call_id)
        if step.at_once:
            await self._snapshot(asks, "answer", call_id)
        if not answer.ok:
            self._pending.pop().over()
        elif isinstance(answer.body, dict):
            self._remember(step, body, answer.body)
        if step.settle:
            await self._settle()
            await self._snapshot(asks, "after", call_id)
        if answer.status is None:
            # Whether it happened is told by the state, when two readings agree and nothing was under way between them.
            for _ in range(1 if step.settle else 2):
                await self._snapshot(asks, "after", call_id)
        return answer

    async def _race(self, race: Race) -> None:
        """The calls side by side. The snapshots name the first call: they are of the race as a whole."""
        client = self._stage.client
        ids = [client.new_id() for _ in race.calls]
        filled_in = [(step, self._params(step), filled(step.body, self._bindings)) for step in race.calls]
        asks = list({repr(ask): ask for _, params, _ in filled_in for ask in self._asks(params)}.values())
        await self._snapshot(asks, "before", ids[0])
        rooms = {str(ask.subject["room_number"]) for ask in asks if ask.probe == "room"}
        # Duplicates owe their events once, and which room a booking has is known when the race is over: one
        # expectation per call that is not a duplicate and per room, and those that proved wrong are dropped.
        awaited: dict[str, dict[str, Expectation]] = {}
        for step, params, body in filled_in:
            key = repr((step.operation, params, body))
            if key not in awaited:
                awaited[key] = {room: self._expect(step, params, body, (room,)) for room in sorted(rooms)}
                self._pending += awaited[key].values()

        async def start(position: int) -> Answer:
            step, params, body = filled_in[position]
            await asyncio.sleep(race.delays[position])
            call = Call(step.operation, step.actor, params, body, self._scenario.name, step.case)
            return await client.make(call, ids[position])

        answers = await asyncio.gather(*(start(position) for position in range(len(ids))))
        due: dict[str, Expectation] = {}
        for (step, params, body), answer in zip(filled_in, answers, strict=True):
            expected = awaited[key := repr((step.operation, params, body))]
            if answer.ok and expected and key not in due:
                moved = step.operation == "moveRoom"
                room = (
                    self._number("booking_id", params.get("booking_id")) if moved else _room_in(answer.body)
                )
                due[key] = expected.get(room, next(iter(expected.values())))
        for expectation in self._pending:
            if expectation not in due.values():
                expectation.over()
        self._pending = list(due.values())
        await self._settle()
        await self._snapshot(asks, "after", ids[0])

    async def _outage(self, step: Outage) -> None:
        """The calls while the sink refuses their events; then everything it refused is waited for."""
        stage, name = self._stage, self._scenario.name
        if Sink.name not in stage.sight:
            self._note("There is no sink, so nobody's events can be refused.")
            return
        outage = Down(name, step.seed)
        stage.recorder.mark("outage", scenario=name, outage={"state": "down"})
        stage.watch.outage = outage

        def up() -> None:
            if stage.watch.outage is outage:
                stage.watch.outage = None
                outage.end()
                told = {"state": "up", "recovery": stage.recovery}
                stage.recorder.mark("outage", scenario=name, outage=told)

        # A backend that tries again before it answers would otherwise wait for us, and we for it.
        latest = asyncio.get_running_loop().call_later(LONGEST, up)
        try:
            for position, call in enumerate(step.calls):
                if position:
                    await outage.felt()
                answer = await self._quick(call)
                if not answer.ok and "booking_id" in operation(call.operation).path_parameters:
                    break  # a stay goes on where another room is not marked, and not where nobody came
            latest.cancel()
            await outage.lasted(stage.outage)
        finally:
            latest.cancel()
            up()
        await self._settle(stage.recovery)
        stage.recorder.mark("outage", scenario=name, outage={"state": "waited"})

    async def _quick(self, step: Step) -> Answer:
        """A call with snapshots right before and right after it, and what it owes still to be waited for."""
        call_id, params = self._stage.client.new_id(), self._params(step)
        asks = self._asks(params)
        await self._snapshot(asks, "before", call_id)
        body = None if step.body is None else filled(step.body, self._bindings)
        self._pending.append(self._expect(step, params, body))
        call = Call(step.operation, step.actor, params, body, self._scenario.name, step.case)
        answer = await self._stage.client.make(call, call_id)
        if not answer.ok:
            self._pending.pop().over()
        await self._snapshot(asks, "after", call_id)
        return answer

    async def _settle(self, within: float | None = None) -> None:
        pending, self._pending = self._pending, []
        await asyncio.gather(*(self._stage.settler.settled(expectation, within) for expectation in pending))
        if self._stage.fences is not None:
            await self._stage.fences.passed()
        await asyncio.sleep(
            self._stage.grace
        )  # the window for late extras: absence has no signal to wait for

    def _params(self, step: Step) -> dict[str, Any]:
        """The parameters of the operation from the bindings, as the step replaces them."""
        params = {
            name: self._bindings[name]
            for name in operation(step.operation).path_parameters
            if name not in step.params and name in self._bindings
        }
        params |= filled(step.params, self._bindings)
        lacking = [name for name in operation(step.operation).path_parameters if name not in params]
        if lacking:
            raise MissingBindingError(lacking[0])
        if step.token is not None:
            params["token"] = self._token(step)
        return params

    def _token(self, step: Step) -> str | None:
        """The token a step shows, in the form it shows it; None when there is none of that form."""
        token = self._bindings.get(str(step.token))
        return shown_as(token, step.form) if isinstance(token, str) else None

    def _expect(
        self, step: Step, params: Mapping[str, Any], body: Any, among: tuple[str, ...] = ()
    ) -> Expectation:
        """The events due if this call is a success for the first time; nothing for what must be refused or repeats.

        `among` are the rooms it is about, when neither it nor the bindings say so.
        """
        slug, hotel_id = self._bindings.get("hotel_slug"), self._bindings.get("hotel_id")
        if not _must_succeed(step.case) or slug is None:
            return self._stage.settler.expect((), step.operation)
        booking_id = str(params.get("booking_id", ""))
        rooms = [str(params["room_number"])] if "room_number" in params else []
        if "room_id" in params:
            rooms = [self._number("room_id", params["room_id"])]
        if among and not rooms:
            rooms = list(among)
        if not rooms:
            rooms = [str(self._bindings.get("current_room", self._bindings.get("room_number", "")))]
        if step.operation == "moveRoom" and isinstance(body, dict):
            rooms.append(self._number("room_id", body.get("to_room_id")))
        about = About(str(slug), int(hotel_id or 0), booking_id, tuple(rooms))
        guests = [name for name in self._stage.sight if name != "subscribe"]
        if booking_id in self._guest_channels:
            guests.append("subscribe")
        keys = due(step.operation, about, self._stage.sight, guest=guests)
        return self._stage.settler.expect(keys, step.operation)

    def _number(self, name: str, value: Any) -> str:
        """The number of the room that was arranged with this `room_id`, or for this `booking_id`."""
        for prefix in ("", "free_", "beside_"):
            if self._bindings.get(f"{prefix}{name}") == value:
                return str(self._bindings.get(f"{prefix}room_number", ""))
        return ""

    def _remember(self, step: Step, body: Any, answered: Mapping[str, Any]) -> None:
        """What later steps need: the token a check-in issued, and the room the booking has now."""
        if step.operation == "checkIn" and isinstance(answered.get("guest_token"), str):
            self._bindings["issued_token"] = answered["guest_token"]
        field = _GIVES_A_ROOM.get(step.operation)
        if field is not None and isinstance(body, dict):
            self._bindings["current_room"] = self._number("room_id", body.get(field))

    def _asks(self, params: Mapping[str, Any]) -> list[Ask]:
        """Every probe that has a subject here, for the booking of the call and for each room of the scenario."""
        own = self._bindings
        ours = tuple(own.get(f"{which}booking_id") for which in ("", "other_", "third_", "beside_"))
        booking_id = params.get("booking_id") if params.get("booking_id") in ours else own.get("booking_id")
        slug = next((one.bindings.get("hotel_slug") for one in self._arranged), own.get("hotel_slug"))
        rooms = [
            {
                "hotel_slug": own.get(f"{prefix}hotel_slug", slug) if prefix else slug,
                "room_id": own[f"{prefix}room_id"],
                "room_number": own[f"{prefix}room_number"],
            }
            for prefix in ("", "free_", "beside_")
            if f"{prefix}room_id" in own and f"{prefix}room_number" in own
        ]
        booking = {**(rooms[0] if rooms else {}), "hotel_slug": slug, "booking_id": booking_id}
        asks = [ask_for(probe, booking) for probe in _BOOKING_PROBES]
        if self._scenario.family in ("stays", "assignment"):  # whom the calls must leave alone
            beside = {
                name.removeprefix("beside_"): value
                for name, value in own.items()
                if name.startswith("beside_")
            }
            asks += [ask_for(probe, beside) for probe in _BESIDE_PROBES]
        asks += [ask_for(probe, room) for room in rooms for probe in _ROOM_PROBES]
        return [ask for ask in asks if ask is not None and ask.probe in self._stage.offered]

    async def _snapshot(self, asks: Sequence[Ask], when: str, call_id: str) -> None:
        for seen in await self._stage.prober.look(asks):
            write_probe(self._stage.recorder, seen, scenario=self._scenario.name, when=when, call=call_id)


async def join_guest_channel(
    client: HttpClient, subscriber: SubscribeObserver, channel: str, token: str, booking_id: str
) -> bool:
    """Subscribe to a guest channel (name on the wire) with the auth the backend gives to the guest token."""

    async def authorize(socket_id: str, _: str) -> str | None:
        body = {"socket_id": socket_id, "channel_name": guest_channel(booking_id)}
        answer = await client.ask("channelAuth", GUEST, {"token": token}, body)
        auth = answer.body.get("auth") if answer.ok and isinstance(answer.body, dict) else None
        return auth if isinstance(auth, str) else None

    return await subscriber.join(channel, authorize)


def _room_in(body: Any) -> str:
    """The number of the room a booking was answered with; empty when there is none."""
    return str(body.get("room_number", "")) if isinstance(body, dict) else ""


def _must_succeed(case: str) -> bool:
    """Whether the scenario makes no sense after a refusal: a repeat, a refusal and a token may be answered either way."""
    return not (_is_quiet(case) or case.startswith(("token/", "read/")))


def _is_quiet(case: str) -> bool:
    """Whether the call publishes nothing when the contract is kept."""
    return "/refuse/" in case or case.endswith(("/repeat", "/no-op"))
