"""One run: observers first, then the states, then the scenarios, all at once as far as `jobs` allows; everything recorded.

    sink and file listen -> logins -> states arranged in batches -> subscriber on the hotel's channels -> header
    -> scenarios and fences -> scenarios that must be alone -> last fence -> run-end -> teardown

A run that is interrupted (SIGINT, SIGTERM, cancellation) keeps what was recorded and takes away what was arranged.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from conformance_tests.arranging import Arranged, Arranger, arranger
from conformance_tests.bindings import merged
from conformance_tests.fences import Fences
from conformance_tests.http_client import HttpClient, http_session
from conformance_tests.observers.base import Observer
from conformance_tests.observers.event_file import EventFile
from conformance_tests.observers.sink import Sink
from conformance_tests.observers.subscribe import SubscribeObserver
from conformance_tests.probing import Prober
from conformance_tests.recorder import Recorder
from conformance_tests.scenario_run import ScenarioRun, Stage, join_guest_channel
from conformance_tests.scenarios.plan import plan
from conformance_tests.scenarios.races import TRIES
from conformance_tests.scenarios.scenario import Scenario, Wanted
from conformance_tests.settle import Settler
from conformance_tests.target import ACTORS, Target, TargetError, UnreachableError
from conformance_tests.watching import FENCE, Watch
from conformance_tests.wire import Wire
from contract.channels import ChannelKind, guest_channel, rooms_channel, staff_channel
from contract.clauses import contract_version
from contract.redaction import Redactor

_TEARDOWN = 10.0
_EVERY_KIND: tuple[ChannelKind, ...] = ("rooms", "staff", "guest")
_SOME_PAGE = "https://frontend.example"
"""The origin of a page when the target names none: a backend may well turn it away."""
_FENCE_STATE = Wanted("fence")
_FOREIGN = frozenset(("booking of another hotel", "room of another hotel"))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `phase` is arranging, running, or ending; `scenario` is the one that just ended, or empty."""

    phase: str
    done: int
    total: int
    scenario: str = ""


Told = Callable[[Progress], None]


async def run(
    target: Target,
    *,
    seed: int,
    jobs: int,
    only: Sequence[str],
    record: Path,
    race_tries: int = TRIES,
    progress: Told | None = None,
    sink_socket: socket.socket | None = None,
) -> None:
    """Drive the target through the plan of the seed and write its history to `record`.

    `jobs` scenarios run at a time; `only` are prefixes of rule ids; every race is run `race_tries` times. Raises TargetError and UnreachableError before
    the first scenario; what goes wrong later is in the history.
    """
    told = progress or _untold
    with _open(record) as stream, _terminates():
        recorder = Recorder(stream, Redactor(target.secrets()))
        async with AsyncExitStack() as stack:
            await _Run(target, recorder, seed, race_tries, told, sink_socket, stack).go(jobs, only)


