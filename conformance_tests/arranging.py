"""Provider states: asked of an HTTP endpoint, of a command, or taken from a pool of prepared fixtures.

Many states travel in one question (`schemas/files/states_request.schema.json`). A state that the backend does not offer
comes back with the reason, and the rules that need it are inconclusive.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from conformance_tests.discovery import why
from conformance_tests.json_text import read_json
from conformance_tests.line_process import LineProcess
from conformance_tests.scenarios.scenario import Wanted
from conformance_tests.target import Target, TargetError, UnreachableError
from contract.catalogue import provider_state, provider_states
from contract.schema_store import SchemaViolation, schema_store

BATCH = 50
"""States in one question: enough to be quick, few enough that a slow backend answers in time."""
_SECONDS_PER_BATCH = 30.0
_REPLY = "files/states_reply.schema.json"
_MAX_BYTES = 64 << 20
_ANSWERED = {
    401: "it wants a token: name the variable that holds it as token_env under [states]",
    403: "it wants another token: name the variable that holds it as token_env under [states]",
    404: "there is no such endpoint; [states] url in the target names it",
    405: "it takes no POST; [states] url in the target names another endpoint",
}


@dataclass(frozen=True, slots=True)
class Arranged:
    """What became of a wanted state: bindings, or why there are none."""

    wanted: Wanted
    bindings: Mapping[str, Any] = field(default_factory=dict)
    unsupported: str | None = None


class Arranger(Protocol):
    """A way to bring a backend into named states."""

    async def arrange(self, run: str, wanted: Sequence[Wanted]) -> list[Arranged]:
        """One answer per state, in order. Raises UnreachableError."""

    async def teardown(self, run: str) -> None:
        """Take away what was arranged. Raises UnreachableError."""

    async def close(self) -> None:
        """Give back processes."""


def arranger(target: Target, session: aiohttp.ClientSession) -> Arranger:
    """The way the target names; one that offers nothing when it names none."""
    states = target.states
    if states.url is not None:
        headers = {"Authorization": f"Bearer {states.token}"} if states.token else {}
        return _HttpArranger(session, target.url(states.url), headers)
    if states.command:
        return _CommandArranger(
            LineProcess(states.command, target.directory, token=states.token, what="The states command")
        )
    if states.pool is not None:
        return _PoolArranger(states.pool)
    return _NoArranger()


def read_reply(reply: Any, wanted: Sequence[Wanted], source: str) -> list[Arranged]:
    """A StatesReply as values; bindings that do not fit their state's schema make it unsupported, with the reason."""
    problems = schema_store().problems(_REPLY, reply)
    if problems:
        raise UnreachableError(f"{source} did not answer a StatesReply: {problems[0].message}.")
    results = reply["results"]
    if len(results) != len(wanted):
        raise UnreachableError(f"{source} answered {len(results)} states to a question for {len(wanted)}.")
    return [_arranged(want, result) for want, result in zip(wanted, results, strict=True)]


def _arranged(wanted: Wanted, result: Mapping[str, Any]) -> Arranged:
    if "unsupported" in result:
        return Arranged(wanted, unsupported=result["unsupported"])
    problems = schema_store().problems(provider_state(wanted.state).bindings, result["bindings"])
    if problems:
        return Arranged(wanted, unsupported=f"its bindings are wrong: {problems[0].message}")
    return Arranged(wanted, result["bindings"])


def _question(run: str, wanted: Sequence[Wanted]) -> dict[str, Any]:
    states = [{"state": want.state, "params": dict(want.params)} for want in wanted]
    return {"action": "arrange", "run": run, "states": states}


class _Asked(ABC):
    """What HTTP and a command have in common: questions in batches."""

    source: str

    @abstractmethod
    async def ask(self, question: Mapping[str, Any]) -> Any:
        """The answer to one question."""

    async def arrange(self, run: str, wanted: Sequence[Wanted]) -> list[Arranged]:
        arranged: list[Arranged] = []
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            arranged += read_reply(await self.ask(_question(run, batch)), batch, self.source)
        return arranged

    async def teardown(self, run: str) -> None:
        await self.ask({"action": "teardown", "run": run})


