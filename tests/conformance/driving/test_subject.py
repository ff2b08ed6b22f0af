"""Subjects by address: spawned, found by URL, and gone in one sentence."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from conformance_tests.discovery import discover
from conformance_tests.subject import open_subject
from conformance_tests.target import TargetError, UnreachableError

SERVER = """
import http.server, json, os, sys, pathlib
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"base_url": "http://localhost:1", "name": "spawned"}).encode()
        self.send_response(200); self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
pathlib.Path(sys.argv[1]).write_text(json.dumps([os.getpid(), os.environ["STAYCHECK_REALTIME"]]))
server = http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"]) if sys.argv[2] == "poll" else 0), Handler)
if sys.argv[2] == "announce":
    print("starting"); print(json.dumps({"ready": True, "url": "http://127.0.0.1:%d" % server.server_port}), flush=True)
server.serve_forever()
"""


def spawn(tmp_path: Path, *arguments: object) -> str:
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    return "spawn:" + " ".join(map(str, (sys.executable, script, tmp_path / "told.json", *arguments)))


@pytest.mark.parametrize("way", ["announce", "poll"])
async def test_a_spawned_backend_is_found_told_of_the_sink_and_stopped(tmp_path: Path, way: str) -> None:
    async with open_subject(spawn(tmp_path, way)) as subject:
        assert subject.target.name == "spawned"
        assert subject.sink_socket is not None
        sink = subject.target.realtime.sink
        assert sink is not None
        assert sink.port == subject.sink_socket.getsockname()[1]
        pid, realtime = json.loads((tmp_path / "told.json").read_text())
        assert realtime.endswith(f"@127.0.0.1:{sink.port}/apps/1001")
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_backend_that_dies_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    script = tmp_path / "dead.py"
    script.write_text(
        "import os, sys; sys.stderr.write('cannot ' + os.environ['STAYCHECK_REALTIME']); sys.exit(3)"
    )
    with pytest.raises(UnreachableError) as caught:
        async with open_subject(f"spawn:{sys.executable} {script}"):
            pass
    assert "exit code 3" in str(caught.value)
    assert "cannot pusher://" in str(caught.value)
    assert "staycheck-secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["spawn:", "spawn:/no/such/command", "spawn:'", "nowhere.toml"])
async def test_a_wrong_address_is_one_sentence(address: str) -> None:
    with pytest.raises(TargetError):
        async with open_subject(address):
            pass


async def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(UnreachableError, match="is the backend running"):
        await discover("http://127.0.0.1:9")


async def test_a_backend_that_does_not_describe_itself_points_to_init() -> None:
    async with TestServer(web.Application()) as server:
        with pytest.raises(TargetError, match="staycheck init"):
            await discover(str(server.make_url("")))


async def test_a_bare_url_elsewhere_is_refused_without_a_request() -> None:
    with pytest.raises(TargetError, match="not this machine"):
        await discover("http://hotel.example.com")
