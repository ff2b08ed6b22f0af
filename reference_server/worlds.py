"""Leaving a hotel and beginning another: reset to a scenario, snapshots, restore.

What is promised when `reset` or `restore` has returned: the store holds the other hotel whole, from one transaction that no
other overlaps; no event of the hotel that was left is sent any more, and none is made up for the new one; the clock shows the
new hotel's time. Requests that were under way have happened before or happen after, in the new hotel.

Snapshots live as long as the server.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from contract.errors import ContractError
from reference_server.access import STAFF_TOKEN_LIFE
from reference_server.clock import Clock
from reference_server.dispatcher import Dispatcher
from reference_server.jobs import JobRunner
from reference_server.seed import DEFAULT_SCENARIO, first_contents, seed
from reference_server.store import Store, Transaction
from reference_server.store.codec import instant_text
from reference_server.store.contents import Contents, read_contents, replace_contents
from simulator.clock_setting import REAL_TIME, ClockSetting, ClockSettingError
from simulator.scenario import Scenario, ScenarioError
from simulator.scenario_files import built_in, built_in_names
from simulator.world import Hotel

_log = structlog.get_logger("staycheck.worlds")

_MOST_SNAPSHOTS = 100
_FRESH_SECONDS = 600.0
"""How old a built hotel may be to be begun with again: one that begun so long ago and where nothing happened since."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A hotel as it was, what its clock showed and how it ran, and the scenario it had begun with."""

    name: str
    taken_at: datetime
    clock: ClockSetting
    last: datetime
    scenario: str | None
    contents: Contents = field(repr=False)