class _HttpArranger(_Asked):
    def __init__(self, session: aiohttp.ClientSession, url: str, headers: Mapping[str, str]) -> None:
        self._session, self._url, self._headers = session, url, headers
        self.source = f"The states endpoint {url}"

    async def ask(self, question: Mapping[str, Any]) -> Any:
        raw = bytearray()
        try:
            async with asyncio.timeout(_SECONDS_PER_BATCH):
                async with self._session.post(
                    self._url, json=question, headers=self._headers, allow_redirects=False
                ) as reply:
                    async for chunk in reply.content.iter_any():
                        raw += chunk
                        if len(raw) > _MAX_BYTES:
                            break
        except TimeoutError:
            raise UnreachableError(f"{self.source} did not answer within {_SECONDS_PER_BATCH:g} s.") from None
        except (aiohttp.ClientError, OSError) as error:
            raise UnreachableError(f"{self.source} does not answer ({why(error)}).") from None
        if reply.status != 200:
            raise UnreachableError(f"{self.source} answered {reply.status}{self._way_out(reply)}.")
        if len(raw) > _MAX_BYTES:
            raise UnreachableError(f"{self.source} answered more than {_MAX_BYTES >> 20} MiB.")
        answer, is_json = read_json(bytes(raw))
        if not is_json:
            kind = reply.headers.get("Content-Type", "something")[:80]
            raise UnreachableError(f"{self.source} answered {kind}, and not JSON.")
        return answer

    @staticmethod
    def _way_out(reply: aiohttp.ClientResponse) -> str:
        if 300 <= reply.status < 400:
            return (
                ", a redirect, and none is followed, because it could lead to a host that is not allowed; "
                "write the address it leads to under [states]"
            )
        told = _ANSWERED.get(reply.status, "the backend's log says why" if reply.status >= 500 else "")
        return f": {told}" if told else " to a question for states"

    async def close(self) -> None:
        """The session is the run's."""


class _CommandArranger(_Asked):
    source = "The states command"

    def __init__(self, process: LineProcess) -> None:
        self._process = process

    async def ask(self, question: Mapping[str, Any]) -> Any:
        return await self._process.ask(question, _SECONDS_PER_BATCH)

    async def close(self) -> None:
        await self._process.stop()


class _PoolArranger:
    """Fixtures from a file `{state: [{params, bindings}]}`, each given out once: a used booking is used up."""

    def __init__(self, path: Path) -> None:
        try:
            pool, is_json = read_json(path.read_bytes())
        except OSError as error:
            raise TargetError(f"The pool {path} cannot be read: {error.strerror}.") from None
        if not is_json:
            raise TargetError(f"The pool {path} is not JSON.")
        self._free = _fixtures(pool, path)

    async def arrange(self, run: str, wanted: Sequence[Wanted]) -> list[Arranged]:
        return [self._take(want) for want in wanted]

    def _take(self, want: Wanted) -> Arranged:
        free = self._free[want.state]
        fill = provider_state(want.state).fill
        asked = fill(want.params)
        for index, fixture in enumerate(free):
            if fill(fixture.get("params", {})) == asked:
                return _arranged(want, free.pop(index))
        return Arranged(
            want, unsupported="the pool has no fixture left for it; each serves once, so it needs one more"
        )

    async def teardown(self, run: str) -> None:
        """Who prepared the fixtures takes them away."""

    async def close(self) -> None:
        """Nothing is open."""


def _fixtures(pool: Any, path: Path) -> dict[str, list[dict[str, Any]]]:
    known = provider_states()
    free: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if not isinstance(pool, dict):
        raise TargetError(f"The pool {path} is not an object of states.")
    for state, fixtures in pool.items():
        if state not in known:
            raise TargetError(f"The pool {path} has a state {state!r}, which the contract does not know.")
        if not isinstance(fixtures, list) or not all(
            isinstance(fixture, dict)
            and isinstance(fixture.get("bindings"), dict)
            and isinstance(fixture.get("params", {}), dict)
            for fixture in fixtures
        ):
            raise TargetError(f"The pool {path} has no list of {{params, bindings}} for {state!r}.")
        for fixture in fixtures:
            try:
                provider_state(state).fill(fixture.get("params", {}))
            except SchemaViolation as error:
                raise TargetError(
                    f"The pool {path} has wrong params for {state!r}: {error.message}."
                ) from None
        free[state] = list(fixtures)
    return free


class _NoArranger:
    async def arrange(self, run: str, wanted: Sequence[Wanted]) -> list[Arranged]:
        return [Arranged(want, unsupported="the target names no way to arrange states") for want in wanted]

    async def teardown(self, run: str) -> None:
        """Nothing was arranged."""

    async def close(self) -> None:
        """Nothing is open."""