class _Run:
    """The parts of one run, opened one after the other on `stack` and closed in reverse."""

    def __init__(
        self,
        target: Target,
        recorder: Recorder,
        seed: int,
        race_tries: int,
        told: Told,
        sink_socket: socket.socket | None,
        stack: AsyncExitStack,
    ) -> None:
        self._target, self._recorder, self._seed, self._told = target, recorder, seed, told
        self._race_tries = race_tries
        self._sink_socket, self._stack = sink_socket, stack
        self._id = f"run-{secrets.token_hex(4)}"
        self._wire = Wire(target.dialect)
        self._observers: list[Observer] = []
        self._subscriber: SubscribeObserver | None = None
        self._file: EventFile | None = None
        self._complete = False

    async def go(self, jobs: int, only: Sequence[str]) -> None:
        scenarios = plan(self._seed, only, self._race_tries)
        session = await self._stack.enter_async_context(http_session())
        client = HttpClient(self._target, self._wire, self._recorder, session)
        prober = Prober(self._target, client, session, self._recorder.now)
        self._stack.push_async_callback(prober.close)
        watch = Watch(self._recorder, self._wire, prober)
        await self._listen(watch)
        actors = await self._log_in(client)
        scenarios = [scenario for scenario in scenarios if scenario.needs() <= set(actors)]

        states = arranger(self._target, session)
        self._stack.push_async_callback(states.close)
        self._stack.push_async_callback(self._tear_down, states)
        fence, arranged = await self._arrange(states, scenarios)
        home = self._home(fence, arranged)
        watch.own(FENCE, fence.bindings)
        prober.elsewhere = foreign_hotels(arranged)
        await prober.find_offered(self._anything(arranged, home))
        sight = await self._sight(client, home, arranged)
        self._recorder.header(**self._header(sight, prober.offered, arranged, actors, client.staff_ids))

        settler = Settler(self._recorder, self._target.timeouts.event)
        fences = self._fences(client, settler, sight, fence)
        stage = Stage(
            self._recorder, client, prober, watch, settler, fences, self._wire, sight, self._subscriber,
            frozenset(prober.offered), self._target.timeouts.grace, self._target.timeouts.recovery,
            self._target.timeouts.outage, self._target.frontend_origin or _SOME_PAGE,
        )  # fmt: skip
        manager = self._target.staff["manager"].username if "manager" in self._target.staff else None
        try:
            await self._run_all(stage, scenarios, arranged, home, manager or "nobody", jobs)
        except asyncio.CancelledError:
            self._recorder.mark("note", text="The run was interrupted.")
            raise
        finally:
            if fences is not None:
                await fences.stop()
            if self._file is not None:
                await self._file.stop()  # how it ends is part of the recording
            await watch.end(self._target.timeouts.event)
            self._recorder.mark("run-end", complete=self._complete)

    async def _run_all(
        self,
        stage: Stage,
        scenarios: Sequence[Scenario],
        arranged: Mapping[str, Sequence[Arranged]],
        home: Mapping[str, Any],
        manager: str,
        jobs: int,
    ) -> None:
        slots, done = asyncio.Semaphore(jobs), 0

        async def one(scenario: Scenario) -> None:
            nonlocal done
            states = arranged[scenario.name]
            async with slots:
                await ScenarioRun(stage, scenario, states, merged(states, home, manager)).run()
            done += 1
            self._told(Progress("running", done, len(scenarios), scenario.name))

        self._told(Progress("running", 0, len(scenarios)))
        async with asyncio.TaskGroup() as group:
            for scenario in scenarios:
                if not scenario.alone:
                    group.create_task(one(scenario))
        # A backend may still be holding back after an outage: those who must be undisturbed go first.
        for scenario in sorted(scenarios, key=lambda one: not one.undisturbed):
            if scenario.alone:
                if stage.fences is not None:
                    await stage.fences.passed()  # what the others published is out of the way
                stage.settler.hope_again()
                await one(scenario)
        self._told(Progress("ending", done, len(scenarios)))
        if stage.fences is not None:
            await stage.fences.passed()
        self._complete = await stage.settler.drained()
        await asyncio.sleep(stage.grace)  # the last window for late extras

    async def _listen(self, watch: Watch) -> None:
        """Sink and file listen before anything is asked of the backend: it may publish at once."""
        realtime, timeouts = self._target.realtime, self._target.timeouts
        if realtime.sink is not None:
            sink = Sink(realtime.sink, watch, hold=timeouts.hold, listener=self._sink_socket)
            self._observers.append(sink)
        if realtime.file is not None:
            self._file = EventFile(realtime.file, watch)
            self._observers.append(self._file)
        for observer in self._observers:
            await observer.start(())
            self._stack.push_async_callback(observer.stop)
        if realtime.subscribe is not None:
            self._subscriber = SubscribeObserver(realtime.subscribe, watch, within=timeouts.request)

    async def _log_in(self, client: HttpClient) -> tuple[str, ...]:
        """Who can log in. Raises UnreachableError when the manager cannot: without one there is nothing to see."""
        configured = [actor for actor in ACTORS if actor in self._target.staff]
        if "manager" not in configured:
            raise TargetError("The target has no [staff.manager]; without a manager nothing can be judged.")
        tokens = await asyncio.gather(*(client.staff_token(actor) for actor in configured))
        actors = tuple(actor for actor, token in zip(configured, tokens, strict=True) if token is not None)
        if "manager" not in actors:
            raise UnreachableError(
                f"The manager cannot log in at {self._target.base_url}: {client.login_problems.get('manager', 'there are no credentials')}."
            )
        return actors

    async def _arrange(
        self, states: Arranger, scenarios: Sequence[Scenario]
    ) -> tuple[Arranged, dict[str, list[Arranged]]]:
        """The fence, and the states of every scenario, in as few questions as they fit in."""
        self._told(Progress("arranging", 0, len(scenarios)))
        wanted = [_FENCE_STATE, *(want for scenario in scenarios for want in scenario.states)]
        answers = iter(await states.arrange(self._id, wanted))
        fence = next(answers)
        by_scenario = {scenario.name: [next(answers) for _ in scenario.states] for scenario in scenarios}
        for one in (fence, *(one for found in by_scenario.values() for one in found)):
            self._wire.know(one.bindings)
            token = one.bindings.get("guest_token")
            if isinstance(token, str):
                self._recorder.redactor.add(token)
        return fence, by_scenario

    async def _tear_down(self, states: Arranger) -> None:
        with contextlib.suppress(
            UnreachableError, TimeoutError
        ):  # the run is over, and a dead backend has nothing left
            async with asyncio.timeout(_TEARDOWN):
                await states.teardown(self._id)

    def _home(self, fence: Arranged, arranged: Mapping[str, Sequence[Arranged]]) -> Mapping[str, Any]:
        """The bindings of the fence; without one at least the hotel, from a state that is of no other."""
        if fence.unsupported is None:
            return fence.bindings
        for one in _own_states(arranged):
            return {name: one.bindings[name] for name in ("hotel_slug", "hotel_id")}
        return {}

    @staticmethod
    def _anything(arranged: Mapping[str, Sequence[Arranged]], home: Mapping[str, Any]) -> Mapping[str, Any]:
        """Bindings with a booking and a room, to see which probes are answered."""
        for one in _own_states(arranged):
            if {"booking_id", "room_id", "room_number"} <= one.bindings.keys():
                return one.bindings
        return home

    async def _sight(
        self, client: HttpClient, home: Mapping[str, Any], arranged: Mapping[str, Sequence[Arranged]]
    ) -> dict[str, tuple[ChannelKind, ...]]:
        """Which kinds of channel each observer sees; the subscriber is connected to the hotel's channels here."""
        sight: dict[str, tuple[ChannelKind, ...]] = dict.fromkeys(
            (observer.name for observer in self._observers), _EVERY_KIND
        )
        if self._subscriber is not None and home:
            hotels = {home["hotel_slug"]: home["hotel_id"]} | {
                one.bindings["hotel_slug"]: one.bindings["hotel_id"] for one in _own_states(arranged)
            }
            public = [
                name for slug, id_ in hotels.items() for name in (rooms_channel(slug), staff_channel(id_))
            ]
            await self._subscriber.start([self._wire.channel_name(name) for name in public])
            self._stack.push_async_callback(self._subscriber.stop)
            sees_guest = await self._try_guest_channel(client, self._subscriber, arranged)
            sight["subscribe"] = _EVERY_KIND if sees_guest else ("rooms", "staff")
        return sight

    async def _try_guest_channel(
        self, client: HttpClient, subscriber: SubscribeObserver, arranged: Mapping[str, Sequence[Arranged]]
    ) -> bool:
        """Whether a guest channel can be joined: tried with the token of a booking that is not otherwise touched yet."""
        for one in _own_states(arranged):
            token = one.bindings.get("guest_token")
            if token is not None and one.wanted.state != "departed booking":
                booking_id = str(one.bindings["booking_id"])
                channel = self._wire.channel_name(guest_channel(booking_id))
                joined = await join_guest_channel(client, subscriber, channel, token, booking_id)
                if joined:
                    await subscriber.leave(channel)
                return joined
        return False

    def _fences(
        self,
        client: HttpClient,
        settler: Settler,
        sight: Mapping[str, Sequence[ChannelKind]],
        fence: Arranged,
    ) -> Fences | None:
        self._recorder.mark("scenario-start", scenario=FENCE)
        if fence.unsupported is not None:
            self._recorder.mark(
                "arranged", scenario=FENCE, state="fence", params={}, unsupported=fence.unsupported
            )
            return None
        self._recorder.mark(
            "arranged", scenario=FENCE, state="fence", params={}, bindings=dict(fence.bindings)
        )
        fences = Fences(client, self._recorder, settler, sight, fence.bindings)
        fences.start()
        self._stack.push_async_callback(fences.stop)
        return fences

    def _header(
        self,
        sight: Mapping[str, Sequence[ChannelKind]],
        probes: Sequence[str],
        arranged: Mapping[str, Sequence[Arranged]],
        actors: Sequence[str],
        staff: Mapping[str, int],
    ) -> dict[str, Any]:
        offered = {
            one.wanted.state for found in arranged.values() for one in found if one.unsupported is None
        }
        return {
            "contract": contract_version(),
            "run": self._id,
            "seed": self._seed,
            "race_tries": self._race_tries,
            "target": {"name": self._target.name, "url": self._target.base_url},
            "dialect": self._wire.name,
            "patience": self._target.timeouts.event,
            "capabilities": {
                "observers": list(sight),
                "channels": {name: list(kinds) for name, kinds in sight.items()},
                "probes": list(probes),
                "states": sorted(offered),
                "actors": list(actors),
                "staff": dict(staff),
                **({"frontend_origin": self._target.frontend_origin} if self._target.frontend_origin else {}),
            },
        }


