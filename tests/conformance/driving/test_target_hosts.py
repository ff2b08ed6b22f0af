"""A check writes into what it judges: no spelling of a URL, no redirect and no document leads it to a host that is not allowed."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from conformance_tests.arranging import arranger
from conformance_tests.discovery import TOKEN_VARIABLE, discover
from conformance_tests.http_client import HttpClient
from conformance_tests.probing import Prober
from conformance_tests.recorder import Recorder
from conformance_tests.scenarios.scenario import Wanted
from conformance_tests.target import (
    ProbesSettings,
    StatesSettings,
    Target,
    TargetError,
    UnreachableError,
    load_target,
    parse_target,
)
from conformance_tests.target_hosts import LocalResolver, is_loopback, url_problem
from conformance_tests.wire import Wire
from contract.redaction import Redactor

READY = Wanted("booking ready for check-in")
BINDINGS = {"booking_id": "B1", "hotel_slug": "h", "room_id": 1, "room_number": 7, "hotel_id": 1}


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1@evil.example", "http://127.0.0.1:80@evil.example/", "http://me:s3cret@127.0.0.1:8000",
        "http://2130706433", "http://0x7f000001", "http://0177.0.0.1", "http://127.1", "http://0.0.0.0", "http://[::]",
        "http://[::ffff:127.0.0.1]", "http://[fe80::1]", "http://127.0.0.1.nip.io", "http://localhost.evil.example",
        "http://evil.example%2f.localhost", "http://evil.example\u3002localhost", "http://127.0.0.1\\@evil.example",
        "http://127.0.0.1\t.evil.example", "http://127.0.0.1:99999", "http://[::1", "http:///x", "http://127.0.0.1?x",
        "http://127.0.0.1#@evil.example", "ftp://127.0.0.1", "//127.0.0.1", "127.0.0.1",
    ],
)  # fmt: skip
def test_what_is_not_plainly_this_machine_is_refused_without_its_secret(url: str) -> None:
    problem = url_problem(url)
    assert problem is not None
    assert "s3cret" not in problem


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/api",
        "https://127.0.0.1",
        "http://127.8.9.1",
        "http://[::1]:1",
        "http://a-b.localhost",
    ],
)
def test_this_machine_is_allowed(url: str) -> None:
    assert url_problem(url) is None


@pytest.mark.parametrize(
    ("url", "allow"),
    [
        ("https://Staging.Example.com", "staging.example.com"),
        ("https://staging.example.com.", "STAGING.example.com"),
        ("http://[2001:db8::7]:80", "[2001:db8::7]"),
        ("http://[2001:db8::7]:80", "2001:db8::7"),
    ],
)
def test_a_host_is_allowed_by_its_name_in_any_case(url: str, allow: str) -> None:
    assert url_problem(url, [allow]) is None
    assert url_problem(url, ["example.com"]) is not None


def load(tmp_path: Path, text: str, **environ: str) -> Target:
    path = tmp_path / "backend.toml"
    path.write_text('base_url = "http://127.0.0.1:8000"\n' + text)
    return load_target(path, environ)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('allow = ["https://staging.example.com/"]', "allow"),
        ('allow = ["staging.example.com:8000"]', "allow"),
        ('[states]\nurl = "//evil.example/x"', "states.url"),
        ('[states]\nurl = "http://[::1/x"', "states.url"),
        ('[probes]\nurl = "http://a:b@127.0.0.1/x"', "probes.url"),
        ('[probes.paths.guests]\npath = "@evil.example/x"', "probes.paths.guests.path"),
        ('[dialect]\nname = "d"\nbase_path = "@evil.example"', "dialect.base_path"),
        (
            '[dialect]\nname = "d"\n[dialect.paths]\ncheckIn = ".evil.example/{booking_id}"',
            "dialect.paths.checkIn",
        ),
        ('[dialect]\nname = "d"\n[dialect.auth]\nheader = "X-A: b"', "dialect.auth.header"),
        ('[dialect]\nname = "d"\n[dialect.auth]\nscheme = "a\\r\\nX-B: c"', "dialect.auth.scheme"),
    ],
)
def test_a_target_that_would_lead_away_names_the_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(TargetError) as caught:
        load(tmp_path, text)
    assert place in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_token_that_no_header_can_hold_is_told_without_it(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="line break") as caught:
        load(tmp_path, '[staff.manager]\ntoken_env = "T"', T="s3cret\n")
    assert "s3cret" not in str(caught.value)


def test_a_document_of_a_server_cannot_send_credentials_elsewhere() -> None:
    paths = {"guests": {"path": "@evil.example/"}}
    with pytest.raises(TargetError, match="not a path"):
        parse_target({"base_url": "http://127.0.0.1:1", "probes": {"paths": paths}}, "there")


async def test_a_name_under_localhost_is_this_machine_whatever_a_name_service_says() -> None:
    resolver = LocalResolver()
    found = await resolver.resolve("hotel.localhost", 80)
    assert [one["host"] for one in found] == ["127.0.0.1"]
    assert all(is_loopback(one["host"]) for one in found)
    await resolver.close()


class Traveller:
    """A server that sends every request on to another, and the other, which keeps what reached it."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self.elsewhere = ""

    async def sends_on(self, request: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect(f"{self.elsewhere}{request.path}")

    async def keeps(self, request: web.Request) -> web.Response:
        self.reached.append(f"{request.path} {request.headers.get('Authorization')}")
        return web.json_response({"results": []})


@pytest.fixture
async def redirecting() -> AsyncIterator[tuple[str, Traveller]]:
    traveller, first, second = Traveller(), web.Application(), web.Application()
    first.router.add_route("*", "/{anything:.*}", traveller.sends_on)
    second.router.add_route("*", "/{anything:.*}", traveller.keeps)
    async with TestServer(second) as elsewhere, TestServer(first) as server:
        traveller.elsewhere = str(elsewhere.make_url("")).rstrip("/")
        yield str(server.make_url("")).rstrip("/"), traveller


async def test_no_redirect_is_followed(redirecting: tuple[str, Traveller], tmp_path: Path) -> None:
    base, traveller = redirecting
    target = Target(
        "t", base, staff={}, states=StatesSettings(url="/s", token="t0ken"), probes=ProbesSettings(url="/p", token="t0ken")
    )  # fmt: skip
    with (tmp_path / "h.jsonl").open("w") as stream:
        recorder = Recorder(stream, Redactor([]))
        async with aiohttp.ClientSession() as session:
            with pytest.raises(UnreachableError, match="redirect"):
                await arranger(target, session).arrange("r", [READY])
            client = HttpClient(target, Wire(None), recorder, session)
            with pytest.raises(UnreachableError, match="redirect"):
                await Prober(target, client, session, recorder.now).find_offered(BINDINGS)
    with pytest.raises(TargetError, match="redirect"):
        await discover(base)
    assert traveller.reached == []


class Guarded:
    """A backend that describes itself to whoever has the token; its probes are on another server."""

    def __init__(self, probes: str) -> None:
        self.asked: list[str | None] = []
        self._probes = probes

    async def target(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers.get("Authorization"))
        if self.asked[-1] != "Bearer right-token":
            raise web.HTTPUnauthorized
        there = {"states": {"url": "/_staycheck/states"}, "probes": {"url": self._probes}}
        return web.json_response({"base_url": "http://localhost", **there})

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/_staycheck/target.json", self.target)
        return app


async def test_a_backend_that_wants_a_token_gets_it_from_the_environment_and_no_other_server_does() -> None:
    guarded = Guarded("http://127.0.0.1:9/probes")
    host = web.Application()
    host.add_subapp("/backend", guarded.app())
    async with TestServer(host) as server:
        base = str(server.make_url("/backend"))
        target = await discover(base, environ={TOKEN_VARIABLE: "right-token"})
        assert guarded.asked == [None, "Bearer right-token"]
        assert target.url(target.states.url or "") == f"{base}/_staycheck/states"
        assert (target.states.token, target.probes.token) == ("right-token", None)
        assert "right-token" in set(target.secrets())
        with pytest.raises(TargetError, match=f"set {TOKEN_VARIABLE}"):
            await discover(base, environ={})
        with pytest.raises(TargetError, match="another one's") as caught:
            await discover(base, environ={TOKEN_VARIABLE: "wrong-token"})
        assert "wrong-token" not in str(caught.value)


ANSWERS: dict[str, tuple[int, str, str]] = {
    "html": (200, "<html>", "text/html"),
    "nan": (200, '{"results": [NaN]}', "not JSON"),
    "deep": (200, "[" * 100_000, "not JSON"),
    "few": (200, '{"results": []}', "answered 0 states to a question for 1"),
    "shape": (200, '{"result": []}', "StatesReply"),
    "broken": (500, "Traceback", "answered 500"),
    "locked": (401, "", "token_env under [states]"),
    "missing": (404, "", "[states] url"),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_what_a_states_endpoint_answers_wrongly_is_one_sentence_with_a_way_out(name: str) -> None:
    status, text, said = ANSWERS[name]

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text, content_type="text/html")

    app = web.Application()
    app.router.add_post("/states", answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        target = Target("t", str(server.make_url("")), states=StatesSettings(url="/states"))
        with pytest.raises(UnreachableError) as caught:
            await arranger(target, session).arrange("r", [READY])
    assert said in str(caught.value)
    assert "/states" in str(caught.value)
    assert "\n" not in str(caught.value)


COMMANDS = {
    "import sys; sys.stdin.readline(); print('no database: t0ken-of-the-run', file=sys.stderr); sys.exit(3)": "exit code 3",
    "import sys; print('Performing system checks...'); sys.stdin.read()": "'Performing system checks...'",
    "import sys; sys.stdin.readline(); sys.stdout.buffer.write(b'\\xff\\n'); sys.stdout.flush(); sys.stdin.read()": "JSON",
    "import os, sys; sys.stdin.readline(); os.close(1); sys.stdin.read()": "did not answer",
}


@pytest.mark.parametrize("script", COMMANDS)
async def test_what_a_states_command_does_wrongly_is_told(script: str) -> None:
    states = StatesSettings(command=(sys.executable, "-c", script), token="t0ken-of-the-run")
    async with aiohttp.ClientSession() as session:
        arranging = arranger(Target("t", "http://127.0.0.1", states=states), session)
        try:
            with pytest.raises(UnreachableError) as caught:
                await arranging.arrange("r", [READY])
        finally:
            await arranging.close()
    assert str(caught.value).startswith("The states command ")
    assert COMMANDS[script] in str(caught.value)
    assert "t0ken-of-the-run" not in str(caught.value)


@pytest.mark.parametrize("content", [{"fence": [{"params": [1], "bindings": {}}]}, "[" * 100_000, "\xff"])
def test_a_pool_that_cannot_be_read_is_one_sentence(tmp_path: Path, content: Any) -> None:
    pool = tmp_path / "pool.json"
    text = content if isinstance(content, str) else json.dumps(content)
    pool.write_bytes(text.encode("latin-1"))
    with pytest.raises(TargetError, match="pool"):
        arranger(Target("t", "http://127.0.0.1", states=StatesSettings(pool=pool)), None)  # type: ignore[arg-type]
