"""Probes: reads that show what an operation did, by the way the target names for each.

Asked of one endpoint or command, a whole snapshot is one question. `booking`, `room` and `audit` are read from the public
endpoints when the target names no other way; the rest is not there then, and the rules that need it are inconclusive.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from jsonpointer import JsonPointerException, resolve_pointer

from conformance_tests.discovery import why
from conformance_tests.http_client import Answer, HttpClient
from conformance_tests.json_text import read_json
from conformance_tests.line_process import LineProcess
from conformance_tests.target import PROBES, ProbePath, Target, TargetError, UnreachableError
from conformance_tests.wire import Request
from contract import catalogue
from contract.schema_store import schema_store

_REPLY = "files/probes_reply.schema.json"
_PUBLIC = {
    "booking": ("getBooking", ""),
    "room": ("getRoom", ""),
    "audit": ("roomStatusHistory", "/status_history"),
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One probe to make: its name and its subject, with exactly the keys `schemas/probes.yaml` names."""

    probe: str
    subject: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a probe showed; `missing` says why there is no state. `begun` and `ended` are seconds since the run began."""

    ask: Ask
    begun: float
    state: Any = None
    missing: str | None = None


def ask_for(probe: str, bindings: Mapping[str, Any]) -> Ask | None:
    """The probe about these bindings; None when they do not name its subject."""
    subject = catalogue.probe(probe).subject_from(bindings)
    return None if subject is None else Ask(probe, subject)


class Prober:
    """Reads probes. `now` gives seconds since the run began."""

    def __init__(
        self, target: Target, client: HttpClient, session: aiohttp.ClientSession, now: Callable[[], float]
    ) -> None:
        self._target, self._client, self._session, self._now = target, client, session, now
        probes = target.probes
        self._process = (
            LineProcess(probes.command, target.directory, token=probes.token, what="The probes command")
            if probes.command
            else None
        )
        self._batched = frozenset(PROBES) - set(probes.paths) if probes.url or probes.command else frozenset()
        self._url = target.url(probes.url or "")
        self.elsewhere: frozenset[str] = frozenset()
        """Slugs of hotels that the staff of the target do not work in: there the outsider reads."""

    @property
    def offered(self) -> tuple[str, ...]:
        """The probes there is a way for."""
        return tuple(
            name
            for name in PROBES
            if name in self._batched or name in self._target.probes.paths or name in _PUBLIC
        )

    async def find_offered(self, bindings: Mapping[str, Any]) -> None:
        """Ask for everything once; what the endpoint or command does not answer is read another way, or not at all.

        Raises UnreachableError or TargetError when it answers nothing at all: whoever names it wants to hear that.
        """
        asks = [ask for name in sorted(self._batched) if (ask := ask_for(name, bindings))]
        if asks:
            seen = await self._asked(asks)
            self._batched = frozenset(one.ask.probe for one in seen if one.missing is None)

    async def look(self, asks: Sequence[Ask]) -> list[Seen]:
        """One answer per question, in order; never an exception."""
        if self._client.is_lost:
            return [Seen(ask, self._now(), missing="the backend does not answer any more") for ask in asks]
        batch = [ask for ask in asks if ask.probe in self._batched]
        single = [ask for ask in asks if ask.probe not in self._batched]
        batched, singles = await asyncio.gather(
            self._ask_batch(batch), asyncio.gather(*(self._ask_one(ask) for ask in single))
        )
        seen = {id(found.ask): found for found in (*batched, *singles)}
        return [seen[id(ask)] for ask in asks]

    async def look_publicly(self, ask: Ask) -> Seen:
        """Read the way a client reads: the public endpoint when the probe has one."""
        if not self._client.is_lost and ask.probe in _PUBLIC and ask.probe not in self._target.probes.paths:
            return await self._ask_public(ask)
        return (await self.look([ask]))[0]

    async def close(self) -> None:
        if self._process is not None:
            await self._process.stop()

    def _reader(self, subject: Mapping[str, Any]) -> str:
        return "outsider" if subject.get("hotel_slug") in self.elsewhere else "manager"

    async def _ask_batch(self, asks: Sequence[Ask]) -> list[Seen]:
        if not asks:
            return []
        begun = self._now()
        try:
            return await self._asked(asks)
        except (UnreachableError, TargetError) as error:
            return [Seen(ask, begun, missing=str(error)) for ask in asks]

    async def _asked(self, asks: Sequence[Ask]) -> list[Seen]:
        begun = self._now()
        question = {"probes": [{"probe": ask.probe, "subject": dict(ask.subject)} for ask in asks]}
        reply = await self._question(question)
        problems = schema_store().problems(_REPLY, reply) if not schema_store().valid(_REPLY, reply) else ()
        if problems:
            source = "The probes command" if self._process is not None else f"The probes endpoint {self._url}"
            raise UnreachableError(f"{source} did not answer a ProbesReply: {problems[0].message}.")
        results = reply["results"]
        if [result["probe"] for result in results] == [ask.probe for ask in asks]:
            return [Seen(ask, begun, result["state"]) for ask, result in zip(asks, results, strict=True)]
        left = list(results)
        return [self._matched(ask, begun, left) for ask in asks]

    @staticmethod
    def _matched(ask: Ask, begun: float, left: list[dict[str, Any]]) -> Seen:
        """A backend that leaves out what it does not offer answers fewer results, in the same order."""
        for index, result in enumerate(left):
            if result["probe"] == ask.probe:
                return Seen(ask, begun, left.pop(index)["state"])
        return Seen(ask, begun, missing="the backend does not answer this probe")

    async def _question(self, question: Mapping[str, Any]) -> Any:
        probes, within = self._target.probes, self._target.timeouts.request
        if self._process is not None:
            return await self._process.ask(question, within)
        named = f"The probes endpoint {self._url}"
        headers = {"Authorization": f"Bearer {probes.token}"} if probes.token else {}
        try:
            async with asyncio.timeout(within):
                async with self._session.post(
                    self._url, json=question, headers=headers, allow_redirects=False
                ) as reply:
                    raw = await reply.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self._client.heard_back(False)
            said = f"within {within:g} s" if isinstance(error, TimeoutError) else f"({why(error)})"
            raise UnreachableError(f"{named} does not answer {said}.") from None
        if 300 <= reply.status < 400:
            raise UnreachableError(
                f"{named} answered {reply.status}, a redirect, and none is followed; write where it leads to under [probes]."
            )
        if reply.status != 200:
            raise UnreachableError(
                f"{named} answered {reply.status}; without [probes] fewer rules can be judged."
            )
        answer, is_json = read_json(raw)
        if not is_json:
            raise UnreachableError(f"{named} did not answer JSON.")
        return answer

    async def _ask_one(self, ask: Ask) -> Seen:
        path = self._target.probes.paths.get(ask.probe)
        if path is not None:
            return await self._ask_path(ask, path)
        if ask.probe in _PUBLIC:
            return await self._ask_public(ask)
        return Seen(ask, self._now(), missing="the target names no way to read it")

    async def _ask_public(self, ask: Ask) -> Seen:
        operation, pointer = _PUBLIC[ask.probe]
        begun = self._now()
        params = {**ask.subject, "limit": 500} if ask.probe == "audit" else ask.subject
        answer = await self._client.ask(operation, self._reader(ask.subject), params)
        seen = self._from_answer(ask, begun, answer, pointer)
        if ask.probe == "audit" and isinstance(seen.state, list):
            # the endpoint answers the newest first, the probe is oldest first
            return Seen(ask, begun, seen.state[::-1])
        return seen

    async def _ask_path(self, ask: Ask, path: ProbePath) -> Seen:
        begun = self._now()
        filled = re.sub(
            r"{(\w+)}", lambda found: quote(str(ask.subject.get(found[1], "")), safe=""), path.path
        )
        headers = await self._client.staff_headers(path.actor)
        answer = await self._client.send(Request("GET", filled, headers=headers))
        return self._from_answer(ask, begun, answer, path.pointer)

    @staticmethod
    def _from_answer(ask: Ask, begun: float, answer: Answer, pointer: str) -> Seen:
        if not answer.ok:
            told = answer.reason or f"the read was answered {answer.status}"
            return Seen(ask, begun, missing=told)
        try:
            return Seen(ask, begun, resolve_pointer(answer.body, pointer) if pointer else answer.body)
        except JsonPointerException:
            return Seen(ask, begun, missing=f"the answer has no {pointer}")