def _own_states(arranged: Mapping[str, Sequence[Arranged]]) -> Iterator[Arranged]:
    """What was arranged in the hotel of the target's staff."""
    for found in arranged.values():
        for one in found:
            if one.unsupported is None and one.wanted.state not in _FOREIGN:
                yield one


def foreign_hotels(arranged: Mapping[str, Sequence[Arranged]]) -> frozenset[str]:
    """The hotels the staff of the target do not work in. A state may be in a further hotel of theirs: its clock differs, say."""
    ours = {one.bindings["hotel_slug"] for one in _own_states(arranged)}
    foreign = {
        one.bindings["hotel_slug"]
        for found in arranged.values()
        for one in found
        if one.unsupported is None and one.wanted.state in _FOREIGN
    }
    return frozenset(foreign - ours)


def _untold(_: Progress) -> None:
    """Nobody wants to know."""


@contextmanager
def _open(path: Path) -> Iterator[IO[str]]:
    try:
        stream = path.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise TargetError(f"The history cannot be written to {path}: {error.strerror}.") from None
    with stream:
        yield stream


@contextmanager
def _terminates() -> Iterator[None]:
    """SIGTERM and a closed terminal end the run as SIGINT does: by cancelling it, so that everything is given back."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    handled: list[int] = []
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        if task is not None and number is not None:
            with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):  # not the main thread
                loop.add_signal_handler(number, task.cancel)
                handled.append(number)
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)
