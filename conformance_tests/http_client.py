"""Calls the backend by operation, as one of its staff, as a guest or as nobody, and records what was said.

An answer is never an exception: a refused connection or a timeout is an *indeterminate* reply with the reason (the call may
have had its effect), HTML and other text is recorded as text with its content type.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from conformance_tests.discovery import why
from conformance_tests.http_headers import PREFLIGHT, RECORDED
from conformance_tests.json_text import read_json
from conformance_tests.recorder import Recorder
from conformance_tests.refusals import ANONYMOUS, GUEST
from conformance_tests.target import Target
from conformance_tests.target_hosts import LocalResolver
from conformance_tests.wire import Request, Wire
from contract.schema_files import document

_LOST_AFTER = 8
_JSON = {"Content-Type": "application/json"}
_MAX_TEXT = 20_000
"""Characters of a body that is not JSON that are kept."""


def _asked_by_browser(origin: str | None, method: str) -> dict[str, str]:
    """The headers of a preflight for all that the contract lets a frontend send."""
    wanted = ",".join(sorted(document("openapi.yaml")["x-cors"]["allow_headers"]))
    return {
        "Origin": origin or "",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": wanted,
    }


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: canonical JSON or text in `body`, not redacted. `status` None: indeterminate, `reason` says why."""

    status: int | None
    body: Any = None
    content_type: str | None = None
    reason: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those that are recorded, names in lower case."""

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def _login_problem(answer: Answer) -> str:
    """Why there is no token, and what to do about it."""
    if answer.status is None:
        return f"{answer.reason} (is the backend running there?)"
    if answer.ok:
        return "the login was answered without a token; dialect.auth.login_token says where it stands"
    if 300 <= answer.status < 400:
        return f"the login was answered {answer.status}, a redirect, and none is followed; name the address it leads to"
    if answer.status in (404, 405):
        return f"the login was answered {answer.status}; dialect.paths.staffLogin says which path it has"
    return f"the login was answered {answer.status}"


@dataclass(frozen=True, slots=True)
class Call:
    """One call to make. `params` are those of the path and the query, and `token`, the guest token that a guest shows, or what
    the anonymous actor shows as a staff token. A `body` that is a text goes out as it is."""

    operation: str
    actor: str
    params: Mapping[str, Any]
    body: Any = None
    scenario: str | None = None
    case: str | None = None
    origin: str | None = None
    """The origin of a frontend, as a browser names it."""
    preflight: bool = False
    """Not the call itself, but what a browser asks before it makes the call for a page of `origin`."""
    other_way: bool = False
    """In the second of the two ways in which the contract lets the operation be called."""


class HttpClient:
    """One session, one login per actor. `now` of the recorder is the clock of everything it records."""

    def __init__(
        self, target: Target, wire: Wire, recorder: Recorder, session: aiohttp.ClientSession
    ) -> None:
        self._target, self._wire, self._recorder, self._session = target, wire, recorder, session
        self._tokens: dict[str, str] = {}
        self._logins: dict[str, asyncio.Lock] = {}
        self._numbers = itertools.count(1)
        self.staff_ids: dict[str, int] = {}
        """Actor -> the staff_id that the login told."""
        self.login_problems: dict[str, str] = {}
        """Actor -> why there is no token."""
        self._unanswered = 0

    @property
    def is_lost(self) -> bool:
        """The backend has not answered so many requests in a row that more of them would only take time."""
        return self._unanswered >= _LOST_AFTER

    def heard_back(self, answered: bool) -> None:
        """Keep count of requests without an answer, also of those that others send."""
        self._unanswered = 0 if answered else self._unanswered + 1

    def new_id(self) -> str:
        """The id of the next call; a snapshot before the call needs it first."""
        return f"c{next(self._numbers)}"

    async def make(self, call: Call, call_id: str | None = None) -> Answer:
        """Make the call and record it with its answer."""
        call_id = call_id or self.new_id()
        request = await self._request(call)
        line: dict[str, Any] = {} if call.body is None else {"body": call.body}
        self._recorder.call(
            call=call_id,
            operation=PREFLIGHT if call.preflight else call.operation,
            scenario=call.scenario,
            case=call.case,
            actor=call.actor,
            params=dict(call.params),
            method=request.method,
            path=request.path,
            **line,
        )
        answer = await self.send(request, None if call.preflight else call.operation)
        self._learn_tokens(answer.body)
        if answer.status is None:
            self._recorder.reply(call=call_id, outcome="indeterminate", reason=answer.reason)
        else:
            self._recorder.reply(
                call=call_id,
                outcome="replied",
                status=answer.status,
                content_type=answer.content_type,
                headers=dict(answer.headers) or None,
                body=answer.body,
            )
        return answer

    async def ask(self, operation: str, actor: str, params: Mapping[str, Any], body: Any = None) -> Answer:
        """Make a call that is not recorded: the read of a probe, the subscriber's own authorization."""
        if self.is_lost:
            return Answer(None, reason="the backend does not answer any more")
        return await self.send(await self._request(Call(operation, actor, params, body)), operation)

    async def _request(self, call: Call) -> Request:
        params = {name: value for name, value in call.params.items() if name != "token"}
        token = call.params.get("token")
        guest_token = str(token) if call.actor == GUEST and token else None
        said = None if isinstance(call.body, str) else call.body
        request = self._wire.request(
            call.operation, params, said, guest_token=guest_token, other_way=call.other_way
        )
        if isinstance(call.body, str):  # no JSON, sent as if it were
            request = replace(request, body=call.body.encode(), headers={**request.headers, **_JSON})
        if call.preflight:
            return Request(
                "OPTIONS", request.path, request.query, _asked_by_browser(call.origin, request.method)
            )
        if call.origin is not None:
            request = replace(request, headers={**request.headers, "Origin": call.origin})
        if call.actor == ANONYMOUS and token:
            return replace(request, headers={**request.headers, **self._wire.staff_header(str(token))})
        return replace(request, headers={**request.headers, **await self.staff_headers(call.actor)})

    async def send(self, request: Request, operation: str | None = None) -> Answer:
        """One request on the wire; the body through the dialect when the operation is known. Raises nothing."""
        is_data = request.form or isinstance(request.body, bytes)
        try:
            async with asyncio.timeout(self._target.timeouts.request):
                async with self._session.request(
                    request.method,
                    self._target.base_url.rstrip("/") + request.path,
                    params=request.query,
                    headers=request.headers,
                    json=None if is_data else request.body,
                    data=request.body if is_data else None,
                    allow_redirects=False,
                ) as reply:
                    raw = await reply.read()
        except TimeoutError:
            self.heard_back(False)
            return Answer(None, reason=f"no answer within {self._target.timeouts.request:g} s")
        except (aiohttp.ClientError, OSError) as error:
            self.heard_back(False)
            return Answer(None, reason=f"no answer: {why(error)}"[:300])
        self.heard_back(True)
        body, is_json = read_json(raw) if raw else (None, False)
        if not is_json and body is not None:
            body = body[:_MAX_TEXT]
        elif operation is not None:
            body = self._wire.reply(operation, reply.status, body)
        kept = {name.lower(): value for name, value in reply.headers.items() if name.lower() in RECORDED}
        return Answer(reply.status, body, reply.headers.get("Content-Type") or None, headers=kept)

    async def staff_headers(self, actor: str) -> dict[str, str]:
        """The credentials of a member of staff; nobody, a guest, and who cannot log in have none."""
        token = None if actor in (ANONYMOUS, GUEST) else await self.staff_token(actor)
        return {} if token is None else self._wire.staff_header(token)

    async def staff_token(self, actor: str) -> str | None:
        """The token of a member of staff, logged in once; None when there is no such login or it is refused."""
        login = self._target.staff.get(actor)
        if login is None:
            return None
        if login.token is not None:
            return login.token
        async with self._logins.setdefault(actor, asyncio.Lock()):
            if actor not in self._tokens and login.username and login.password:
                body = {"username": login.username, "password": login.password}
                answer = await self.make(Call("staffLogin", ANONYMOUS, {}, body, case="login/happy"))
                token = self._wire.login_token(answer.body) if answer.ok else None
                if token is None:
                    self.login_problems[actor] = _login_problem(answer)
                else:
                    if isinstance(answer.body, dict) and isinstance(answer.body.get("staff_id"), int):
                        self.staff_ids[actor] = answer.body["staff_id"]
                    self._recorder.redactor.add(token)
                    self._tokens[actor] = token
            return self._tokens.get(actor)

    def _learn_tokens(self, body: Any) -> None:
        """A raw token is a secret from the moment it is seen: it must not reach the history by another way."""
        if isinstance(body, dict):
            for name in ("guest_token", "token"):
                if isinstance(body.get(name), str) and body[name]:
                    self._recorder.redactor.add(body[name])


@asynccontextmanager
async def http_session() -> AsyncIterator[aiohttp.ClientSession]:
    """The session of a run: no limit of connections, no cookies; every call has its own time limit."""
    connector = aiohttp.TCPConnector(limit=0, resolver=LocalResolver())
    timeout = aiohttp.ClientTimeout(total=None)  # every call has its own
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
    ) as it:
        yield it