class Worlds:
    """The scenarios a server knows, the snapshots it keeps, and the way from one hotel to another."""

    def __init__(
        self, store: Store, clock: Clock, jobs: JobRunner, scenario: Scenario, setting: ClockSetting | None
    ) -> None:
        """`scenario` is what the server begins with; `setting`, when it was told a clock, goes before the scenario's."""
        self._store, self._clock, self._jobs = store, clock, jobs
        self._scenarios: dict[str, Scenario] = {scenario.name: scenario}
        self._first, self._setting = scenario.name, setting
        self._built: dict[str, tuple[datetime, Contents]] = {}
        self._snapshots: dict[str, Snapshot] = {}
        self._one_at_a_time = asyncio.Lock()
        self._dispatcher: Dispatcher | None = None
        self.current: str | None = None
        """The scenario the hotel has begun with; null for a hotel that was in the database before."""
        self.on_leave: list[Callable[[], Awaitable[None]]] = []
        """Called when a hotel was left, before that is answered: for whoever remembers something of it."""
        self.on_settle: list[Callable[[float], Awaitable[bool]]] = []
        """Asked by `settle` whether all they took is delivered, after at most so many seconds: for whoever holds events back."""

    def attach(self, dispatcher: Dispatcher) -> None:
        """Whose events to forget when a hotel is left."""
        self._dispatcher = dispatcher

    async def begin(self) -> None:
        """Fill an empty store with the first scenario; a hotel that is there already stays.

        Raises: `simulator.scenario.ScenarioError`, `reference_server.seed.LivedLongerError`.
        """
        scenario = self._scenario(self._first)
        contents = await self._contents(scenario, self._clock.now())
        if await seed(self._store, self._clock, contents):
            self.current = scenario.name
        elif scenario.name != DEFAULT_SCENARIO:
            _log.warning(
                "scenario_not_begun",
                scenario=scenario.name,
                reason="there is a hotel in the database already",
            )

    def scenarios(self) -> Sequence[Scenario]:
        """Every scenario, by name."""
        names = sorted({*built_in_names(), *self._scenarios})
        return [self._scenario(name) for name in names]

    def snapshots(self) -> Sequence[Snapshot]:
        """The oldest first."""
        return tuple(self._snapshots.values())

    async def reset(self, name: str | None = None) -> str:
        """Begin anew: with the scenario of that name, else with the one there is. Answers its name; logins stay.

        Raises: `ContractError` NOT_FOUND, INVALID_INPUT for a scenario that cannot be at this time.
        """
        async with self._one_at_a_time:
            scenario = self._scenario(name or self.current or self._first)
            try:
                setting, contents = await self._begin(scenario)
            except (ScenarioError, ClockSettingError) as error:
                raise ContractError("INVALID_INPUT", f"Scenario {scenario.name}: {error}") from None
            await self._put(contents, setting, None)
            self.current = scenario.name
            return scenario.name

    async def take(self, name: str | None = None) -> Snapshot:
        """Keep the hotel as it is, under that name, in place of what it named. Raises: `ContractError` INVALID_INPUT when there are too many."""
        async with self._one_at_a_time:
            if name is None:
                name = next(
                    f for f in (f"snapshot-{i}" for i in itertools.count(1)) if f not in self._snapshots
                )
            if len(self._snapshots) >= _MOST_SNAPSHOTS and name not in self._snapshots:
                raise ContractError(
                    "INVALID_INPUT", f"There are {_MOST_SNAPSHOTS} snapshots; delete one of them first."
                )

            def work(tx: Transaction) -> tuple[Contents, ClockSetting, datetime]:
                contents = read_contents(tx)
                return contents, self._clock.setting(), self._clock.now()

            # As a writer: on a reader's snapshot the clock could be ahead of the rows.
            contents, setting, now = await self._store.transact_alone(work)
            self._snapshots.pop(name, None)
            found = self._snapshots[name] = Snapshot(name, now, setting, now, self.current, contents)
            return found

    async def restore(self, name: str) -> Snapshot:
        """Go back to a snapshot: rows, guest tokens, counters and clock; logins stay. Raises: `ContractError` NOT_FOUND."""
        async with self._one_at_a_time:
            found = self._snapshot(name)
            await self._put(found.contents, found.clock, found.last)
            self.current = found.scenario
            return found

    def forget(self, name: str) -> None:
        """Delete a snapshot. Raises: `ContractError` NOT_FOUND."""
        del self._snapshots[self._snapshot(name).name]

    async def settle(self, within: float) -> bool:
        """Whether every event committed until now has been handed on, after at most `within` seconds.

        What a publisher has taken and holds back (`on_settle`) is not handed on.
        """
        assert self._dispatcher is not None, "attach() first"
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        try:
            async with asyncio.timeout_at(until):  # a commit may be slow
                # A write that changes nothing: whatever was committed before has been told to the dispatcher when it returns.
                await self._store.transact_alone(lambda tx: None)
        except TimeoutError:
            return False
        await self._dispatcher.flush(until - loop.time())
        for delivered in self.on_settle:
            if not await delivered(until - loop.time()):
                return False
        return self._dispatcher.idle

    async def _put(self, contents: Contents, setting: ClockSetting, last: datetime | None) -> None:
        assert self._dispatcher is not None, "attach() first"
        undo: list[Callable[[], None]] = []

        def work(tx: Transaction) -> int:
            last_id = replace_contents(tx, contents)
            # Here, where nobody else writes: no operation sees this hotel with the time of the other.
            for back in undo:
                back()
            undo[:] = [self._clock.restart(setting, last=last)]
            now = self._clock.now()  # the hotel has seen this time: the clock does not go back before it
            tx.run("renew_staff_tokens", expires_at=instant_text(now + STAFF_TOKEN_LIFE))
            return last_id

        async def put() -> None:
            try:
                last_id = await self._store.transact_alone(work)
            except BaseException:
                for back in undo:
                    back()
                raise
            await self._leave(last_id)

        # Whoever asked may go away; the hotel is left whole all the same.
        putting = asyncio.create_task(put(), name="another hotel")
        try:
            await asyncio.shield(putting)
        finally:
            await asyncio.wait([putting])

    async def _leave(self, last_id: int) -> None:
        assert self._dispatcher is not None, "attach() first"
        await self._dispatcher.abandon(last_id)
        self._jobs.begin_anew()
        for told in self.on_leave:
            await told()

    async def _begin(self, scenario: Scenario) -> tuple[ClockSetting, Contents]:
        """The clock and the hotel of a scenario that begins now."""
        setting = self._setting or scenario.setting(self._clock.begins_at(REAL_TIME))
        return setting, await self._contents(scenario, self._clock.begins_at(setting))

    async def _contents(self, scenario: Scenario, now: datetime) -> Contents:
        """The hotel of a scenario; one that was built a little while ago, on the same day, is as good as new."""
        built = self._built.get(scenario.name)
        if built is not None and 0 <= (now - built[0]).total_seconds() <= _FRESH_SECONDS:
            zones = {row.timezone for row in built[1].rows if isinstance(row, Hotel)} | {"UTC"}
            if all(
                now.astimezone(ZoneInfo(z)).date() == built[0].astimezone(ZoneInfo(z)).date() for z in zones
            ):
                return built[1]
        contents = await asyncio.to_thread(first_contents, scenario, now)
        self._built[scenario.name] = now, contents
        return contents

    def _scenario(self, name: str) -> Scenario:
        found = self._scenarios.get(name)
        if found is None:
            if name not in built_in_names():
                raise ContractError("NOT_FOUND", f"There is no scenario {name}.")
            found = built_in(name)
        return found

    def _snapshot(self, name: str) -> Snapshot:
        found = self._snapshots.get(name)
        if found is None:
            raise ContractError("NOT_FOUND", f"There is no snapshot {name}.")
        return found
